//! Entries on their way into one frame: each person and each share is put into it once, and nothing
//! that would make it too long.

use super::store::{AccountId, EntryRow, ShareRow};
use crate::codec::List;
use crate::model::limits::FRAME_CATALOG;
use crate::wire::Room;
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
    room: Room,
}

impl<'a> Shelving<'a> {
    pub(super) fn new(owners: Owners, rows: &'a [ShareRow]) -> Self {
        let room = Room::new(FRAME_CATALOG, RESERVE);
        let (people, shares, places) = (Vec::new(), Vec::new(), HashMap::new());
        Self { owners, rows, people, shares, places, room }
    }

    /// An entry as the frame shows it, if it still fits.
    pub(super) fn entry(&mut self, row: &EntryRow) -> Option<EntrySeen> {
        if !self.room.take(EntrySeen::most_bytes(&row.entry)) {
            return None;
        }
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
        let person = if is_new { owner.most_bytes() } else { 0 };
        if !self.room.take(share.most_bytes().saturating_add(person)) {
            return None;
        }
        if is_new {
            self.people.push(owner.clone());
        }
        let place = u16::try_from(self.shares.len()).ok()?;
        self.shares.push(share);
        self.places.insert(at, place);
        Some(place)
    }
}

/// For what is in the frame besides.
const RESERVE: usize = 1024;

#[cfg(test)]
#[path = "../../test/unit/shelf.rs"]
mod tests;
