//! Files that are far larger than the memory that either side may take; when it is asked for, larger than
//! what is counted in 32 bits.

use crate::crowded::{MOST, memory};
use crate::keys::bytes_of;
use crate::town::{Home, Serving, Town};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const GIB: u64 = 1 << 30;

/// A GiB and more, which is far more than five times.
#[test]
fn five_times_its_memory_travels() {
    const { assert!(GIB >= 5 * MOST) };
    travel(&[0, 1, GIB + 1]);
}

/// Prints what it took. Files with few bytes on the disk: the 9 GiB are there where they arrive, twice.
/// `cargo test --test client -- --ignored --nocapture beyond_four_gib`
#[test]
#[ignore = "takes long, and 20 GB of disk"]
fn beyond_four_gib() {
    travel(&[0, 1, 4 * GIB + 1, 5 * GIB]);
}

/// Files of these sizes are got, and then sent.
#[allow(clippy::print_stdout, reason = "figures are read by people")]
fn travel(sizes: &[u64]) {
    let town = Town::new();
    let (bob, mallory) = (town.joined("bob"), town.joined("mallory"));
    let zoo = bob.path.join("zoo");
    fs::create_dir(&zoo).unwrap();
    for size in sizes {
        make(&zoo.join(size.to_string()), *size);
    }
    // What changed right before it is read is read again when it is served: it has to rest first.
    sleep(Duration::from_secs(3));
    bob.run_long(&["share", "add", zoo.to_str().unwrap()]);
    let serving = bob.serve();
    let (took, getting) = mallory.run_long(&["get", "bob:zoo"]);
    let served = memory(&serving.pid().as_raw_nonzero().to_string());
    println!("get: {took:?}, {} MiB there, {} MiB here", getting >> 20, served >> 20);
    assert!(getting < MOST && served < MOST);
    assert_same(&mallory.path.join("downloads/zoo"), sizes);
    fs::remove_dir_all(mallory.path.join("downloads/zoo")).unwrap();
    drop(serving);

    mallory.run(&["verify", "bob", "--yes"]).ok();
    let mut taking = mallory.command(&["serve", "--json", "--receive", "verified"]);
    let taking = Serving::of(&mut taking);
    let (took, sending) = bob.run_long(&["send", "mallory", zoo.to_str().unwrap()]);
    let received = memory(&taking.pid().as_raw_nonzero().to_string());
    println!("send: {took:?}, {} MiB there, {} MiB here", sending >> 20, received >> 20);
    assert!(sending < MOST && received < MOST);
    assert_same(&mallory.path.join("downloads/zoo"), sizes);
}

impl Home<'_> {
    /// Runs to its end, however long that takes; gives how long, and its memory.
    fn run_long(&self, arguments: &[&str]) -> (Duration, u64) {
        let (began, mut most) = (Instant::now(), 0);
        let mut child: Child = self.command(arguments).stdout(Stdio::null()).spawn().unwrap();
        let ended = loop {
            most = memory(&child.id().to_string()).max(most);
            if let Some(ended) = child.try_wait().unwrap() {
                break ended;
            }
            sleep(Duration::from_millis(20));
        };
        assert!(ended.success(), "{arguments:?}");
        (began.elapsed(), most)
    }
}

/// A file of this size. Between its marks there are no bytes on the disk.
fn make(path: &Path, size: u64) {
    let file = File::create(path).unwrap();
    file.set_len(size).unwrap();
    for block in marked(size) {
        file.write_all_at(&bytes(block, size), block * BLOCK).unwrap();
    }
}

/// The blocks of a file that have marks: its first and its last, and those before and behind what is counted in
/// 30 and in 32 bits.
fn marked(size: u64) -> BTreeSet<u64> {
    let at = [0, GIB - 1, GIB, 4 * GIB - 1, 4 * GIB, size.saturating_sub(1)];
    at.into_iter().filter(|at| *at < size).map(|at| at / BLOCK).collect()
}

/// What is in a block: zeros, or what is in no other block of any of them.
fn bytes(block: u64, size: u64) -> Vec<u8> {
    let length = (size - block * BLOCK).min(BLOCK) as usize;
    match marked(size).contains(&block) {
        true => bytes_of(size ^ block, length),
        false => vec![0; length],
    }
}

/// All of them are there, byte for byte.
fn assert_same(folder: &Path, sizes: &[u64]) {
    for &size in sizes {
        let file = File::open(folder.join(size.to_string())).unwrap();
        assert_eq!(file.metadata().unwrap().len(), size);
        for block in 0..size.div_ceil(BLOCK) {
            let sent = bytes(block, size);
            let mut came = vec![1; sent.len()];
            file.read_exact_at(&mut came, block * BLOCK).unwrap();
            assert!(came == sent, "{size}: block {block}");
        }
    }
}

/// What is compared at once.
const BLOCK: u64 = 1 << 20;
