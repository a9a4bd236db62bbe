//! The writer with jobs that no request asks for: they fail, panic, and end what is not theirs.

#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::panic,
    reason = "a test"
)]

use super::{finish, write_all};
use crate::index::store::sqlite::error::{Error, Result};
use crate::index::store::sqlite::open;
use crate::index::store::sqlite::queue::{NotTaken, Queue};
use crate::index::store::sqlite::readers::read_all;
use crate::index::store::sqlite::sql::Columns;
use crate::index::store::sqlite::work::{Task, Work};
use crate::index::store::{self, Refusal, StoreError};
use rusqlite::Connection;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;
use tokio::sync::oneshot::{self, Receiver};

type Jobs = Queue<Box<dyn Work>>;
type Answer = Receiver<store::Result<usize>>;

/// A database with a table, which jobs fill with numbers.
struct Ground {
    _folder: TempDir,
    path: PathBuf,
    jobs: Jobs,
}

impl Ground {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index.db");
        let db = open::writer(&path).unwrap();
        db.execute_batch(
            "CREATE TABLE numbers (n INTEGER PRIMARY KEY);
             CREATE TABLE friends (n INTEGER REFERENCES numbers (n) DEFERRABLE INITIALLY DEFERRED)",
        )
        .unwrap();
        Self { _folder: folder, path, jobs: Queue::new(100) }
    }

    fn push(&self, work: impl FnOnce(&Connection) -> Result<usize> + Send + 'static) -> Answer {
        let (waiting, answer) = oneshot::channel();
        self.jobs.push(Task::boxed(work, waiting)).unwrap();
        answer
    }

    fn push_number(&self, n: u32) -> Answer {
        self.push(move |db| insert(db, n))
    }

    /// Lets a writer do all that waits, on this thread.
    fn work(&mut self, together: usize) {
        self.jobs.close();
        let db = open::writer(&self.path).unwrap();
        write_all(&db, &self.jobs, together);
        finish(db);
        self.jobs = Queue::new(100);
    }

    fn numbers(&self) -> Vec<u32> {
        let db = open::reader(&self.path).unwrap();
        let mut statement = db.prepare("SELECT n FROM numbers ORDER BY n").unwrap();
        statement
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(std::result::Result::unwrap)
            .collect()
    }
}

fn insert(db: &Connection, n: u32) -> Result<usize> {
    Ok(db.execute("INSERT INTO numbers VALUES ($1)", [n])?)
}

/// What was answered; all are by now.
fn answers(answers: Vec<Answer>) -> Vec<store::Result<usize>> {
    answers.into_iter().map(|mut answer| answer.try_recv().unwrap()).collect()
}

#[test]
fn a_job_that_fails_takes_nothing_with_it() {
    let mut ground = Ground::new();
    let waiting = vec![
        ground.push_number(1),
        ground.push(|db| insert(db, 2).and(Err(Refusal::NotFound.into()))),
        ground.push(|db| insert(db, 3).map(|_| panic!("as a bug would"))),
        // The same number twice.
        ground.push(|db| insert(db, 4).and(insert(db, 4))),
        ground.push_number(5),
    ];
    ground.work(256);
    let answers = answers(waiting);
    assert_eq!((&answers[0], &answers[4]), (&Ok(1), &Ok(1)));
    assert_eq!(answers[1], Err(StoreError::Refused(Refusal::NotFound)));
    assert_eq!(answers[2], Err(StoreError::Failed("a job of the store panicked".into())));
    assert!(matches!(&answers[3], Err(StoreError::Failed(words)) if words.contains("UNIQUE")));
    assert_eq!(ground.numbers(), [1, 5]);
}

#[test]
fn when_the_commit_fails_nothing_happened_and_all_are_told() {
    let mut ground = Ground::new();
    let friend = |db: &Connection| Ok(db.execute("INSERT INTO friends VALUES (99)", [])?);
    let lost = vec![
        ground.push_number(1),
        ground.push(|_| Err(Refusal::NameTaken.into())),
        // Whom it points to is missing, which only the commit finds.
        ground.push(friend),
    ];
    let kept: Vec<_> = (10..13).map(|n| ground.push_number(n)).collect();
    ground.work(3);
    for answer in answers(lost) {
        assert!(matches!(answer, Err(StoreError::Failed(words)) if words.contains("FOREIGN KEY")));
    }
    assert_eq!(answers(kept), [Ok(1), Ok(1), Ok(1)]);
    assert_eq!(ground.numbers(), [10, 11, 12]);
}

#[test]
fn a_transaction_that_ends_within_a_job_is_over_for_all_that_were_done() {
    let mut ground = Ground::new();
    // As a full disk does it.
    let broken = |db: &Connection| {
        db.execute_batch("ROLLBACK")?;
        Err(Error::Unsound("the disk is gone".into()))
    };
    let lost = vec![ground.push_number(1), ground.push(broken)];
    // The first of these was taken together with them, and not begun yet.
    let kept = vec![ground.push_number(2), ground.push_number(3)];
    ground.work(3);
    for answer in answers(lost) {
        assert_eq!(answer, Err(StoreError::Failed("the disk is gone".into())));
    }
    assert_eq!(answers(kept), [Ok(1), Ok(1)]);
    assert_eq!(ground.numbers(), [2, 3]);
}

#[test]
fn a_full_database_says_so_and_works_again_when_there_is_room() {
    let ground = Ground::new();
    let db = open::writer(&ground.path).unwrap();
    let room = |pages: u32| {
        db.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(())).unwrap();
    };
    let together = || {
        let (waiting, answer) = oneshot::channel();
        let small = Task::boxed(|db: &Connection| insert(db, 1), waiting);
        let (waiting, second) = oneshot::channel();
        let large = "CREATE TABLE large AS SELECT zeroblob(1000000) AS bytes";
        let large = Task::boxed(|db: &Connection| Ok(db.execute(large, [])?), waiting);
        let mut jobs = vec![small, large];
        let fate = super::commit(&db, &mut jobs, &mut 0);
        super::leave_transaction(&db);
        jobs.into_iter().for_each(|job| job.answer(fate.clone()));
        answers(vec![answer, second])
    };
    // No page more than there is.
    room(1);
    let told = together();
    assert_eq!(told[1], Err(StoreError::Full));
    // Whether the small change was lost with it is the database's choice; but it is as it was told.
    assert_eq!(ground.numbers().len(), usize::from(told[0].is_ok()));
    db.execute("DELETE FROM numbers", []).unwrap();
    room(1_000_000);
    assert!(together().iter().all(|answer| answer.is_ok()));
}

#[test]
fn somebody_elses_lock_is_waited_for_and_then_told() {
    let ground = Ground::new();
    let db = open::writer(&ground.path).unwrap();
    db.busy_timeout(std::time::Duration::ZERO).unwrap();
    let other = open::writer(&ground.path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (waiting, _answer) = oneshot::channel();
    let mut jobs = vec![Task::boxed(|db: &Connection| insert(db, 1), waiting)];
    assert_eq!(super::commit(&db, &mut jobs, &mut 0), Err(StoreError::Busy));
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(super::commit(&db, &mut jobs, &mut 0), Ok(()));
    assert_eq!(ground.numbers(), [1]);
}

#[test]
fn a_reader_survives_a_panic_and_passes_over_whom_nobody_awaits() {
    let ground = Ground::new();
    let panics = ground.push(|_| panic!("as a bug would"));
    let was_run = Arc::new(AtomicBool::new(false));
    let run = Arc::clone(&was_run);
    drop(ground.push(move |_| {
        run.store(true, Ordering::SeqCst);
        Ok(0)
    }));
    let counts = ground.push(|db| Ok(db.query_row("SELECT 7", [], |row| row.count(0))? as usize));
    // A reader only reads.
    let writes = ground.push_number(1);
    ground.jobs.close();
    read_all(&open::reader(&ground.path).unwrap(), &ground.jobs);
    assert!(!was_run.load(Ordering::SeqCst));
    let answers = answers(vec![panics, counts, writes]);
    assert_eq!(answers[0], Err(StoreError::Failed("a job of the store panicked".into())));
    assert_eq!(answers[1], Ok(7));
    assert!(matches!(&answers[2], Err(StoreError::Failed(words)) if words.contains("readonly")));
}

#[test]
fn a_reader_sees_one_state_whatever_is_written_meanwhile() {
    let ground = Ground::new();
    let path = ground.path.clone();
    let count =
        |db: &Connection| db.query_row("SELECT count(*) FROM numbers", [], |row| row.count(0));
    let counts = ground.push(move |db| {
        let before = count(db)?;
        insert(&Connection::open(path)?, 1)?;
        Ok((count(db)? - before) as usize)
    });
    ground.jobs.close();
    read_all(&open::reader(&ground.path).unwrap(), &ground.jobs);
    assert_eq!((answers(vec![counts]), ground.numbers()), (vec![Ok(0)], vec![1]));
}

#[test]
fn a_queue_holds_so_many_and_ends_when_it_is_closed_and_empty() {
    let queue = Queue::new(3);
    for n in 0..3 {
        queue.push(n).unwrap();
    }
    assert_eq!(queue.push(3), Err(NotTaken::Full));
    assert_eq!(queue.take(2), Some(vec![0, 1]));
    queue.push(4).unwrap();
    queue.close();
    assert_eq!(queue.push(5), Err(NotTaken::Closed));
    assert_eq!((queue.take(9), queue.take(9)), (Some(vec![2, 4]), None));
}

#[test]
fn every_connection_has_the_settings() {
    let ground = Ground::new();
    let connections = [
        open::writer(&ground.path).unwrap(),
        open::reader(&ground.path).unwrap(),
        open::in_memory().unwrap(),
    ];
    let settings = [
        ("synchronous", 2),
        ("fullfsync", 1),
        ("foreign_keys", 1),
        ("trusted_schema", 0),
        ("cell_size_check", 1),
        ("busy_timeout", 5000),
        ("wal_autocheckpoint", 4000),
        ("cache_size", -16384),
    ];
    for db in &connections {
        for (name, value) in settings {
            let found: i64 = db.pragma_query_value(None, name, |row| row.get(0)).unwrap();
            assert_eq!(found, value, "{name}");
        }
        // A database in memory has no such setting.
        let mapped = db.pragma_query_value(None, "mmap_size", |row| row.get::<_, i64>(0));
        assert_eq!(mapped.unwrap_or(0), 0);
    }
    let mode = |db: &Connection| {
        db.pragma_query_value(None, "journal_mode", |row| row.get::<_, String>(0)).unwrap()
    };
    assert_eq!(connections.each_ref().map(mode), ["wal", "wal", "memory"]);
}
