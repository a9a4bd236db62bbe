//! A bit on its way is another: whoever notices breaks off, and nothing of it lands.

use super::ground::{BOTH, KIB, MIB, Pair, Verb, end};
use super::proxy::{Script, Way};
use crate::town::Town;

fn flipped(at: u64) -> Way {
    Way { flip: Some(at), ..Way::default() }
}

/// Where a length is altered, what does not come is waited for.
const IMPATIENT: [&str; 4] = ["--idle-timeout", "4", "--handshake-timeout", "4"];

#[test]
fn a_bit_that_is_altered_on_the_channel_is_noticed_and_all_arrives_at_the_next_try() {
    let town = Town::new();
    let pair = Pair::patient(&town, 150 * KIB, &IMPATIENT);
    // In each part of TLS, of the greeting, and of what is said then.
    for at in [1, 7, 40, 700, 1400, 2200, 4000, 60_000] {
        for verb in BOTH {
            for there in [true, false] {
                let what = format!("{verb:?} there: {there}, at {at}");
                let (way, usual) = (flipped(at), Way::default());
                let (there, back) = if there { (way, usual) } else { (usual, way) };
                pair.proxy.set_for(1, Script { there, back, of: None });
                let done = pair.run(verb, &[&IMPATIENT[..], &["--retry-pause", "0"]].concat());
                assert_eq!(done.exit, 0, "{what}: {done:?}");
                pair.has_arrived(verb, &what);
            }
        }
    }
    pair.end();
    end(town);
}

#[test]
fn a_bit_that_is_altered_on_lanes_costs_lanes() {
    let town = Town::new();
    let pair = Pair::new(&town, 8 * MIB);
    for verb in BOTH {
        // The channel is the first connection, and both lanes come next. What replaces them is well.
        let before = pair.proxy.count();
        let of = Some((before + 1, before + 3));
        pair.proxy.set(Script { of, ..Script::both(flipped(1_000_000)) });
        // So slowly that there is a use for them when they come.
        let limit = if verb == Verb::Get { "--download-limit" } else { "--upload-limit" };
        let done = pair.run(verb, &["--retries", "1", limit, "4MB"]);
        assert_eq!(done.exit, 0, "{verb:?} {done:?}");
        pair.has_arrived(verb, "lanes");
        let seen = &pair.proxy.seen()[before..];
        assert!(seen.len() > 3 && seen.len() <= 9, "{verb:?} {seen:?}");
    }
    pair.end();
    end(town);
}

#[test]
fn a_line_that_alters_always_ends_with_a_word_and_no_file() {
    let town = Town::new();
    let pair = Pair::patient(&town, 150 * KIB, &IMPATIENT);
    // In the middle, and in the handshake of TLS.
    for (verb, at) in [(Verb::Get, 5000), (Verb::Send, 5000), (Verb::Get, 700), (Verb::Send, 40)] {
        let (before, what) = (pair.proxy.count(), format!("{verb:?} {at}"));
        pair.proxy.set(Script::both(flipped(at)));
        let done =
            pair.run(verb, &[&IMPATIENT[..], &["--retries", "3", "--retry-pause", "0"]].concat());
        pair.has_failed(verb, &done, &what);
        assert_eq!(pair.proxy.count() - before, 3, "{what}: {done:?}");
        pair.proxy.set(Script::default());
        assert_eq!(pair.run(verb, &[]).exit, 0, "{what}");
        pair.has_arrived(verb, &what);
    }
    pair.end();
    end(town);
}
