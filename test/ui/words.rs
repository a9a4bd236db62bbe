//! Times and sizes in words.

use waxwing::model::UnixTime;
use waxwing::ui::{ago, bytes, span, utc};

#[test]
fn times_are_those_of_the_calendar() {
    // As `date -u --date=@N +%FT%TZ` prints them.
    let known = [
        (0, "1970-01-01T00:00:00Z"),
        (951_782_399, "2000-02-28T23:59:59Z"),
        (951_782_400, "2000-02-29T00:00:00Z"),
        (951_868_800, "2000-03-01T00:00:00Z"),
        (1_709_164_800, "2024-02-29T00:00:00Z"),
        (1_735_689_599, "2024-12-31T23:59:59Z"),
        (1_795_285_563, "2026-11-21T18:26:03Z"),
        (4_107_542_400, "2100-03-01T00:00:00Z"),
        (4_107_456_000, "2100-02-28T00:00:00Z"),
    ];
    for (seconds, text) in known {
        assert_eq!(utc(UnixTime(seconds)), text);
    }
    assert!(utc(UnixTime(u64::MAX)).ends_with('Z'), "whatever a clock says");
}

#[test]
fn spans_are_in_the_largest_unit_of_which_there_are_two() {
    let known = [
        (0, "0 s"),
        (119, "119 s"),
        (120, "2 min"),
        (7199, "119 min"),
        (7200, "2 h"),
        (172_799, "47 h"),
        (172_800, "2 days"),
        (800 * 86400, "2 years"),
    ];
    for (seconds, text) in known {
        assert_eq!(span(seconds), text);
    }
    let now = UnixTime(1_000_000);
    assert_eq!(ago(now, now), "just now");
    assert_eq!(ago(UnixTime(now.0 - 180), now), "3 min ago");
    assert_eq!(ago(now.plus(7 * 86400), now), "in 7 days");
}

#[test]
fn sizes_are_in_the_unit_that_fits() {
    let known = [
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (1024, "1 KiB"),
        (1536, "1.5 KiB"),
        (49152, "48 KiB"),
        (10 << 20, "10 MiB"),
        ((10 << 20) + (1 << 19), "10 MiB"),
        (3 << 30, "3 GiB"),
        (u64::MAX, "16777215 TiB"),
    ];
    for (number, text) in known {
        assert_eq!(bytes(number), text);
    }
}
