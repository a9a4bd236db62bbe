//! Progress where no terminal is: plain lines, or objects for a program.

use super::burst::{Burst, Doing, percent};
use super::word;
use crate::model::{Event, TaskId};
use crate::ui::printer::Printer;
use crate::ui::words::bytes;
use serde::Serialize;
use std::time::{Duration, Instant};

/// A line now and then about what takes long.
pub(super) struct Lines {
    printer: Printer,
    said: Option<Instant>,
}

impl Lines {
    pub(super) fn new(printer: Printer) -> Self {
        Self { printer, said: None }
    }

    pub(super) fn draw(&mut self, burst: &Burst, now: Instant) {
        let long = burst.lasts(now) >= PAUSE;
        let lately = self.said.is_some_and(|said| now.saturating_duration_since(said) < PAUSE);
        if !long || lately {
            return;
        }
        let (sum, mut tasks) = (burst.sum(), burst.tasks.values());
        let what = match (tasks.next(), tasks.next()) {
            (Some(only), None) => format!("{} {}", word(only.work), only.title()),
            (Some(first), Some(_)) => word(first.work).to_owned(),
            (None, _) => return,
        };
        let files = (sum.files > 1).then(|| format!("{} of {} done, ", sum.ended, sum.files));
        let far = percent(sum.done, sum.total).map(|percent| format!(", {percent}%"));
        let (files, far) = (files.unwrap_or_default(), far.unwrap_or_default());
        match (sum.total, sum.files) {
            (0, 0 | 1) => self.printer.note(format!("{what}...")),
            _ => self.printer.note(format!("{what}: {files}{}{far}", bytes(sum.done))),
        }
        self.said = Some(now);
    }
}

/// Objects, one a line.
pub(super) struct Objects {
    printer: Printer,
    said: Option<Instant>,
}

#[derive(Serialize)]
struct Told {
    #[serde(rename = "type")]
    kind: &'static str,
    task: u64,
    work: &'static str,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    with: Option<String>,
    done: u64,
    total: u64,
    files: u64,
    ended: u64,
    /// The place among those for whom it waits, and how many wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<u32>,
    /// Those of several files that are under way.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    open: Vec<ToldFile>,
    #[serde(skip_serializing_if = "Option::is_none")]
    complete: Option<bool>,
}

#[derive(Serialize)]
struct ToldFile {
    name: String,
    done: u64,
    total: u64,
}

impl Objects {
    pub(super) fn new(printer: Printer) -> Self {
        Self { printer, said: None }
    }

    pub(super) fn told(&self, event: &Event, ended: Option<&Doing>, burst: &Burst) {
        match (event, ended) {
            (Event::Began { task, .. }, _) => {
                if let Some(doing) = burst.tasks.get(task) {
                    self.say("began", *task, doing, None);
                }
            }
            (Event::Ended { task, complete }, Some(doing)) => {
                self.say("ended", *task, doing, Some(*complete));
            }
            // It is seldom another.
            (Event::Placed { task, .. }, _) => {
                if let Some(doing) = burst.tasks.get(task) {
                    self.say("progress", *task, doing, None);
                }
            }
            _ => {}
        }
    }

    pub(super) fn draw(&mut self, burst: &Burst, now: Instant) {
        let lately = self.said.is_some_and(|said| now.saturating_duration_since(said) < SECOND);
        if lately || burst.lasts(now) < SECOND {
            return;
        }
        self.said = Some(now);
        for (task, doing) in &burst.tasks {
            self.say("progress", *task, doing, None);
        }
    }

    fn say(&self, kind: &'static str, task: TaskId, doing: &Doing, complete: Option<bool>) {
        let (task, work, name) = (task.number(), word(doing.work), doing.name.to_string());
        let &Doing { done, total, files, ended, .. } = doing;
        let with = doing.with.as_ref().map(ToString::to_string);
        let open = doing.open.values().take(AT_ONCE).map(|file| ToldFile {
            name: file.name.to_string(),
            done: file.done,
            total: file.total,
        });
        let open = open.collect();
        let (place, of) = doing.place.unzip();
        self.printer.object(&Told {
            kind,
            task,
            work,
            name,
            with,
            done,
            total,
            files,
            ended,
            place,
            of,
            open,
            complete,
        });
    }
}

/// So many files are told of at once.
const AT_ONCE: usize = 4;
/// Between two lines.
const PAUSE: Duration = Duration::from_secs(5);
/// Between two objects about the same.
const SECOND: Duration = Duration::from_secs(1);

#[cfg(test)]
#[path = "../../../test/unit/progress_lines.rs"]
mod tests;
