//! Clearing up, step by step: rows that nobody will see again, words that are not as the share is
//! called now, words that no entry has any more, and the pieces in which the search keeps its lists.
//!
//! People take turns, and the shares of one person do: who leaves much to clear up, again and again,
//! makes nobody else wait.

use super::super::error::Result;
use super::super::sql::{Columns, Sql, count, readable};
use super::known::Known;
use super::merge::merge;
use super::publish::share_words;
use super::seen::read;
use super::terms::{Scope, Sheet};
use super::vocabulary;
use crate::index::store::AccountId;
use crate::index::store::prepared::{Reader, count_words};
use crate::model::Entry;
use rusqlite::{Connection, Row, params};

/// Sets in the table of shares that all rows of one are to be looked at.
macro_rules! begin_anew {
    () => {
        "tidied = -9223372036854775807, tidied_path = ''"
    };
}
pub(super) use begin_anew;

pub(super) const UNTIDY: &str = "SELECT id, owner FROM shares
    WHERE tidied IS NOT NULL AND owner > (SELECT tidied_owner FROM catalog)
    ORDER BY owner, turn LIMIT 1";
pub(super) const UNTIDY_AGAIN: &str = "SELECT id, owner FROM shares
    WHERE tidied IS NOT NULL ORDER BY owner, turn LIMIT 1";
const TURN_OF_OWNER: &str = "UPDATE catalog SET tidied_owner = $1";
pub(super) const TURN: &str = "UPDATE shares SET turn = 1 + (SELECT max(turn) FROM shares
    WHERE tidied IS NOT NULL AND owner = $1) WHERE id = $2";
pub(super) const SHARE: &str =
    "SELECT owner, name, keywords, everyone, was_named, wording, gone, version, floor,
        stage, sync IS NOT NULL, worded, tidied, tidied_path
    FROM shares WHERE id = $1 AND tidied IS NOT NULL";
pub(super) const ROWS: &str =
    "SELECT id, generation, wording, path, size, modified, executable, content FROM entries
    WHERE share = $1 AND (generation, path) > ($2, $3) AND generation < $4
    ORDER BY generation, path LIMIT $5";
pub(super) const DELETE: &str = "DELETE FROM entries WHERE id = $1";
const UNTELL: &str = "DELETE FROM entry_words WHERE rowid = $1";
pub(super) const SETTLE: &str = "UPDATE entries SET generation = $1 WHERE id = $2";
pub(super) const REWORD: &str = "UPDATE entries SET wording = $1 WHERE id = $2";
const RETELL: &str = "UPDATE entry_words SET words = $1 WHERE rowid = $2";
pub(super) const GO_ON: &str =
    "UPDATE shares SET tidied = $1, tidied_path = $2, held = held - $3 WHERE id = $4";
pub(super) const DONE: &str =
    "UPDATE shares SET tidied = NULL, abandoned = 0, was_named = 0, worded = wording WHERE id = $1";
const FORGET: &str = "DELETE FROM shares WHERE id = $1";
const DROPPED: &str =
    "UPDATE catalog SET dropped = dropped + $1, pieces = pieces + 1, unmerged = unmerged + $2";

/// Does a step that looks at about so many rows. Says whether there is more to do.
pub(in super::super) fn tidy(db: &Connection, known: &mut Known, rows: usize) -> Result<bool> {
    if let Some(share) = whose_turn(db)? {
        clear_up(db, known, share, rows)?;
        return Ok(true);
    }
    Ok(vocabulary::sweep(db, known, rows)? || merge(db)?)
}

/// The share to clear up in: one of the next person, the one of theirs that waited for longest.
fn whose_turn(db: &Connection) -> Result<Option<i64>> {
    let read = |row: &Row<'_>| Ok((row.get::<_, i64>(0)?, row.account(1)?));
    let next = match db.one(UNTIDY, params![], read)? {
        Some(next) => Some(next),
        None => db.one(UNTIDY_AGAIN, params![], read)?,
    };
    let Some((share, owner)) = next else { return Ok(None) };
    db.run(TURN_OF_OWNER, params![owner.0])?;
    db.run(TURN, params![owner.0, share])?;
    Ok(Some(share))
}

/// Clears up in one share, if there is something to clear up.
pub(super) fn clear_up(db: &Connection, known: &mut Known, share: i64, rows: usize) -> Result<()> {
    let Some(share) = Untidy::read(db, share)? else { return Ok(()) };
    let Step { rows: taken, up_to, is_end } = share.next(db, rows)?;
    let (mut deleted, mut reworded) = (0usize, Vec::new());
    for row in &taken {
        match share.judge(row) {
            Fate::Goes => {
                delete(db, row.id)?;
                deleted = deleted.saturating_add(1);
                continue;
            }
            Fate::Settles => drop(db.run(SETTLE, params![share.floor, row.id])?),
            Fate::Stays => {}
        }
        if row.wording != share.wording {
            reworded.push(row);
        }
    }
    let reworded = share.reword(db, known, reworded)?;
    let (deleted, reworded) = (count(deleted), count(reworded));
    db.run(DROPPED, params![deleted.saturating_add(reworded), reworded])?;
    db.run(GO_ON, params![up_to.0, up_to.1, deleted, share.id])?;
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

/// A share that is to be cleared up.
struct Untidy {
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
    /// Whether all rows have the words that they should have.
    is_worded: bool,
    /// The generation and the path up to which it is tidy.
    up_to: (i64, String),
}

/// A row as it is met.
struct Met {
    id: i64,
    generation: i64,
    wording: i64,
    path: String,
    /// None if it cannot be read.
    entry: Option<Entry>,
}

/// Rows that are looked at together.
struct Step {
    rows: Vec<Met>,
    /// Up to where the share is tidy then.
    up_to: (i64, String),
    is_end: bool,
}

/// What is to become of a row.
enum Fate {
    Goes,
    Stays,
    /// It stays, and belongs to the floor.
    Settles,
}

impl Untidy {
    fn read(db: &impl Sql, id: i64) -> Result<Option<Self>> {
        db.one(SHARE, params![id], |row| {
            let is_under_way: bool = row.get(10)?;
            let stage: i64 = row.get(9)?;
            let wording: i64 = row.get(5)?;
            Ok(Self {
                id,
                owner: row.account(0)?,
                name: row.get(1)?,
                keywords: row.get(2)?,
                scope: Scope::of(id, row.get(3)?),
                was_named: row.get(4)?,
                wording,
                gone: row.get(6)?,
                version: row.get(7)?,
                floor: row.get(8)?,
                stage: is_under_way.then_some(stage),
                is_worded: row.get::<_, i64>(11)? == wording,
                up_to: (row.get(12)?, row.get(13)?),
            })
        })
    }

    /// The rows that come next.
    fn next(&self, db: &impl Sql, most: usize) -> Result<Step> {
        let (mut rows, mut up_to) = (Vec::new(), self.up_to.clone());
        loop {
            let until = self.as_they_should_be().find(|generation| *generation >= up_to.0);
            let below = until.unwrap_or(i64::MAX);
            let left = most.saturating_sub(rows.len()).max(1);
            let bounds = params![self.id, up_to.0, up_to.1, below, count(left)];
            let taken = db.all(ROWS, bounds, met)?;
            let is_enough = taken.len() >= left;
            rows.extend(taken);
            if is_enough && let Some(last) = rows.last() {
                up_to = (last.generation, last.path.clone());
                return Ok(Step { rows, up_to, is_end: false });
            }
            // No path is empty: so this is where the next generation begins.
            up_to = (below.saturating_add(1), String::new());
            if until.is_none() {
                return Ok(Step { rows, up_to, is_end: true });
            }
        }
    }

    /// Generations that need no look, in order.
    fn as_they_should_be(&self) -> impl Iterator<Item = i64> {
        let going = self.stage.map(i64::saturating_neg);
        let all = [going, Some(self.floor), self.stage];
        all.into_iter().flatten().filter(|_| self.is_worded && !self.gone)
    }

    fn judge(&self, row: &Met) -> Fate {
        let (stage, coming_or_going) = (row.generation.saturating_abs(), self.stage);
        if self.gone {
            Fate::Goes
        } else if row.generation == self.floor || coming_or_going == Some(stage) {
            Fate::Stays
        } else if (self.floor..=self.version).contains(&row.generation) || self.was_spared(row) {
            Fate::Settles
        } else {
            Fate::Goes
        }
    }

    /// Whether a sync was to take it away that did not come to its end.
    fn was_spared(&self, row: &Met) -> bool {
        row.generation.saturating_neg() > self.version
    }

    /// Tells the search of entries anew. Says how many those were.
    fn reword(&self, db: &Connection, known: &mut Known, mut rows: Vec<&Met>) -> Result<usize> {
        // The search takes what comes in order at a time.
        rows.sort_unstable_by_key(|row| row.id);
        let mut reader = Reader::default();
        let entries = rows.iter().filter_map(|row| Some((row.id, row.entry.as_ref()?)));
        let entries: Vec<_> = entries.collect();
        let words: Vec<_> = entries.iter().map(|(_, entry)| reader.read(entry)).collect();
        let share = share_words(&self.name, &self.keywords);
        let mut sheet = Sheet::new(self.scope, self.owner, &share);
        for ((id, entry), own) in entries.iter().zip(&words) {
            sheet.write(*id, own, entry.content().as_ref());
            db.run(RETELL, params![sheet.text, id])?;
            db.run(REWORD, params![self.wording, id])?;
        }
        let counted = count_words(&words);
        vocabulary::learn(db, known, self.scope, (&counted, &share), entries.len())?;
        Ok(entries.len())
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

fn met(row: &Row<'_>) -> rusqlite::Result<Met> {
    Ok(Met {
        id: row.get(0)?,
        generation: row.get(1)?,
        wording: row.get(2)?,
        path: row.get(3)?,
        entry: readable(read(row, 3))?,
    })
}
