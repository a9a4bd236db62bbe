//! How people name what others share, as they know it from scp: `alice:photos/tree.jpg`.

use crate::model::{self, ContentId, EntryPath, Name, Untrusted, UserName};
use std::fmt;
use std::str::FromStr;

/// Something that a person shares: `alice:photos`, `alice:photos/zoo`, `alice:photos/zoo/koala.jpg`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Whose it is.
    pub user: UserName,
    /// In which of their shares.
    pub share: Name,
    /// Which file or folder of it; the whole share when there is none.
    pub path: Option<EntryPath>,
}

impl FromStr for Object {
    type Err = ObjectError;

    fn from_str(text: &str) -> Result<Self, ObjectError> {
        let (user, rest) = text.split_once(':').ok_or_else(|| ObjectError::shape(text))?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (share, path) = match rest.split_once('/') {
            Some((share, path)) => (share, Some(EntryPath::parse(path)?)),
            None => (rest, None),
        };
        Ok(Self { user: user.parse()?, share: Name::new(share)?, path })
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.user, Untrusted::new(self.share.as_str()))?;
        self.path.as_ref().map_or(Ok(()), |path| write!(f, "/{path}"))
    }
}

/// What somebody wants to get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// By its place.
    Object(Object),
    /// By its number in the last search.
    Number(usize),
    /// By its content.
    Content {
        /// Its id.
        id: ContentId,
        /// Its size, when it is known: without, it must be among the results of the last search.
        size: Option<u64>,
        /// What the file was called where it was found, if that is known: people know it by that.
        name: Option<EntryPath>,
    },
}

impl FromStr for Wanted {
    type Err = ObjectError;

    /// `3` and `alice:photos/tree.jpg`; a content has a flag of its own.
    fn from_str(text: &str) -> Result<Self, ObjectError> {
        let is_number = !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
        match text.parse() {
            Ok(number) if is_number => Ok(Self::Number(number)),
            _ => text.parse().map(Self::Object),
        }
    }
}

impl Wanted {
    /// A content, as `ID` or as `ID:SIZE`.
    pub fn parse_content(text: &str) -> Result<Self, ObjectError> {
        let (id, size) = match text.split_once(':') {
            None => (text, None),
            Some((id, size)) => (id, Some(size.parse().map_err(|_| ObjectError::shape(text))?)),
        };
        Ok(Self::Content { id: id.parse()?, size, name: None })
    }

    /// What a person knows it by: the name of a content, where that is known, else as it is typed.
    pub fn called(&self) -> String {
        match self {
            Self::Content { name: Some(name), .. } => name.to_string(),
            other => other.to_string(),
        }
    }

    /// The same without what it is called, which may be another each time.
    #[must_use]
    pub fn without_name(&self) -> Self {
        match self {
            Self::Content { id, size, .. } => Self::Content { id: *id, size: *size, name: None },
            other => other.clone(),
        }
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object(object) => object.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Content { id, size: Some(size), .. } => write!(f, "{id}:{size}"),
            Self::Content { id, size: None, .. } => id.fmt(f),
        }
    }
}

/// Why a text names nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ObjectError {
    /// It is neither a number nor of the form.
    #[error("{} names no file: it is USER:SHARE/PATH, or the number of a result", Untrusted::new(.0))]
    Shape(String),
    /// One of its parts is wrong.
    #[error(transparent)]
    Part(#[from] model::Error),
}

impl ObjectError {
    fn shape(text: &str) -> Self {
        Self::Shape(text.to_owned())
    }
}
