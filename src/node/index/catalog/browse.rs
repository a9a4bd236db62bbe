//! What a person shares, and who has a content.

use super::super::live::SeenFrom;
use super::super::{Error, IndexSession, Person};
use super::found::{Found, Shelf, Source};
use crate::model::limits::PERSON_ENTRIES;
use crate::model::{Content, EntryPath, Keyword, Name, UserName};
use crate::wire::Code;
use crate::wire::index::{self, Behind, Browse, Locate, NameSaid, Named, PathSaid};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Entries of a person that one may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The person.
    pub owner: Arc<Person>,
    /// The entries, by the names of their shares and then by their paths.
    pub entries: Vec<Source>,
    /// Whether there are more than were asked for.
    pub more: bool,
    /// When those with a keyword were asked for, keywords that there are.
    pub keywords: Vec<String>,
    /// Whether the person was asked, and not the index.
    pub by_owner: bool,
}

/// Which of somebody's entries are meant; by default all.
#[derive(Debug, Clone, Copy, Default)]
pub struct Section<'a> {
    /// Those of the share of this name.
    pub share: Option<&'a Name>,
    /// Those at or below this path.
    pub below: Option<&'a EntryPath>,
    /// Those with this keyword: of their share, or the name of a folder in which they lie.
    pub keyword: Option<&'a Keyword>,
}

impl IndexSession {
    /// What somebody shares with one, or a part of it: at most so many entries. Nothing when there is no
    /// such person, or no such share to be seen.
    pub async fn browse(
        &self,
        user: &UserName,
        section: Section<'_>,
        most: usize,
    ) -> Result<Option<Listing>, Error> {
        let (shared, mut pages) = (self.shared(), Pages::new(user, section, most));
        loop {
            // Of very many files there are thousands of pages: each has its own time.
            let (page, live) = match shared.ask_where(pages.ask(), shared.until()).await {
                Err(error) if error.is(Code::NotFound) => return Ok(None),
                answered => answered?,
            };
            shared.known.saw(&Person::of(&page.person, live.index()), shared.now());
            if let Some(listing) = pages.take(&page, live.index())? {
                return Ok(Some(listing));
            }
        }
    }

    /// Who shares a content with one; nothing when nobody does.
    pub async fn locate(&self, content: &Content) -> Result<Option<Found>, Error> {
        let shared = self.shared();
        let (id, size) = (content.id(), content.size());
        let ask = Locate { id: 0, content: (*id.as_bytes()).into(), size };
        let (located, live) = match shared.ask_where(ask, shared.until()).await {
            Err(error) if error.is(Code::NotFound) => return Ok(None),
            answered => answered?,
        };
        let shelf = Shelf::new(&located.people, &located.shares, live.index());
        let found = shelf.found(&located.sources, located.others)?;
        let asked =
            |source: &Source| source.entry.content() == Some(id) && source.entry.size() == size;
        if !found.sources.iter().all(asked) {
            return Err(Error::Nonsense("it shows another content than was asked for"));
        }
        shelf.remember_people(shared);
        Ok(Some(found))
    }
}

/// A listing, page by page, whoever gives it.
pub(in crate::node) struct Pages {
    ask: Browse,
    most: usize,
    /// How many entries were shown, whether they were asked for or not.
    shown: u64,
    entries: Vec<Source>,
    keyword: Option<WithKeyword>,
}

/// Sees which entries have a keyword, and which keywords there are.
struct WithKeyword {
    folded: String,
    seen: BTreeSet<String>,
}

impl WithKeyword {
    fn takes(&mut self, source: &Source) -> bool {
        let mut has = false;
        for word in source.keywords() {
            has |= word.to_lowercase() == self.folded;
            if self.seen.len() < MOST_SEEN && !self.seen.contains(word) {
                self.seen.insert(word.to_owned());
            }
        }
        has
    }
}

impl Pages {
    pub(in crate::node) fn new(user: &UserName, section: Section<'_>, most: usize) -> Self {
        let Section { share, below, keyword } = section;
        let (share, below) = (share.cloned().map(NameSaid), below.cloned().map(PathSaid));
        let ask = Browse { id: 0, user: Named(user.clone()), share, after: None, below };
        let keyword = keyword.map(|keyword| WithKeyword {
            folded: keyword.as_str().to_lowercase(),
            seen: BTreeSet::new(),
        });
        Self { ask, most, shown: 0, entries: Vec::new(), keyword }
    }

    /// What asks for the next page.
    pub(in crate::node) fn ask(&self) -> Browse {
        self.ask.clone()
    }

    /// Takes a page; gives all of it when that was the last one. An index was reached at this address.
    pub(in crate::node) fn take(
        &mut self,
        page: &index::Listing,
        index: SeenFrom,
    ) -> Result<Option<Listing>, Error> {
        let shelf = Shelf::new(std::slice::from_ref(&page.person), &page.shares, index);
        let sources = page.entries.iter().map(|said| shelf.source(said));
        let sources: Vec<_> = sources.collect::<Result<_, _>>()?;
        check(&self.ask, page, &sources)?;
        self.shown = self.shown.saturating_add(sources.len() as u64);
        if self.shown > MOST_SHOWN {
            return Err(Error::Nonsense("there are more entries than anybody has"));
        }
        // A page behind which there is more shows something: no other is decoded.
        self.ask.after = sources.last().map(behind);
        let below = self.ask.below.as_ref();
        // An index that is older than this question lists everything.
        let keyword = &mut self.keyword;
        let is_asked = |it: &Source| {
            below.is_none_or(|below| it.entry.path().is_within(&below.0))
                && keyword.as_mut().is_none_or(|keyword| keyword.takes(it))
        };
        self.entries.extend(sources.into_iter().filter(is_asked));
        if page.more && self.entries.len() < self.most {
            return Ok(None);
        }
        let more = page.more || self.entries.len() > self.most;
        let mut entries = std::mem::take(&mut self.entries);
        entries.truncate(self.most);
        let owner = Arc::new(Person::of(&page.person, index));
        let seen = self.keyword.take().map(|keyword| keyword.seen);
        let keywords = seen.into_iter().flatten().collect();
        Ok(Some(Listing { owner, entries, more, keywords, by_owner: false }))
    }
}

fn behind(source: &Source) -> Behind {
    let (share, path) = (source.share.name.clone(), source.entry.path().clone());
    Behind { share: NameSaid(share), path: PathSaid(path) }
}

fn check(ask: &Browse, page: &index::Listing, sources: &[Source]) -> Result<(), Error> {
    if page.person.user != ask.user {
        return Err(Error::Nonsense("it shows somebody else than was asked for"));
    }
    let share = |source: &Source| ask.share.as_ref().is_none_or(|said| said.0 == source.share.name);
    if !sources.iter().all(share) {
        return Err(Error::Nonsense("it shows another share than was asked for"));
    }
    let after = ask.after.as_ref().map(|behind| (&behind.share.0, &behind.path.0));
    let places = sources.iter().map(|source| (&source.share.name, source.entry.path()));
    match after.into_iter().chain(places).is_sorted_by(|one, next| one < next) {
        true => Ok(()),
        false => Err(Error::Nonsense("entries are not in the order of shares and paths")),
    }
}

/// So many keywords are remembered, for who has asked for one that is not there.
const MOST_SEEN: usize = 200;
/// An index may let people have more than usual; but nobody shows entries without end.
const MOST_SHOWN: u64 = 8 * PERSON_ENTRIES;

#[cfg(test)]
#[path = "../../../../test/unit/listing_pages.rs"]
mod tests;
