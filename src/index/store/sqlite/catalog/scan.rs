//! Going through what was found, the newest first, and no longer than there is time.

use super::super::error::Result;
use super::super::sql::Sql;
use super::ask::Plan;
use super::terms::Window;
use rusqlite::{Connection, params};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

pub(super) const MATCHES: &str = "SELECT rowid FROM entry_words
    WHERE entry_words MATCH $1 AND rowid >= $2 AND rowid < $3 ORDER BY rowid DESC";

const NEWEST: &str = "SELECT id FROM entries WHERE id < $1 ORDER BY id DESC LIMIT 1";

/// What one search may take.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Effort {
    time: Duration,
    /// How many candidates are ranked together.
    pub(super) candidates: usize,
}

impl Effort {
    pub(in super::super) fn new(time: Duration, candidates: usize) -> Self {
        Self { time, candidates: candidates.max(1) }
    }

    /// A clock that runs out when the time is over.
    pub(super) fn clock(&self) -> Clock {
        let now = Instant::now();
        Clock(now.checked_add(self.time).unwrap_or(now))
    }
}

/// When a search has to end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock(Instant);

impl Clock {
    pub(super) fn has_run_out(&self) -> bool {
        Instant::now() >= self.0
    }
}

/// Takes entries with ids in `from..below`, down from the largest, until told to stop or time has run
/// out. Gives the id from which on all were taken.
///
/// Lists without a common entry would be gone through to their end before anything else happens. So
/// long ones are asked for window by window: the term of a window ends where the window does.
pub(super) fn scan(
    db: &Connection,
    plan: &Plan,
    (from, below): (i64, i64),
    clock: Option<&Clock>,
    mut take: impl FnMut(i64) -> Result<ControlFlow<()>>,
) -> Result<i64> {
    if plan.steps <= STEPS_AT_ONCE {
        let reached = read(db, &plan.everywhere(), (from, below), &mut take)?;
        return Ok(reached.unwrap_or(from));
    }
    let mut top = below;
    // Where nothing lies any more, nothing is asked for.
    while let Some(newest) = newest(db, top)?.filter(|newest| *newest >= from) {
        top = newest.saturating_add(1);
        let window = Window::of(top.saturating_sub(1));
        let bottom = window.first().max(from);
        if let Some(reached) = read(db, &plan.within(window), (bottom, top), &mut take)? {
            return Ok(reached);
        }
        if clock.is_some_and(Clock::has_run_out) {
            return Ok(bottom);
        }
        top = bottom;
    }
    Ok(from)
}

/// The newest entry below this id, whoever may see it.
fn newest(db: &Connection, below: i64) -> Result<Option<i64>> {
    db.one(NEWEST, params![below], |row| row.get(0))
}

/// Takes entries until told to stop, and gives the last one then.
fn read(
    db: &Connection,
    text: &str,
    (from, below): (i64, i64),
    take: &mut impl FnMut(i64) -> Result<ControlFlow<()>>,
) -> Result<Option<i64>> {
    let mut reached = None;
    db.each(MATCHES, params![text, from, below], |row| {
        let id = row.get(0)?;
        let flow = take(id)?;
        reached = flow.is_break().then_some(id);
        Ok(flow)
    })?;
    Ok(reached)
}

/// Some ten milliseconds.
const STEPS_AT_ONCE: u64 = 1 << 19;
