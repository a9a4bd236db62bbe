//! What a person publishes, and under which words it is found.

use super::limits::{KEYWORD_BYTES, SHARE_KEYWORDS};
use super::text::steers_or_hides;
use super::{Audience, EntryPath, Error, Name, Untrusted};
use std::fmt;
use std::str::FromStr;
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// A file or folder that a person publishes: what the index is told of it besides its entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// Names it for as long as it is there, whatever it is called.
    pub id: ShareId,
    /// What people call it: `photos` in `alice:photos/tree.jpg`.
    pub name: Name,
    /// Words under which its entries are found besides their own.
    pub keywords: Keywords,
    /// Who may see and fetch its entries.
    pub audience: Audience,
}

/// Names a share of a person. It is random, so that it tells nothing and is never guessed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShareId([u8; 16]);

/// Names one sending of a share's differences, and the state that it led to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SyncId([u8; 16]);

macro_rules! random_id {
    ($id:ident) => {
        impl $id {
            /// A fresh one.
            pub fn random() -> Self {
                Self(crate::crypto::random())
            }

            /// The one with these bytes.
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// Its bytes.
            pub fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl fmt::Debug for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($id), data_encoding::HEXLOWER.encode(&self.0))
            }
        }
    };
}

random_id!(ShareId);
random_id!(SyncId);

/// A keyword that somebody gave: 1 to 128 bytes in NFC, with nothing in it that is not seen.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Keyword(Box<str>);

impl Keyword {
    /// Takes a keyword that is spelled as one already: on the wire there is one spelling.
    pub fn as_spelled(text: &str) -> Result<Self, Error> {
        let is_trimmed = text.trim().len() == text.len();
        let is_seen = !text.contains(steers_or_hides);
        let has_word = text.chars().any(char::is_alphanumeric);
        match text.len() <= KEYWORD_BYTES && is_trimmed && is_seen && has_word && is_nfc(text) {
            true => Ok(Self(text.into())),
            false => {
                Err(Error::Keywords("has 1 to 128 bytes, a letter or a digit, and no controls"))
            }
        }
    }

    /// The keyword's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Keyword {
    type Err = Error;

    /// Takes a keyword as somebody typed it.
    fn from_str(text: &str) -> Result<Self, Error> {
        // Spelled anew it is at most three times as long; what is longer is not looked at.
        let short = text.len() <= 3 * KEYWORD_BYTES;
        let text: String = if short { text.trim().nfc().collect() } else { String::new() };
        Self::as_spelled(&text)
    }
}

impl fmt::Display for Keyword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Untrusted::new(&self.0).fmt(f)
    }
}

impl fmt::Debug for Keyword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keyword({self})")
    }
}

/// At most 16 keywords, in order, none twice.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Keywords(Vec<Keyword>);

impl Keywords {
    /// These keywords.
    pub fn new(keywords: impl IntoIterator<Item = Keyword>) -> Result<Self, Error> {
        let mut kept: Vec<Keyword> = keywords.into_iter().take(FAR_TOO_MANY).collect();
        kept.sort();
        kept.dedup();
        match kept.len() <= SHARE_KEYWORDS {
            true => Ok(Self(kept)),
            false => Err(Error::Keywords("is one of at most 16 of a share")),
        }
    }

    /// The words by which a file of a share with these is known: they, and the names of the folders in
    /// which it lies, the outermost first. Each once, however it is spelled.
    pub fn with_folders<'a>(&'a self, path: &'a EntryPath) -> Vec<&'a str> {
        let mut words: Vec<&str> = self.iter().map(Keyword::as_str).collect();
        for folder in path.components().rev().skip(1).collect::<Vec<_>>().into_iter().rev() {
            let folded = folder.to_lowercase();
            if !words.iter().any(|word| word.to_lowercase() == folded) {
                words.push(folder);
            }
        }
        words
    }

    /// The keywords, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Keyword> {
        self.0.iter()
    }
}

const FAR_TOO_MANY: usize = 64 * SHARE_KEYWORDS;
