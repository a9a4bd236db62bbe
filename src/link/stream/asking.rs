//! Requests for more entries than one frame can name: they come in pages, and are answered when the
//! last one is here.

use super::frames::{next, read};
use super::{StreamError, Streams};
use crate::codec::List;
use crate::link::{AskError, Conversation, Ended, StreamFrames};
use crate::model::limits::GET_ENTRIES;
use crate::wire::{Code, Explanation, GetAsk, GetGrant, GetMore, SenderState, StreamEnd, Wanted};
use tokio::time::timeout;

impl Streams {
    /// Asks for a stream of entries. Those that the request does not name stand in `pages`, which are
    /// made as they leave. Dropped, it says that nobody wants it any more.
    pub async fn get(
        &self,
        ask: GetAsk,
        pages: impl Iterator<Item = List<Wanted, GET_ENTRIES>>,
    ) -> Result<(GetGrant, StreamFrames), AskError> {
        let mut pages = pages.peekable();
        let (conversation, more) = (&self.conversation, pages.peek().is_some());
        let say = |stream| async move {
            let mut unsaid = Unsaid { conversation, stream, more };
            while let Some(wanted) = pages.next() {
                let more = pages.peek().is_some();
                conversation.send_bulk(&GetMore { stream, wanted, more }).await?;
                unsaid.more = more;
            }
            Ok::<(), Ended>(())
        };
        conversation.ask_stream_and(GetAsk { more, ..ask }, say).await
    }

    /// The next page of a request that is not answered yet, to which these frames belong. It comes in
    /// time, whatever else does.
    pub async fn next_page(&self, frames: &mut StreamFrames) -> Result<GetMore, StreamError> {
        let page = next(frames, |kind| SenderState::Wanted.outcome(kind));
        let page = timeout(self.conversation.deadlines().stalled, page).await;
        read(&page.map_err(|_| StreamError::Stalled)??)
    }
}

/// Pages that were announced: when they do not come, whoever waits for them is told.
struct Unsaid<'c> {
    conversation: &'c Conversation,
    stream: u32,
    more: bool,
}

impl Drop for Unsaid<'_> {
    fn drop(&mut self) {
        if self.more {
            let (stream, text) = (self.stream, Explanation::default());
            // Over is over.
            let _ = self.conversation.tell(&StreamEnd { stream, code: Code::Cancelled, text });
        }
    }
}
