//! The sealing and the opening pipeline on one core and on two, beside plain copying of the same
//! bytes in the same run.
//!
//! `cargo bench --bench seal`

#![allow(clippy::print_stdout, missing_docs, reason = "a program that prints its results")]

#[allow(dead_code, reason = "each program uses a part of it")]
mod common;
#[allow(dead_code, reason = "tests use the rest")]
#[path = "../test/common/people.rs"]
mod people;

use common::{per_second, ratio, seconds};
use people::{CONTEXT, NOW, Person, alice, bob, entry, expected};
use std::fs::File;
use std::hint::black_box;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use waxwing::crypto::{Keystream, Secret, TagKey};
use waxwing::model::content::ReadAt;
use waxwing::model::{Content, Entry};
use waxwing::seal::{
    CHUNK_BYTES, ChunkHead, ChunkReceipt, ChunkSealer, Context, Header, Manifest, ManifestEntry,
    ManifestOpener, Record, Sealer, Source, Turn,
};

const SIZE: usize = 1 << 30;
const PAIRS: usize = 5;

fn main() {
    let people = (alice(), bob());
    let source = vec![7u8; SIZE];
    let place = Place::in_memory();
    for threads in [1, 2] {
        measure("memory", &people, &source, &place, threads);
    }
    let folder = in_memory_folder();
    let input = folder.path().join("input");
    std::fs::write(&input, &source).expect("room for 1 GiB");
    drop((source, place));
    let source = File::open(input).expect("the file just written");
    let place = Place::in_files(folder.path());
    for threads in [1, 2] {
        measure("files", &people, &source, &place, threads);
    }
}

/// Seals, opens and copies in turn, and prints the medians.
fn measure(
    what: &str,
    (alice, bob): &(Person, Person),
    source: &impl ReadAt,
    place: &Place,
    threads: usize,
) {
    let mut times: [Vec<f64>; 4] = Default::default();
    let new = entry("large", SIZE);
    let known = new.clone().with_content(Some(Content::of(&vec![7; SIZE]).id()));
    for _ in 0..PAIRS {
        let mut stream = None;
        times[0].push(seconds(|| copy(source, place, threads)));
        times[1].push(seconds(|| drop(seal(alice, bob, (&known, source), place, threads))));
        let to_open = &mut stream;
        let sealing = || *to_open = Some(seal(alice, bob, (&new, source), place, threads));
        times[2].push(seconds(sealing));
        let stream = stream.expect("sealed");
        times[3].push(seconds(|| open(alice, bob, stream, place, threads)));
    }
    let [copied, sealed_known, sealed, opened] = times.map(median);
    let speed = |seconds: f64| SIZE as f64 / 1e9 / seconds;
    println!(
        "{what}, {threads} threads: copying {:.2}, sealing {:.2}, sealing with the id known {:.2}, \
         opening {:.2} GB/s",
        speed(copied),
        speed(sealed),
        speed(sealed_known),
        speed(opened)
    );
    ratio(&format!("sealing_vs_copying_{what}_{threads}_threads"), copied / sealed, ">0.3");
    ratio(&format!("opening_vs_copying_{what}_{threads}_threads"), copied / opened, ">0.3");
    if what == "memory" {
        let per_core = |seconds: f64| speed(seconds) / threads as f64;
        ratio(&format!("sealing_GBps_per_core_{threads}_threads"), per_core(sealed), ">3.0");
        let name = format!("sealing_known_GBps_per_core_{threads}_threads");
        ratio(&name, per_core(sealed_known), ">3.0");
        ratio(&format!("opening_GBps_per_core_{threads}_threads"), per_core(opened), ">3.0");
    }
    if what == "memory" && threads == 1 {
        let [id, tag, cipher] = primitives();
        let bound = copied + id + tag + cipher;
        ratio("sealing_vs_its_primitives", bound / sealed, ">0.85");
        ratio("opening_vs_its_primitives", bound / opened, ">0.85");
        ratio("sealing_known_vs_its_primitives", (bound - id) / sealed_known, ">0.85");
    }
}

/// The seconds that the three passes over the bytes take by themselves: the id of the plaintext,
/// the tag of the ciphertext, the encryption. With the copying, they bound both directions; a sender
/// who knows the id is spared the first.
fn primitives() -> [f64; 3] {
    let mut chunk = vec![7; CHUNK_BYTES];
    let keystream = Keystream::new(&Secret::random(), [0; 16]);
    let tags = TagKey::new(Secret::random());
    let passes = [
        per_second(|| {
            black_box(Content::of(&chunk));
        }),
        per_second(|| {
            black_box(tags.tag(&chunk, 0, 0));
        }),
        per_second(|| keystream.apply(0, &mut chunk).expect("a position")),
    ];
    passes.map(|per_second| (SIZE / CHUNK_BYTES) as f64 / per_second)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Where ciphertext and plaintext go: memory, a slot a chunk, or files.
enum Place {
    Memory { sealed: Vec<Mutex<Vec<u8>>>, opened: Vec<Mutex<Vec<u8>>> },
    Files { sealed: File, opened: File },
}

impl Place {
    fn in_memory() -> Self {
        let slots = || (0..SIZE / CHUNK_BYTES + 2).map(|_| Mutex::new(vec![1; CHUNK_BYTES]));
        Self::Memory { sealed: slots().collect(), opened: slots().collect() }
    }

    fn in_files(folder: &Path) -> Self {
        let file = |name| {
            let path = folder.join(name);
            File::options().read(true).write(true).create_new(true).open(path).expect("a new file")
        };
        Self::Files { sealed: file("sealed"), opened: file("opened") }
    }

    fn put_sealed(&self, index: usize, bytes: &[u8]) {
        match self {
            Self::Memory { sealed, .. } => put(&sealed[index], bytes),
            Self::Files { sealed, .. } => {
                sealed.write_all_at(bytes, (index * CHUNK_BYTES) as u64).expect("writes");
            }
        }
    }

    fn get_sealed(&self, index: usize, bytes: &mut [u8]) {
        match self {
            Self::Memory { sealed, .. } => {
                bytes.copy_from_slice(&sealed[index].lock().expect("a slot")[..bytes.len()]);
            }
            Self::Files { sealed, .. } => {
                ReadAt::read_exact_at(sealed, bytes, (index * CHUNK_BYTES) as u64).expect("reads");
            }
        }
    }

    fn put_opened(&self, offset: u64, bytes: &[u8]) {
        match self {
            Self::Memory { opened, .. } => put(&opened[offset as usize / CHUNK_BYTES], bytes),
            Self::Files { opened, .. } => opened.write_all_at(bytes, offset).expect("writes"),
        }
    }
}

fn put(slot: &Mutex<Vec<u8>>, bytes: &[u8]) {
    slot.lock().expect("a slot")[..bytes.len()].copy_from_slice(bytes);
}

/// The baseline: the same bytes, read and written in chunks.
fn copy(source: &impl ReadAt, place: &Place, threads: usize) {
    let chunks: Vec<_> = (0..SIZE / CHUNK_BYTES).collect();
    each(&chunks, threads, |index, buffer| {
        source.read_exact_at(buffer, (index * CHUNK_BYTES) as u64).expect("reads");
        place.put_opened((index * CHUNK_BYTES) as u64, buffer);
    });
}

/// A sealed stream whose ciphertext is in its place.
struct Sealed {
    header: Header,
    segments: Vec<(Vec<ChunkHead>, Record)>,
}

fn seal(
    from: &Person,
    to: &Person,
    (entry, source): (&Entry, &impl ReadAt),
    place: &Place,
    threads: usize,
) -> Sealed {
    let manifest = Manifest::new(vec![ManifestEntry::whole(entry.clone())]).expect("one");
    let context = Context::from_bytes(CONTEXT);
    let mut sealer = Sealer::new(manifest, to.certificate(), from.signing(), context, NOW)
        .expect("a stream begins");
    let (chunks, source) = (sealer.chunks(), One(source));
    let (mut segments, mut indices, mut heads) = (Vec::new(), Vec::new(), Vec::new());
    loop {
        let turn = sealer.turn().expect("a turn");
        if let Turn::Chunk(index) = turn {
            indices.push(index);
            continue;
        }
        heads.extend(seal_chunks(&chunks, &indices, &source, place, threads));
        indices.clear();
        let record = match turn {
            Turn::EndSegment => sealer.take_record().expect("ends a segment"),
            Turn::Finish => {
                let unchanged = sealer.last_look().and_then(|last| last.look(&source));
                sealer.take_final_record(unchanged.expect("unchanged")).expect("finishes")
            }
            Turn::Done => return Sealed { header: sealer.header().clone(), segments },
            // What was handed out is sealed by now.
            _ => continue,
        };
        sealer.acknowledge(record.segment()).expect("the oldest segment");
        let of_it = heads.drain(..record.chunks().len()).collect();
        segments.push((of_it, record.sign().expect("signs")));
    }
}

fn seal_chunks(
    chunks: &ChunkSealer,
    indices: &[u32],
    source: &impl Source,
    place: &Place,
    threads: usize,
) -> Vec<ChunkHead> {
    let heads = Mutex::new(Vec::new());
    each(indices, threads, |index, buffer| {
        let (head, body) = chunks.seal(index, source, buffer).expect("seals");
        place.put_sealed(index as usize, body);
        heads.lock().expect("heads").push(head);
    });
    let mut heads = heads.into_inner().expect("heads");
    heads.sort_by_key(|head| head.index);
    heads
}

fn open(from: &Person, to: &Person, stream: Sealed, place: &Place, threads: usize) {
    let expected = expected(from, to);
    let checked = stream.header.check(&expected).expect("a good header");
    let mut segments = stream.segments.into_iter();
    let (heads, record) = segments.next().expect("the manifest");
    let manifest = open_manifest(checked.open(to.sealing()).expect("opens"), &heads, place);
    let mut opener = manifest.record(&record).expect("a good manifest");
    let chunks = opener.chunks();
    for (heads, record) in segments {
        let receipts: Mutex<Vec<ChunkReceipt>> = Mutex::new(Vec::new());
        each(&heads, threads, |head, buffer| {
            let data = &mut buffer[..head.length as usize];
            place.get_sealed(head.index as usize, data);
            let opened = chunks.open(&head, data).expect("verifies");
            for (piece, bytes) in opened.pieces() {
                place.put_opened(piece.offset, bytes);
            }
            receipts.lock().expect("receipts").push(opened.into_receipt());
        });
        for receipt in receipts.into_inner().expect("receipts") {
            opener.accept(receipt).expect("under way");
        }
        opener.record(&record).expect("follows");
        opener.advance().expect("agrees").expect("all came");
    }
    opener.finish().expect("a whole stream");
}

fn open_manifest(mut opener: ManifestOpener, heads: &[ChunkHead], place: &Place) -> ManifestOpener {
    for head in heads {
        let mut data = vec![0; head.length as usize];
        place.get_sealed(head.index as usize, &mut data);
        opener.chunk(head, &mut data).expect("verifies");
    }
    opener
}

/// Does some work for each item, on so many threads, each with a buffer of its own.
fn each<T: Copy + Sync>(items: &[T], threads: usize, work: impl Fn(T, &mut [u8]) + Sync) {
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut buffer = vec![0; CHUNK_BYTES];
        while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
            work(*item, &mut buffer);
        }
    };
    thread::scope(|scope| {
        (1..threads).for_each(|_| drop(scope.spawn(worker)));
        worker();
    });
}

/// One entry that does not change.
struct One<'a, R>(&'a R);

impl<R: ReadAt> Source for One<'_, R> {
    fn read(&self, _: u32, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.0.read_exact_at(buffer, offset)
    }

    fn is_unchanged(&self, _: u32) -> io::Result<bool> {
        Ok(true)
    }
}

/// Files in memory where there is such a folder, so that no disk is measured.
fn in_memory_folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    folder.expect("a folder for 3 GiB")
}
