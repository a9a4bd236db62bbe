//! A content from the values of its pieces, in order.

use super::tree::Stack;
use super::{ContentId, Leaf, Piece};
use crate::model::limits::{LEAF_BYTES, PIECE_BYTES};

/// Merges the pieces of a file, or of parts of it, as they come in ascending order.
///
/// Parts begin at leaf borders and end at one or at the file's end, so each leaf comes whole.
#[derive(Debug)]
pub struct PieceMerger {
    size: u64,
    merged: u64,
    in_leaf: Vec<Piece>,
    above: Stack,
}

impl PieceMerger {
    /// For a file of this size.
    pub fn new(size: u64) -> Self {
        Self { size, merged: 0, in_leaf: Vec::new(), above: Stack::default() }
    }

    /// Adds the piece that begins at `offset`. Returns the leaf that it completes, with its number,
    /// if the file has leaves.
    pub fn push(&mut self, offset: u64, piece: Piece) -> Option<(u64, Leaf)> {
        let end = offset.saturating_add(PIECE_BYTES as u64).min(self.size);
        self.merged = self.merged.saturating_add(end.saturating_sub(offset));
        self.in_leaf.push(piece);
        let leaf_ends = end.is_multiple_of(LEAF_BYTES as u64) || end == self.size;
        if !leaf_ends || self.is_small() {
            return None;
        }
        let leaf = Leaf::of_pieces(&self.in_leaf)?;
        self.in_leaf.clear();
        self.above.push_leaf(leaf);
        Some((offset.checked_div(LEAF_BYTES as u64)?, leaf))
    }

    /// Adds a leaf that is known already, in the place of its pieces. Nothing of a leaf may have been
    /// added before.
    pub fn push_leaf(&mut self, number: u64, leaf: Leaf) {
        let start = number.saturating_mul(LEAF_BYTES as u64);
        let end = start.saturating_add(LEAF_BYTES as u64).min(self.size);
        self.merged = self.merged.saturating_add(end.saturating_sub(start));
        self.above.push_leaf(leaf);
    }

    /// Whether the file has no leaves.
    pub fn is_small(&self) -> bool {
        self.size <= LEAF_BYTES as u64
    }

    /// Whether all of the file was merged.
    pub fn is_whole(&self) -> bool {
        self.merged == self.size
    }

    /// The id of the whole file; none when not all of it was merged.
    pub fn finish(self) -> Option<ContentId> {
        if !self.is_whole() {
            None
        } else if !self.is_small() {
            self.above.root()
        } else if self.size > PIECE_BYTES as u64 {
            ContentId::of_pieces(&self.in_leaf)
        } else {
            Some(self.in_leaf.first().map_or_else(ContentId::of_nothing, Piece::as_only))
        }
    }
}
