//! Which words a scope has, and about how many entries have each: what prefixes stand for, and what
//! a search will cost.
//!
//! A count is written when it has grown fourfold, so it is at least a quarter of what it was when
//! nobody had gone. What goes does not count it down: a word without entries is found and removed by
//! [`sweep`], when much is gone.

use super::super::error::Result;
use super::super::sql::{Columns, Sql, count, prepare};
use super::known::{Key, Known};
use super::terms::Scope;
use crate::index::store::prepared::Counted;
use crate::model::Word;
use rusqlite::{Connection, params};

pub(super) const COUNT: &str = "SELECT entries FROM words WHERE scope = $1 AND word = $2";
pub(super) const ADD: &str = "INSERT INTO words (scope, word, entries) VALUES ($1, $2, $3)
    ON CONFLICT (scope, word) DO NOTHING";
pub(super) const SET: &str = "UPDATE words SET entries = $1 WHERE scope = $2 AND word = $3";
pub(super) const BEGINNING: &str = "SELECT word, entries FROM words
    WHERE scope = $1 AND word >= $2 AND word <= $3 ORDER BY word LIMIT $4";
pub(super) const BEGINNINGS: &str =
    "SELECT 1 FROM words WHERE scope = $1 AND word >= $2 AND word <= $3 LIMIT $4";
const STAMP: &str = "SELECT learned FROM catalog";
const SET_STAMP: &str = "UPDATE catalog SET learned = $1";
pub(super) const FORGET: &str = "DELETE FROM words WHERE scope = $1
    AND word IN (SELECT word FROM words WHERE scope = $1 ORDER BY word LIMIT $2)";

const SWEPT: &str = "SELECT swept_scope, swept_word FROM catalog";
const SET_SWEPT: &str = "UPDATE catalog SET swept_scope = $1, swept_word = $2";
const MUCH_GONE: &str = "SELECT dropped > max($1, (SELECT coalesce(sum(held), 0) FROM shares) / 8)
    FROM catalog";
const NOTHING_GONE: &str = "UPDATE catalog SET dropped = 0";
pub(super) const NEXT: &str = "SELECT scope, word FROM words
    WHERE (scope, word) > ($1, $2) ORDER BY scope, word LIMIT $3";
pub(super) const IS_USED: &str = "SELECT 1 FROM entry_words WHERE entry_words MATCH $1 LIMIT 1";
pub(super) const FORGET_ONE: &str = "DELETE FROM words WHERE scope = $1 AND word = $2";

/// Takes in the words of so many entries that came into a scope: their own, counted, and those of their share, which
/// all of them have.
pub(super) fn learn(
    db: &Connection,
    known: &mut Known,
    scope: Scope,
    (own, share): (&[Counted], &[Word]),
    entries_came: usize,
) -> Result<()> {
    if entries_came == 0 {
        return Ok(());
    }
    let all = u64::try_from(entries_came).unwrap_or(u64::MAX);
    let stamp: i64 = db.one(STAMP, params![], |row| row.get(0))?.unwrap_or_default();
    if known.stamp.take() != Some(stamp) {
        known.forget();
    }
    let own = own.iter().filter(|counted| !share.contains(&counted.word));
    let of_share: Vec<_> = share.iter().map(|word| Counted::new(word.clone(), all)).collect();
    let mut add = prepare(db, ADD)?;
    // In order, new ones come into few pages.
    for Counted { word, key, entries: more } in of_share.iter().chain(own) {
        let (key, more) = (Key::new(scope, *key), *more);
        let before = match known.count(key) {
            Some(before) => before,
            None => match add.execute(params![scope.number(), word.as_str(), stored(more)])? {
                0 => entries(db, scope, word)?,
                _ => {
                    known.set(key, more);
                    continue;
                }
            },
        };
        count_on(db, known, (scope, word), key, (before, more))?;
    }
    let stamp = stamp.wrapping_add(1);
    db.run(SET_STAMP, params![stamp])?;
    known.stamp = Some(stamp);
    Ok(())
}

/// Counts a word that the scope has.
fn count_on(
    db: &impl Sql,
    known: &mut Known,
    (scope, word): (Scope, &Word),
    key: Key,
    (before, more): (u64, u64),
) -> Result<()> {
    let now = before.saturating_add(more);
    known.set(key, now);
    if fourfold(now) != fourfold(before) {
        db.run(SET, params![stored(now), scope.number(), word.as_str()])?;
    }
    Ok(())
}

/// About how many entries of a scope have a word: 0 when none has.
pub(super) fn entries(db: &impl Sql, scope: Scope, word: &Word) -> Result<u64> {
    let found = db.one(COUNT, params![scope.number(), word.as_str()], |row| row.count(0))?;
    Ok(found.unwrap_or_default())
}

/// Words that begin alike, by how they end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Range<'w> {
    /// How all of them begin.
    pub(super) with: &'w str,
    /// Behind the one that ends so.
    pub(super) after: Option<&'w str>,
    /// Up to the one that ends so.
    pub(super) up_to: Option<&'w str>,
}

impl Range<'_> {
    /// The first text that lies in it, and the last one.
    fn bounds(&self) -> (String, String) {
        let Self { with, after, up_to } = self;
        // Nothing lies between a word and the same with a zero.
        let first = after.map_or_else(|| (*with).to_owned(), |end| format!("{with}{end}\0"));
        let last =
            up_to.map_or_else(|| format!("{with}{}", char::MAX), |end| format!("{with}{end}"));
        (first, last)
    }
}

/// The first words of a scope that begin so, in order, with their counts.
pub(super) fn beginning(
    db: &impl Sql,
    scope: Scope,
    range: &Range<'_>,
    most: usize,
) -> Result<Vec<(String, u64)>> {
    let (first, last) = range.bounds();
    let range = params![scope.number(), first, last, count(most)];
    db.all(BEGINNING, range, |row| Ok((row.get(0)?, row.count(1)?)))
}

/// How many words of a scope begin so; no more than this.
pub(super) fn beginnings(db: &impl Sql, scope: Scope, with: &Word, most: usize) -> Result<usize> {
    let (first, last) = Range { with: with.as_str(), after: None, up_to: None }.bounds();
    let range = params![scope.number(), first, last, count(most)];
    Ok(db.all(BEGINNINGS, range, |_| Ok(()))?.len())
}

/// Forgets words of a scope that is not used any more. Says whether there may be more.
pub(super) fn forget(db: &impl Sql, known: &mut Known, scope: Scope, most: usize) -> Result<bool> {
    known.forget();
    Ok(db.run(FORGET, params![scope.number(), count(most)])? >= most)
}

/// Forgets words that no entry of their scope has any more, once much is gone. Says whether there is
/// more to do.
pub(super) fn sweep(db: &impl Sql, known: &mut Known, most: usize) -> Result<bool> {
    let from = match db.one(SWEPT, params![], |row| Ok((row.get(0)?, row.get(1)?)))? {
        Some((Some(scope), Some(word))) => (scope, word),
        _ if is_much_gone(db)? => (i64::MIN, String::new()),
        _ => return Ok(false),
    };
    let from: (i64, String) = from;
    // Looking for a word takes as long as looking at some rows.
    let most = count(most.div_ceil(4).max(1));
    let words: Vec<(i64, String)> =
        db.all(NEXT, params![from.0, from.1, most], |row| Ok((row.get(0)?, row.get(1)?)))?;
    for (number, word) in &words {
        let scope = Scope::numbered(*number);
        if db.one(IS_USED, params![format!("\"{scope}.{word}\"")], |_| Ok(()))?.is_none() {
            known.forget();
            db.run(FORGET_ONE, params![number, word])?;
        }
    }
    let is_end = count(words.len()) < most;
    let (scope, word) = words.into_iter().next_back().filter(|_| !is_end).unzip();
    db.run(SET_SWEPT, params![scope, word])?;
    Ok(!is_end)
}

/// Whether more is gone since the last time than an eighth of what there is.
fn is_much_gone(db: &impl Sql) -> Result<bool> {
    let is_much = db.one(MUCH_GONE, params![SWEPT_AT_LEAST], |row| row.get(0))?;
    let is_much = is_much.unwrap_or_default();
    if is_much {
        db.run(NOTHING_GONE, params![])?;
    }
    Ok(is_much)
}

/// Of which power of four a count is at least.
fn fourfold(count: u64) -> u32 {
    count.checked_ilog2().map_or(0, |log| log / 2)
}

fn stored(entries: u64) -> i64 {
    i64::try_from(entries).unwrap_or(i64::MAX)
}

const SWEPT_AT_LEAST: i64 = 1000;
