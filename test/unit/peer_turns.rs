//! Streams are counted by person, and in all: many identities hold no more than a few do.

use super::{Allowance, Begun, Turn, Turns, Waiting};
use crate::crypto::Fingerprint;
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
async fn five_that_do_not_open_are_enough_for_an_hour_and_a_minute_between_them_changes_nothing() {
    let turns = Turns::new(ALLOWED);
    for _ in 0..5 {
        turns.begin(person(1), 0).unwrap().was_bad();
        advance(Duration::from_secs(60)).await;
    }
    assert!(turns.begin(person(1), 0).is_none() && turns.begin(person(2), 0).is_some());
    advance(Duration::from_secs(3600 - 5 * 60 - 1)).await;
    assert!(turns.begin(person(1), 0).is_none());
    advance(Duration::from_secs(1)).await;
    assert!(turns.begin(person(1), 0).is_some());
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
    match turns.begin_or_wait(person(who), 0) {
        Some(Begun::Now(turn)) => turn,
        other => panic!("{other:?}"),
    }
}

fn waits(turns: &Arc<Turns>, who: u8) -> Waiting {
    match turns.begin_or_wait(person(who), 0) {
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
    assert!(matches!(turns.begin_or_wait(person(5), 0), Some(Begun::Now(_))));
}

#[tokio::test(start_paused = true)]
async fn only_so_many_wait_of_one_person_and_of_all() {
    let turns = Turns::new(ONE);
    let _held = now(&turns, 1);
    let _mine: Vec<_> = (0..3).map(|_| waits(&turns, 1)).collect();
    assert!(turns.begin_or_wait(person(1), 0).is_none());
    let _others: Vec<_> = (2..5).map(|who| waits(&turns, who)).collect();
    assert!(turns.begin_or_wait(person(9), 0).is_none());
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
    let allowance = Allowance { at_once: 2, in_all: 3, a_minute: u32::MAX, bytes: 40 << 20, ..ONE };
    let turns = Turns::new(allowance);
    let (mut held, mut waiting) = (Vec::<Turn>::new(), Vec::<Waiting>::new());
    let mut state = 7_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as usize % below.max(1)
    };
    let room = |mib: usize| (mib as u64) << 20;
    for _ in 0..20_000 {
        match random(6) {
            0 | 1 => {
                match turns.begin_or_wait(person([1, 2, 3, 4, 5, 6][random(6)]), room(random(40))) {
                    Some(Begun::Now(turn)) => held.push(turn),
                    Some(Begun::Later(place)) => waiting.push(place),
                    None => {}
                }
            }
            2 if !held.is_empty() => drop(held.swap_remove(random(held.len()))),
            5 if !held.is_empty() => {
                let at = random(held.len());
                held[at].take(room(random(10)));
                held[at].settle();
            }
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
        assert!(counted.bytes <= allowance.bytes);
    }
    drop((held, waiting));
    let counted = turns.counted();
    assert_eq!((counted.under_way, counted.queue.len(), counted.bytes), (0, 0, 0));
    let is_nothing = |it: &super::Person| (it.under_way, it.waiting, it.bytes) == (0, 0, 0);
    assert!(counted.people.values().all(is_nothing));
}

/// Many slots, and little room.
const NARROW: Allowance =
    Allowance { bytes: 100, bytes_each: 60, waiting: 6, waiting_each: 3, ..Allowance::SERVING };

fn waits_for(turns: &Arc<Turns>, who: u8, room: u64) -> Waiting {
    match turns.begin_or_wait(person(who), room) {
        Some(Begun::Later(waiting)) => waiting,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_room_keeps_the_place_and_nobody_who_wants_less_goes_before() {
    let turns = Turns::new(NARROW);
    let (mut one, other) = (now(&turns, 1), now(&turns, 2));
    assert!(one.take(60));
    let mut large = waits_for(&turns, 3, 50);
    let mut small = waits_for(&turns, 4, 10);
    assert_eq!(places([&large, &small]), [1, 2].map(Some));
    assert!(turns.begin(person(5), 0).is_none(), "nor does who does not wait");
    drop(other);
    assert!(turn(&mut large).is_none() && turn(&mut small).is_none());
    drop(one);
    let (mut large, small) = (turn(&mut large).unwrap(), turn(&mut small).unwrap());
    assert!(large.take(50), "what is kept for it is there");
    assert!(!large.take(41) && large.take(10), "more is when there is more");
    drop((large, small));
    assert_eq!(turns.counted().bytes, 0);
}

#[tokio::test(start_paused = true)]
async fn who_has_as_much_room_as_one_may_have_waits_for_themselves_alone() {
    let turns = Turns::new(NARROW);
    let mut mine = now(&turns, 1);
    assert!(mine.take(40));
    let mut own = waits_for(&turns, 1, 1000);
    assert!(matches!(turns.begin_or_wait(person(2), 60), Some(Begun::Now(_))));
    drop(mine);
    assert!(turn(&mut own).is_some(), "no more is kept than one may have");
}

#[tokio::test(start_paused = true)]
async fn room_that_is_not_needed_is_free_when_all_is_listed_or_nobody_waits_for_it() {
    let turns = Turns::new(NARROW);
    let Some(Begun::Now(mut one)) = turns.begin_or_wait(person(1), 60) else { panic!("no turn") };
    let (mut next, mut last) = (waits_for(&turns, 2, 60), waits_for(&turns, 3, 30));
    assert!(one.take(30) && turn(&mut next).is_none());
    one.settle();
    let next = turn(&mut next).unwrap();
    assert!(turn(&mut last).is_none());
    let gone = waits_for(&turns, 4, 50);
    drop((next, last));
    assert!(gone.place().is_none());
    let (first, mut second) = (waits_for(&turns, 5, 60), waits_for(&turns, 6, 20));
    assert!(turn(&mut second).is_none());
    drop(first);
    assert!(turn(&mut second).is_some(), "who is gone holds up nobody");
}

#[tokio::test(start_paused = true)]
async fn a_slow_stream_gives_way_only_to_others_who_wait_and_one_at_a_time() {
    let pause = Duration::from_secs(60);
    let turns = Turns::new(Allowance { at_once: 2, in_all: 3, ..ONE });
    let [one, two] = [1, 2].map(|who| now(&turns, who));
    assert!(!one.gives_way(pause), "nobody waits");
    let third = now(&turns, 2);
    let _own = waits(&turns, 2);
    assert!(!two.gives_way(pause), "who waits for themselves alone");
    let other = waits(&turns, 3);
    assert!(two.gives_way(pause) && !one.gives_way(pause), "one at a time");
    advance(pause).await;
    assert!(one.gives_way(pause));
    advance(pause).await;
    drop(other);
    assert!(!third.gives_way(pause), "nobody waits any more");
}

#[test]
fn however_few_slots_there_are_nobody_has_all_of_them() {
    let at_once = |in_all: u32| Allowance::SERVING.at_most(in_all).at_once;
    assert_eq!([0, 1, 2, 3, 4, 7, 8, 64, 1000].map(at_once), [1, 1, 1, 1, 2, 3, 4, 4, 4]);
    assert_eq!(Allowance::SERVING.at_most(0).in_all, 1);
    assert_eq!(Allowance::SERVING.at_most(1000).in_all, 64);
}

#[tokio::test(start_paused = true)]
async fn who_leaves_and_comes_again_is_in_the_round_of_before() {
    let turns = Turns::new(ONE);
    let _held = now(&turns, 9);
    let other = waits(&turns, 2);
    drop(waits(&turns, 1));
    advance(Duration::from_secs(60)).await;
    let (again, newcomer) = (waits(&turns, 1), waits(&turns, 3));
    assert_eq!(places([&other, &newcomer, &again]), [1, 2, 3].map(Some));
}
