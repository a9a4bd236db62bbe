//! A reader: one of several threads with a read-only connection of its own.

use super::error::told;
use super::queue::Queue;
use super::sql::Sql;
use super::work::Work;
use crate::index::store;
use rusqlite::{Connection, params};
use std::thread;

/// Answers until the queue is closed and empty.
pub(super) fn read_all(db: &Connection, queue: &Queue<Box<dyn Work>>) {
    while let Some(jobs) = queue.take(1) {
        // Nobody misses the answer to a question whose asker is gone.
        for mut job in jobs.into_iter().filter(|job| job.is_awaited()) {
            let fate = read(db, job.as_mut());
            job.answer(fate);
            // Where there are fewer cores than threads, whoever waits for this answer is not to wait
            // for the next one as well.
            thread::yield_now();
        }
    }
}

/// One job, which sees one state of the database whatever is written meanwhile.
fn read(db: &Connection, job: &mut dyn Work) -> store::Result<()> {
    if !db.is_autocommit() {
        // What could not be ended before must not stop what comes now.
        step(db, "ROLLBACK")?;
    }
    step(db, "BEGIN")?;
    let _ = job.run(db);
    step(db, "ROLLBACK")
}

fn step(db: &Connection, sql: &'static str) -> store::Result<()> {
    db.run(sql, params![]).map(|_| ()).map_err(told)
}
