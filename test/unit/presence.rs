//! Who is online and what watchers are told, with a clock in the hand.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test")]

use super::*;
use crate::crypto::Fingerprint;
use std::time::Duration;

const TIME: UnixTime = UnixTime(1_800_000_000);

fn row(number: i64) -> PersonRow {
    PersonRow {
        account: AccountId(number),
        user: format!("user-{number}").parse().unwrap(),
        identity: Fingerprint::from_bytes([7; 32]),
        contact: None,
        last_online: None,
    }
}

fn come(presence: &mut Presence, number: i64, seat: u64, until: Instant) -> Came {
    presence.come(row(number), (SeatId(seat), &Arc::default()), None, until)
}

fn users(changes: &Changes) -> Vec<&str> {
    changes.people.iter().map(|person| person.user.as_str()).collect()
}

#[test]
fn changes_come_in_messages_each_person_once_and_nothing_is_lost_between() {
    let (mut presence, now) = (Presence::default(), Instant::now());
    for number in 0..100 {
        come(&mut presence, number, number.unsigned_abs(), now);
    }
    // Who changes again goes to the end.
    come(&mut presence, 5, 5, now);
    let first = presence.changes_from(0);
    assert_eq!(first.people.len(), PEOPLE_PAGE);
    assert!(!users(&first).contains(&"user-5"));
    let second = presence.changes_from(first.next);
    assert_eq!((second.people.len(), users(&second).last()), (36, Some(&"user-5")));
    assert_eq!(second.next, presence.next_change());
    assert!(!first.missed && !second.missed);
    assert!(!presence.changes_from(second.next).is_some());
}

#[test]
fn who_reads_too_late_is_told_that_they_missed_something() {
    let (mut presence, now) = (Presence::default(), Instant::now());
    let more = i64::try_from(KEPT).unwrap() + 10;
    for number in 0..more {
        come(&mut presence, number, number.unsigned_abs(), now);
    }
    assert_eq!((presence.changes.len(), presence.last_change.len()), (KEPT, KEPT));
    assert!(presence.changes_from(9).missed);
    assert!(!presence.changes_from(10).missed);
    // One who changes all the time pushes nobody out.
    for _ in 0..KEPT {
        come(&mut presence, 20, 20, now);
    }
    assert!(!presence.changes_from(10).missed);
}

#[test]
fn whoever_leaves_or_is_late_was_online_until_then() {
    let (mut presence, now) = (Presence::default(), Instant::now());
    let (soon, late) = (now + Duration::from_secs(1), now + Duration::from_secs(9));
    assert_eq!(come(&mut presence, 1, 1, soon), Came::First);
    assert_eq!(come(&mut presence, 1, 2, late), Came::Also);
    assert_eq!(come(&mut presence, 2, 3, soon), Came::First);
    assert!(presence.stay(AccountId(2), SeatId(3), None, late));
    assert!(!presence.stay(AccountId(2), SeatId(4), None, late), "not where they were not");
    assert_eq!(presence.expire(soon, TIME), [], "one is online elsewhere, one has stayed");
    assert_eq!(presence.leave(AccountId(1), SeatId(1), TIME), None, "it was gone before");
    let user = presence.leave(AccountId(1), SeatId(2), TIME).unwrap();
    assert_eq!((user.as_str(), presence.count()), ("user-1", 1));
    let seen = presence.changes_from(0).people;
    let seen = seen.iter().find(|person| person.user.as_str() == "user-1").unwrap();
    assert_eq!((seen.online, seen.last_online), (false, Some(TIME.0)));
    assert_eq!(presence.expire(late, TIME).len(), 1);
    assert_eq!(presence.count(), 0);
}

#[test]
fn a_desk_holds_each_wish_once_and_not_more_than_a_message() {
    let (mut presence, now) = (Presence::default(), Instant::now());
    let desk = Arc::default();
    presence.come(row(0), (SeatId(0), &desk), None, now);
    let by = |number| Presence::default().seen(&row(number));
    let most = i64::try_from(PEOPLE_PAGE).unwrap();
    for number in 1..=most {
        assert_eq!(presence.reach(AccountId(0), &by(number)), Reached::Told);
    }
    assert_eq!(presence.reach(AccountId(0), &by(1)), Reached::Told, "the same wish is one");
    assert_eq!(presence.reach(AccountId(0), &by(most + 1)), Reached::Full);
    assert_eq!(presence.reach(AccountId(9), &by(1)), Reached::Offline);
    assert_eq!(desk.take().len(), PEOPLE_PAGE);
    assert_eq!(presence.reach(AccountId(0), &by(most + 1)), Reached::Told);
}
