//! Who fetches what: parts are given out, given back and taken over, and the slow get less.

use super::{JobId, Next, Plan};
use crate::model::limits::LEAF_BYTES;
use crate::model::{ByteRange, Ranges};
use std::ops::Range;
use std::time::Duration;

const LEAF: u64 = LEAF_BYTES as u64;

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// All of a file of so many leaves is missing; these sources are there.
fn plan(leaves: usize, sources: usize) -> Plan {
    let mut plan = Plan::new(leaves, &Ranges::whole((leaves as u64).saturating_mul(LEAF)));
    (0..sources).for_each(|source| plan.set_here(source, true));
    plan
}

#[track_caller]
fn fetches(next: Next) -> (JobId, Range<usize>) {
    match next {
        Next::Fetch { job, run, .. } => (job, run),
        other => panic!("{other:?}"),
    }
}

/// So many of the leaves of a job come.
fn come(plan: &mut Plan, job: JobId, leaves: Range<usize>) {
    for leaf in leaves {
        plan.wrote(job, LEAF, at(0));
        assert!(plan.done(job, leaf as u64));
    }
}

#[test]
fn only_what_is_missing_is_given_out_and_the_end_may_be_short() {
    let size = 9 * LEAF + 5;
    let parts = [(2 * LEAF, 4 * LEAF), (9 * LEAF, size)];
    let parts = parts.map(|(start, end)| ByteRange { start, end }).to_vec();
    let mut plan = Plan::new(10, &Ranges::new(size, parts).unwrap());
    plan.set_here(0, true);
    let (first, run) = fetches(plan.next(0, at(0)));
    assert_eq!(run, 2..4);
    come(&mut plan, first, run);
    plan.end(first, true, at(1));
    let (second, run) = fetches(plan.next(0, at(1)));
    assert_eq!(run, 9..10);
    come(&mut plan, second, run);
    plan.end(second, true, at(2));
    assert_eq!(plan.next(0, at(2)), Next::Over);
    assert_eq!(plan.came(0), 3);
}

#[test]
fn two_share_what_there_is_and_no_leaf_has_two_owners() {
    let mut plan = plan(12, 2);
    let (one, of_one) = fetches(plan.next(0, at(0)));
    let (two, of_two) = fetches(plan.next(1, at(0)));
    assert_eq!((of_one, of_two), (0..6, 6..10));
    assert!(plan.owns(one, 5) && !plan.owns(two, 5));
    assert!(!plan.done(two, 5), "it is the other's");
}

#[test]
fn who_is_slow_gets_less() {
    let mut plan = plan(1000, 2);
    for (source, seconds) in [(0, 1), (1, 8)] {
        let (job, run) = fetches(plan.next(source, at(0)));
        assert_eq!(run.len(), 8);
        come(&mut plan, job, run);
        plan.end(job, true, at(seconds));
    }
    assert_eq!(fetches(plan.next(0, at(8))).1.len(), 32, "four seconds of it");
    assert_eq!(fetches(plan.next(1, at(8))).1.len(), 4);
}

#[test]
fn what_a_source_did_not_bring_is_given_to_others() {
    let mut plan = plan(8, 2);
    let (job, run) = fetches(plan.next(0, at(0)));
    assert_eq!(run, 0..4);
    come(&mut plan, job, 0..1);
    plan.end(job, false, at(1));
    plan.set_here(0, false);
    assert!(!plan.owns(job, 1), "nothing is written any more");
    assert_eq!(fetches(plan.next(1, at(1))).1, 1..8);
}

#[test]
fn the_end_of_the_slowest_is_taken_over_so_that_both_end_together() {
    let mut plan = plan(16, 2);
    let (quick, run) = fetches(plan.next(0, at(0)));
    assert_eq!(run, 0..8);
    let (slow, run) = fetches(plan.next(1, at(0)));
    assert_eq!(run, 8..12);
    come(&mut plan, quick, 0..8);
    plan.end(quick, true, at(1));
    let (quick, run) = fetches(plan.next(0, at(1)));
    assert_eq!(run, 12..16);
    come(&mut plan, quick, 12..16);
    plan.end(quick, true, at(2));
    // One leaf in two seconds, and three are left, against eight in a second.
    come(&mut plan, slow, 8..9);
    let next = plan.next(0, at(2));
    let Next::Fetch { job, run, is_taken_over: true } = next else { panic!("{next:?}") };
    assert_eq!(run, 9..12);
    assert!(plan.is_settled(slow), "nothing that still comes is its own");
    assert!(!plan.owns(slow, 9) && plan.owns(job, 9));
    plan.end(slow, false, at(2));
    assert_eq!(plan.next(1, at(2)), Next::Wait, "the other is quicker");
    come(&mut plan, job, 9..12);
    plan.end(job, true, at(3));
    assert_eq!(plan.next(1, at(3)), Next::Over);
}

#[test]
fn what_was_written_and_is_not_verified_yet_is_not_taken_over() {
    let mut plan = plan(16, 2);
    let (quick, run) = fetches(plan.next(0, at(0)));
    come(&mut plan, quick, run);
    let (slow, run) = fetches(plan.next(1, at(0)));
    assert_eq!(run, 8..12);
    plan.end(quick, true, at(1));
    let (quick, run) = fetches(plan.next(0, at(1)));
    come(&mut plan, quick, run);
    plan.end(quick, true, at(2));
    // Three of its four are here, and its segment goes on.
    plan.wrote(slow, 3 * LEAF, at(11));
    assert_eq!(fetches(plan.next(0, at(12))).1, 11..12);
}

#[test]
fn who_wrote_and_then_stands_still_loses_it() {
    let mut plan = plan(12, 2);
    let (quick, run) = fetches(plan.next(0, at(0)));
    come(&mut plan, quick, run);
    let (slow, run) = fetches(plan.next(1, at(0)));
    assert_eq!(run.len(), 4);
    plan.end(quick, true, at(1));
    let (quick, run) = fetches(plan.next(0, at(1)));
    come(&mut plan, quick, run);
    plan.end(quick, true, at(2));
    plan.wrote(slow, 4 * LEAF, at(2));
    assert_eq!(plan.next(0, at(3)), Next::Wait);
    assert!(fetches(plan.next(0, at(12))).1.len() > 1);
}

#[test]
fn who_brings_nothing_at_all_loses_even_its_last_leaf() {
    let mut plan = plan(5, 2);
    let (_, run) = fetches(plan.next(0, at(0)));
    assert_eq!(run, 0..4);
    let (job, run) = fetches(plan.next(1, at(0)));
    come(&mut plan, job, run);
    plan.end(job, true, at(1));
    let mut taken = Vec::new();
    let mut now = 2;
    while let Next::Fetch { job, run, .. } = plan.next(1, at(now)) {
        taken.extend(run.clone());
        come(&mut plan, job, run);
        plan.end(job, true, at(now));
        now += 60;
    }
    taken.sort();
    assert_eq!(taken, [0, 1, 2, 3]);
    assert!(plan.is_over());
}

#[test]
fn equals_do_not_take_the_last_leaf_from_each_other() {
    let mut plan = plan(1, 2);
    let (job, _) = fetches(plan.next(0, at(0)));
    plan.wrote(job, LEAF / 2, at(0));
    assert_eq!(plan.next(1, at(60)), Next::Wait);
}

#[test]
fn when_all_is_here_and_nobody_has_signed_somebody_is_asked_to() {
    let mut plan = plan(4, 2);
    let (job, run) = fetches(plan.next(0, at(0)));
    come(&mut plan, job, run);
    assert_eq!(plan.next(1, at(1)), Next::Wait, "it may sign yet");
    plan.end(job, false, at(1));
    let (job, run) = fetches(plan.next(1, at(1)));
    assert!(run.is_empty());
    plan.end(job, true, at(1));
    assert_eq!(plan.next(0, at(1)), Next::Over);
}
