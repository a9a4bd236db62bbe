//! Entries on their way into one frame: each person and each share is put into it once, and nothing
//! that would make it too long.

use super::store::{AccountId, EntryRow, ShareRow};
use crate::codec::List;
use crate::model::limits::FRAME_CATALOG;
use crate::wire::index::{EntrySaid, EntrySeen, KeywordSaid, NameSaid, PersonSeen, ShareSeen};
use std::collections::HashMap;

/// The people whose entries they are, as they are seen now.
pub(super) type Owners = HashMap<AccountId, PersonSeen>;

/// What a frame holds so far.
pub(super) struct Shelving<'a> {
    owners: Owners,
    rows: &'a [ShareRow],
    people: Vec<PersonSeen>,
    shares: Vec<ShareSeen>,
    /// The place of each share that is there, by its row.
    places: HashMap<usize, u16>,
    room: usize,
}

impl<'a> Shelving<'a> {
    pub(super) fn new(owners: Owners, rows: &'a [ShareRow]) -> Self {
        let room = FRAME_CATALOG.saturating_sub(RESERVE);
        let (people, shares, places) = (Vec::new(), Vec::new(), HashMap::new());
        Self { owners, rows, people, shares, places, room }
    }

    /// An entry as the frame shows it, if it still fits.
    pub(super) fn entry(&mut self, row: &EntryRow) -> Option<EntrySeen> {
        self.take(EntrySaid::most_bytes(&row.entry).saturating_add(BESIDES_ENTRY))?;
        let share = match self.places.get(&row.share) {
            Some(place) => *place,
            None => self.share(row.share)?,
        };
        Some(EntrySeen { share, entry: EntrySaid::from(&row.entry) })
    }

    /// The people, by name, and the shares of all entries.
    pub(super) fn into_tables(mut self) -> (Vec<PersonSeen>, Vec<ShareSeen>) {
        self.people.sort_by(|one, other| one.user.0.cmp(&other.user.0));
        (self.people, self.shares)
    }

    fn share(&mut self, at: usize) -> Option<u16> {
        let row = self.rows.get(at)?;
        let owner = self.owners.get(&row.owner)?;
        let keywords: Vec<_> = row.keywords.iter().cloned().map(KeywordSaid).collect();
        let share = ShareSeen {
            user: owner.user.clone(),
            share: (*row.id.as_bytes()).into(),
            name: NameSaid(row.name.clone()),
            // No share has more than it may have.
            keywords: List::new(keywords).unwrap_or_default(),
        };
        let is_new = !self.people.iter().any(|person| person.user == owner.user);
        let person = is_new.then(|| owner.clone());
        self.take(share_bytes(&share))?;
        if let Some(person) = person {
            self.take(person_bytes(&person))?;
            self.people.push(person);
        }
        let place = u16::try_from(self.shares.len()).ok()?;
        self.shares.push(share);
        self.places.insert(at, place);
        Some(place)
    }

    fn take(&mut self, bytes: usize) -> Option<()> {
        self.room = self.room.checked_sub(bytes)?;
        Some(())
    }
}

/// No fewer bytes than it takes.
fn share_bytes(share: &ShareSeen) -> usize {
    let keywords = share.keywords.iter().map(|word| word.0.as_str().len().saturating_add(3));
    keywords.sum::<usize>().saturating_add(share.name.0.as_str().len()).saturating_add(80)
}

fn person_bytes(person: &PersonSeen) -> usize {
    let addresses = person.addresses.len().saturating_mul(32);
    let contact = person.contact.as_ref().map_or(0, |contact| contact.len());
    addresses.saturating_add(contact).saturating_add(120)
}

/// For what stands around an entry: its share, and what is said of the result that it belongs to.
const BESIDES_ENTRY: usize = 24;

/// For what is in the frame besides.
const RESERVE: usize = 1024;

#[cfg(test)]
#[path = "../../test/unit/shelf.rs"]
mod tests;
