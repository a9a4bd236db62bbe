//! What is said: the frames and messages of a conversation, and what each side may say when.
//!
//! ```text
//! dialler                                     listener
//!   ├──────────── TLS 1.3 ───────────────────────┤
//!   │  Hello ───────────────────────────────────▶│  who, which versions, which features
//!   │◀─────────────────────────────────── Hello  │
//!   │  Proof ───────────────────────────────────▶│  signed: all that was said, and the channel
//!   │◀─────────────────────────────────── Proof  │
//!   ├──────────── open ──────────────────────────┤
//!   │  requests and answers, streams, pings      │  in both directions, overlapping
//!   │  Goodbye ─────────────────────────────────▶│  from either side
//! ```
//!
//! This room is pure: it takes bytes and values and gives values and bytes, and knows neither
//! sockets nor clocks. A [`FrameDecoder`] cuts [`Frame`]s off what came; [`ChannelState::outcome`]
//! and its like say whether a kind belongs there; [`Frame::decode`] makes the [`Message`]. Bodies
//! are open messages, except those that hold ciphertext or records, which are closed layouts.
//!
//! ```
//! use bytes::BytesMut;
//! use waxwing::wire::{FrameDecoder, Ping, frame};
//!
//! let mut decoder = FrameDecoder::new();
//! decoder.open();
//! let mut came = BytesMut::from(&frame::encode(&Ping { token: 7 })[..]);
//! let frame = decoder.decode(&mut came)?.ok_or("not whole yet")?;
//! assert_eq!(frame.decode::<Ping>()?, Ping { token: 7 });
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Decided against: names or versions in every message (the hello settles both once), and an enum
//! of all messages (most readers wait for one or two kinds, and the table of [`Kind`] knows where a
//! frame belongs before it is decoded).

mod channel;
mod code;
pub mod frame;
mod get;
mod heads;
mod hello;
pub mod index;
mod kind;
mod lane;
mod leaves;
mod message;
mod proof;
mod room;
mod runs;
mod state;
mod stream;

pub use channel::{Failure, Goodbye, Ping, Pong, RequestIds};
pub use code::{Code, Explanation};
pub use frame::{Frame, FrameDecoder, FrameError};
pub use get::{ContentSaid, GetAsk, GetGrant, GetMore, GetWait, PartSaid, Wanted, Without};
pub use heads::{HeadAsk, HeadTold};
pub use hello::{Agreed, Feature, Features, Hello, Party, Role, VERSIONS};
pub use kind::{Kind, Names, Phase, SentBy};
pub use lane::{LaneId, LaneIds, LaneOpening, LanesAsk, LanesGrant};
pub use leaves::{LeavesAsk, LeavesTold};
pub use message::{Ask, Message, Numbered};
pub use proof::{EXPORTER_LABEL, Proof, Transcript};
pub use room::Room;
pub use runs::{Landed, MissingChunks};
pub use state::{ChannelState, Outcome, ReceiverState, SenderState};
pub use stream::{
    BegunSaid, ChunksMissing, SegmentVerified, SendAsk, SendGrant, StreamAccept, StreamAgain,
    StreamChunk, StreamDelivered, StreamEnd, StreamHeader, StreamRecord,
};
