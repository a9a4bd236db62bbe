//! Reads the whole catalog, and says what is wrong.

use super::super::check::Findings;
use super::super::error::Result;
use super::super::sql::{Columns, Sql};
use super::publish::share_words;
use super::seen::read;
use super::shares::{are_keywords, name};
use super::terms::{Scope, Sheet};
use crate::index::store::AccountId;
use crate::index::store::prepared::Reader;
use crate::model::Word;
use rusqlite::{Connection, params};
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};

/// Counts of what must not be, with the words for it.
const FAULTS: [(&str, &str); 9] = [
    (
        "SELECT count(*) FROM shares s WHERE s.gone = 0
            AND NOT EXISTS (SELECT 1 FROM accounts a WHERE a.id = s.owner)",
        "shares are of nobody",
    ),
    (
        "SELECT count(*) FROM shares s WHERE s.gone = 0 AND s.entries <> (SELECT count(*)
            FROM entries e WHERE e.share = s.id AND (e.generation BETWEEN s.floor AND s.version
                OR -e.generation > s.version))",
        "shares have another number of entries than they say",
    ),
    (
        "SELECT count(*) FROM shares s
            WHERE s.held <> (SELECT count(*) FROM entries e WHERE e.share = s.id)",
        "shares have another number of rows than they say",
    ),
    (
        "SELECT count(*) FROM shares WHERE tidied IS NULL
            AND (gone = 1 OR abandoned <> 0 OR worded <> wording)",
        "shares are not cleared up and say that they are",
    ),
    (
        "SELECT count(*) FROM shares
            WHERE NOT (0 <= floor AND floor <= version AND version <= stage)",
        "shares count their generations wrongly",
    ),
    (
        "SELECT count(*) FROM (SELECT 1 FROM entries e JOIN shares s ON s.id = e.share
            WHERE e.generation BETWEEN s.floor AND s.version OR -e.generation > s.version
            GROUP BY e.share, e.path HAVING count(*) > 1)",
        "paths have two entries at once",
    ),
    (
        "SELECT count(*) FROM entries WHERE id >= (SELECT next FROM catalog)",
        "entries have numbers that were not given out",
    ),
    (
        "SELECT count(*) FROM entries e
            WHERE NOT EXISTS (SELECT 1 FROM entry_words_docsize d WHERE d.id = e.id)",
        "entries are unknown to the search",
    ),
    (
        "SELECT count(*) FROM entry_words_docsize d
            WHERE NOT EXISTS (SELECT 1 FROM entries e WHERE e.id = d.id)",
        "entries are known to the search alone",
    ),
];
const SHARES: &str = "SELECT id, owner, name, keywords, everyone, wording FROM shares";
const ENTRIES: &str = "SELECT id, share, wording, name_words, path, size, modified, executable,
        content FROM entries";
const WORDS: &str = "SELECT scope, word FROM words";
const TERMS: &str = "SELECT term, doc FROM temp.search_terms";
const LOOK: &str = "CREATE VIRTUAL TABLE temp.search_terms
    USING fts5vocab (main, entry_words, instance)";
const LOOK_AWAY: &str = "DROP TABLE temp.search_terms";

/// Adds what is wrong, in words for the index's owner.
pub(in super::super) fn check(db: &Connection, found: &mut Findings) -> Result<()> {
    for (sql, words) in FAULTS {
        let count = db.one(sql, params![], |row| row.count(0))?.unwrap_or_default();
        if count > 0 {
            found.wrong.push(format!("{count} {words}"));
        }
    }
    let shares = shares(db, found)?;
    let (mut told, mut words) = (Told::default(), HashSet::new());
    let is_whole = entries(db, &shares, &mut told, &mut words, found)?;
    db.all(WORDS, params![], |row| {
        words.remove(&told.key(&row.get::<_, i64>(0)?, row.get_ref(1)?.as_str()?));
        Ok(())
    })?;
    if !words.is_empty() {
        found.wrong.push(format!("{} words are missing where prefixes are looked up", words.len()));
    }
    // What is not cleared up was told under other words, which nobody knows any more.
    if is_whole && told.sum != terms(db, &told)? {
        found.wrong.push("the search knows entries by other words than theirs".into());
    }
    Ok(())
}

/// What all entries of a share have from it.
struct Share {
    scope: Scope,
    owner: AccountId,
    words: Vec<Word>,
    wording: i64,
}

/// All terms of all entries in one number, whatever their order.
#[derive(Default)]
struct Told {
    sum: u64,
    keys: RandomState,
}

impl Told {
    fn key(&self, number: &i64, text: &str) -> u64 {
        self.keys.hash_one((number, text))
    }
}

fn shares(db: &impl Sql, found: &mut Findings) -> Result<HashMap<i64, Share>> {
    let (mut shares, mut refused) = (HashMap::new(), 0u64);
    db.all(SHARES, params![], |row| {
        let id: i64 = row.get(0)?;
        if name(row, 2).is_err() || !are_keywords(row.get_ref(3)?.as_str()?) {
            refused = refused.saturating_add(1);
        }
        let words = share_words(row.get_ref(2)?.as_str()?, row.get_ref(3)?.as_str()?);
        let (scope, owner) = (Scope::of(id, row.get(4)?), row.account(1)?);
        shares.insert(id, Share { scope, owner, words, wording: row.get(5)? });
        Ok(())
    })?;
    if refused > 0 {
        found.not_shown.push(format!(
            "{refused} shares have a name or keywords that cannot be read and are not shown"
        ));
    }
    Ok(shares)
}

/// Reads all entries. Says whether all are told to the search under the words that they have now.
fn entries(
    db: &impl Sql,
    shares: &HashMap<i64, Share>,
    told: &mut Told,
    words: &mut HashSet<u64>,
    found: &mut Findings,
) -> Result<bool> {
    let (mut is_whole, mut refused, mut reader) = (true, 0u64, Reader::default());
    db.all(ENTRIES, params![], |row| {
        let (id, share): (i64, i64) = (row.get(0)?, row.get(1)?);
        let Some(share) = shares.get(&share) else { return Ok(()) };
        let Ok(entry) = read(row, 4) else {
            is_whole = false;
            refused = refused.saturating_add(1);
            return Ok(());
        };
        let own = reader.read(&entry);
        let names: Vec<_> = own.name.iter().map(Word::as_str).collect();
        if row.get_ref(3)?.as_str()? != names.join(" ") {
            found.wrong.push(format!("entry {id} is ranked by other words than its own"));
        }
        is_whole &= row.get::<_, i64>(2)? == share.wording;
        let mut sheet = Sheet::new(share.scope, share.owner, &share.words);
        let common = sheet.write(id, &own, entry.content().as_ref());
        let scope = share.scope.number();
        let all = own.name.iter().chain(common.iter().copied());
        words.extend(all.map(|word| told.key(&scope, word.as_str())));
        for term in sheet.text.split_ascii_whitespace().collect::<HashSet<_>>() {
            told.sum = told.sum.wrapping_add(told.key(&id, term));
        }
        Ok(())
    })?;
    if refused > 0 {
        found.not_shown.push(format!("{refused} entries cannot be read and are not shown"));
    }
    // Words of a scope that they have not yet cannot be missing.
    if !is_whole {
        words.clear();
    }
    Ok(is_whole)
}

/// The same number, of what the search knows.
fn terms(db: &Connection, told: &Told) -> Result<u64> {
    db.execute_batch(LOOK)?;
    let mut sum = 0u64;
    let read = db.all(TERMS, params![], |row| {
        // What is no text is none of theirs.
        let term = row.get_ref(0)?.as_str().unwrap_or_default();
        sum = sum.wrapping_add(told.key(&row.get::<_, i64>(1)?, term));
        Ok(())
    });
    db.flush_prepared_statement_cache();
    db.execute_batch(LOOK_AWAY)?;
    read.map(|_| sum)
}
