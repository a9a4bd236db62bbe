//! Telling how far a stream has come, now and then and in the end.

use crate::model::Task;
use std::time::Duration;
use tokio::time::interval;

/// A task, and what was told of it.
pub(super) struct Report<'t> {
    task: &'t mut Task,
    told: u64,
}

impl<'t> Report<'t> {
    pub(super) fn of(task: &'t mut Task) -> Self {
        Self { task, told: 0 }
    }

    /// Tells what is new; never returns.
    pub(super) async fn follow(&mut self, done: impl Fn() -> u64) {
        let mut ticks = interval(EVERY);
        loop {
            ticks.tick().await;
            self.tell(done());
        }
    }

    /// Tells so much, unless it was told.
    pub(super) fn tell(&mut self, done: u64) {
        if done > self.told {
            self.task.advance(done.saturating_sub(self.told));
            self.told = done;
        }
    }
}

const EVERY: Duration = Duration::from_millis(50);
