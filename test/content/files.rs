//! Files that change, fail, or are read by many at once.

use super::{MI, PIECE, data, hashed};
use std::collections::HashSet;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Condvar, Mutex};
use std::thread::{self, ThreadId};
use std::time::Duration;
use waxwing::model::Content;
use waxwing::model::content::{ReadAt, of_file};

/// On both sides of the size from which more than one thread reads.
const SIZES: [usize; 6] = [1, PIECE, MI + 1, 4 * MI, 4 * MI + 1, 9 * MI + 5];

#[test]
fn a_file_that_is_shorter_than_told_has_no_content() {
    for size in SIZES {
        for missing in [1, size.min(PIECE + 1), size] {
            let error = of_file(&data(size - missing), size as u64, |_| {}).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "{size} without {missing}");
        }
    }
}

#[test]
fn a_file_that_is_longer_than_told_has_no_content() {
    for size in SIZES.into_iter().chain([0]) {
        let error = of_file(&data(size + 1), size as u64, |_| {}).unwrap_err();
        assert_eq!(error.to_string(), "the file grew while it was read", "{size}");
    }
}

#[test]
fn a_size_beyond_the_limit_is_refused_before_anything_is_read() {
    for size in [(1 << 44) + 1, u64::MAX] {
        let error = of_file(&Failing { from: 0 }, size, |_| {}).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::FileTooLarge);
    }
}

#[test]
fn a_failure_at_any_leaf_is_told_and_ends_the_reading() {
    for leaf in 0..40 {
        for claimed in [40 * MI as u64, 1 << 44] {
            let source = Failing { from: leaf * MI as u64 + 300_000 };
            let mut leaves = 0;
            let error = of_file(&source, claimed, |_| leaves += 1).unwrap_err();
            assert_eq!(error.to_string(), "the disk is on fire", "leaf {leaf}");
            assert_eq!(leaves, leaf, "the leaves before it are told");
        }
    }
}

#[test]
fn short_reads_and_interruptions_change_nothing() {
    for size in SIZES {
        let bytes = data(size);
        let source = Stuttering { bytes: bytes.clone(), calls: AtomicUsize::new(0) };
        let mut leaves = Vec::new();
        let content = of_file(&source, size as u64, |leaf| leaves.push(leaf)).unwrap();
        assert_eq!((content, leaves), hashed(&bytes), "{size}");
    }
}

#[test]
fn an_interruption_while_looking_for_more_is_no_failure() {
    let source = InterruptedOnce { at: 5, done: AtomicBool::new(false) };
    assert_eq!(of_file(&source, 5, |_| {}).unwrap(), Content::of(&[0; 5]));
    assert!(source.done.load(SeqCst));
}

#[test]
fn a_large_file_is_read_in_small_buffers() {
    let size = 200 * MI as u64;
    let file = tempfile::tempfile().unwrap();
    file.set_len(size).unwrap();
    let source = Watched::new(file);
    let content = of_file(&source, size, |_| {}).unwrap();
    assert_eq!(content.id().as_bytes(), zeros(size).as_bytes());
    assert_eq!(source.largest_buffer.load(SeqCst), PIECE);
    let buffers = source.readers.lock().unwrap().len();
    assert!((1..=9).contains(&buffers), "{buffers} threads, each with a buffer");
}

#[test]
fn readers_that_are_ahead_wait_for_the_listener() {
    let leaves = 400;
    let file = tempfile::tempfile().unwrap();
    file.set_len(leaves * MI as u64).unwrap();
    let source = Watched::new(file);
    let mut ahead = None;
    of_file(&source, leaves * MI as u64, |_| {
        ahead.get_or_insert_with(|| source.farthest_when_still());
    })
    .unwrap();
    let ahead = ahead.unwrap() / MI as u64;
    assert!(ahead < leaves / 2, "{ahead} of {leaves} leaves were read before one was taken");
}

#[test]
fn a_large_file_is_read_by_several_threads_at_once_where_there_are_cores() {
    if thread::available_parallelism().map_or(1, usize::from) == 1 {
        return;
    }
    let size = 5 * MI;
    let source = Meeting { bytes: data(size), ..Meeting::default() };
    assert_eq!(of_file(&source, size as u64, |_| {}).unwrap(), Content::of(&source.bytes));
    assert_eq!(*source.met.lock().unwrap(), Some(true));
}

#[test]
fn a_small_file_is_read_by_its_caller() {
    let source = Watched::new(tempfile::tempfile().unwrap());
    source.file.set_len(4 * MI as u64).unwrap();
    of_file(&source, 4 * MI as u64, |_| {}).unwrap();
    assert_eq!(*source.readers.lock().unwrap(), HashSet::from([thread::current().id()]));
}

#[test]
fn reading_at_a_position_fills_the_buffer_or_fails() {
    let bytes = data(1000);
    let mut buffer = [0; 10];
    bytes.read_exact_at(&mut buffer, 990).unwrap();
    assert_eq!(buffer, bytes[990..]);
    for offset in [991, 1000, 1001, u64::MAX] {
        let error = bytes.read_exact_at(&mut buffer, offset).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "{offset}");
    }
    assert_eq!(bytes.read_at(&mut buffer, 995).unwrap(), 5);
    assert_eq!(bytes.read_at(&mut buffer, u64::MAX).unwrap(), 0);
}

#[test]
fn a_source_that_reads_more_than_it_was_asked_for_is_an_error() {
    let mut buffer = [0; 4];
    let error = Boasting.read_exact_at(&mut buffer, 0).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData);
}

/// Zeros up to a position, and from there on an error.
struct Failing {
    from: u64,
}

impl ReadAt for Failing {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let left = self.from.saturating_sub(offset).min(buffer.len() as u64) as usize;
        buffer[..left].fill(0);
        if left == 0 { Err(io::Error::other("the disk is on fire")) } else { Ok(left) }
    }
}

/// Reads a little at a time, and is interrupted at every third call.
struct Stuttering {
    bytes: Vec<u8>,
    calls: AtomicUsize,
}

impl ReadAt for Stuttering {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let call = self.calls.fetch_add(1, SeqCst);
        if call.is_multiple_of(3) {
            return Err(ErrorKind::Interrupted.into());
        }
        let most = [1, 1000, 100_000, 7][call % 4].min(buffer.len());
        self.bytes.read_at(&mut buffer[..most], offset)
    }
}

/// Five zeros, and an interruption for whoever first asks what follows them.
struct InterruptedOnce {
    at: u64,
    done: AtomicBool,
}

impl ReadAt for InterruptedOnce {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        if offset == self.at && !self.done.swap(true, SeqCst) {
            return Err(ErrorKind::Interrupted.into());
        }
        vec![0; self.at as usize].read_at(buffer, offset)
    }
}

/// A file, and what was asked of it.
struct Watched {
    file: File,
    largest_buffer: AtomicUsize,
    farthest: AtomicU64,
    readers: Mutex<HashSet<ThreadId>>,
}

impl Watched {
    fn new(file: File) -> Self {
        let (largest_buffer, farthest) = (AtomicUsize::new(0), AtomicU64::new(0));
        Self { file, largest_buffer, farthest, readers: Mutex::default() }
    }

    /// How far it was read when nobody reads on for a while.
    fn farthest_when_still(&self) -> u64 {
        loop {
            let before = self.farthest.load(SeqCst);
            thread::sleep(Duration::from_millis(50));
            if self.farthest.load(SeqCst) == before {
                return before;
            }
        }
    }
}

impl ReadAt for Watched {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.largest_buffer.fetch_max(buffer.len(), SeqCst);
        self.farthest.fetch_max(offset, SeqCst);
        self.readers.lock().unwrap().insert(thread::current().id());
        self.file.read_at(buffer, offset)
    }
}

/// Lets no read return before two threads were inside at once, or a long while has passed.
#[derive(Default)]
struct Meeting {
    bytes: Vec<u8>,
    inside: AtomicUsize,
    met: Mutex<Option<bool>>,
    changed: Condvar,
}

impl ReadAt for Meeting {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let others = self.inside.fetch_add(1, SeqCst);
        let mut met = self.met.lock().unwrap();
        if others > 0 {
            met.get_or_insert(true);
            self.changed.notify_all();
        }
        let patience = Duration::from_secs(10);
        let waited = self.changed.wait_timeout_while(met, patience, |met| met.is_none());
        waited.unwrap().0.get_or_insert(false);
        self.inside.fetch_sub(1, SeqCst);
        self.bytes.read_at(buffer, offset)
    }
}

/// Says that it read more than fits.
struct Boasting;

impl ReadAt for Boasting {
    fn read_at(&self, buffer: &mut [u8], _: u64) -> io::Result<usize> {
        Ok(buffer.len() + 1)
    }
}

fn zeros(size: u64) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    let zeros = vec![0; MI];
    for _ in 0..size / MI as u64 {
        hasher.update(&zeros);
    }
    hasher.finalize()
}
