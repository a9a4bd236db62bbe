//! Streams are counted by person, and in all: many identities hold no more than a few do.

use super::{Allowance, Begun, Turn, Turns};
use crate::crypto::Fingerprint;
use crate::peer::queue::Waiting;
use futures_util::FutureExt;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::advance;

const ALLOWED: Allowance = Allowance {
    at_once: 2,
    a_minute: 3,
    in_all: 5,
    bytes: 1000,
    bytes_each: 1000,
    waiting: 0,
    waiting_each: 0,
};

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

/// One slot, and some who may wait for it.
const ONE: Allowance = Allowance { in_all: 1, waiting: 6, waiting_each: 3, ..Allowance::SERVING };

fn now(turns: &Arc<Turns>, who: u8) -> Turn {
    match turns.begin_or_wait(person(who)) {
        Some(Begun::Now(turn)) => turn,
        other => panic!("{other:?}"),
    }
}

fn waits(turns: &Arc<Turns>, who: u8) -> Waiting {
    match turns.begin_or_wait(person(who)) {
        Some(Begun::Later(waiting)) => waiting,
        other => panic!("{other:?}"),
    }
}

fn places<const N: usize>(all: [&Waiting; N]) -> [Option<u32>; N] {
    all.map(|waiting| waiting.place().map(|(place, _)| place))
}

/// The turn of who waits, if it has come.
fn turn(waiting: &mut Waiting) -> Option<Turn> {
    while let Some(news) = waiting.news().now_or_never() {
        if news.is_some() {
            return news;
        }
    }
    None
}

#[tokio::test(start_paused = true)]
async fn who_came_first_is_first_and_people_take_turns() {
    let turns = Turns::new(ONE);
    let held = now(&turns, 1);
    let (mut a, mut b, mut c) = (waits(&turns, 1), waits(&turns, 1), waits(&turns, 2));
    assert_eq!(places([&a, &b, &c]), [Some(2), Some(3), Some(1)], "he is served already");
    let mut d = waits(&turns, 3);
    assert_eq!(places([&c, &d, &a, &b]), [1, 2, 3, 4].map(Some));
    let mut held = Some(held);
    for next in [&mut c, &mut d, &mut a, &mut b] {
        assert!(turn(next).is_none());
        drop(held.take());
        held = turn(next);
        assert!(held.is_some() && next.place().is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn who_goes_away_leaves_the_place_and_a_slot_just_given_to_the_next() {
    let turns = Turns::new(ONE);
    let held = now(&turns, 1);
    let (a, b, mut c) = (waits(&turns, 2), waits(&turns, 3), waits(&turns, 4));
    assert_eq!(c.place(), Some((3, 3)));
    drop(a);
    assert_eq!(c.place(), Some((2, 2)));
    drop(held);
    // It is given to the second, who never hears of it.
    assert_eq!((b.place(), c.place()), (None, Some((1, 1))));
    drop(b);
    let held = turn(&mut c);
    assert!(held.is_some());
    drop((held, c));
    assert!(matches!(turns.begin_or_wait(person(5)), Some(Begun::Now(_))));
}

#[tokio::test(start_paused = true)]
async fn only_so_many_wait_of_one_person_and_of_all() {
    let turns = Turns::new(ONE);
    let _held = now(&turns, 1);
    let _mine: Vec<_> = (0..3).map(|_| waits(&turns, 1)).collect();
    assert!(turns.begin_or_wait(person(1)).is_none());
    let _others: Vec<_> = (2..5).map(|who| waits(&turns, who)).collect();
    assert!(turns.begin_or_wait(person(9)).is_none());
    assert!(turns.begin(person(9), 0).is_none(), "who does not wait");
}

#[tokio::test(start_paused = true)]
async fn who_has_as_much_as_one_may_have_holds_up_nobody_else() {
    let turns = Turns::new(Allowance { at_once: 1, in_all: 2, ..ONE });
    let (mine, other) = (now(&turns, 1), now(&turns, 2));
    let (mut first, mut second) = (waits(&turns, 1), waits(&turns, 3));
    drop(other);
    assert!(turn(&mut first).is_none() && turn(&mut second).is_some());
    drop(mine);
    assert!(turn(&mut first).is_some());
}

#[tokio::test(start_paused = true)]
async fn whatever_happens_no_slot_and_no_place_is_lost() {
    let allowance = Allowance { at_once: 2, in_all: 3, a_minute: u32::MAX, ..ONE };
    let turns = Turns::new(allowance);
    let (mut held, mut waiting) = (Vec::<Turn>::new(), Vec::<Waiting>::new());
    let mut state = 7_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as usize % below.max(1)
    };
    for _ in 0..20_000 {
        match random(5) {
            0 | 1 => match turns.begin_or_wait(person([1, 2, 3, 4, 5, 6][random(6)])) {
                Some(Begun::Now(turn)) => held.push(turn),
                Some(Begun::Later(place)) => waiting.push(place),
                None => {}
            },
            2 if !held.is_empty() => drop(held.swap_remove(random(held.len()))),
            3 if !waiting.is_empty() => drop(waiting.swap_remove(random(waiting.len()))),
            _ => {
                let came =
                    waiting.iter_mut().enumerate().find_map(|(at, it)| Some((at, turn(it)?)));
                if let Some((at, turn)) = came {
                    drop(waiting.swap_remove(at));
                    held.push(turn);
                }
            }
        }
        let given = waiting.iter().filter(|it| it.place().is_none()).count();
        let counted = turns.counted();
        assert_eq!(counted.under_way as usize, held.len() + given);
        assert_eq!(counted.queue.len() as usize, waiting.len() - given);
        assert!(counted.under_way <= 3 && counted.queue.len() <= 6);
    }
    drop((held, waiting));
    let counted = turns.counted();
    assert_eq!((counted.under_way, counted.queue.len()), (0, 0));
    assert!(counted.people.values().all(|it| it.under_way == 0 && it.waiting == 0));
}
