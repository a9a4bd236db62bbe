//! What of all refusals reaches the log.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test")]

use super::*;

fn from(last: u8) -> Origin {
    Origin::of(Some(([192, 0, 2, last], 1).into()))
}

#[test]
fn the_same_from_the_same_is_told_once_a_minute_with_how_often_it_was() {
    let (mut complaints, now) = (Complaints::default(), Instant::now());
    assert_eq!(complaints.count(from(1), ("Login", 31), now), Some(1));
    for _ in 0..9 {
        assert_eq!(complaints.count(from(1), ("Login", 31), now), None);
    }
    // Another address, another request and another reason are told.
    assert_eq!(complaints.count(from(2), ("Login", 31), now), Some(1));
    assert_eq!(complaints.count(from(1), ("Resume", 31), now), Some(1));
    assert_eq!(complaints.count(from(1), ("Login", 10), now), Some(1));
    assert_eq!(complaints.count(from(1), ("Login", 31), now + PAUSE), Some(10));
}

#[test]
fn a_thousand_addresses_fill_no_memory_and_are_counted() {
    let (mut complaints, now) = (Complaints::default(), Instant::now());
    let address = |number: u16| {
        let [high, low] = number.to_be_bytes();
        Origin::of(Some(([10, 0, high, low], 1).into()))
    };
    let told = (0..5000).filter(|n| complaints.count(address(*n), ("Login", 31), now).is_some());
    assert_eq!(told.count(), MOST);
    assert_eq!(complaints.told.len(), MOST);
    let later = now + PAUSE;
    assert_eq!(complaints.count(from(1), ("Login", 31), later), Some(5000 - MOST as u64 + 1));
}
