//! What is under way in a conversation: which answers are awaited, which streams are open, which
//! ids are used. Frames find their way through it; it waits for nothing.

use super::ending::Ended;
use crate::wire::{Code, Frame, Kind, RequestIds, Role};
use std::collections::HashMap;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

/// What is under way.
#[derive(Debug)]
pub(super) struct Table {
    own_ids: RequestIds,
    their_ids: RequestIds,
    answers: HashMap<u32, Awaited>,
    streams: HashMap<u32, mpsc::Sender<Kept>>,
    /// Frames of streams that nobody takes yet: those of a request that is still being made.
    ahead: HashMap<u32, mpsc::Receiver<Kept>>,
    is_over: bool,
}

#[derive(Debug)]
struct Awaited {
    kind: Kind,
    to: oneshot::Sender<Frame>,
}

/// A frame until somebody takes it, and the room that it has, if it came before anybody decided whether there
/// is a stream at all.
pub(super) type Kept = (Frame, Option<OwnedSemaphorePermit>);

/// Where a frame of a stream goes.
#[derive(Debug)]
pub(super) enum Way {
    /// To whoever takes the stream's frames.
    To(mpsc::Sender<Kept>),
    /// To whoever will, if anybody does.
    Ahead(mpsc::Sender<Kept>),
    /// Nowhere: the stream ended while it travelled.
    Nowhere,
}

impl Table {
    pub(super) fn new(role: Role) -> Self {
        Self {
            own_ids: RequestIds::of(role),
            their_ids: RequestIds::of(role.other()),
            answers: HashMap::new(),
            streams: HashMap::new(),
            ahead: HashMap::new(),
            is_over: false,
        }
    }

    /// Nothing is awaited any more, and nothing begins.
    pub(super) fn end(&mut self) {
        self.is_over = true;
        self.answers = HashMap::new();
        self.streams = HashMap::new();
        self.ahead = HashMap::new();
    }

    /// The id of our next request.
    pub(super) fn next_id(&mut self) -> Result<u32, Ended> {
        if self.is_over {
            return Err(Ended);
        }
        self.own_ids.next_own().ok_or(Ended)
    }

    /// An answer of this kind is awaited from now on.
    pub(super) fn await_answer(&mut self, id: u32, kind: Kind) -> oneshot::Receiver<Frame> {
        let (to, answer) = oneshot::channel();
        self.answers.insert(id, Awaited { kind, to });
        answer
    }

    /// The answer is awaited no longer.
    pub(super) fn give_up(&mut self, id: u32) {
        self.answers.remove(&id);
    }

    /// Takes an answer; tells whether somebody awaits it still. One to a request that was never made,
    /// or of a kind that does not answer it, is refused.
    pub(super) fn answer(&mut self, id: u32, frame: Frame) -> Result<bool, Code> {
        let Some(awaited) = self.answers.remove(&id) else {
            return if self.own_ids.is_used(id) { Ok(false) } else { Err(Code::Unexpected) };
        };
        if frame.kind != awaited.kind && frame.kind != Kind::Failure {
            return Err(Code::Unexpected);
        }
        // Who asked may have gone away in this moment.
        Ok(awaited.to.send(frame).is_ok())
    }

    /// Takes the id of a request of the other side.
    pub(super) fn take_request(&mut self, id: u32) -> Result<(), Code> {
        self.their_ids.take(id)
    }

    /// Frames of this stream are taken from now on. None when it is open already.
    pub(super) fn open_stream(&mut self, number: u32, size: usize) -> Option<mpsc::Receiver<Kept>> {
        if let Some(frames) = self.ahead.remove(&number) {
            return Some(frames);
        }
        if self.is_over || self.streams.contains_key(&number) {
            return None;
        }
        let (to, frames) = mpsc::channel(size.max(1));
        self.streams.insert(number, to);
        Some(frames)
    }

    /// Frames of this stream are kept from now on, for who opens it.
    pub(super) fn open_ahead(&mut self, number: u32, size: usize) {
        if let Some(frames) = self.open_stream(number, size) {
            self.ahead.insert(number, frames);
        }
    }

    /// Nobody will open it any more.
    pub(super) fn end_ahead(&mut self, number: u32) {
        if self.ahead.remove(&number).is_some() {
            self.end_stream(number);
        }
    }

    /// Whether frames of this stream are taken.
    pub(super) fn has_stream(&self, number: u32) -> bool {
        self.streams.contains_key(&number)
    }

    /// They are taken no longer.
    pub(super) fn end_stream(&mut self, number: u32) {
        self.streams.remove(&number);
    }

    /// Where a frame of this stream goes. One that ended, or never began though it was asked for,
    /// may still be spoken of.
    pub(super) fn way(&self, number: u32) -> Result<Way, Code> {
        let was_asked_for = self.own_ids.is_used(number) || self.their_ids.is_used(number);
        match self.streams.get(&number) {
            Some(to) if self.ahead.contains_key(&number) => Ok(Way::Ahead(to.clone())),
            Some(to) => Ok(Way::To(to.clone())),
            None if was_asked_for => Ok(Way::Nowhere),
            None => Err(Code::Unexpected),
        }
    }
}
