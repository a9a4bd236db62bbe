//! Any entries and any parts of them: which bytes stand in which chunk, and that they arrive.

use super::stage::{
    CHUNK, Computed, MIB, Wire, bytes_of, id_of, merged, parts, seal_all, sealer, take_all, whole,
};
use proptest::prelude::*;
use std::ops::Range;
use std::sync::{Arc, Mutex};
use waxwing::seal::{CHUNK_BYTES, EntryLeaf, ManifestEntry, OpenedStream, Passed, PieceOf};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn any_parts_of_any_entries_arrive(
        listed in listed(),
        most in prop_oneof![1usize..6, Just(usize::MAX)],
        seed: u64,
    ) {
        let (sent, wire) = sealed(&listed, most);
        let (received, stream) = opened(&listed, &wire, seed);
        // The sender hashes no entry whose id it knows.
        let hashed = |leaf: &EntryLeaf| listed[leaf.entry as usize].entry.content().is_none();
        prop_assert_eq!(sent, received.into_iter().filter(hashed).collect::<Vec<_>>());
        for (number, listed) in (0..).zip(&listed) {
            proofs_hold(&stream, number, listed);
        }
    }

    #[test]
    fn chunks_are_packed_as_the_protocol_says(listed in listed()) {
        let (_, wire) = sealed(&listed, usize::MAX);
        let opener = wire.begun();
        let chunks = opener.chunks();
        let data = wire.segments[1..].iter().flat_map(|segment| &segment.chunks);
        let data: Vec<_> = data.filter(|chunk| chunk.head.index < wire.id_chunk()).collect();
        let expected = packed(&listed);
        prop_assert_eq!(data.len(), expected.len());
        for (chunk, expected) in data.into_iter().zip(expected) {
            let mut body = chunk.body.clone();
            let opened = chunks.open(&chunk.head, &mut body).unwrap();
            let found: Vec<_> = opened.pieces().map(|(place, _)| place).collect();
            let length: usize = expected.iter().map(|piece| piece.length).sum();
            prop_assert_eq!(chunk.head.length as usize, length);
            prop_assert!(length <= CHUNK_BYTES);
            prop_assert_eq!(found, expected);
        }
    }
}

#[test]
fn files_of_4_kib_share_a_chunk_64_by_64() {
    let listed: Vec<_> = (0..130).map(|n| whole(&format!("{n}"), 4096)).collect();
    let counts: Vec<_> = packed(&listed).iter().map(Vec::len).collect();
    assert_eq!(counts, [64, 64, 2]);
    let (_, wire) = sealed(&listed, usize::MAX);
    let lengths: Vec<_> = (1..4).map(|index| wire.chunk(index).head.length).collect();
    assert_eq!(lengths, [262_144, 262_144, 8192]);
}

/// The packing, said as the protocol says it: one piece after the other, a new chunk when the next
/// does not fit.
fn packed(listed: &[ManifestEntry]) -> Vec<Vec<PieceOf>> {
    let mut chunks: Vec<Vec<PieceOf>> = Vec::new();
    for piece in listed.iter().zip(0..).flat_map(|(listed, entry)| pieces_of(listed, entry)) {
        let used = |chunk: &Vec<PieceOf>| chunk.iter().map(|piece| piece.length).sum::<usize>();
        match chunks.last_mut() {
            Some(chunk) if used(chunk) + piece.length <= CHUNK_BYTES => chunk.push(piece),
            _ => chunks.push(vec![piece]),
        }
    }
    chunks
}

/// The ranges of an entry, cut at multiples of a chunk of its own offset.
fn pieces_of(listed: &ManifestEntry, entry: u32) -> Vec<PieceOf> {
    let mut pieces = Vec::new();
    for range in listed.ranges.as_slice() {
        let mut offset = range.start;
        while offset < range.end {
            let end = range.end.min((offset / CHUNK + 1) * CHUNK);
            pieces.push(PieceOf { entry, offset, length: (end - offset) as usize });
            offset = end;
        }
    }
    pieces
}

/// Seals all, and tells the leaves that the sender was told.
fn sealed(listed: &[ManifestEntry], most: usize) -> (Vec<EntryLeaf>, Wire) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let mut sealer = sealer(listed.to_vec()).on_leaf(move |leaf| tell.lock().unwrap().push(leaf));
    for (number, listed) in (0..).zip(listed) {
        sealer.give_id(number, id_of(number, listed.entry.size()));
    }
    let wire = seal_all(sealer, &Computed, most);
    let told = std::mem::take(&mut *told.lock().unwrap());
    (told, wire)
}

/// Opens all, the chunks of each segment shuffled, and compares each byte.
fn opened(listed: &[ManifestEntry], wire: &Wire, seed: u64) -> (Vec<EntryLeaf>, OpenedStream) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let mut opener = wire.begun().on_passed(move |passed| {
        if let Passed::Leaf(leaf) = passed {
            tell.lock().unwrap().push(leaf);
        }
    });
    assert_eq!(opener.manifest().entries(), listed);
    let mut arrived = 0;
    for segment in &wire.segments[1..] {
        let mut chunks: Vec<_> = segment.chunks.iter().collect();
        chunks.sort_by_key(|chunk| u64::from(chunk.head.index).wrapping_mul(seed | 1) >> 7);
        for chunk in &chunks {
            let (mut body, opening) = (chunk.body.clone(), opener.chunks());
            for (piece, bytes) in opening.open(&chunk.head, &mut body).unwrap().pieces() {
                let end = piece.offset + bytes.len() as u64;
                assert!(bytes == bytes_of(piece.entry, piece.offset..end));
                arrived += bytes.len() as u64;
            }
        }
        take_all(&mut opener, chunks);
        opener.record(&segment.record).unwrap();
        opener.advance().unwrap().unwrap();
    }
    assert_eq!(arrived, listed.iter().map(|listed| listed.ranges.length()).sum::<u64>());
    let stream = opener.finish().unwrap();
    let told = told.lock().unwrap().clone();
    (told, stream)
}

fn proofs_hold(stream: &OpenedStream, number: u32, listed: &ManifestEntry) {
    let size = listed.entry.size();
    let (id, merged_of) = (id_of(number, size), |other| merged(other, size));
    let proof = stream.proof_of_merged(number, merged_of(number)).unwrap();
    assert_eq!((proof.number(), proof.modified()), (number, listed.entry.modified()));
    assert_eq!((proof.content().id(), proof.content().size()), (id, listed.entry.size()));
    assert_eq!(stream.proof(number).is_some(), listed.is_whole());
    assert_eq!(stream.proof_of_merged(number, merged_of(number + 1)).is_some(), size == 0);
}

/// One to nine entries.
fn listed() -> impl Strategy<Value = Vec<ManifestEntry>> {
    let entry = (size(), any::<u8>(), any::<bool>(), any::<bool>());
    proptest::collection::vec(entry, 1..10).prop_map(|entries| {
        let listed = (0u32..).zip(entries).map(|(number, (size, mask, in_parts, known))| {
            let path = format!("{}/{number}", number % 3);
            let ranges = if in_parts { ranges(size, mask) } else { everything(size) };
            let mut listed = parts(&path, size, &ranges);
            listed.entry = listed.entry.with_content(known.then(|| id_of(number, size)));
            listed
        });
        listed.collect()
    })
}

/// Sizes at the borders of pieces, chunks and leaves more often than others.
fn size() -> impl Strategy<Value = u64> {
    let near = |border: u64| border - 1..border + 2;
    prop_oneof![
        Just(0),
        1u64..5000,
        near(CHUNK),
        near(2 * CHUNK),
        near(MIB),
        near(3 * MIB),
        1..4 * MIB,
    ]
}

fn everything(size: u64) -> Vec<Range<u64>> {
    (size > 0).then_some(0..size).into_iter().collect()
}

/// The MiB whose bit is set in the mask, neighbours joined.
fn ranges(size: u64, mask: u8) -> Vec<Range<u64>> {
    let mut ranges: Vec<Range<u64>> = Vec::new();
    for leaf in (0..size.div_ceil(MIB)).filter(|leaf| mask >> leaf & 1 == 1) {
        let range = leaf * MIB..((leaf + 1) * MIB).min(size);
        match ranges.last_mut().filter(|before| before.end == range.start) {
            Some(before) => before.end = range.end,
            None => ranges.push(range),
        }
    }
    ranges
}

impl Wire {
    /// The one chunk of ids.
    fn id_chunk(&self) -> u32 {
        self.segments.last().unwrap().chunks.last().unwrap().head.index
    }
}
