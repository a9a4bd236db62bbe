//! Backups, what they are good for, and what a check finds.

use crate::is_well;
use crate::keys::NOW;
use crate::stage::{invite, join, keys, user, whole_chain};
use rusqlite::Connection;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tempfile::TempDir;
use waxwing::index::store::{OpenError, Place, Sqlite, Store, StoreError, restore};

/// A folder with room for data and backups.
struct Ground {
    folder: TempDir,
    data: PathBuf,
    backup: PathBuf,
}

impl Ground {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (data, backup) = (folder.path().join("index.db"), folder.path().join("backup.db"));
        Self { folder, data, backup }
    }

    fn open(&self) -> Sqlite {
        Sqlite::open(Place::File(self.data.clone())).unwrap()
    }

    /// The data has Alice, and so has the backup; Bob came later.
    async fn with_a_backup() -> Self {
        let ground = Self::new();
        let store = ground.open();
        join(&store, "alice", 0, NOW).await;
        invite(&store, None, NOW).await;
        store.backup(&ground.backup).await.unwrap();
        join(&store, "bob", 1, NOW).await;
        store.close().await;
        ground
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("index.db-wal")
    }

    /// The database and its log, as a server that is killed leaves them. They are here no more.
    async fn killed(&self) -> (Vec<u8>, Vec<u8>) {
        let store = self.open();
        for _ in 0..3 {
            invite(&store, None, NOW).await;
        }
        let left = (fs::read(&self.data).unwrap(), fs::read(self.log()).unwrap());
        store.close().await;
        fs::remove_file(&self.data).unwrap();
        left
    }

    fn files(&self) -> Vec<String> {
        let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name();
        let names = fs::read_dir(self.folder.path()).unwrap().map(name);
        let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_is_made_while_others_write() {
    let ground = Ground::new();
    let store = ground.open();
    join(&store, "alice", 0, NOW).await;
    let written = Arc::new(AtomicU64::new(0));
    let writers = (0..4).map(|_| {
        let (store, written) = (store.clone(), Arc::clone(&written));
        tokio::spawn(async move {
            loop {
                invite(&store, None, NOW).await;
                written.fetch_add(1, Ordering::SeqCst);
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    for n in 0..5 {
        let path = ground.folder.path().join(format!("backup-{n}"));
        let before = written.load(Ordering::SeqCst);
        store.backup(&path).await.unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let backup = Sqlite::open(Place::File(path)).unwrap();
        is_well(&backup).await;
        let figures = backup.figures(NOW).await.unwrap();
        assert!(figures.invitations >= before);
        assert_eq!(figures.accounts, 1);
        backup.close().await;
    }
    for writer in writers {
        assert!(!writer.is_finished());
        writer.abort();
    }
    is_well(&store).await;
}

#[tokio::test]
async fn a_backup_replaces_nothing_and_leaves_nothing_half() {
    let ground = Ground::with_a_backup().await;
    let store = ground.open();
    let before = fs::read(&ground.backup).unwrap();
    for taken in [&ground.backup, &ground.data] {
        let error = store.backup(taken).await.unwrap_err().to_string();
        assert!(error.contains("never replaces"), "{error}");
    }
    assert_eq!(fs::read(&ground.backup).unwrap(), before);
    let nowhere = ground.folder.path().join("gone/backup.db");
    assert!(matches!(store.backup(&nowhere).await, Err(StoreError::Failed(_))));
    let memory = Sqlite::open(Place::Memory).unwrap();
    let path = ground.folder.path().join("memory.db");
    assert!(matches!(memory.backup(&path).await, Err(StoreError::Failed(_))));
    assert!(!path.exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_backups_of_one_name_at_once_one_gets_it_and_is_whole() {
    let ground = Ground::with_a_backup().await;
    let (store, path) = (ground.open(), ground.folder.path().join("twice.db"));
    for _ in 0..10 {
        let (one, other) = tokio::join!(store.backup(&path), store.backup(&path));
        assert_ne!(one.is_ok(), other.is_ok(), "{one:?}, {other:?}");
        let backup = Sqlite::open(Place::File(path.clone())).unwrap();
        is_well(&backup).await;
        backup.close().await;
        fs::remove_file(&path).unwrap();
    }
    store.close().await;
    assert_eq!(ground.files(), ["backup.db", "index.db"]);
}

#[tokio::test]
async fn a_backup_takes_the_place_of_the_data() {
    let ground = Ground::with_a_backup().await;
    let aside = restore(&ground.backup, &ground.data, None).unwrap().unwrap();
    assert_eq!(aside, ground.folder.path().join("index.db.before-restore-1"));
    assert_eq!(ground.files(), ["backup.db", "index.db", "index.db.before-restore-1"]);
    let mode = fs::metadata(&ground.data).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let store = ground.open();
    is_well(&store).await;
    assert!(store.account(&user("alice")).await.unwrap().is_some());
    assert_eq!(store.account(&user("bob")).await.unwrap(), None);
    // What was ended or used since does not come back.
    let figures = store.figures(NOW).await.unwrap();
    assert_eq!((figures.sessions, figures.invitations, figures.directory.length), (0, 0, 1));
    let bob = join(&store, "bob", 1, NOW).await;
    whole_chain(&store, bob.asker, NOW).await;
    store.close().await;

    // What was there lies aside, whole.
    let old = Sqlite::open(Place::File(aside)).unwrap();
    assert_eq!(old.figures(NOW).await.unwrap().accounts, 2);
    old.close().await;
    let second = restore(&ground.backup, &ground.data, None).unwrap().unwrap();
    assert_eq!(second, ground.folder.path().join("index.db.before-restore-2"));
}

#[tokio::test]
async fn a_backup_is_restored_where_nothing_is() {
    let ground = Ground::with_a_backup().await;
    fs::remove_file(&ground.data).unwrap();
    assert_eq!(restore(&ground.backup, &ground.data, None), Ok(None));
    assert_eq!(ground.files(), ["backup.db", "index.db"]);
    assert!(ground.open().account(&user("alice")).await.unwrap().is_some());
}

#[tokio::test]
async fn what_a_crash_left_in_the_log_goes_aside_with_the_data() {
    let ground = Ground::with_a_backup().await;
    let store = ground.open();
    invite(&store, None, NOW).await;
    let (_second, copy) = (Ground::new(), ground.folder.path().join("killed.db"));
    fs::copy(&ground.data, &copy).unwrap();
    fs::copy(ground.data.with_extension("db-wal"), copy.with_extension("db-wal")).unwrap();
    store.close().await;
    let aside = restore(&ground.backup, &copy, None).unwrap().unwrap();
    assert!(!copy.with_extension("db-wal").exists());
    let restored = Sqlite::open(Place::File(copy)).unwrap();
    assert_eq!(restored.figures(NOW).await.unwrap().invitations, 0);
    // One file is all of it, wherever it is moved.
    let moved = ground.folder.path().join("moved.db");
    fs::rename(&aside, &moved).unwrap();
    let left = ground.files().into_iter().filter(|name| name.contains("before-restore"));
    assert_eq!(left.collect::<Vec<_>>(), Vec::<String>::new());
    let old = Sqlite::open(Place::File(moved)).unwrap();
    assert_eq!(old.figures(NOW).await.unwrap().invitations, 2);
}

#[tokio::test]
async fn what_was_set_aside_is_restored_with_the_log_that_lies_beside_it() {
    let ground = Ground::with_a_backup().await;
    let store = ground.open();
    join(&store, "carol", 2, NOW).await;
    let aside = ground.folder.path().join("index.db.before-restore-7");
    let copy = |end: &str| {
        let named = |path: &Path| PathBuf::from(format!("{}{end}", path.display()));
        fs::copy(named(&ground.data), named(&aside)).unwrap();
    };
    ["", "-wal"].into_iter().for_each(copy);
    store.close().await;
    let again = ground.folder.path().join("again.db");
    assert_eq!(restore(&aside, &again, None), Ok(None));
    let restored = Sqlite::open(Place::File(again)).unwrap();
    is_well(&restored).await;
    assert!(restored.account(&user("carol")).await.unwrap().is_some(), "carol was in the log");
    let log = ground.folder.path().join("index.db.before-restore-7-wal");
    assert!(log.exists(), "it stays as it was");
}

#[tokio::test]
async fn what_is_too_damaged_to_take_its_log_in_keeps_it() {
    let ground = Ground::with_a_backup().await;
    fs::write(&ground.data, "").unwrap();
    fs::write(ground.folder.path().join("index.db-wal"), "what is left").unwrap();
    let aside = restore(&ground.backup, &ground.data, None).unwrap().unwrap();
    let log = format!("{}-wal", aside.display());
    assert_eq!(fs::read(log).unwrap(), b"what is left");
    is_well(&ground.open()).await;
}

#[tokio::test]
async fn a_log_of_which_something_cannot_be_read_goes_aside_as_it_is() {
    let first_page = |data: &mut Vec<u8>, _: &mut Vec<u8>| data[..4096].fill(7);
    let some_page = |data: &mut Vec<u8>, _: &mut Vec<u8>| data[4096 * 5..4096 * 6].fill(7);
    let head = |_: &mut Vec<u8>, log: &mut Vec<u8>| log[12..20].fill(7);
    let first_frame = |_: &mut Vec<u8>, log: &mut Vec<u8>| log[32 + 24..32 + 40].fill(7);
    let last_frame =
        |_: &mut Vec<u8>, log: &mut Vec<u8>| log.iter_mut().rev().take(8).for_each(|it| *it ^= 1);
    type Damage = fn(&mut Vec<u8>, &mut Vec<u8>);
    let damages: [Damage; 5] = [first_page, some_page, head, first_frame, last_frame];
    for (n, damage) in damages.into_iter().enumerate() {
        let ground = Ground::with_a_backup().await;
        let (mut data, mut log) = ground.killed().await;
        damage(&mut data, &mut log);
        fs::write(&ground.data, &data).unwrap();
        fs::write(ground.log(), &log).unwrap();
        let aside = restore(&ground.backup, &ground.data, None).unwrap().unwrap();
        let kept = fs::read(format!("{}-wal", aside.display())).unwrap();
        assert!(kept == log, "{n}: the log stays as it was");
        is_well(&ground.open()).await;
        if n == 2 || n == 3 {
            // Without a word it would come back without what lay in the log.
            let error = restore(&aside, &ground.data, None).unwrap_err().to_string();
            assert!(error.contains("nothing can be read in its log"), "{n}: {error}");
        }
    }
}

#[tokio::test]
async fn a_damaged_database_that_is_opened_keeps_its_log() {
    let ground = Ground::with_a_backup().await;
    let (mut data, log) = ground.killed().await;
    data[..4096].fill(7);
    fs::write(&ground.data, &data).unwrap();
    fs::write(ground.log(), &log).unwrap();
    let error = Sqlite::open(Place::File(ground.data.clone())).unwrap_err();
    assert_eq!(error, OpenError::NotADatabase(ground.data.clone()));
    assert!(fs::read(ground.log()).unwrap() == log && fs::read(&ground.data).unwrap() == data);
}

#[tokio::test]
async fn a_restore_that_was_cut_off_between_a_file_and_its_log_brings_them_together() {
    let ground = Ground::with_a_backup().await;
    let (data, log) = ground.killed().await;
    let aside = ground.folder.path().join("index.db.before-restore-1");
    fs::write(&aside, &data).unwrap();
    fs::write(ground.log(), &log).unwrap();
    fs::copy(&ground.backup, ground.folder.path().join("index.db.restoring")).unwrap();
    assert_eq!(restore(&ground.backup, &ground.data, None), Ok(Some(aside.clone())));
    assert!(fs::read(&aside).unwrap() == data);
    assert!(fs::read(format!("{}-wal", aside.display())).unwrap() == log);
}

#[tokio::test]
async fn a_log_whose_database_is_gone_goes_beside_no_other() {
    let ground = Ground::with_a_backup().await;
    let (data, log) = ground.killed().await;
    let old = ground.folder.path().join("index.db.before-restore-1");
    fs::write(&old, &data).unwrap();
    fs::write(ground.log(), &log).unwrap();
    let aside = restore(&ground.backup, &ground.data, None).unwrap().unwrap();
    assert_eq!(aside, ground.folder.path().join("index.db.before-restore-2"));
    assert!(fs::read(format!("{}-wal", aside.display())).unwrap() == log);
    assert!(!ground.folder.path().join("index.db.before-restore-1-wal").exists());
}

#[tokio::test]
async fn a_backup_of_another_index_is_not_restored() {
    let ground = Ground::with_a_backup().await;
    let (ours, other) = (keys(5).fingerprint(), keys(6).fingerprint());
    // Of whom it was not known when it was made.
    restore(&ground.backup, &ground.data, Some(ours)).unwrap();
    let store = ground.open();
    assert_eq!(store.claim(ours, NOW).await.unwrap(), ours);
    let backup = ground.folder.path().join("known.db");
    store.backup(&backup).await.unwrap();
    store.close().await;
    let data = fs::read(&ground.data).unwrap();
    let error = restore(&backup, &ground.data, Some(other)).unwrap_err();
    assert_eq!(error, OpenError::OfAnother { path: backup.clone(), whose: ours });
    assert!(fs::read(&ground.data).unwrap() == data, "nothing was changed");
    restore(&backup, &ground.data, Some(ours)).unwrap();
}

#[tokio::test]
async fn what_is_no_sound_backup_changes_nothing() {
    let ground = Ground::with_a_backup().await;
    let data = fs::read(&ground.data).unwrap();
    let good = fs::read(&ground.backup).unwrap();
    let bad = ground.folder.path().join("bad.db");
    let edit = |sql: &str| {
        fs::write(&bad, &good).unwrap();
        Connection::open(&bad).unwrap().execute_batch(sql).unwrap();
    };
    let write = |bytes: &[u8]| fs::write(&bad, bytes).unwrap();
    let cases: [(&str, &dyn Fn()); 9] = [
        ("it is empty", &|| write(b"")),
        ("not a database", &|| write(b"my shopping list")),
        ("it is damaged", &|| write(&good[..good.len() - 4096])),
        ("it is damaged", &|| {
            let mut bytes = good.clone();
            bytes[4096 * 2..4096 * 3].fill(7);
            write(&bytes);
        }),
        ("another program", &|| edit("PRAGMA application_id = 7")),
        ("newer version", &|| edit("PRAGMA user_version = 99")),
        ("the tables are not", &|| edit("DROP TRIGGER directory_stays")),
        ("another identity", &|| edit("UPDATE accounts SET identity = zeroblob(32)")),
        ("there is nothing in it", &|| {
            let db = Connection::open(&bad).unwrap();
            db.execute_batch("CREATE TABLE more (n INTEGER); DROP TABLE more").unwrap();
        }),
    ];
    for (words, make) in cases {
        make();
        let error = restore(&bad, &ground.data, None).unwrap_err().to_string();
        assert!(error.contains(words) && error.contains("bad.db"), "{words}: {error}");
        assert_eq!(fs::read(&ground.data).unwrap(), data, "{words}");
        fs::remove_file(&bad).unwrap();
        assert_eq!(ground.files(), ["backup.db", "index.db"], "{words}");
    }
    assert_eq!(restore(&bad, &ground.data, None), Err(OpenError::Missing(bad.clone())));
    let folder = restore(ground.folder.path(), &ground.data, None).unwrap_err().to_string();
    assert!(folder.contains("it is not a file"), "{folder}");
    // A copy of a running server's files is not one of them alone.
    fs::write(ground.folder.path().join("backup.db-wal"), "a log").unwrap();
    let error = restore(&ground.backup, &ground.data, None).unwrap_err().to_string();
    assert!(error.contains("a running server"), "{error}");
}

#[tokio::test]
async fn a_restore_that_was_cut_off_is_not_taken_for_a_new_server() {
    let ground = Ground::with_a_backup().await;
    fs::rename(&ground.data, ground.folder.path().join("index.db.before-restore-1")).unwrap();
    fs::copy(&ground.backup, ground.folder.path().join("index.db.restoring")).unwrap();
    let error = Sqlite::open(Place::File(ground.data.clone())).unwrap_err();
    assert_eq!(error, OpenError::Interrupted(ground.data.clone()));
    assert!(error.to_string().contains("server restore"));
    assert_eq!(restore(&ground.backup, &ground.data, None), Ok(None));
    is_well(&ground.open()).await;
    // One that broke off while it copied concerns nobody.
    fs::write(ground.folder.path().join("index.db.restoring"), "half").unwrap();
    is_well(&ground.open()).await;
    restore(&ground.backup, &ground.data, None).unwrap();
    assert!(!ground.folder.path().join("index.db.restoring").exists());
}

/// Changes a database behind the store's back.
fn tamper(path: &Path, sql: &str) {
    let db = Connection::open(path).unwrap();
    db.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    db.execute_batch(sql).unwrap();
}

/// Changes the key directory, with its guards put back.
fn tamper_with_directory(path: &Path, sql: &str) {
    let db = Connection::open(path).unwrap();
    let guard = "SELECT sql FROM sqlite_schema WHERE name = $1";
    let guard = |name: &str| db.query_row(guard, [name], |row| row.get::<_, String>(0)).unwrap();
    let guards = [guard("directory_stays"), guard("directory_keeps")].join(";");
    db.execute_batch("DROP TRIGGER directory_stays; DROP TRIGGER directory_keeps").unwrap();
    db.execute_batch(sql).unwrap();
    db.execute_batch(&guards).unwrap();
}

type Tamper = fn(&Path, &str);

#[tokio::test]
async fn a_check_finds_what_was_changed() {
    let cases: &[(Tamper, &str, &str)] = &[
        (tamper, "DELETE FROM accounts WHERE name = 'bob'", "points to one of accounts"),
        (
            tamper,
            "DELETE FROM sessions; DELETE FROM accounts WHERE name = 'bob'",
            "bob is in the key directory and has no sound account",
        ),
        (
            tamper,
            "UPDATE accounts SET identity = zeroblob(32) WHERE name = 'bob'",
            "bob has another identity than in the key directory",
        ),
        (tamper, "UPDATE accounts SET name = 'eve' WHERE name = 'bob'", "eve is not in the key directory"),
        (tamper, "UPDATE accounts SET password = '' WHERE name = 'bob'", "the password of bob"),
        (tamper, "UPDATE accounts SET name = 'BOB' WHERE name = 'bob'", "account 2"),
        (tamper, "UPDATE sessions SET identity = zeroblob(32)", "2 sessions are bound to another"),
        (tamper, "UPDATE invitations SET name = 'NOBODY!'", "an invitation is for a name"),
        (
            tamper,
            "UPDATE accounts SET contact = CAST(x'ff' AS TEXT) WHERE name = 'bob'",
            "row 2 of accounts: its contact is not a text in UTF-8",
        ),
        (
            tamper,
            "UPDATE invitations SET name = CAST(x'c3' AS TEXT)",
            "a row of invitations: its name is not a text in UTF-8",
        ),
        (
            tamper,
            "INSERT INTO words VALUES (0, CAST(x'ff' AS TEXT), 1)",
            "a row of words: its word is not a text in UTF-8",
        ),
        (tamper_with_directory, "UPDATE directory SET name = 'BOB!' WHERE number = 1", "entry 1"),
        (tamper, "DROP TRIGGER directory_grows", "the tables are not those"),
        (tamper, "CREATE TABLE more (n INTEGER)", "the tables are not those"),
        (tamper_with_directory, "DELETE FROM directory WHERE number = 1", "entry 2 of the key directory"),
        (tamper_with_directory, "UPDATE directory SET entry = zeroblob(99) WHERE number = 1", "entry 1"),
        (
            tamper_with_directory,
            "UPDATE directory SET certificate = (SELECT certificate FROM directory WHERE number = 0)
             WHERE number = 2",
            "entry 2 of the key directory: the keys shown are not those",
        ),
        (
            tamper_with_directory,
            "UPDATE directory SET key = (SELECT key FROM directory WHERE number = 0) WHERE number = 1",
            "entry 1",
        ),
        (tamper_with_directory, "UPDATE directory SET key = x'00' WHERE number = 1", "entry 1"),
        (tamper_with_directory, "UPDATE directory SET rotation = x'00' WHERE number = 1", "entry 1"),
        (tamper_with_directory, "UPDATE directory SET time = time + 1", "is not what it says"),
        (tamper_with_directory, "UPDATE directory SET epoch = epoch + 1", "is not what it says"),
        (tamper_with_directory, "UPDATE directory SET head = zeroblob(32)", "is not what it says"),
        (tamper_with_directory, "UPDATE directory SET sealing = zeroblob(32)", "is not what it says"),
        (tamper_with_directory, "UPDATE directory SET identity = zeroblob(32)", "is not what it says"),
        (tamper_with_directory, "UPDATE directory SET name = 'eve'", "is not what it says"),
    ];
    let ground = Ground::new();
    let store = ground.open();
    let alice = join(&store, "alice", 0, NOW).await;
    join(&store, "bob", 1, NOW).await;
    store.resume(alice.asker, keys(0).epoch(2).shown(NOW), NOW).await.unwrap();
    invite(&store, Some("carol"), NOW).await;
    store.close().await;
    for (n, (tamper, sql, words)) in cases.iter().enumerate() {
        let path = ground.folder.path().join(format!("case-{n}.db"));
        fs::copy(&ground.data, &path).unwrap();
        let store = Sqlite::open(Place::File(path.clone())).unwrap();
        is_well(&store).await;
        tamper(&path, sql);
        let found = store.check().await.unwrap();
        assert!(found.iter().any(|line| line.contains(words)), "{sql}: {found:?}");
        // What could not be restored is no backup.
        let backup = store.backup(&ground.backup).await;
        assert!(matches!(backup, Err(StoreError::Damaged(_))), "{sql}: {backup:?}");
        assert!(!ground.files().iter().any(|name| name.contains("backup")), "{:?}", ground.files());
    }
}

#[tokio::test]
async fn an_index_that_is_broken_is_found() {
    let ground = Ground::with_a_backup().await;
    let db = Connection::open(&ground.data).unwrap();
    let page = "SELECT pageno FROM dbstat WHERE name = 'directory_of_names' LIMIT 1";
    let page: i64 = db.query_row(page, [], |row| row.get(0)).unwrap();
    drop(db);
    // One letter of a name in the index, which leaves the page whole.
    let mut bytes = fs::read(&ground.data).unwrap();
    let start = usize::try_from(page - 1).unwrap() * 4096;
    let at = bytes[start..start + 4096].windows(5).position(|five| five == b"alice").unwrap();
    bytes[start + at] = b'z';
    fs::write(&ground.data, &bytes).unwrap();
    // The quick check at the start does not compare indexes with their tables.
    let found = ground.open().check().await.unwrap();
    assert!(found.iter().any(|line| line.contains("directory_of_names")), "{found:?}");
}
