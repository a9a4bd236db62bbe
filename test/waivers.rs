//! An advisory that we live with has a date by which somebody looks at it again.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

#[test]
fn no_waiver_is_older_than_its_review_date() {
    let deny = Path::new(env!("CARGO_MANIFEST_DIR")).join("deny.toml");
    let text = fs::read_to_string(deny).unwrap();
    let waivers: Vec<_> = text.lines().filter(|line| line.contains("{ id = \"RUSTSEC")).collect();
    assert!(!waivers.is_empty(), "the waiver for the rsa crate stands in deny.toml");
    for waiver in waivers {
        let date = waiver.split("review by ").nth(1).expect("a waiver has a review date");
        let date = &date[.."2027-05-31".len()];
        assert!(*date > *today(), "look again at this waiver, then move its date: {waiver}");
    }
}

#[test]
fn dates_are_computed_rightly() {
    assert_eq!(date_of(0), "1970-01-01");
    assert_eq!(date_of(951_782_400 / 86_400), "2000-02-29");
    assert_eq!(date_of(1_811_635_200 / 86_400), "2027-05-30");
}

fn today() -> String {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    date_of(since.as_secs() / 86_400)
}

/// The date so many days after 1970-01-01, as year-month-day.
fn date_of(mut days: u64) -> String {
    let leap = |y: u64| y.is_multiple_of(4) && (!y.is_multiple_of(100) || y.is_multiple_of(400));
    let mut year = 1970;
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let lengths = [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while days >= lengths[month] {
        days -= lengths[month];
        month += 1;
    }
    format!("{year}-{:02}-{:02}", month + 1, days + 1)
}
