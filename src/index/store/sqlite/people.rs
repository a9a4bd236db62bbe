//! People, as every member sees them.

use super::error::Result;
use super::sql::{Columns, Sql, count, seconds};
use crate::crypto::UnixTime;
use crate::index::store::{AccountId, PersonRow};
use crate::model::UserName;
use rusqlite::{Row, params};

pub(super) const PAGE: &str = "SELECT id, name, identity, contact, last_online FROM accounts
    WHERE name > $1 ORDER BY name LIMIT $2";
pub(super) const ONE: &str =
    "SELECT id, name, identity, contact, last_online FROM accounts WHERE name = $1";
pub(super) const OF_ACCOUNT: &str =
    "SELECT id, name, identity, contact, last_online FROM accounts WHERE id = $1";
const WAS_ONLINE: &str = "UPDATE accounts SET last_online = $1 WHERE id = $2";

/// At most so many, by name, after one.
pub(super) fn page(db: &impl Sql, after: Option<&UserName>, most: usize) -> Result<Vec<PersonRow>> {
    db.all(PAGE, params![after.map_or("", UserName::as_str), count(most)], person)
}

/// One of them.
pub(super) fn one(db: &impl Sql, user: &UserName) -> Result<Option<PersonRow>> {
    db.one(ONE, params![user.as_str()], person)
}

/// The one of an account.
pub(super) fn of_account(db: &impl Sql, account: AccountId) -> Result<Option<PersonRow>> {
    db.one(OF_ACCOUNT, params![account.0], person)
}

/// Writes down when they were last online. Who has no account any more is passed over.
pub(super) fn were_online(db: &impl Sql, people: &[(AccountId, UnixTime)]) -> Result<()> {
    for (account, when) in people {
        db.run(WAS_ONLINE, params![seconds(*when), account.0])?;
    }
    Ok(())
}

fn person(row: &Row<'_>) -> rusqlite::Result<PersonRow> {
    Ok(PersonRow {
        account: row.account(0)?,
        user: row.user(1)?,
        identity: row.identity(2)?,
        contact: row.get(3)?,
        last_online: row.maybe_time(4)?,
    })
}
