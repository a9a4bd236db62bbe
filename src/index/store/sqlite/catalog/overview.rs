//! The shares as the index's owner sees them: whose, for whom, and how much.

use super::super::error::Result;
use super::super::sql::{Columns, Sql, count};
use super::seen::is_there;
use super::shares::name;
use crate::index::store::ShareFigures;
use crate::model::{Name, UserName};
use rusqlite::params;

/// The sum is one of doubles, which do not overflow.
pub(super) const SHARES: &str = concat!(
    "SELECT a.name, s.name, s.everyone, s.entries, s.version, s.id,
        (SELECT CAST(min(total(e.size), 9e18) AS INTEGER) FROM entries e WHERE e.share = s.id AND ",
    is_there!(),
    ")
    FROM accounts a CROSS JOIN shares s ON s.owner = a.id AND s.gone = 0
    WHERE a.name >= $1 AND a.name <= $2 AND (a.name > $1 OR s.name > $3)
    ORDER BY a.name, s.name LIMIT $4"
);
const READERS: &str = "SELECT a.name FROM readers r JOIN accounts a ON a.id = r.account
    WHERE r.share = $1 ORDER BY a.name";

/// At most so many shares of somebody or of all, by owner and name, after one.
pub(in super::super) fn overview(
    db: &impl Sql,
    of: Option<&UserName>,
    after: Option<&(UserName, Name)>,
    most: usize,
) -> Result<Vec<ShareFigures>> {
    let (owner, share) = after.map_or(("", ""), |(owner, name)| (owner.as_str(), name.as_str()));
    let first = of.map_or(owner, UserName::as_str);
    let last = of.map_or(BEHIND_ALL, UserName::as_str);
    let found = db.all(SHARES, params![first, last, share, count(most)], |row| {
        let figures = ShareFigures {
            owner: row.user(0)?,
            name: name(row, 1)?,
            everyone: row.get(2)?,
            people: Vec::new(),
            entries: row.count(3)?,
            version: row.count(4)?,
            bytes: row.count(6)?,
        };
        Ok((row.get::<_, i64>(5)?, figures))
    })?;
    let with_people = |(id, figures)| {
        let people = db.all(READERS, params![id], |row| row.user(0))?;
        Ok(ShareFigures { people, ..figures })
    };
    found.into_iter().map(with_people).collect()
}

/// No name of a person sorts behind it.
const BEHIND_ALL: &str = "~";
