//! Running a program, and what it took.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// What a run took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Took {
    pub(crate) seconds: f64,
    /// The most memory that it held, in MiB; not a number where the system does not tell.
    pub(crate) peak: f64,
}

/// From its start to its end, which has to be a good one.
pub(crate) fn run(command: &mut Command) -> Took {
    let begun = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("starts");
    let mut peak = f64::NAN;
    loop {
        peak = peak.max(peak_of(child.id()));
        if let Some(status) = child.try_wait().expect("waits") {
            assert!(status.success(), "{command:?}: {status}");
            return Took { seconds: begun.elapsed().as_secs_f64(), peak };
        }
        sleep(Duration::from_millis(1));
    }
}

/// The most memory that a process held until now, in MiB.
pub(crate) fn peak_of(process: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = peak.and_then(|peak| peak.split_whitespace().next()?.parse::<f64>().ok());
    kib.map_or(f64::NAN, |kib| kib / 1024.0)
}

/// Ends at once, in the middle of whatever it does.
pub(crate) fn kill(mut child: Child) {
    child.kill().expect("is there");
    child.wait().expect("ends");
}
