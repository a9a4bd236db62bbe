//! Which bytes stand in which chunk: computed from the manifest, the same on both sides.
//!
//! ```text
//! chunks   0 ... manifest │ ... data ...                           │ ... ids
//! data     │ 256K of a │ 256K of a │ rest of a, b, c │ d, e, f ... │
//! ```
//!
//! For each range only its first chunk is kept; the rest follows from its length. So the layout of
//! a stream takes a few bytes a range, whatever the files' sizes, and any chunk is found by a
//! binary search.

use super::{CHUNK_SIZE, Manifest};

/// What a stream's chunks hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    manifest_length: u64,
    ids_length: u64,
    placed: Vec<Placed>,
    first_data: u32,
    first_id: u32,
    end: u32,
}

/// Where a range begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Placed {
    first_chunk: u32,
    entry: u32,
    start: u64,
    length: u64,
}

/// What a chunk is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChunkKind {
    /// A part of the manifest, from this byte on.
    Manifest(u64),
    /// Pieces of entries.
    Data,
    /// A part of the salted ids, from this byte on.
    Ids(u64),
}

/// Some bytes of one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PieceOf {
    /// The number of the entry.
    pub entry: u32,
    /// Where in the entry they begin.
    pub offset: u64,
    /// How many they are.
    pub length: usize,
}

impl Layout {
    /// The layout of a stream; none when it has more chunks than can be numbered.
    pub(super) fn new(manifest: &Manifest, manifest_length: u64) -> Option<Self> {
        let ids_length = u64::from(manifest.count()).checked_mul(ID_BYTES)?;
        let first_data = chunks_of(manifest_length)?;
        let mut packer = Packer { chunk: first_data, used: 0 };
        let ranges = manifest.entries().iter().map(|listed| listed.ranges.as_slice().len());
        let mut placed = Vec::with_capacity(ranges.sum());
        for (entry, listed) in (0..).zip(manifest.entries()) {
            for range in listed.ranges.as_slice() {
                let length = range.length();
                let first_chunk = packer.place(length)?;
                placed.push(Placed { first_chunk, entry, start: range.start, length });
            }
        }
        let first_id = packer.end()?;
        let end = first_id.checked_add(chunks_of(ids_length)?)?;
        Some(Self { manifest_length, ids_length, placed, first_data, first_id, end })
    }

    /// The number of chunks.
    pub fn chunk_count(&self) -> u32 {
        self.end
    }

    /// The first chunk behind the manifest.
    pub fn first_data(&self) -> u32 {
        self.first_data
    }

    /// The first chunk of ids.
    pub fn first_id(&self) -> u32 {
        self.first_id
    }

    /// How many chunks hold data of entries.
    pub fn data_chunks(&self) -> u32 {
        self.first_id.saturating_sub(self.first_data)
    }

    /// Whether this one does.
    pub fn is_data(&self, index: u32) -> bool {
        (self.first_data..self.first_id).contains(&index)
    }

    /// What a chunk is for; none when there is no such chunk.
    pub fn kind(&self, index: u32) -> Option<ChunkKind> {
        let bytes_before =
            |first: u32| u64::from(index.saturating_sub(first)).saturating_mul(CHUNK);
        if index < self.first_data {
            Some(ChunkKind::Manifest(bytes_before(0)))
        } else if index < self.first_id {
            Some(ChunkKind::Data)
        } else if index < self.end {
            Some(ChunkKind::Ids(bytes_before(self.first_id)))
        } else {
            None
        }
    }

    /// The number of bytes in a chunk; none when there is no such chunk.
    pub fn length(&self, index: u32) -> Option<usize> {
        let part =
            |whole: u64, from: u64| usize::try_from(whole.saturating_sub(from).min(CHUNK)).ok();
        match self.kind(index)? {
            ChunkKind::Manifest(from) => part(self.manifest_length, from),
            ChunkKind::Data => Some(self.pieces(index).map(|piece| piece.length).sum()),
            ChunkKind::Ids(from) => part(self.ids_length, from),
        }
    }

    /// The pieces in a data chunk, in order; none in any other chunk.
    pub fn pieces(&self, index: u32) -> impl Iterator<Item = PieceOf> {
        // The range before those that begin in this chunk may still reach into it.
        let begin = self.placed.partition_point(|range| range.first_chunk < index);
        let candidates = self.placed.get(begin.saturating_sub(1)..).unwrap_or_default();
        candidates
            .iter()
            .take_while(move |range| range.first_chunk <= index)
            .filter_map(move |range| range.piece_in(index))
    }
}

impl Placed {
    /// The piece of this range in a chunk. The first piece stands in the first chunk, and each one
    /// that follows in the next: only the last is shorter than a chunk.
    fn piece_in(&self, index: u32) -> Option<PieceOf> {
        let before = u64::from(index.checked_sub(self.first_chunk)?).checked_mul(CHUNK)?;
        let left = self.length.checked_sub(before).filter(|left| *left > 0)?;
        let length = usize::try_from(left.min(CHUNK)).ok()?;
        Some(PieceOf { entry: self.entry, offset: self.start.checked_add(before)?, length })
    }
}

/// Fills chunks with pieces, in order.
struct Packer {
    chunk: u32,
    used: u64,
}

impl Packer {
    /// Places a range and returns its first chunk.
    fn place(&mut self, length: u64) -> Option<u32> {
        let full = u32::try_from(length.checked_div(CHUNK)?).ok()?;
        let tail = length.checked_rem(CHUNK)?;
        let first_piece = if full > 0 { CHUNK } else { tail };
        if self.used.checked_add(first_piece)? > CHUNK {
            self.close()?;
        }
        let first = self.chunk;
        self.chunk = self.chunk.checked_add(full)?;
        // Full pieces leave nothing of their chunks; the tail begins one, or joins the one begun.
        self.used = if full > 0 { tail } else { self.used.checked_add(tail)? };
        Some(first)
    }

    fn close(&mut self) -> Option<()> {
        self.chunk = self.chunk.checked_add(1)?;
        self.used = 0;
        Some(())
    }

    /// The chunk behind the last one.
    fn end(mut self) -> Option<u32> {
        if self.used > 0 {
            self.close()?;
        }
        Some(self.chunk)
    }
}

fn chunks_of(length: u64) -> Option<u32> {
    u32::try_from(length.div_ceil(CHUNK)).ok()
}

/// A chunk holds a whole piece, so that a large file has one piece a chunk.
const CHUNK: u64 = CHUNK_SIZE as u64;
const _: () = assert!(CHUNK == crate::model::limits::PIECE_BYTES as u64);
/// A salt and an id.
pub(super) const ID_BYTES: u64 = 64;
