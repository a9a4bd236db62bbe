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
#[derive(Debug)]
pub struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    /// The terminal was closed.
    #[cfg(unix)]
    hang_up: tokio::signal::unix::Signal,
}

impl Signals {
    /// They come here from now on.
    #[cfg(unix)]
    pub fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let (interrupt, terminate) = (SignalKind::interrupt(), SignalKind::terminate());
        let hang_up = signal(SignalKind::hangup())?;
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
            _ = self.hang_up.recv() => Signal::HangUp,
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

/// Ends the program at once. What is not written down yet never will be; what is, stays.
pub fn end_at_once() -> ! {
    std::process::exit(Exit::Interrupted.code().into())
}
