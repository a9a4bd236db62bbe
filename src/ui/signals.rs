//! What the system tells a program that it should end.

use crate::node::Exit;
use std::io;

/// What was told. Other systems than unix tell one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// A person stops it: Ctrl-C.
    Stop,
    /// The system ends it, or whoever looks after programs.
    End,
    /// The terminal was closed.
    HangUp,
}

/// Signals that ask for an end. Until this is made, they end the program by themselves.
///
/// Who starts a program with `nohup` wants it to outlive the terminal: a hang-up that was ignored from the beginning
/// stays so. Only Linux says whether it was.
#[derive(Debug)]
pub struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    /// The terminal was closed. None where that is ignored.
    #[cfg(unix)]
    hang_up: Option<tokio::signal::unix::Signal>,
}

impl Signals {
    /// They come here from now on.
    #[cfg(unix)]
    pub fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let (interrupt, terminate) = (SignalKind::interrupt(), SignalKind::terminate());
        let hang_up = (!ignores_hang_up()).then(|| signal(SignalKind::hangup())).transpose()?;
        Ok(Self { interrupt: signal(interrupt)?, terminate: signal(terminate)?, hang_up })
    }

    /// They come here from now on.
    #[cfg(not(unix))]
    pub fn new() -> io::Result<Self> {
        Ok(Self {})
    }

    /// Waits for the next one.
    #[cfg(unix)]
    pub async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Stop,
            _ = self.terminate.recv() => Signal::End,
            () = heard(self.hang_up.as_mut()) => Signal::HangUp,
        }
    }

    /// Waits for the next one.
    #[cfg(not(unix))]
    pub async fn next(&mut self) -> Signal {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Signal::Stop,
            Err(_) => std::future::pending().await,
        }
    }
}

#[cfg(unix)]
async fn heard(signal: Option<&mut tokio::signal::unix::Signal>) {
    match signal {
        Some(signal) => _ = signal.recv().await,
        None => std::future::pending().await,
    }
}

/// Whether this program was started so, as `nohup` does it.
#[cfg(unix)]
fn ignores_hang_up() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    ignored(&status).is_some_and(|signals| signals & HANG_UP != 0)
}

/// The signals that are ignored, a bit each, as `/proc/self/status` has them.
#[cfg(unix)]
fn ignored(status: &str) -> Option<u64> {
    let signals = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(signals.trim(), 16).ok()
}

/// Ends the program at once. What is not written down yet never will be; what is, stays.
pub fn end_at_once() -> ! {
    std::process::exit(Exit::Interrupted.code().into())
}

/// The bit of the hang-up, which is signal 1.
#[cfg(unix)]
const HANG_UP: u64 = 1;
