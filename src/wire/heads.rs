//! What two people tell each other of the key directory that their index shows them.
//!
//! ```text
//! dialler                                       listener
//!   HeadAsk: of this index, this head ──────▶   is it of my chain?
//!          ◀────────────────────────────────  HeadTold: mine
//!   is it of my chain?
//! ```
//!
//! An index that shows two people two chains is found out by the first two of them that meet.

use super::message::{Ask, checked_messages, numbered};
use crate::model::directory::Head;
use crate::model::limits::DIRECTORY_ENTRIES;
use minicbor::{Decode, Encode};

/// Tells how far one knows the key directory of an index, and asks for the same.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map)]
pub struct HeadAsk {
    /// The request.
    #[n(0)]
    pub id: u32,
    /// The fingerprint of the index.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub index: [u8; 32],
    /// How many entries one knows.
    #[n(2)]
    pub length: u64,
    /// The hash of the last of them; zeros when there is none.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub hash: [u8; 32],
}

/// Tells it in return, of the same index.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map)]
pub struct HeadTold {
    /// The request.
    #[n(0)]
    pub id: u32,
    /// How many entries one knows.
    #[n(1)]
    pub length: u64,
    /// The hash of the last of them; zeros when there is none.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub hash: [u8; 32],
}

impl HeadAsk {
    /// What is told.
    pub fn head(&self) -> Head {
        Head { length: self.length, hash: self.hash }
    }

    fn hangs_together(&self) -> bool {
        can_be(&self.head())
    }
}

impl HeadTold {
    /// What is told.
    pub fn head(&self) -> Head {
        Head { length: self.length, hash: self.hash }
    }

    fn hangs_together(&self) -> bool {
        can_be(&self.head())
    }
}

/// Whether a directory can have this head.
fn can_be(head: &Head) -> bool {
    head.length <= DIRECTORY_ENTRIES as u64 && (head.length > 0 || *head == Head::EMPTY)
}

checked_messages!(HeadAsk, HeadTold);
numbered!(HeadAsk, HeadTold);

impl Ask for HeadAsk {
    type Answer = HeadTold;
}
