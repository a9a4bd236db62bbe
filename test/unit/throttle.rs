//! Who has to wait, with a clock in the hand.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test")]

use super::*;

const PACE: Pace =
    Pace { free: 3, first: Duration::from_secs(1), longest: Duration::from_secs(10), fades: NEVER };

fn key(name: &str) -> Key {
    Key::Password(name.parse().unwrap(), Origin::of(None))
}

/// After which waits a try is let in, each made as soon as it may be.
fn waits(throttle: &mut Throttle, key: &Key, mut now: Instant, count: usize) -> Vec<u64> {
    let mut waits = Vec::new();
    while waits.len() < count {
        match throttle.begin(key, PACE, now) {
            Ok(()) => waits.push(0),
            Err(wait) => {
                now += wait;
                throttle.begin(key, PACE, now).unwrap();
                waits.push(wait.as_secs());
            }
        }
    }
    waits
}

#[test]
fn each_wait_is_twice_as_long_up_to_the_longest() {
    let (mut throttle, now) = (Throttle::default(), Instant::now());
    assert_eq!(waits(&mut throttle, &key("alice"), now, 9), [0, 0, 0, 1, 2, 4, 8, 10, 10]);
    assert_eq!(waits(&mut throttle, &key("bob"), now, 3), [0, 0, 0], "others do not wait");
}

#[test]
fn a_right_password_and_an_hour_of_peace_wipe_the_slate() {
    let (mut throttle, now) = (Throttle::default(), Instant::now());
    waits(&mut throttle, &key("alice"), now, 3);
    assert!(throttle.begin(&key("alice"), PACE, now).is_err());
    throttle.succeeded(&key("alice"));
    assert_eq!(waits(&mut throttle, &key("alice"), now, 3), [0, 0, 0]);
    assert!(throttle.begin(&key("alice"), PACE, now + Duration::from_millis(999)).is_err());
    let later = now + FORGOTTEN_AFTER;
    assert_eq!(waits(&mut throttle, &key("alice"), later, 3), [0, 0, 0]);
}

#[test]
fn where_tries_fade_only_many_at_once_have_to_wait() {
    let (mut throttle, mut now) = (Throttle::default(), Instant::now());
    let pace = Pace { fades: Duration::from_secs(5), ..PACE };
    for _ in 0..100 {
        throttle.begin(&key("alice"), pace, now).unwrap();
        now += pace.fades;
    }
    for _ in 0..3 {
        throttle.begin(&key("alice"), pace, now).unwrap();
    }
    assert!(throttle.begin(&key("alice"), pace, now).is_err());
}

#[test]
fn what_is_taken_back_does_not_count_and_leaves_nothing() {
    let (mut throttle, now) = (Throttle::default(), Instant::now());
    for _ in 0..10 {
        throttle.begin(&key("alice"), PACE, now).unwrap();
        throttle.take_back(&key("alice"));
    }
    assert!(throttle.tries.is_empty());
}

#[test]
fn nobody_gets_rid_of_a_wait_by_trying_other_keys() {
    let (mut throttle, now) = (Throttle::default(), Instant::now());
    waits(&mut throttle, &key("alice"), now, 4);
    let later = now + Duration::from_secs(2);
    for number in 0..3 * MAX_KEYS {
        throttle.begin(&key(&format!("name-{number}")), PACE, later).unwrap();
    }
    assert!(throttle.tries.len() <= MAX_KEYS);
    assert_eq!(throttle.counted(&key("alice"), later).unwrap().count, 4);
}
