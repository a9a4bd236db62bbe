//! Opening a database: what is found there, whether it is ours and sound, and the settings.

use super::Place;
use super::migrations::{APPLICATION, migrate, newest};
use crate::crypto::{Fingerprint, private};
use rusqlite::config::DbConfig;
use rusqlite::ffi::SQLITE_IOERR_SHMSIZE;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why a database was not opened or restored, in words for the index's owner: what is the matter,
/// and what helps.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// A folder stands where the file should be.
    #[error("{} is a folder; the database is a file. Choose another folder for the data, or move this one away.", .0.display())]
    Folder(PathBuf),
    /// There is nothing of that name.
    #[error("{}: there is no such file or folder. Is the name right?", .0.display())]
    Missing(PathBuf),
    /// The system does not let us read and write.
    #[error("{}: this may not be read and written here ({words}). Whoever runs the server must own the folder and the files in it, and the disk must not be mounted read-only.", path.display())]
    NoRights {
        /// The file.
        path: PathBuf,
        /// What the system said.
        words: String,
    },
    /// Anything but a database.
    #[error("{} is not a database, or its beginning was overwritten. To begin anew, move it and the keys away; or put a backup in its place: `server restore FILE`.", .0.display())]
    NotADatabase(PathBuf),
    /// A database of another program.
    #[error("{} is a database of another program. It was not touched; choose another folder for the data.", .0.display())]
    Foreign(PathBuf),
    /// A database of a later version.
    #[error("{} was written by a newer version of this program (tables {found}; this program knows {known}). Use that version, or restore a backup of this one: `server restore FILE`.", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version of its tables.
        found: usize,
        /// The newest that we know.
        known: usize,
    },
    /// Ours, and broken.
    #[error("{} is damaged: {words}. The disk may be failing. Keep a copy of it, and put a backup in its place: `server restore FILE`.", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong, in the database's words.
        words: String,
    },
    /// There is no room.
    #[error("{}: the disk is full. Make room and start again; nothing is lost.", .0.display())]
    Full(PathBuf),
    /// Somebody else works on it.
    #[error("{} is in use by another program. Stop that program first.", .0.display())]
    InUse(PathBuf),
    /// A restore was cut off when the old data was away and the new not yet in place.
    #[error("{} is missing, and a restore of it was cut off. Run `server restore FILE` again.", .0.display())]
    Interrupted(PathBuf),
    /// A file that is to be restored and cannot be.
    #[error("{} cannot be restored: {words}. `server backup FILE` makes what can. Nothing was changed.", path.display())]
    NotABackup {
        /// The file.
        path: PathBuf,
        /// Why not.
        words: String,
    },
    /// A backup of another index.
    #[error("{} is a backup of the index {whose}, and the keys here are those of another. Nothing was changed.", path.display())]
    OfAnother {
        /// The file.
        path: PathBuf,
        /// Whose it is.
        whose: Fingerprint,
    },
    /// SQLite itself is too old.
    #[error(
        "this program was built with SQLite {0}, which can lose data; it needs 3.51.3 or newer. Build it with the SQLite that comes with it."
    )]
    Engine(&'static str),
    /// Anything else.
    #[error("{}: {words}. The data must lie on a disk of this machine, not on one that is reached through a network.", path.display())]
    Failed {
        /// The file.
        path: PathBuf,
        /// What the database or the system said.
        words: String,
    },
}

impl OpenError {
    pub(super) fn from_sql(path: &Path, error: &rusqlite::Error) -> Self {
        let (path, words) = (path.to_owned(), error.to_string());
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::NotADatabase(path),
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged { path, words },
            Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
                Self::NoRights { path, words }
            }
            Some(ErrorCode::DiskFull) => Self::Full(path),
            Some(ErrorCode::SystemIoFailure) if has_no_room_for_index_of_log(error) => {
                Self::Full(path)
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::InUse(path),
            _ => Self::Failed { path, words },
        }
    }

    pub(super) fn from_io(path: &Path, error: &io::Error) -> Self {
        use io::ErrorKind::{
            IsADirectory, NotADirectory, NotFound, PermissionDenied, QuotaExceeded,
            ReadOnlyFilesystem, StorageFull,
        };
        let (path, words) = (path.to_owned(), error.to_string());
        match error.kind() {
            IsADirectory => Self::Folder(path),
            NotFound | NotADirectory => Self::Missing(path),
            PermissionDenied | ReadOnlyFilesystem => Self::NoRights { path, words },
            StorageFull | QuotaExceeded => Self::Full(path),
            _ => Self::Failed { path, words },
        }
    }
}

/// Whether that is what did not succeed: a small file beside the log, which SQLite makes when it opens a database, and
/// of which it does not say why it has not got its size.
fn has_no_room_for_index_of_log(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|error| error.extended_code == SQLITE_IOERR_SHMSIZE)
}

/// The connection that writes, on a database that is ours, sound, and has the newest tables. A file
/// that is not there yet is made.
pub(super) fn writer(path: &Path) -> Result<Connection, OpenError> {
    make_if_missing(path)?;
    let (db, version) = examine(path)?;
    migrate(&db, path, version)?;
    let failed = |error: rusqlite::Error| OpenError::from_sql(path, &error);
    let mode: String =
        db.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).map_err(failed)?;
    if mode != "wal" {
        return Err(OpenError::Failed {
            path: path.to_owned(),
            words: format!("the database stays in the mode `{mode}` and cannot log ahead"),
        });
    }
    Ok(db)
}

/// A database that is ours and sound, and which migration was its last; 0 for an empty file.
pub(super) fn examine(path: &Path) -> Result<(Connection, usize), OpenError> {
    known_engine()?;
    let failed = |error: rusqlite::Error| OpenError::from_sql(path, &error);
    let db = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(failed)?;
    // Until it is known to be sound.
    keep_log_on_close(&db, true).map_err(failed)?;
    // Before anything is read, which would leave files beside it that nobody may write.
    if db.is_readonly("main").map_err(failed)? {
        let words = "it can only be read".to_owned();
        return Err(OpenError::NoRights { path: path.to_owned(), words });
    }
    settle(&db).map_err(failed)?;
    let version = version(&db, path)?;
    let wrong = problems(&db, "PRAGMA quick_check(5)").map_err(failed)?;
    if !wrong.is_empty() {
        return Err(OpenError::Damaged { path: path.to_owned(), words: wrong.join("; ") });
    }
    keep_log_on_close(&db, false).map_err(failed)?;
    Ok((db, version))
}

/// A connection that only reads, on a database that a [`writer`] has opened.
pub(super) fn reader(path: &Path) -> Result<Connection, OpenError> {
    let db = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY);
    db.and_then(|db| settle(&db).map(|()| db)).map_err(|error| OpenError::from_sql(path, &error))
}

/// Brings what lies in the log beside a sound database into the database's own file. The log goes only when every byte
/// of it was read: what SQLite cannot read it passes over, and would throw away.
pub(super) fn merge_log(path: &Path, log: &Path) -> rusqlite::Result<()> {
    let db = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    keep_log_on_close(&db, true)?;
    settle(&db)?;
    if !problems(&db, "PRAGMA quick_check(1)")?.is_empty() {
        return Ok(());
    }
    let frames = frames_of_log(&db)?;
    let frame: u32 = db.query_row("PRAGMA page_size", [], |row| row.get(0))?;
    let read =
        frames.saturating_mul(u64::from(frame).saturating_add(FRAME_HEAD)).saturating_add(LOG_HEAD);
    let is_all = fs::metadata(log).is_ok_and(|about| about.len() == read);
    keep_log_on_close(&db, !is_all)?;
    db.close().map_err(|(_, error)| error)
}

/// How many pages could be read from the log, all of which lie in the database's own file then.
pub(super) fn frames_of_log(db: &Connection) -> rusqlite::Result<u64> {
    let checkpoint = "PRAGMA wal_checkpoint(PASSIVE)";
    let (is_busy, frames, done): (bool, i64, i64) =
        db.query_row(checkpoint, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(if is_busy || frames != done { 0 } else { u64::try_from(frames).unwrap_or_default() })
}

/// Whoever closes last brings the log into the file and takes it away, which of what is damaged leaves less.
fn keep_log_on_close(db: &Connection, keeps: bool) -> rusqlite::Result<()> {
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keeps).map(|_| ())
}

/// A database in memory, with the newest tables.
pub(super) fn in_memory() -> Result<Connection, OpenError> {
    known_engine()?;
    let path = Path::new(":memory:");
    let failed = |error: rusqlite::Error| OpenError::from_sql(path, &error);
    let db = Connection::open_in_memory().map_err(failed)?;
    settle(&db).map_err(failed)?;
    migrate(&db, path, 0)?;
    Ok(db)
}

/// Keeps a database from growing beyond so many pages.
pub(super) fn limit_pages(
    db: &Connection,
    place: &Place,
    pages: Option<u32>,
) -> Result<(), OpenError> {
    let Some(pages) = pages else { return Ok(()) };
    db.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
        .map_err(|error| OpenError::from_sql(place.path(), &error))
}

/// What a check of the database itself finds, in its words.
pub(super) fn problems(db: &Connection, check: &str) -> rusqlite::Result<Vec<String>> {
    let integrity = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
    let found = db.prepare(check)?.query_map([], integrity)?.collect::<rusqlite::Result<Vec<_>>>();
    let foreign = |row: &rusqlite::Row<'_>| {
        let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
        Ok(format!("a row of {table} points to one of {parent} that is missing"))
    };
    let said = |line: &&str| *line != "ok" && !line.starts_with("***");
    let found = found?;
    let mut found: Vec<_> =
        found.iter().flat_map(|row| row.lines()).filter(said).map(str::to_owned).collect();
    let mut statement = db.prepare("PRAGMA foreign_key_check")?;
    for orphan in statement.query_map([], foreign)?.take(5) {
        found.push(orphan?);
    }
    Ok(found)
}

/// SQLite lost data before 3.51.3 when two connections met at the log's reset.
fn known_engine() -> Result<(), OpenError> {
    if rusqlite::version_number() < 3_051_003 {
        return Err(OpenError::Engine(rusqlite::version()));
    }
    Ok(())
}

/// The file is made here, so that nobody else may read it: the log beside it gets its mode.
fn make_if_missing(path: &Path) -> Result<(), OpenError> {
    let failed = |error: io::Error| OpenError::from_io(path, &error);
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => return Err(OpenError::Folder(path.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        found => return found.map(|_| ()).map_err(failed),
    }
    if super::backup::restoring(path).exists() {
        return Err(OpenError::Interrupted(path.to_owned()));
    }
    private::new_file(path).map(|_| ()).map_err(failed)
}

fn connect(path: &Path, how: OpenFlags) -> rusqlite::Result<Connection> {
    // From the root, a path is never taken for an address or for `:memory:`.
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    Connection::open_with_flags(path, how | OpenFlags::SQLITE_OPEN_NO_MUTEX)
}

/// What holds for every connection. `FULL` waits for the disk at every commit; what is mapped into
/// memory could be changed there by a stray write, so nothing is. Plans are made once for a text:
/// otherwise SQLite parses and plans again whenever other values are bound, which costs more than most
/// questions do.
fn settle(db: &Connection) -> rusqlite::Result<()> {
    db.busy_timeout(Duration::from_secs(5))?;
    db.set_prepared_statement_cache_capacity(128);
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
    db.execute_batch(
        "PRAGMA synchronous = FULL; PRAGMA fullfsync = ON;
         PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;
         PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -16384; PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864",
    )
}

/// Which migration was the last; 0 for an empty file.
fn version(db: &Connection, path: &Path) -> Result<usize, OpenError> {
    let number = |sql| {
        let read = db.query_row(sql, [], |row| row.get::<_, i64>(0));
        read.map_err(|error| OpenError::from_sql(path, &error))
    };
    let application = number("PRAGMA application_id")?;
    let version = number("PRAGMA user_version")?;
    let tables = number("SELECT count(*) FROM sqlite_schema")?;
    let foreign = || OpenError::Foreign(path.to_owned());
    let version = usize::try_from(version).map_err(|_| foreign())?;
    match (application == i64::from(APPLICATION), version, tables) {
        (true, 1.., _) if version > newest() => {
            Err(OpenError::Newer { path: path.to_owned(), found: version, known: newest() })
        }
        (true, 1.., _) => Ok(version),
        (false, 0, 0) if application == 0 => Ok(0),
        _ => Err(foreign()),
    }
}

/// Before the first page in a log, and before each of them.
const LOG_HEAD: u64 = 32;
const FRAME_HEAD: u64 = 24;
