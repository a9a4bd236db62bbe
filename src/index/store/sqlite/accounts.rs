//! Accounts: how they come to be, and what their owners change.

use super::error::Result;
use super::sql::{Columns, Sql, seconds};
use super::{catalog, directory, invitations, requests, sessions};
use crate::crypto::{Fingerprint, PasswordHash, UnixTime};
use crate::index::store::{
    Account, AccountId, Asker, Granted, Joining, LoggingIn, NewSession, OwnAccount, Refusal,
    RequestKey, Rotating,
};
use crate::model::directory::DirectoryEvent;
use crate::model::{TokenHash, UserName};
use rusqlite::{Row, params};

pub(super) const OF_NAME: &str =
    "SELECT id, name, identity, password FROM accounts WHERE name = $1";
pub(super) const OF_ID: &str = "SELECT id, name, identity, password FROM accounts WHERE id = $1";
pub(super) const OF_IDENTITY: &str =
    "SELECT id, name, identity, password FROM accounts WHERE identity = $1";
const ADD: &str = "INSERT INTO accounts (name, identity, password, contact, since)
    VALUES ($1, $2, $3, $4, $5)";
const SET_IDENTITY: &str = "UPDATE accounts SET identity = $1 WHERE id = $2";
const SET_PASSWORD: &str = "UPDATE accounts SET password = $1 WHERE id = $2";
const CHANGE_PASSWORD: &str = "UPDATE accounts SET password = $1 WHERE id = $2 AND password = $3";
const SET_CONTACT: &str = "UPDATE accounts SET contact = $1 WHERE id = $2";
const OWN: &str = "SELECT contact, since FROM accounts WHERE id = $1";

/// An account as it stands.
pub(super) struct Standing {
    pub(super) id: AccountId,
    pub(super) user: UserName,
    pub(super) identity: Fingerprint,
    pub(super) password: PasswordHash,
}

/// The account of a name.
pub(super) fn find(db: &impl Sql, user: &UserName) -> Result<Option<Standing>> {
    db.one(OF_NAME, params![user.as_str()], standing)
}

/// The same, for the check of a password.
pub(super) fn of_name(db: &impl Sql, user: &UserName) -> Result<Option<Account>> {
    let account = |Standing { id, identity, password, .. }| Account { id, password, identity };
    Ok(find(db, user)?.map(account))
}

/// Makes an account, or gives an old one away to whom the index's owner invited to it.
pub(super) fn join(db: &impl Sql, joining: &Joining, now: UnixTime) -> Result<Granted> {
    if requests::was_done(db, &joining.request)? {
        return again(db, &joining.request, joining.session, now);
    }
    let may_replace = match &joining.invitation {
        Some(token) => invitations::take(db, token, &joining.user, now)?,
        None if joining.is_open => false,
        None => return Err(Refusal::Invitation.into()),
    };
    let (ended, event) = match find(db, &joining.user)? {
        None => (Vec::new(), Some(make(db, joining, now)?)),
        Some(account) if may_replace => replace(db, &account, joining, now)?,
        Some(_) => return Err(Refusal::NameTaken.into()),
    };
    invitations::forget(db, &joining.user)?;
    requests::remember(db, &joining.request, now)?;
    let account = find(db, &joining.user)?.ok_or(Refusal::NotFound)?;
    let granted = sessions::begin(db, &account, joining.session, now)?;
    Ok(Granted { ended, event, ..granted })
}

/// Begins a session for somebody whose password was right.
pub(super) fn log_in(db: &impl Sql, login: &LoggingIn, now: UnixTime) -> Result<Granted> {
    let account = unchanged(db, login.account, &login.password)?;
    if account.identity != login.shown.identity() {
        return Err(Refusal::OtherIdentity.into());
    }
    if let Some(rehashed) = &login.rehashed {
        db.run(SET_PASSWORD, params![rehashed.as_str(), account.id.0])?;
    }
    let event = directory::show(db, &account.user, &login.shown, now)?;
    Ok(Granted { event, ..sessions::begin(db, &account, login.session, now)? })
}

/// Changes a password from one to another.
pub(super) fn change_password(
    db: &impl Sql,
    asker: &Asker,
    request: &RequestKey,
    (old, new): (&PasswordHash, &PasswordHash),
    session: NewSession,
    now: UnixTime,
) -> Result<Granted> {
    if request.identity != asker.identity {
        return Err(Refusal::NoSession.into());
    }
    // The session is over when this was done before, so this comes first.
    if requests::was_done(db, request)? {
        return again(db, request, session, now);
    }
    let (member, _) = sessions::member(db, asker, now)?;
    let changed = params![new.as_str(), member.account.0, old.as_str()];
    if db.run(CHANGE_PASSWORD, changed)? == 0 {
        return Err(Refusal::PasswordChanged.into());
    }
    requests::remember(db, request, now)?;
    anew(db, member.account, session, now)
}

/// Moves an account to another identity.
pub(super) fn rotate(db: &impl Sql, rotating: &Rotating, now: UnixTime) -> Result<Granted> {
    let Rotating { request, shown, session, old, .. } = rotating;
    if requests::was_done(db, request)? {
        return again(db, request, *session, now);
    }
    let account = unchanged(db, rotating.account, &rotating.password)?;
    if account.identity != *old || shown.before() != Some(*old) {
        return Err(Refusal::OtherIdentity.into());
    }
    if directory::owner(db, &shown.identity())?.is_some() {
        return Err(Refusal::KeyTaken.into());
    }
    directory::rotate(db, &account.user, shown, now)?;
    db.run(SET_IDENTITY, params![shown.identity().as_bytes(), account.id.0])?;
    requests::remember(db, request, now)?;
    let event = Some(DirectoryEvent::Rotated);
    Ok(Granted { event, ..anew(db, account.id, *session, now)? })
}

/// Changes the contact line.
pub(super) fn change_contact(
    db: &impl Sql,
    asker: &Asker,
    request: &RequestKey,
    contact: Option<String>,
    now: UnixTime,
) -> Result<()> {
    let (member, _) = sessions::member(db, asker, now)?;
    if request.identity != asker.identity {
        return Err(Refusal::NoSession.into());
    }
    if requests::was_done(db, request)? {
        return Ok(());
    }
    db.run(SET_CONTACT, params![contact, member.account.0])?;
    requests::remember(db, request, now)
}

/// The asker's own account.
pub(super) fn own(db: &impl Sql, asker: &Asker, now: UnixTime) -> Result<OwnAccount> {
    let (member, _) = sessions::member(db, asker, now)?;
    let found = db.one(OWN, params![member.account.0], |row| Ok((row.get(0)?, row.time(1)?)))?;
    let (contact, since) = found.ok_or(Refusal::NoSession)?;
    let sessions = sessions::of_account(db, member.account, now)?;
    Ok(OwnAccount { user: member.user, contact, since, sessions })
}

fn make(db: &impl Sql, joining: &Joining, now: UnixTime) -> Result<DirectoryEvent> {
    let Joining { user, password, contact, shown, .. } = joining;
    let (identity, event) = (shown.identity(), DirectoryEvent::Joined);
    // Who closed an account may come back, as who they were then and not as who they were before.
    let is_free = match directory::owner(db, &identity)? {
        Some(owner) => owner == *user && directory::last_identity(db, user)? == Some(identity),
        None => true,
    };
    if !is_free {
        return Err(Refusal::KeyTaken.into());
    }
    directory::give(db, event, user, shown, now)?;
    let (identity, password) = (identity.as_bytes(), password.as_str());
    db.run(ADD, params![user.as_str(), identity, password, contact, seconds(now)])?;
    Ok(event)
}

/// Gives an account another password, and another identity unless it is the same. The sessions end.
fn replace(
    db: &impl Sql,
    account: &Standing,
    joining: &Joining,
    now: UnixTime,
) -> Result<(Vec<TokenHash>, Option<DirectoryEvent>)> {
    let Joining { password, contact, shown, .. } = joining;
    let identity = shown.identity();
    let mut event = Some(DirectoryEvent::Replaced);
    if identity == account.identity {
        event = directory::show(db, &account.user, shown, now)?;
    } else if directory::owner(db, &identity)?.is_some() {
        return Err(Refusal::KeyTaken.into());
    } else {
        directory::give(db, DirectoryEvent::Replaced, &account.user, shown, now)?;
        db.run(SET_IDENTITY, params![identity.as_bytes(), account.id.0])?;
        // Who has the name now may be somebody else, who has none of those files, and for whom nothing
        // was meant.
        catalog::end_all(db, account.id)?;
        catalog::forget_reader(db, account.id)?;
    }
    db.run(SET_PASSWORD, params![password.as_str(), account.id.0])?;
    if contact.is_some() {
        db.run(SET_CONTACT, params![contact, account.id.0])?;
    }
    Ok((sessions::end_all(db, account.id)?, event))
}

/// All sessions of an account end, and one begins.
fn anew(db: &impl Sql, account: AccountId, session: NewSession, now: UnixTime) -> Result<Granted> {
    let ended = sessions::end_all(db, account)?;
    let account = db.one(OF_ID, params![account.0], standing)?.ok_or(Refusal::NotFound)?;
    Ok(Granted { ended, ..sessions::begin(db, &account, session, now)? })
}

/// What was done is not done again, by the identity that did it; but its answer was lost, and with it
/// a token. So another session begins, if the account still is that identity's.
fn again(
    db: &impl Sql,
    request: &RequestKey,
    session: NewSession,
    now: UnixTime,
) -> Result<Granted> {
    let account = db.one(OF_IDENTITY, params![request.identity.as_bytes()], standing)?;
    sessions::begin(db, &account.ok_or(Refusal::OtherIdentity)?, session, now)
}

/// The account, if it still has the password that was checked.
fn unchanged(db: &impl Sql, account: AccountId, password: &PasswordHash) -> Result<Standing> {
    let account = db.one(OF_ID, params![account.0], standing)?.ok_or(Refusal::NotFound)?;
    if account.password != *password {
        return Err(Refusal::PasswordChanged.into());
    }
    Ok(account)
}

fn standing(row: &Row<'_>) -> rusqlite::Result<Standing> {
    let (id, user, identity) = (row.account(0)?, row.user(1)?, row.identity(2)?);
    Ok(Standing { id, user, identity, password: row.password(3)? })
}
