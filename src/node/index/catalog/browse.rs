//! What a person shares, and who has a content.

use super::super::{Error, IndexSession, Person};
use super::found::{Found, Shelf, Source};
use crate::model::{Content, EntryPath, Name, UserName};
use crate::wire::Code;
use crate::wire::index::{self, Behind, Browse, Locate, NameSaid, Named, PathSaid};
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
}

impl IndexSession {
    /// What somebody shares with one, of all shares or of the one of this name, all of it or what lies
    /// at or below a path: at most so many entries. Nothing when there is no such person, or no such share to be seen.
    pub async fn browse(
        &self,
        user: &UserName,
        share: Option<&Name>,
        below: Option<&EntryPath>,
        most: usize,
    ) -> Result<Option<Listing>, Error> {
        let (shared, until) = (self.shared(), self.shared().until());
        let mut entries: Vec<Source> = Vec::new();
        let mut after = None;
        loop {
            let (share, below) = (share.cloned().map(NameSaid), below.cloned().map(PathSaid));
            let ask = Browse { id: 0, user: Named(user.clone()), share, after, below };
            let (page, live) = match shared.ask_where(ask.clone(), until).await {
                Err(error) if error.is(Code::NotFound) => return Ok(None),
                answered => answered?,
            };
            let shelf = Shelf::new(std::slice::from_ref(&page.person), &page.shares, &live);
            let owner = Arc::new(Person::of(&page.person, live.index()));
            let sources = page.entries.iter().map(|said| shelf.source(said));
            let sources: Vec<_> = sources.collect::<Result<_, _>>()?;
            check(&ask, &page, &sources)?;
            shelf.remember_people(shared);
            after = sources.last().map(behind);
            let is_asked = |source: &Source| {
                // An index that is older than this question lists everything.
                ask.below.as_ref().is_none_or(|below| source.entry.path().is_within(&below.0))
            };
            entries.extend(sources.into_iter().filter(is_asked));
            let more = page.more || entries.len() > most;
            if !page.more || entries.len() >= most {
                entries.truncate(most);
                return Ok(Some(Listing { owner, entries, more }));
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
        let shelf = Shelf::new(&located.people, &located.shares, &live);
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
