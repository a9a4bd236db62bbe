//! People, as an index shows them, and all pages of them.

use super::Error;
use super::live::SeenFrom;
use super::state::Shared;
use crate::crypto::Fingerprint;
use crate::model::{Foreign, PeerAddress, UnixTime, UserName};
use crate::wire::Code;
use crate::wire::index::{Named, PeopleAsk, PersonSeen};
use tokio::time::Instant;

/// The most people of one index that a session asks for and remembers.
pub const PEOPLE_KNOWN: usize = 50_000;

/// A person, as the index shows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The name.
    pub user: UserName,
    /// The identity, by the index's word alone; [`keys`](super::IndexSession::keys) says more.
    pub identity: Fingerprint,
    /// Whether they are online.
    pub online: bool,
    /// Where they can be dialled.
    pub addresses: Vec<PeerAddress>,
    /// When they were last online, to some minutes.
    pub last_online: Option<UnixTime>,
    /// Their contact line.
    pub contact: Option<Foreign>,
}

impl Person {
    /// Takes what an index says that was reached at this address. Addresses that no peer can have are
    /// left out.
    pub(super) fn of(seen: &PersonSeen, index: SeenFrom) -> Self {
        let resolved = |address: &crate::wire::index::SeenAddress| address.resolve(index?).ok();
        Self {
            user: seen.user.0.clone(),
            identity: seen.identity,
            online: seen.online,
            addresses: seen.addresses.iter().filter_map(resolved).collect(),
            last_online: seen.last_online.map(UnixTime),
            contact: seen.contact.as_deref().map(Foreign::new),
        }
    }
}

/// All people, page by page.
pub(super) async fn all(shared: &Shared, mut until: Instant) -> Result<Vec<Person>, Error> {
    let mut people: Vec<Person> = Vec::new();
    loop {
        let after = people.last().map(|person| Named(person.user.clone()));
        let ask = PeopleAsk { id: 0, after: after.clone(), only: None };
        let (page, live) = shared.ask_where(ask, until).await?;
        let names = || page.people.iter().map(|person| &person.user.0);
        let ascending = after.iter().map(|name| &name.0).chain(names()).is_sorted_by(|a, b| a < b);
        if !ascending {
            return Err(Error::Nonsense("people are not in the order of their names"));
        }
        if page.more && page.people.is_empty() {
            return Err(Error::Nonsense("there are more people, and it does not show them"));
        }
        if people.len().saturating_add(page.people.len()) > PEOPLE_KNOWN {
            return Err(Error::Nonsense("there are more people than there may be"));
        }
        people.extend(page.people.iter().map(|seen| Person::of(seen, live.index())));
        if !page.more {
            return Ok(people);
        }
        // Of very many people there are hundreds of pages: each has its own time.
        until = shared.until();
    }
}

/// One person.
pub(super) async fn one(
    shared: &Shared,
    user: &UserName,
    until: Instant,
) -> Result<Option<Person>, Error> {
    let ask = PeopleAsk { id: 0, after: None, only: Some(Named(user.clone())) };
    let (page, live) = match shared.ask_where(ask, until).await {
        Err(Error::Refused { code: Code::NotFound, .. }) => return Ok(None),
        answered => answered?,
    };
    match &*page.people {
        [] => Ok(None),
        [seen] if seen.user.0 == *user => Ok(Some(Person::of(seen, live.index()))),
        _ => Err(Error::Nonsense("it shows somebody else than was asked for")),
    }
}
