//! Reads everything, and says what is wrong.

use super::catalog;
use super::directory::documents_of;
use super::error::Result;
use super::migrations::tables;
use super::open::{in_memory, problems};
use super::sql::{Columns, Sql};
use crate::codec::closed;
use crate::model::UserName;
use crate::model::directory::{Chain, DirectoryEntry};
use rusqlite::{Connection, Row, params};
use std::collections::HashSet;

const ENTRIES: &str =
    "SELECT number, key, certificate, rotation, entry, head, name, identity, time,
    epoch, sealing FROM directory ORDER BY number";
const ACCOUNTS: &str = "SELECT id, name, identity, password FROM accounts ORDER BY name";
const NAMES: &str = "SELECT DISTINCT name FROM directory ORDER BY name";
const STRAY_SESSIONS: &str =
    "SELECT count(*) FROM sessions s LEFT JOIN accounts a ON a.id = s.account
    WHERE a.identity IS NULL OR a.identity <> s.identity";
const INVITATIONS: &str = "SELECT name FROM invitations WHERE name IS NOT NULL";
/// Every column of texts, and what a row of its table is called.
const TEXTS: &str = "SELECT t.name, c.name, iif(t.wr, 'NULL', 'rowid')
    FROM pragma_table_list t, pragma_table_info(t.name) c
    WHERE t.schema = 'main' AND t.type = 'table' AND c.type = 'TEXT' ORDER BY t.name, c.cid";

/// What a check found, in words for the index's owner.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// What is wrong.
    pub(super) wrong: Vec<String>,
    /// What the rules of this version refuse, and is shown to nobody. It harms nothing, so a backup
    /// from before these rules is restored with it.
    pub(super) not_shown: Vec<String>,
}

impl Findings {
    /// All of it.
    pub(super) fn all(mut self) -> Vec<String> {
        self.wrong.append(&mut self.not_shown);
        self.wrong
    }
}

/// Reads all of a database.
pub(super) fn check(db: &Connection) -> Result<Findings> {
    let wrong = problems(db, "PRAGMA integrity_check(20)")?;
    let mut found = Findings { wrong, ..Findings::default() };
    // Where pages are broken, nothing else can be trusted to be read.
    if !found.wrong.is_empty() {
        return Ok(found);
    }
    let wrong = &mut found.wrong;
    same_tables(db, wrong)?;
    if !texts(db, wrong)? {
        return Ok(found);
    }
    if let Some(chain) = directory(db, wrong)? {
        accounts(db, &chain, wrong)?;
    }
    sessions(db, wrong)?;
    invitations(db, wrong)?;
    catalog::check(db, &mut found)?;
    found.wrong.truncate(MOST_TOLD);
    Ok(found)
}

/// Tables, indexes and triggers are those that the migrations make.
fn same_tables(db: &Connection, found: &mut Vec<String>) -> Result<()> {
    let new = in_memory().map_err(|error| super::error::Error::Unsound(error.to_string()))?;
    if tables(db)? != tables(&new)? {
        found.push("the tables are not those that this program makes".into());
    }
    Ok(())
}

/// Texts are UTF-8, at which the database itself does not look; says whether they are, since others cannot be read.
fn texts(db: &Connection, found: &mut Vec<String>) -> Result<bool> {
    let columns = db.all(TEXTS, params![], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
    })?;
    let before = found.len();
    for (table, column, number) in columns {
        let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        let sql = format!("SELECT {number}, {} FROM {}", quoted(&column), quoted(&table));
        let mut statement = db.prepare(&sql)?;
        let mut rows = statement.query(params![])?;
        while let Some(row) = rows.next()?.filter(|_| found.len() < MOST_TOLD) {
            if row.get_ref(1)?.as_str_or_null().is_err() {
                let number = row.get::<_, Option<i64>>(0)?;
                let which = number.map_or("a row".to_owned(), |number| format!("row {number}"));
                found.push(format!("{which} of {table}: its {column} is not a text in UTF-8"));
            }
        }
    }
    Ok(found.len() == before)
}

/// Every entry follows the one before, and its documents and columns say what it says. None when
/// the chain breaks, since nothing behind that can be judged.
fn directory(db: &Connection, found: &mut Vec<String>) -> Result<Option<Chain>> {
    let (mut chain, mut is_whole) = (Chain::default(), true);
    db.all(ENTRIES, params![], |row| {
        if is_whole {
            let number = row.count(0)?;
            let told = |words: String| format!("entry {number} of the key directory: {words}");
            is_whole = follows(row, &mut chain).map_err(|words| found.push(told(words))).is_ok();
            if is_whole && let Err(words) = says_the_same(row, &chain) {
                found.push(told(words));
            }
        }
        Ok(())
    })?;
    Ok(is_whole.then_some(chain))
}

fn follows(row: &Row<'_>, chain: &mut Chain) -> std::result::Result<(), String> {
    let entry: Vec<u8> = row.get(4).map_err(words)?;
    chain.extend([entry.as_slice()]).map_err(words)
}

fn says_the_same(row: &Row<'_>, chain: &Chain) -> std::result::Result<(), String> {
    let entry: Vec<u8> = row.get(4).map_err(words)?;
    let entry: DirectoryEntry = closed::decode(&entry).map_err(words)?;
    let (number, documents) = documents_of(row).map_err(words)?;
    let step = chain.steps(&entry.user).next().ok_or("it is of nobody")?;
    let binding = chain.binding_at(&entry.user, &step, &documents).map_err(words)?;
    let columns = (
        number == entry.number,
        row.get::<_, [u8; 32]>(5).map_err(words)? == entry.head().hash,
        row.user(6).map_err(words)? == entry.user,
        row.identity(7).map_err(words)? == entry.identity,
        row.time(8).map_err(words)? == entry.time,
        row.get::<_, u32>(9).map_err(words)? == binding.certificate.epoch,
        row.get::<_, [u8; 32]>(10).map_err(words)? == *binding.certificate.key.id().as_bytes(),
    );
    match columns {
        (true, true, true, true, true, true, true) => Ok(()),
        _ => Err("what is asked for is not what it says".into()),
    }
}

/// Accounts are those of the directory, each with the identity that its name has there.
fn accounts(db: &Connection, chain: &Chain, found: &mut Vec<String>) -> Result<()> {
    let mut names = HashSet::new();
    db.all(ACCOUNTS, params![], |row| {
        match account(row, chain) {
            Ok(name) => drop(names.insert(name)),
            Err(words) => found.push(format!("account {}: {words}", row.get::<_, i64>(0)?)),
        }
        Ok(())
    })?;
    // One that is none was told with its entry.
    let directory = db.all(NAMES, params![], |row| Ok(row.user(0).ok()))?;
    for name in directory.into_iter().flatten() {
        if chain.current(&name).is_some() && !names.contains(&name) {
            found.push(format!("{name} is in the key directory and has no sound account"));
        }
    }
    Ok(())
}

fn account(row: &Row<'_>, chain: &Chain) -> std::result::Result<UserName, String> {
    let (user, identity) = (row.user(1).map_err(words)?, row.identity(2).map_err(words)?);
    row.password(3).map_err(|_| format!("the password of {user} cannot be read"))?;
    match chain.current(&user) {
        Some(step) if step.identity == identity => Ok(user),
        Some(_) => Err(format!("{user} has another identity than in the key directory")),
        None => Err(format!("{user} is not in the key directory")),
    }
}

fn sessions(db: &Connection, found: &mut Vec<String>) -> Result<()> {
    let strays = db.one(STRAY_SESSIONS, params![], |row| row.count(0))?.unwrap_or_default();
    if strays > 0 {
        found.push(format!("{strays} sessions are bound to another identity than their account"));
    }
    Ok(())
}

fn invitations(db: &Connection, found: &mut Vec<String>) -> Result<()> {
    db.all(INVITATIONS, params![], |row| {
        if row.user(0).is_err() {
            found.push("an invitation is for a name that cannot be one".into());
        }
        Ok(())
    })?;
    Ok(())
}

fn words(error: impl ToString) -> String {
    error.to_string()
}

const MOST_TOLD: usize = 50;
