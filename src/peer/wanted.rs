//! What is wanted of somebody's share, and what comes of it.

use super::Error;
use super::landing::{LandError, Landed};
use crate::model::{Content, EntryPath};
use crate::wire::{Code, Explanation};

/// An entry that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Where it lies below its share.
    pub path: EntryPath,
    /// The content that it is wanted for, if no other will do.
    pub content: Option<Content>,
    /// How many bytes it may have: as many as it had when it was found.
    pub most: u64,
    /// Where it goes, below the destination.
    pub to: EntryPath,
}

/// Who wants entries of a share. Each has a number, from 0 on; it is asked for when its turn comes, and what
/// came of it is handed over as soon as that is known. So of very many, few are held twice.
pub trait Wants: Send {
    /// How many there are.
    fn count(&self) -> usize;

    /// The one of this number. No two of them go to one place. Asked for those alone of which nothing was
    /// handed over yet.
    fn wanted(&self, number: usize) -> Option<Wanted>;

    /// Takes what came of some.
    fn took(&mut self, portion: Portion);
}

/// What came of some of what was wanted.
#[derive(Debug, Default)]
pub struct Portion {
    /// What came of each of them.
    pub files: Vec<FetchedFile>,
    /// The numbers of those that do not come, each with the reason, where others do.
    pub refused: Vec<(usize, Error)>,
    /// Why no receipts were kept of those that came, if so.
    pub unkept: Option<Error>,
}

/// What came of one entry.
#[derive(Debug)]
pub struct FetchedFile {
    /// The number under which it was wanted.
    pub number: usize,
    /// What its bytes are.
    pub content: Option<Content>,
    /// Whether it has its name.
    pub landed: Result<Landed, LandError>,
}

impl Portion {
    /// Of some it is known already what came of them.
    pub(super) fn of(files: Vec<FetchedFile>) -> Self {
        Self { files, ..Self::default() }
    }

    /// None of these can be had.
    pub(super) fn none_of(numbers: &[usize], code: Code, text: &Explanation) -> Self {
        let why = || Error::Refused { code, text: text.clone() };
        let refused = numbers.iter().map(|number| (*number, why())).collect();
        Self { refused, ..Self::default() }
    }
}
