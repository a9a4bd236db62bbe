//! Questions to the person at the terminal.
//!
//! They are asked where somebody can answer: a program whose input or messages go elsewhere has no
//! [`Ask`], and says what it would have needed instead. Secrets are not shown while they are typed, and
//! are wiped when dropped; scripts give them in a file ([`read_secret`]), never as an argument, which
//! every program of the machine could read.
//!
//! A question stays whole on the screen until it is answered: bars wait for that, and lines stand above it.

use super::printer::Printer;
use super::screen::Screen;
use super::typing::{Echo, read_line};
use rustyline::error::ReadlineError;
use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::path::Path;
use zeroize::Zeroizing;

/// Asks.
#[derive(Debug, Clone)]
pub struct Ask {
    printer: Printer,
    screen: Screen,
    /// How the terminal was before anything was asked.
    #[cfg(unix)]
    before: Option<rustix::termios::Termios>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum QuestionError {
    /// Ctrl-C.
    #[error("stopped at a question")]
    Interrupted,
    /// Ctrl-D, or the terminal is gone.
    #[error("the question was not answered")]
    End,
    /// The terminal failed.
    #[error("the terminal cannot be asked: {0}")]
    Io(#[from] io::Error),
}

impl Ask {
    /// Somebody to ask, if there is somebody.
    pub fn new(printer: &Printer) -> Option<Self> {
        let there = io::stdin().is_terminal() && io::stderr().is_terminal();
        let screen = printer.screen().filter(|_| there)?.clone();
        Some(Self {
            printer: printer.clone(),
            screen,
            #[cfg(unix)]
            before: rustix::termios::tcgetattr(io::stdin()).ok(),
        })
    }

    /// Gives the terminal back as it was, though a question or a prompt may still be open: for a
    /// program that ends in the middle of one.
    #[cfg(unix)]
    pub fn give_back(&self) {
        use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
        let (Some(before), Ok(now)) = (&self.before, tcgetattr(io::stdin())) else { return };
        if now.local_modes == before.local_modes {
            return;
        }
        self.screen.end_prompt();
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, before);
        // What is pasted is not marked any more, and what comes next has a line of its own.
        let end = if self.screen.is_plain() { "\n" } else { "\x1b[?2004l\n" };
        let _ = io::stderr().write_all(end.as_bytes());
    }

    /// Gives the terminal back as it was.
    #[cfg(not(unix))]
    pub fn give_back(&self) {}

    /// Yes or no; Enter alone is what is usual here.
    pub fn yes(&self, question: &str, usual: bool) -> Result<bool, QuestionError> {
        let choices = if usual { "[Y/n]" } else { "[y/N]" };
        loop {
            match self.line(&format!("{question} {choices} "))?.to_lowercase().as_str() {
                "" => return Ok(usual),
                "y" | "yes" => return Ok(true),
                "n" | "no" => return Ok(false),
                _ => self.printer.note("Please answer y or n."),
            }
        }
    }

    /// A line of text, without the spaces around it; Enter alone is what is usual here.
    pub fn text(&self, question: &str, usual: Option<&str>) -> Result<String, QuestionError> {
        let hint = usual.map(|usual| format!(" [{usual}]")).unwrap_or_default();
        let answer = self.line(&format!("{question}{hint}: "))?;
        Ok(if answer.is_empty() { usual.unwrap_or_default().to_owned() } else { answer })
    }

    /// What must not be seen.
    pub fn secret(&self, question: &str) -> Result<Zeroizing<String>, QuestionError> {
        self.printer.measure();
        read_line(&self.screen, &format!("{question}: "), Echo::Hidden)
    }

    fn line(&self, question: &str) -> Result<String, QuestionError> {
        self.printer.measure();
        Ok(read_line(&self.screen, question, Echo::Shown)?.trim().to_owned())
    }
}

/// The terminal itself, wherever the input comes from; the input is one, where that is not known.
#[cfg(unix)]
pub(super) fn terminal() -> io::Result<File> {
    use std::os::fd::AsFd;
    let known = File::options().read(true).write(true).open("/dev/tty");
    known.or_else(|_| Ok(io::stdin().as_fd().try_clone_to_owned()?.into()))
}

impl From<ReadlineError> for QuestionError {
    fn from(error: ReadlineError) -> Self {
        match error {
            ReadlineError::Interrupted => Self::Interrupted,
            ReadlineError::Eof => Self::End,
            ReadlineError::Io(error) => Self::Io(error),
            error => Self::Io(io::Error::other(error)),
        }
    }
}

/// A secret in a file, or on the input if the path is `-`. One newline at its end does not belong to
/// it.
pub fn read_secret(path: &Path) -> io::Result<Zeroizing<String>> {
    let source: Box<dyn Read> =
        if path == Path::new("-") { Box::new(io::stdin()) } else { Box::new(File::open(path)?) };
    // Room first: a text that grows leaves copies behind.
    let mut text = Zeroizing::new(String::with_capacity(LONGEST_SECRET));
    let longest = u64::try_from(LONGEST_SECRET).unwrap_or(u64::MAX);
    source.take(longest).read_to_string(&mut text)?;
    if text.len() == LONGEST_SECRET {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "this is too long for a secret"));
    }
    let ends = if text.ends_with("\r\n") { 2 } else { usize::from(text.ends_with('\n')) };
    let length = text.len().saturating_sub(ends);
    text.truncate(length);
    Ok(text)
}

/// More than any password or passphrase has.
const LONGEST_SECRET: usize = 8192;
