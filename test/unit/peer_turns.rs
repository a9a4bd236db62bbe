//! Streams are counted by person, and in all: many identities hold no more than a few do.

use super::{Allowance, Turn, Turns};
use crate::crypto::Fingerprint;
use std::time::Duration;
use tokio::time::advance;

const ALLOWED: Allowance =
    Allowance { at_once: 2, a_minute: 3, in_all: 5, bytes: 1000, bytes_each: 1000 };

fn person(number: u8) -> Fingerprint {
    Fingerprint::from_bytes([number; 32])
}

#[tokio::test(start_paused = true)]
async fn one_person_has_so_many_at_once_and_in_a_minute() {
    let turns = Turns::new(ALLOWED);
    let begin = || turns.begin(person(1), 0);
    let held: Vec<Turn> = (0..2).filter_map(|_| begin()).collect();
    assert!(held.len() == 2 && begin().is_none());
    drop(held);
    assert!(begin().is_some() && begin().is_none(), "three in a minute");
    advance(Duration::from_secs(60)).await;
    assert!(begin().is_some());
}

#[tokio::test(start_paused = true)]
async fn many_people_have_no_more_than_some_in_all() {
    let turns = Turns::new(ALLOWED);
    let mut held: Vec<Turn> = (0..100).filter_map(|at| turns.begin(person(at), 0)).collect();
    assert_eq!(held.len(), 5);
    held.pop();
    assert!(turns.begin(person(200), 0).is_some());
    drop(held);
    advance(Duration::from_secs(60)).await;
    assert!(turns.begin(person(201), 0).is_some());
    assert_eq!(turns.counted().people.len(), 1, "who is gone is forgotten");
}

#[tokio::test(start_paused = true)]
async fn the_bytes_of_all_are_bounded() {
    let turns = Turns::new(ALLOWED);
    let large = turns.begin(person(1), 900).unwrap();
    assert!(turns.begin(person(2), 101).is_none());
    let small = turns.begin(person(2), 100).unwrap();
    assert!(turns.begin(person(3), 1).is_none() && turns.begin(person(3), u64::MAX).is_none());
    drop((large, small));
    assert!(turns.begin(person(3), 1000).is_some());
}

#[tokio::test(start_paused = true)]
async fn what_a_turn_takes_later_counts_until_its_end() {
    let turns = Turns::new(ALLOWED);
    let (mut one, mut other) =
        (turns.begin(person(1), 0).unwrap(), turns.begin(person(2), 400).unwrap());
    assert!(one.take(500) && !one.take(101) && !one.take(u64::MAX) && other.take(100));
    drop(one);
    assert!(other.take(500) && !other.take(1));
    drop(other);
    assert_eq!(turns.counted().bytes, 0);
}

#[tokio::test(start_paused = true)]
async fn one_person_has_no_more_than_their_part_of_the_bytes() {
    let turns = Turns::new(Allowance { bytes_each: 250, ..ALLOWED });
    let mut one = turns.begin(person(1), 100).unwrap();
    assert!(turns.begin(person(1), 151).is_none() && !one.take(151));
    let other = turns.begin(person(1), 50).unwrap();
    assert!(one.take(100) && !one.take(1), "those of all their streams count");
    assert!(turns.begin(person(2), 250).is_some(), "others have theirs");
    drop(other);
    assert!(one.take(50) && !one.take(1));
}
