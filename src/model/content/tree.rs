//! Pieces, leaves, and how they merge.

use super::{Content, ContentId, leaf_count};
use crate::model::Error;
use crate::model::limits::{LEAF_BYTES, LEAF_LIST, PIECE_BYTES};
use blake3::hazmat::{
    ChainingValue, HasherExt, Mode, merge_subtrees_non_root, merge_subtrees_root,
};

/// The value of a piece of 256 KiB; the last piece of a content may be shorter.
///
/// It is the piece's chaining value, or, where a content has but this piece, the id itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece(ChainingValue);

/// The chaining value of a leaf of 1 MiB; the last leaf of a content may be shorter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaf(ChainingValue);

impl Piece {
    /// The value of the bytes that stand at `offset` of a content of more than one piece.
    ///
    /// None when no piece begins there or none is so long.
    pub fn new(offset: u64, bytes: &[u8]) -> Option<Self> {
        let in_place = offset.is_multiple_of(PIECE_BYTES as u64);
        let fits = (1..=PIECE_BYTES).contains(&bytes.len());
        (in_place && fits).then(|| Self(value_at(offset, bytes)))
    }

    /// The value of a piece of a content of `size` bytes: of the only one, the id.
    pub fn of_content(size: u64, offset: u64, bytes: &[u8]) -> Option<Self> {
        if size > PIECE_BYTES as u64 {
            return Self::new(offset, bytes);
        }
        let is_all = offset == 0 && bytes.len() as u64 == size;
        is_all.then(|| Self(*blake3::hash(bytes).as_bytes()))
    }

    /// The id of the content whose only piece this is.
    pub(super) fn as_only(&self) -> ContentId {
        ContentId(self.0)
    }
}

impl Leaf {
    /// The value of a leaf, from the values of its pieces in their order.
    pub fn of_pieces(pieces: &[Piece]) -> Option<Self> {
        let values = pieces.iter().map(|piece| piece.0);
        (1..=LEAF_BYTES / PIECE_BYTES).contains(&pieces.len()).then(|| merge(values))?.map(Self)
    }

    /// The leaf with these bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The leaf's bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The value that a hasher of this leaf ends with.
    pub(super) fn finish(hasher: &blake3::Hasher) -> Self {
        Self(hasher.finalize_non_root())
    }
}

impl ContentId {
    /// The id of the empty content.
    pub(super) fn of_nothing() -> Self {
        Content::of(&[]).id
    }

    /// The id of a content of more than one piece and at most one leaf, from its pieces in order.
    pub fn of_pieces(pieces: &[Piece]) -> Option<Self> {
        let mut stack = Stack::default();
        pieces.iter().for_each(|piece| stack.push(piece.0));
        (pieces.len() <= LEAF_BYTES / PIECE_BYTES).then(|| stack.root())?
    }
}

/// All leaves of a content, known to be the right ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeafList {
    content: Content,
    leaves: Vec<Leaf>,
}

impl LeafList {
    /// Takes a foreign list, if it has exactly as many leaves as the content and merges to its id.
    /// A content too large for a list still has its id.
    pub fn verify(content: Content, leaves: Vec<Leaf>) -> Result<Self, Error> {
        if leaves.len() > LEAF_LIST {
            return Err(Error::Leaves("it is longer than any list"));
        }
        if leaves.len() as u64 != leaf_count(content.size) {
            return Err(Error::Leaves("it has not as many leaves as the content"));
        }
        let mut stack = Stack::default();
        leaves.iter().for_each(|leaf| stack.push(leaf.0));
        match stack.root() {
            Some(id) if id != content.id => Err(Error::Leaves("they merge to another content")),
            _ => Ok(Self { content, leaves }),
        }
    }

    /// The content whose leaves they are.
    pub fn content(&self) -> Content {
        self.content
    }

    /// The leaves, in order; none for a content of up to one leaf.
    pub fn leaves(&self) -> &[Leaf] {
        &self.leaves
    }

    /// Whether this is the leaf of that number.
    pub fn has(&self, number: u64, leaf: Leaf) -> bool {
        usize::try_from(number).ok().and_then(|at| self.leaves.get(at)) == Some(&leaf)
    }
}

/// Merges values of equal length as they come, in memory that grows with the logarithm of their
/// number.
///
/// A value stays unmerged until another follows it: the last merge of all is the root's, which is
/// a different function.
#[derive(Debug, Clone, Default)]
pub(super) struct Stack {
    values: Vec<ChainingValue>,
    pushed: u64,
}

impl Stack {
    /// Adds the next leaf.
    pub(super) fn push_leaf(&mut self, leaf: Leaf) {
        self.push(leaf.0);
    }

    fn push(&mut self, value: ChainingValue) {
        // Complete subtrees that stand side by side are merged: as many values stay as the number
        // pushed has bits set.
        while self.values.len() > self.pushed.count_ones() as usize {
            self.merge_last(|left, right| merge_subtrees_non_root(left, right, Mode::Hash));
        }
        self.values.push(value);
        self.pushed = self.pushed.saturating_add(1);
    }

    /// The root over all values; none when there are fewer than two, which have no merge.
    pub(super) fn root(mut self) -> Option<ContentId> {
        while self.values.len() > 2 {
            self.merge_last(|left, right| merge_subtrees_non_root(left, right, Mode::Hash));
        }
        match self.values.as_slice() {
            [left, right] => {
                Some(ContentId(*merge_subtrees_root(left, right, Mode::Hash).as_bytes()))
            }
            _ => None,
        }
    }

    fn merge_last(&mut self, with: impl Fn(&ChainingValue, &ChainingValue) -> ChainingValue) {
        if let (Some(right), Some(left)) = (self.values.pop(), self.values.last_mut()) {
            *left = with(left, &right);
        }
    }
}

/// The value over all values, which is not the root; none of none.
fn merge(values: impl Iterator<Item = ChainingValue>) -> Option<ChainingValue> {
    let mut stack = Stack::default();
    values.for_each(|value| stack.push(value));
    while stack.values.len() > 1 {
        stack.merge_last(|left, right| merge_subtrees_non_root(left, right, Mode::Hash));
    }
    stack.values.pop()
}

/// The chaining value of a group that is not the whole content. `offset` is a multiple of the
/// group's full length.
fn value_at(offset: u64, bytes: &[u8]) -> ChainingValue {
    let mut hasher = blake3::Hasher::new();
    hasher.set_input_offset(offset);
    hasher.update(bytes);
    hasher.finalize_non_root()
}
