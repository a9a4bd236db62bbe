//! A line that is typed behind a question.
//!
//! While it is open, the question has the screen: see [`Screen::ask`]. Keys are taken one by one, and the
//! few that end or mend a line are ours. rustyline, which reads the prompt, is not used here: what it is
//! given to show above its line is lost when the line is ended in the same moment, and a question is
//! seldom worth more than a backspace. A terminal that cannot be steered reads the line by itself, as
//! it reads any other.

use super::ask::QuestionError;
#[cfg(unix)]
use super::ask::terminal;
use super::screen::Screen;
use std::io;
use zeroize::Zeroizing;

#[cfg(unix)]
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
#[cfg(unix)]
use std::io::Read;
#[cfg(unix)]
use std::os::fd::{AsFd, BorrowedFd};

/// Whether what is typed is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Echo {
    Shown,
    Hidden,
}

/// Asks, and takes keys until Enter.
#[cfg(unix)]
pub(super) fn read_line(
    screen: &Screen,
    question: &str,
    echo: Echo,
) -> Result<Zeroizing<String>, QuestionError> {
    let terminal = terminal()?;
    let by_itself = screen.is_plain() && echo == Echo::Shown;
    let modes = Modes::turn(terminal.as_fd(), by_itself)?;
    let mut asking = screen.ask(question);
    let typed = read_keys(&terminal, |typed| {
        if echo == Echo::Shown && !by_itself {
            asking.typed(typed);
        }
    });
    // The terminal has shown the Enter already.
    asking.ends_line = !(by_itself && typed.is_ok());
    drop(modes);
    drop(asking);
    typed
}

/// Asks, and reads a line.
#[cfg(not(unix))]
pub(super) fn read_line(
    screen: &Screen,
    question: &str,
    echo: Echo,
) -> Result<Zeroizing<String>, QuestionError> {
    if echo == Echo::Hidden {
        let reason = "a secret cannot be typed unseen on this system yet; give it in a file";
        return Err(io::Error::new(io::ErrorKind::Unsupported, reason).into());
    }
    let mut asking = screen.ask("");
    asking.ends_line = false;
    let mut editor = rustyline::DefaultEditor::new()?;
    Ok(Zeroizing::new(editor.readline(question)?))
}

/// How the terminal was before; it is so again when this is dropped.
#[cfg(unix)]
struct Modes<'a>(BorrowedFd<'a>, Termios);

#[cfg(unix)]
impl<'a> Modes<'a> {
    /// Keys come one by one and are not shown, or line by line. Ctrl-C is a key like others.
    fn turn(terminal: BorrowedFd<'a>, lines: bool) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut modes = before.clone();
        modes.local_modes.remove(LocalModes::ISIG);
        if lines {
            // It ends a line, or it would be seen only with the next Enter.
            modes.special_codes[SpecialCodeIndex::VEOL] = CTRL_C;
        } else {
            modes.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON);
        }
        tcsetattr(terminal, OptionalActions::Drain, &modes)?;
        Ok(Self(terminal, before))
    }
}

#[cfg(unix)]
impl Drop for Modes<'_> {
    fn drop(&mut self) {
        let _ = tcsetattr(self.0, OptionalActions::Now, &self.1);
    }
}

/// Takes keys until Enter, and says after each what is typed until then.
#[cfg(unix)]
fn read_keys(
    mut keys: impl Read,
    mut typed_is: impl FnMut(&str),
) -> Result<Zeroizing<String>, QuestionError> {
    let mut typed = Zeroizing::new(Vec::with_capacity(LONGEST_LINE));
    let mut steering = Steering::default();
    loop {
        match next_key(&mut keys)?.ok_or(QuestionError::End)? {
            b'\r' | b'\n' => break,
            CTRL_C => return Err(QuestionError::Interrupted),
            CTRL_D if typed.is_empty() => return Err(QuestionError::End),
            CTRL_U => typed.clear(),
            BACKSPACE | DELETE => drop_character(&mut typed),
            key if steering.takes(key) || key < b' ' => {}
            key if typed.len() < LONGEST_LINE => typed.push(key),
            _ => {}
        }
        // A character may come in several parts.
        if let Ok(text) = std::str::from_utf8(&typed) {
            typed_is(text);
        }
    }
    let text = std::str::from_utf8(&typed).map(|text| Zeroizing::new(text.to_owned()));
    text.map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "this is not UTF-8").into())
}

#[cfg(unix)]
fn next_key(keys: &mut impl Read) -> io::Result<Option<u8>> {
    let mut key = [0];
    loop {
        match keys.read(&mut key) {
            Ok(0) => return Ok(None),
            Ok(_) => return Ok(Some(key[0])),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Keys that steer, such as arrows: what they send is no text.
#[cfg(unix)]
#[derive(Default)]
enum Steering {
    #[default]
    No,
    Begun,
    GoesOn,
}

#[cfg(unix)]
impl Steering {
    /// Whether this is a part of one.
    fn takes(&mut self, key: u8) -> bool {
        let (next, taken) = match (&self, key) {
            (_, ESCAPE) => (Self::Begun, true),
            (Self::Begun, b'[' | b'O') => (Self::GoesOn, true),
            (Self::GoesOn, b'@'..=b'~') | (Self::Begun, _) => (Self::No, true),
            (Self::GoesOn, _) => (Self::GoesOn, true),
            (Self::No, _) => (Self::No, false),
        };
        *self = next;
        taken
    }
}

/// A character has one byte that does not go on with another.
#[cfg(unix)]
fn drop_character(typed: &mut Vec<u8>) {
    while typed.pop().is_some_and(|byte| byte & 0b1100_0000 == 0b1000_0000) {}
}

#[cfg(unix)]
const CTRL_C: u8 = 3;
#[cfg(unix)]
const CTRL_D: u8 = 4;
#[cfg(unix)]
const CTRL_U: u8 = 21;
#[cfg(unix)]
const BACKSPACE: u8 = 8;
#[cfg(unix)]
const DELETE: u8 = 127;
#[cfg(unix)]
const ESCAPE: u8 = 27;
/// More than any password or passphrase has.
#[cfg(unix)]
const LONGEST_LINE: usize = 8192;
