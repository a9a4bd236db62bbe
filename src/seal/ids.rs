//! The ids at the end of a stream: salted, so that a receipt of one file tells nothing of another,
//! and merged into the root that the final record signs.

use super::layout::ID_BYTES;
use super::{Manifest, ManifestEntry};
use crate::codec::closed;
use crate::crypto::{entry_leaf, id_node, random};
use crate::model::ContentId;

/// An entry's salt and the id of its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SaltedId {
    pub(super) salt: [u8; 32],
    pub(super) id: ContentId,
}

impl SaltedId {
    pub(super) fn fresh(id: ContentId) -> Self {
        Self { salt: random(), id }
    }

    /// The leaf of an entry with this id.
    pub(super) fn leaf(&self, number: u32, entry: &ManifestEntry) -> [u8; 32] {
        entry_leaf(&self.salt, number, &closed::encode(entry), self.id.as_bytes())
    }
}

/// The ids of all entries, as the last chunks hold them.
#[derive(Debug, Clone, Default)]
pub(super) struct SaltedIds(Vec<u8>);

impl SaltedIds {
    pub(super) fn fresh(ids: &[ContentId]) -> Self {
        let mut bytes = Vec::with_capacity(ids.len().saturating_mul(size_of::<SaltedId>()));
        for id in ids {
            let SaltedId { salt, id } = SaltedId::fresh(*id);
            bytes.extend_from_slice(&salt);
            bytes.extend_from_slice(id.as_bytes());
        }
        Self(bytes)
    }

    /// Adds the bytes of the next chunk. So many entries have ids: room beyond theirs is not taken.
    pub(super) fn append(&mut self, chunk: &[u8], entries: usize) {
        let all = entries.saturating_mul(size_of::<SaltedId>());
        self.0.reserve_exact(all.saturating_sub(self.0.len()));
        self.0.extend_from_slice(chunk);
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn get(&self, number: u32) -> Option<SaltedId> {
        let start = usize::try_from(u64::from(number).checked_mul(ID_BYTES)?).ok()?;
        let (salt, rest) = self.0.get(start..)?.split_first_chunk()?;
        let id = rest.first_chunk()?;
        Some(SaltedId { salt: *salt, id: ContentId::from_bytes(*id) })
    }

    /// The tree over all entries; none when an id is missing.
    pub(super) fn tree(&self, manifest: &Manifest) -> Option<IdTree> {
        let mut leaves = Vec::with_capacity(manifest.entries().len());
        for (number, entry) in (0..).zip(manifest.entries()) {
            leaves.push(self.get(number)?.leaf(number, entry));
        }
        Some(IdTree::new(leaves))
    }
}

/// The tree over the ids, level by level, from the leaves up to the root.
#[derive(Debug)]
pub(super) struct IdTree {
    levels: Vec<Vec<[u8; 32]>>,
}

impl IdTree {
    fn new(leaves: Vec<[u8; 32]>) -> Self {
        let mut levels = vec![leaves];
        while let Some(level) = levels.last().filter(|level| level.len() > 1) {
            let mut above = Vec::with_capacity(level.len().div_ceil(2));
            above.extend(level.chunks(2).filter_map(|pair| match pair {
                [left, right] => Some(id_node(left, right)),
                [odd] => Some(*odd),
                _ => None,
            }));
            levels.push(above);
        }
        Self { levels }
    }

    pub(super) fn root(&self) -> [u8; 32] {
        self.levels.last().and_then(|level| level.first()).copied().unwrap_or_default()
    }

    /// The siblings on the way from a leaf to the root.
    pub(super) fn path(&self, number: u32) -> Vec<[u8; 32]> {
        let mut place = usize::try_from(number).unwrap_or(usize::MAX);
        let mut path = Vec::new();
        for level in &self.levels {
            path.extend(level.get(place ^ 1).copied());
            place /= 2;
        }
        path
    }
}

/// The root to which a leaf merges along a path; none when the path has another length than the
/// leaf's place in a tree of so many leaves has.
pub(super) fn root_of(
    leaf: [u8; 32],
    number: u32,
    leaves: u32,
    path: &[[u8; 32]],
) -> Option<[u8; 32]> {
    let (mut node, mut place, mut width) = (leaf, number, leaves);
    let mut siblings = path.iter();
    if number >= leaves {
        return None;
    }
    while width > 1 {
        if place & 1 == 1 {
            node = id_node(siblings.next()?, &node);
        } else if place.checked_add(1)? < width {
            node = id_node(&node, siblings.next()?);
        }
        place /= 2;
        width = width.div_ceil(2);
    }
    siblings.next().is_none().then_some(node)
}
