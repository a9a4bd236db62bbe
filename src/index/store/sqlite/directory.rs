//! The key directory: what is appended to it, by the rules of
//! [`Chain`](crate::model::directory::Chain), and how it is read.

use super::error::{Error, Result};
use super::sql::{Columns, Sql, count, seconds, unfit};
use crate::codec::closed;
use crate::crypto::{
    Fingerprint, SealingCertificate, SealingKeyId, Signed, UnixTime, VerifyingKey,
};
use crate::index::store::{ChainRead, Refusal, Shown};
use crate::model::UserName;
use crate::model::directory::{DirectoryEntry, DirectoryEvent, Documents, Head};
use crate::model::limits::DIRECTORY_ENTRIES;
use rusqlite::types::Type;
use rusqlite::{Row, params};

pub(super) const HEAD: &str = "SELECT number, head FROM directory ORDER BY number DESC LIMIT 1";
pub(super) const OWNER: &str =
    "SELECT name FROM directory WHERE identity = $1 ORDER BY number DESC LIMIT 1";
pub(super) const LAST_IDENTITY: &str =
    "SELECT identity FROM directory WHERE name = $1 ORDER BY number DESC LIMIT 1";
pub(super) const LAST_KEYS: &str = "SELECT epoch, sealing, certificate FROM directory WHERE identity = $1 ORDER BY number DESC LIMIT 1";
pub(super) const LATELY: &str =
    "SELECT count(*) FROM directory WHERE name = $1 AND time > $2 AND time <= $3";
const APPEND: &str = "INSERT INTO directory (number, name, identity, time, epoch, sealing, key,
    certificate, rotation, entry, head) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
pub(super) const LAST: &str =
    "SELECT number, key, certificate, rotation, epoch, sealing FROM directory
    WHERE name = $1 ORDER BY number DESC LIMIT 1";
pub(super) const NUMBERED: &str = "SELECT number, key, certificate, rotation FROM directory
    WHERE name = $1 AND number = $2";
pub(super) const ENTRIES: &str =
    "SELECT entry FROM directory WHERE number >= $1 ORDER BY number LIMIT $2";

pub(super) const ENTRIES_OF: &str =
    "SELECT entry FROM directory WHERE name = $1 AND number >= $2 ORDER BY number LIMIT $3";

/// What an entry is about, before it has its place in the chain.
struct Told {
    documents: Documents,
    epoch: u32,
    sealing: SealingKeyId,
}

/// How the directory ends.
pub(super) fn head(db: &impl Sql) -> Result<Head> {
    let last = db.one(HEAD, params![], |row| {
        Ok(Head { length: row.count(0)?.saturating_add(1), hash: row.get(1)? })
    });
    Ok(last?.unwrap_or(Head::EMPTY))
}

/// The name that an identity has or had.
pub(super) fn owner(db: &impl Sql, identity: &Fingerprint) -> Result<Option<UserName>> {
    db.one(OWNER, params![identity.as_bytes()], |row| row.user(0))
}

/// The identity of a name's last entry.
pub(super) fn last_identity(db: &impl Sql, user: &UserName) -> Result<Option<Fingerprint>> {
    db.one(LAST_IDENTITY, params![user.as_str()], |row| row.identity(0))
}

/// How keys that are shown stand to the last that are known of their identity.
#[derive(PartialEq, Eq)]
enum Standing {
    /// They are those.
    Known,
    /// They are those, but the certificate that is known has expired, and the one that is shown holds.
    Renewed,
    New,
}

/// Older keys than are known are refused.
fn standing(db: &impl Sql, shown: &Shown, now: UnixTime) -> Result<Standing> {
    let known = db.one(LAST_KEYS, params![shown.identity().as_bytes()], |row| {
        let keys = (row.get::<_, u32>(0)?, row.get(1).map(SealingKeyId::from_bytes)?);
        Ok((keys, row.get::<_, Vec<u8>>(2)?))
    })?;
    match known {
        Some((keys, certificate)) if keys == (shown.epoch(), shown.sealing()) => {
            let is_over = || until(&certificate).is_some_and(|until| until <= now);
            Ok(if shown.holds() && is_over() { Standing::Renewed } else { Standing::Known })
        }
        Some(((epoch, _), _)) if epoch >= shown.epoch() => Err(Refusal::Certificate.into()),
        _ => Ok(Standing::New),
    }
}

/// Until when a certificate of ours holds.
fn until(certificate: &[u8]) -> Option<UnixTime> {
    let signed: Signed<SealingCertificate> = closed::decode(certificate).ok()?;
    Some(closed::decode::<SealingCertificate>(signed.body()).ok()?.not_after)
}

/// Whether nothing of these keys has to be written down.
pub(super) fn has(db: &impl Sql, shown: &Shown, now: UnixTime) -> Result<bool> {
    Ok(standing(db, shown, now)? == Standing::Known)
}

/// Appends what is new in the keys that a name's owner shows, and says so.
pub(super) fn show(
    db: &impl Sql,
    user: &UserName,
    shown: &Shown,
    now: UnixTime,
) -> Result<Option<DirectoryEvent>> {
    let event = DirectoryEvent::Sealing;
    let is_free = match standing(db, shown, now)? {
        Standing::Known => return Ok(None),
        Standing::Renewed => true,
        Standing::New => false,
    };
    let may = demand_patience(db, user, now).and_then(|()| demand_room(event, head(db)?.length));
    match may {
        // Whose keys are known is let in without.
        Err(Error::Refused(Refusal::TooMany)) if is_free => return Ok(None),
        may => may?,
    }
    append(db, event, user, new(shown)?, now)?;
    Ok(Some(event))
}

/// Appends that a name was joined or replaced, with keys that are not older than known ones.
pub(super) fn give(
    db: &impl Sql,
    event: DirectoryEvent,
    user: &UserName,
    shown: &Shown,
    now: UnixTime,
) -> Result<()> {
    standing(db, shown, now)?;
    append(db, event, user, new(shown)?, now)
}

/// Appends that a name moved to another identity.
pub(super) fn rotate(db: &impl Sql, user: &UserName, shown: &Shown, now: UnixTime) -> Result<()> {
    demand_patience(db, user, now)?;
    let documents = shown.documents().clone();
    append(db, DirectoryEvent::Rotated, user, Told { documents, ..new(shown)? }, now)
}

/// Appends that a name is free. The last keys stand there once more.
pub(super) fn close(db: &impl Sql, user: &UserName, now: UnixTime) -> Result<()> {
    let last = db.one(LAST, params![user.as_str()], |row| {
        let documents = Documents { rotation: None, ..documents_of(row)?.1 };
        let (epoch, sealing) = (row.get(4)?, SealingKeyId::from_bytes(row.get(5)?));
        Ok(Told { documents, epoch, sealing })
    });
    let missing = || Error::Unsound(format!("the key directory has nothing of {user}"));
    append(db, DirectoryEvent::Closed, user, last?.ok_or_else(missing)?, now)
}

/// The documents of a name's last entry, or of one of its entries.
pub(super) fn documents(
    db: &impl Sql,
    user: &UserName,
    number: Option<u64>,
) -> Result<Option<(u64, Documents)>> {
    match number.map(i64::try_from) {
        None => db.one(LAST, params![user.as_str()], documents_of),
        Some(Ok(number)) => db.one(NUMBERED, params![user.as_str(), number], documents_of),
        Some(Err(_)) => Ok(None),
    }
}

/// At most so many entries, from one on.
pub(super) fn read(db: &impl Sql, from: u64, most: usize) -> Result<ChainRead> {
    let from = i64::try_from(from).unwrap_or(i64::MAX);
    let entries = db.all(ENTRIES, params![from, count(most)], |row| row.get(0))?;
    Ok(ChainRead { entries, head: head(db)? })
}

/// At most so many entries of a name or of all, from one on.
pub(super) fn entries(
    db: &impl Sql,
    of: Option<&UserName>,
    from: u64,
    most: usize,
) -> Result<Vec<DirectoryEntry>> {
    let from = i64::try_from(from).unwrap_or(i64::MAX);
    let entry = |row: &Row<'_>| {
        closed::decode(row.get_ref(0)?.as_blob()?).map_err(|_| unfit(0, Type::Blob))
    };
    match of {
        None => db.all(ENTRIES, params![from, count(most)], entry),
        Some(user) => db.all(ENTRIES_OF, params![user.as_str(), from, count(most)], entry),
    }
}

/// A row of number, key, certificate, rotation.
pub(super) fn documents_of(row: &Row<'_>) -> rusqlite::Result<(u64, Documents)> {
    let bytes = |at| row.get_ref(at).and_then(|value| Ok(value.as_blob_or_null()?));
    let not_one = |at| move || unfit(at, Type::Blob);
    let key = bytes(1)?.and_then(|key| VerifyingKey::from_spki(key).ok());
    let certificate = bytes(2)?.and_then(|bytes| closed::decode(bytes).ok());
    let rotation = bytes(3)?.map(|bytes| closed::decode(bytes).map_err(|_| unfit(3, Type::Blob)));
    let documents = Documents {
        key: key.ok_or_else(not_one(1))?,
        certificate: certificate.ok_or_else(not_one(2))?,
        rotation: rotation.transpose()?,
    };
    Ok((row.count(0)?, documents))
}

/// Keys that the directory does not have: their certificate must hold today.
fn new(shown: &Shown) -> Result<Told> {
    if !shown.holds() {
        return Err(Refusal::Certificate.into());
    }
    let documents = Documents { rotation: None, ..shown.documents().clone() };
    Ok(Told { documents, epoch: shown.epoch(), sealing: shown.sealing() })
}

/// Refuses a name whose owner appends without end. Entries that lie ahead do not count: a clock that
/// was set back locks nobody out.
fn demand_patience(db: &impl Sql, user: &UserName, now: UnixTime) -> Result<()> {
    let since = UnixTime(now.0.saturating_sub(DAY));
    let lately = params![user.as_str(), seconds(since), seconds(now)];
    let lately = db.one(LATELY, lately, |row| row.count(0))?;
    if lately.is_some_and(|lately| lately >= MOST_A_DAY) {
        return Err(Refusal::TooMany.into());
    }
    Ok(())
}

/// Clients read no longer directory than this. The last places are for those who have a name.
pub(super) fn demand_room(event: DirectoryEvent, length: u64) -> Result<()> {
    let all = u64::try_from(DIRECTORY_ENTRIES).unwrap_or(u64::MAX);
    let most = match event {
        DirectoryEvent::Joined => all.saturating_sub(all / 10),
        DirectoryEvent::Sealing => all.saturating_sub(all / 20),
        DirectoryEvent::Rotated | DirectoryEvent::Replaced | DirectoryEvent::Closed => all,
    };
    if length < most { Ok(()) } else { Err(Refusal::TooMany.into()) }
}

fn append(
    db: &impl Sql,
    event: DirectoryEvent,
    user: &UserName,
    told: Told,
    now: UnixTime,
) -> Result<()> {
    let Head { length: number, hash: previous } = head(db)?;
    demand_room(event, number)?;
    let Told { documents, epoch, sealing } = told;
    let (identity, hash) = (documents.key.fingerprint(), documents.hash());
    let user = user.clone();
    let entry =
        DirectoryEntry { number, previous, time: now, event, user, identity, documents: hash };
    let row = params![
        i64::try_from(number).unwrap_or(i64::MAX),
        entry.user.as_str(),
        identity.as_bytes(),
        seconds(now),
        epoch,
        sealing.as_bytes(),
        documents.key.spki(),
        closed::encode(&documents.certificate),
        documents.rotation.as_ref().map(closed::encode),
        closed::encode(&entry),
        entry.head().hash,
    ];
    db.run(APPEND, row)?;
    Ok(())
}

const DAY: u64 = 24 * 3600;
const MOST_A_DAY: u64 = 16;
