//! Sessions: who asks, and how sessions begin and end.

use super::accounts::Standing;
use super::directory;
use super::error::Result;
use super::sql::{Columns, Sql, count, seconds};
use crate::crypto::{Fingerprint, UnixTime};
use crate::index::store::{
    AccountId, Asker, Granted, Member, NewSession, Refusal, SessionNumber, SessionRow, Shown,
};
use crate::model::limits::ACCOUNT_SESSIONS;
use crate::model::{TokenHash, UserName};
use rusqlite::{Row, params};

// A session is over when `used + lifetime` has come. A clock that was set back makes `used` lie
// ahead; it then counts as now, so the session holds, until `sweep` or its use writes that down.
pub(super) const MEMBER: &str = "SELECT a.id, a.name, s.number, s.lifetime, s.used
    FROM sessions s JOIN accounts a ON a.id = s.account
    WHERE s.token = $1 AND s.identity = $2 AND a.identity = s.identity
      AND s.used + s.lifetime > $3";
pub(super) const OF_ANOTHER: &str = "SELECT 1 FROM sessions WHERE token = $1 AND identity <> $2";
pub(super) const USED: &str = "UPDATE sessions SET used = $1 WHERE token = $2";
const BEGIN: &str = "INSERT INTO sessions
    (token, account, number, identity, began, used, lifetime) VALUES ($1, $2, $3, $4, $5, $5, $6)";
pub(super) const FORGET_OVER: &str =
    "DELETE FROM sessions WHERE account = $1 AND used + lifetime <= $2";
const END_UNUSED: &str = "DELETE FROM sessions WHERE token IN (
        SELECT token FROM sessions WHERE account = $1
        ORDER BY CASE WHEN used > $2 THEN $2 ELSE used END DESC, began DESC, token
        LIMIT 1000000 OFFSET $3)
    RETURNING token";
pub(super) const END_ALL: &str = "DELETE FROM sessions WHERE account = $1 RETURNING token";
pub(super) const END_OTHER: &str =
    "DELETE FROM sessions WHERE account = $1 AND number = $2 RETURNING token";
const OF_ACCOUNT: &str = "SELECT a.name, s.number, s.identity, s.began, s.used, s.lifetime
    FROM sessions s JOIN accounts a ON a.id = s.account
    WHERE s.account = $1 AND s.used + s.lifetime > $2
    ORDER BY s.used DESC, s.began DESC, s.token";

/// Whose session it is, and when it was used according to what is written.
pub(super) fn member(db: &impl Sql, asker: &Asker, now: UnixTime) -> Result<(Member, UnixTime)> {
    let asked = params![asker.session.as_bytes(), asker.identity.as_bytes(), seconds(now)];
    let found = db.one(MEMBER, asked, |row| {
        let (account, user, session) = (row.account(0)?, row.user(1)?, row.session(2)?);
        Ok((Member { account, user, session, lifetime: row.get(3)? }, row.time(4)?))
    });
    match found? {
        Some(found) => Ok(found),
        None if is_of_another(db, asker)? => Err(Refusal::OtherHands.into()),
        None => Err(Refusal::NoSession.into()),
    }
}

fn is_of_another(db: &impl Sql, asker: &Asker) -> Result<bool> {
    let asked = params![asker.session.as_bytes(), asker.identity.as_bytes()];
    Ok(db.one(OF_ANOTHER, asked, |_| Ok(()))?.is_some())
}

/// Whether the written time of a session's use is good enough. One that lies ahead is not.
pub(super) fn is_fresh(used: UnixTime, now: UnixTime, lifetime: u32) -> bool {
    used.0.abs_diff(now.0) < WRITTEN_EVERY.min(u64::from(lifetime / 4))
}

/// Writes down that a session was used now, unless that is known well enough.
pub(super) fn renew(db: &impl Sql, asker: &Asker, now: UnixTime) -> Result<Member> {
    let (member, used) = member(db, asker, now)?;
    if !is_fresh(used, now, member.lifetime) {
        db.run(USED, params![seconds(now), asker.session.as_bytes()])?;
    }
    Ok(member)
}

/// Whether a session goes on with keys that are known already.
pub(super) fn goes_on(db: &impl Sql, asker: &Asker, shown: &Shown, now: UnixTime) -> Result<bool> {
    member(db, asker, now)?;
    if shown.identity() != asker.identity {
        return Err(Refusal::OtherIdentity.into());
    }
    directory::has(db, shown, now)
}

/// Goes on with a session. Keys that are not known yet go into the directory.
pub(super) fn resume(db: &impl Sql, asker: &Asker, shown: &Shown, now: UnixTime) -> Result<Member> {
    goes_on(db, asker, shown, now)?;
    let member = renew(db, asker, now)?;
    directory::show(db, &member.user, shown, now)?;
    Ok(member)
}

/// Begins a session. Those that were not used for longest end when there are too many.
pub(super) fn begin(
    db: &impl Sql,
    account: &Standing,
    session: NewSession,
    now: UnixTime,
) -> Result<Granted> {
    let Standing { id, user, identity, .. } = account;
    db.run(FORGET_OVER, params![id.0, seconds(now)])?;
    let others = count(ACCOUNT_SESSIONS.saturating_sub(1));
    let ended = db.all(END_UNUSED, params![id.0, seconds(now), others], |row| row.token(0))?;
    let NewSession { token, number, lifetime } = session;
    let (token, identity) = (token.as_bytes(), identity.as_bytes());
    db.run(BEGIN, params![token, id.0, number.0, identity, seconds(now), lifetime])?;
    let member = Member { account: *id, user: user.clone(), session: number, lifetime };
    Ok(Granted { member, ended, event: None })
}

/// Ends all sessions of an account.
pub(super) fn end_all(db: &impl Sql, account: AccountId) -> Result<Vec<TokenHash>> {
    db.all(END_ALL, params![account.0], |row| row.token(0))
}

/// Ends the asker's session, or another one of the same account.
pub(super) fn log_out(
    db: &impl Sql,
    asker: &Asker,
    which: Option<SessionNumber>,
    now: UnixTime,
) -> Result<TokenHash> {
    let (member, _) = member(db, asker, now)?;
    let which = which.unwrap_or(member.session);
    let ended = db.all(END_OTHER, params![member.account.0, which.0], |row| row.token(0))?;
    ended.into_iter().next().ok_or_else(|| Refusal::NotFound.into())
}

/// An account's sessions that are not over, the last used first.
pub(super) fn of_account(
    db: &impl Sql,
    account: AccountId,
    now: UnixTime,
) -> Result<Vec<SessionRow>> {
    db.all(OF_ACCOUNT, params![account.0, seconds(now)], |row| session(row, now))
}

/// A row of name, number, identity, began, used, lifetime.
pub(super) fn session(row: &Row<'_>, now: UnixTime) -> rusqlite::Result<SessionRow> {
    let (user, number): (UserName, _) = (row.user(0)?, row.session(1)?);
    let identity: Fingerprint = row.identity(2)?;
    let (began, used, lifetime) = (row.time(3)?.min(now), row.time(4)?.min(now), row.count(5)?);
    Ok(SessionRow { user, number, identity, began, used, expires: used.plus(lifetime) })
}

/// Seconds after which the time of a session's use is written down again, or sooner when it does not
/// last long.
const WRITTEN_EVERY: u64 = 300;
