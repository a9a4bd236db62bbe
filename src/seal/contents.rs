//! The contents of a stream's entries, from the pieces of its chunks in order.

use super::{Layout, Manifest, ManifestEntry, PieceOf};
use crate::model::content::{Leaf, Piece, PieceMerger};
use crate::model::{Content, ContentId};

/// A leaf that became known while an entry passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryLeaf {
    /// The number of the entry.
    pub entry: u32,
    /// The number of the leaf in it.
    pub number: u64,
    /// The leaf.
    pub leaf: Leaf,
}

/// What became whole while entries passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passed {
    /// A leaf.
    Leaf(EntryLeaf),
    /// All of an entry that is too small to have leaves.
    Small {
        /// The number of the entry.
        entry: u32,
        /// What its bytes are called.
        id: ContentId,
    },
}

/// Merges pieces to leaves and ids, entry after entry; holds one entry's values at a time, and the
/// ids of those that are done.
#[derive(Debug)]
pub(super) struct Contents {
    ids: Vec<Option<ContentId>>,
    current: Option<(u32, PieceMerger)>,
}

impl Contents {
    pub(super) fn new(manifest: &Manifest) -> Self {
        // What has no bytes passes no piece; its content is known at once.
        let of_empty = |size| (size == 0).then(|| Content::of(&[]).id());
        let ids = manifest.entries().iter().map(|listed| of_empty(listed.entry.size())).collect();
        Self { ids, current: None }
    }

    /// Adds the pieces of the next data chunk, of the entries that are wanted.
    pub(super) fn push_chunk(
        &mut self,
        (manifest, layout): (&Manifest, &Layout),
        index: u32,
        pieces: &[Piece],
        wanted: impl Fn(&ManifestEntry) -> bool,
        mut on_passed: impl FnMut(Passed),
    ) {
        let is_wanted = |place: &PieceOf| manifest.get(place.entry).is_some_and(&wanted);
        for (place, piece) in layout.pieces(index).filter(is_wanted).zip(pieces) {
            let entry = place.entry;
            let merger = self.merger_of(manifest, entry);
            if let Some((number, leaf)) = merger.push(place.offset, *piece) {
                on_passed(Passed::Leaf(EntryLeaf { entry, number, leaf }));
            } else if merger.is_small() && merger.is_whole() {
                self.finish_current();
                let id = usize::try_from(entry).ok().and_then(|entry| *self.ids.get(entry)?);
                id.into_iter().for_each(|id| on_passed(Passed::Small { entry, id }));
            }
        }
    }

    fn merger_of(&mut self, manifest: &Manifest, entry: u32) -> &mut PieceMerger {
        if self.current.as_ref().is_none_or(|(current, _)| *current != entry) {
            self.finish_current();
        }
        let size = manifest.get(entry).map_or(0, |listed| listed.entry.size());
        &mut self.current.get_or_insert_with(|| (entry, PieceMerger::new(size))).1
    }

    fn finish_current(&mut self) {
        if let Some((entry, merger)) = self.current.take() {
            let slot = usize::try_from(entry).ok().and_then(|entry| self.ids.get_mut(entry));
            if let Some(slot) = slot {
                *slot = merger.finish();
            }
        }
    }

    /// The ids of the entries that passed whole, once all data chunks have passed.
    pub(super) fn ids(&mut self) -> &mut [Option<ContentId>] {
        self.finish_current();
        &mut self.ids
    }
}
