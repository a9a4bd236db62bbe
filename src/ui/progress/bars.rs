//! Bars on a terminal.

use super::burst::{Burst, Doing, Sum};
use super::word;
use crate::model::{TaskId, Work};
use crate::ui::screen::Screen;
use crate::ui::words::{bytes, span};
use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::{Duration, Instant};

/// Up to four files, and the bar of all.
pub(super) struct Bars {
    screen: Screen,
    rows: BTreeMap<RowId, ProgressBar>,
    all: Option<ProgressBar>,
}

/// A task that is one file, or one of the files of a task.
type RowId = (TaskId, Option<u32>);

/// What a row shows.
struct Row {
    work: Work,
    title: String,
    done: u64,
    total: u64,
}

impl Bars {
    pub(super) fn new(screen: Screen) -> Self {
        Self { screen, rows: BTreeMap::new(), all: None }
    }

    pub(super) fn draw(&mut self, burst: &Burst, now: Instant) {
        let rows = rows(burst, now);
        let ended: Vec<_> = self.rows.keys().filter(|id| !rows.contains_key(id)).copied().collect();
        for bar in ended.iter().filter_map(|id| self.rows.remove(id)) {
            self.screen.remove(&bar);
        }
        for (id, row) in rows {
            self.draw_row(id, &row);
        }
        self.draw_all(burst, now);
    }

    fn draw_row(&mut self, id: RowId, row: &Row) {
        if !self.rows.contains_key(&id) {
            if self.rows.len() >= AT_ONCE {
                return;
            }
            let bar = self.bar(row.total, row.done).with_message(row.title.clone());
            self.rows.insert(id, self.screen.add(bar.with_prefix(self.prefix(row.work))));
        }
        if let Some(bar) = self.rows.get(&id) {
            // Of who waits, the place is in it.
            if bar.message() != row.title {
                bar.set_message(row.title.clone());
            }
            advance(bar, row.done, row.total);
        }
    }

    /// The bar of all stands first, so that it stays where it is while others come and go.
    fn draw_all(&mut self, burst: &Burst, now: Instant) {
        let sum = burst.sum();
        let wanted = sum.files > 1 && !burst.tasks.is_empty() && burst.lasts(now) >= MOMENT;
        match (&self.all, wanted) {
            (Some(bar), false) => {
                self.screen.remove(bar);
                self.all = None;
            }
            (None, true) => {
                let bar = self.bar(sum.total, sum.done).with_prefix(self.all_prefix());
                self.all = Some(self.screen.add_first(bar));
            }
            _ => {}
        }
        if let Some(bar) = &self.all {
            bar.set_message(of_all(burst, &sum));
            advance(bar, sum.done, sum.total);
        }
    }

    pub(super) fn clear(&mut self) {
        for bar in std::mem::take(&mut self.rows).into_values().chain(self.all.take()) {
            self.screen.remove(&bar);
        }
    }

    fn bar(&self, total: u64, done: u64) -> ProgressBar {
        let bar = ProgressBar::hidden();
        bar.set_length(total.max(done));
        bar.set_position(done);
        // What was done before it is no rate.
        bar.reset_eta();
        bar.set_style(style(self.screen.columns(), total > 0));
        bar
    }

    fn prefix(&self, work: Work) -> &'static str {
        if self.screen.columns() >= WIDE { word(work) } else { sign(work) }
    }

    fn all_prefix(&self) -> &'static str {
        if self.screen.columns() >= WIDE { "all" } else { " " }
    }
}

fn advance(bar: &ProgressBar, done: u64, total: u64) {
    bar.set_length(total.max(done));
    bar.set_position(done);
    bar.tick();
}

/// Files that are under way, and tasks that tell of none: what takes longer than a moment.
fn rows(burst: &Burst, now: Instant) -> BTreeMap<RowId, Row> {
    let long = |began: Instant| now.saturating_duration_since(began) >= MOMENT;
    let mut rows = BTreeMap::new();
    for (task, doing) in &burst.tasks {
        if doing.files <= 1 && long(doing.began) {
            let &Doing { work, done, total, .. } = doing;
            rows.insert((*task, None), Row { work, title: doing.title(), done, total });
        }
        for (number, file) in doing.open.iter().filter(|(_, file)| long(file.began)) {
            let (work, title) = (doing.work, file.name.to_string());
            let row = Row { work, title, done: file.done, total: file.total };
            rows.insert((*task, Some(*number)), row);
        }
    }
    rows
}

/// How many files have ended; with whom, when there is one transfer.
fn of_all(burst: &Burst, sum: &Sum) -> String {
    let mut tasks = burst.tasks.values();
    match (tasks.next(), tasks.next()) {
        (Some(only), None) if only.with.is_some() && only.files == sum.files => {
            format!("{} of {}", sum.ended, only.title())
        }
        _ => format!("{} of {} done", sum.ended, sum.files),
    }
}

/// What a task does, where there is no room for a word.
fn sign(work: Work) -> &'static str {
    match work {
        Work::Hashing => "=",
        Work::Sealing | Work::Sending => "↑",
        Work::Opening | Work::Receiving => "↓",
        Work::Waiting | Work::Looking | Work::Landing => "…",
    }
}

/// Name, bar, percent, bytes, rate and time left, as the width allows. Of what has no known end, how
/// much it was until now.
fn style(columns: u16, known: bool) -> ProgressStyle {
    let template = match (columns >= WIDE, known) {
        (true, true) => {
            "{prefix:9} {wide_msg} [{bar:20}] {percent:>3}% {size:>9} {rate:>11} {left:>7}"
        }
        (false, true) => "{prefix} {wide_msg} [{bar:8}] {percent:>3}% {rate:>10} {left:>6}",
        (true, false) => "{prefix:9} {wide_msg} {size:>9} {rate:>11}",
        (false, false) => "{prefix} {wide_msg} {size:>9} {rate:>10}",
    };
    // The templates are constants, and a test draws each.
    let style = ProgressStyle::with_template(template);
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("#>-");
    style
        .with_key("size", |state: &ProgressState, to: &mut dyn Write| {
            let _ = write!(to, "{}", bytes(state.pos()));
        })
        .with_key("rate", |state: &ProgressState, to: &mut dyn Write| {
            let _ = write!(to, "{}/s", bytes(whole(state.per_sec())));
        })
        .with_key("left", |state: &ProgressState, to: &mut dyn Write| {
            let _ = write!(to, "{}", left(state.eta()));
        })
}

/// A longer time than a year says nothing.
fn left(eta: Duration) -> String {
    let seconds = eta.as_secs();
    if seconds > YEAR { String::new() } else { span(seconds) }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float is cut at the ends of a u64, and a rate's fraction shows nothing"
)]
fn whole(rate: f64) -> u64 {
    rate as u64
}

/// So many files have a bar.
const AT_ONCE: usize = 4;
/// What is over sooner has no bar.
const MOMENT: Duration = Duration::from_millis(200);
/// From so many columns on there are words and sizes.
const WIDE: u16 = 90;
const YEAR: u64 = 365 * 24 * 3600;
