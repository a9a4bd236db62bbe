//! Mistakes and mishaps: each has its exit code, a sentence with its cause, and the next step.

use crate::stage::Done;
use crate::town::Town;
use rustix::process::{Signal, kill_process};
use std::fs;

#[track_caller]
fn is_told(done: Done, exit: i32, parts: &[&str]) {
    let err = done.failed(exit);
    for part in parts {
        assert!(err.contains(part), "{part:?} is not in {err}");
    }
    assert!(err.starts_with("error: ") && err.contains("\nhint: "), "{err}");
    assert_eq!(err.lines().count(), 2, "{err}");
}

#[test]
fn what_is_typed_wrongly_is_usage() {
    let town = Town::new();
    let bob = town.home("bob");
    let err = bob.run(&["serch", "koala"]).failed(2);
    assert!(err.contains("'search'"), "{err}");
    bob.run(&["trust", "alice", "--replace", "abc"]).failed(2);
    bob.run(&["verify"]).failed(2);
    is_told(bob.run(&[]), 2, &["Without a terminal", "client --help"]);
    let err = bob.run(&["join", "waxwing://nonsense", "--user", "bob"]).failed(2);
    assert!(err.contains("not an invitation"), "{err}");
    is_told(bob.run(&["join", "--user", "bob"]), 2, &["no index", "INVITATION"]);

    fs::create_dir(&bob.path).unwrap();
    fs::write(bob.path.join("waxwing.toml"), "usre = \"bob\"\n").unwrap();
    is_told(bob.run(&["whoami"]), 2, &["waxwing.toml, line 1: there is no setting usre", "user?"]);
}

#[test]
fn without_keys_or_a_terminal_it_is_said_what_to_do() {
    let town = Town::new();
    let bob = town.home("bob");
    is_told(bob.run(&["whoami"]), 3, &["no keys are here yet", "join INVITATION"]);
    bob.give_keys("bob");
    // Whoever has taken keys along may have an account already.
    let login = bob.run(&["login", "--user", "bob", "--password-file", "password"]);
    is_told(login, 2, &["no index", "join INVITATION", "login INVITATION"]);
    assert!(bob.run(&["whoami"]).ok().contains("`login INVITATION`"));
    let export = || bob.run(&["keys", "export", "bob.keys", "--no-passphrase"]);
    export().ok();
    is_told(export(), 7, &["bob.keys: ", "name a FILE that is not there yet"]);
    let invitation = town.invitation();
    let join = bob.run(&["join", &invitation, "--user", "bob"]);
    is_told(join, 2, &["a password is needed", "--password-file"]);
    let join = bob.run(&["join", &invitation, "--password-file", "password"]);
    is_told(join, 2, &["your name on the index is needed", "--user NAME"]);
    let join = bob.run(&["join", &invitation, "--user", "bob", "--password-file", "nothing"]);
    assert!(join.failed(3).contains("nothing: "));
    // An address without a key is nothing to believe unasked.
    let at = town.index.address().to_string();
    let join = bob.run(&["join", &at, "--user", "bob", "--password-file", "password"]);
    is_told(join, 4, &["not trusted yet", "fingerprint"]);
}

#[test]
fn people_who_are_not_there_names_that_are_taken_and_passwords_that_are_wrong() {
    let town = Town::new();
    let (bob, mallory) = (town.joined("bob"), town.home("mallory"));
    mallory.give_keys("mallory");
    let invitation = town.invitation();
    let join = ["join", &invitation, "--user", "bob", "--password-file", "password"];
    is_told(mallory.run(&join), 7, &["choose another name"]);
    for verb in [["verify", "nobody"], ["browse", "nobody"]] {
        is_told(bob.run(&verb), 3, &["people"]);
    }
    is_told(bob.run(&["search", "koala"]), 3, &["nothing for koala"]);
    fs::write(town.machine.at("wrong"), "not the password").unwrap();
    is_told(bob.run(&["login", "--password-file", "wrong"]), 4, &["password of this index"]);
    fs::write(town.machine.at("short"), "short").unwrap();
    is_told(bob.run(&["login", "--password-file", "short"]), 2, &["at least 10 characters"]);
    // Signs of other searches are no signs here.
    let hints =
        [("OR", "has all words"), ("*oala", "at the end of a word"), ("koala?", "one by one")];
    for (sign, hint) in hints {
        is_told(bob.run(&["search", "koala", sign]), 3, &[hint]);
    }
}

#[test]
fn an_index_that_is_not_there_is_unreachable_and_another_one_is_not_believed() {
    let town = Town::new();
    let bob = town.joined("bob");
    let elsewhere = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = elsewhere.local_addr().unwrap().to_string();
    drop(elsewhere);
    let away = bob.run(&["whoami", "--index", &closed]).ok();
    assert!(away.contains(&closed), "who one is needs nobody: {away}");
    let away = bob.run(&["doctor", "--index", &closed, "--away", "1"]);
    assert_eq!(away.exit, 5, "{away:?}");
    is_told(bob.run(&["people", "--index", &closed, "--away", "1"]), 5, &["away"]);
    let (at, other) = (town.index.address(), "00".repeat(32));
    let liar = format!("waxwing://{at}#{other}");
    is_told(bob.run(&["people", "--index", &liar]), 6, &["belongs to"]);

    // Another index than the one that was joined is at its place.
    let state = bob.path.join("state/index.json");
    let known = fs::read_to_string(&state).unwrap();
    let fingerprint = town.index.fingerprint().to_string();
    fs::write(&state, known.replace(&fingerprint, &other)).unwrap();
    let told = bob.run(&["people", "--away", "1"]);
    assert!(!told.err.contains("away"), "{told:?}");
    is_told(told, 6, &["not the one that it should be"]);
    let told = bob.run(&["doctor", "--away", "1", "--json"]);
    assert_eq!(told.exit, 6, "{told:?}");
    assert!(told.out.contains("\"well\":false"), "{told:?}");
}

#[test]
fn failures_are_objects_for_programs() {
    let town = Town::new();
    let bob = town.joined("bob");
    let done = bob.run(&["browse", "nobody", "--json"]);
    assert_eq!(done.exit, 3);
    let told: serde_json::Value = serde_json::from_str(done.out.trim_end()).unwrap();
    assert_eq!((&told["type"], &told["exit"]), (&"failed".into(), &3.into()));
    assert!(told["hint"].as_str().unwrap().contains("people"), "{told}");
}

#[test]
fn what_works_until_it_is_told_to_end_is_done_then() {
    let page = include_str!("../../docs/json.md");
    assert!(page.contains("`client serve` and `server` work until they are told to end"));
    for signal in [Signal::INT, Signal::TERM] {
        let mut town = Town::new();
        let serving = town.joined("bob").serve();
        kill_process(serving.pid(), signal).unwrap();
        assert_eq!(serving.exit(), Some(0), "{signal:?}");
        town.index.signal(signal);
        let (exit, err) = town.index.end();
        assert_eq!(exit.code(), Some(0), "{signal:?}: {err}");
    }
}
