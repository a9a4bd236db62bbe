//! Who is online, and the news of it. In memory only: after a restart people say again that they are
//! there. Pure: the time comes with each question.
//!
//! Changes are numbered, and of each person the last one is kept, for all watchers, each of whom
//! remembers how far it has read. So a change costs the same with one watcher and with ten thousand,
//! and who changes all the time pushes nobody else out.

use super::store::{AccountId, Online, PersonRow};
use crate::codec::{List, Text};
use crate::crypto::UnixTime;
use crate::model::UserName;
use crate::model::limits::{PEOPLE_PAGE, PERSON_ADDRESSES};
use crate::wire::index::{Named, PersonSeen, SeenAddress};
use std::collections::{BTreeMap, HashMap};
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
    /// The same people, for whoever asks the store about them.
    online: Online,
    changes: BTreeMap<u64, (AccountId, PersonSeen)>,
    last_change: HashMap<AccountId, u64>,
    /// Changes below this number may have been forgotten.
    forgotten: u64,
    /// The number of the next change.
    next: u64,
}

/// What it means that somebody is online in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Came {
    /// They were online nowhere before.
    First,
    /// They are now online here as well, or at another address.
    Also,
}

#[derive(Debug)]
struct Here {
    row: PersonRow,
    seated: Vec<Seated>,
}

/// A conversation in which somebody is online.
#[derive(Debug)]
struct Seated {
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

/// What became of the wish to reach somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reached {
    Told,
    /// Too many want to, and the person has not looked.
    Full,
    Offline,
}

/// What happened since a watcher looked last.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) people: Vec<PersonSeen>,
    /// Whether some were forgotten before they were read.
    pub(super) missed: bool,
    /// From which number on the rest is.
    pub(super) next: u64,
}

impl Changes {
    /// Whether there is anything to tell.
    pub(super) fn is_some(&self) -> bool {
        self.missed || !self.people.is_empty()
    }
}

impl Presence {
    /// Somebody is online in a conversation until then, at an address that others see.
    pub(super) fn come(
        &mut self,
        row: PersonRow,
        (seat, desk): (SeatId, &Arc<Desk>),
        at: Option<SeenAddress>,
        until: Instant,
    ) -> Came {
        let account = row.account;
        let here = self.people.entry(account).or_insert_with(|| Here { row, seated: Vec::new() });
        let came = if here.seated.is_empty() { Came::First } else { Came::Also };
        here.seated.retain(|seated| seated.seat != seat);
        here.seated.push(Seated { seat, at, until, desk: Arc::clone(desk) });
        if came == Came::First {
            Arc::make_mut(&mut self.online).insert(account);
        }
        self.tell(account);
        came
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
        let seated =
            here.and_then(|here| here.seated.iter_mut().find(|seated| seated.seat == seat));
        match seated {
            Some(seated) if seated.at == at => {
                seated.until = until;
                true
            }
            _ => false,
        }
    }

    /// The conversation is over. Gives the name of who is online nowhere now.
    pub(super) fn leave(
        &mut self,
        account: AccountId,
        seat: SeatId,
        time: UnixTime,
    ) -> Option<UserName> {
        self.remove(account, time, |seated| seated.seat == seat)
    }

    /// Lets go whoever did not say in time that they are still there.
    pub(super) fn expire(&mut self, now: Instant, time: UnixTime) -> Vec<(AccountId, UserName)> {
        let is_late = |here: &Here| here.seated.iter().any(|seated| seated.until <= now);
        let late = self.people.iter().filter(|(_, here)| is_late(here));
        let late: Vec<_> = late.map(|(account, _)| *account).collect();
        let gone = late.into_iter().filter_map(|account| {
            let user = self.remove(account, time, |seated| seated.until <= now)?;
            Some((account, user))
        });
        gone.collect()
    }

    fn remove(
        &mut self,
        account: AccountId,
        time: UnixTime,
        goes: impl Fn(&Seated) -> bool,
    ) -> Option<UserName> {
        let here = self.people.get_mut(&account)?;
        let before = here.seated.len();
        here.seated.retain(|seated| !goes(seated));
        if here.seated.len() == before {
            return None;
        }
        here.row.last_online = Some(time);
        let is_gone = here.seated.is_empty();
        self.tell(account);
        if is_gone {
            Arc::make_mut(&mut self.online).remove(&account);
        }
        is_gone.then(|| self.people.remove(&account)).flatten().map(|here| here.row.user)
    }

    /// How many people are online.
    pub(super) fn count(&self) -> usize {
        self.people.len()
    }

    /// Whether somebody is.
    pub(super) fn is_here(&self, account: AccountId) -> bool {
        self.people.contains_key(&account)
    }

    /// All who are online.
    pub(super) fn accounts(&self) -> Vec<AccountId> {
        self.people.keys().copied().collect()
    }

    /// The same, as it is now.
    pub(super) fn online(&self) -> Online {
        Arc::clone(&self.online)
    }

    /// A person as others see them now.
    pub(super) fn seen(&self, row: &PersonRow) -> PersonSeen {
        let seated = self.people.get(&row.account).map(|here| here.seated.as_slice());
        let seated = seated.unwrap_or_default();
        let mut addresses: Vec<_> = Vec::new();
        for at in seated.iter().rev().filter_map(|seated| seated.at) {
            if addresses.len() < PERSON_ADDRESSES && !addresses.contains(&at) {
                addresses.push(at);
            }
        }
        PersonSeen {
            user: Named(row.user.clone()),
            identity: row.identity,
            online: !seated.is_empty(),
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
        self.put(row.account, seen);
    }

    /// Something changed that no message tells: all watchers are told that they missed it.
    pub(super) fn changed_beyond_telling(&mut self) {
        self.next = self.next.saturating_add(1);
        self.forgotten = self.next;
        self.changes.clear();
        self.last_change.clear();
    }

    /// Puts down for a person, wherever they are online, that somebody wants to reach them.
    pub(super) fn reach(&self, wanted: AccountId, by: &PersonSeen) -> Reached {
        let here = self.people.get(&wanted);
        let seated = here.map(|here| here.seated.as_slice()).unwrap_or_default();
        let put = seated.iter().filter(|seated| seated.desk.put(by)).count();
        match (seated.is_empty(), put) {
            (true, _) => Reached::Offline,
            (false, 0) => Reached::Full,
            (false, _) => Reached::Told,
        }
    }

    /// The number of the next change, from which on a watcher reads.
    pub(super) fn next_change(&self) -> u64 {
        self.next
    }

    /// What changed from a number on, of as many people as one message holds; each once, as they
    /// were last.
    pub(super) fn changes_from(&self, from: u64) -> Changes {
        let first = self.changes.range(from..).take(PEOPLE_PAGE);
        let (numbers, people): (Vec<_>, Vec<_>) =
            first.map(|(number, (_, person))| (*number, person.clone())).unzip();
        let next = match numbers.last() {
            Some(last) if numbers.len() == PEOPLE_PAGE => last.saturating_add(1),
            _ => self.next,
        };
        Changes { people, missed: from < self.forgotten, next }
    }

    fn tell(&mut self, account: AccountId) {
        if let Some(here) = self.people.get(&account) {
            let seen = self.seen(&here.row);
            self.put(account, seen);
        }
    }

    fn put(&mut self, account: AccountId, person: PersonSeen) {
        if let Some(before) = self.last_change.insert(account, self.next) {
            self.changes.remove(&before);
        }
        self.changes.insert(self.next, (account, person));
        self.next = self.next.saturating_add(1);
        if self.changes.len() > KEPT
            && let Some((oldest, (account, _))) = self.changes.pop_first()
        {
            self.last_change.remove(&account);
            self.forgotten = oldest.saturating_add(1);
        }
    }
}

impl Desk {
    /// Puts down that somebody wants to reach the person, if there is room. The same wish twice is
    /// one.
    fn put(&self, by: &PersonSeen) -> bool {
        let mut wanted_by = self.wanted_by();
        wanted_by.retain(|other| other.user != by.user);
        let has_room = wanted_by.len() < PEOPLE_PAGE;
        if has_room {
            wanted_by.push(by.clone());
        }
        drop(wanted_by);
        self.bell.notify_one();
        has_room
    }

    /// All wishes, which are put down no more.
    pub(super) fn take(&self) -> Vec<PersonSeen> {
        std::mem::take(&mut self.wanted_by())
    }

    fn wanted_by(&self) -> MutexGuard<'_, Vec<PersonSeen>> {
        self.wanted_by.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// So many people's last changes are kept. When more change before somebody reads, they are told that
/// they missed some, and ask for all.
const KEPT: usize = 16 * 1024;

#[cfg(test)]
#[path = "../../test/unit/presence.rs"]
mod tests;
