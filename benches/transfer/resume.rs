//! A large file whose fetching is killed half-way: how much comes again, and how soon something comes.

use crate::MIB;
use crate::common::ratio;
use crate::files::free;
use crate::online::Online;
use crate::pair::Pair;
use crate::run::{peak_of, written_by};
use crate::stage::Machine;
use crate::town::Town;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const ROUNDS: usize = 3;
const SEGMENT: u64 = 64 * MIB;
const PATIENCE: Duration = Duration::from_secs(600);

pub(crate) fn measure(wanted: u64) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let size = fitting(wanted, folder.path());
    let town = Town::on(Machine::below(folder.path()));
    let pair = Pair::new(&town);
    // It takes no room where nothing is written; what arrives does.
    let large = pair.shared("zoo").join("large");
    File::create(large).and_then(|file| file.set_len(size)).expect("room");
    pair.share("zoo");
    let bob = Online::new(&pair.bob, &[]);
    let (mut again, mut first, mut peak) = (0, 0.0_f64, 0.0_f64);
    for _ in 0..ROUNDS {
        let resumed = resume(&pair, &bob, size);
        again = again.max(resumed.again);
        first = first.max(resumed.first);
        peak = peak.max(resumed.peak);
    }
    println!("the worst of {ROUNDS}:");
    ratio("resume_sent_again_in_segments", again as f64 / SEGMENT as f64, "<=2");
    ratio("resume_first_byte_s", first, "<1");
    ratio("resume_get_peak_MiB", peak, "<64");
    ratio("resume_other_side_peak_MiB", bob.peak(), "<64");
}

struct Resumed {
    again: u64,
    first: f64,
    peak: f64,
}

fn resume(pair: &Pair<'_>, bob: &Online, size: u64) -> Resumed {
    let get = || {
        let mut command = pair.mallory.command(&["get", "bob:zoo/large"]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("starts")
    };
    let (begun, mut cut) = (Instant::now(), get());
    await_written(&cut, size / 2);
    cut.kill().expect("is there");
    // Its accounts stay until somebody asks how it ended.
    let (half, before) = (begun.elapsed().as_secs_f64(), settled(&cut));
    cut.wait().expect("ends");

    let (begun, mut resumed) = (Instant::now(), get());
    await_written(&resumed, MIB);
    let first = begun.elapsed().as_secs_f64();
    let mut peak = f64::NAN;
    while let Some(now) = Some(peak_of(resumed.id())).filter(|now| !now.is_nan()) {
        peak = now;
        sleep(Duration::from_millis(20));
    }
    assert!(resumed.wait().expect("ends").success());
    let (rest, came) = (begun.elapsed().as_secs_f64(), bob.served());
    fs::remove_dir_all(pair.mallory.path.join("downloads")).expect("it arrived");
    let again = (before + came).saturating_sub(size);
    let mib = |bytes| bytes / MIB;
    println!(
        "killed after {half:.1} s at {} MiB; the first came after {first:.3} s, {} MiB in {rest:.1} s, \
         {} MiB again",
        mib(before),
        mib(came),
        mib(again)
    );
    Resumed { again, first, peak }
}

/// What arrives has to have room, and some beside it.
fn fitting(wanted: u64, folder: &Path) -> u64 {
    let room = free(folder).unwrap_or(wanted) / 4 * 3 / SEGMENT * SEGMENT;
    let size = wanted.min(room);
    println!("{} MiB, to a file in {}", size / MIB, folder.display());
    if size < wanted {
        println!("there is no room for {} MiB", wanted / MIB);
    }
    size
}

fn await_written(writing: &Child, bytes: u64) {
    let until = Instant::now() + PATIENCE;
    while written_by(writing.id()) < bytes {
        assert!(Instant::now() < until, "it does not come so far");
        sleep(Duration::from_millis(1));
    }
}

/// What one that was killed has written in the end: its threads may finish what they are at.
fn settled(killed: &Child) -> u64 {
    let mut written = written_by(killed.id());
    loop {
        sleep(Duration::from_millis(50));
        let now = written_by(killed.id());
        if now == written {
            return written;
        }
        written = now;
    }
}
