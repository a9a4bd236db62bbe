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
    pub(super) with: Option<Foreign>,
    pub(super) total: u64,
    pub(super) done: u64,
    pub(super) began: Instant,
    /// Of how many files it is, and how many of them have ended.
    pub(super) files: u64,
    pub(super) ended: u64,
    /// The how manieth of how many it is for whom it waits, if they serve others first.
    pub(super) place: Option<(u32, u32)>,
    /// Those of its files that are under way.
    pub(super) open: BTreeMap<u32, OpenFile>,
}

/// One of several files of a task.
#[derive(Debug, Clone)]
pub(super) struct OpenFile {
    pub(super) name: Foreign,
    pub(super) total: u64,
    pub(super) done: u64,
    pub(super) began: Instant,
    heard: Instant,
}

/// What some tasks come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) files: u64,
    pub(super) ended: u64,
    pub(super) done: u64,
    pub(super) total: u64,
}

impl Burst {
    pub(super) fn take(&mut self, event: Event, now: Instant) {
        match event {
            Event::Began { task, work, name, total, files, with } => {
                self.began.get_or_insert(now);
                // They are counted when their bytes are on their way.
                let files = match work {
                    Work::Waiting | Work::Looking | Work::Landing => 0,
                    _ => u64::from(files),
                };
                let open = BTreeMap::new();
                let (done, ended, began, place) = (0, 0, now, None);
                let doing =
                    Doing { work, name, with, total, done, began, files, ended, place, open };
                self.tasks.insert(task, doing);
            }
            Event::Advanced { task, done } => {
                if let Some(doing) = self.tasks.get_mut(&task) {
                    doing.done = done;
                }
            }
            Event::Placed { task, place, of } => {
                if let Some(doing) = self.tasks.get_mut(&task) {
                    doing.place = Some((place, of));
                }
            }
            Event::File { task, file, name, done, total, ended } => {
                if let Some(doing) = self.tasks.get_mut(&task) {
                    doing.ended = doing.ended.max(u64::from(ended));
                    doing.take_file(file, name, (done, total), now);
                }
            }
            Event::Ended { task, complete } => {
                if let Some(ended) = self.tasks.remove(&task) {
                    self.past.add(&ended.at_end(complete));
                }
            }
            // It is no task.
            Event::Failed { .. } => {}
        }
    }

    /// The task that an event ends, as it is then. Afterwards it is not known here any more.
    pub(super) fn clone_task(&self, event: &Event) -> Option<Doing> {
        match event {
            Event::Ended { task, complete } => {
                self.tasks.get(task).cloned().map(|doing| doing.at_end(*complete))
            }
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

    /// The time since the first task began.
    pub(super) fn lasts(&self, now: Instant) -> Duration {
        self.began.map(|began| now.saturating_duration_since(began)).unwrap_or_default()
    }
}

impl Doing {
    /// What is complete has come to the end of all its files, whether each was told of or not.
    fn at_end(mut self, complete: bool) -> Self {
        if complete {
            self.ended = self.files;
        }
        self
    }

    fn take_file(&mut self, file: u32, name: Foreign, (done, total): (u64, u64), now: Instant) {
        // Words may be lost, also the last one about a file.
        self.open.retain(|_, open| now.saturating_duration_since(open.heard) < SILENCE);
        if done >= total {
            self.open.remove(&file);
            return;
        }
        let began = self.open.get(&file).map_or(now, |open| open.began);
        self.open.insert(file, OpenFile { name, total, done, began, heard: now });
    }

    /// What it is called, with whom, and how many they serve first.
    pub(super) fn title(&self) -> String {
        let title = match &self.with {
            None => self.name.to_string(),
            Some(with) => format!("{} {} {with}", self.name, direction(self.work)),
        };
        match self.place {
            Some((place, of)) => format!("{title}, place {place} of {of}"),
            None => title,
        }
    }
}

fn direction(work: Work) -> &'static str {
    match work {
        Work::Opening | Work::Receiving | Work::Landing => "from",
        Work::Looking => "of",
        Work::Waiting => "for",
        Work::Hashing | Work::Sealing | Work::Sending => "to",
    }
}

impl Sum {
    fn add(&mut self, doing: &Doing) {
        self.files = self.files.saturating_add(doing.files);
        self.ended = self.ended.saturating_add(doing.ended);
        self.done = self.done.saturating_add(doing.done);
        self.total = self.total.saturating_add(doing.total.max(doing.done));
    }
}

/// Parts of a hundred, rounded down; nothing of a whole that is not known.
pub(super) fn percent(done: u64, total: u64) -> Option<u64> {
    let hundredfold = u128::from(done.min(total)).saturating_mul(100);
    hundredfold.checked_div(u128::from(total)).and_then(|percent| u64::try_from(percent).ok())
}

/// A file of which nothing was heard for so long is not shown.
const SILENCE: Duration = Duration::from_secs(10);
