//! What somebody publishes, in order.

use super::super::error::Result;
use super::super::sql::{Sql, count};
use super::super::{people, sessions};
use super::seen::{is_there, may_see, read};
use super::shelf::share;
use crate::crypto::UnixTime;
use crate::index::store::{AccountId, Asker, EntryRow, ListingPage, ShareRow};
use crate::model::{EntryPath, Name, UserName};
use rusqlite::params;

pub(super) const SHARES: &str = concat!(
    "SELECT s.owner, s.public, s.name, s.keywords, s.id FROM shares s
    WHERE s.owner = $1 AND ",
    may_see!(),
    " AND s.name >= $3 ORDER BY s.name"
);
pub(super) const ENTRIES: &str = concat!(
    "SELECT e.path, e.size, e.modified, e.executable, e.content
    FROM shares s JOIN entries e ON e.share = s.id WHERE s.id = $1 AND ",
    may_see!(),
    " AND ",
    is_there!(),
    " AND e.path > $3 ORDER BY e.path LIMIT $4"
);

/// A page of entries, by the names of their shares and then by their paths.
pub(in super::super) fn browse(
    db: &impl Sql,
    asker: &Asker,
    (owner, share): (&UserName, Option<&Name>),
    after: Option<&(Name, EntryPath)>,
    most: usize,
    now: UnixTime,
) -> Result<Option<ListingPage>> {
    let asker = sessions::member(db, asker, now)?.0.account;
    let Some(person) = people::one(db, owner)? else { return Ok(None) };
    let begin = share.or(after.map(|(name, _)| name)).map_or("", Name::as_str);
    let mut shares = shares(db, asker, person.account, begin)?;
    if let Some(name) = share {
        shares.retain(|(row, _)| row.name == *name);
        if shares.is_empty() {
            return Ok(None);
        }
    }
    let mut page = ListingPage { person, shares: Vec::new(), entries: Vec::new(), more: false };
    for (row, id) in shares {
        let after = after.filter(|(name, _)| *name == row.name);
        let after = after.map_or("", |(_, path)| path.as_str());
        let left = most.saturating_sub(page.entries.len());
        let asked = params![id, asker.0, after, count(left.saturating_add(1))];
        let mut entries = db.all(ENTRIES, asked, |row| read(row, 0))?;
        page.more = entries.len() > left;
        entries.truncate(left);
        let share = page.shares.len();
        if !entries.is_empty() {
            page.shares.push(row);
        }
        page.entries.extend(entries.into_iter().map(|entry| EntryRow { share, entry }));
        if page.more {
            break;
        }
    }
    Ok(Some(page))
}

/// Shares of somebody that the asker may see, by name, from one on.
fn shares(
    db: &impl Sql,
    asker: AccountId,
    owner: AccountId,
    from: &str,
) -> Result<Vec<(ShareRow, i64)>> {
    db.all(SHARES, params![owner.0, asker.0, from], |row| Ok((share(row)?, row.get(4)?)))
}
