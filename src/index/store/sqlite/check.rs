//! Reads everything, and says what is wrong.

use super::error::Result;
use rusqlite::Connection;

/// What is wrong, in words for the index's owner.
pub(super) fn check(db: &Connection) -> Result<Vec<String>> {
    Ok(super::open::problems(db, "PRAGMA integrity_check(20)")?)
}
