//! What whoever sits on a lane can do costs that lane, and nothing else.

use crate::lanes::{Sender, Stage, carry};
use crate::proxy::{HEAD, Rule};
use crate::stage::{CHUNK, MIB, pass};
use std::time::Duration;
use tokio::time::sleep;

/// The first lane goes as its rule says; what else there is waits until it was replaced.
async fn costs_one_lane(rules: &[Rule]) {
    for rule in rules.iter().copied() {
        whoever_sends(async |sender| {
            let rule = move |lane| if lane == 0 { rule } else { Rule::Await(3) };
            let mut stage = Stage::new(rule).await;
            let seen = stage.carry(sender, 24 * MIB).await;
            assert_eq!(seen.lanes(), 3, "{sender:?}");
            assert!(seen.tags.values().all(|tags| tags.len() == 1), "{sender:?}");
        })
        .await;
    }
}

/// Both ways at once, since much of the time is spent waiting.
async fn whoever_sends(story: impl AsyncFn(Sender)) {
    tokio::join!(story(Sender::Dialler), story(Sender::Listener));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_that_is_cut_is_replaced() {
    let (inside, between) = (CHUNK + 3 * HEAD, 2 * (HEAD + CHUNK));
    costs_one_lane(&[Rule::Cut(0), Rule::Cut(7), Rule::Cut(inside), Rule::Cut(between)]).await;
    costs_one_lane(&[Rule::Reset(inside), Rule::Reset(between)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_altered_chunk_costs_its_lane() {
    let (index, length, tag) = (0, 5, 8);
    let (first, last) = (HEAD, HEAD + CHUNK - 1);
    costs_one_lane(&[Rule::Alter(0, index), Rule::Alter(1, length), Rule::Alter(2, tag)]).await;
    costs_one_lane(&[Rule::Alter(0, first), Rule::Alter(3, last)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chunks_may_come_in_any_order_twice_and_in_any_portions() {
    for sender in [Sender::Dialler, Sender::Listener] {
        let slow = Rule::Slow(Duration::from_millis(2));
        for rule in [Rule::Swap(0), Rule::Swap(3), Rule::Double(1), Rule::Drip, slow] {
            let mut stage = Stage::new(move |_| rule).await;
            let seen = stage.carry(sender, 10 * MIB).await;
            assert_eq!(seen.lanes(), 2, "{sender:?} {rule:?}");
            assert!(seen.channel_bytes < MIB, "{sender:?} {rule:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_three_condemned_lanes_the_channel_carries() {
    whoever_sends(async |sender| {
        let mut stage = Stage::new(|_| Rule::Alter(0, HEAD)).await;
        let seen = stage.carry(sender, 8 * MIB).await;
        assert!((3..=4).contains(&seen.lanes()), "{sender:?} {}", seen.lanes());
        assert!(seen.channel_bytes > 7 * MIB, "{sender:?} {}", seen.channel_bytes);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lanes_that_never_bring_a_whole_chunk_do_not_hold_up_a_stream() {
    whoever_sends(async |sender| {
        let mut stage = Stage::new(|_| Rule::Cut(CHUNK / 2)).await;
        let seen = stage.carry(sender, 8 * MIB).await;
        assert!(seen.channel_bytes > 8 * MIB, "{sender:?}");
    })
    .await;
}

#[tokio::test]
async fn what_vanishes_in_silence_is_asked_for_after_ten_seconds_of_it() {
    for sender in [Sender::Dialler, Sender::Listener] {
        for rule in [Rule::Drop(1), Rule::Stall(2)] {
            let stage = Stage::new(move |lane| if lane == 0 { rule } else { Rule::Pass }).await;
            let Stage { ground: _ground, proxy, mut alice, mut bob } = stage;
            let (from, to) = match sender {
                Sender::Dialler => (&alice, &mut bob),
                Sender::Listener => (&bob, &mut alice),
            };
            let mut jumps = 0;
            let time = async {
                loop {
                    let before = proxy.seen().lane_bytes();
                    sleep(Duration::from_millis(500)).await;
                    // On a busy machine nothing may move although nothing is lost.
                    if jumps < 4 && before > 0 && proxy.seen().lane_bytes() == before {
                        pass(Duration::from_secs(10)).await;
                        jumps += 1;
                    }
                }
            };
            tokio::select! {
                () = carry(from, to, 10 * MIB) => {}
                () = time => {}
            }
            assert!(jumps > 0, "{sender:?} {rule:?}: nothing was lost");
            assert_eq!(proxy.seen().lanes(), 2, "{sender:?} {rule:?}");
        }
    }
}
