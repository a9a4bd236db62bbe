//! The rows of a share that are there, apart from all others.
//!
//! A row's generation is the stage of the sync that brought it; or, below zero, of the one that takes
//! it away. The index of entries holds each generation by itself, in the order of the paths. So who
//! reads what is there does not meet what comes, what has gone or what was abandoned, and those cost
//! nobody time, nor can they be guessed from it.
//!
//! There are few: [`tidy`](super::tidy) brings those that have come together in the floor, and a sync
//! waits for it when there are too many.

use super::super::error::Result;
use super::super::sql::Sql;
use rusqlite::params;

pub(super) const NEXT: &str = "SELECT generation FROM entries
    WHERE share = $1 AND generation > $2 AND generation <= $3 ORDER BY generation LIMIT 1";

/// The generations of a share that are there.
pub(super) fn alive(db: &impl Sql, share: i64, floor: i64, version: i64) -> Result<Vec<i64>> {
    let mut found = Vec::new();
    // What goes with a stage above the version; and what has come.
    let going = (i64::MIN, version.saturating_neg().saturating_sub(1));
    for (mut above, last) in [going, (floor.saturating_sub(1), version)] {
        while let Some(next) = db.one(NEXT, params![share, above, last], |row| row.get(0))? {
            found.push(next);
            above = next;
        }
    }
    Ok(found)
}

/// With more of them, a long sync waits for its end.
pub(super) const MOST: usize = 16;
