//! Looking for words in an entry's own row: those that stand for so many others that their lists were
//! not asked for.

use super::super::error::Result;
use super::super::sql::{Sql, readable};
use super::publish::share_words;
use super::seen::{self, Candidate};
use super::terms::{Scope, Sheet};
use crate::index::store::AccountId;
use crate::index::store::prepared::Reader;
use crate::model::{AskedWord, Match, Word};
use rusqlite::{Connection, Row, params};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

pub(super) const CALLED: &str = "SELECT name, keywords FROM shares WHERE id = $1";

/// Reads rows, and remembers how their shares are called.
#[derive(Default)]
pub(super) struct Rows {
    reader: Reader,
    shares: HashMap<i64, Vec<Word>>,
}

impl Rows {
    /// Whether an entry has all of these words.
    pub(super) fn have(
        &mut self,
        db: &Connection,
        asker: AccountId,
        candidate: &Candidate,
        words: &[&AskedWord],
    ) -> Result<bool> {
        let name = || candidate.name_words.split_ascii_whitespace();
        let mut missing = words.iter().filter(|word| word.matches(name()) == Match::Nowhere);
        match missing.next() {
            None => Ok(true),
            Some(_) => self.read(db, asker, candidate, words),
        }
    }

    /// The same, by all of its words, as they were told when it was published.
    fn read(
        &mut self,
        db: &Connection,
        asker: AccountId,
        candidate: &Candidate,
        words: &[&AskedWord],
    ) -> Result<bool> {
        let Some(seen) = seen::entry(db, candidate.id, asker)? else { return Ok(false) };
        let share = match self.shares.entry(seen.share) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => {
                let called = db.one(CALLED, params![seen.share], |row| readable(called(row)))?;
                unknown.insert(called.flatten().unwrap_or_default())
            }
        };
        let own = self.reader.read(&seen.entry);
        let mut sheet = Sheet::new(Scope::Everyone, candidate.owner, share);
        let others = sheet.write(candidate.id, &own, None);
        let all = || own.name.iter().chain(others.iter().copied()).map(Word::as_str);
        Ok(words.iter().all(|word| word.matches(all()) != Match::Nowhere))
    }
}

/// The words of a row of name and keywords.
fn called(row: &Row<'_>) -> rusqlite::Result<Vec<Word>> {
    Ok(share_words(row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_str()?))
}
