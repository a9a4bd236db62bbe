//! Counts of the catalog.

use super::super::error::Result;
use super::super::sql::{Columns, Sql};
use rusqlite::params;

const FIGURES: &str = "SELECT count(*), coalesce(sum(entries), 0) FROM shares WHERE gone = 0";

/// How many shares there are, and how many entries.
pub(in super::super) fn figures(db: &impl Sql) -> Result<(u64, u64)> {
    let counts = db.one(FIGURES, params![], |row| Ok((row.count(0)?, row.count(1)?)))?;
    Ok(counts.unwrap_or_default())
}
