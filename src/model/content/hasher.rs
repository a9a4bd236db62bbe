//! A content id while the bytes pass by, in order.

use super::tree::{Leaf, Stack};
use super::{Content, ContentId};
use crate::model::limits::LEAF_BYTES;
use blake3::hazmat::HasherExt;

/// Computes a content's id from its bytes as they come, and tells its leaves as they are done.
///
/// ```
/// use waxwing::model::Content;
/// use waxwing::model::content::ContentHasher;
///
/// let mut leaves = Vec::new();
/// let mut hasher = ContentHasher::new(|leaf| leaves.push(leaf));
/// hasher.update(&[7; 1_000_000]);
/// hasher.update(&[7; 1_000_000]);
/// assert_eq!(hasher.finish(), Content::of(&[7; 2_000_000]));
/// assert_eq!(leaves.len(), 2);
/// ```
pub struct ContentHasher<F> {
    leaf: blake3::Hasher,
    in_leaf: usize,
    size: u64,
    above: Stack,
    on_leaf: F,
}

impl<F: FnMut(Leaf)> ContentHasher<F> {
    /// Begins at the first byte. `on_leaf` is called with each leaf, in order; a content of up to
    /// 1 MiB has none.
    pub fn new(on_leaf: F) -> Self {
        Self { leaf: blake3::Hasher::new(), in_leaf: 0, size: 0, above: Stack::default(), on_leaf }
    }

    /// Adds the next bytes.
    pub fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            // A full leaf is finished only now: were it the last, it might be the root.
            if self.in_leaf == LEAF_BYTES {
                self.finish_leaf();
                self.begin_leaf();
            }
            let room = LEAF_BYTES.saturating_sub(self.in_leaf);
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.leaf.update(now);
            self.in_leaf = self.in_leaf.saturating_add(now.len());
            self.size = self.size.saturating_add(now.len() as u64);
            bytes = later;
        }
    }

    /// The content of all bytes.
    pub fn finish(mut self) -> Content {
        let size = self.size;
        if size <= LEAF_BYTES as u64 {
            return Content { id: ContentId(*self.leaf.finalize().as_bytes()), size };
        }
        self.finish_leaf();
        // More than one leaf was pushed, so there is a root.
        let id = self.above.root().unwrap_or(ContentId([0; 32]));
        Content { id, size }
    }

    fn finish_leaf(&mut self) {
        let leaf = Leaf::finish(&self.leaf);
        self.above.push_leaf(leaf);
        (self.on_leaf)(leaf);
    }

    /// Only where more bytes follow: an offset that is not a whole number of leaves has no leaf.
    fn begin_leaf(&mut self) {
        self.leaf = blake3::Hasher::new();
        self.leaf.set_input_offset(self.size);
        self.in_leaf = 0;
    }
}

impl<F> std::fmt::Debug for ContentHasher<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ContentHasher({} bytes)", self.size)
    }
}
