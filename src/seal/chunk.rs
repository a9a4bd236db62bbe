//! One chunk: its head on the wire, and the two directions of its bytes.

use super::Refusal;
use super::layout::{ChunkKind, Layout};
use super::secret::StreamKeys;
use super::{CHUNK_BYTES, Manifest, ManifestEntry};
use crate::codec::{self, Closed, Reader, Writer};
use crate::crypto::Tag;
use crate::model::content::Piece;

/// What stands before a chunk's ciphertext.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkHead {
    /// The chunk's number.
    pub index: u32,
    /// The number of bytes behind the head.
    pub length: u32,
    /// The tag over them.
    pub tag: Tag,
}

impl ChunkHead {
    /// How many bytes a head has.
    pub const BYTES: usize = 40;
}

impl Closed for ChunkHead {
    fn write(&self, out: &mut Writer) {
        out.u32(self.index).u32(self.length).raw(self.tag.as_bytes());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, codec::Error> {
        let (index, length) = (input.u32()?, input.u32()?);
        Ok(Self { index, length, tag: Tag::from_bytes(input.array()?) })
    }
}

impl StreamKeys {
    /// Encrypts a chunk in place and tags it.
    pub(super) fn seal(&self, index: u32, data: &mut [u8]) -> Result<ChunkHead, Refusal> {
        let length = u32::try_from(data.len()).map_err(|_| Refusal::ChunkShape)?;
        self.keystream.apply(position(index), data).map_err(|_| Refusal::ChunkShape)?;
        Ok(ChunkHead { index, length, tag: self.tags.tag(data, index, length) })
    }

    /// Verifies a chunk's tag, then decrypts it in place if `admit` has nothing against it.
    /// Otherwise nothing is changed.
    pub(super) fn open(
        &self,
        head: &ChunkHead,
        data: &mut [u8],
        admit: impl FnOnce() -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        if self.tags.tag(data, head.index, head.length) != head.tag {
            return Err(Refusal::Tag);
        }
        admit()?;
        self.keystream.apply(position(head.index), data).map_err(|_| Refusal::ChunkShape)
    }
}

/// Where in the keystream a chunk begins.
fn position(index: u32) -> u64 {
    u64::from(index).saturating_mul(CHUNK_BYTES as u64)
}

/// The values of a data chunk's pieces, of the entries that are wanted; none in other chunks.
pub(super) fn piece_values(
    manifest: &Manifest,
    layout: &Layout,
    index: u32,
    mut plaintext: &[u8],
    wanted: impl Fn(&ManifestEntry) -> bool,
) -> Option<Vec<Piece>> {
    if layout.kind(index)? != ChunkKind::Data {
        return Some(Vec::new());
    }
    let mut values = Vec::new();
    for place in layout.pieces(index) {
        let (bytes, rest) = plaintext.split_at_checked(place.length)?;
        plaintext = rest;
        let listed = manifest.get(place.entry)?;
        if wanted(listed) {
            values.push(Piece::of_content(listed.entry.size(), place.offset, bytes)?);
        }
    }
    Some(values)
}
