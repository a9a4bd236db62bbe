//! Going on while the index is away: with pinned keys, and where people were last.
//!
//! ```text
//! keys        the pin, unless the chain says another key, or none any more
//! addresses   where the index said last, and where somebody was reached: people.json
//! listings    the person is asked
//! who dials   the name that the chain has for the key, or the pin if it knows neither
//! ```
//!
//! Nobody is known any more when the directory has raised an alarm.

use super::User;
use super::retries::Came;
use super::search::not_shared;
use crate::crypto::Fingerprint;
use crate::model::{PeerAddress, UnixTime, UserName};
use crate::node::Error;
use crate::node::home::{StateFolder, kept};
use crate::node::index::{Chained, Known, Listing, Pages, Person, Section, Status};
use crate::wire::Code;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A person of an earlier run, whose key is pinned.
#[derive(Serialize, Deserialize)]
struct PersonSaid {
    user: String,
    identity: String,
    addresses: Vec<String>,
    last_online: Option<u64>,
    since: u64,
}

impl User {
    /// When the index was last heard of people, if it is away now and one goes by that.
    pub fn going_by(&self) -> Option<UnixTime> {
        let is_away = matches!(self.status(), Some(Status::Away(_)));
        self.session().ok().filter(|_| is_away)?.known().heard()
    }

    /// Asks a person, and not the index, for what they share with one: all of it, or this part; at most so
    /// many entries.
    pub async fn browse_there(
        &self,
        user: &UserName,
        section: Section<'_>,
        most: usize,
    ) -> Result<Listing, Error> {
        let listing = self.ask_for_shares(user, section, most).await?;
        listing.ok_or_else(|| not_shared(user, section))
    }

    /// The same; nothing when they share nothing of the kind.
    pub(super) async fn ask_for_shares(
        &self,
        user: &UserName,
        section: Section<'_>,
        most: usize,
    ) -> Result<Option<Listing>, Error> {
        let reached = self.patiently(user, &Came::default(), || self.reach(user)).await?;
        let asked = async {
            let (mut pages, conversation) =
                (Pages::new(user, section, most), reached.streams.conversation());
            loop {
                let page = match conversation.ask(pages.ask()).await {
                    Err(crate::link::AskError::Refused { code: Code::NotFound, .. }) => {
                        return Ok(None);
                    }
                    page => page.map_err(crate::peer::Error::from)?,
                };
                if let Some(listing) = pages.take(&page, None)? {
                    let identity = conversation.proven().fingerprint();
                    let owner = Person { identity, online: true, ..(*listing.owner).clone() };
                    let owner = Arc::new(owner);
                    return Ok(Some(Listing { owner, by_owner: true, ..listing }));
                }
            }
        };
        let listing = asked.await;
        reached.close().await;
        listing
    }

    /// Who has an identity that was proven, as far as is known without the index.
    pub(super) fn known_name_of(&self, identity: &Fingerprint) -> Result<Option<UserName>, Error> {
        let (session, pins) = (self.session()?, self.pins()?);
        let known = session.known();
        if let Some(alarm) = known.alarm() {
            return Err(alarm.into());
        }
        match known.name_of(identity) {
            Chained::Now(name) => return Ok(Some(name)),
            Chained::Past => return Ok(None),
            Chained::Unknown => {}
        }
        let pinned = pins.signer(identity).map(|(user, _)| user);
        let is_now = |user: &&UserName| {
            pins.get(user).is_some_and(|it| it.fingerprint == *identity)
                && matches!(known.identity_of(user), Chained::Unknown)
        };
        Ok(pinned.filter(is_now).cloned())
    }

    /// Keeps where pinned people could be dialled last. What cannot be kept is asked for again.
    pub(super) fn keep_people(&self, known: &Known) {
        let Ok(pins) = self.pins() else { return };
        let mut people = known.last_of(|user| pins.get(user).is_some());
        people.sort_by_key(|(_, since)| std::cmp::Reverse(since.0));
        let said: Vec<_> = people.iter().take(MOST).map(PersonSaid::of).collect();
        let (state, before) = (&self.inner.state, read_people(&self.inner.state));
        if said.iter().map(PersonSaid::place).ne(before.iter().map(PersonSaid::place)) {
            let write = |_changing| kept::write_json(state, PEOPLE, &said);
            let _ = state.changing().and_then(write);
        }
    }
}

/// Those who were kept; nobody, when it cannot be read.
pub(super) fn earlier_people(state: &StateFolder) -> Vec<(Person, UnixTime)> {
    read_people(state).into_iter().filter_map(PersonSaid::take).collect()
}

fn read_people(state: &StateFolder) -> Vec<PersonSaid> {
    kept::read_json(state, PEOPLE).ok().flatten().unwrap_or_default()
}

impl PersonSaid {
    fn of((person, since): &(Person, UnixTime)) -> Self {
        Self {
            user: person.user.to_string(),
            identity: person.identity.to_string(),
            addresses: person.addresses.iter().map(ToString::to_string).collect(),
            last_online: person.last_online.map(|at| at.0),
            since: since.0,
        }
    }

    /// Who, where, and about when: for less news it is not written again.
    fn place(&self) -> (&str, &str, &[String], u64) {
        (&self.user, &self.identity, &self.addresses, self.since / ABOUT)
    }

    fn take(self) -> Option<(Person, UnixTime)> {
        let address = |text: &String| PeerAddress::new(text.parse().ok()?).ok();
        let person = Person {
            user: self.user.parse().ok()?,
            identity: self.identity.parse().ok()?,
            online: false,
            addresses: self.addresses.iter().filter_map(address).collect(),
            last_online: self.last_online.map(UnixTime),
            contact: None,
        };
        Some((person, UnixTime(self.since)))
    }
}

/// In seconds.
const ABOUT: u64 = 600;
const PEOPLE: &str = "people.json";
/// Of so many people it is kept where they were.
const MOST: usize = 1000;
