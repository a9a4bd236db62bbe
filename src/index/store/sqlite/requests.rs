//! Changes that were done, by the number that their askers gave them.

use super::error::Result;
use super::sql::{Sql, seconds};
use crate::crypto::UnixTime;
use crate::index::store::{Refusal, RequestKey};
use rusqlite::params;

pub(super) const FIND: &str = "SELECT asked FROM requests WHERE identity = $1 AND number = $2";
const ADD: &str = "INSERT INTO requests (identity, number, asked, done) VALUES ($1, $2, $3, $4)";
const FORGET_OLDEST: &str = "DELETE FROM requests WHERE identity = $1 AND number IN (
    SELECT number FROM requests WHERE identity = $1 ORDER BY done DESC, number
    LIMIT 1000000 OFFSET $2)";

/// Whether a request was done. One that asked something else under its number is refused.
pub(super) fn was_done(db: &impl Sql, request: &RequestKey) -> Result<bool> {
    let key = params![request.identity.as_bytes(), request.number];
    match db.one(FIND, key, |row| row.get::<_, [u8; 32]>(0))? {
        None => Ok(false),
        Some(asked) if asked == request.asked => Ok(true),
        Some(_) => Err(Refusal::Reused.into()),
    }
}

/// Remembers that a request was done.
pub(super) fn remember(db: &impl Sql, request: &RequestKey, now: UnixTime) -> Result<()> {
    let RequestKey { identity, number, asked } = request;
    // Room first: this one is remembered, even when a clock that was set back makes it the oldest.
    db.run(FORGET_OLDEST, params![identity.as_bytes(), MOST - 1])?;
    db.run(ADD, params![identity.as_bytes(), number, asked, seconds(now)])?;
    Ok(())
}

/// So many of one identity are remembered: nobody repeats what lies further back.
const MOST: i64 = 1024;
