//! One component of a path, as it may stand on the wire.

use super::limits::NAME_BYTES;
use super::text::{is_presentation, steers_or_hides};
use super::{Error, Untrusted};
use std::fmt;
use std::sync::Arc;
use unicode_normalization::is_nfc;

/// The name of a file or folder: on every system it names nothing outside the folder in which it is
/// used, and what it shows is what it is. Not every system takes each of them.
///
/// A bad name is refused and never "cleaned": a name that was changed is not the one that was
/// signed, and two bad names can be cleaned into one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Arc<str>);

impl Name {
    /// Takes a name, if it is one.
    pub fn new(text: &str) -> Result<Self, Error> {
        Self::check(text).map(|()| Self(text.into()))
    }

    /// Whether a text is a name, for who has no use for one.
    pub(super) fn check(text: &str) -> Result<(), Error> {
        match fault(text) {
            None => Ok(()),
            Some(reason) => Err(Error::Name { name: text.to_owned(), reason }),
        }
    }

    /// The name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The beginning of the names of our own temporary files; nobody may send one.
pub const TEMPORARY_PREFIX: &str = ".waxwing-";

/// What is wrong with a name, if anything.
fn fault(text: &str) -> Option<&'static str> {
    let found = match text {
        "" => "it is empty",
        "." | ".." => "it names a folder, not a file in it",
        _ if text.len() > NAME_BYTES => "it is longer than 255 bytes",
        _ if text.contains(SEPARATORS) => "it holds a separator: '/', '\\' or ':'",
        _ if text.contains(steers_or_hides) || has_idle_selector(text) => {
            "it holds a character that is not seen"
        }
        _ if !is_nfc(text) => "its accents are not spelled in the usual form (NFC)",
        _ if text.ends_with(['.', ' ']) => "it ends in a dot or a space",
        _ if is_device(text) => "Windows has a device of this name",
        _ if is_ours(text) => "names like it are our own temporary files",
        _ => return None,
    };
    Some(found)
}

/// Whether a presentation selector stands where it changes nothing: first, or behind ASCII.
fn has_idle_selector(text: &str) -> bool {
    let before = std::iter::once('a').chain(text.chars());
    before.zip(text.chars()).any(|(before, c)| is_presentation(c) && before.is_ascii())
}

/// Whatever the case: some systems do not tell the spellings apart.
fn is_ours(text: &str) -> bool {
    let start = text.get(..TEMPORARY_PREFIX.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(TEMPORARY_PREFIX))
}

/// Whether Windows would open a device: the name up to its first dot, trailing spaces aside.
fn is_device(text: &str) -> bool {
    let stem = text.split('.').next().unwrap_or_default().trim_end_matches(' ');
    DEVICES.iter().any(|device| stem.eq_ignore_ascii_case(device))
        || PORTS.iter().any(|port| is_numbered(stem, port))
}

/// `COM0` to `COM9`, and with the superscript digits that Windows takes for digits.
fn is_numbered(stem: &str, port: &str) -> bool {
    let mut rest = match stem.split_at_checked(port.len()) {
        Some((start, rest)) if start.eq_ignore_ascii_case(port) => rest.chars(),
        _ => return false,
    };
    let digit = rest.next();
    rest.next().is_none()
        && digit.is_some_and(|c| c.is_ascii_digit() || matches!(c, '¹' | '²' | '³'))
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Untrusted::new(&self.0).fmt(f)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name({})", Untrusted::new(&self.0))
    }
}

const SEPARATORS: [char; 3] = ['/', '\\', ':'];
const DEVICES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];
const PORTS: [&str; 2] = ["COM", "LPT"];
