//! Entries of people, as an index shows them.

use super::super::live::SeenFrom;
use super::super::state::Shared;
use super::super::{Error, Person};
use crate::model::{ContentId, Entry, EntryPath, Keywords, Name, ShareId, UserName};
use crate::wire::index::{EntrySeen, PersonSeen, ShareSeen};
use std::sync::Arc;

/// A file that was found: all entries with the same content are one result. All of it is the index's
/// word, until the owner of an entry sends the file and signs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The entry that fits best, and then others, those of people who are online first.
    pub sources: Vec<Source>,
    /// How many more there are; a number of at least this, when there are very many.
    pub others: u32,
}

/// An entry of somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Whose it is.
    pub owner: Arc<Person>,
    /// In which of their shares.
    pub share: Arc<SeenShare>,
    /// The entry.
    pub entry: Entry,
}

/// A share of somebody, as the index shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenShare {
    /// Its id.
    pub id: ShareId,
    /// Its name.
    pub name: Name,
    /// Its keywords.
    pub keywords: Keywords,
}

impl From<&ShareSeen> for SeenShare {
    fn from(seen: &ShareSeen) -> Self {
        let keywords = seen.keywords.iter().map(|keyword| keyword.0.clone());
        Self {
            id: ShareId::from_bytes(*seen.share),
            name: seen.name.0.clone(),
            // There are no more than there may be.
            keywords: Keywords::new(keywords).unwrap_or_default(),
        }
    }
}

/// The people and the shares of one answer.
pub(super) struct Shelf {
    people: Vec<Arc<Person>>,
    /// Each share with its owner, if the answer says who that is.
    shares: Vec<Option<(Arc<Person>, Arc<SeenShare>)>>,
}

impl Shelf {
    /// Of people in the order of their names.
    /// The index was reached at this address.
    pub(super) fn new(people: &[PersonSeen], shares: &[ShareSeen], index: SeenFrom) -> Self {
        let names: Vec<_> = people.iter().map(|person| &person.user.0).collect();
        let people: Vec<_> = people.iter().map(|it| Arc::new(Person::of(it, index))).collect();
        let owned = |share: &ShareSeen| {
            let owner = people.get(names.binary_search(&&share.user.0).ok()?)?;
            Some((Arc::clone(owner), Arc::new(SeenShare::from(share))))
        };
        let shares = shares.iter().map(owned).collect();
        Self { people, shares }
    }

    /// Remembers the people as they are now, and where they can be dialled.
    pub(super) fn remember_people(&self, shared: &Shared) {
        for person in &self.people {
            shared.known.saw(person, shared.now());
        }
    }

    pub(super) fn source(&self, said: &EntrySeen) -> Result<Source, Error> {
        let place = self.shares.get(usize::from(said.share)).and_then(Option::as_ref);
        let (owner, share) = place.ok_or(Error::Nonsense("an entry is of no share"))?;
        let entry = said.entry.clone().into_entry();
        let entry = entry.map_err(|_| Error::Nonsense("an entry is none"))?;
        Ok(Source { owner: Arc::clone(owner), share: Arc::clone(share), entry })
    }

    /// A result, or the holders of a content. All of them have the same content.
    pub(super) fn found(&self, sources: &[EntrySeen], others: u32) -> Result<Found, Error> {
        let sources = sources.iter().map(|said| self.source(said));
        let sources: Vec<_> = sources.collect::<Result<_, _>>()?;
        let mut contents =
            sources.iter().map(|source| (source.entry.content(), source.entry.size()));
        let first = contents.next();
        let is_one = contents.all(|content| Some(content) == first);
        let is_known = first.is_some_and(|(id, _)| id.is_some());
        if is_one && (is_known || sources.len() == 1 && others == 0) {
            return Ok(Found { sources, others });
        }
        Err(Error::Nonsense("one result has several contents"))
    }
}

/// What makes a result the same as another one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum FoundKey {
    Content(ContentId, u64),
    Entry(UserName, ShareId, EntryPath),
}

impl Found {
    pub(super) fn key(&self) -> Option<FoundKey> {
        let Source { owner, share, entry } = self.sources.first()?;
        Some(match entry.content() {
            Some(id) => FoundKey::Content(id, entry.size()),
            None => FoundKey::Entry(owner.user.clone(), share.id, entry.path().clone()),
        })
    }

    /// It takes no more memory than this, with its key.
    pub(super) fn weight(&self) -> usize {
        self.sources.iter().map(Source::weight).fold(RESULT_WEIGHT, usize::saturating_add)
    }
}

impl Source {
    /// The words by which it is known besides its name: those of its share, and its folders.
    pub fn keywords(&self) -> Vec<&str> {
        self.share.keywords.with_folders(self.entry.path())
    }

    fn weight(&self) -> usize {
        let keywords = self.share.keywords.iter().map(|keyword| keyword.as_str().len());
        let names = self.entry.path().components().map(|name| name.len().saturating_mul(2));
        keywords.chain(names).fold(SOURCE_WEIGHT, usize::saturating_add)
    }
}

/// What a result, and a source with its person and its share, take besides texts of any length.
const RESULT_WEIGHT: usize = 256;
const SOURCE_WEIGHT: usize = 1024;
