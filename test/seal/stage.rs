//! What the stories share: the people, sources, and a stream on its way from Alice to Bob.

use super::people::{self, CONTEXT, NOW, Person, entry, expected};
use std::io;
use std::ops::Range;
use std::sync::LazyLock;
use waxwing::model::content::{Piece, PieceMerger};
use waxwing::model::limits::PIECE_BYTES;
use waxwing::model::{ByteRange, Content, ContentId, Ranges};
use waxwing::seal::{
    CHUNK_BYTES, ChunkHead, ChunkReceipt, ChunkSealer, Context, Header, Manifest, ManifestEntry,
    ManifestOpener, OpenedStream, Opener, Record, Refusal, Sealer, Source, Turn,
};

pub(crate) const MIB: u64 = 1 << 20;
pub(crate) const CHUNK: u64 = CHUNK_BYTES as u64;

/// Loaded once: loading keys takes a while.
pub(crate) static ALICE: LazyLock<Person> = LazyLock::new(people::alice);
pub(crate) static BOB: LazyLock<Person> = LazyLock::new(people::bob);
pub(crate) static MALLORY: LazyLock<Person> = LazyLock::new(people::mallory);

/// Entries whose bytes are computed when they are read, and never change.
pub(crate) struct Computed;

impl Source for Computed {
    fn read(&self, entry: u32, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        for (word, bytes) in (offset / 8..).zip(buffer.chunks_mut(8)) {
            let mixed = (word ^ u64::from(entry) << 40).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            bytes.copy_from_slice(&(mixed ^ mixed >> 29).to_le_bytes()[..bytes.len()]);
        }
        Ok(())
    }

    fn is_unchanged(&self, _: u32) -> io::Result<bool> {
        Ok(true)
    }
}

/// What [`Computed`] reads there.
pub(crate) fn bytes_of(entry: u32, range: Range<u64>) -> Vec<u8> {
    let mut bytes = vec![0; (range.end - range.start) as usize];
    Computed.read(entry, range.start, &mut bytes).unwrap();
    bytes
}

/// The id of a computed entry of this size.
pub(crate) fn id_of(entry: u32, size: u64) -> ContentId {
    Content::of(&bytes_of(entry, 0..size)).id()
}

/// An entry whose pieces were all merged.
pub(crate) fn merged(entry: u32, size: u64) -> PieceMerger {
    let mut merger = PieceMerger::new(size);
    for (number, piece) in (0..).zip(bytes_of(entry, 0..size).chunks(PIECE_BYTES)) {
        let offset = number * PIECE_BYTES as u64;
        merger.push(offset, Piece::of_content(size, offset, piece).unwrap());
    }
    merger
}

/// All of an entry.
pub(crate) fn whole(path: &str, size: u64) -> ManifestEntry {
    ManifestEntry::whole(entry(path, size as usize))
}

/// Parts of an entry.
pub(crate) fn parts(path: &str, size: u64, ranges: &[Range<u64>]) -> ManifestEntry {
    let ranges = ranges.iter().map(|range| ByteRange { start: range.start, end: range.end });
    let ranges = Ranges::new(size, ranges.collect()).unwrap();
    ManifestEntry { entry: entry(path, size as usize), ranges }
}

/// So many small entries.
pub(crate) fn small(count: usize) -> Vec<ManifestEntry> {
    (0..count).map(|n| whole(&format!("folder/{n}"), 3 + n as u64)).collect()
}

/// The sending side of a stream from Alice to Bob.
pub(crate) fn sealer(entries: Vec<ManifestEntry>) -> Sealer {
    let (manifest, context) = (Manifest::new(entries).unwrap(), Context::from_bytes(CONTEXT));
    Sealer::new(manifest, BOB.certificate(), ALICE.signing(), context, NOW).unwrap()
}

/// A chunk on its way.
#[derive(Clone)]
pub(crate) struct Chunk {
    pub(crate) head: ChunkHead,
    pub(crate) body: Vec<u8>,
}

/// The chunks of a segment and their record.
pub(crate) struct Segment {
    pub(crate) chunks: Vec<Chunk>,
    pub(crate) record: Record,
}

/// A stream on its way.
pub(crate) struct Wire {
    pub(crate) header: Header,
    pub(crate) segments: Vec<Segment>,
}

/// A whole stream of computed entries, its segments as long as may be.
pub(crate) fn sealed(entries: Vec<ManifestEntry>) -> Wire {
    sealed_in_segments_of(usize::MAX, entries)
}

/// A whole stream of computed entries, whose segments end after so many chunks.
pub(crate) fn sealed_in_segments_of(most: usize, entries: Vec<ManifestEntry>) -> Wire {
    seal_all(sealer(entries), &Computed, most)
}

/// Lets a sender say all that it has to, as if each segment were verified at once.
pub(crate) fn seal_all(mut sealer: Sealer, source: &impl Source, most: usize) -> Wire {
    let chunks = sealer.chunks();
    let (mut segments, mut under_way) = (Vec::new(), Vec::new());
    loop {
        let record = match sealer.turn().unwrap() {
            Turn::Chunk(index) => {
                under_way.push(seal(&chunks, index, source));
                let ends = under_way.len() >= most;
                ends.then(|| sealer.end_segment().ok()).flatten()
            }
            Turn::EndSegment => Some(sealer.end_segment().unwrap()),
            Turn::Finish => Some(sealer.finish(source).unwrap()),
            Turn::Done => return Wire { header: sealer.header().clone(), segments },
            turn => panic!("{turn:?}"),
        };
        if let Some(record) = record {
            sealer.acknowledge(segments.len() as u32).unwrap();
            segments.push(Segment { chunks: std::mem::take(&mut under_way), record });
        }
    }
}

pub(crate) fn seal(chunks: &ChunkSealer, index: u32, source: &impl Source) -> Chunk {
    let mut buffer = vec![0; CHUNK_BYTES];
    let (head, body) = chunks.seal(index, source, &mut buffer).unwrap();
    Chunk { head, body: body.to_vec() }
}

impl Wire {
    /// Bob's side, behind the manifest.
    pub(crate) fn begun(&self) -> Opener {
        let mut manifest = manifest_opener(&self.header);
        for chunk in &self.segments[0].chunks {
            assert!(!manifest.is_complete());
            manifest.chunk(&chunk.head, &mut chunk.body.clone()).unwrap();
        }
        assert!(manifest.is_complete());
        // Nothing comes behind it, and no nothing either.
        let index = self.segments[0].chunks.len() as u32;
        let empty = ChunkHead { index, length: 0, tag: self.segments[0].chunks[0].head.tag };
        assert_eq!(manifest.expect(&empty), Err(Refusal::ChunkShape));
        manifest.record(&self.segments[0].record).unwrap()
    }

    /// Bob's side, behind everything.
    pub(crate) fn opened(&self) -> OpenedStream {
        let mut opener = self.begun();
        for segment in &self.segments[1..] {
            take_all(&mut opener, &segment.chunks);
            opener.record(&segment.record).unwrap();
            opener.advance().unwrap().expect("all came");
        }
        opener.finish().unwrap()
    }

    pub(crate) fn chunk(&self, index: u32) -> &Chunk {
        let mut chunks = self.segments.iter().flat_map(|segment| &segment.chunks);
        chunks.find(|chunk| chunk.head.index == index).unwrap()
    }

    pub(crate) fn record(&self, segment: usize) -> &Record {
        &self.segments[segment].record
    }

    pub(crate) fn final_record(&self) -> &Record {
        &self.segments.last().unwrap().record
    }
}

/// Bob's side, behind the header.
pub(crate) fn manifest_opener(header: &Header) -> ManifestOpener {
    let checked = header.clone().check(&expected(&ALICE, &BOB)).unwrap();
    checked.open(BOB.sealing()).unwrap()
}

/// Sends what comes first, and opens it: the manifest. Both sides have then settled it.
pub(crate) fn introduce(sealer: &mut Sealer, source: &impl Source) -> Opener {
    let (mut manifest, chunks) = (manifest_opener(sealer.header()), sealer.chunks());
    while let Turn::Chunk(index) = sealer.turn().unwrap() {
        let mut chunk = seal(&chunks, index, source);
        manifest.chunk(&chunk.head, &mut chunk.body).unwrap();
    }
    let record = sealer.end_segment().unwrap();
    sealer.acknowledge(0).unwrap();
    manifest.record(&record).unwrap()
}

/// Opens a chunk.
pub(crate) fn open(opener: &Opener, chunk: &Chunk) -> Result<ChunkReceipt, Refusal> {
    let chunks = opener.chunks();
    let mut body = chunk.body.clone();
    Ok(chunks.open(&chunk.head, &mut body)?.into_receipt())
}

/// Opens a chunk and takes note of it.
pub(crate) fn take(opener: &mut Opener, chunk: &Chunk) -> Result<(), Refusal> {
    let receipt = open(opener, chunk)?;
    opener.accept(receipt)
}

pub(crate) fn take_all<'c>(opener: &mut Opener, chunks: impl IntoIterator<Item = &'c Chunk>) {
    for chunk in chunks {
        take(opener, chunk).unwrap();
    }
}
