//! Connections that break: by an end, by a reset, or one way only.

use super::ground::{BOTH, KIB, Pair, Verb, cut, end};
use super::proxy::{End, Script, Way};
use crate::town::Town;
use std::time::Duration;

const BREAKS: [End; 3] = [End::Close, End::Reset, End::HalfClose];

/// At once, in the greeting, and in the middle.
const AFTER: [u64; 3] = [0, 2500, 100_000];

/// Both ways in turn.
fn scripts(way: Way) -> [Script; 2] {
    let usual = Way::default();
    [Script { there: way, back: usual, of: None }, Script { there: usual, back: way, of: None }]
}

#[test]
fn who_is_cut_off_once_completes_by_itself() {
    let town = Town::new();
    let pair = Pair::new(&town, 150 * KIB);
    for verb in BOTH {
        for end in BREAKS {
            for after in AFTER {
                for script in scripts(cut(after, end)) {
                    completes_by_itself(&pair, verb, script);
                }
            }
        }
    }
    pair.end();
    end(town);
}

fn completes_by_itself(pair: &Pair<'_>, verb: Verb, script: Script) {
    let (before, what) = (pair.proxy.count(), format!("{verb:?} {script:?}"));
    pair.proxy.set_for(1, script);
    let done = pair.run(verb, &["--retry-pause", "0"]);
    assert_eq!(done.exit, 0, "{what}: {done:?}");
    pair.has_arrived(verb, &what);
    // The way that carries little does not come to the end of what it may.
    let (seen, first) = (pair.proxy.seen(), pair.proxy.seen()[before]);
    let was_cut = [(script.there, first.there), (script.back, first.back)]
        .iter()
        .any(|(way, passed)| way.end.is_some_and(|(after, _)| *passed >= after));
    assert_eq!(seen.len() - before, 1 + usize::from(was_cut), "{what}: {done:?}");
}

#[test]
fn who_is_always_cut_off_gives_up_after_its_tries_and_goes_on_later() {
    let town = Town::new();
    let pair = Pair::new(&town, 150 * KIB);
    for (verb, break_) in [(Verb::Get, End::Reset), (Verb::Send, End::Close)] {
        for after in [0, 2500] {
            let (before, what) = (pair.proxy.count(), format!("{verb:?} {break_:?} {after}"));
            pair.proxy.set(Script::both(cut(after, break_)));
            let done = pair.run(verb, &["--retries", "3", "--retry-pause", "1"]);
            pair.has_failed(verb, &done, &what);
            let seen = &pair.proxy.seen()[before..];
            let pauses: Vec<_> = seen.windows(2).map(|two| two[1].at - two[0].at).collect();
            assert_eq!(pauses.len(), 2, "{what}: {pauses:?}");
            // Half of a pause is fixed, and half is chance; each is twice as long as the one before.
            let least = [Duration::from_millis(500), Duration::from_secs(1)];
            assert!(pauses.iter().zip(least).all(|(pause, least)| *pause >= least), "{pauses:?}");
            pair.proxy.set(Script::default());
            assert_eq!(pair.run(verb, &[]).exit, 0, "{what}");
            pair.has_arrived(verb, &what);
        }
    }
    pair.end();
    end(town);
}
