//! The verbs that need the index alone, as scripts use them.

use crate::town::{PASSWORD, Town};
use std::fs;
use std::os::unix::fs::PermissionsExt;

#[test]
fn a_script_joins_with_files_and_flags_alone() {
    let town = Town::new();
    fs::write(town.machine.at("passphrase"), "a passphrase\n").unwrap();
    let newcomer = town.home("new/deep");
    let invitation = town.invitation();
    let joined = newcomer.objects(&[
        "join",
        &invitation,
        "--user",
        "zoe",
        "--password-file",
        "password",
        "--passphrase-file",
        "passphrase",
        "--contact",
        "room 12",
    ]);
    assert_eq!(joined.len(), 1, "{joined:?}");
    assert_eq!((&joined[0]["type"], &joined[0]["user"]), (&"joined".into(), &"zoe".into()));
    assert_eq!(joined[0]["index"], *invitation);
    let mode =
        |name: &str| fs::metadata(newcomer.path.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("keys"), mode("state"), mode("keys/signing.key")), (0o700, 0o700, 0o600));
    let settings = fs::read_to_string(newcomer.path.join("waxwing.toml")).unwrap();
    assert!(settings.contains("user = \"zoe\""), "{settings}");

    // Without the passphrase nothing is done, with a wrong one neither.
    let err = newcomer.run(&["people"]).failed(2);
    assert!(err.contains("passphrase") && err.contains("--passphrase-file"), "{err}");
    fs::write(town.machine.at("wrong"), "another").unwrap();
    newcomer.run(&["people", "--passphrase-file", "wrong"]).failed(4);
    let people = newcomer.objects(&["people", "--passphrase-file", "passphrase"]);
    assert_eq!(people.len(), 1);
    assert_eq!((&people[0]["user"], &people[0]["contact"]), (&"zoe".into(), &"room 12".into()));
}

#[test]
fn who_one_is_and_who_is_there() {
    let town = Town::new();
    let (bob, _mallory) = (town.joined("bob"), town.joined("mallory"));
    let me = bob.objects(&["whoami"]);
    assert_eq!((&me[0]["type"], &me[0]["user"]), (&"me".into(), &"bob".into()));
    assert_eq!(me[0]["index"], *town.invitation());
    let table = bob.run(&["people"]).ok();
    let lines: Vec<_> = table.lines().collect();
    assert_eq!(
        lines[0].split_whitespace().collect::<Vec<_>>(),
        ["name", "online", "where", "key", "contact"]
    );
    assert!(lines[1].starts_with("bob (you)"), "{table}");
    assert!(!table.contains("never"), "{table}");
    assert!(lines[2].starts_with("mallory") && lines[2].contains("new"), "{table}");
    bob.run(&["whoami", "--contact", "room 9"]).ok();
    assert_eq!(bob.objects(&["people"])[0]["contact"], "room 9");
    assert_eq!(bob.objects(&["whoami"])[0]["contact"], "room 9");
    assert!(bob.run(&["whoami"]).ok().contains("room 9"));
    // What must be escaped is so once, and in JSON as JSON does.
    bob.run(&["whoami", "--contact", r"room\9"]).ok();
    for verb in ["people", "whoami"] {
        let shown = bob.run(&[verb]).ok();
        assert!(shown.contains(r"room\u{5c}9"), "{shown}");
        assert_eq!(bob.objects(&[verb])[0]["contact"], r"room\9");
    }
    bob.run(&["whoami", "--contact", ""]).ok();
    assert_eq!(bob.objects(&["people"])[0]["contact"], serde_json::Value::Null);
    let keys = bob.objects(&["keys"]);
    assert_eq!(keys[0]["fingerprint"], me[0]["fingerprint"]);
    assert_eq!(keys[0]["passphrase"], false);
    let paths = bob.objects(&["paths"]);
    assert_eq!(paths[0]["keys"], bob.path.join("keys").to_str().unwrap());
    let checks = bob.objects(&["doctor"]);
    assert!(checks.iter().all(|check| check["well"] == true), "{checks:?}");
    assert!(checks.len() >= 5, "{checks:?}");
    assert!(checks.iter().any(|check| check["what"] == "clock"), "{checks:?}");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = bob.run(&["completions", shell]).ok();
        assert!(script.contains("client") && script.contains("rotate"), "{shell}: {script}");
        assert_eq!(bob.objects(&["completions", shell])[0]["type"], "script");
    }
    bob.run(&["completions", "tcsh"]).failed(2);
    // A home that is named from here is shown wherever it is.
    let mut near = std::process::Command::new(env!("CARGO_BIN_EXE_client"));
    near.args(["--home", "bob", "paths", "--json"]).env_clear();
    near.current_dir(town.machine.at("")).env("HOME", town.machine.at("home"));
    let near = crate::stage::Done::of(&mut near).objects();
    assert_eq!(near[0]["keys"], bob.path.join("keys").to_str().unwrap());
}

#[test]
fn both_see_the_same_twelve_words_and_remember_that_they_compared_them() {
    let town = Town::new();
    let (bob, mallory) = (town.joined("bob"), town.joined("mallory"));
    let one = bob.objects(&["verify", "mallory"]);
    let other = mallory.objects(&["verify", "bob"]);
    assert_eq!(one[0]["words"].as_array().unwrap().len(), 12);
    assert_eq!(one[0]["words"], other[0]["words"]);
    assert_eq!(bob.objects(&["people"])[1]["key"], "not verified");
    let said = bob.run(&["verify", "mallory", "--yes"]).ok();
    assert!(said.ends_with("mallory is verified.\n"), "{said}");
    assert_eq!(bob.objects(&["people"])[1]["key"], "verified");
    assert_eq!(mallory.objects(&["people"])[0]["key"], "not verified");
    // The whole fingerprints, for who wants to compare those.
    let whose = |home: &crate::town::Home<'_>| {
        home.objects(&["whoami"])[0]["fingerprint"].as_str().unwrap().to_owned()
    };
    let hex = bob.run(&["verify", "mallory", "--hex"]).ok();
    assert!(hex.contains(&whose(&bob)) && hex.contains(&whose(&mallory)), "{hex}");
    let table = bob.run(&["people", "-v"]).ok();
    assert!(table.contains(&whose(&mallory)), "{table}");
}

#[test]
fn coming_and_going_with_another_password() {
    let town = Town::new();
    let bob = town.joined("bob");
    fs::write(town.machine.at("next"), "another password").unwrap();
    let change = ["passwd", "--password-file", "password", "--new-password-file", "next"];
    assert_eq!(bob.objects(&change)[0]["type"], "password changed");
    bob.run(&change).failed(4);
    assert_eq!(bob.objects(&["logout"])[0]["type"], "logged out");
    bob.run(&["doctor"]).failed(4);
    let err = bob.run(&["people"]).failed(4);
    assert!(err.contains("login"), "{err}");
    let err = bob.run(&["login", "--password-file", "password"]).failed(4);
    assert!(err.starts_with("error: ") && err.contains("hint: "), "{err}");
    assert!(!err.contains(PASSWORD), "{err}");
    let back = bob.objects(&["login", "--password-file", "next"]);
    assert_eq!(back[0]["type"], "logged in");
    bob.run(&["people"]).ok();
}

#[test]
fn a_password_comes_from_the_input_too() {
    let town = Town::new();
    let bob = town.joined("bob");
    let mut command = bob.command(&["login", "--password-file", "-"]);
    command.stdin(fs::File::open(town.machine.at("password")).unwrap());
    crate::stage::Done::of(&mut command).ok();
}

#[test]
fn keys_of_a_join_that_failed_are_used_by_the_next() {
    let town = Town::new();
    let (_bob, zoe) = (town.joined("bob"), town.home("zoe"));
    let invitation = town.invitation();
    let join = |name| {
        let flags = ["--password-file", "password", "--no-passphrase"];
        zoe.run(&[&["join", &invitation, "--user", name][..], &flags].concat())
    };
    let err = join("bob").failed(7);
    assert!(err.contains(&format!("kept in {}", zoe.path.display())), "{err}");
    let key = fs::read(zoe.path.join("keys/fingerprint")).unwrap();
    join("zoe").ok();
    assert_eq!(fs::read(zoe.path.join("keys/fingerprint")).unwrap(), key);
}

#[test]
fn the_index_that_was_joined_counts_more_than_the_one_in_the_file() {
    let town = Town::new();
    let bob = town.home("bob");
    bob.give_keys("bob");
    fs::write(bob.path.join("waxwing.toml"), "index = \"127.0.0.1:9\"\n").unwrap();
    let invitation = town.invitation();
    bob.run(&["join", &invitation, "--user", "bob", "--password-file", "password"]).ok();
    let people = bob.run(&["people"]);
    let at = town.index.address().to_string();
    assert!(people.err.contains(&format!("You joined the index at {at}")), "{people:?}");
    assert!(people.err.contains("login 127.0.0.1:9"), "{people:?}");
    assert!(people.ok().contains("bob"));
}

#[test]
fn an_index_that_has_moved_is_followed() {
    let mut town = Town::new();
    drop(town.joined("bob"));
    town.index.signal(rustix::process::Signal::TERM);
    town.index.end();
    town.index = town.machine.start();
    let (bob, at) = (town.home("bob"), town.index.address().to_string());
    let settings = bob.path.join("waxwing.toml");
    let before = fs::read_to_string(&settings).unwrap();
    assert!(!before.contains(&at), "{before}");
    fs::write(&settings, before + "away = 3 # seconds\n").unwrap();
    let said = bob.run(&["login", &town.invitation(), "--password-file", "password"]).ok();
    assert_eq!(said, format!("You are bob on the index at {at}.\n"));
    let people = bob.run(&["people"]);
    assert_eq!(people.err, "");
    people.ok();
    let after = fs::read_to_string(&settings).unwrap();
    assert!(after.contains(&format!("index = \"{at}\"\n")), "{after}");
    assert!(after.ends_with("away = 3 # seconds\n"), "{after}");
}
