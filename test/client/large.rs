//! Files that are far larger than the memory that either side may take; when it is asked for, larger than
//! what is counted in 32 bits.

use crate::crowded::{MOST, memory};
use crate::town::{Home, Serving, Town};
use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const GIB: u64 = 1 << 30;

#[test]
fn five_times_its_memory_travels() {
    travel(&[0, 1, 5 * MOST + 1]);
}

/// Prints what it took. Files without bytes on the disk: the 9 GiB are there where they arrive, twice.
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
        File::create(zoo.join(size.to_string())).unwrap().set_len(*size).unwrap();
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

/// All of them are there, and nothing is in them.
fn assert_same(folder: &Path, sizes: &[u64]) {
    for &size in sizes {
        let mut file = File::open(folder.join(size.to_string())).unwrap();
        assert_eq!(file.metadata().unwrap().len(), size);
        let (mut part, zeros, mut all) = (vec![1; 1 << 20], vec![0; 1 << 20], 0);
        loop {
            let read = std::io::Read::read(&mut file, &mut part).unwrap();
            if read == 0 {
                break;
            }
            assert!(part[..read] == zeros[..read]);
            all += read as u64;
        }
        assert_eq!(all, size);
    }
}
