//! Who may see what: the one place where that is decided.
//!
//! In every text of the catalog `s` is a share, `e` an entry of it, and `$2` the account that asks.

use super::super::error::Result;
use super::super::sql::{Columns, Sql, readable, unfit};
use crate::index::store::AccountId;
use crate::model::{Content, ContentId, Entry, EntryPath, Modified};
use rusqlite::types::Type;
use rusqlite::{Row, params};

/// Whether the asker may see a share.
macro_rules! may_see {
    () => {
        "s.gone = 0 AND (s.everyone = 1 OR s.owner = $2
            OR EXISTS (SELECT 1 FROM readers r WHERE r.account = $2 AND r.share = s.id))"
    };
}

/// Whether an entry is there: its generation has come; or it goes with one that has not.
macro_rules! is_there {
    () => {
        "(e.generation BETWEEN s.floor AND s.version OR -e.generation > s.version)"
    };
}

pub(super) use {is_there, may_see};

pub(super) const CANDIDATE: &str = concat!(
    "SELECT e.share, s.owner, e.size, e.modified, e.content, e.name_words
    FROM entries e JOIN shares s ON s.id = e.share WHERE e.id = $1 AND ",
    may_see!(),
    " AND ",
    is_there!()
);
pub(super) const ENTRY: &str = concat!(
    "SELECT e.share, e.path, e.size, e.modified, e.executable, e.content
    FROM entries e JOIN shares s ON s.id = e.share WHERE e.id = $1 AND ",
    may_see!(),
    " AND ",
    is_there!()
);

pub(super) const OWNER: &str =
    "SELECT s.owner FROM entries e JOIN shares s ON s.id = e.share WHERE e.id = $1";

/// What decides whether an entry is a result, and which place it takes.
pub(super) struct Candidate {
    pub(super) id: i64,
    pub(super) owner: AccountId,
    pub(super) size: u64,
    pub(super) modified: u64,
    pub(super) content: Option<Content>,
    /// The words of its name.
    pub(super) name_words: String,
}

/// An entry of a share, whole.
pub(super) struct Seen {
    pub(super) share: i64,
    pub(super) entry: Entry,
}

/// An entry as a candidate, if the asker may see it.
pub(super) fn candidate(db: &impl Sql, id: i64, asker: AccountId) -> Result<Option<Candidate>> {
    let found = db.one(CANDIDATE, params![id, asker.0], |row| {
        let size = row.count(2)?;
        let Some(content) = readable(content(row, 4, size))? else { return Ok(None) };
        Ok(Some(Candidate {
            id,
            owner: row.account(1)?,
            size,
            modified: row.count(3)?,
            content,
            name_words: row.get(5)?,
        }))
    })?;
    Ok(found.flatten())
}

/// Whose a row is, also one that the asker may not see: nothing of this leaves the catalog.
pub(super) fn owner(db: &impl Sql, id: i64) -> Result<Option<AccountId>> {
    db.one(OWNER, params![id], |row| row.account(0))
}

/// An entry, if the asker may see it and it can be read.
pub(super) fn entry(db: &impl Sql, id: i64, asker: AccountId) -> Result<Option<Seen>> {
    let found = db.one(ENTRY, params![id, asker.0], |row| {
        let share = row.get(0)?;
        Ok(readable(read(row, 1))?.map(|entry| Seen { share, entry }))
    })?;
    Ok(found.flatten())
}

/// The columns path, size, modified, executable, content.
pub(super) fn read(row: &Row<'_>, at: usize) -> rusqlite::Result<Entry> {
    let column = |number: usize| at.saturating_add(number);
    let path = EntryPath::parse(row.get_ref(at)?.as_str()?);
    let path = path.map_err(|_| unfit(at, Type::Text))?;
    let modified = Modified::from_nanos(row.count(column(2))?);
    let entry = Entry::new(path, row.count(column(1))?, modified);
    let entry = entry.map_err(|_| unfit(column(1), Type::Integer))?;
    let content: Option<[u8; 32]> = row.get(column(4))?;
    Ok(entry.executable(row.get(column(3))?).with_content(content.map(ContentId::from_bytes)))
}

fn content(row: &Row<'_>, at: usize, size: u64) -> rusqlite::Result<Option<Content>> {
    let id: Option<[u8; 32]> = row.get(at)?;
    let content = id.map(|id| Content::new(ContentId::from_bytes(id), size));
    content.transpose().map_err(|_| unfit(at, Type::Blob))
}
