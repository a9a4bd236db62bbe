//! Clearing up, step by step: rows that nobody will see again, words that are not as the share is
//! called now, words that no entry has any more, and the pieces in which the search keeps its lists.

use super::super::error::Result;
use super::super::sql::{Columns, Sql, count};
use super::known::Known;
use super::merge::merge;
use super::prepare::Reader;
use super::publish::share_words;
use super::seen::read;
use super::terms::{Scope, Sheet};
use super::vocabulary::{self, Lesson};
use crate::index::store::AccountId;
use crate::model::Entry;
use rusqlite::{Connection, Row, params};

pub(super) const UNTIDY: &str =
    "SELECT id FROM shares WHERE tidied IS NOT NULL ORDER BY id LIMIT 1";
pub(super) const SHARE: &str =
    "SELECT owner, name, keywords, everyone, was_named, wording, gone, version, floor,
        stage, sync IS NOT NULL, tidied
    FROM shares WHERE id = $1 AND tidied IS NOT NULL";
pub(super) const ROWS: &str =
    "SELECT id, born, died, wording, path, size, modified, executable, content FROM entries
    WHERE share = $1 AND path > $2 ORDER BY path, born LIMIT $3";
pub(super) const DELETE: &str = "DELETE FROM entries WHERE id = $1";
const UNTELL: &str = "DELETE FROM entry_words WHERE rowid = $1";
pub(super) const UNMARK: &str = "UPDATE entries SET died = NULL WHERE id = $1";
pub(super) const REWORD: &str = "UPDATE entries SET wording = $1 WHERE id = $2";
const RETELL: &str = "UPDATE entry_words SET words = $1 WHERE rowid = $2";
pub(super) const GO_ON: &str = "UPDATE shares SET tidied = $1, held = held - $2 WHERE id = $3";
pub(super) const DONE: &str =
    "UPDATE shares SET tidied = NULL, abandoned = 0, was_named = 0 WHERE id = $1";
const FORGET: &str = "DELETE FROM shares WHERE id = $1";
const DROPPED: &str =
    "UPDATE catalog SET dropped = dropped + $1, pieces = pieces + 1, unmerged = unmerged + $2";

/// Does a step that looks at about so many rows. Says whether there is more to do.
pub(in super::super) fn tidy(db: &Connection, known: &mut Known, rows: usize) -> Result<bool> {
    if let Some(share) = db.one(UNTIDY, params![], |row| row.get(0))? {
        clear_up(db, known, share, rows)?;
        return Ok(true);
    }
    Ok(vocabulary::sweep(db, known, rows)? || merge(db)?)
}

/// Clears up in one share, if there is something to clear up.
pub(super) fn clear_up(db: &Connection, known: &mut Known, share: i64, rows: usize) -> Result<()> {
    let Some(share) = Share::read(db, share)? else { return Ok(()) };
    let Step { rows: taken, up_to, is_end } = share.next(db, rows)?;
    let (mut deleted, mut reworded) = (0usize, Vec::new());
    for row in &taken {
        match share.judge(row) {
            Fate::Gone => {
                delete(db, row.id)?;
                deleted = deleted.saturating_add(1);
            }
            Fate::Stays if row.wording != share.wording => reworded.push(row),
            Fate::Stays => {}
        }
        if share.is_marked_in_vain(row) {
            db.run(UNMARK, params![row.id])?;
        }
    }
    share.reword(db, known, &mut reworded)?;
    let (deleted, reworded) = (count(deleted), count(reworded.len()));
    db.run(DROPPED, params![deleted.saturating_add(reworded), reworded])?;
    db.run(GO_ON, params![up_to, deleted, share.id])?;
    match is_end {
        true => share.end(db, known, rows),
        false => Ok(()),
    }
}

/// Deletes an entry wherever it stands.
pub(super) fn delete(db: &impl Sql, id: i64) -> Result<()> {
    db.run(DELETE, params![id])?;
    db.run(UNTELL, params![id]).map(|_| ())
}

struct Share {
    id: i64,
    owner: AccountId,
    name: String,
    keywords: String,
    scope: Scope,
    was_named: bool,
    wording: i64,
    gone: bool,
    version: i64,
    floor: i64,
    /// Of the sync under way.
    stage: Option<i64>,
    tidied: String,
}

struct EntryRow {
    id: i64,
    born: i64,
    died: Option<i64>,
    wording: i64,
    entry: Entry,
}

/// Rows that are looked at together.
struct Step {
    rows: Vec<EntryRow>,
    /// The path up to which the share is tidy then.
    up_to: String,
    is_end: bool,
}

/// What is to become of a row.
enum Fate {
    Gone,
    Stays,
}

impl Share {
    fn read(db: &impl Sql, id: i64) -> Result<Option<Self>> {
        db.one(SHARE, params![id], |row| {
            let is_under_way: bool = row.get(10)?;
            let stage: i64 = row.get(9)?;
            Ok(Self {
                id,
                owner: row.account(0)?,
                name: row.get(1)?,
                keywords: row.get(2)?,
                scope: Scope::of(id, row.get(3)?),
                was_named: row.get(4)?,
                wording: row.get(5)?,
                gone: row.get(6)?,
                version: row.get(7)?,
                floor: row.get(8)?,
                stage: is_under_way.then_some(stage),
                tidied: row.get(11)?,
            })
        })
    }

    /// The rows that come next: of each path all, unless it alone has more.
    fn next(&self, db: &impl Sql, most: usize) -> Result<Step> {
        let most = most.max(LEAST);
        let mut rows = db.all(ROWS, params![self.id, self.tidied, count(most)], entry_row)?;
        let path = |row: &EntryRow| row.entry.path().as_str().to_owned();
        let Some(last) = rows.last().map(path) else {
            return Ok(Step { rows, up_to: self.tidied.clone(), is_end: true });
        };
        if rows.len() < most {
            return Ok(Step { rows, up_to: last, is_end: true });
        }
        let before = rows.partition_point(|row| row.entry.path().as_str() < last.as_str());
        let up_to = before.checked_sub(1).and_then(|at| rows.get(at)).map(path);
        if up_to.is_some() {
            rows.truncate(before);
        }
        Ok(Step { rows, up_to: up_to.unwrap_or_else(|| self.tidied.clone()), is_end: false })
    }

    fn judge(&self, row: &EntryRow) -> Fate {
        let is_coming = self.stage == Some(row.born);
        let was_there = (self.floor..=self.version).contains(&row.born);
        let went = row.died.is_some_and(|died| died <= self.version);
        if self.gone || !(is_coming || was_there) || went { Fate::Gone } else { Fate::Stays }
    }

    /// Whether a sync marked it that did not come to its end.
    fn is_marked_in_vain(&self, row: &EntryRow) -> bool {
        row.died.is_some_and(|died| died > self.version && self.stage != Some(died))
    }

    /// Tells the search of entries anew.
    fn reword(&self, db: &impl Sql, known: &mut Known, rows: &mut [&EntryRow]) -> Result<()> {
        // The search takes what comes in order at a time.
        rows.sort_unstable_by_key(|row| row.id);
        let mut reader = Reader::default();
        let words: Vec<_> = rows.iter().map(|row| reader.read(&row.entry)).collect();
        let share = share_words(&self.name, &self.keywords);
        let mut sheet = Sheet::new(self.scope, self.owner, &share);
        let mut lesson = Lesson::new(known, self.scope);
        for (row, own) in rows.iter().zip(&words) {
            let common = sheet.write(row.id, own, row.entry.content().as_ref());
            lesson.read(&own.name, common);
            db.run(RETELL, params![sheet.text, row.id])?;
            db.run(REWORD, params![self.wording, row.id])?;
        }
        lesson.learn(db)
    }

    /// All rows are as they should be.
    fn end(&self, db: &impl Sql, known: &mut Known, rows: usize) -> Result<()> {
        let own_scope_is_over = self.gone || (self.was_named && self.scope == Scope::Everyone);
        let own_scope = Scope::Share(self.id);
        if own_scope_is_over && vocabulary::forget(db, known, own_scope, rows)? {
            return Ok(());
        }
        db.run(if self.gone { FORGET } else { DONE }, params![self.id]).map(|_| ())
    }
}

fn entry_row(row: &Row<'_>) -> rusqlite::Result<EntryRow> {
    Ok(EntryRow {
        id: row.get(0)?,
        born: row.get(1)?,
        died: row.get(2)?,
        wording: row.get(3)?,
        entry: read(row, 4)?,
    })
}

/// More rows than one path has that are not litter.
const LEAST: usize = 16;
