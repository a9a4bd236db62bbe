//! What the index's owner sees and does, and what is forgotten.

use super::error::{Error, Result};
use super::sql::{Columns, Sql, count, seconds};
use super::{accounts, catalog, directory, invitations};
use crate::crypto::{Fingerprint, UnixTime};
use crate::index::store::{Figures, Refusal, SessionRow, UserRow};
use crate::model::{TokenHash, UserName};
use rusqlite::{Connection, params};

pub(super) const USERS: &str = "SELECT a.id, a.name, a.identity, a.contact, a.since, a.last_online,
        (SELECT count(*) FROM sessions s WHERE s.account = a.id AND s.used + s.lifetime > $1)
    FROM accounts a WHERE a.name > $2 ORDER BY a.name LIMIT $3";
const SESSIONS: &str = "SELECT a.name, s.number, s.identity, s.began, s.used, s.lifetime
    FROM sessions s JOIN accounts a ON a.id = s.account
    WHERE s.used + s.lifetime > $1
    ORDER BY s.used DESC, s.began DESC, s.token LIMIT $2";
const SESSIONS_OF: &str = "SELECT a.name, s.number, s.identity, s.began, s.used, s.lifetime
    FROM sessions s JOIN accounts a ON a.id = s.account
    WHERE a.name = $1 AND s.used + s.lifetime > $2
    ORDER BY s.used DESC, s.began DESC, s.token LIMIT $3";
const CLOSE: &str = "DELETE FROM accounts WHERE id = $1";
const FIGURES: &str = "SELECT (SELECT count(*) FROM accounts),
        (SELECT count(*) FROM sessions WHERE used + lifetime > $1),
        (SELECT count(*) FROM invitations WHERE expires > $1)";
/// Nobody knows an index in which nobody ever was and to which nobody is invited.
const CLAIM: &str = "INSERT INTO whose (one, identity) VALUES (1, $1)
    ON CONFLICT (one) DO UPDATE SET identity = excluded.identity
    WHERE identity <> excluded.identity AND NOT EXISTS (SELECT 1 FROM directory)
        AND NOT EXISTS (SELECT 1 FROM invitations WHERE expires > $2)";
const WHOSE: &str = "SELECT identity FROM whose";
const KNOWN: &str = "SELECT identity FROM whose WHERE EXISTS (SELECT 1 FROM directory)";
const BYTES: &str = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";

/// Times that lie ahead become now. How long an invitation holds stays what it was.
const BRING_BACK: [&str; 6] = [
    "UPDATE sessions SET used = $1 WHERE used > $1",
    "UPDATE sessions SET began = $1 WHERE began > $1",
    "UPDATE invitations SET expires = expires - (made - $1), made = $1 WHERE made > $1",
    "UPDATE requests SET done = $1 WHERE done > $1",
    "UPDATE accounts SET since = $1 WHERE since > $1",
    "UPDATE accounts SET last_online = $1 WHERE last_online > $1",
];
const FORGET_SESSIONS: &str = "DELETE FROM sessions WHERE used + lifetime <= $1";
const FORGET_INVITATIONS: &str = "DELETE FROM invitations WHERE expires <= $1";
const FORGET_REQUESTS: &str = "DELETE FROM requests WHERE done <= $1";

/// At most so many accounts, by name, after one.
pub(super) fn users(
    db: &impl Sql,
    after: Option<&UserName>,
    most: usize,
    now: UnixTime,
) -> Result<Vec<UserRow>> {
    let after = after.map_or("", UserName::as_str);
    db.all(USERS, params![seconds(now), after, count(most)], |row| {
        Ok(UserRow {
            account: row.account(0)?,
            user: row.user(1)?,
            identity: row.identity(2)?,
            contact: row.get(3)?,
            since: row.time(4)?,
            last_online: row.maybe_time(5)?,
            sessions: row.count(6)?,
        })
    })
}

/// At most so many sessions that are not over, the last used first.
pub(super) fn sessions(
    db: &impl Sql,
    user: Option<&UserName>,
    most: usize,
    now: UnixTime,
) -> Result<Vec<SessionRow>> {
    let (at, most) = (seconds(now), count(most));
    let session = |row: &rusqlite::Row<'_>| super::sessions::session(row, now);
    match user {
        None => db.all(SESSIONS, params![at, most], session),
        Some(user) => db.all(SESSIONS_OF, params![user.as_str(), at, most], session),
    }
}

/// Ends all sessions of an account.
pub(super) fn end_sessions(db: &impl Sql, user: &UserName) -> Result<Vec<TokenHash>> {
    let account = accounts::find(db, user)?.ok_or(Refusal::NotFound)?;
    super::sessions::end_all(db, account.id)
}

/// Closes an account. Nobody comes in by an invitation that named it, and what it shared is gone.
pub(super) fn close_account(
    db: &impl Sql,
    user: &UserName,
    now: UnixTime,
) -> Result<Vec<TokenHash>> {
    let account = accounts::find(db, user)?.ok_or(Refusal::NotFound)?;
    let ended = super::sessions::end_all(db, account.id)?;
    directory::close(db, user, now)?;
    invitations::forget(db, user)?;
    catalog::end_all(db, account.id)?;
    db.run(CLOSE, params![account.id.0])?;
    Ok(ended)
}

/// Whose index it is: of the first who says so, or of whoever says so while nobody knows it.
pub(super) fn claim(db: &impl Sql, identity: &Fingerprint, now: UnixTime) -> Result<Fingerprint> {
    db.run(CLAIM, params![identity.as_bytes(), seconds(now)])?;
    let whose = db.one(WHOSE, params![], |row| row.identity(0))?;
    whose.ok_or_else(|| Error::Unsound("the index has no identity".into()))
}

/// Whose index it is, if anybody was ever in it.
pub(super) fn whose(db: &impl Sql) -> Result<Option<Fingerprint>> {
    db.one(KNOWN, params![], |row| row.identity(0))
}

/// Counts.
pub(super) fn figures(db: &Connection, now: UnixTime) -> Result<Figures> {
    let counts = db.one(FIGURES, params![seconds(now)], |row| {
        Ok((row.count(0)?, row.count(1)?, row.count(2)?))
    })?;
    let (accounts, sessions, invitations) = counts.unwrap_or_default();
    let bytes = db.one(BYTES, params![], |row| row.count(0))?.unwrap_or_default();
    let directory = directory::head(db)?;
    let (shares, entries) = catalog::figures(db)?;
    Ok(Figures { accounts, sessions, invitations, shares, entries, directory, bytes })
}

/// Forgets what is over.
pub(super) fn sweep(db: &impl Sql, now: UnixTime) -> Result<()> {
    for sql in BRING_BACK {
        db.run(sql, params![seconds(now)])?;
    }
    db.run(FORGET_SESSIONS, params![seconds(now)])?;
    db.run(FORGET_INVITATIONS, params![seconds(now)])?;
    let yesterday = UnixTime(now.0.saturating_sub(24 * 3600));
    db.run(FORGET_REQUESTS, params![seconds(yesterday)])?;
    Ok(())
}
