//! Running a program, and what it took.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// What a run took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Took {
    pub(crate) seconds: f64,
    /// What it computed, in seconds of a core.
    pub(crate) computed: f64,
    /// The most memory that it held, in MiB; not a number where the system does not tell.
    pub(crate) peak: f64,
}

/// From its start to its end, which has to be a good one.
pub(crate) fn run(command: &mut Command) -> Took {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let (begun, before) = (Instant::now(), computed_by_ended());
    let child = command.spawn().expect("starts");
    let pid = child.id();
    let watching = thread::spawn(move || watch(pid));
    let done = child.wait_with_output().expect("ends");
    let seconds = begun.elapsed().as_secs_f64();
    assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
    let computed = computed_by_ended() - before;
    Took { seconds, computed, peak: watching.join().expect("it only looks") }
}

/// Takes a folder away.
pub(crate) fn remove(folder: &Path) {
    fs::remove_dir_all(folder).expect("it arrived");
}

/// The same, but its files stay on the disk: ext4 looks long for places for new files where many were
/// removed in the last minutes, and that is not what is measured.
pub(crate) fn move_aside(folder: &Path) {
    let aside = |number| folder.with_file_name(format!("aside-{number}"));
    let free = (0..).map(aside).find(|aside| !aside.exists()).expect("a free name");
    fs::rename(folder, free).expect("it arrived");
}

/// Looks at the memory of a process until that has ended.
fn watch(pid: u32) -> f64 {
    let mut most = f64::NAN;
    loop {
        let peak = peak_of(pid);
        if peak.is_nan() {
            return most;
        }
        most = peak;
        thread::sleep(Duration::from_millis(5));
    }
}

/// The most memory that a process held until now, in MiB; not a number when it has ended.
pub(crate) fn peak_of(pid: u32) -> f64 {
    let peak = told(pid, "status", "VmHWM:");
    peak.map_or(f64::NAN, |kib| kib as f64 / 1024.0)
}

/// How many bytes a process has written to files. What goes to sockets is not among them.
pub(crate) fn written_by(pid: u32) -> u64 {
    told(pid, "io", "wchar:").unwrap_or(0)
}

/// What a process that runs has computed, in seconds.
pub(crate) fn computed_by(pid: u32) -> f64 {
    ticks(&pid.to_string(), 11)
}

/// What all processes computed that this one started and that have ended.
pub(crate) fn computed_by_ended() -> f64 {
    ticks("self", 13)
}

/// The seconds of two words of the page of a process, counted from behind its name, which may hold
/// anything. Linux tells programs a hundred ticks a second.
fn ticks(process: &str, first: usize) -> f64 {
    let page = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let words = page.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks = words.skip(first).take(2).filter_map(|word| word.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

/// A number that the system tells of a process.
fn told(pid: u32, page: &str, what: &str) -> Option<u64> {
    let page = fs::read_to_string(format!("/proc/{pid}/{page}")).ok()?;
    let line = page.lines().find_map(|line| line.strip_prefix(what))?;
    line.split_whitespace().next()?.parse().ok()
}
