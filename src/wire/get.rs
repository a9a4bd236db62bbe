//! Fetching: entries of a share are asked for, and come as a stream.
//!
//! ```text
//! receiver                                 sender
//!   GetAsk: a challenge, entries ────────▶   may they have them? are they there?
//!   GetMore: more entries, ... ──────────▶   as long as the page before said so
//!          ◀───────────────────────────── GetGrant
//!          ◀───────────────────────────── StreamHeader, manifest, and all that follows at once
//! ```
//!
//! The request is the consent, so the sender waits for no [`StreamAccept`](super::StreamAccept).

use super::index::{Id16, PathSaid, SizeSaid};
use super::message::{Ask, numbered, open_messages};
use crate::codec::{Charge, List};
use crate::model::limits::{ENTRY_RANGES, GET_ENTRIES};
use minicbor::bytes::ByteArray;
use minicbor::{Decode, Encode};

/// Asks to be sent a stream of entries of a share.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct GetAsk {
    /// The request, and from then on the stream.
    #[n(0)]
    pub id: u32,
    /// What the header's context must hold: random, and used once.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub challenge: [u8; 32],
    /// The share.
    #[n(2)]
    pub share: Id16,
    /// Which of its entries.
    #[n(3)]
    pub wanted: List<Wanted, GET_ENTRIES>,
    /// Whether a [`GetMore`] follows.
    #[n(4)]
    pub more: bool,
}

/// Asks for more entries in the same stream, which has not been granted yet.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct GetMore {
    /// The stream.
    #[n(0)]
    pub stream: u32,
    /// Which entries.
    #[n(1)]
    pub wanted: List<Wanted, GET_ENTRIES>,
    /// Whether another one follows.
    #[n(2)]
    pub more: bool,
}

/// An entry that is wanted.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct Wanted {
    /// Where it lies below its share.
    #[n(0)]
    pub path: PathSaid,
    /// The content that it is wanted for, if no other will do.
    #[n(1)]
    pub content: Option<ContentSaid>,
    /// The parts of that content that are wanted, if not all of it: the others are here.
    #[n(2)]
    pub parts: Option<List<PartSaid, ENTRY_RANGES>>,
}

/// A part of a content.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct PartSaid {
    /// Its first byte.
    #[n(0)]
    pub start: SizeSaid,
    /// One behind its last byte.
    #[n(1)]
    pub end: SizeSaid,
}

/// A content: an id and a size.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct ContentSaid {
    /// Its id.
    #[n(0)]
    pub id: ByteArray<32>,
    /// Its size in bytes.
    #[n(1)]
    pub size: SizeSaid,
}

/// Says what the stream will carry.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map)]
pub struct GetGrant {
    /// The request.
    #[n(0)]
    pub id: u32,
    /// How many entries.
    #[n(1)]
    pub entries: u32,
    /// How many bytes of data.
    #[n(2)]
    pub data_length: u64,
}

open_messages!(GetAsk, GetGrant, GetMore);
numbered!(GetAsk, GetGrant);

impl Ask for GetAsk {
    type Answer = GetGrant;
}
