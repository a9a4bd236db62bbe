//! An index that was restored from a backup: what its people see, and what they do about it.

use crate::town::{Town, in_the_end};
use rustix::process::{Signal, kill_process};
use serde_json::Value;
use std::fs;

#[test]
fn who_saw_more_than_the_backup_has_believes_the_directory_again_when_they_say_so() {
    let mut town = Town::new();
    let address = town.index.address().to_string();
    for name in ["bob", "mallory"] {
        town.joined(name);
    }
    let backup = town.machine.at("monday.db");
    let backup = backup.to_str().unwrap();
    town.machine.verb(&["backup", backup]).ok();
    // Carol joins after the backup, and is met by Bob.
    let join = |town: &Town, and: &[&str]| {
        let invitation = town.invitation();
        let joining = ["join", &invitation, "--user", "carol", "--password-file", "password"];
        town.home("carol").run(&[&joining[..], and].concat()).ok();
    };
    join(&town, &["--no-passphrase"]);
    let zoo = town.home("carol").write("zoo/koala", b"asleep");
    let zoo = zoo.parent().unwrap().to_str().unwrap().to_owned();
    town.home("carol").run(&["share", "add", &zoo]).ok();
    let open = town.home("carol").serve();
    town.home("bob").run(&["get", "carol:zoo/koala"]).ok();
    drop(open);

    town.index.signal(Signal::TERM);
    town.index.end();
    town.machine.verb(&["restore", backup]).ok();
    town.index = town.machine.start_with(&["--data", "data", "--listen", &address]);
    for name in ["bob", "mallory"] {
        let login = ["login", "--user", name, "--password-file", "password"];
        town.home(name).run(&login).ok();
    }
    join(&town, &[]);
    // Her own program is warned as well, and does as it is told.
    town.home("carol").run(&["trust", "--directory"]).ok();
    let _open = town.home("carol").serve();

    // Whoever looks whether all is well sees it, though nothing needed any keys until now.
    let ill = town.home("bob").run(&["doctor"]);
    assert!(ill.out.contains("has shown another key directory than before"), "{ill:?}");
    ill.failed(6);
    let get = ["get", "carol:zoo/koala", "--out", "again"];
    let refused = town.home("bob").run(&get).failed(6);
    assert!(refused.contains("`trust --directory` believes it again"), "{refused}");
    town.home("bob").run(&["trust", "carol", "--directory"]).failed(2);
    town.home("bob").run(&["trust"]).failed(2);
    town.home("bob").run(&["trust", "--directory"]).ok();
    town.home("bob").run(&get).ok();
    // Who had not seen more notices nothing.
    town.home("mallory").run(&["get", "carol:zoo/koala"]).ok();
}

#[test]
fn whoever_is_online_hears_at_once_that_the_directory_is_another_one() {
    let mut town = Town::new();
    let address = town.index.address().to_string();
    drop(town.joined("bob"));
    let backup = town.machine.at("monday.db");
    let backup = backup.to_str().unwrap();
    town.machine.verb(&["backup", backup]).ok();
    // Mallory joins after the backup, and Bob's program has seen it.
    drop(town.joined("mallory"));
    let mut online = town.home("bob").serve();
    town.home("bob").run(&["verify", "mallory", "--yes"]).ok();
    town.index.signal(Signal::TERM);
    town.index.end();
    town.machine.verb(&["restore", backup]).ok();
    town.index = town.machine.start_with(&["--data", "data", "--listen", &address]);
    town.home("bob").run(&["login", "--password-file", "password"]).ok();

    // Nobody asks for any keys.
    let log = town.machine.at("bob/state/client.log");
    let is_told = || fs::read_to_string(&log).unwrap().contains("not trusted with keys any more");
    in_the_end(true, is_told);
    kill_process(online.pid(), Signal::INT).unwrap();
    let told = online.rest();
    let told: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let alarm = told.iter().find(|it| it["type"] == "failed" && it["exit"] == 6);
    let alarm = alarm.unwrap_or_else(|| panic!("{told:?}"));
    assert!(alarm["hint"].as_str().unwrap().contains("`trust --directory`"), "{alarm}");
}
