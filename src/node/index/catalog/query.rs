//! What a person searches for.

use super::super::Error;
use super::super::live::Live;
use super::found::Found;
use super::search::At;
use crate::codec::Text;
use crate::model::limits::{RESULTS_PAGE, SEARCH_BYTES};
use crate::model::{Asked, FileKind, UserName};
use crate::wire::index::{Named, Search};
use std::sync::Arc;

/// What is searched for: entries that have all the words, and of which all else holds, too.
///
/// ```
/// use waxwing::model::FileKind;
/// use waxwing::node::index::Query;
///
/// let pictures = Query { kind: Some(FileKind::Image), ..Query::new("koal* tree") };
/// let of_alice = Query { owner: Some("alice".parse().unwrap()), ..Query::default() };
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Query {
    /// One to ten words; a `*` behind one finds those that begin so. None when there is an owner or a
    /// kind.
    pub text: String,
    /// Whose entries alone.
    pub owner: Option<UserName>,
    /// Entries of which kind alone.
    pub kind: Option<FileKind>,
    /// The fewest bytes that an entry has.
    pub smallest: Option<u64>,
    /// The most bytes that an entry has.
    pub largest: Option<u64>,
    /// Whether entries of people who are online are looked for alone.
    pub online: bool,
    /// How many results are given at once, at most; 0 counts as 1.
    pub most: usize,
}

impl Query {
    /// For these words.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// What of it can be seen to be of no use without asking an index.
    pub(super) fn check(&self) -> Result<(), Error> {
        self.text()?;
        let may_be_wordless = self.owner.is_some() || self.kind.is_some();
        if self.text.trim().is_empty() && may_be_wordless {
            return Ok(());
        }
        Asked::parse(&self.text).map(|_| ()).map_err(Error::Query)
    }

    /// The question for so many more results in this conversation.
    pub(super) fn ask(&self, at: &At, live: &Arc<Live>, most: usize) -> Search {
        Search {
            id: 0,
            // It was checked.
            text: self.text().unwrap_or_default(),
            owner: self.owner.clone().map(Named),
            kind: self.kind.map(FileKind::number),
            smallest: self.smallest,
            largest: self.largest,
            online: self.online,
            most: u16::try_from(most).ok(),
            from: at.number(live),
        }
    }

    /// Whether this can be what was asked for. Words and kinds are the index's business.
    pub(super) fn admits(&self, found: &Found) -> bool {
        found.sources.first().is_some_and(|best| {
            let (owner, size) = (&best.owner.user, best.entry.size());
            self.owner.as_ref().is_none_or(|user| user == owner)
                && self.smallest.is_none_or(|smallest| smallest <= size)
                && self.largest.is_none_or(|largest| size <= largest)
        })
    }

    fn text(&self) -> Result<Text<SEARCH_BYTES>, Error> {
        Text::new(self.text.as_str()).map_err(Error::TooLong)
    }
}

impl Default for Query {
    fn default() -> Self {
        Self {
            text: String::new(),
            owner: None,
            kind: None,
            smallest: None,
            largest: None,
            online: false,
            most: RESULTS_PAGE,
        }
    }
}
