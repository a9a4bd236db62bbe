//! The pieces in which the search keeps its lists.
//!
//! Every part of a sync adds a piece, and every piece costs each search a look. So they are brought
//! together: eight small ones into a larger one, and from time to time all of them. The search could
//! do that by itself while something is published, which would wait for it.

use super::super::error::Result;
use super::super::sql::Sql;
use rusqlite::{Connection, params};

const STATE: &str = "SELECT merging, pieces, unmerged, (SELECT coalesce(sum(held), 0) FROM shares)
    FROM catalog";
const BEGUN: &str = "UPDATE catalog SET merging = 1, pieces = 0,
    unmerged = CASE WHEN $1 THEN 0 ELSE unmerged END";
const ENDED: &str = "UPDATE catalog SET merging = 0";
const MERGE: &str = "INSERT INTO entry_words (entry_words, rank) VALUES ('merge', $1)";

/// Does a step. Says whether there is more to do.
pub(super) fn merge(db: &Connection) -> Result<bool> {
    let state = db.one(STATE, params![], |row| {
        Ok((row.get::<_, bool>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?, row.get(3)?))
    })?;
    let (is_under_way, pieces, unmerged, held): (_, _, _, i64) = state.unwrap_or_default();
    let all = unmerged > AT_LEAST.max(held >> 3);
    if !is_under_way {
        if !all && pieces < PIECES {
            return Ok(false);
        }
        db.run(BEGUN, params![all])?;
    }
    let before = db.total_changes();
    // A number below zero begins with all of them, whatever their size; others go on.
    db.run(MERGE, params![if all && !is_under_way { -PAGES } else { PAGES }])?;
    // Fewer changes are said to mean that nothing was left to do.
    let is_done = db.total_changes().saturating_sub(before) < 2;
    if is_done {
        db.run(ENDED, params![])?;
    }
    Ok(!is_done)
}

/// Of so many small pieces, a larger one is made; the tables' own settings say the same.
const PIECES: i64 = 8;
const AT_LEAST: i64 = 1000;
/// Some milliseconds of work.
const PAGES: i64 = 250;
