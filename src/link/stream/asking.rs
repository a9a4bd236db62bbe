//! Requests for entries: they come in pages, are answered when the last one is here, and may have to wait
//! until others are served.

use super::frames::{next, read};
use super::{StreamError, Streams};
use crate::codec::List;
use crate::link::conversation::Asked;
use crate::link::{AskError, Conversation, StreamFrames};
use crate::model::ShareId;
use crate::model::limits::GET_ENTRIES;
use crate::wire::{
    Code, Explanation, Frame, GetAsk, GetGrant, GetMore, GetWait, Kind, SenderState, StreamEnd,
    Wanted,
};
use std::iter::Peekable;
use std::time::Duration;
use tokio::time::timeout;

/// Entries in one frame of a request.
pub type Page = List<Wanted, GET_ENTRIES>;

/// What somebody asks for. A closure that makes pages is one.
pub trait Wish {
    /// All that is asked for.
    type Pages: Iterator<Item = Page>;

    /// The pages, from the first on: each is made as it leaves. Asked once more when it is one's turn after
    /// a wait; without any, nothing is wanted any more.
    fn pages(&mut self) -> Self::Pages;

    /// Whether it is waited for where others are served first; else that is an answer.
    fn may_wait(&self) -> bool {
        true
    }

    /// Others are served first; or no more, when the place is none.
    fn waits(&mut self, _place: GetWait) {}
}

impl<P: Iterator<Item = Page>, F: FnMut() -> P> Wish for F {
    type Pages = P;

    fn pages(&mut self) -> P {
        self()
    }
}

enum Heard {
    Answer(Frame),
    Wait(GetWait),
}

impl Streams {
    /// Asks for a stream of entries of a share, and waits where others are served first: as long as it is
    /// told now and then that it still does. Dropped, it says that nobody wants it any more.
    pub async fn get(
        &self,
        share: ShareId,
        challenge: [u8; 32],
        wish: &mut impl Wish,
    ) -> Result<(GetGrant, StreamFrames), AskError> {
        let conversation = &self.conversation;
        let mut pages = wish.pages().peekable();
        let (wanted, share) = (pages.next().unwrap_or_default(), (*share.as_bytes()).into());
        let more = pages.peek().is_some();
        let ask = GetAsk { id: 0, challenge, share, wanted, more, waits: Some(wish.may_wait()) };
        let (mut asked, mut frames) = conversation.begin_stream(ask)?;
        let (stream, mut has_turn) = (frames.number(), false);
        let mut unsaid = Unsaid { conversation, stream, more, waits: false };
        let mut saying = Some(pages);
        loop {
            let hearing = hear(conversation, &mut asked, &mut frames);
            let heard = match saying.take() {
                Some(pages) => tokio::select! {
                    biased;
                    heard = hearing => heard?,
                    said = unsaid.say(pages, has_turn) => {
                        said?;
                        continue;
                    }
                },
                None => {
                    let answer = conversation.deadlines().answer;
                    // Who serves others first says so in their own time.
                    let patience = if unsaid.waits { answer.max(WORD) } else { answer };
                    let heard = timeout(patience, hearing).await;
                    heard.map_err(|_| AskError::Late)??
                }
            };
            let wait = match heard {
                Heard::Answer(frame) => {
                    unsaid.settle();
                    pass_over_waits(&mut frames);
                    return Ok((conversation.read_answer(&frame)?, frames));
                }
                Heard::Wait(wait) if !has_turn => wait,
                Heard::Wait(_) => return Err(at_fault(conversation, Code::Unexpected)),
            };
            (unsaid.waits, has_turn) = (true, wait.place == 0);
            wish.waits(wait);
            if has_turn {
                let mut pages = wish.pages().peekable();
                if pages.peek().is_none() {
                    return Err(AskError::Refused { code: Code::Cancelled, text: <_>::default() });
                }
                saying = Some(pages);
            }
        }
    }

    /// The next page of a request that is not answered yet, to which these frames belong. It comes in
    /// time, whatever else does.
    pub async fn next_page(&self, frames: &mut StreamFrames) -> Result<GetMore, StreamError> {
        let page = next(frames, |kind| SenderState::Wanted.outcome(kind));
        let page = timeout(self.conversation.deadlines().stalled, page).await;
        read(&page.map_err(|_| StreamError::Stalled)??)
    }

    /// The first page of a request whose turn has come: those are passed over that were on their way.
    pub async fn page_anew(&self, frames: &mut StreamFrames) -> Result<GetMore, StreamError> {
        let page = async {
            loop {
                let page = self.next_page(frames).await?;
                if page.anew == Some(true) {
                    return Ok(page);
                }
            }
        };
        let page = timeout(self.conversation.deadlines().stalled, page).await;
        page.map_err(|_| StreamError::Stalled)?
    }

    /// Waits until who waits here does not any more, and says how. What else they say, they say again.
    pub async fn gone(&self, frames: &mut StreamFrames) -> StreamError {
        loop {
            let pass = |kind| match SenderState::Waiting.outcome(kind) {
                crate::wire::Outcome::Ignore => crate::wire::Outcome::Accept,
                other => other,
            };
            if let Err(error) = next(frames, pass).await {
                return self.or_ended(error);
            }
        }
    }

    /// Tells who waits what place they have among all who do.
    pub fn tell_place(&self, stream: u32, (place, of): (u32, u32)) -> Result<(), StreamError> {
        self.tell(&GetWait { stream, place, of })
    }
}

/// What comes next of a request: the answer, or a word that it has to wait.
async fn hear(
    conversation: &Conversation,
    asked: &mut Asked,
    frames: &mut StreamFrames,
) -> Result<Heard, AskError> {
    let over = || conversation.over();
    tokio::select! {
        biased;
        answer = asked.frame() => answer.map(Heard::Answer).ok_or_else(over),
        frame = frames.next() => match frame.ok_or_else(over)? {
            frame if frame.kind == Kind::GetWait => {
                frame.decode().map(Heard::Wait).map_err(|_| at_fault(conversation, Code::Malformed))
            }
            // What follows the answer: that came in this moment.
            frame => {
                frames.put_back(frame);
                let answer = timeout(conversation.deadlines().progress, asked.frame()).await;
                let answer = answer.map_err(|_| at_fault(conversation, Code::Unexpected))?;
                answer.map(Heard::Answer).ok_or_else(over)
            }
        },
    }
}

/// Those that came before the answer, and were not looked at.
fn pass_over_waits(frames: &mut StreamFrames) {
    while let Some(frame) = frames.try_next() {
        if frame.kind != Kind::GetWait {
            return frames.put_back(frame);
        }
    }
}

fn at_fault(conversation: &Conversation, code: Code) -> AskError {
    conversation.end(code, "");
    conversation.over()
}

/// A request that is not said to its end, or waits: when nobody wants it any more, whoever waits for the
/// rest, or keeps its place, is told.
struct Unsaid<'c> {
    conversation: &'c Conversation,
    stream: u32,
    more: bool,
    waits: bool,
}

impl Unsaid<'_> {
    /// Says the pages, the first of them as such if they are said anew.
    async fn say<P: Iterator<Item = Page>>(
        &mut self,
        mut pages: Peekable<P>,
        anew: bool,
    ) -> Result<(), AskError> {
        let (conversation, stream) = (self.conversation, self.stream);
        let mut anew = anew.then_some(true);
        while let Some(wanted) = pages.next() {
            let more = pages.peek().is_some();
            let page = GetMore { stream, wanted, more, anew: anew.take() };
            conversation.send_bulk(&page).await.map_err(|_| conversation.over())?;
            self.more = more;
        }
        Ok(())
    }

    fn settle(&mut self) {
        (self.more, self.waits) = (false, false);
    }
}

impl Drop for Unsaid<'_> {
    fn drop(&mut self) {
        if self.more || self.waits {
            let (stream, text) = (self.stream, Explanation::default());
            // Over is over.
            let _ = self.conversation.tell(&StreamEnd { stream, code: Code::Cancelled, text });
        }
    }
}

/// Who waits hears so often of it at the least, four times over.
const WORD: Duration = Duration::from_secs(60);
