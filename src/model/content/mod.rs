//! What a file's bytes are called, wherever they lie: their BLAKE3 hash and their number.
//!
//! ```text
//!                    id                       the root: a plain BLAKE3 hash, as b3sum prints it
//!             ┌──────┴──────┐
//!           node            │                 merged pairwise, level by level; an odd one moves up
//!         ┌───┴───┐         │
//!       leaf    leaf      leaf                1 MiB each, the last one shorter
//!      ┌┬┴┬┐   ┌┬┴┬┐      ┌┴┐
//!      pieces  pieces    pieces               256 KiB each: what travels in one go
//! ```
//!
//! Leaves and pieces are chaining values of BLAKE3's own tree at their own offsets, so they merge
//! to the plain hash in any order in which they arrive. A content of up to 1 MiB has no leaves;
//! above, it has exactly one for each MiB begun.
//!
//! The size belongs to the name: without it, the true leaf list of another tree could be passed off
//! for that of a content, and an honest source would stand convicted.
//!
//! BLAKE3's tree functions panic on groups that are empty, too long or out of place. Whatever comes
//! from outside is therefore checked here, and nothing else calls them.

mod file;
mod hasher;
mod merger;
mod read_at;
mod tree;

pub use file::of_file;
pub use hasher::ContentHasher;
pub use merger::PieceMerger;
pub use read_at::ReadAt;
pub use tree::{Leaf, LeafList, Piece};

use super::Error;
use super::limits::{ENTRY_SIZE, LEAF_BYTES};
use data_encoding::HEXLOWER_PERMISSIVE;
use std::fmt;
use std::str::FromStr;

/// The BLAKE3 hash of a content.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentId([u8; 32]);

impl ContentId {
    /// The id with these bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The id's bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for ContentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER_PERMISSIVE.encode(&self.0))
    }
}

impl fmt::Debug for ContentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentId({self})")
    }
}

impl FromStr for ContentId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let bytes = HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok();
        let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or(Error::ContentId)
    }
}

/// The whole name of a content: id and size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Content {
    id: ContentId,
    size: u64,
}

impl Content {
    /// The content of this id and size; sizes beyond the limit are refused.
    pub fn new(id: ContentId, size: u64) -> Result<Self, Error> {
        if size > ENTRY_SIZE { Err(Error::Size(size)) } else { Ok(Self { id, size }) }
    }

    /// The content of some bytes in memory.
    pub fn of(bytes: &[u8]) -> Self {
        Self { id: ContentId(*blake3::hash(bytes).as_bytes()), size: bytes.len() as u64 }
    }

    /// The hash of the bytes.
    pub fn id(&self) -> ContentId {
        self.id
    }

    /// How many bytes there are.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// How many leaves it has.
    pub fn leaf_count(&self) -> u64 {
        leaf_count(self.size)
    }
}

/// How many leaves a content of this size has.
pub fn leaf_count(size: u64) -> u64 {
    let leaf = LEAF_BYTES as u64;
    if size <= leaf { 0 } else { size.div_ceil(leaf) }
}
