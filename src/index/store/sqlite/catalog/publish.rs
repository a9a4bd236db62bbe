//! Taking a sync, part by part.
//!
//! A difference in one part is done at once: what goes is deleted, what comes belongs to the floor. Of a
//! longer sync, what comes and what goes is numbered with a stage, which becomes the version with the
//! last part. One that begins from nothing raises the floor above all that was there.

use super::super::error::{Error, Result};
use super::super::sessions;
use super::super::sql::{Columns, Sql, prepare};
use super::generations::{self, alive};
use super::known::Known;
use super::shares::{self, Standing};
use super::terms::{Scope, Sheet};
use super::tidy::{begin_anew, clear_up, delete};
use super::vocabulary::learn;
use crate::crypto::UnixTime;
use crate::index::store::prepared::{OwnWords, Prepared, count_words};
use crate::index::store::{AccountId, Asker, Part, Refusal};
use crate::model::limits::{ENTRY_WORDS, PUBLISH_ENTRIES};
use crate::model::{Entry, EntryPath, Word, words_of};
use rusqlite::{Connection, Statement, params};

pub(super) const AT_PATH: &str = "SELECT id, size, modified, executable, content FROM entries
    WHERE share = $1 AND generation = $2 AND path = $3";
pub(super) const ADD: &str =
    "INSERT INTO entries (id, share, path, size, modified, executable, content, generation,
    wording, name_words) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    ON CONFLICT (share, generation, path) DO NOTHING";
const PAGES: &str =
    "SELECT most.max_page_count - now.page_count + free.freelist_count, most.max_page_count
    FROM pragma_max_page_count AS most, pragma_page_count AS now, pragma_freelist_count AS free";
const TELL: &str = "INSERT INTO entry_words (rowid, words) VALUES ($1, $2)";
pub(super) const MARK: &str = "UPDATE entries SET generation = $1 WHERE id = $2";
pub(super) const NEXT: &str = "SELECT next FROM catalog";
pub(super) const COUNT_ON: &str =
    "UPDATE catalog SET next = $1, pieces = pieces + 1, unmerged = unmerged + $2,
        dropped = dropped + $3";
pub(super) const KEEP: &str =
    "UPDATE shares SET state = $1, version = $2, floor = $3, entries = $4, held = $5,
        stage = $6, sync = $7, next = $8, anew = $9, coming = $10, abandoned = $11
    WHERE id = $12";
pub(super) const LITTER: &str = concat!("UPDATE shares SET ", begin_anew!(), " WHERE id = $1");
pub(super) const OF_PERSON: &str =
    "SELECT sum(CASE WHEN gone = 1 THEN 0 WHEN sync IS NULL THEN entries
            ELSE max(entries, coming) END), sum(held)
    FROM shares WHERE owner = $1";

/// What became of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Taken {
    /// It is taken, now or before.
    Yes,
    /// Too much is left of a sync that was abandoned; some of it was cleared up.
    NotYet,
}

/// Takes a part of a sync.
pub(in super::super) fn publish(
    db: &Connection,
    known: &mut Known,
    asker: &Asker,
    prepared: &Prepared,
    most: u64,
    now: UnixTime,
) -> Result<Taken> {
    let owner = sessions::member(db, asker, now)?.0.account;
    let part = &prepared.part;
    let find = || Ok::<_, Error>(shares::find(db, owner, &part.share)?.ok_or(Refusal::NotFound)?);
    let Some(mut sync) = Sync::begin(find()?, part)? else { return Ok(Taken::Yes) };
    sync.look(db)?;
    if part.is_last && sync.is_hindered() {
        clear_up(db, known, sync.share.id, AT_THE_END)?;
        sync.share = find()?;
        sync.look(db)?;
        if sync.is_hindered() {
            return Ok(Taken::NotYet);
        }
    }
    part.remove.iter().try_for_each(|path| sync.remove(db, path))?;
    sync.add_all(db, known, owner, prepared)?;
    sync.end(part);
    sync.litters |= part.is_last && sync.is_scattered(db)?;
    sync.keep(db)?;
    // Whoever has too much may always have less.
    if !part.add.is_empty() {
        demand_room(db, owner, most)?;
        demand_pages(db)?;
    }
    if sync.is_hindered() {
        let rows = part.add.len().saturating_add(part.remove.len()).saturating_mul(2);
        clear_up(db, known, sync.share.id, rows.saturating_add(AT_THE_END))?;
    }
    Ok(Taken::Yes)
}

/// A sync that takes a part.
struct Sync {
    share: Standing,
    /// Whether the part is the whole sync.
    is_alone: bool,
    /// The generations of rows that are there when it ends as it is now.
    alive: Vec<i64>,
    /// Whether it leaves something to be cleared up.
    litters: bool,
    /// How many rows it deleted.
    deleted: i64,
}

/// A row at the path of an entry that comes or goes.
struct AtPath {
    id: i64,
    generation: i64,
    size: u64,
    modified: i64,
    executable: bool,
    content: Option<[u8; 32]>,
}

impl Sync {
    /// Goes on with a sync, or begins it. None if the part was taken before.
    fn begin(mut share: Standing, part: &Part) -> Result<Option<Self>> {
        let (sync, base) = (*part.sync.as_bytes(), part.base.map(|base| *base.as_bytes()));
        let is_alone = part.number == 0 && part.is_last;
        let number = i64::from(part.number);
        if share.state == Some(sync) {
            return Ok(None);
        }
        let mut litters = false;
        if share.sync == Some(sync) {
            if number < share.next {
                return Ok(None);
            }
        } else {
            if share.sync.is_some() {
                share.abandoned = share.stage;
                litters = true;
            }
            share.stage = share.stage.saturating_add(1);
            (share.sync, share.next, share.anew) = (Some(sync), 0, base.is_none());
            share.coming = if share.anew { 0 } else { share.entries };
        }
        // The state does not change while a sync is under way, and so its parts all say this.
        let against = if share.anew { None } else { share.state };
        match number == share.next && base == against {
            true => Ok(Some(Self { share, is_alone, alive: Vec::new(), litters, deleted: 0 })),
            false => Err(Refusal::Base.into()),
        }
    }

    /// Looks which generations it meets.
    fn look(&mut self, db: &impl Sql) -> Result<()> {
        let Standing { id, version, floor, stage, anew, .. } = self.share;
        self.alive = if anew { Vec::new() } else { alive(db, id, floor, version)? };
        let (own, going) = (self.generation(), stage.saturating_neg());
        self.alive.retain(|generation| ![own, going].contains(generation));
        self.alive.push(own);
        Ok(())
    }

    /// Whether rows of an abandoned sync would be seen if this one ended now, or there were too many
    /// generations.
    fn is_hindered(&self) -> bool {
        let is_long = !self.share.anew && !self.is_alone;
        is_long && (self.share.abandoned != 0 || self.alive.len() > generations::MOST)
    }

    /// Whether what it does need not be hidden until the end.
    fn is_direct(&self) -> bool {
        self.is_alone && !self.share.anew
    }

    /// The generation of its entries.
    fn generation(&self) -> i64 {
        if self.is_direct() { self.share.floor } else { self.share.stage }
    }

    fn remove(&mut self, db: &impl Sql, path: &EntryPath) -> Result<()> {
        if let Some(row) = self.row(db, path)? {
            self.take_away(db, &row)?;
        }
        Ok(())
    }

    fn add_all(
        &mut self,
        db: &Connection,
        known: &mut Known,
        owner: AccountId,
        prepared: &Prepared,
    ) -> Result<()> {
        let Prepared { part, words, counted } = prepared;
        let scope = Scope::of(self.share.id, self.share.everyone);
        let share = share_words(&self.share.name, &self.share.keywords);
        let mut sheet = Sheet::new(scope, owner, &share);
        let first: i64 = db.one(NEXT, params![], |row| row.get(0))?.unwrap_or(1);
        // Looked up once for all rows: for each, that would take as long as a good part of its work.
        let (mut add, mut tell) = (prepare(db, ADD)?, prepare(db, TELL)?);
        let (mut next, mut came) = (first, Vec::with_capacity(words.len()));
        for (entry, own) in part.add.iter().zip(words) {
            // What begins from nothing mostly meets nothing: then it is enough to look when it did.
            let is_in = self.share.anew && self.insert(&mut add, next, entry, own)?;
            if !is_in {
                if let Some(row) = self.row(db, entry.path())? {
                    if row.says(entry) {
                        continue;
                    }
                    self.take_away(db, &row)?;
                }
                if !self.insert(&mut add, next, entry, own)? {
                    return Err(Error::Unsound("two rows of one path come at once".into()));
                }
            }
            sheet.write(next, own, entry.content().as_ref());
            tell.execute(params![next, sheet.text])?;
            came.push(own);
            next = next.saturating_add(1);
        }
        db.run(COUNT_ON, params![next, next.saturating_sub(first), self.deleted])?;
        // What was there as it is does not count again.
        let is_all = came.len() == words.len();
        let recounted = (!is_all).then(|| count_words(came.iter().copied()));
        let counted = recounted.as_ref().unwrap_or(counted);
        learn(db, known, scope, (counted, &share), came.len())
    }

    /// Puts a row down, unless this sync put one down at the same path.
    fn insert(
        &mut self,
        add: &mut Statement<'_>,
        id: i64,
        entry: &Entry,
        own: &OwnWords,
    ) -> Result<bool> {
        let (size, modified) = stored(entry);
        let added = add.execute(params![
            id,
            self.share.id,
            entry.path().as_str(),
            size,
            modified,
            entry.is_executable(),
            entry.content().as_ref().map(|id| id.as_bytes()),
            self.generation(),
            self.share.wording,
            own.name_text,
        ])?;
        if added > 0 {
            self.share.held = self.share.held.saturating_add(1);
            self.share.coming = self.share.coming.saturating_add(1);
        }
        Ok(added > 0)
    }

    /// The row that a path names when this sync ends as it is now.
    fn row(&self, db: &impl Sql, path: &EntryPath) -> Result<Option<AtPath>> {
        // Mostly a share is published for the first time.
        if self.share.held == 0 {
            return Ok(None);
        }
        for generation in &self.alive {
            let asked = params![self.share.id, generation, path.as_str()];
            let found = db.one(AT_PATH, asked, |row| {
                Ok(AtPath {
                    id: row.get(0)?,
                    generation: *generation,
                    size: row.count(1)?,
                    modified: row.get(2)?,
                    executable: row.get(3)?,
                    content: row.get(4)?,
                })
            })?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Takes a row away, or marks it, where others still see it.
    fn take_away(&mut self, db: &impl Sql, row: &AtPath) -> Result<()> {
        self.share.coming = self.share.coming.saturating_sub(1);
        if self.is_direct() || row.generation == self.share.stage {
            self.share.held = self.share.held.saturating_sub(1);
            self.deleted = self.deleted.saturating_add(1);
            return delete(db, row.id);
        }
        db.run(MARK, params![self.share.stage.saturating_neg(), row.id]).map(|_| ())
    }

    /// What the share is when the part was taken.
    fn end(&mut self, part: &Part) {
        let (is_direct, share) = (self.is_direct(), &mut self.share);
        share.next = share.next.saturating_add(1);
        if !part.is_last {
            return;
        }
        (share.state, share.sync) = (share.sync, None);
        share.entries = share.coming;
        if !is_direct {
            share.version = share.stage;
        }
        if share.anew {
            // Whatever was before is below it.
            (share.floor, share.abandoned) = (share.stage, 0);
        }
        self.litters |= share.held > share.entries;
    }

    /// Whether what is there is not all of one generation.
    fn is_scattered(&self, db: &impl Sql) -> Result<bool> {
        let Standing { id, floor, version, .. } = self.share;
        Ok(alive(db, id, floor, version)?.iter().any(|generation| *generation != floor))
    }

    fn keep(&self, db: &impl Sql) -> Result<()> {
        let share = &self.share;
        db.run(
            KEEP,
            params![
                share.state,
                share.version,
                share.floor,
                share.entries,
                share.held,
                share.stage,
                share.sync,
                share.next,
                share.anew,
                share.coming,
                share.abandoned,
                share.id,
            ],
        )?;
        if self.litters {
            db.run(LITTER, params![share.id])?;
        }
        Ok(())
    }
}

impl AtPath {
    fn says(&self, entry: &Entry) -> bool {
        let (size, modified) = stored(entry);
        let content = entry.content().as_ref().map(|id| *id.as_bytes());
        let own = (i64::try_from(self.size), self.modified, self.executable, self.content);
        own == (Ok(size), modified, entry.is_executable(), content)
    }
}

/// Refuses what is more than a person may have; and lets wait who has too much that is not cleared up
/// yet.
fn demand_room(db: &impl Sql, owner: AccountId, most: u64) -> Result<()> {
    let sums = db.one(OF_PERSON, params![owner.0], |row| Ok((row.count(0)?, row.count(1)?)))?;
    let (entries, held) = sums.unwrap_or_default();
    let together = u64::try_from(2 * PUBLISH_ENTRIES).unwrap_or(u64::MAX);
    if entries > most {
        Err(Refusal::Quota.into())
    } else if held > most.saturating_mul(2).saturating_add(together) {
        Err(Error::Busy)
    } else {
        Ok(())
    }
}

/// Refuses what would take the last pages of a database that may have so many: what is deleted takes some itself,
/// before it gives any back, and so nothing could be.
fn demand_pages(db: &impl Sql) -> Result<()> {
    let pages = db.one(PAGES, params![], |row| Ok((row.count(0)?, row.count(1)?)))?;
    let (left, most) = pages.unwrap_or_default();
    match left < (most / 16).min(PAGES_KEPT) {
        true => Err(Error::Full),
        false => Ok(()),
    }
}

/// The words that all entries of a share have from it.
pub(super) fn share_words(name: &str, keywords: &str) -> Vec<Word> {
    words_of(&format!("{name}\n{keywords}"), ENTRY_WORDS)
}

/// Size and time as they are stored.
fn stored(entry: &Entry) -> (i64, i64) {
    let fitting = |number| i64::try_from(number).unwrap_or(i64::MAX);
    (fitting(entry.size()), fitting(entry.modified().as_nanos()))
}

/// So many pages are kept for clearing up, at the most.
const PAGES_KEPT: u64 = 1024;
/// So many rows are cleared up before it is said that too much is left.
const AT_THE_END: usize = 2000;
