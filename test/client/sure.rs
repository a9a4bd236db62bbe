//! Whoever is about to lose something is asked, at a terminal.

use crate::prompt::prompt_of;
use crate::terminal::Terminal;
use crate::town::{Home, Town};
use rustix::process::{Signal, kill_process};
use std::fs;

fn at(town: &Town, home: &Home<'_>, verb: &str) -> Terminal {
    let call = format!("{} {verb}", env!("CARGO_BIN_EXE_client"));
    Terminal::open(&home.path, &call, &town.machine.at("home"))
}

#[test]
fn what_is_shared_is_taken_back_only_with_a_yes() {
    let town = Town::new();
    let bob = town.joined("bob");
    for name in ["ant.txt", "bee.txt", "cat.txt"] {
        let path = bob.write(name, b"an animal");
        bob.run(&["share", "add", path.to_str().unwrap()]).ok();
    }
    // With a program open in the home, which does it, the question comes where the verb was typed.
    let serving = bob.serve();
    for (serving, name) in [(Some(serving), "ant.txt"), (None, "bee.txt")] {
        let mut refuses = at(&town, &bob, &format!("share rm {name}"));
        refuses.sees("(1 file, 9 bytes) is shared with everyone. Stop sharing it?");
        refuses.sees("[y/N] ").types("\r").sees("all is left as it was");
        assert_eq!(refuses.exit(), Some(9));
        let shared = bob.objects(&["share", "ls"]);
        assert!(shared.iter().any(|it| it["name"] == name), "{shared:?}");
        let mut agrees = at(&town, &bob, &format!("share rm {name}"));
        agrees.sees("[y/N] ").types("y\r").sees("is not shared any more");
        assert_eq!(agrees.exit(), Some(0));
        drop(serving);
    }
    assert_eq!(at(&town, &bob, "share rm cat.txt -y").exit(), Some(0));
    assert!(bob.objects(&["share", "ls"]).is_empty());
}

#[test]
fn keys_are_changed_and_transfers_given_up_only_with_a_yes() {
    let town = Town::new();
    let bob = town.joined("bob");
    let keys = bob.objects(&["keys"]);
    let mut refuses = at(&town, &bob, "keys rotate");
    refuses.sees("Change your keys?").sees("[y/N] ").types("\r");
    assert_eq!(refuses.exit(), Some(9));
    assert_eq!(bob.objects(&["keys"]), keys);
    // What nobody is there for stays to be done.
    let (path, mallory) = (bob.write("ant.txt", b"an ant"), town.joined("mallory"));
    bob.run(&["send", "mallory", path.to_str().unwrap()]).failed(5);
    let mut refuses = at(&town, &bob, "transfers cancel 1");
    refuses.sees("Give up ant.txt to mallory?").sees("[y/N] ").types("\r");
    assert_eq!(refuses.exit(), Some(9));
    assert_eq!(bob.objects(&["transfers"]).len(), 1);
    bob.run(&["transfers", "cancel", "1"]).ok();
    drop(mallory);
}

#[test]
fn whoever_leaves_while_others_fetch_is_asked() {
    let town = Town::new();
    let mallory = town.joined("mallory");
    let mut bob = prompt_of(&town, "bob");
    let long = fs::File::create(town.machine.at("bob/long.bin")).unwrap();
    long.set_len(1 << 30).unwrap();
    bob.types("share add long.bin --to mallory\r").sees("is being read").sees("bob> ");
    bob.sees("long.bin: 1 file, 1 GiB, shared with mallory");
    let mut fetching = at(&town, &mallory, "get bob:long.bin/long.bin");
    fetching.sees("receiving");
    kill_process(fetching.program(), Signal::STOP).unwrap();
    for key in ["quit\r", "\u{4}", "logout\r"] {
        bob.types(key).sees("iles are on their way to or from others").sees("[y/N] ");
        bob.types("\r").sees("bob> ");
    }
    bob.types("quit --yes\r");
    assert_eq!(bob.exit(), Some(0));
}

#[test]
fn the_owner_of_an_index_is_asked_before_accounts_and_sessions_end() {
    let town = Town::new();
    let _bob = town.joined("bob");
    let at = |verb: &str| {
        let call = format!("{} --data data {verb}", env!("CARGO_BIN_EXE_server"));
        Terminal::open(&town.machine.at(""), &call, &town.machine.at("home"))
    };
    let mut refuses = at("users --close bob");
    refuses.sees("Close the account of bob?").sees("[y/N] ").types("\r");
    assert_eq!(refuses.exit(), Some(9));
    let mut ends = at("sessions --end bob");
    ends.sees("End all sessions of bob?")
        .sees("[y/N] ")
        .types("y\r")
        .sees("1 session of bob ended");
    assert_eq!(ends.exit(), Some(0));
    let mut closes = at("users --close bob -y");
    closes.sees("bob has no account any more");
    assert_eq!(closes.exit(), Some(0));
}
