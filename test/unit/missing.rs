//! The rule by which missing chunks are asked for, with a clock in the hand.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test")]

use super::*;

const NOTHING: [u32; 0] = [];
const LEAST: u64 = 4096;
const NONE: Tally = Tally { live: 0, ended: 0, is_given_up: false, without_since: None };
const TWO: Tally = Tally { live: 2, ..NONE };
const ONE_LOST: Tally = Tally { live: 1, ended: 1, ..NONE };

struct Clock {
    begin: Instant,
    rule: Missing,
}

impl Clock {
    fn new() -> Self {
        let begin = Instant::now();
        Self { begin, rule: Missing::new(begin, LEAST, Duration::from_secs(30)) }
    }

    /// What is asked for so many milliseconds after the beginning, when so many bytes were heard.
    fn at(&mut self, millis: u64, tally: Tally, heard: u64, missing: &[u32]) -> Vec<u32> {
        let now = self.begin + Duration::from_millis(millis);
        self.rule.ask_now(now, &tally, heard, missing)
    }
}

#[test]
fn without_lanes_nothing_is_lost_and_nothing_asked_for() {
    let mut clock = Clock::new();
    for second in 0..100 {
        assert_eq!(clock.at(second * 1000, NONE, 0, &[1, 2, 3]), NOTHING);
    }
}

#[test]
fn what_an_ended_lane_lost_is_asked_for_once_and_what_comes_meanwhile_is_not() {
    let mut clock = Clock::new();
    assert_eq!(clock.at(0, TWO, 0, &[4, 5, 6, 7]), NOTHING);
    assert_eq!(clock.at(100, ONE_LOST, 10_000, &[4, 5, 6, 7]), NOTHING);
    assert_eq!(clock.at(300, ONE_LOST, 20_000, &[5, 6, 7]), NOTHING);
    assert_eq!(clock.at(400, ONE_LOST, 30_000, &[5, 7]), [5, 7]);
    for tenth in 5..20 {
        let heard = 30_000 + tenth * 10_000;
        assert_eq!(clock.at(tenth * 100, ONE_LOST, heard, &[5, 7]), NOTHING, "asked for already");
    }
    // A record that comes later covers what the lane lost, too; found by the silence of a second.
    assert_eq!(clock.at(2000, ONE_LOST, 500_000, &[7, 300, 301]), NOTHING);
    assert_eq!(clock.at(2900, ONE_LOST, 500_000, &[7, 300, 301]), NOTHING);
    assert_eq!(clock.at(3000, ONE_LOST, 500_000, &[7, 300, 301]), [300, 301]);
}

#[test]
fn a_silence_of_ten_seconds_is_a_loss_and_a_slow_line_is_not() {
    let mut silent = Clock::new();
    assert_eq!(silent.at(9_900, TWO, 4095, &[2, 9]), NOTHING);
    assert_eq!(silent.at(10_000, TWO, 4095, &[2, 9]), [2, 9]);

    let mut slow = Clock::new();
    for second in 0..300 {
        // Five thousand bytes a second: a chunk in fifty-two seconds.
        let lowest = 2 + u32::try_from(second / 52).unwrap();
        let asked = slow.at(second * 1000, TWO, second * 5000, &[lowest, 20, 21, 22]);
        assert!(asked.len() <= 1, "one of those that are on their way, now and then: {asked:?}");
    }
}

#[test]
fn one_that_was_swallowed_is_asked_for_though_others_pass() {
    let mut clock = Clock::new();
    let mut asked = Vec::new();
    for second in 0..=60 {
        asked.extend(clock.at(second * 1000, TWO, second * 1_000_000, &[2]));
    }
    assert_eq!(asked, [2], "after thirty seconds, once");
}

#[test]
fn on_a_slow_channel_without_lanes_chunks_come_once() {
    const ALL_LOST: Tally = Tally { live: 0, ended: 3, ..NONE };
    let mut clock = Clock::new();
    assert_eq!(clock.at(0, ALL_LOST, 0, &[1, 2]), NOTHING);
    assert_eq!(clock.at(300, ALL_LOST, 0, &[1, 2]), [1, 2], "what the lanes may have lost");
    assert_eq!(clock.at(3000, ALL_LOST, 0, &[1, 2]), NOTHING);
    // From then on a chunk every five seconds, each of a segment whose record is here already.
    for chunk in 1..20 {
        let (millis, heard) = (3000 + u64::from(chunk) * 5000, u64::from(chunk) * 262_144);
        let missing: Vec<u32> = (chunk + 2..40).collect();
        assert_eq!(clock.at(millis - 100, ALL_LOST, heard - 262_144, &missing), NOTHING);
        assert_eq!(clock.at(millis, ALL_LOST, heard, &missing), NOTHING);
    }
}
