//! Three people who share the same file, each of whom sends no faster than a limit, beside one of them.

use crate::contest::{hold, way};
use crate::files::Files;
use crate::online::Online;
use crate::pair::{Pair, share};
use crate::stage::Machine;
use crate::town::Town;
use std::fs;

const LIMIT: &str = "16MB";

pub(crate) fn measure(size: u64) {
    let files = Files::new(size);
    let town = Town::on(Machine::below(files.path()));
    let pair = Pair::new(&town);
    let mut online = Vec::new();
    for name in ["bob", "carol", "dave"] {
        let home = town.home(name);
        if name != "bob" {
            // With keys of its own that are made now.
            let (join, invitation) =
                (["join", "--no-passphrase", "--user", name], town.invitation());
            home.run(&[&join[..], &["--password-file", "password", &invitation]].concat()).ok();
        }
        let zoo = home.path.join("zoo");
        fs::create_dir(&zoo).expect("room");
        fs::copy(files.path().join("source"), zoo.join("film")).expect("room");
        share(&home, "zoo");
        online.push(Online::new(&home, &["--upload-limit", LIMIT]));
    }
    println!("each sends {LIMIT} a second");
    let content = format!("{}:{size}", files.id());
    let contest = hold(vec![
        way("one source", || pair.get(&["bob:zoo/film"])),
        way("three sources", || pair.get(&["--content", &content])),
    ]);
    contest.speed("three_sources_vs_one", "three sources", "one source", ">2.5");
}
