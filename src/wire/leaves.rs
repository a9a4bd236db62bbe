//! The leaves of a content, by which parts that come from several people are checked one by one.
//!
//! ```text
//! receiver                                 sender
//!   LeavesAsk: an entry, from a leaf on ─▶   may they have it? is it what was published?
//!          ◀──────────────────────────── LeavesTold: as many as one answer holds
//! ```
//!
//! Nobody has to believe a list: it merges to the id of its content, or it is none.

use super::get::ContentSaid;
use super::index::{Id16, PathSaid};
use super::message::{Ask, checked_messages, numbered};
use crate::codec::{Blob, Charge};
use crate::model::content::Leaf;
use crate::model::limits::{LEAF_LIST, LEAVES_TOLD_BYTES};
use minicbor::{Decode, Encode};

/// Asks for leaves of an entry of a share.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct LeavesAsk {
    /// The request.
    #[n(0)]
    pub id: u32,
    /// The share.
    #[n(1)]
    pub share: Id16,
    /// Where the entry lies below its share.
    #[n(2)]
    pub path: PathSaid,
    /// The content whose leaves are wanted.
    #[n(3)]
    pub content: ContentSaid,
    /// From which leaf on.
    #[n(4)]
    pub first: u32,
}

/// Tells them, in order.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct LeavesTold {
    /// The request.
    #[n(0)]
    pub id: u32,
    /// The leaves, one behind the other.
    #[n(1)]
    pub leaves: Blob<LEAVES_TOLD_BYTES>,
}

impl LeavesAsk {
    fn hangs_together(&self) -> bool {
        usize::try_from(self.first).is_ok_and(|first| first < LEAF_LIST)
    }
}

impl LeavesTold {
    /// As many leaves as an answer holds.
    pub const MOST: usize = LEAVES_TOLD_BYTES / LEAF;

    /// An answer with these leaves, or as many of the first of them as it holds.
    pub fn new(leaves: &[Leaf]) -> Self {
        let bytes: Vec<u8> = leaves
            .iter()
            .take(Self::MOST)
            .flat_map(|leaf| leaf.as_bytes().iter().copied())
            .collect();
        Self { id: 0, leaves: Blob::new(bytes).unwrap_or_default() }
    }

    /// The leaves.
    pub fn leaves(&self) -> impl Iterator<Item = Leaf> {
        let (leaves, _) = self.leaves.as_chunks::<LEAF>();
        leaves.iter().map(|leaf| Leaf::from_bytes(*leaf))
    }

    fn hangs_together(&self) -> bool {
        !self.leaves.is_empty() && self.leaves.len().is_multiple_of(LEAF)
    }
}

checked_messages!(LeavesAsk, LeavesTold);
numbered!(LeavesAsk, LeavesTold);

impl Ask for LeavesAsk {
    type Answer = LeavesTold;
}

/// The bytes of a leaf.
const LEAF: usize = 32;
