//! Sizes and times within their limits.

use super::*;

#[test]
fn an_entry_is_at_most_16_tebibytes() {
    let of = |size| Entry::new(path("a/b"), size, Modified::from_nanos(0));
    assert_eq!(of(1 << 44).unwrap().size(), 1 << 44);
    assert_eq!(of((1 << 44) + 1), Err(Error::Size((1 << 44) + 1)));
    assert_eq!(of(u64::MAX), Err(Error::Size(u64::MAX)));
    let id = ContentId::from_bytes([1; 32]);
    assert_eq!(Content::new(id, 1 << 44).unwrap().size(), 1 << 44);
    assert_eq!(Content::new(id, (1 << 44) + 1), Err(Error::Size((1 << 44) + 1)));
}

#[test]
fn an_entry_tells_what_it_was_told() {
    let modified = Modified::from_nanos(1_700_000_000_123_456_789);
    let plain = Entry::new(path("a/b"), 7, modified).unwrap();
    assert_eq!((plain.path(), plain.size(), plain.modified()), (&path("a/b"), 7, modified));
    assert_eq!((plain.is_executable(), plain.content()), (false, None));
    let id = ContentId::from_bytes([1; 32]);
    let program = plain.clone().executable(true).with_content(Some(id));
    assert_eq!((program.is_executable(), program.content()), (true, Some(id)));
    assert_eq!(program.executable(false).with_content(None), plain);
}

#[test]
fn a_time_is_never_before_1980() {
    for nanos in [0, 1, YEAR_1980 * NANOS - 1, YEAR_1980 * NANOS] {
        assert_eq!(Modified::from_nanos(nanos).as_nanos(), YEAR_1980 * NANOS);
    }
    let later = YEAR_1980 * NANOS + 1;
    assert_eq!(Modified::from_nanos(later).as_nanos(), later);
    for before in [UNIX_EPOCH, UNIX_EPOCH - Duration::from_secs(1 << 30)] {
        assert_eq!(Modified::from_system(before).as_nanos(), YEAR_1980 * NANOS);
    }
}

#[test]
fn a_time_is_at_most_a_day_from_now() {
    let now = UnixTime(1_800_000_000);
    let clamped = |seconds: u64| Modified::from_nanos(seconds * NANOS).clamped(now).as_nanos();
    let tomorrow = (now.0 + DAY) * NANOS;
    assert_eq!(clamped(now.0 - 5), (now.0 - 5) * NANOS);
    assert_eq!(clamped(now.0 + DAY), tomorrow);
    assert_eq!(clamped(now.0 + DAY + 1), tomorrow);
    assert_eq!(clamped(now.0 + 2 * DAY), tomorrow);
    for far in [1 << 62, u64::MAX] {
        assert_eq!(Modified::from_nanos(far).clamped(now).as_nanos(), tomorrow);
    }
}

#[test]
fn a_broken_clock_does_not_take_a_time_out_of_its_range() {
    let time = Modified::from_nanos(1_700_000_000 * NANOS);
    assert_eq!(time.clamped(UnixTime(0)).as_nanos(), YEAR_1980 * NANOS);
    assert_eq!(time.clamped(UnixTime(u64::MAX)), time);
    let latest = Modified::from_nanos(u64::MAX);
    assert_eq!(latest.clamped(UnixTime(u64::MAX)), latest);
}

#[test]
fn a_time_goes_to_the_system_and_back() {
    for nanos in [0, 1_700_000_000_123_456_789, 1 << 62, u64::MAX] {
        let time = Modified::from_nanos(nanos);
        assert_eq!(Modified::from_system(time.to_system()), time);
    }
    let now = SystemTime::now();
    assert!(Modified::from_system(now).to_system().duration_since(now).is_ok_and(|d| d.is_zero()));
}

const NANOS: u64 = 1_000_000_000;
const DAY: u64 = 24 * 3600;
const YEAR_1980: u64 = 315_532_800;
