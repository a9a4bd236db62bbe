//! What may come when: an outcome for every state and every kind.
//!
//! ```text
//! channel    AwaitHello ─▶ AwaitProof ─▶ Open
//! sender     Asked, or Wanted ⇄ Waiting ─▶ Announced ─▶ Running ─▶ Finished          a stream that this side sends
//! receiver   Asked or Granted ─▶ Manifest ─▶ Deciding ─▶ Running ─▶ Delivered       one that it receives
//! ```
//!
//! The channel looks first. What belongs to a stream, or answers a request made for one, then meets
//! the stream's own state. `protocol.md` section 16 has the same tables, and a test compares every
//! cell.

use super::code::Code;
use super::hello::Role;
use super::kind::{Kind, Names, Phase, SentBy};

/// What becomes of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is taken.
    Accept,
    /// It is taken if a request of this side is open that it answers; else it is `unexpected`.
    Answer,
    /// The state of the stream that it names decides.
    Stream,
    /// It is dropped: the other side sent it before it could know better.
    Ignore,
    /// It is refused. A request is answered with the code, anything else ends the conversation.
    Refuse(Code),
}

/// Where a conversation is, named after what it waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChannelState {
    /// The other side's hello.
    AwaitHello,
    /// The other side's proof.
    AwaitProof,
    /// Anything: both sides have proven who they are.
    Open,
}

/// Where a stream is that this side sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SenderState {
    /// The request is out.
    Asked,
    /// It was asked for it, and may be told of more that is wanted.
    Wanted,
    /// It was asked for it, and serves others first.
    Waiting,
    /// Header and manifest are out; the receiver decides.
    Announced,
    /// Data is on its way.
    Running,
    /// The final record is out.
    Finished,
}

/// Where a stream is that this side receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReceiverState {
    /// The request for it is out.
    Asked,
    /// The header may come.
    Granted,
    /// The header is checked; the manifest comes.
    Manifest,
    /// The manifest is read; this side decides.
    Deciding,
    /// Data comes.
    Running,
    /// The files landed, and the sender was told.
    Delivered,
}

impl ChannelState {
    /// All states.
    pub const ALL: [Self; 3] = [Self::AwaitHello, Self::AwaitProof, Self::Open];

    /// What becomes of a frame that came to the side with this role.
    pub fn outcome(self, role: Role, kind: Kind) -> Outcome {
        match (self, kind) {
            (_, Kind::Goodbye)
            | (Self::AwaitHello, Kind::Hello)
            | (Self::AwaitProof, Kind::Proof) => Outcome::Accept,
            (Self::Open, kind) => when_open(role, kind),
            _ => UNEXPECTED,
        }
    }
}

fn when_open(role: Role, kind: Kind) -> Outcome {
    let is_for_us = match kind.sent_by() {
        SentBy::Dialler => role == Role::Listener,
        SentBy::Listener => role == Role::Dialler,
        SentBy::Either | SentBy::Sender | SentBy::Receiver => true,
    };
    match kind.names() {
        _ if !is_for_us || !kind.is_allowed_in(Phase::Open) => UNEXPECTED,
        Names::Nothing | Names::Request => Outcome::Accept,
        Names::Answer => Outcome::Answer,
        Names::Stream => Outcome::Stream,
    }
}

impl SenderState {
    /// All states.
    pub const ALL: [Self; 6] =
        [Self::Asked, Self::Wanted, Self::Waiting, Self::Announced, Self::Running, Self::Finished];

    /// What becomes of a frame that came for the stream.
    pub fn outcome(self, kind: Kind) -> Outcome {
        use SenderState::{Announced, Asked, Finished, Running, Waiting, Wanted};
        match (self, kind) {
            (Asked, Kind::SendGrant | Kind::Failure) => Outcome::Accept,
            (Wanted, Kind::GetMore | Kind::StreamEnd) => Outcome::Accept,
            // Said before it could know; it is said again.
            (Waiting, Kind::GetMore) => Outcome::Ignore,
            (Waiting, Kind::StreamEnd) => Outcome::Accept,
            (Announced, Kind::SegmentVerified | Kind::StreamAccept | Kind::StreamAgain) => {
                Outcome::Accept
            }
            (Running | Finished, Kind::SegmentVerified | Kind::ChunksMissing) => Outcome::Accept,
            (Finished, Kind::StreamDelivered) => Outcome::Accept,
            (Announced | Running | Finished, Kind::StreamEnd) => Outcome::Accept,
            (Running | Finished, Kind::LanesAsk | Kind::LanesGrant | Kind::Failure) => {
                Outcome::Accept
            }
            (Announced, Kind::LanesAsk) => Outcome::Accept,
            (Asked | Wanted | Waiting, Kind::LanesAsk) => NO_LANES,
            _ => UNEXPECTED,
        }
    }
}

impl ReceiverState {
    /// All states.
    pub const ALL: [Self; 6] = [
        Self::Asked,
        Self::Granted,
        Self::Manifest,
        Self::Deciding,
        Self::Running,
        Self::Delivered,
    ];

    /// What becomes of a frame that came for the stream.
    pub fn outcome(self, kind: Kind) -> Outcome {
        use ReceiverState::{Asked, Deciding, Delivered, Granted, Manifest, Running};
        match (self, kind) {
            (Asked, Kind::GetGrant | Kind::GetWait | Kind::Failure) => Outcome::Accept,
            (Asked, Kind::StreamEnd) => UNEXPECTED,
            (Granted, Kind::StreamHeader) => Outcome::Accept,
            (Manifest | Running, Kind::StreamChunk | Kind::StreamRecord) => Outcome::Accept,
            // The stream is over: the second copy of a chunk that was called missing may be late.
            (
                Delivered,
                Kind::StreamHeader | Kind::StreamChunk | Kind::StreamRecord | Kind::StreamEnd,
            ) => Outcome::Ignore,
            (_, Kind::StreamEnd) => Outcome::Accept,
            // A lane may come before the word that the stream goes on.
            (Granted | Manifest | Deciding | Running, Kind::LanesAsk) => Outcome::Accept,
            (Running | Delivered, Kind::LanesGrant | Kind::Failure) => Outcome::Accept,
            (Asked | Delivered, Kind::LanesAsk) => NO_LANES,
            _ => UNEXPECTED,
        }
    }
}

const UNEXPECTED: Outcome = Outcome::Refuse(Code::Unexpected);
const NO_LANES: Outcome = Outcome::Refuse(Code::NoLanes);
