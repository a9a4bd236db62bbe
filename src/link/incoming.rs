//! What the other side asks, and the frames of a stream, on their way to the program.

use super::conversation::{Conversation, Shared};
use super::ending::Ended;
use super::table::Kept;
use crate::codec;
use crate::wire::{Ask, Code, Explanation, Failure, Frame, Kind, Numbered};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::mpsc;

/// The requests of the other side.
#[derive(Debug)]
pub struct Incoming {
    requests: mpsc::Receiver<Request>,
}

impl Incoming {
    pub(super) fn new(requests: mpsc::Receiver<Request>) -> Self {
        Self { requests }
    }

    /// The next one; none when the conversation is over.
    pub async fn next(&mut self) -> Option<Request> {
        self.requests.recv().await
    }
}

/// A request of the other side. Dropped without an answer, it is answered as a failure of ours.
pub struct Request {
    conversation: Conversation,
    frame: Frame,
    id: u32,
    is_answered: bool,
}

impl Request {
    /// Counts the request among those that wait; none when there are too many.
    pub(super) fn admit(conversation: Conversation, frame: Frame, id: u32) -> Option<Self> {
        let (shared, bytes) = (conversation.shared(), frame.body.len());
        let before = shared.unanswered.fetch_add(1, Ordering::Relaxed);
        let bytes_before = shared.unanswered_bytes.fetch_add(bytes, Ordering::Relaxed);
        let deadlines = shared.deadlines();
        let has_room = before < deadlines.requests
            && bytes_before.saturating_add(bytes) <= deadlines.request_bytes;
        // From here on, dropping the request counts it off and answers it.
        let request = Self { conversation, frame, id, is_answered: false };
        if has_room {
            // More of it may follow at once.
            if request.frame.kind == Kind::GetAsk {
                let size = request.conversation.deadlines().stream_queue;
                request.conversation.shared().table().open_ahead(id, size);
            }
            return Some(request);
        }
        request.refuse(Code::Busy, "");
        None
    }

    /// What is asked.
    pub fn kind(&self) -> Kind {
        self.frame.kind
    }

    /// The request itself.
    pub fn decode<A: Ask>(&self) -> Result<A, codec::Error> {
        self.frame.decode()
    }

    /// Whose request it is.
    pub fn conversation(&self) -> &Conversation {
        &self.conversation
    }

    /// From now on, the frames of the stream that this request begins come to the caller. None when
    /// they do already, or the conversation is over.
    pub fn open_stream(&self) -> Option<StreamFrames> {
        let shared = self.conversation.shared();
        let frames = shared.table().open_stream(self.id, shared.deadlines().stream_queue)?;
        Some(StreamFrames::new(Arc::clone(shared), self.id, frames))
    }

    /// Lets go of what was asked, which is not looked at any more; it still waits for an answer.
    pub fn let_go(&mut self) {
        let bytes = std::mem::take(&mut self.frame.body).len();
        self.conversation.shared().unanswered_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Answers. The id is filled in.
    pub fn answer<M: Numbered>(mut self, mut answer: M) -> Result<(), Ended> {
        answer.set_id(self.id);
        self.is_answered = true;
        self.conversation.tell(&answer)
    }

    /// Does not do what is asked.
    pub fn refuse(mut self, code: Code, text: &str) {
        self.fail(code, text);
    }

    fn fail(&mut self, code: Code, text: &str) {
        self.is_answered = true;
        let failure = Failure { id: self.id, code, text: Explanation::new(text) };
        // Over is over: nobody waits for this any more.
        let _ = self.conversation.tell(&failure);
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        if !self.is_answered {
            self.fail(Code::Internal, "");
        }
        let shared = self.conversation.shared();
        shared.table().end_ahead(self.id);
        shared.unanswered.fetch_sub(1, Ordering::Relaxed);
        shared.unanswered_bytes.fetch_sub(self.frame.body.len(), Ordering::Relaxed);
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({} {})", self.frame.kind, self.id)
    }
}

/// The frames of one stream, in the order in which they came. Dropped, the stream is forgotten and
/// what still comes for it is ignored.
pub struct StreamFrames {
    shared: Arc<Shared>,
    number: u32,
    frames: mpsc::Receiver<Kept>,
    /// One that was taken too early.
    back: Option<Frame>,
}

impl StreamFrames {
    pub(super) fn new(shared: Arc<Shared>, number: u32, frames: mpsc::Receiver<Kept>) -> Self {
        Self { shared, number, frames, back: None }
    }

    /// The stream's number.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The next frame; none when the conversation is over.
    pub async fn next(&mut self) -> Option<Frame> {
        match self.back.take() {
            Some(frame) => Some(frame),
            None => self.frames.recv().await.map(|(frame, _)| frame),
        }
    }

    /// A frame that is here already.
    pub(super) fn try_next(&mut self) -> Option<Frame> {
        self.back.take().or_else(|| self.frames.try_recv().ok().map(|(frame, _)| frame))
    }

    /// Gives back the last frame that was taken: it is the next one again.
    pub(super) fn put_back(&mut self, frame: Frame) {
        self.back = Some(frame);
    }
}

impl Drop for StreamFrames {
    fn drop(&mut self) {
        self.shared.table().end_stream(self.number);
    }
}

impl fmt::Debug for StreamFrames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StreamFrames({})", self.number)
    }
}
