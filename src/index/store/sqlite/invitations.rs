//! Invitations: each lets one person in, once.

use super::error::{Error, Result};
use super::sql::{Columns, Sql, count, seconds};
use crate::crypto::UnixTime;
use crate::index::store::{Invite, InviteNumber, InviteRow, Refusal};
use crate::model::{TokenHash, UserName};
use rusqlite::params;

const ADD: &str = "INSERT INTO invitations (token, name, made, expires) VALUES ($1, $2, $3, $4)
    ON CONFLICT DO NOTHING";
pub(super) const USE: &str =
    "DELETE FROM invitations WHERE token = $1 AND expires > $2 RETURNING name";
const FIND: &str = "SELECT name FROM invitations WHERE token = $1 AND expires > $2";
const FORGET: &str = "DELETE FROM invitations WHERE name = $1";
const WITHDRAW: &str = "DELETE FROM invitations WHERE substr(token, 1, 6) = $1 RETURNING name";
const LIST: &str = "SELECT name, made, expires, substr(token, 1, 6) FROM invitations
    WHERE expires > $1 ORDER BY made DESC, token LIMIT $2";

/// Adds one. Its token must be new.
pub(super) fn add(db: &impl Sql, invite: &Invite) -> Result<()> {
    let name = invite.user.as_ref().map(UserName::as_str);
    let (made, expires) = (seconds(invite.made), seconds(invite.expires));
    match db.run(ADD, params![invite.token.as_bytes(), name, made, expires])? {
        0 => Err(Refusal::Reused.into()),
        _ => Ok(()),
    }
}

/// Whether one lets this name in.
pub(super) fn holds(
    db: &impl Sql,
    token: &TokenHash,
    user: &UserName,
    now: UnixTime,
) -> Result<bool> {
    let found = db.one(FIND, params![token.as_bytes(), seconds(now)], |row| row.maybe_user(0))?;
    Ok(found.is_some_and(|named| named.is_none_or(|named| named == *user)))
}

/// Forgets all for a name: whom they were for is in, and nobody else may take the account with one.
pub(super) fn forget(db: &impl Sql, user: &UserName) -> Result<()> {
    db.run(FORGET, params![user.as_str()]).map(|_| ())
}

/// Uses one up for a name. Gives whether it names that account, and so may replace it.
pub(super) fn take(
    db: &impl Sql,
    token: &TokenHash,
    user: &UserName,
    now: UnixTime,
) -> Result<bool> {
    let taken = db.all(USE, params![token.as_bytes(), seconds(now)], |row| row.maybe_user(0))?;
    match taken.into_iter().next() {
        Some(Some(named)) if named == *user => Ok(true),
        Some(None) => Ok(false),
        // What was taken comes back, since a job that is refused is undone.
        Some(Some(_)) | None => Err(Error::Refused(Refusal::Invitation)),
    }
}

/// Those that can be used, the newest first.
pub(super) fn list(db: &impl Sql, most: usize, now: UnixTime) -> Result<Vec<InviteRow>> {
    db.all(LIST, params![seconds(now), count(most)], |row| {
        let (made, expires) = (row.time(1)?, row.time(2)?);
        let (user, number) = (row.maybe_user(0)?, InviteNumber(row.get(3)?));
        Ok(InviteRow { number, user, made, expires })
    })
}

/// Takes one back. Gives for whom it was.
pub(super) fn withdraw(db: &impl Sql, number: &InviteNumber) -> Result<Option<UserName>> {
    let withdrawn = db.all(WITHDRAW, params![number.0], |row| row.maybe_user(0))?;
    Ok(withdrawn.into_iter().next().ok_or(Refusal::NotFound)?)
}
