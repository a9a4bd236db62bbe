//! One output of a program: where it goes, how it looks, and whether it failed.

use serde::{Deserialize, Serialize};
use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// An output.
pub(super) struct Output {
    pub(super) to: Box<dyn Write + Send>,
    pub(super) look: Look,
    pub(super) failed: Option<io::ErrorKind>,
}

/// How an output looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Look {
    /// Whether there are colours.
    pub colours: bool,
    /// How many columns a line has; as many as it likes, if that is not said. What says it is a
    /// terminal.
    pub width: Option<u16>,
}

impl Output {
    /// In one write, so that lines of several threads do not mix.
    pub(super) fn write(&mut self, text: &str) {
        let written = self.to.write_all(text.as_bytes()).and_then(|()| self.to.flush());
        if let Err(error) = written {
            self.fail(&error);
        }
    }

    pub(super) fn fail(&mut self, error: &io::Error) {
        self.failed.get_or_insert(error.kind());
    }
}

pub(super) fn lock(output: &Mutex<Output>) -> MutexGuard<'_, Output> {
    output.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Look {
    /// As it is to be on this output of the program.
    pub(super) fn of(output: &impl IsTerminal) -> Self {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_terminal = output.is_terminal();
        let width = is_terminal.then(|| columns().unwrap_or(USUAL_WIDTH));
        Self { colours: is_terminal && !set("NO_COLOR") && !is_plain(), width }
    }
}

/// Whether the terminal is one that shows text, and nothing that steers it. It is not asked whether there
/// is one.
pub(super) fn is_plain() -> bool {
    let term = std::env::var("TERM").unwrap_or_default();
    PLAIN.iter().any(|plain| plain.eq_ignore_ascii_case(&term))
}

/// Of the terminal that is there, be it behind stdout or stderr.
pub(super) fn columns() -> Option<u16> {
    #[cfg(unix)]
    let said = rustix::termios::tcgetwinsize(rustix::stdio::stdout())
        .or_else(|_| rustix::termios::tcgetwinsize(rustix::stdio::stderr()))
        .ok()
        .map(|size| size.ws_col);
    #[cfg(not(unix))]
    let said = None;
    said.filter(|columns| *columns >= NARROWEST)
}

/// A terminal that says less does not know.
const NARROWEST: u16 = 20;
const USUAL_WIDTH: u16 = 80;
/// Those at which rustyline edits no line.
const PLAIN: [&str; 3] = ["dumb", "cons25", "emacs"];
