//! Paths below a share, and paths that would be one file on another system.

use super::limits::{PATH_BYTES, PATH_DEPTH};
use super::text::is_presentation;
use super::{Error, Name, Untrusted};
use std::fmt;
use std::path::PathBuf;
use unicode_normalization::UnicodeNormalization;

/// Where an entry lies below its share: 1 to 64 names, 1024 bytes in all.
///
/// On the wire it is a list of components and never a string, so no separator has to be agreed on
/// and none can be smuggled in. Here the names stand in one text with `/` between them, which no
/// name holds: a hundred thousand deep paths take no more room than their letters. (One text for all clones
/// would save more, but costs each short path the room of two counters, and what a message may make us
/// hold is bounded.)
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryPath(Box<str>);

impl EntryPath {
    /// The path with these components.
    pub fn new(components: Vec<Name>) -> Result<Self, Error> {
        let names: Vec<_> = components.iter().map(Name::as_str).collect();
        Self::joined(&names)
    }

    /// The path with these components, if they are names. It takes no more memory than they have.
    pub fn of(names: &[&str]) -> Result<Self, Error> {
        names.iter().try_for_each(|name| Name::check(name))?;
        Self::joined(names)
    }

    /// The path as people write it, `photos/tree.jpg`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        // No path has more, and a million slashes are not worth a million errors.
        if text.len() > PATH_BYTES {
            return Err(Error::Path("has at most 1024 bytes"));
        }
        text.split('/').map(Name::new).collect::<Result<_, _>>().and_then(Self::new)
    }

    fn joined(names: &[&str]) -> Result<Self, Error> {
        let text = names.join("/");
        if names.is_empty() {
            Err(Error::Path("needs a name"))
        } else if names.len() > PATH_DEPTH {
            Err(Error::Path("has at most 64 components"))
        } else if text.len() > PATH_BYTES {
            Err(Error::Path("has at most 1024 bytes"))
        } else {
            Ok(Self(text.into()))
        }
    }

    /// The names, outermost first; at least one.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/')
    }

    /// The path in one text, `/` between the names.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path in the outermost folder of it; none where there is no folder.
    pub fn inside(&self) -> Option<Self> {
        self.0.split_once('/').map(|(_, inside)| Self(inside.into()))
    }

    /// The name of the file itself.
    pub fn file_name(&self) -> &str {
        self.components().next_back().unwrap_or_default()
    }

    /// The path in the system's form, relative to the share.
    pub fn to_relative(&self) -> PathBuf {
        self.components().collect()
    }

    /// Whether this is the other path, or lies in the folder of it.
    pub fn is_within(&self, folder: &Self) -> bool {
        let rest = self.0.strip_prefix(folder.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// What every spelling of this path has in common on systems that ignore case: its components
    /// folded, with zero bytes between them, which no name holds and which sort before all others.
    pub fn folded(&self) -> Box<str> {
        let mut folded = String::with_capacity(self.0.len());
        for name in self.components() {
            if !folded.is_empty() {
                folded.push('\0');
            }
            folded.push_str(&fold(name));
        }
        folded.into()
    }
}

/// NFC of the full case folding; a selector between two looks does not make another name.
fn fold(name: &str) -> String {
    // What most names are. A list of millions of names is folded before anything is asked of anybody.
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    let plain: String = name.chars().filter(|c| !is_presentation(*c)).collect();
    caseless::default_case_fold_str(&plain).nfc().collect()
}

impl fmt::Display for EntryPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Untrusted::new(&self.0).fitted(PATH_COLUMNS).fmt(f)
    }
}

impl fmt::Debug for EntryPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EntryPath({self})")
    }
}

/// Two paths that cannot both be written everywhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} and {1} would be one and the same on some systems")]
pub struct Collision(pub EntryPath, pub EntryPath);

/// Finds two paths of a list that collide: the same path twice, names that differ only in case, or
/// a file where another path has a folder.
///
/// Sorted by their folded components, colliding paths stand side by side, so each is compared with
/// its neighbour only, and nothing is kept but the folded spellings.
pub fn find_collision<'a>(paths: impl IntoIterator<Item = &'a EntryPath>) -> Option<Collision> {
    let mut sorted: Vec<_> = paths.into_iter().map(|path| (path.folded(), path)).collect();
    // Equal ones are one path twice: which comes first is all one.
    sorted.sort_unstable();
    sorted.windows(2).find_map(|pair| match pair {
        [(fold_one, one), (fold_other, other)] => collide((fold_one, one), (fold_other, other))
            .then(|| Collision((*one).clone(), (*other).clone())),
        _ => None,
    })
}

/// Whether two paths agree folded where they differ as written, or one ends where the other goes on.
fn collide((fold_one, one): (&str, &EntryPath), (fold_other, other): (&str, &EntryPath)) -> bool {
    let folded = fold_one.split('\0').zip(fold_other.split('\0'));
    let shared = folded.take_while(|(one, other)| one == other).count();
    let mut names = one.components().zip(other.components()).take(shared);
    let same_spelling = names.all(|(one, other)| one == other);
    let one_is_inside = shared == one.components().count().min(other.components().count());
    !same_spelling || one_is_inside
}

/// More than any path takes: it is never cut where it is shown by itself.
const PATH_COLUMNS: usize = 16 * PATH_BYTES;
