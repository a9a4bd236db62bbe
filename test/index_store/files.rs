//! What may lie where the database should be, and what is said about it.

use crate::is_well;
use crate::keys::NOW;
use crate::stage::{invite, join};
use rusqlite::Connection;
use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use waxwing::index::store::{OpenError, Place, Sqlite, Store};

fn open(path: &Path) -> Result<Sqlite, OpenError> {
    Sqlite::open(Place::File(path.to_owned()))
}

fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index.db");
    (folder, path)
}

/// A database with something in it, closed.
async fn filled() -> (TempDir, PathBuf) {
    let (folder, path) = place();
    let store = open(&path).unwrap();
    join(&store, "alice", 0, NOW).await;
    for _ in 0..200 {
        invite(&store, None, NOW).await;
    }
    store.close().await;
    (folder, path)
}

/// What a person reads: the file's name, and each of these words.
#[track_caller]
fn says(error: &OpenError, path: &Path, words: &[&str]) {
    let said = error.to_string();
    assert!(said.contains(path.to_str().unwrap()), "{said}");
    for word in words {
        assert!(said.contains(word), "{said}");
    }
}

#[tokio::test]
async fn a_new_database_is_ours_alone() {
    for exists_empty in [false, true] {
        let (_folder, path) = place();
        if exists_empty {
            fs::write(&path, "").unwrap();
        }
        let store = open(&path).unwrap();
        is_well(&store).await;
        invite(&store, None, NOW).await;
        if !exists_empty {
            for end in ["db", "db-wal", "db-shm"] {
                let mode = fs::metadata(path.with_extension(end)).unwrap().permissions().mode();
                assert_eq!(mode & 0o777, 0o600, "{end}");
            }
        }
        store.close().await;
        let db = Connection::open(&path).unwrap();
        let number = |name: &str| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        assert_eq!(number("application_id"), Ok(0x5758_5749));
        assert_eq!(number("user_version"), Ok(3));
        let loose = "SELECT count(*) FROM pragma_table_list
            WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite%' AND NOT strict";
        assert_eq!(db.query_row(loose, [], |row| row.get::<_, i64>(0)), Ok(0));
    }
}

#[tokio::test]
async fn the_key_directory_is_only_appended_to() {
    let (_folder, path) = filled().await;
    let db = Connection::open(&path).unwrap();
    for (sql, why) in [
        ("UPDATE directory SET time = 0", "never changes"),
        ("DELETE FROM directory", "never removed"),
        ("INSERT OR REPLACE INTO directory SELECT * FROM directory", "one entry after the other"),
        (
            "INSERT INTO directory SELECT 5, name, identity, time, epoch, sealing, key, certificate,
             rotation, entry, head FROM directory",
            "one entry after the other",
        ),
    ] {
        let error = db.execute(sql, []).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn what_is_no_database_is_left_alone() {
    let noise: Vec<u8> =
        (0..20_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for content in [&b"my shopping list"[..], &[0; 5000], &noise] {
        let (folder, path) = place();
        fs::write(&path, content).unwrap();
        let error = open(&path).unwrap_err();
        assert_eq!(error, OpenError::NotADatabase(path.clone()));
        says(&error, &path, &["not a database", "server restore"]);
        assert_eq!(fs::read(&path).unwrap(), content);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

#[test]
fn a_database_of_another_program_is_left_alone() {
    let cases = [
        "CREATE TABLE songs (title TEXT)",
        "PRAGMA application_id = 7",
        "PRAGMA user_version = 3",
        "PRAGMA application_id = 7; PRAGMA user_version = 1; CREATE TABLE accounts (id INTEGER)",
        // Ours by its mark, and never finished by us.
        "PRAGMA application_id = 0x57585749; CREATE TABLE accounts (id INTEGER)",
    ];
    for sql in cases {
        let (folder, path) = place();
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        let before = fs::read(&path).unwrap();
        let error = open(&path).unwrap_err();
        assert_eq!(error, OpenError::Foreign(path.clone()), "{sql}");
        says(&error, &path, &["another program", "another folder"]);
        assert_eq!(fs::read(&path).unwrap(), before);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

#[tokio::test]
async fn a_newer_database_is_left_to_newer_programs() {
    let (_folder, path) = filled().await;
    Connection::open(&path).unwrap().execute_batch("PRAGMA user_version = 99").unwrap();
    let before = fs::read(&path).unwrap();
    let error = open(&path).unwrap_err();
    assert_eq!(error, OpenError::Newer { path: path.clone(), found: 99, known: 3 });
    says(&error, &path, &["newer version", "server restore"]);
    assert_eq!(fs::read(&path).unwrap(), before);
}

type Damage = fn(&mut Vec<u8>);

#[tokio::test]
async fn a_damaged_database_is_not_opened() {
    let (folder, path) = filled().await;
    let sound = fs::read(&path).unwrap();
    let damages: [(&str, Damage); 5] = [
        ("a page overwritten", |bytes| bytes[2 * 4096..3 * 4096].fill(0xa5)),
        ("a page of zeros", |bytes| bytes[3 * 4096..4 * 4096].fill(0)),
        ("cut in the middle", |bytes| bytes.truncate(bytes.len() / 2)),
        ("cut inside a page", |bytes| bytes.truncate(bytes.len() - 100)),
        ("a part of the first page", |bytes| bytes[100..3000].fill(0xff)),
    ];
    for (what, damage) in damages {
        let mut bytes = sound.clone();
        damage(&mut bytes);
        fs::write(&path, &bytes).unwrap();
        let error = open(&path).unwrap_err();
        assert!(matches!(error, OpenError::Damaged { .. }), "{what}: {error:?}");
        says(&error, &path, &["damaged", "server restore"]);
        assert_eq!(fs::read(&path).unwrap(), bytes, "{what}");
    }
    fs::write(&path, &sound).unwrap();
    open(&path).unwrap().close().await;
    // Rows that point to what is missing.
    let db = Connection::open(&path).unwrap();
    db.execute_batch("PRAGMA foreign_keys = OFF; DELETE FROM accounts").unwrap();
    drop(db);
    let error = open(&path).unwrap_err();
    says(&error, &path, &["damaged", "a row of sessions points to one of accounts"]);
    drop(folder);
}

#[test]
fn a_folder_and_a_missing_folder_are_told() {
    let (folder, path) = place();
    let error = open(folder.path()).unwrap_err();
    assert_eq!(error, OpenError::Folder(folder.path().to_owned()));
    says(&error, folder.path(), &["folder"]);
    let nowhere = folder.path().join("gone/index.db");
    assert_eq!(open(&nowhere).unwrap_err(), OpenError::Missing(nowhere.clone()));
    fs::write(&path, "a file").unwrap();
    let below = path.join("index.db");
    assert_eq!(open(&below).unwrap_err(), OpenError::Missing(below));
}

#[tokio::test]
async fn without_rights_nothing_is_opened() {
    let (folder, path) = filled().await;
    let mode = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(&path, 0o400);
    if fs::File::options().write(true).open(&path).is_ok() {
        println!("this user may do everything, so there is nothing to see");
        return;
    }
    let no_rights = |path: &Path| {
        let error = open(path).unwrap_err();
        assert!(matches!(error, OpenError::NoRights { .. }), "{error:?}");
        says(&error, path, &["own the folder"]);
    };
    no_rights(&path);
    mode(&path, 0o000);
    no_rights(&path);
    mode(&path, 0o600);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    mode(folder.path(), 0o500);
    no_rights(&path);
    no_rights(&folder.path().join("other.db"));
    mode(folder.path(), 0o700);
    is_well(&open(&path).unwrap()).await;
}

#[tokio::test]
async fn names_of_files_are_names_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    for name in [":memory:", "file:index.db?mode=memory", "it's \"mine\" %41.db", "größe.db"] {
        let path = folder.path().join(name);
        let store = open(&path).unwrap();
        invite(&store, None, NOW).await;
        store.close().await;
        assert!(path.is_file(), "{name}");
        let store = open(&path).unwrap();
        assert_eq!(store.figures(NOW).await.unwrap().invitations, 1);
        store.close().await;
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4);
}

#[tokio::test]
async fn what_a_log_holds_is_there_after_a_crash() {
    let (_folder, path) = filled().await;
    let store = open(&path).unwrap();
    invite(&store, None, NOW).await;
    // As if the process had been killed here: the files as they lie, in another place.
    let (_other, copy) = place();
    fs::copy(&path, &copy).unwrap();
    fs::copy(path.with_extension("db-wal"), copy.with_extension("db-wal")).unwrap();
    let revived = open(&copy).unwrap();
    assert_eq!(revived.figures(NOW).await.unwrap().invitations, 201);
    is_well(&revived).await;
    // A log that was cut off loses what was not whole, and no more.
    let (_other, copy) = place();
    fs::copy(&path, &copy).unwrap();
    let log = copy.with_extension("db-wal");
    fs::copy(path.with_extension("db-wal"), &log).unwrap();
    let mut file = fs::File::options().write(true).open(&log).unwrap();
    file.set_len(fs::metadata(&log).unwrap().len() - 1000).unwrap();
    file.seek(SeekFrom::End(0)).unwrap();
    file.write_all(&[0xee; 500]).unwrap();
    let revived = open(&copy).unwrap();
    assert_eq!(revived.figures(NOW).await.unwrap().invitations, 200);
    is_well(&revived).await;
}
