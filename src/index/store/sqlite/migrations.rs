//! The tables, and how older databases come to have them.
//!
//! | table | a row is | key | besides |
//! |---|---|---|---|
//! | `accounts` | a person who can log in | `id`, never used again; `name`, `identity` | bcrypt hash, contact, since, last online |
//! | `sessions` | an open session | `token`, a hash; `account` with `number` | its identity, begun, used, lifetime |
//! | `invitations` | an invitation not used yet | `token`, a hash | the name it is for, made, expires |
//! | `directory` | an entry of the key directory | `number`, without gaps from 0 | the entry, the head after it, its documents, and what is asked for |
//! | `requests` | a change that was done | `identity` with `number` | a hash of what was asked, when |
//! | `shares` | what a person publishes | `id`, never used again; `owner` with `public`, its id outside, and with `name` | keywords, audience, state and sync under way |
//! | `readers` | one who may see a share that is for named people | `account` with `share` | |
//! | `entries` | an entry of a share, also one that comes or goes | `id`, never used again | path, size, content, its generation |
//! | `entry_words` | an entry's words, for searches | `rowid`, the entry's `id` | |
//! | `words` | a word of entries for everyone (scope 0) or of one named share | `scope` with `word` | about how many entries have it |
//! | `catalog` | the one row of numbers | | the next entry's `id`, what is to be cleared up |
//! | `whose` | the one row of the index itself | | its identity, once it has started |
//!
//! [`catalog`](super::catalog) says how the last ones work together.
//!
//! `directory` is only appended to: triggers refuse everything else. All times are seconds since
//! 1970. `application_id` says that a file is ours, `user_version` which migration was the last. A
//! migration that was published never changes; what comes later is another one behind it.

use super::open::OpenError;
use rusqlite::Connection;
use std::path::Path;

/// Says in a file's header that it is the database of an index: `WXWI`.
pub(super) const APPLICATION: i32 = 0x5758_5749;

/// Brings a database to the newest tables. Each migration is there wholly or not at all.
pub(super) fn migrate(db: &Connection, path: &Path, from: usize) -> Result<(), OpenError> {
    for (number, sql) in MIGRATIONS.iter().enumerate().skip(from) {
        let number = number.saturating_add(1);
        let step = format!(
            "BEGIN IMMEDIATE; {sql}
             PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {number}; COMMIT"
        );
        if let Err(error) = db.execute_batch(&step) {
            let _ = db.execute_batch("ROLLBACK");
            return Err(OpenError::from_sql(path, &error));
        }
    }
    Ok(())
}

/// All tables, indexes and triggers with the text that made them.
pub(super) fn tables(db: &Connection) -> rusqlite::Result<Vec<(String, Option<String>)>> {
    let mut statement = db.prepare("SELECT name, sql FROM sqlite_schema ORDER BY name")?;
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// The number of the last migration.
pub(super) fn newest() -> usize {
    MIGRATIONS.len()
}

/// All of them, in order.
const MIGRATIONS: &[&str] = &[ACCOUNTS_AND_DIRECTORY, CATALOG, WHOSE];

const ACCOUNTS_AND_DIRECTORY: &str = "
CREATE TABLE accounts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    identity BLOB NOT NULL UNIQUE CHECK (length(identity) = 32),
    password TEXT NOT NULL,
    contact TEXT,
    since INTEGER NOT NULL,
    last_online INTEGER
) STRICT;

CREATE TABLE sessions (
    token BLOB PRIMARY KEY CHECK (length(token) = 32),
    account INTEGER NOT NULL REFERENCES accounts (id),
    number BLOB NOT NULL CHECK (length(number) = 16),
    identity BLOB NOT NULL CHECK (length(identity) = 32),
    began INTEGER NOT NULL,
    used INTEGER NOT NULL,
    lifetime INTEGER NOT NULL,
    UNIQUE (account, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE invitations (
    token BLOB PRIMARY KEY CHECK (length(token) = 32),
    name TEXT,
    made INTEGER NOT NULL,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE requests (
    identity BLOB NOT NULL CHECK (length(identity) = 32),
    number BLOB NOT NULL CHECK (length(number) = 16),
    asked BLOB NOT NULL CHECK (length(asked) = 32),
    done INTEGER NOT NULL,
    PRIMARY KEY (identity, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX requests_by_time ON requests (done);

CREATE TABLE directory (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    identity BLOB NOT NULL CHECK (length(identity) = 32),
    time INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    sealing BLOB NOT NULL CHECK (length(sealing) = 32),
    key BLOB NOT NULL,
    certificate BLOB NOT NULL,
    rotation BLOB,
    entry BLOB NOT NULL,
    head BLOB NOT NULL CHECK (length(head) = 32)
) STRICT;
CREATE INDEX directory_of_names ON directory (name, number);
CREATE INDEX directory_lately ON directory (name, time);
CREATE INDEX directory_of_identities ON directory (identity, number);

CREATE TRIGGER directory_grows BEFORE INSERT ON directory
WHEN NEW.number <> (SELECT coalesce(max(number) + 1, 0) FROM directory)
BEGIN SELECT RAISE(ABORT, 'the key directory grows by one entry after the other'); END;
CREATE TRIGGER directory_stays BEFORE UPDATE ON directory
BEGIN SELECT RAISE(ABORT, 'an entry of the key directory never changes'); END;
CREATE TRIGGER directory_keeps BEFORE DELETE ON directory
BEGIN SELECT RAISE(ABORT, 'an entry of the key directory is never removed'); END;
";

// An account's number is never used again, so `owner` needs no reference, which would keep the account
// until its shares are cleared up.
const CATALOG: &str = "
CREATE TABLE shares (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    owner INTEGER NOT NULL,
    public BLOB NOT NULL CHECK (length(public) = 16),
    name TEXT NOT NULL,
    keywords TEXT NOT NULL,
    about BLOB NOT NULL CHECK (length(about) = 32),
    everyone INTEGER NOT NULL,
    was_named INTEGER NOT NULL DEFAULT 0,
    wording INTEGER NOT NULL DEFAULT 1,
    gone INTEGER NOT NULL DEFAULT 0,
    state BLOB CHECK (length(state) = 16),
    version INTEGER NOT NULL DEFAULT 0,
    floor INTEGER NOT NULL DEFAULT 0,
    entries INTEGER NOT NULL DEFAULT 0,
    held INTEGER NOT NULL DEFAULT 0,
    stage INTEGER NOT NULL DEFAULT 0,
    sync BLOB CHECK (length(sync) = 16),
    next INTEGER NOT NULL DEFAULT 0,
    anew INTEGER NOT NULL DEFAULT 0,
    coming INTEGER NOT NULL DEFAULT 0,
    abandoned INTEGER NOT NULL DEFAULT 0,
    worded INTEGER NOT NULL DEFAULT 1,
    tidied INTEGER,
    tidied_path TEXT NOT NULL DEFAULT '',
    turn INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX shares_by_id ON shares (owner, public) WHERE gone = 0;
CREATE UNIQUE INDEX shares_by_name ON shares (owner, name) WHERE gone = 0;
CREATE INDEX shares_of_owner ON shares (owner);
CREATE INDEX shares_untidy ON shares (owner, turn) WHERE tidied IS NOT NULL;
CREATE INDEX shares_opened ON shares (id) WHERE was_named = 1;

CREATE TABLE readers (
    account INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    share INTEGER NOT NULL REFERENCES shares (id) ON DELETE CASCADE,
    PRIMARY KEY (account, share)
) STRICT, WITHOUT ROWID;
CREATE INDEX readers_of_share ON readers (share);

CREATE TABLE entries (
    id INTEGER PRIMARY KEY,
    share INTEGER NOT NULL REFERENCES shares (id),
    path TEXT NOT NULL,
    size INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    executable INTEGER NOT NULL,
    content BLOB CHECK (length(content) = 32),
    generation INTEGER NOT NULL,
    wording INTEGER NOT NULL,
    name_words TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX entries_in_order ON entries (share, generation, path);

CREATE VIRTUAL TABLE entry_words USING fts5 (
    words, content='', contentless_delete=1, detail=none, tokenize=\"ascii tokenchars '.='\"
);
INSERT INTO entry_words (entry_words, rank)
    VALUES ('automerge', 0), ('crisismerge', 64), ('usermerge', 8);

CREATE TABLE words (
    scope INTEGER NOT NULL,
    word TEXT NOT NULL,
    entries INTEGER NOT NULL,
    PRIMARY KEY (scope, word)
) STRICT, WITHOUT ROWID;

CREATE TABLE catalog (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    next INTEGER NOT NULL,
    learned INTEGER NOT NULL,
    dropped INTEGER NOT NULL,
    swept_scope INTEGER,
    swept_word TEXT,
    pieces INTEGER NOT NULL,
    unmerged INTEGER NOT NULL,
    merging INTEGER NOT NULL,
    tidied_owner INTEGER NOT NULL
) STRICT;
INSERT INTO catalog VALUES (1, 1, 0, 0, NULL, NULL, 0, 0, 0, 0);
";

const WHOSE: &str = "
CREATE TABLE whose (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    identity BLOB NOT NULL CHECK (length(identity) = 32)
) STRICT;
";
