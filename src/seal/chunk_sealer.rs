//! The sending side's work on chunks, on as many threads as there are lanes: reading, encrypting and
//! tagging, and looking at the sources again.

use super::chunk::{ChunkHead, piece_values};
use super::ids::SaltedIds;
use super::layout::{ChunkKind, Layout};
use super::manifest::{Manifest, ManifestEntry};
use super::sealer::{SealError, Source};
use super::secret::StreamKeys;
use super::window::Window;
use crate::crypto::Tag;
use crate::model::ContentId;
use crate::model::content::{ContentHasher, Piece};
use crate::model::limits::LEAF_BYTES;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::{fmt, io};
use zeroize::Zeroize;

/// What both halves of the sending side know.
pub(super) struct Shared {
    pub(super) manifest: Arc<Manifest>,
    /// Until the receiver has them: they may be many.
    manifest_bytes: Mutex<Vec<u8>>,
    pub(super) layout: Layout,
    keys: StreamKeys,
    pub(super) ids: OnceLock<SaltedIds>,
    window: Mutex<Window<Sealed>>,
    changed: OnceLock<u32>,
}

/// What is remembered of a chunk under way.
pub(super) struct Sealed {
    pub(super) tag: Tag,
    pub(super) pieces: Vec<Piece>,
}

/// Looks at all entries when all chunks are sealed.
pub struct LastLook {
    pub(super) shared: Arc<Shared>,
}

/// That all entries looked as they were listed when their chunks were sealed.
pub struct Unchanged {
    pub(super) shared: Arc<Shared>,
}

impl LastLook {
    /// Looks.
    pub fn look(self, source: &(impl Source + ?Sized)) -> Result<Unchanged, SealError> {
        for entry in 0..self.shared.manifest.count() {
            match source.is_unchanged(entry) {
                Ok(true) => {}
                Ok(false) => return Err(self.shared.end_as_changed(entry)),
                Err(error) => return Err(self.shared.unreadable(entry, error)),
            }
        }
        Ok(Unchanged { shared: self.shared })
    }
}

impl fmt::Debug for LastLook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LastLook")
    }
}

impl fmt::Debug for Unchanged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unchanged")
    }
}

/// Seals chunks, on any thread and in any order.
#[derive(Clone)]
pub struct ChunkSealer {
    pub(super) shared: Arc<Shared>,
}

impl ChunkSealer {
    /// Reads, encrypts and tags a chunk that is under way. `buffer` has room for a chunk.
    ///
    /// Sealing a chunk again gives the same bytes. If the source gives others now, nothing is
    /// given out, and the stream is over.
    pub fn seal<'b>(
        &self,
        index: u32,
        source: &(impl Source + ?Sized),
        buffer: &'b mut [u8],
    ) -> Result<(ChunkHead, &'b [u8]), SealError> {
        let shared = &self.shared;
        shared.still_unchanged()?;
        let length = shared.layout.length(index).filter(|_| shared.window().holds(index));
        let data = length.and_then(|length| buffer.get_mut(..length));
        let data = data.ok_or(SealError::OutOfTurn("this chunk is not under way"))?;
        shared.fill(index, source, data)?;
        let pieces = piece_values(&shared.manifest, &shared.layout, index, data, to_hash);
        let pieces = pieces.ok_or(SealError::TooLarge)?;
        let head = shared.keys.seal(index, data).map_err(|_| SealError::TooLarge)?;
        let sealed = Sealed { tag: head.tag, pieces };
        match shared.remember(index, sealed, |entry| source.is_unchanged(entry)) {
            Ok(()) => Ok((head, data)),
            Err(error) => {
                data.zeroize();
                Err(error)
            }
        }
    }
}

impl ChunkSealer {
    /// Whether a chunk holds data of entries.
    pub fn is_data(&self, index: u32) -> bool {
        self.shared.layout.is_data(index)
    }

    /// The id of all of an entry, for [`Sealer::give_id`](super::Sealer::give_id): reads it to its end.
    pub fn content_id(
        &self,
        entry: u32,
        source: &(impl Source + ?Sized),
    ) -> Result<ContentId, SealError> {
        let listed = self.shared.manifest.get(entry);
        let listed = listed.ok_or(SealError::OutOfTurn("there is no such entry"))?;
        let (mut left, mut offset) = (listed.entry.size(), 0);
        let (mut hasher, mut buffer) = (ContentHasher::new(|_| ()), vec![0; LEAF_BYTES]);
        while left > 0 {
            let length = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
            let part = buffer.get_mut(..length).unwrap_or_default();
            source.read_for_id(entry, offset, part).map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => self.shared.end_as_changed(entry),
                _ => self.shared.unreadable(entry, error),
            })?;
            hasher.update(part);
            offset = offset.saturating_add(length as u64);
            left = left.saturating_sub(length as u64);
        }
        Ok(hasher.finish().id())
    }
}

impl fmt::Debug for ChunkSealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChunkSealer")
    }
}

impl Shared {
    pub(super) fn new(
        manifest: Arc<Manifest>,
        manifest_bytes: Vec<u8>,
        layout: Layout,
        keys: StreamKeys,
    ) -> Self {
        Self {
            manifest,
            manifest_bytes: Mutex::new(manifest_bytes),
            layout,
            keys,
            ids: OnceLock::new(),
            window: Mutex::new(Window::starting_at(0)),
            changed: OnceLock::new(),
        }
    }

    /// The receiver has the manifest: its bytes are not sealed again.
    pub(super) fn forget_manifest_bytes(&self) {
        *self.manifest_bytes.lock().unwrap_or_else(PoisonError::into_inner) = Vec::new();
    }

    pub(super) fn window(&self) -> MutexGuard<'_, Window<Sealed>> {
        // What the lock guards is whole after every step, so a panic elsewhere spoils nothing.
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn still_unchanged(&self) -> Result<(), SealError> {
        match self.changed.get() {
            Some(entry) => Err(self.source_changed(*entry)),
            None => Ok(()),
        }
    }

    pub(super) fn end_as_changed(&self, entry: u32) -> SealError {
        self.source_changed(*self.changed.get_or_init(|| entry))
    }

    fn source_changed(&self, entry: u32) -> SealError {
        match self.manifest.get(entry) {
            Some(listed) => SealError::SourceChanged { entry, path: listed.entry.path().clone() },
            None => SealError::OutOfTurn("there is no such entry"),
        }
    }

    fn unreadable(&self, entry: u32, error: io::Error) -> SealError {
        match self.manifest.get(entry) {
            Some(listed) => SealError::Source { entry, path: listed.entry.path().clone(), error },
            None => SealError::OutOfTurn("there is no such entry"),
        }
    }

    /// Reads a chunk's plaintext.
    fn fill(
        &self,
        index: u32,
        source: &(impl Source + ?Sized),
        data: &mut [u8],
    ) -> Result<(), SealError> {
        match self.layout.kind(index) {
            Some(ChunkKind::Manifest(from)) => {
                let bytes = self.manifest_bytes.lock().unwrap_or_else(PoisonError::into_inner);
                copy_part(&bytes, from, data)
            }
            Some(ChunkKind::Ids(from)) => {
                let ids = self.ids.get();
                copy_part(ids.map(SaltedIds::as_bytes).unwrap_or_default(), from, data)
            }
            _ => self.read_pieces(index, source, data),
        }
    }

    fn read_pieces(
        &self,
        index: u32,
        source: &(impl Source + ?Sized),
        mut data: &mut [u8],
    ) -> Result<(), SealError> {
        for piece in self.layout.pieces(index) {
            let entry = piece.entry;
            let (now, later) =
                data.split_at_mut_checked(piece.length).ok_or(SealError::TooLarge)?;
            source.read(entry, piece.offset, now).map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => self.end_as_changed(entry),
                _ => self.unreadable(entry, error),
            })?;
            data = later;
        }
        Ok(())
    }

    /// Keeps a chunk's tag, or compares it with the one that was kept.
    fn remember(
        &self,
        index: u32,
        sealed: Sealed,
        is_unchanged: impl Fn(u32) -> io::Result<bool>,
    ) -> Result<(), SealError> {
        let mut window = self.window();
        match window.get(index).map(|before| before.tag) {
            Some(before) if before == sealed.tag => Ok(()),
            Some(_) => {
                drop(window);
                Err(self.end_as_changed(self.differing(index, is_unchanged)))
            }
            None if window.holds(index) => {
                window.set(index, sealed);
                Ok(())
            }
            None => Err(SealError::OutOfTurn("this chunk is not under way")),
        }
    }

    /// Of the entries of a chunk whose bytes were others before, the first that looks changed; the
    /// first of all if none does.
    fn differing(&self, index: u32, is_unchanged: impl Fn(u32) -> io::Result<bool>) -> u32 {
        let entries = || self.layout.pieces(index).map(|piece| piece.entry);
        let looks_changed = |entry: &u32| !is_unchanged(*entry).unwrap_or(false);
        entries().find(looks_changed).or_else(|| entries().next()).unwrap_or_default()
    }
}

/// Whether the pieces of an entry are hashed while it is sealed: not when its id is known, which
/// nearly doubles the speed. The receiver hashes them all, so what was known wrongly never lands.
pub(super) fn to_hash(listed: &ManifestEntry) -> bool {
    listed.entry.content().is_none()
}

fn copy_part(whole: &[u8], from: u64, data: &mut [u8]) -> Result<(), SealError> {
    let part = usize::try_from(from).ok().and_then(|from| whole.get(from..));
    match part.and_then(|part| part.get(..data.len())) {
        Some(part) => {
            data.copy_from_slice(part);
            Ok(())
        }
        None => Err(SealError::OutOfTurn("the ids are not known")),
    }
}
