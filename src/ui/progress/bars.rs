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

/// Up to four tasks, and the bar of all.
pub(super) struct Bars {
    screen: Screen,
    tasks: BTreeMap<TaskId, ProgressBar>,
    all: Option<ProgressBar>,
}

impl Bars {
    pub(super) fn new(screen: Screen) -> Self {
        Self { screen, tasks: BTreeMap::new(), all: None }
    }

    pub(super) fn draw(&mut self, burst: &Burst, now: Instant) {
        let ended: Vec<_> =
            self.tasks.keys().filter(|task| !burst.tasks.contains_key(task)).copied().collect();
        for bar in ended.iter().filter_map(|task| self.tasks.remove(task)) {
            self.screen.remove(&bar);
        }
        let long = |doing: &Doing| now.saturating_duration_since(doing.began) >= MOMENT;
        for (task, doing) in burst.tasks.iter().filter(|(_, doing)| long(doing)) {
            self.draw_task(*task, doing);
        }
        self.draw_all(burst, now);
    }

    fn draw_task(&mut self, task: TaskId, doing: &Doing) {
        if !self.tasks.contains_key(&task) {
            if self.tasks.len() >= AT_ONCE {
                return;
            }
            let bar = self.bar(doing.total, doing.done).with_message(doing.name.to_string());
            self.tasks.insert(task, self.screen.add(bar.with_prefix(self.prefix(doing.work))));
        }
        if let Some(bar) = self.tasks.get(&task) {
            advance(bar, doing.done, doing.total);
        }
    }

    /// The bar of all stands first, so that it stays where it is while others come and go.
    fn draw_all(&mut self, burst: &Burst, now: Instant) {
        let sum = burst.sum();
        let wanted = sum.tasks > 1 && !burst.tasks.is_empty() && burst.lasts(now) >= MOMENT;
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
        for bar in std::mem::take(&mut self.tasks).into_values().chain(self.all.take()) {
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

fn of_all(burst: &Burst, sum: &Sum) -> String {
    format!("{} of {} done", burst.ended(), sum.tasks)
}

/// What a task does, where there is no room for a word.
fn sign(work: Work) -> &'static str {
    match work {
        Work::Hashing => "=",
        Work::Sealing | Work::Sending => "↑",
        Work::Opening | Work::Receiving => "↓",
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

/// So many tasks have a bar.
const AT_ONCE: usize = 4;
/// What is over sooner has no bar.
const MOMENT: Duration = Duration::from_millis(200);
/// From so many columns on there are words and sizes.
const WIDE: u16 = 90;
const YEAR: u64 = 365 * 24 * 3600;
