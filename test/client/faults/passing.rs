//! Lines that lose nothing: bytes come late, slowly, alone or in lumps. All arrives, at the first try.

use super::ground::{BOTH, KIB, MIB, Pair, Verb, both_at_once, done, end, spawn};
use super::proxy::{Portions, Script, Way};
use crate::town::Town;
use std::fs;
use std::time::Duration;

/// A channel, and lanes for what is large; some that did not come up in time were replaced.
const MOST_CONNECTIONS: usize = 1 + 8;

#[track_caller]
fn all_arrives(pair: &Pair<'_>, verb: Verb, what: &str, way: Way) {
    pair.proxy.set(Script::both(way));
    let before = pair.proxy.count();
    let done = pair.run(verb, &[]);
    assert_eq!(done.exit, 0, "{what}: {done:?}");
    pair.has_arrived(verb, what);
    let connections = pair.proxy.count() - before;
    assert!((1..=MOST_CONNECTIONS).contains(&connections), "{what}: {connections} connections");
}

#[test]
fn late_slow_and_lumped_bytes_arrive() {
    let ways = [
        ("all well", Way::default()),
        ("late", Way { delay: Duration::from_millis(150), ..Way::default() }),
        ("slow", Way { rate: Some(2_000_000), ..Way::default() }),
        ("in lumps", Way { portions: Portions::Lumps, ..Way::default() }),
    ];
    let town = Town::new();
    let pair = Pair::new(&town, 5 * MIB);
    for (what, way) in ways {
        for verb in BOTH {
            all_arrives(&pair, verb, &format!("{what}, {verb:?}"), way);
        }
    }
    pair.end();
    end(town);
}

#[test]
fn bytes_that_travel_alone_arrive() {
    let town = Town::new();
    let pair = Pair::new(&town, 200 * KIB);
    let way = Way { portions: Portions::Single, ..Way::default() };
    for verb in BOTH {
        all_arrives(&pair, verb, &format!("alone, {verb:?}"), way);
    }
    pair.end();
    end(town);
}

/// As a satellite or a very bad radio.
#[test]
fn with_two_seconds_from_question_to_answer_all_arrives() {
    both_at_once(|verb| {
        let town = Town::new();
        let pair = Pair::new(&town, 5 * MIB);
        let way = Way { delay: Duration::from_secs(1), ..Way::default() };
        all_arrives(&pair, verb, &format!("{verb:?}"), way);
        pair.end();
        end(town);
    });
}

#[test]
fn a_kilobyte_a_second_is_enough() {
    let town = Town::new();
    let pair = Pair::new(&town, 100);
    pair.proxy.set(Script::both(Way { rate: Some(1000), ..Way::default() }));
    let at = pair.proxy.address.to_string();
    // The whole folder would take minutes.
    let letter = pair.mallory.path.join("gifts/small/0/2");
    let send = ["send", "bob", letter.to_str().unwrap(), "--at", &at];
    let get = ["get", "bob:zoo/small/0/2", "--at", &at];
    for (nth, verb) in [&send[..], &get].into_iter().enumerate() {
        let done = done(spawn(&mut pair.mallory.command(verb)));
        assert_eq!((done.exit, pair.proxy.count()), (0, nth + 1), "{done:?}");
    }
    for (from, to) in [("mallory/gifts/small/0/2", "bob"), ("bob/zoo/small/0/2", "mallory")] {
        let came = town.machine.at(to).join("downloads/2");
        assert!(fs::read(town.machine.at(from)).unwrap() == fs::read(came).unwrap(), "{from}");
    }
    pair.end();
    end(town);
}
