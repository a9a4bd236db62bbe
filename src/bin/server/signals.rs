//! What the system tells a program that it should end.

use std::io;
use waxwing::ui::Exit;

/// What was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(unix), allow(dead_code, reason = "only unix tells more than one thing"))]
pub(crate) enum Told {
    /// A person stops it: Ctrl-C.
    Stop,
    /// The system ends it, or whoever looks after programs.
    End,
    /// The terminal was closed.
    HangUp,
}

/// Signals that ask for an end. Until this is made, they end the program by themselves.
pub(crate) struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    /// The terminal was closed.
    #[cfg(unix)]
    hang_up: tokio::signal::unix::Signal,
}

impl Signals {
    #[cfg(unix)]
    pub(crate) fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let (interrupt, terminate) = (SignalKind::interrupt(), SignalKind::terminate());
        let hang_up = signal(SignalKind::hangup())?;
        Ok(Self { interrupt: signal(interrupt)?, terminate: signal(terminate)?, hang_up })
    }

    #[cfg(not(unix))]
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {})
    }

    /// Waits for the next one.
    #[cfg(unix)]
    pub(crate) async fn next(&mut self) -> Told {
        tokio::select! {
            _ = self.interrupt.recv() => Told::Stop,
            _ = self.terminate.recv() => Told::End,
            _ = self.hang_up.recv() => Told::HangUp,
        }
    }

    /// Waits for the next one.
    #[cfg(not(unix))]
    pub(crate) async fn next(&mut self) -> Told {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Told::Stop,
            Err(_) => std::future::pending().await,
        }
    }
}

/// Ends the program at once. What is not written down yet never will be; what is, stays.
pub(crate) fn end_at_once() -> ! {
    std::process::exit(Exit::Interrupted.code().into())
}
