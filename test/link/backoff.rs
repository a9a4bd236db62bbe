//! Pauses between tries: they grow, they end, and chance keeps those apart who failed together.

use proptest::prelude::*;
use std::time::Duration;
use waxwing::link::Backoff;

#[test]
fn pauses_double_up_to_the_longest_and_end_with_the_tries() {
    let backoff = Backoff { tries: 7, ..Backoff::default() };
    let pauses: Vec<_> = (1..=7).map(|failed| backoff.pause(failed, u32::MAX)).collect();
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    let expected = [1, 2, 4, 8, 10, 10].map(seconds);
    assert_eq!(pauses[..6], expected);
    assert_eq!(pauses[6], None);
}

#[test]
fn by_default_there_are_three_tries() {
    let backoff = Backoff::default();
    let paused: Vec<_> = (1..5).map(|failed| backoff.pause(failed, 0).is_some()).collect();
    assert_eq!(paused, [true, true, false, false]);
    assert_eq!(Backoff::never().pause(1, 0), None);
}

proptest! {
    #[test]
    fn chance_moves_a_pause_between_its_half_and_its_whole(failed in 1..u32::MAX, random: u32) {
        let backoff = Backoff { tries: u32::MAX, ..Backoff::default() };
        let longest = backoff.pause(failed, u32::MAX).unwrap();
        let pause = backoff.pause(failed, random).unwrap();
        prop_assert!(longest / 2 <= pause && pause <= longest);
        prop_assert!(longest <= backoff.longest);
    }
}
