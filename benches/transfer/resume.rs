//! A large file whose fetching is killed half-way: how much comes again, and how soon something comes.

use crate::MIB;
use crate::common::ratio;
use crate::large::made;
use crate::run::kill;
use crate::stage::Machine;
use crate::town::Town;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

pub(crate) fn measure(size: u64) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("room");
    let town = Town::on(Machine::below(folder.path()));
    let (alice, bob) = (town.joined("bob"), town.joined("mallory"));
    // It takes no room where nothing is written; what arrives does.
    let zoo = made(&alice.path.join("zoo"));
    File::create(zoo.join("large")).and_then(|file| file.set_len(size)).expect("room");
    alice.run(&["share", "add", zoo.to_str().expect("a path")]).ok();
    let mut sharing = alice.serve();
    let downloads = bob.path.join("downloads");
    let get = || {
        let mut command = bob.command(&["get", "bob:zoo/large"]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("starts")
    };
    let getting = get();
    await_written(&downloads, size / 2);
    kill(getting);
    let before = written(&downloads);
    let (begun, mut getting) = (Instant::now(), get());
    await_written(&downloads, before + 1);
    let first = begun.elapsed().as_secs_f64();
    assert!(getting.wait().expect("ends").success());
    let mut came = 0;
    while came == 0 {
        came = sharing.await_event("served")["bytes"].as_u64().unwrap_or(0);
    }
    // Of what was written before, so much came again.
    let again = came.saturating_sub(size.saturating_sub(before));
    println!("killed at {} MiB, then {} MiB came", before / MIB, came / MIB);
    ratio("resume_sent_again_in_segments", again as f64 / (64 * MIB) as f64, "<=2");
    ratio("resume_first_byte_s", first, "<1");
}

fn await_written(downloads: &Path, bytes: u64) {
    while written(downloads) < bytes {
        sleep(Duration::from_millis(1));
    }
}

/// How much of the file is in its hidden place, or in the end at its own.
fn written(downloads: &Path) -> u64 {
    let inside = |folder: PathBuf| fs::read_dir(folder).into_iter().flatten().flatten();
    let all = inside(downloads.to_owned()).chain(
        inside(downloads.to_owned()).flat_map(|entry| inside(entry.path())),
    );
    let bytes = all.filter_map(|entry| entry.metadata().ok().filter(|about| about.is_file()));
    bytes.map(|about| about.blocks() * 512).max().unwrap_or(0)
}
