//! Conversations with the index over bad lines.

use super::ground::{Online, all_at_once, cut, done, end, spawn};
use super::proxy::{End, Portions, Proxy, Script, Way};
use crate::stage::Done;
use crate::town::{Home, Town, in_the_end};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Somebody who reaches the index over the line, and has joined over it.
fn joined<'a>(town: &'a Town, proxy: &Proxy, name: &str) -> Home<'a> {
    let home = town.home(name);
    home.give_keys(name);
    let invitation = town.invitation();
    let over = invitation.replace(&town.index.address().to_string(), &proxy.address.to_string());
    assert_ne!(over, invitation);
    let join = ["join", &over, "--user", name, "--password-file", "password"];
    assert_eq!(run(&home, &join).exit, 0);
    home
}

fn run(home: &Home<'_>, verb: &[&str]) -> Done {
    done(spawn(&mut home.command(verb)))
}

/// What one does with an index.
fn verbs() -> [&'static [&'static str]; 5] {
    [
        &["share", "add", "bob/zoo"],
        &["share", "set", "zoo", "--keyword", "pictures"],
        &["search", "koala"],
        &["browse", "bob"],
        &["people"],
    ]
}

/// And how many of the verbs are said in that way: where each takes long, three.
fn ways() -> [(&'static str, Way, usize); 5] {
    [
        ("late", Way { delay: Duration::from_millis(300), ..Way::default() }, 5),
        ("very late", Way { delay: Duration::from_secs(1), ..Way::default() }, 3),
        ("slow", Way { rate: Some(2500), ..Way::default() }, 3),
        ("alone", Way { portions: Portions::Single, ..Way::default() }, 5),
        ("in lumps", Way { portions: Portions::Lumps, ..Way::default() }, 5),
    ]
}

#[test]
fn over_a_line_that_loses_nothing_all_is_said_at_the_first_try() {
    all_at_once(ways(), |(what, way, verbs_said)| {
        let town = Town::new();
        let proxy = Proxy::new(town.index.address());
        let bob = joined(&town, &proxy, "bob");
        bob.write("zoo/koala", b"asleep");
        proxy.set(Script::both(way));
        for verb in verbs().into_iter().take(verbs_said) {
            let before = proxy.count();
            // What waits for an answer waits no longer for a connection than this says.
            let done = run(&bob, &[verb, &["--away", "30"]].concat());
            assert_eq!((done.exit, proxy.count() - before), (0, 1), "{what} {verb:?}: {done:?}");
        }
        proxy.set(Script::default());
        assert_eq!(run(&bob, &["share", "rm", "zoo"]).exit, 0);
        end(town);
    });
}

#[test]
fn who_is_cut_off_once_is_answered_by_itself() {
    let town = Town::new();
    let proxy = Proxy::new(town.index.address());
    let bob = joined(&town, &proxy, "bob");
    bob.write("zoo/koala", b"asleep");
    // Of whom something is known from earlier, and who is not there to be asked.
    let mallory = town.joined("mallory");
    mallory.write("gifts/wombat", b"digs");
    assert_eq!(run(&mallory, &["share", "add", "mallory/gifts"]).exit, 0);
    assert_eq!(run(&bob, &["verify", "mallory", "--yes"]).exit, 0);
    let breaks = [End::Close, End::Reset, End::HalfClose];
    for (nth, after) in [0, 900, 3000, 4500].into_iter().enumerate() {
        for (number, verb) in verbs().into_iter().enumerate() {
            let (way, usual) = (cut(after, breaks[(nth + number) % 3]), Way::default());
            let (there, back) = if number % 2 == nth % 2 { (way, usual) } else { (usual, way) };
            proxy.set_for(1, Script { there, back, of: None });
            let (done, what) = (run(&bob, verb), format!("{there:?} {back:?} {verb:?}"));
            assert_eq!(done.exit, 0, "{what}: {done:?}");
            // By what the index says now, and not by what is known from earlier.
            assert!(!done.err.contains("away"), "{what}: {done:?}");
        }
        proxy.set(Script::default());
        let found = bob.objects(&["search", "koala"]);
        let keywords = found[0]["sources"][0]["keywords"].to_string();
        assert!(found.len() == 1 && keywords.contains("pictures"), "{found:?}");
        assert_eq!(run(&bob, &["share", "rm", "zoo"]).exit, 0);
    }
    proxy.set_for(1, Script::both(cut(900, End::Reset)));
    let browsed = run(&bob, &["browse", "mallory"]);
    assert!(browsed.exit == 0 && browsed.out.contains("wombat"), "{browsed:?}");
    end(town);
}

#[test]
fn an_index_that_cannot_be_spoken_with_is_given_up_after_few_tries() {
    let away = ["--away", "4"];
    let stall = (End::Stall, ["--handshake-timeout", "3"]);
    all_at_once([(End::Reset, away), (End::Close, away), stall], |(break_, settings)| {
        let town = Town::new();
        let proxy = Proxy::new(town.index.address());
        let bob = joined(&town, &proxy, "bob");
        for after in [0, 2500] {
            proxy.set(Script::both(cut(after, break_)));
            let (before, begun) = (proxy.count(), Instant::now());
            let failed = run(&bob, &[&["people"], &settings[..]].concat());
            let what = format!("{break_:?} {after}: {failed:?}");
            assert!(failed.exit == 5 && failed.err.contains("away"), "{what}");
            assert!(failed.err.contains("hint: ") && !failed.err.contains("panicked"), "{what}");
            assert!(begun.elapsed() < Duration::from_secs(30), "{what} {:?}", begun.elapsed());
            let tries = proxy.count() - before;
            assert!((1..=8).contains(&tries), "{what}: {tries} tries");
        }
        proxy.set(Script::default());
        assert_eq!(run(&bob, &["people"]).exit, 0);
        end(town);
    });
}

#[test]
fn who_is_online_comes_back_when_the_line_does_and_does_not_storm_the_index() {
    let town = Town::new();
    let proxy = Proxy::new(town.index.address());
    let (bob, mallory) = (joined(&town, &proxy, "bob"), town.joined("mallory"));
    bob.write("zoo/koala", b"asleep");
    assert_eq!(run(&bob, &["share", "add", "bob/zoo"]).exit, 0);
    let complaints = bob.path.join("state/said");
    let patience = ["serve", "--json", "--idle-timeout", "4", "--handshake-timeout", "3"];
    let online = Online::of(&mut bob.command(&patience), &complaints);
    for (nth, end) in [End::Reset, End::HalfClose, End::Stall].into_iter().enumerate() {
        let before = proxy.count();
        proxy.set(Script::both(cut(0, end)));
        sleep(Duration::from_secs(6));
        let tries = proxy.count() - before;
        // After the earlier ones, the pauses may be longer than that.
        assert!((usize::from(nth == 0)..=7).contains(&tries), "{end:?}: {tries} tries");
        proxy.set(Script::default());
        // What is new is told to the index by whoever is back.
        bob.write(&format!("zoo/wombat{nth}"), b"digs");
        in_the_end(0, || mallory.run(&["get", &format!("bob:zoo/wombat{nth}")]).exit);
    }
    let said = online.stop();
    assert!(!said.contains("panicked"), "{said}");
    end(town);
}

#[test]
fn who_is_online_comes_back_after_a_greeting_that_was_altered() {
    let town = Town::new();
    let proxy = Proxy::new(town.index.address());
    let (bob, mallory) = (joined(&town, &proxy, "bob"), town.joined("mallory"));
    bob.write("zoo/koala", b"asleep");
    assert_eq!(run(&bob, &["share", "add", "bob/zoo"]).exit, 0);
    let complaints = bob.path.join("state/said");
    let online = Online::of(&mut bob.command(&["serve", "--json"]), &complaints);
    // In the answer of TLS, and in the proof.
    for at in [40, 1400] {
        proxy.set(Script::both(cut(0, End::Reset)));
        in_the_end(false, || proxy.seen().iter().any(|seen| seen.is_open));
        let (back, before) = (Way { flip: Some(at), ..Way::default() }, proxy.count());
        proxy.set_for(1, Script { back, ..Script::default() });
        in_the_end(true, || proxy.count() > before + 1);
        bob.write(&format!("zoo/wombat{at}"), b"digs");
        in_the_end(0, || mallory.run(&["get", &format!("bob:zoo/wombat{at}")]).exit);
    }
    let said = online.stop();
    assert!(said.contains("is back") && !said.contains("panicked"), "{said}");
    end(town);
}
