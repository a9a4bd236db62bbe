//! The people and shares to which the entries of an answer belong, each once.

use super::super::error::{Error, Result};
use super::super::people;
use super::super::sql::{Columns, Sql, readable};
use super::seen::Seen;
use super::shares::{name, readable_keywords};
use crate::index::store::{AccountId, EntryRow, ShareRow, Shelf};
use crate::model::ShareId;
use rusqlite::{Row, params};
use std::collections::HashMap;

pub(super) const SHARE: &str = "SELECT owner, public, name, keywords FROM shares WHERE id = $1";

/// A shelf that is being filled.
#[derive(Default)]
pub(super) struct Filling {
    shelf: Shelf,
    /// Where each share stands, if it can be read.
    places: HashMap<i64, Option<usize>>,
}

impl Filling {
    /// An entry that the asker may see, with its place on the shelf; none for one whose share cannot
    /// be read.
    pub(super) fn put(&mut self, db: &impl Sql, seen: Seen) -> Result<Option<EntryRow>> {
        let share = match self.places.get(&seen.share) {
            Some(place) => *place,
            None => self.share(db, seen.share)?,
        };
        Ok(share.map(|share| EntryRow { share, entry: seen.entry }))
    }

    pub(super) fn into_shelf(self) -> Shelf {
        self.shelf
    }

    fn share(&mut self, db: &impl Sql, id: i64) -> Result<Option<usize>> {
        let found = db.one(SHARE, params![id], |row| readable(share(row)))?;
        let found = found.ok_or_else(|| Error::Unsound("an entry without a share".into()))?;
        let place = found.is_some().then_some(self.shelf.shares.len());
        if let Some(share) = found {
            self.person(db, share.owner)?;
            self.shelf.shares.push(share);
        }
        self.places.insert(id, place);
        Ok(place)
    }

    fn person(&mut self, db: &impl Sql, owner: AccountId) -> Result<()> {
        if !self.shelf.people.iter().any(|person| person.account == owner) {
            let person = people::of_account(db, owner)?;
            let nobody = || Error::Unsound("a share without an owner".into());
            self.shelf.people.push(person.ok_or_else(nobody)?);
        }
        Ok(())
    }
}

/// A row of owner, public id, name, keywords. A keyword that cannot be read is left out.
pub(super) fn share(row: &Row<'_>) -> rusqlite::Result<ShareRow> {
    Ok(ShareRow {
        owner: row.account(0)?,
        id: ShareId::from_bytes(row.get(1)?),
        name: name(row, 2)?,
        keywords: readable_keywords(row, 3)?,
    })
}
