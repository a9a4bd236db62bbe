//! Backups, and how one is put in the place of the data.

use super::check::check;
use super::error::told;
use super::migrations::migrate;
use super::open::{OpenError, examine, frames_of_log, merge_log, reader};
use super::owner::whose;
use crate::crypto::{Fingerprint, private, random};
use crate::index::store::{self, StoreError};
use data_encoding::HEXLOWER;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Writes what a database holds at this moment to a new file, and waits until the disk has it. It has its name when it
/// was read wholly, and can be restored.
pub(super) fn write(from: &Path, to: &Path) -> store::Result<()> {
    let failed = |error: io::Error| not_written(to, &error);
    if to.symlink_metadata().is_ok() {
        return Err(failed(io::ErrorKind::AlreadyExists.into()));
    }
    // No other's: two may be made at once, of which one gets the name.
    let unfinished = beside(to, &format!(".unfinished-{}", HEXLOWER.encode(&random::<8>())));
    let written = fill(from, &unfinished, to).and_then(|()| {
        let named = match fs::hard_link(&unfinished, to) {
            // Not every disk can have it so, which replaces nothing that came to be meanwhile.
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                fs::rename(&unfinished, to)
            }
            linked => linked,
        };
        named.and_then(|()| sync_where_it_may_be(to)).map_err(failed)
    });
    let _ = remove_all(&unfinished);
    written
}

fn fill(from: &Path, unfinished: &Path, to: &Path) -> store::Result<()> {
    let failed = |error: io::Error| not_written(to, &error);
    let file = private::new_file(unfinished).map_err(failed)?;
    let path = std::path::absolute(unfinished).map_err(failed)?;
    let path = path.to_str().ok_or_else(|| failed(io::ErrorKind::InvalidFilename.into()))?;
    let db = reader(from).map_err(|error| in_words(&error))?;
    db.execute("VACUUM INTO $1", [path]).map_err(|error| told(error.into()))?;
    file.sync_all().map_err(failed)?;
    let copy = reader(unfinished).map_err(|error| in_words(&error))?;
    let found = check(&copy).map_err(told)?;
    match found.wrong.is_empty() {
        true => Ok(()),
        false => Err(StoreError::Damaged(found.wrong.join("; "))),
    }
}

/// Why a backup is not there, said of the name that it was to have.
fn not_written(to: &Path, error: &io::Error) -> StoreError {
    let to_show = to.display();
    match error.kind() {
        io::ErrorKind::AlreadyExists => StoreError::Failed(format!(
            "{to_show} is there already, and a backup never replaces anything"
        )),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            StoreError::NotAllowed(format!("{to_show}: no file may be made there: {error}"))
        }
        _ => in_words(&OpenError::from_io(to, error)),
    }
}

/// Puts a backup in the place of the data, once it was checked wholly, and tells where the data that
/// was there lies now. No program may be at work on either. Of an index that has other keys than these, it is none.
///
/// Sessions and invitations do not come back with it: some were ended or used since, and that must
/// stay so. The key directory is as long as it was; members who have seen more of it are warned by
/// their programs.
pub fn restore(
    backup: &Path,
    data: &Path,
    keys: Option<Fingerprint>,
) -> Result<Option<PathBuf>, OpenError> {
    let (copy, goes_on) = (restoring(data), restore_was_cut_off(data));
    remove_all(&copy)?;
    let ready = copy_privately(backup, &copy).and_then(|()| prepare(backup, &copy, keys));
    if let Err(error) = ready {
        let _ = remove_all(&copy);
        return Err(error);
    }
    let aside = move_aside(data, goes_on)?;
    fs::rename(&copy, data)
        .and_then(|()| sync_folder_of(data))
        .map_err(|error| OpenError::from_io(data, &error))?;
    Ok(aside)
}

/// Whether a restore was cut off when the old data was away and the new not yet in place.
pub fn restore_was_cut_off(data: &Path) -> bool {
    !data.exists() && restoring(data).exists()
}

/// Where a backup is copied to before it takes its place.
pub(super) fn restoring(data: &Path) -> PathBuf {
    beside(data, ".restoring")
}

fn copy_privately(backup: &Path, copy: &Path) -> Result<(), OpenError> {
    let failed = |error: io::Error| OpenError::from_io(backup, &error);
    let not_one = |words: &str| Err(not_a_backup(backup, words));
    let about = fs::metadata(backup).map_err(failed)?;
    if !about.is_file() {
        return not_one("it is not a file");
    }
    if about.len() == 0 {
        return not_one("it is empty");
    }
    let logs = LOGS.map(|log| (beside(backup, log), beside(copy, log)));
    let logs: Vec<_> = logs.into_iter().filter(|(log, _)| log.exists()).collect();
    // What was set aside was still, so its log goes with it. Of a running server, the two would not fit.
    if !logs.is_empty() && !was_set_aside(backup) {
        return not_one("it was copied from a running server, and a part of it lies beside it");
    }
    copy_file(backup, copy)?;
    logs.iter().try_for_each(|(log, copy)| copy_file(log, copy))
}

fn copy_file(from: &Path, to: &Path) -> Result<(), OpenError> {
    let mut old = File::open(from).map_err(|error| OpenError::from_io(from, &error))?;
    let mut new = private::new_file(to).map_err(|error| OpenError::from_io(to, &error))?;
    io::copy(&mut old, &mut new).map(|_| ()).map_err(|error| OpenError::from_io(to, &error))
}

fn was_set_aside(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().contains(ASIDE))
}

/// Checks the copy, for that is what will be used, and makes it ready.
fn prepare(backup: &Path, copy: &Path, keys: Option<Fingerprint>) -> Result<(), OpenError> {
    let named = |error: OpenError| of_backup(error, backup);
    let failed = |error: rusqlite::Error| OpenError::from_sql(backup, &error);
    let has_log = beside(copy, WAL).exists();
    let (db, version) = examine(copy).map_err(named)?;
    if has_log && frames_of_log(&db).map_err(failed)? == 0 {
        let log = beside(backup, WAL);
        let words = format!(
            "nothing can be read in its log, {}; to restore it without its last changes, move that away",
            log.display()
        );
        return Err(not_a_backup(backup, &words));
    }
    if version == 0 {
        return Err(not_a_backup(backup, "there is nothing in it"));
    }
    migrate(&db, copy, version).map_err(named)?;
    let found = check(&db).map_err(|error| not_a_backup(backup, &told(error).to_string()))?;
    if !found.wrong.is_empty() {
        return Err(not_a_backup(backup, &found.wrong.join("; ")));
    }
    let whose = whose(&db).map_err(|error| not_a_backup(backup, &told(error).to_string()))?;
    if let (Some(whose), Some(keys)) = (whose, keys)
        && whose != keys
    {
        return Err(OpenError::OfAnother { path: backup.to_owned(), whose });
    }
    db.execute_batch("DELETE FROM sessions; DELETE FROM invitations").map_err(failed)?;
    // One file, which can be moved alone.
    db.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(())).map_err(failed)?;
    db.flush_prepared_statement_cache();
    db.close().map_err(|(_, error)| failed(error))?;
    let file = File::options().write(true).open(copy);
    file.and_then(|file| file.sync_all()).map_err(|error| OpenError::from_io(copy, &error))
}

/// Moves what is there to a name that nothing has yet; or what a restore that was cut off has left of it, to the rest.
fn move_aside(data: &Path, goes_on: bool) -> Result<Option<PathBuf>, OpenError> {
    let failed = |error: io::Error| OpenError::from_io(data, &error);
    let has_log = LOGS.iter().any(|log| beside(data, log).exists());
    if !data.exists() && !has_log {
        return Ok(None);
    }
    // SQLite throws away a log beside a file with nothing in it.
    if beside(data, WAL).exists() && data.metadata().is_ok_and(|about| about.len() > 0) {
        // Then one file is all of it, and can be moved back alone. What is too damaged takes its log along.
        let _ = merge_log(data, &beside(data, WAL));
    }
    let name = |n: u32| beside(data, &format!("{ASIDE}{n}"));
    let is_free = |n: &u32| parts(&name(*n)).iter().all(|part| !part.exists());
    let free = (1..=u32::MAX).find(is_free);
    let free = free.ok_or_else(|| failed(io::ErrorKind::AlreadyExists.into()))?;
    // That one had moved the file, and not its log. Beside any other file the log would be read as its own.
    let last = name(free.saturating_sub(1));
    let has_its_log = LOGS.iter().any(|log| beside(&last, log).exists());
    let aside = if goes_on && last.exists() && !has_its_log { last } else { name(free) };
    for (from, to) in parts(data).iter().zip(parts(&aside)) {
        match fs::rename(from, to) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
    }
    Ok(Some(aside))
}

fn remove_all(path: &Path) -> Result<(), OpenError> {
    for part in parts(path) {
        match fs::remove_file(&part) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(OpenError::from_io(&part, &error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// A database's file, and those that lie beside it while it is open or after a crash.
fn parts(path: &Path) -> [PathBuf; 4] {
    ["", WAL, "-journal", "-shm"].map(|end| beside(path, end))
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

fn sync_folder_of(path: &Path) -> io::Result<()> {
    private::sync_folder(private::above(path))
}

/// Where files may be made and not listed, nobody can wait for the folder.
fn sync_where_it_may_be(path: &Path) -> io::Result<()> {
    match sync_folder_of(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        synced => synced,
    }
}

fn not_a_backup(path: &Path, words: &str) -> OpenError {
    OpenError::NotABackup { path: path.to_owned(), words: words.to_owned() }
}

/// What is wrong with the copy, said of the backup, which is what the person knows.
fn of_backup(error: OpenError, backup: &Path) -> OpenError {
    match error {
        OpenError::NotADatabase(_) => not_a_backup(backup, "it is not a database"),
        OpenError::Foreign(_) => not_a_backup(backup, "it is a database of another program"),
        OpenError::Damaged { words, .. } => {
            not_a_backup(backup, &format!("it is damaged: {words}"))
        }
        OpenError::Newer { found, known, .. } => {
            OpenError::Newer { path: backup.to_owned(), found, known }
        }
        other => other,
    }
}

fn in_words(error: &OpenError) -> StoreError {
    match error {
        OpenError::Full(_) => StoreError::Full,
        _ => StoreError::Failed(error.to_string()),
    }
}

/// What stands before the number in the name of data that gave way to a backup.
const ASIDE: &str = ".before-restore-";
/// What holds changes that are not in the main file yet.
const LOGS: [&str; 2] = [WAL, "-journal"];
const WAL: &str = "-wal";
