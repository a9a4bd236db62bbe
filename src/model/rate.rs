//! How fast something is at most, as people write it.

use std::str::FromStr;

/// Bytes a second; `none` says that there is no limit.
///
/// ```
/// use waxwing::model::Rate;
///
/// let rate = |text: &str| text.parse::<Rate>().map(|rate| rate.bytes());
/// assert_eq!(rate("500kB"), Ok(Some(500_000)));
/// assert_eq!(rate("1.5 MiB/s"), Ok(Some(1_572_864)));
/// assert_eq!(rate("none"), Ok(None));
/// assert!(rate("fast").is_err() && rate("-1").is_err() && rate("1.").is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rate(Option<u64>);

impl Rate {
    /// How many bytes a second; as many as there may be, when there is no number.
    pub fn bytes(self) -> Option<u64> {
        self.0
    }
}

impl FromStr for Rate {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        if text == "none" {
            return Ok(Self(None));
        }
        let text = text.strip_suffix("/s").unwrap_or(text).trim_end();
        let at = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, unit) = text.split_at(at);
        let unit = unit.trim_start();
        let unit = UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)).ok_or(WANTED)?;
        let bytes = thousandths(number).and_then(|number| number.checked_mul(unit.1));
        bytes.map(|bytes| Self(Some(bytes / 1000))).ok_or(WANTED)
    }
}

/// A number with at most three digits behind its point, a thousand times.
fn thousandths(number: &str) -> Option<u64> {
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
    if !is_number(whole) || !is_number(part) || part.len() > 3 {
        return None;
    }
    let part: u64 = format!("{part:0<3}").parse().ok()?;
    whole.parse::<u64>().ok()?.checked_mul(1000)?.checked_add(part)
}

const UNITS: [(&str, u64); 8] = [
    ("", 1),
    ("B", 1),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];
const WANTED: &str = "it is a number with a unit, as in 500kB or 1.5MB, or none";
