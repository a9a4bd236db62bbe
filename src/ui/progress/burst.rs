//! Tasks that run at the same time, and what they come to together. Pure: time is handed in.

use crate::model::{Event, Foreign, TaskId, Work};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// From the first task that begins to the last that ends.
#[derive(Debug, Default)]
pub(super) struct Burst {
    pub(super) tasks: BTreeMap<TaskId, Doing>,
    /// Of the tasks that ended.
    past: Sum,
    began: Option<Instant>,
}

/// A task that is under way.
#[derive(Debug, Clone)]
pub(super) struct Doing {
    pub(super) work: Work,
    pub(super) name: Foreign,
    pub(super) total: u64,
    pub(super) done: u64,
    pub(super) began: Instant,
}

/// What some tasks come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) tasks: u64,
    pub(super) done: u64,
    pub(super) total: u64,
}

impl Burst {
    pub(super) fn take(&mut self, event: Event, now: Instant) {
        match event {
            Event::Began { task, work, name, total } => {
                self.began.get_or_insert(now);
                self.tasks.insert(task, Doing { work, name, total, done: 0, began: now });
            }
            Event::Advanced { task, done } => {
                if let Some(doing) = self.tasks.get_mut(&task) {
                    doing.done = done;
                }
            }
            Event::Ended { task, .. } => {
                if let Some(ended) = self.tasks.remove(&task) {
                    self.past.add(&ended);
                }
            }
        }
    }

    /// The task that an event is of, as it was before it.
    pub(super) fn clone_task(&self, event: &Event) -> Option<Doing> {
        match event {
            Event::Ended { task, .. } => self.tasks.get(task).cloned(),
            _ => None,
        }
    }

    /// When nothing is under way, the next task begins another burst.
    pub(super) fn rest(&mut self) {
        if self.tasks.is_empty() {
            *self = Self::default();
        }
    }

    pub(super) fn sum(&self) -> Sum {
        let mut sum = self.past;
        self.tasks.values().for_each(|doing| sum.add(doing));
        sum
    }

    /// How many tasks ended.
    pub(super) fn ended(&self) -> u64 {
        self.past.tasks
    }

    /// The time since the first task began.
    pub(super) fn lasts(&self, now: Instant) -> Duration {
        self.began.map(|began| now.saturating_duration_since(began)).unwrap_or_default()
    }
}

impl Sum {
    fn add(&mut self, doing: &Doing) {
        self.tasks = self.tasks.saturating_add(1);
        self.done = self.done.saturating_add(doing.done);
        self.total = self.total.saturating_add(doing.total.max(doing.done));
    }
}

/// Parts of a hundred, rounded down; nothing of a whole that is not known.
pub(super) fn percent(done: u64, total: u64) -> Option<u64> {
    let hundredfold = u128::from(done.min(total)).saturating_mul(100);
    hundredfold.checked_div(u128::from(total)).and_then(|percent| u64::try_from(percent).ok())
}
