//! Shares: what their owners say of them, and who may see them.

use super::super::error::Result;
use super::super::sql::{Columns, Sql, readable, unfit};
use super::super::{accounts, requests, sessions};
use super::tidy::begin_anew;
use crate::crypto::UnixTime;
use crate::index::store::{AccountId, Asker, OwnShareRow, Refusal, RequestKey};
use crate::model::limits::PERSON_SHARES;
use crate::model::{Audience, Keyword, Keywords, Name, Share, ShareId, SyncId};
use rusqlite::types::Type;
use rusqlite::{Row, params};
use std::ops::ControlFlow;

pub(super) const FORGET_READER: &str = "DELETE FROM readers WHERE account = $1";
pub(super) const FIND: &str = "SELECT id, name, keywords, everyone, wording, state,
        version, floor, entries, held, stage, sync, next, anew, coming, abandoned
    FROM shares WHERE owner = $1 AND public = $2 AND gone = 0";
pub(super) const NAMED: &str = "SELECT id FROM shares WHERE owner = $1 AND name = $2 AND gone = 0";
pub(super) const COUNT: &str = "SELECT count(*) FROM shares WHERE owner = $1 AND gone = 0";
const ADD: &str = "INSERT INTO shares (owner, public, name, keywords, about, everyone)
    VALUES ($1, $2, $3, $4, $5, $6)";
pub(super) const CHANGE: &str =
    "UPDATE shares SET name = $1, keywords = $2, about = $3, everyone = $4
    WHERE id = $5";
const REWORD: &str = concat!(
    "UPDATE shares SET wording = wording + 1, was_named = $1, ",
    begin_anew!(),
    " WHERE id = $2 AND held > 0"
);
pub(super) const FORGET_READERS: &str = "DELETE FROM readers WHERE share = $1";
pub(super) const ADD_READER: &str = "INSERT INTO readers (account, share) VALUES ($1, $2)";
const WAS_NAMED: &str = "SELECT was_named FROM shares WHERE id = $1";
pub(super) const END: &str =
    concat!("UPDATE shares SET gone = 1, sync = NULL, ", begin_anew!(), " WHERE id = $1");
pub(super) const END_ALL: &str = concat!(
    "UPDATE shares SET gone = 1, sync = NULL, ",
    begin_anew!(),
    " WHERE owner = $1 AND gone = 0"
);
pub(super) const OWN: &str = "SELECT public, name, about, state, entries, sync, next FROM shares
    WHERE owner = $1 AND public > $2 AND gone = 0 ORDER BY public";

/// A share as it stands, for whoever changes it.
pub(super) struct Standing {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) keywords: String,
    pub(super) everyone: bool,
    pub(super) wording: i64,
    pub(super) state: Option<[u8; 16]>,
    pub(super) version: i64,
    pub(super) floor: i64,
    pub(super) entries: i64,
    pub(super) held: i64,
    pub(super) stage: i64,
    pub(super) sync: Option<[u8; 16]>,
    pub(super) next: i64,
    pub(super) anew: bool,
    pub(super) coming: i64,
    pub(super) abandoned: i64,
}

/// A share of an owner that is not gone.
pub(super) fn find(db: &impl Sql, owner: AccountId, id: &ShareId) -> Result<Option<Standing>> {
    db.one(FIND, params![owner.0, id.as_bytes()], |row| {
        Ok(Standing {
            id: row.get(0)?,
            name: row.get(1)?,
            keywords: row.get(2)?,
            everyone: row.get(3)?,
            wording: row.get(4)?,
            state: row.get(5)?,
            version: row.get(6)?,
            floor: row.get(7)?,
            entries: row.get(8)?,
            held: row.get(9)?,
            stage: row.get(10)?,
            sync: row.get(11)?,
            next: row.get(12)?,
            anew: row.get(13)?,
            coming: row.get(14)?,
            abandoned: row.get(15)?,
        })
    })
}

/// Makes a share, or changes what is said of it.
pub(in super::super) fn set_share(
    db: &impl Sql,
    asker: &Asker,
    request: &RequestKey,
    share: &Share,
    now: UnixTime,
) -> Result<()> {
    let owner = sessions::member(db, asker, now)?.0.account;
    if request.identity != asker.identity {
        return Err(Refusal::NoSession.into());
    }
    if requests::was_done(db, request)? {
        return Ok(());
    }
    let readers = readers(db, &share.audience)?;
    let standing = find(db, owner, &share.id)?;
    let named = params![owner.0, share.name.as_str()];
    let namesake: Option<i64> = db.one(NAMED, named, |row| row.get(0))?;
    if namesake.is_some_and(|id| standing.as_ref().is_none_or(|standing| standing.id != id)) {
        return Err(Refusal::NameTaken.into());
    }
    match standing {
        None => add(db, owner, request, share)?,
        Some(standing) => change(db, &standing, request, share)?,
    }
    let id = find(db, owner, &share.id)?.ok_or(Refusal::NotFound)?.id;
    db.run(FORGET_READERS, params![id])?;
    for account in readers {
        db.run(ADD_READER, params![account.0, id])?;
    }
    requests::remember(db, request, now)
}

/// Ends a share, if it is there.
pub(in super::super) fn end_share(
    db: &impl Sql,
    asker: &Asker,
    share: &ShareId,
    now: UnixTime,
) -> Result<()> {
    let owner = sessions::member(db, asker, now)?.0.account;
    if let Some(standing) = find(db, owner, share)? {
        db.run(END, params![standing.id])?;
    }
    Ok(())
}

/// Takes somebody out of all audiences.
pub(in super::super) fn forget_reader(db: &impl Sql, account: AccountId) -> Result<()> {
    db.run(FORGET_READER, params![account.0]).map(|_| ())
}

/// Ends all shares of somebody.
pub(in super::super) fn end_all(db: &impl Sql, owner: AccountId) -> Result<()> {
    db.run(END_ALL, params![owner.0]).map(|_| ())
}

/// At most so many of the asker's shares, by id, after one.
pub(in super::super) fn own_shares(
    db: &impl Sql,
    asker: &Asker,
    after: Option<&ShareId>,
    most: usize,
    now: UnixTime,
) -> Result<Vec<OwnShareRow>> {
    let owner = sessions::member(db, asker, now)?.0.account;
    let after: &[u8] = after.map_or(&[], |id| id.as_bytes());
    let mut shares = Vec::new();
    db.each(OWN, params![owner.0, after], |row| {
        if shares.len() >= most {
            return Ok(ControlFlow::Break(()));
        }
        shares.extend(readable(own_share(row))?);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(shares)
}

fn own_share(row: &Row<'_>) -> rusqlite::Result<OwnShareRow> {
    let sync: Option<[u8; 16]> = row.get(5)?;
    let next = u32::try_from(row.count(6)?).unwrap_or(u32::MAX);
    Ok(OwnShareRow {
        id: ShareId::from_bytes(row.get(0)?),
        name: name(row, 1)?,
        about: row.get(2)?,
        state: row.get::<_, Option<[u8; 16]>>(3)?.map(SyncId::from_bytes),
        entries: row.count(4)?,
        under_way: sync.map(|sync| (SyncId::from_bytes(sync), next)),
    })
}

/// Whom an audience names. They are bound by their accounts: who has the name later is not meant.
fn readers(db: &impl Sql, audience: &Audience) -> Result<Vec<AccountId>> {
    let account = |name| Ok(accounts::find(db, name)?.ok_or(Refusal::NotFound)?.id);
    audience.named().map(account).collect()
}

fn add(db: &impl Sql, owner: AccountId, request: &RequestKey, share: &Share) -> Result<()> {
    let own = db.one(COUNT, params![owner.0], |row| row.count(0))?.unwrap_or_default();
    if usize::try_from(own).is_ok_and(|own| own >= PERSON_SHARES) {
        return Err(Refusal::Quota.into());
    }
    let Share { id, name, keywords, audience } = share;
    let everyone = *audience == Audience::Everyone;
    let (id, name, keywords) = (id.as_bytes(), name.as_str(), stored(keywords));
    db.run(ADD, params![owner.0, id, name, keywords, request.asked, everyone])?;
    Ok(())
}

fn change(db: &impl Sql, standing: &Standing, request: &RequestKey, share: &Share) -> Result<()> {
    let (name, keywords) = (share.name.as_str(), stored(&share.keywords));
    let everyone = share.audience == Audience::Everyone;
    let says_the_same = standing.name == name && standing.keywords == keywords;
    if !says_the_same || everyone != standing.everyone {
        // Some of its entries may have that scope since an earlier change.
        let was_named = db.one(WAS_NAMED, params![standing.id], |row| row.get::<_, bool>(0))?;
        let was_named = was_named.unwrap_or_default() || !standing.everyone;
        db.run(REWORD, params![was_named && everyone, standing.id])?;
    }
    db.run(CHANGE, params![name, keywords, request.asked, everyone, standing.id])?;
    Ok(())
}

/// Keywords as one text. None holds the end of a line.
fn stored(keywords: &Keywords) -> String {
    keywords.iter().map(Keyword::as_str).collect::<Vec<_>>().join("\n")
}

/// Keywords from one text: those of them that can be read.
pub(super) fn readable_keywords(row: &Row<'_>, at: usize) -> rusqlite::Result<Keywords> {
    let keywords = row.get_ref(at)?.as_str()?.lines().filter_map(|line| line.parse().ok());
    Keywords::new(keywords).map_err(|_| unfit(at, Type::Text))
}

/// Whether all keywords of one text can be read.
pub(super) fn are_keywords(text: &str) -> bool {
    let keywords = text.lines().map(str::parse).collect::<std::result::Result<Vec<_>, _>>();
    keywords.is_ok_and(|keywords| Keywords::new(keywords).is_ok())
}

/// A column that is a name.
pub(super) fn name(row: &Row<'_>, at: usize) -> rusqlite::Result<Name> {
    Name::new(row.get_ref(at)?.as_str()?).map_err(|_| unfit(at, Type::Text))
}
