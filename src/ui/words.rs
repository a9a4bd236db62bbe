//! Times and sizes for a person's eyes.

use crate::model::UnixTime;
use unicode_width::UnicodeWidthStr;

/// A time in UTC, as RFC 3339 writes it: `2026-11-21T18:26:03Z`.
pub fn utc(time: UnixTime) -> String {
    let (days, second) = (time.0 / DAY, time.0 % DAY);
    let (year, month, day) = date(days);
    let (hour, minute) = (second / HOUR, second % HOUR / MINUTE);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{:02}Z", second % MINUTE)
}

/// How long ago something was, or how soon it will be: `3 min ago`, `in 6 days`.
pub fn ago(time: UnixTime, now: UnixTime) -> String {
    match (now.0.checked_sub(time.0), time.0.saturating_sub(now.0)) {
        (Some(0..MINUTE), _) => "just now".to_owned(),
        (Some(since), _) => format!("{} ago", span(since)),
        (None, until) => format!("in {}", span(until)),
    }
}

/// A number of seconds in the largest unit of which there are two: `119 s`, `47 h`, `6 days`.
pub fn span(seconds: u64) -> String {
    let in_unit = |(size, name): &(u64, &'static str)| {
        seconds.checked_div(*size).filter(|number| *number >= 2).map(|number| (number, *name))
    };
    let (number, name) = UNITS.iter().find_map(in_unit).unwrap_or((seconds, "s"));
    format!("{number} {name}")
}

/// A number of bytes in the unit that fits: `84 KiB`, `1.5 MiB`.
#[allow(clippy::arithmetic_side_effects, reason = "a u64 of bytes has room in a u128 of tenths")]
pub fn bytes(number: u64) -> String {
    let unit = (1..SIZES.len()).rev().find(|unit| number >> (10 * unit) > 0);
    let Some((unit, name)) = unit.and_then(|unit| Some((unit, SIZES.get(unit)?))) else {
        return format!("{number} {}", if number == 1 { "byte" } else { "bytes" });
    };
    // Tenths, rounded down: what is shown is there.
    let tenths = (u128::from(number) * 10) >> (10 * unit);
    match (tenths / 10, tenths % 10) {
        (whole, 0) | (whole @ 10.., _) => format!("{whole} {name}"),
        (whole, tenth) => format!("{whole}.{tenth} {name}"),
    }
}

/// Lines of at most so many columns, cut between words; what follows in a line is as far to the right
/// as the line was. A word that is longer has its own line. What stands between backticks is a word, too: somebody may
/// copy it, and then it is to be one line, and as it is.
pub(super) fn wrapped(text: &str, columns: Option<u16>) -> String {
    let Some(columns) = columns.map(usize::from) else { return text.to_owned() };
    let lines = text.split('\n').map(|line| wrapped_line(line, columns));
    lines.collect::<Vec<_>>().join("\n")
}

fn wrapped_line(line: &str, columns: usize) -> String {
    if line.width() <= columns {
        return line.to_owned();
    }
    let indent: String = line.chars().take_while(|c| *c == ' ').collect();
    let (mut text, mut used) = (indent.clone(), indent.len());
    for word in words(line) {
        let width = word.width();
        let is_first = used == indent.len();
        if !is_first && used.saturating_add(width) >= columns {
            text += "\n";
            text += &indent;
            used = indent.len();
        } else if !is_first {
            text += " ";
            used = used.saturating_add(1);
        }
        text += word;
        used = used.saturating_add(width);
    }
    text
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    // One that stands alone begins nothing.
    let is_closed = line.chars().fold(Within::Text, Within::after) == Within::Text;
    let mut within = Within::Text;
    let is_between = move |c: char| {
        within = within.after(c);
        c == ' ' && (within == Within::Text || !is_closed)
    };
    line.split(is_between).filter(|word| !word.is_empty())
}

/// Where a letter of a line stands. What somebody else called a file is quoted in a command, with its backticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    Text,
    Command,
    Quotes,
    Escape,
}

impl Within {
    fn after(self, c: char) -> Self {
        match (self, c) {
            (Self::Text, '`') | (Self::Quotes, '\'') | (Self::Escape, _) => Self::Command,
            (Self::Command, '`') => Self::Text,
            (Self::Command, '\'') => Self::Quotes,
            (Self::Command, '\\') => Self::Escape,
            (same, _) => same,
        }
    }
}

/// Year, month and day of a day since 1970. The year of the computation begins in March, so that a
/// leap day is its last, and 400 years have 146,097 days.
#[allow(clippy::arithmetic_side_effects, reason = "a day of a u64 of seconds is far below its end")]
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const UNITS: [(u64, &str); 4] = [(365 * DAY, "years"), (DAY, "days"), (HOUR, "h"), (MINUTE, "min")];
const SIZES: [&str; 5] = ["bytes", "KiB", "MiB", "GiB", "TiB"];
