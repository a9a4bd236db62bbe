//! Lines on which nothing moves for a while: short, and it goes on; long, and it is given up, told, and
//! gone on with.

use super::ground::{MIB, Pair, Verb, both_at_once, cut, done, end};
use super::proxy::{End, Script, Way};
use crate::town::{Town, in_the_end};
use std::process::Child;
use std::thread::sleep;
use std::time::{Duration, Instant};

const LARGE: usize = 24 * MIB;

/// So slow that it can be caught in the middle.
fn slow() -> Script {
    Script::both(Way { rate: Some(1_000_000), ..Way::default() })
}

fn partition() -> Script {
    Script::both(cut(0, End::Stall))
}

/// Begins, and stands still in the middle.
fn stands_still(pair: &Pair<'_>, verb: Verb, settings: &[&str]) -> Child {
    pair.proxy.set(slow());
    let before = pair.proxy.passed();
    let moving = pair.begin(verb, settings);
    // What lies in the sender's sockets by then belongs to a segment that has not come yet.
    in_the_end(true, || pair.proxy.passed() - before > LARGE as u64 * 5 / 6);
    pair.proxy.set(partition());
    moving
}

#[test]
fn who_stands_still_for_a_while_goes_on() {
    both_at_once(|verb| {
        let town = Town::new();
        let pair = Pair::new(&town, LARGE);
        let before = pair.proxy.count();
        let moving = stands_still(&pair, verb, &["--retries", "1"]);
        sleep(Duration::from_secs(5));
        pair.proxy.set(Script::default());
        let done = done(moving);
        assert_eq!(done.exit, 0, "{verb:?} {done:?}");
        pair.has_arrived(verb, "it went on");
        let connections = pair.proxy.count() - before;
        assert!(connections <= 9, "{verb:?} {connections} connections");
        pair.end();
        end(town);
    });
}

/// The same for half a minute, with the usual settings.
/// `cargo test --test client -- --ignored half_a_minute`
#[test]
#[ignore = "takes two minutes"]
fn who_stands_still_for_half_a_minute_goes_on() {
    both_at_once(|verb| {
        let town = Town::new();
        let pair = Pair::new(&town, LARGE);
        let moving = stands_still(&pair, verb, &[]);
        sleep(Duration::from_secs(30));
        pair.proxy.set(Script::default());
        let done = done(moving);
        assert_eq!(done.exit, 0, "{verb:?} {done:?}");
        pair.has_arrived(verb, "half a minute");
        pair.end();
        end(town);
    });
}

const IMPATIENT: [&str; 4] = ["--idle-timeout", "5", "--handshake-timeout", "5"];

#[test]
fn who_stands_still_for_long_is_given_up_and_the_rest_comes_later() {
    both_at_once(|verb| {
        let town = Town::new();
        let pair = Pair::patient(&town, LARGE, &IMPATIENT);
        let moving = stands_still(&pair, verb, &[&IMPATIENT[..], &["--retries", "1"]].concat());
        let begun = Instant::now();
        let failed = done(moving);
        assert!(begun.elapsed() < Duration::from_secs(25), "{verb:?} {:?}", begun.elapsed());
        pair.has_failed(verb, &failed, "given up");
        // The other side gives up as well, before it hears of the rest.
        sleep(Duration::from_secs(6));
        pair.proxy.set(Script::default());
        let before = pair.proxy.passed();
        let rest = pair.run(verb, &[]);
        assert_eq!(rest.exit, 0, "{verb:?} {rest:?}");
        let came = pair.proxy.passed() - before;
        assert!(came < (LARGE - MIB) as u64, "{verb:?}: {came} bytes came again");
        pair.has_arrived(verb, "the rest");
        pair.end();
        end(town);
    });
}

#[test]
fn who_stands_still_and_tries_again_completes_by_itself() {
    both_at_once(|verb| {
        let town = Town::new();
        let pair = Pair::patient(&town, LARGE, &IMPATIENT);
        let before = pair.proxy.count();
        let settings = [&IMPATIENT[..], &["--retries", "4", "--retry-pause", "1"]].concat();
        let moving = stands_still(&pair, verb, &settings);
        // It is given up, and so is the next try.
        sleep(Duration::from_secs(9));
        pair.proxy.set(Script::default());
        let done = done(moving);
        assert_eq!(done.exit, 0, "{verb:?} {done:?}");
        assert!(done.err.contains("again"), "{verb:?} {done:?}");
        pair.has_arrived(verb, "by itself");
        // Four tries, and lanes.
        let connections = pair.proxy.count() - before;
        assert!(connections <= 4 + 16, "{verb:?} {connections} connections");
        pair.end();
        end(town);
    });
}
