//! Questions to the person at the terminal.
//!
//! They are asked where somebody can answer: a program whose input or messages go elsewhere has no
//! [`Ask`], and says what it would have needed instead. Secrets are not shown while they are typed, and
//! are wiped when dropped; scripts give them in a file ([`read_secret`]), never as an argument, which
//! every program of the machine could read.

use super::printer::Printer;
use rustyline::Editor;
use rustyline::config::{Behavior, Config};
use rustyline::error::ReadlineError;
use rustyline::history::MemHistory;
use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::path::Path;
use zeroize::Zeroizing;

/// Asks.
#[derive(Debug, Clone)]
pub struct Ask {
    printer: Printer,
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
        there.then(|| Self {
            printer: printer.clone(),
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
        if let Some(screen) = self.printer.screen() {
            screen.end_prompt();
        }
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, before);
        // What is pasted is not marked any more, and what comes next has a line of its own.
        let _ = io::stderr().write_all(b"\x1b[?2004l\n");
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
        hidden_line(&format!("{question}: "))
    }

    /// On the terminal itself, wherever the results go.
    fn line(&self, question: &str) -> Result<String, QuestionError> {
        let settings = Config::builder().behavior(Behavior::PreferTerm).build();
        let mut editor = Editor::<(), MemHistory>::with_history(settings, MemHistory::new())?;
        Ok(editor.readline(question)?.trim().to_owned())
    }
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

/// Types of which nothing is shown, as they are typed: the keys that end or mend a line are ours then,
/// and so a terminal is never left without its echo.
#[cfg(unix)]
fn hidden_line(question: &str) -> Result<Zeroizing<String>, QuestionError> {
    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

    struct Restore<'a>(&'a File, rustix::termios::Termios);
    impl Drop for Restore<'_> {
        fn drop(&mut self) {
            let _ = tcsetattr(self.0, OptionalActions::Now, &self.1);
            let _ = self.0.write_all(b"\n");
        }
    }

    let terminal = File::options().read(true).write(true).open("/dev/tty")?;
    let before = tcgetattr(&terminal).map_err(io::Error::from)?;
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
    let restore = Restore(&terminal, before);
    tcsetattr(&terminal, OptionalActions::Drain, &silent).map_err(io::Error::from)?;
    (&terminal).write_all(question.as_bytes())?;
    let typed = read_hidden(&terminal);
    drop(restore);
    typed
}

#[cfg(not(unix))]
fn hidden_line(_: &str) -> Result<Zeroizing<String>, QuestionError> {
    let reason = "a secret cannot be typed unseen on this system yet; give it in a file";
    Err(io::Error::new(io::ErrorKind::Unsupported, reason).into())
}

/// Takes keys until Enter.
fn read_hidden(mut keys: impl Read) -> Result<Zeroizing<String>, QuestionError> {
    let mut typed = Zeroizing::new(Vec::with_capacity(LONGEST_SECRET));
    let mut key = [0];
    loop {
        if keys.read(&mut key)? == 0 {
            return Err(QuestionError::End);
        }
        match key {
            [b'\r' | b'\n'] => break,
            [CTRL_C] => return Err(QuestionError::Interrupted),
            [CTRL_D] if typed.is_empty() => return Err(QuestionError::End),
            [CTRL_D] => {}
            [CTRL_U] => typed.clear(),
            [BACKSPACE | DELETE] => drop_character(&mut typed),
            [byte] if typed.len() < LONGEST_SECRET => typed.push(byte),
            _ => {}
        }
    }
    let text = std::str::from_utf8(&typed).map(|text| Zeroizing::new(text.to_owned()));
    text.map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "this is not UTF-8").into())
}

/// A character has one byte that does not go on with another.
fn drop_character(typed: &mut Vec<u8>) {
    while typed.pop().is_some_and(|byte| byte & 0b1100_0000 == 0b1000_0000) {}
}

const CTRL_C: u8 = 3;
const CTRL_D: u8 = 4;
const CTRL_U: u8 = 21;
const BACKSPACE: u8 = 8;
const DELETE: u8 = 127;
/// More than any password or passphrase has.
const LONGEST_SECRET: usize = 8192;
