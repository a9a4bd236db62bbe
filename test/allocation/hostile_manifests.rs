//! Manifests made to take much memory: as long as they may be, and full of what takes the most.
//!
//! What is held at any moment of opening one is at most three times its length, and so it is for
//! sealing it and comparing its paths, the entries aside, which are the caller's.

use super::people::{self, entry};
use super::sealed_streams::{ALICE, BOB, Zeros, behind_header};
use crate::alloc::most_held_by;
use waxwing::codec::closed;
use waxwing::model::limits::{ENTRY_RANGES, MANIFEST_BYTES, MANIFEST_ENTRIES};
use waxwing::model::{ByteRange, Ranges};
use waxwing::seal::{
    CHUNK_BYTES, ChunkHead, Context, Header, Manifest, ManifestEntry, Opener, Record, Sealer, Turn,
};

/// Once, each of the names was a piece of memory of its own: 36 times their length.
#[test]
fn of_paths_of_64_components() {
    let begin = "a/".repeat(47);
    let path = |n: usize| {
        let digits = format!("{n:017b}");
        let digits: Vec<_> = digits.split("").filter(|digit| !digit.is_empty()).collect();
        begin.clone() + &digits.join("/")
    };
    let listed = filled(path, 0);
    assert!(listed.len() > 93_000);
    assert_eq!(listed[0].entry.path().components().count(), 64);
    cost_three_times_their_length(listed);
}

/// No letter grows by more, when the case is folded, than this one: from 2 bytes to 4.
#[test]
fn of_paths_that_are_compared_at_twice_their_length() {
    let name = "\u{587}".repeat(127);
    let path = |n: usize| format!("{name}/{name}/{name}/{}{n:05}", &name[..240]);
    cost_three_times_their_length(filled(path, 0));
}

#[test]
fn of_ranges() {
    const MIB: u64 = 1 << 20;
    let range = |n: u64| ByteRange { start: 2 * n * MIB, end: (2 * n + 1) * MIB };
    let ranges: Vec<_> = (0..ENTRY_RANGES as u64).map(range).collect();
    let listed = |n: usize| {
        let entry = entry(&n.to_string(), 8 << 30);
        let ranges = Ranges::new(entry.size(), ranges.clone()).unwrap();
        ManifestEntry { entry, ranges }
    };
    // The longest, and one for which what grows by doubling has just been doubled.
    for count in [255, 128] {
        cost_three_times_their_length((0..count).map(listed).collect());
    }
}

#[test]
fn of_the_shortest_entries() {
    for size in [0, 1] {
        let listed = filled(short_path, size);
        assert_eq!(listed.len(), MANIFEST_ENTRIES);
        cost_three_times_their_length(listed);
    }
}

/// At the end of a stream an id and a salt come for each entry, and a tree is built over them.
#[test]
fn of_the_shortest_entries_up_to_their_ids() {
    for size in [0, 1] {
        let mut wire = Wire::sealed(sealer(filled(short_path, size)), usize::MAX);
        let bound = 3 * wire.manifest_length() + 110 * MANIFEST_ENTRIES;
        let (most, ()) = most_held_by(|| wire.open_all());
        assert!(most <= bound, "{most} bytes, not {bound}");
    }
}

fn cost_three_times_their_length(listed: Vec<ManifestEntry>) {
    let (sealing, sealer) = most_held_by(|| sealer(listed));
    let mut wire = Wire::sealed(sealer, 1);
    let length = wire.manifest_length();
    let (opening, _) = most_held_by(|| wire.opened());
    for (most, what) in [(sealing, "sealing"), (opening, "opening")] {
        let bound = 3 * length + 64 * 1024;
        assert!(most <= bound, "{most} bytes for {what} a manifest of {length}");
    }
}

fn sealer(listed: Vec<ManifestEntry>) -> Sealer {
    let (context, to) = (Context::from_bytes(people::CONTEXT), BOB.certificate());
    let (from, manifest) = (ALICE.signing(), Manifest::new(listed).unwrap());
    Sealer::new(manifest, to, from, context, people::NOW).unwrap()
}

/// A stream on its way, or its first segments.
struct Wire {
    header: Header,
    segments: Vec<(Vec<Chunk>, Record)>,
}

type Chunk = (ChunkHead, Vec<u8>);

impl Wire {
    fn sealed(mut sealer: Sealer, segments: usize) -> Self {
        let mut wire = Self { header: sealer.header().clone(), segments: Vec::new() };
        let (mut under_way, mut buffer) = (Vec::new(), vec![0; CHUNK_BYTES]);
        while wire.segments.len() < segments {
            let record = match sealer.turn().unwrap() {
                Turn::Chunk(index) => {
                    let (head, body) = sealer.chunks().seal(index, &Zeros, &mut buffer).unwrap();
                    under_way.push((head, body.to_vec()));
                    continue;
                }
                Turn::EndSegment => sealer.end_segment().unwrap(),
                Turn::Finish => sealer.finish(&Zeros).unwrap(),
                Turn::Done => break,
                turn => panic!("{turn:?}"),
            };
            wire.segments.push((std::mem::take(&mut under_way), record));
            sealer.acknowledge(wire.segments.len() as u32 - 1).unwrap();
        }
        wire
    }

    fn manifest_length(&self) -> usize {
        self.segments[0].0.iter().map(|(_, body)| body.len()).sum()
    }

    fn open_all(&mut self) {
        let mut opener = self.opened();
        for (chunks, record) in &mut self.segments[1..] {
            for (head, body) in chunks {
                let receipt = opener.chunks().open(head, body).unwrap().into_receipt();
                opener.accept(receipt).unwrap();
            }
            opener.record(record).unwrap();
            opener.advance().unwrap().unwrap();
        }
        drop(opener.finish().unwrap());
    }

    /// The receiving side, behind the manifest; its chunks are decrypted where they are.
    fn opened(&mut self) -> Opener {
        let mut manifest = behind_header(&self.header);
        let (chunks, record) = &mut self.segments[0];
        for (head, body) in chunks {
            manifest.chunk(head, body).unwrap();
        }
        manifest.record(record).unwrap()
    }
}

/// As many whole files of this size as a manifest can have.
fn filled(path: impl Fn(usize) -> String, size: usize) -> Vec<ManifestEntry> {
    let mut left = MANIFEST_BYTES;
    let listed = (0..).map(|n| ManifestEntry::whole(entry(&path(n), size)));
    let fits = |listed: &ManifestEntry| {
        let rest = left.checked_sub(closed::encode(listed).len());
        left = rest.unwrap_or_default();
        rest.is_some()
    };
    listed.take_while(fits).take(MANIFEST_ENTRIES).collect()
}

/// Three letters, each path another; capital ones would collide, and names of devices are none.
fn short_path(n: usize) -> String {
    let letter = |place: u32| LETTERS[n / LETTERS.len().pow(place) % LETTERS.len()] as char;
    [2, 1, 0].map(letter).iter().collect()
}

const LETTERS: &[u8] = b"0123456789bdefghijkmqtvwyz!#$%&'()+,-;=@[]^_`{}~";
