//! Serving: who asks for entries of a share, and may have them, is sent them.
//!
//! What is not there and what is not for the asker is answered alike. A file that is not any more what
//! was published is not sent: its owner has to look at it again first.

use super::chosen::{Choosing, Chosen, listed_bytes};
use super::sources::Sources;
use super::telling::{Telling, silently};
use super::turns::{Begun, Turn, Waiting};
use super::{Error, Sharer};
use crate::codec::List;
use crate::link::{Consent, Follower, Request, Sending, StreamError, StreamFrames, Streams};
use crate::model::limits::MANIFEST_BYTES;
use crate::model::{EntryPath, ShareId, UserName, Work};
use crate::seal::Manifest;
use crate::wire::{Code, Explanation, GetAsk, GetGrant, GetMore, Without};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep_until, timeout};

/// What was served.
#[derive(Debug)]
pub struct Served {
    /// The entries that the receiver signed to have.
    pub landed: Vec<EntryPath>,
    /// How many bytes were sent.
    pub bytes: u64,
}

impl Sharer {
    /// Answers a [`GetAsk`] of this person: whoever is proven to be there, by the name that they have
    /// on the index.
    pub async fn serve_get(
        &self,
        mut request: Request,
        streams: &Streams,
        asker: &UserName,
    ) -> Result<Served, Error> {
        let ask: GetAsk = match request.decode() {
            Ok(ask) => ask,
            Err(_) => {
                request.refuse(Code::Malformed, "");
                return Err(Error::Declined(Code::Malformed));
            }
        };
        let proven = streams.conversation().proven();
        let challenge = ask.challenge;
        let mut frames = request.open_stream().ok_or(Error::Stopped)?;
        let begun = self.begin(ask, asker, (&mut request, streams, &mut frames)).await;
        let (mut turn, ask) = match begun {
            Ok(begun) => begun,
            Err(code) => return Err(refuse(request, code.into())),
        };
        let looking_up = self.look_up(ask, asker, (streams, &mut frames), &mut turn);
        let (manifest, chosen, without) =
            match timeout(LONGEST_ASKING, looking_up).await.unwrap_or(Err(Code::Slow.into())) {
                Ok(found) => found,
                Err(no) => return Err(refuse(request, no)),
            };
        let sealer = match self.seal(manifest, proven, proven.context(&challenge)).await {
            Ok(sealer) => sealer,
            Err(error) => {
                // Their certificate does not hold, by our clock.
                let holds = proven.certificate(self.now()).is_ok();
                request.refuse(if holds { Code::Internal } else { Code::Certificate }, "");
                return Err(error);
            }
        };
        turn.settle();
        let bytes = sealer.manifest().data_length();
        let entries = sealer.manifest().count();
        let without = List::new(without).ok().filter(|without| !without.is_empty());
        let granted = request.answer(GetGrant { id: 0, entries, data_length: bytes, without });
        granted.map_err(|_| Error::Stopped)?;
        let telling =
            Telling::of_manifest(&self.with_person(asker), Work::Sending, sealer.manifest());
        let source = telling.source(Sources::new(chosen.clone()), None);
        let sending = Sending { sealer, source, consent: Consent::Given };
        let pause = streams.conversation().deadlines().crowded;
        let streams = streams.followed_by(Arc::new(Slot { turn, pause }));
        let sent = streams.send(frames, sending, silently()).await?;
        telling.end(true);
        Ok(Served { landed: chosen.paths(&sent.landed), bytes })
    }

    /// A slot for what is asked, and room for its manifest, when there are: who waits for them then says again
    /// what they ask for, and nothing of it is held until then.
    async fn begin(
        &self,
        ask: GetAsk,
        asker: &UserName,
        (request, streams, frames): (&mut Request, &Streams, &mut StreamFrames),
    ) -> Result<(Turn, GetAsk), Code> {
        // Who may have nothing of it takes no place.
        self.shelf.share_for(asker, ShareId::from_bytes(*ask.share)).ok_or(Code::NotFound)?;
        let who = streams.conversation().proven().fingerprint();
        let begun = match ask.waits {
            Some(true) => self.serving.begin_or_wait(who, room(&ask)),
            _ => self.serving.begin(who, 0).map(Begun::Now),
        };
        let waiting = match begun.ok_or(Code::Busy)? {
            Begun::Now(turn) => return Ok((turn, ask)),
            Begun::Later(waiting) => waiting,
        };
        let GetAsk { id, challenge, share, waits, .. } = ask;
        request.let_go();
        let said = |error: StreamError| error.code().unwrap_or(Code::Cancelled);
        let turn = wait(waiting, streams, frames).await.map_err(said)?;
        let GetMore { wanted, more, .. } = streams.page_anew(frames).await.map_err(said)?;
        Ok((turn, GetAsk { id, challenge, share, wanted, more, waits }))
    }

    /// What is asked for, as its pages come. Of what somebody asks for, no more is held than they may
    /// have under way.
    async fn look_up(
        &self,
        ask: GetAsk,
        asker: &UserName,
        (streams, frames): (&Streams, &mut StreamFrames),
        turn: &mut Turn,
    ) -> Result<(Manifest, Chosen, Vec<Without>), No> {
        let share = ShareId::from_bytes(*ask.share);
        let shelved = self.shelf.share_for(asker, share).ok_or(Code::NotFound)?;
        let (mut choosing, mut page, mut more) = (Choosing::new(shelved), ask.wanted, ask.more);
        loop {
            let bytes = page.iter().map(listed_bytes).fold(0, usize::saturating_add);
            if !turn.take(bytes as u64) {
                return Err(Code::Busy.into());
            }
            let add = move || choosing.add(&page).map(|()| choosing);
            choosing = spawn_blocking(add).await.map_err(|_| Code::Internal)??;
            if !more {
                let finished = spawn_blocking(move || choosing.finish()).await;
                let none = |code| No { code, is_unread: code == Code::Busy };
                return finished.map_err(|_| Code::Internal)?.map_err(none);
            }
            let next = streams.next_page(frames).await;
            let next = next.map_err(|error| error.code().unwrap_or(Code::Cancelled))?;
            (page, more) = (next.wanted, next.more);
        }
    }
}

/// The slot of a stream that is served.
struct Slot {
    turn: Turn,
    pause: Duration,
}

impl Follower for Slot {
    fn gives_way(&self) -> bool {
        self.turn.gives_way(self.pause)
    }
}

/// The room that a request wants, as far as it is guessed from its first page: what it needs beyond that, it
/// gets if there is some.
fn room(ask: &GetAsk) -> u64 {
    let page = ask.wanted.iter().map(listed_bytes).fold(0, usize::saturating_add);
    let pages = if ask.more { USUAL_PAGES } else { 1 };
    page.saturating_mul(pages).min(MANIFEST_BYTES) as u64
}

/// Waits for a slot, and tells who waits their place: when it is another, and now and then, so that they
/// know that they still have one. Who goes away has none any more.
async fn wait(
    mut waiting: Waiting,
    streams: &Streams,
    frames: &mut StreamFrames,
) -> Result<Turn, StreamError> {
    let (stream, answer) = (frames.number(), streams.conversation().deadlines().answer);
    // However patient one is oneself: the other side waits for a word as long as is usual.
    let often = answer.checked_div(SIGNS).unwrap_or_default().min(OFTEN);
    let (mut told, mut due) = (None, Instant::now());
    loop {
        let place = waiting.place();
        if let Some(place) = place.filter(|(place, _)| told != Some(*place)) {
            streams.tell_place(stream, place)?;
            (told, due) = (Some(place.0), Instant::now());
            due = due.checked_add(often).unwrap_or(due);
        }
        tokio::select! {
            biased;
            turn = waiting.news() => if let Some(turn) = turn {
                streams.tell_place(stream, (0, 0))?;
                return Ok(turn);
            },
            gone = streams.gone(frames) => return Err(gone),
            () = sleep_until(due) => told = None,
        }
    }
}

fn refuse(request: Request, No { code, is_unread }: No) -> Error {
    request.refuse(code, if is_unread { Explanation::STILL_READ } else { "" });
    Error::Declined(code)
}

/// Why nothing of what was asked for is sent.
struct No {
    code: Code,
    /// Whether that is so because all of it is still to be read here.
    is_unread: bool,
}

impl From<Code> for No {
    fn from(code: Code) -> Self {
        Self { code, is_unread: false }
    }
}

/// The pages of a request hold room that others may want: the largest comes in this time at 20 kB/s.
const LONGEST_ASKING: Duration = Duration::from_secs(15 * 60);
/// So often who waits hears of it in the time in which they expect an answer.
const SIGNS: u32 = 4;
const OFTEN: Duration = Duration::from_secs(15);
/// So many times the first page is a usual request that has more of them.
const USUAL_PAGES: usize = 16;
