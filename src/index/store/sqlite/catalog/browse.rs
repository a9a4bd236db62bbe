//! What somebody publishes, in order.

use super::super::error::Result;
use super::super::sql::{Sql, readable};
use super::super::{people, sessions};
use super::generations::alive;
use super::seen::{is_there, may_see, read};
use super::shelf::share;
use crate::crypto::UnixTime;
use crate::index::store::{AccountId, Asker, EntryRow, ListingPage, Section, ShareRow};
use crate::model::{Entry, EntryPath, Name, UserName};
use rusqlite::params;
use rusqlite::types::Value;
use std::ops::ControlFlow;

pub(super) const SHARES: &str = concat!(
    "SELECT s.owner, s.public, s.name, s.keywords, s.id, s.floor, s.version FROM shares s
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
    " AND e.generation = $3 AND e.path >= $4 AND e.path < $5 ORDER BY e.path"
);

/// A page of entries, by the names of their shares and then by their paths.
pub(in super::super) fn browse(
    db: &impl Sql,
    asker: &Asker,
    (owner, section): (&UserName, &Section),
    after: Option<&(Name, EntryPath)>,
    most: usize,
    now: UnixTime,
) -> Result<Option<ListingPage>> {
    let asker = sessions::member(db, asker, now)?.0.account;
    let Some(person) = people::one(db, owner)? else { return Ok(None) };
    let share = section.share.as_ref();
    let stretches = stretches(section.below.as_ref());
    let begin = share.or(after.map(|(name, _)| name)).map_or("", Name::as_str);
    let mut shares = shares(db, asker, person.account, begin)?;
    if let Some(name) = share {
        shares.retain(|listed| listed.row.name == *name);
        if shares.is_empty() {
            return Ok(None);
        }
    }
    let mut page = ListingPage { person, shares: Vec::new(), entries: Vec::new(), more: false };
    for listed in shares {
        let after = after.filter(|(name, _)| *name == listed.row.name);
        let after = after.map(|(_, path)| path.as_str());
        let left = most.saturating_sub(page.entries.len());
        let mut entries = listed.entries(db, asker, (&stretches, after), left.saturating_add(1))?;
        page.more = entries.len() > left;
        entries.truncate(left);
        let share = page.shares.len();
        if !entries.is_empty() {
            page.shares.push(listed.row);
        }
        page.entries.extend(entries.into_iter().map(|entry| EntryRow { share, entry }));
        if page.more {
            break;
        }
    }
    Ok(Some(page))
}

/// A share that the asker may see.
struct Listed {
    row: ShareRow,
    id: i64,
    floor: i64,
    version: i64,
}

/// Shares of somebody that the asker may see, by name, from one on.
fn shares(db: &impl Sql, asker: AccountId, owner: AccountId, from: &str) -> Result<Vec<Listed>> {
    let shares = db.all(SHARES, params![owner.0, asker.0, from], |row| {
        let (id, floor, version) = (row.get(4)?, row.get(5)?, row.get(6)?);
        Ok(readable(share(row))?.map(|row| Listed { row, id, floor, version }))
    })?;
    Ok(shares.into_iter().flatten().collect())
}

/// From which path on, and up to which.
type Stretch = (String, Value);

/// Where the paths lie that are asked for, in the order of their bytes: all, or the one path and what
/// begins with it and a `/`. No path holds a character before the space.
fn stretches(below: Option<&EntryPath>) -> Vec<Stretch> {
    let Some(path) = below.map(EntryPath::as_str) else {
        // Bytes come behind all texts.
        return vec![(String::new(), Value::Blob(Vec::new()))];
    };
    // What comes right behind `/` ends the folder.
    let (file, folder) = (format!("{path}\0"), format!("{path}0"));
    vec![(path.to_owned(), file.into()), (format!("{path}/"), folder.into())]
}

impl Listed {
    /// The first entries behind a path.
    fn entries(
        &self,
        db: &impl Sql,
        asker: AccountId,
        (stretches, after): (&[Stretch], Option<&str>),
        most: usize,
    ) -> Result<Vec<Entry>> {
        let mut entries = Vec::new();
        let behind = after.map(|path| format!("{path}\0")).unwrap_or_default();
        for generation in alive(db, self.id, self.floor, self.version)? {
            for (from, to) in stretches {
                let (from, mut left) = (from.max(&behind), most);
                db.each(ENTRIES, params![self.id, asker.0, generation, from, to], |row| {
                    if let Some(entry) = readable(read(row, 0))? {
                        entries.push(entry);
                        left = left.saturating_sub(1);
                    }
                    Ok(if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
                })?;
            }
        }
        entries.sort_by(|one: &Entry, other| one.path().as_str().cmp(other.path().as_str()));
        entries.truncate(most);
        Ok(entries)
    }
}
