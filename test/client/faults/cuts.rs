//! A good session, cut after some byte of it: what was landed is whole, the rest comes with the next try.

use super::ground::{BOTH, Pair, Verb, cut, end};
use super::proxy::{End, Script, Way};
use crate::town::Town;

/// How many bytes a good session has, there and back.
fn recorded(pair: &Pair<'_>, verb: Verb) -> (u64, u64) {
    pair.proxy.set(Script::default());
    let before = pair.proxy.count();
    assert_eq!(pair.run(verb, &[]).exit, 0);
    pair.has_arrived(verb, "the recorded one");
    let [session] = &pair.proxy.seen()[before..] else { panic!("one connection carries all") };
    (session.there, session.back)
}

/// What breaks it at this byte, if the way has so many.
fn breaks(at: u64, (there, back): (u64, u64)) -> Vec<Script> {
    let end = [End::Close, End::Reset, End::HalfClose][usize::try_from(at % 3).unwrap()];
    let (way, usual) = (cut(at, end), Way::default());
    let there = (at <= there).then_some(Script { there: way, back: usual, of: None });
    let back = (at <= back).then_some(Script { there: usual, back: way, of: None });
    [there, back].into_iter().flatten().collect()
}

fn is_cut(pair: &Pair<'_>, verb: Verb, script: Script) {
    let what = format!("{verb:?} {script:?}");
    pair.proxy.set_for(1, script);
    let done = pair.run(verb, &["--retries", "1"]);
    if done.exit == 0 {
        return pair.has_arrived(verb, &what);
    }
    pair.has_failed(verb, &done, &what);
    let done = pair.run(verb, &["--retries", "1"]);
    assert_eq!(done.exit, 0, "{what}: {done:?}");
    pair.has_arrived(verb, &what);
}

fn is_cut_everywhere(size: usize, at: impl Fn(u64) -> Vec<u64>) {
    let town = Town::new();
    let pair = Pair::new(&town, size);
    for verb in BOTH {
        let recorded = recorded(&pair, verb);
        for at in at(recorded.0.max(recorded.1)) {
            breaks(at, recorded).into_iter().for_each(|script| is_cut(&pair, verb, script));
        }
    }
    pair.end();
    end(town);
}

#[test]
fn a_good_session_that_is_cut_somewhere_is_gone_on_with() {
    // Its beginning and its end are short, and most happens there.
    let some = |most: u64| {
        let ends = (0..4).flat_map(|nth| [nth * 1300 + 100, most.saturating_sub(nth * 300)]);
        ends.chain((1..4).map(|nth| most * nth / 4)).collect()
    };
    is_cut_everywhere(1000, some);
}

/// Each byte, or each so many-th.
/// `STEP=401 cargo test --test client -- --ignored --nocapture cut_at_every_byte`
#[test]
#[ignore = "takes hours, and with STEP=401 minutes"]
fn a_good_session_that_is_cut_at_every_byte_is_gone_on_with() {
    let step = std::env::var("STEP").map_or(1, |step| step.parse().unwrap());
    is_cut_everywhere(1000, |most| (0..=most).step_by(step).collect());
}
