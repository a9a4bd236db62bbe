//! The counter counts, and the bound can be exceeded.

use super::within_bound;
use crate::alloc::{allocated_by, most_held_by};

#[test]
fn a_known_size_is_counted() {
    let (bytes, kept) = allocated_by(|| Vec::<u8>::with_capacity(12_345));
    assert_eq!((bytes, kept.capacity()), (12_345, 12_345));
    let (bytes, _) = allocated_by(|| vec![0u64; 1000]);
    assert_eq!(bytes, 8000, "zeroed");
}

#[test]
fn what_is_given_back_is_counted_as_well() {
    let (bytes, ()) = allocated_by(|| (0..10).for_each(|_| drop(vec![1u8; 1000])));
    assert_eq!(bytes, 10_000);
}

#[test]
fn growing_counts_the_new_size() {
    let mut grown = vec![1u8; 1000];
    let (bytes, ()) = allocated_by(|| grown.reserve_exact(9000));
    assert_eq!((bytes, grown.capacity()), (10_000, 10_000));
}

#[test]
fn what_is_given_back_is_not_held_any_more() {
    let before = vec![1u8; 1 << 20];
    let (most, ()) = most_held_by(|| (1..=10).for_each(|n| drop(vec![1u8; n * 1000])));
    assert_eq!(most, 10_000);
    let (most, _) = most_held_by(|| (vec![1u8; 1000], vec![0u8; 2000]));
    assert_eq!(most, 3000);
    let (most, ()) = most_held_by(|| drop(before));
    assert_eq!(most, 0);
}

#[test]
fn what_grows_is_held_twice_for_a_moment() {
    let (most, kept) = most_held_by(|| {
        let mut grown = vec![1u8; 1000];
        grown.reserve_exact(9000);
        (grown, vec![1u8; 500])
    });
    assert_eq!((most, kept.0.capacity()), (11_000, 10_000));
}

#[test]
fn nothing_is_counted_for_nothing_or_for_another_thread() {
    let (bytes, _) = allocated_by(|| std::hint::black_box(1 + 1));
    assert_eq!(bytes, 0);
    let other = || drop(std::hint::black_box(vec![1u8; 1 << 20]));
    let (bytes, ()) = allocated_by(|| std::thread::spawn(other).join().unwrap());
    assert!(bytes < 1 << 16, "{bytes}");
}

#[test]
#[should_panic(expected = "for an input of")]
fn the_bound_is_one_that_can_be_exceeded() {
    within_bound(&[0; 1000], |input| vec![1u8; 5 * input.len() + 64 * 1024]);
}
