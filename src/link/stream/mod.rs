//! A sealed stream on its way: headers, records and answers on the channel, chunks on lanes or on
//! the channel too.
//!
//! ```text
//!           channel (tokio)                      lanes (threads)
//! sender    send.rs ───────────────── Outbound desk ── read, encrypt, tag, write
//! receiver  receive.rs, taking.rs ─── Inbound desk ─── read, verify, decrypt, write
//! ```
//!
//! A desk is one lock over a [`Sealer`](crate::seal::Sealer) or an [`Opener`](crate::seal::Opener):
//! whoever carries chunks, a lane's thread or the channel's task, asks it what is next. What a lane
//! lost is named by the receiver and leaves again, the same bytes, on the channel.
//!
//! Small streams ride the channel, and so does the manifest; so does all of it when there is no lane
//! for two seconds, or three were condemned.
//!
//! A stream that is dropped half-way says so to the other side and ends its lanes.

mod asking;
mod following;
mod frames;
mod inbound;
mod lanes;
mod missing;
mod outbound;
mod receive;
mod report;
mod send;
mod stall;
mod taking;
mod untold;

pub use asking::{Page, Wish};
pub use following::Follower;
pub use inbound::Destination;
pub use receive::{Arrived, Decided, Offer, Receiving};
pub use send::{Consent, Sending, Sent};
pub use untold::Word;

use crate::link::lane::{Joint, LaneBook};
use crate::link::{Conversation, Ending, Incoming, Request, is_out_of_files};
use crate::model::limits;
use crate::seal::{Refusal, SealError};
use crate::wire::{Code, Explanation, Feature, Kind, LanesAsk, Role, StreamEnd};
use following::Followed;
use std::collections::HashMap;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

/// Why a stream did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// The conversation is over, and all its streams with it.
    #[error("{0}")]
    Ended(Ending),
    /// The other side ended the stream.
    #[error("the other side ended it: {}", .code.said(.text))]
    Refused {
        /// Why.
        code: Code,
        /// The same in its words.
        text: Explanation,
    },
    /// What should be sent cannot be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// What came is not what it should be: the sender's fault.
    #[error(transparent)]
    Sealed(#[from] Refusal),
    /// What came cannot be kept.
    #[error("what came cannot be written: {0}")]
    Place(io::Error),
    /// The other side said what does not belong there.
    #[error("the other side said something that does not belong there")]
    Unexpected,
    /// The other side said what cannot be read.
    #[error("the other side said something that cannot be read")]
    Malformed,
    /// A proof of delivery that proves nothing.
    #[error("the other side's proof of delivery does not hold")]
    Delivery,
    /// Nothing moved for too long.
    #[error("nothing moved for too long")]
    Stalled,
    /// Others waited for what it held, and it hardly moved.
    #[error("others wait, and it went on too slowly")]
    GaveWay,
    /// The receiver's person has not said in time whether they take it.
    #[error("they have not decided in time")]
    Undecided,
    /// This side stopped.
    #[error("it was stopped")]
    Stopped,
}

impl StreamError {
    /// Whether the sender did what it must not.
    pub fn is_senders_fault(&self) -> bool {
        matches!(self, Self::Sealed(_) | Self::Unexpected | Self::Malformed)
    }

    /// What the other side is told, unless it knows already.
    pub(crate) fn code(&self) -> Option<Code> {
        match self {
            Self::Ended(_) | Self::Refused { .. } => None,
            Self::Seal(SealError::SourceChanged { .. }) => Some(Code::SourceChanged),
            Self::Seal(SealError::Source { error, .. }) if is_out_of_files(error) => {
                Some(Code::Busy)
            }
            Self::Seal(_) => Some(Code::Internal),
            Self::Sealed(refusal) => Some((*refusal).into()),
            Self::Place(error) if is_full(error) => Some(Code::NoSpace),
            Self::Place(error) if is_out_of_files(error) => Some(Code::Busy),
            Self::Place(_) => Some(Code::Internal),
            Self::Unexpected | Self::Delivery => Some(Code::Unexpected),
            Self::Malformed => Some(Code::Malformed),
            Self::Stalled | Self::Undecided => Some(Code::Slow),
            Self::GaveWay => Some(Code::Busy),
            Self::Stopped => Some(Code::Cancelled),
        }
    }
}

/// Whether a disk, or what one may have of it, takes no more.
pub(crate) fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

/// The streams of one conversation. Cheap to clone.
#[derive(Clone)]
pub struct Streams {
    conversation: Conversation,
    book: Option<Arc<LaneBook>>,
    lanes: u8,
    joints: Arc<Mutex<HashMap<u32, Weak<Joint>>>>,
    followed: Followed,
}

impl Streams {
    /// The streams of this conversation. Lanes for them enter by the book, which is the door of the
    /// listener that took the conversation; who dialled it needs none.
    pub fn new(conversation: Conversation, book: Option<Arc<LaneBook>>) -> Self {
        let (joints, followed) = Default::default();
        Self { conversation, book, lanes: USUAL_LANES, joints, followed }
    }

    /// With so many lanes for a stream, eight at most, where this side dials them; none is possible.
    pub fn with_lanes(self, lanes: u8) -> Self {
        let most = u8::try_from(limits::LANES).unwrap_or(u8::MAX);
        Self { lanes: lanes.min(most), ..self }
    }

    /// The conversation.
    pub fn conversation(&self) -> &Conversation {
        &self.conversation
    }

    /// The other side's next request. Those for lanes, which it makes if it dialled, are answered here.
    /// May be dropped while it waits.
    pub async fn next_request(&self, incoming: &mut Incoming) -> Option<Request> {
        loop {
            let request = incoming.next().await?;
            if request.kind() != Kind::LanesAsk {
                return Some(request);
            }
            self.answer_lanes(request);
        }
    }

    fn answer_lanes(&self, request: Request) {
        let Ok(ask) = request.decode::<LanesAsk>() else {
            return request.refuse(Code::Malformed, "");
        };
        // Answers and words of a stream race each other, so lanes are granted from its beginning on.
        let stream = self.joints().get(&ask.stream).and_then(Weak::upgrade);
        let granted = match (&self.book, stream) {
            (Some(book), Some(stream)) if self.agreed_on_lanes() && stream.takes_lanes() => {
                book.grant(&stream, ask.count)
            }
            _ => Err(Code::NoLanes),
        };
        match granted {
            // The conversation may be over, and then nobody waits for it.
            Ok(grant) => drop(request.answer(grant)),
            Err(code) => request.refuse(code, ""),
        }
    }

    fn joints(&self) -> MutexGuard<'_, HashMap<u32, Weak<Joint>>> {
        self.joints.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lanes of this stream may come from now on.
    fn join(&self, stream: u32) -> Arc<Joint> {
        let joint = Joint::new();
        let mut joints = self.joints();
        joints.retain(|_, joint| joint.strong_count() > 0);
        joints.insert(stream, Arc::downgrade(&joint));
        joint
    }

    /// Whether a stream with so many chunks of data is worth lanes, and may have them.
    fn has_lanes(&self, chunks: u32) -> bool {
        let dials = self.conversation.role() == Role::Dialler;
        let can_dial = self.lanes > 0 && self.conversation.lanes_to().is_some();
        let can = if dials { can_dial } else { self.book.is_some() };
        can && self.agreed_on_lanes() && chunks >= CHUNKS_WORTH_LANES
    }

    fn agreed_on_lanes(&self) -> bool {
        self.conversation.proven().agreed().features.has(Feature::Lanes)
    }
}

impl fmt::Debug for Streams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Streams({:?})", self.conversation)
    }
}

/// Says why a stream ends, and ends its lanes, however its task ends.
struct Parting {
    conversation: Conversation,
    stream: u32,
    joint: Arc<Joint>,
    says: Option<Code>,
}

impl Parting {
    /// Until it is told otherwise, the stream was stopped.
    fn new(conversation: &Conversation, stream: u32, joint: &Arc<Joint>) -> Self {
        let (conversation, joint) = (conversation.clone(), Arc::clone(joint));
        Self { conversation, stream, joint, says: Some(Code::Cancelled) }
    }

    /// It ended well, or for this reason.
    fn settle<T>(&mut self, result: &Result<T, StreamError>) {
        self.says = result.as_ref().err().and_then(StreamError::code);
    }
}

impl Drop for Parting {
    fn drop(&mut self) {
        self.joint.end();
        if let Some(code) = self.says {
            let text = Explanation::default();
            // Over is over.
            let _ = self.conversation.tell(&StreamEnd { stream: self.stream, code, text });
        }
    }
}

impl fmt::Debug for Parting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Parting({})", self.stream)
    }
}

const USUAL_LANES: u8 = 2;
/// Fewer (4 MiB of data) have arrived before lanes are up.
const CHUNKS_WORTH_LANES: u32 = 16;
/// After so long without a lane, the channel carries.
const WAIT_FOR_LANES: Duration = Duration::from_secs(2);

#[cfg(test)]
#[path = "../../../test/unit/desks.rs"]
mod desks;
