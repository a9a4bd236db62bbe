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
//!
//! Where others are served first, who would wait is told their place, and says all of it again when it is
//! their turn: of who waits, nothing is held.
//!
//! ```text
//!   GetAsk: waits, GetMore, ... ─────────▶   others are served
//!          ◀───────────────────────────── GetWait: place 3 of 5, 2 of 5, ...
//!          ◀───────────────────────────── GetWait: place 0, their turn
//!   GetMore: anew, GetMore, ... ─────────▶   as above
//! ```

use super::index::{Id16, PathSaid, SizeSaid};
use super::message::{Ask, checked_messages, numbered, open_messages};
use crate::codec::{Charge, List};
use crate::model::limits::{ENTRY_RANGES, GET_ENTRIES, GET_WITHOUT};
use crate::model::{ByteRange, Content, ContentId};
use crate::wire::Code;
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
    /// Whether the asker waits where others are served first, and understands a [`GetWait`].
    #[n(5)]
    pub waits: Option<bool>,
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
    /// Whether it is the first page of what is asked now that it is the asker's turn: what was asked before
    /// does not count.
    #[n(3)]
    pub anew: Option<bool>,
}

/// Tells who waits that others are served first, and when it is their turn.
#[derive(Encode, Decode, Debug, Clone, Copy, PartialEq, Eq)]
#[cbor(map)]
pub struct GetWait {
    /// The stream.
    #[n(0)]
    pub stream: u32,
    /// The how manieth is served next; none when it is their turn, and they say again what they ask for.
    #[n(1)]
    pub place: u32,
    /// Of how many who wait.
    #[n(2)]
    pub of: u32,
}

impl GetWait {
    fn hangs_together(&self) -> bool {
        self.place <= self.of
    }
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

impl From<&ByteRange> for PartSaid {
    fn from(range: &ByteRange) -> Self {
        Self { start: SizeSaid(range.start), end: SizeSaid(range.end) }
    }
}

impl From<&PartSaid> for ByteRange {
    fn from(part: &PartSaid) -> Self {
        Self { start: part.start.0, end: part.end.0 }
    }
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

impl ContentSaid {
    /// The content, if there can be one of this size.
    pub fn content(&self) -> Option<Content> {
        Content::new(ContentId::from_bytes(*self.id), self.size.0).ok()
    }
}

impl From<Content> for ContentSaid {
    fn from(content: Content) -> Self {
        Self { id: (*content.id().as_bytes()).into(), size: SizeSaid(content.size()) }
    }
}

/// Says what the stream will carry.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
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
    /// Those that were asked for and do not come, in their order, where others do.
    #[n(3)]
    pub without: Option<List<Without, GET_WITHOUT>>,
}

/// Entries that were asked for one after the other, none of which can be had, for the same reason.
#[derive(Encode, Decode, Debug, Clone, Copy, PartialEq, Eq)]
#[cbor(map)]
pub struct Without {
    /// The first of them, counted over all pages of the request.
    #[n(0)]
    pub first: u32,
    /// How many.
    #[n(1)]
    pub count: u32,
    /// Why.
    #[n(2)]
    pub code: Code,
}

open_messages!(GetAsk, GetGrant, GetMore);
checked_messages!(GetWait);
numbered!(GetAsk, GetGrant);

impl Ask for GetAsk {
    type Answer = GetGrant;
}
