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

/// Works until the queue is closed and empty.
pub(super) fn write_all(db: &Connection, queue: &Queue<Box<dyn Work>>, together: usize) {
    while let Some(mut jobs) = queue.take(together) {
        let fate = commit(db, &mut jobs);
        if fate.is_err() {
            leave_transaction(db);
        }
        for job in jobs {
            job.answer(fate.clone());
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

/// All of them or, when the disk fails, none.
fn commit(db: &Connection, jobs: &mut [Box<dyn Work>]) -> store::Result<()> {
    // A rollback may have failed before.
    leave_transaction(db);
    step(db, "BEGIN IMMEDIATE")?;
    for job in jobs {
        alone(db, job.as_mut())?;
    }
    step(db, "COMMIT")
}

/// One job, which takes nothing with it when it fails; an error here is the end of all.
fn alone(db: &Connection, job: &mut dyn Work) -> store::Result<()> {
    step(db, "SAVEPOINT job")?;
    let done = job.run(db);
    // Some failures of the disk end the whole transaction by themselves.
    if db.is_autocommit() {
        return done.and(Err(told(Error::Unsound("a job ended the transaction".into()))));
    }
    if done.is_err() {
        step(db, "ROLLBACK TO job")?;
    }
    step(db, "RELEASE job")
}

fn leave_transaction(db: &Connection) {
    if !db.is_autocommit() {
        let _ = step(db, "ROLLBACK");
    }
}

fn step(db: &Connection, sql: &'static str) -> store::Result<()> {
    db.run(sql, params![]).map(|_| ()).map_err(told)
}

#[cfg(test)]
#[path = "../../../../test/unit/store_writer.rs"]
mod tests;
