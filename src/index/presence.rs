//! Who is online, and the news of it. In memory only: after a restart people say again that they are
//! there. Pure: the time comes with each question.
//!
//! What changes goes into one ring for all watchers, each of whom remembers how far it has read. So
//! a change costs the same with one watcher and with ten thousand, and who reads too slowly is told
//! that something was missed.

use super::store::{AccountId, PersonRow};
use crate::codec::{List, Text};
use crate::model::UserName;
use crate::model::limits::{PEOPLE_PAGE, PERSON_ADDRESSES};
use crate::wire::index::{Named, PersonSeen, SeenAddress};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use tokio::time::Instant;

/// Names a conversation in which somebody is logged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct SeatId(pub(super) u64);

/// Who is online.
#[derive(Debug, Default)]
pub(super) struct Presence {
    people: HashMap<AccountId, Here>,
    ring: VecDeque<PersonSeen>,
    /// The number of the change after the last one in the ring.
    next: u64,
}

#[derive(Debug)]
struct Here {
    row: PersonRow,
    places: Vec<Place>,
}

#[derive(Debug)]
struct Place {
    seat: SeatId,
    at: Option<SeenAddress>,
    until: Instant,
    desk: Arc<Desk>,
}

/// What lies ready for one conversation: who wants to reach the person.
#[derive(Debug, Default)]
pub(super) struct Desk {
    wanted_by: Mutex<Vec<PersonSeen>>,
    /// Rings when something was put down.
    pub(super) bell: Notify,
}

/// What happened since a watcher looked last.
#[derive(Debug)]
pub(super) struct Changes {
    pub(super) people: Vec<PersonSeen>,
    pub(super) missed: bool,
}

impl Presence {
    /// Somebody is online in a conversation until then. Says whether others see them change.
    pub(super) fn come(
        &mut self,
        row: PersonRow,
        (seat, desk): (SeatId, &Arc<Desk>),
        at: Option<SeenAddress>,
        until: Instant,
    ) -> bool {
        let account = row.account;
        let here = self.people.entry(account).or_insert_with(|| Here { row, places: Vec::new() });
        let changes = match here.places.iter_mut().find(|place| place.seat == seat) {
            Some(place) => {
                place.until = until;
                std::mem::replace(&mut place.at, at) != at
            }
            None => {
                here.places.push(Place { seat, at, until, desk: Arc::clone(desk) });
                true
            }
        };
        if changes {
            self.tell(account);
        }
        changes
    }

    /// The conversation's person is online as before, for longer. Not when they were not.
    pub(super) fn stay(
        &mut self,
        account: AccountId,
        seat: SeatId,
        at: Option<SeenAddress>,
        until: Instant,
    ) -> bool {
        let here = self.people.get_mut(&account);
        let place = here.and_then(|here| here.places.iter_mut().find(|place| place.seat == seat));
        match place {
            Some(place) if place.at == at => {
                place.until = until;
                true
            }
            _ => false,
        }
    }

    /// The conversation is over. Gives the name of who is online nowhere now.
    pub(super) fn leave(&mut self, account: AccountId, seat: SeatId) -> Option<UserName> {
        self.remove(account, |place| place.seat == seat)
    }

    /// Lets go whoever did not say in time that they are still there.
    pub(super) fn expire(&mut self, now: Instant) -> Vec<(AccountId, UserName)> {
        let is_late = |here: &Here| here.places.iter().any(|place| place.until <= now);
        let late = self.people.iter().filter(|(_, here)| is_late(here));
        let late: Vec<_> = late.map(|(account, _)| *account).collect();
        let gone = late.into_iter().filter_map(|account| {
            self.remove(account, |place| place.until <= now).map(|user| (account, user))
        });
        gone.collect()
    }

    fn remove(&mut self, account: AccountId, goes: impl Fn(&Place) -> bool) -> Option<UserName> {
        let here = self.people.get_mut(&account)?;
        let before = here.places.len();
        here.places.retain(|place| !goes(place));
        if here.places.len() == before {
            return None;
        }
        self.tell(account);
        let is_gone = self.people.get(&account).is_some_and(|here| here.places.is_empty());
        let gone = is_gone.then(|| self.people.remove(&account)).flatten();
        gone.map(|here| here.row.user)
    }

    /// How many people are online.
    pub(super) fn count(&self) -> usize {
        self.people.len()
    }

    /// All who are online.
    pub(super) fn accounts(&self) -> Vec<AccountId> {
        self.people.keys().copied().collect()
    }

    /// A person as others see them now.
    pub(super) fn seen(&self, row: &PersonRow) -> PersonSeen {
        let places = self.people.get(&row.account).map(|here| here.places.as_slice());
        let places = places.unwrap_or_default();
        let mut addresses: Vec<_> = places.iter().rev().filter_map(|place| place.at).collect();
        addresses.dedup();
        addresses.truncate(PERSON_ADDRESSES);
        PersonSeen {
            user: Named(row.user.clone()),
            identity: row.identity,
            online: !places.is_empty(),
            // Neither is longer than it may be: the addresses were cut, the store takes no longer
            // contact.
            addresses: List::new(addresses).unwrap_or_default(),
            last_online: row.last_online.map(|time| time.0),
            contact: row.contact.as_deref().and_then(|contact| Text::new(contact).ok()),
        }
    }

    /// Something that others see of a person changed.
    pub(super) fn changed(&mut self, row: &PersonRow) {
        if let Some(here) = self.people.get_mut(&row.account) {
            here.row = row.clone();
        }
        let seen = self.seen(row);
        self.put(seen);
    }

    /// Puts down for a person, wherever they are online, that somebody wants to reach them. Says
    /// whether they are online.
    pub(super) fn reach(&self, wanted: AccountId, by: &PersonSeen) -> bool {
        let here = self.people.get(&wanted);
        let places = here.map(|here| here.places.as_slice()).unwrap_or_default();
        places.iter().for_each(|place| place.desk.put(by));
        !places.is_empty()
    }

    /// The number of the next change, from which on a watcher reads.
    pub(super) fn next_change(&self) -> u64 {
        self.next
    }

    /// What changed from a number on; each person once, as they are now.
    pub(super) fn changes_from(&self, from: u64) -> Changes {
        let behind = self.next.saturating_sub(from);
        let held = u64::try_from(self.ring.len()).unwrap_or(u64::MAX);
        let count = usize::try_from(behind.min(held)).unwrap_or(usize::MAX);
        let mut people: Vec<PersonSeen> = Vec::new();
        for person in self.ring.iter().rev().take(count) {
            if !people.iter().any(|newer| newer.user == person.user) {
                people.push(person.clone());
            }
        }
        let missed = behind > held || people.len() > PEOPLE_PAGE;
        people.truncate(PEOPLE_PAGE);
        Changes { people, missed }
    }

    fn tell(&mut self, account: AccountId) {
        if let Some(here) = self.people.get(&account) {
            let seen = self.seen(&here.row);
            self.put(seen);
        }
    }

    fn put(&mut self, person: PersonSeen) {
        if self.ring.len() >= RING {
            self.ring.pop_front();
        }
        self.ring.push_back(person);
        self.next = self.next.saturating_add(1);
    }
}

impl Desk {
    /// Puts down that somebody wants to reach the person. The same wish twice is one.
    fn put(&self, by: &PersonSeen) {
        let mut wanted_by = self.wanted_by();
        wanted_by.retain(|other| other.user != by.user);
        if wanted_by.len() < PEOPLE_PAGE {
            wanted_by.push(by.clone());
        }
        drop(wanted_by);
        self.bell.notify_one();
    }

    /// All wishes, which are put down no more.
    pub(super) fn take(&self) -> Vec<PersonSeen> {
        std::mem::take(&mut self.wanted_by())
    }

    fn wanted_by(&self) -> MutexGuard<'_, Vec<PersonSeen>> {
        self.wanted_by.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Changes that are kept. More than that, and who has not read them asks for all people again.
const RING: usize = 256;
