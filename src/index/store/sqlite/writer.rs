//! The one writer: it takes whatever waits, and commits it together.
//!
//! ```text
//! BEGIN IMMEDIATE
//!   SAVEPOINT  a job  RELEASE         it did what was asked
//!   SAVEPOINT  a job  ROLLBACK TO     it was refused, failed or panicked: the others go on
//!   ...
//! COMMIT                              one wait for the disk, and only now all are answered
//! ```

use super::error::{Error, told};
use super::queue::Queue;
use super::sql::Sql;
use super::work::Work;
use crate::index::store;
use rusqlite::{Connection, params};
use std::time::{Duration, Instant};

/// Works until the queue is closed and empty.
pub(super) fn write_all(db: &Connection, queue: &Queue<Box<dyn Work>>, together: usize) {
    while let Some(mut jobs) = queue.take(together) {
        while !jobs.is_empty() {
            let mut done = 0;
            let fate = commit(db, &mut jobs, &mut done);
            if fate.is_err() {
                leave_transaction(db);
            }
            // Where nothing could begin, nobody waits for more tries.
            let failed_at_once = fate.is_err() && done == 0;
            let later = jobs.split_off(if failed_at_once { jobs.len() } else { done.max(1) });
            for job in std::mem::replace(&mut jobs, later) {
                job.answer(fate.clone());
            }
        }
    }
}

/// Brings everything into the main file. Must come after all readers are gone: they cannot remove the
/// files beside it, and whoever closes last does.
pub(super) fn finish(db: Connection) {
    let _ = db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
    db.flush_prepared_statement_cache();
    let _ = db.close();
}

/// As many as are done in some time: all of these or, when the disk fails, none. Counts them.
fn commit(db: &Connection, jobs: &mut [Box<dyn Work>], done: &mut usize) -> store::Result<()> {
    // A rollback may have failed before.
    leave_transaction(db);
    step(db, "BEGIN IMMEDIATE")?;
    // One alone needs no savepoint, which costs a copy of every page that it changes.
    if let [job] = jobs {
        return match run(db, job.as_mut())? {
            Ok(()) => step(db, "COMMIT"),
            // It says itself why it did nothing.
            Err(_) => step(db, "ROLLBACK"),
        };
    }
    let begun = Instant::now();
    for job in jobs {
        *done = done.saturating_add(1);
        among_others(db, job.as_mut())?;
        // Those who wait for little do not wait for many who have much.
        if begun.elapsed() > LONG_ENOUGH {
            break;
        }
    }
    step(db, "COMMIT")
}

/// One job, which takes nothing with it when it fails; an error here is the end of all.
fn among_others(db: &Connection, job: &mut dyn Work) -> store::Result<()> {
    step(db, "SAVEPOINT job")?;
    if run(db, job)?.is_err() {
        step(db, "ROLLBACK TO job")?;
    }
    step(db, "RELEASE job")
}

/// What a job says, if the transaction goes on: some failures of the disk end it by themselves.
fn run(db: &Connection, job: &mut dyn Work) -> store::Result<store::Result<()>> {
    let done = job.run(db);
    if db.is_autocommit() {
        let ended = told(Error::Unsound("a job ended the transaction".into()));
        return Err(done.err().unwrap_or(ended));
    }
    Ok(done)
}

fn leave_transaction(db: &Connection) {
    if !db.is_autocommit() {
        let _ = step(db, "ROLLBACK");
    }
}

fn step(db: &Connection, sql: &'static str) -> store::Result<()> {
    db.run(sql, params![]).map(|_| ()).map_err(told)
}

/// After so long, what was done is committed, whatever else waits.
const LONG_ENOUGH: Duration = Duration::from_millis(50);

#[cfg(test)]
#[path = "../../../../test/unit/store_writer.rs"]
mod tests;
