//! Where the entries of a stream go.

use crate::crypto::UnixTime;
use crate::model::{Collision, Entry, EntryPath, Modified, find_collision};
use crate::seal::{EntryProof, Manifest};
use std::sync::Arc;

/// Where an entry goes, and how many bytes it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Where, below the destination.
    pub path: EntryPath,
    /// How many bytes.
    pub size: u64,
    /// What it will look like, if that is known: what comes in one piece is made so at once.
    pub look: Option<Look>,
}

/// What a file looks like besides its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Whether it is a program.
    pub is_program: bool,
    /// When it was changed last.
    pub modified: Modified,
}

impl Look {
    /// What an entry says, as far as that may be.
    pub fn of(entry: &Entry, now: UnixTime) -> Self {
        Self { is_program: entry.is_executable(), modified: entry.modified().clamped(now) }
    }

    pub(super) fn proven(proof: &EntryProof, now: UnixTime) -> Self {
        Self { is_program: proof.is_executable(), modified: proof.modified().clamped(now) }
    }
}

/// Where the entries of a stream go, in its order.
#[derive(Debug)]
pub(crate) enum Targets {
    /// Each where it was said, with the number of its part.
    Listed(Vec<(u32, Target)>),
    /// All where their sender says: of very many, nothing is there twice. The number of an entry is that of
    /// its part.
    Offered {
        /// What is offered.
        manifest: Arc<Manifest>,
        /// The time.
        now: UnixTime,
    },
}

/// Where one of them goes, with the number of its part.
#[derive(Debug, Clone, Copy)]
pub(super) struct Aim<'t> {
    pub(super) slot: u32,
    pub(super) path: &'t EntryPath,
    pub(super) size: u64,
    pub(super) look: Option<Look>,
}

impl Targets {
    pub(super) fn count(&self) -> usize {
        match self {
            Self::Listed(targets) => targets.len(),
            Self::Offered { manifest, .. } => manifest.entries().len(),
        }
    }

    pub(super) fn get(&self, number: usize) -> Option<Aim<'_>> {
        match self {
            Self::Listed(targets) => {
                let (slot, Target { path, size, look }) = targets.get(number)?;
                Some(Aim { slot: *slot, path, size: *size, look: *look })
            }
            Self::Offered { manifest, now } => {
                let (slot, entry) =
                    (u32::try_from(number).ok()?, &manifest.entries().get(number)?.entry);
                let look = Some(Look::of(entry, *now));
                Some(Aim { slot, path: entry.path(), size: entry.size(), look })
            }
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Aim<'_>> {
        (0..self.count()).filter_map(|number| self.get(number))
    }

    /// Two that cannot both be written. A manifest has none.
    pub(super) fn collision(&self) -> Option<Collision> {
        match self {
            Self::Listed(targets) => find_collision(targets.iter().map(|(_, target)| &target.path)),
            Self::Offered { .. } => None,
        }
    }
}
