//! Shares as they are on the disk, and people without their index.

use crate::town::{Town, in_the_end};
use rustix::process::Signal;
use std::fs;
use std::time::Instant;

#[test]
fn what_is_put_into_a_shared_folder_is_published_while_one_is_online() {
    let town = Town::new();
    let (bob, mallory) = (town.joined("bob"), town.joined("mallory"));
    let zoo = bob.write("zoo/koala", b"asleep");
    bob.write("zoo/half.part", b"as");
    bob.write("zoo/.waxwingignore", b"secret\n");
    bob.write("zoo/secret", b"kept back");
    let zoo = zoo.parent().unwrap().to_str().unwrap();
    let shared = bob.objects(&["share", "add", zoo]);
    let shared = shared.iter().find(|it| it["type"] == "shared").unwrap();
    let passed_over = serde_json::json!({ "hidden": 1, "junk": 1, "ignored": 1 });
    assert_eq!((&shared["files"], &shared["passed_over"]), (&1.into(), &passed_over));
    let mut online = bob.serve();
    assert_eq!(online.await_event("shared")["files"], 1);
    bob.write("zoo/emu", b"runs");
    while online.await_event("shared")["files"] != 2 {}
    mallory.run(&["get", "bob:zoo/emu"]).ok();
    assert_eq!(fs::read(mallory.path.join("downloads/emu")).unwrap(), b"runs");
    let listed = &bob.objects(&["share", "ls"])[0];
    assert_eq!((&listed["files"], &listed["passed_over"]), (&2.into(), &3.into()));

    // The folder is gone, and told to be.
    fs::rename(zoo, town.machine.at("elsewhere")).unwrap();
    while !online.await_event("failed")["text"].as_str().unwrap().contains("is not there") {}
    mallory.run(&["get", "bob:zoo/koala"]).failed(3);
    fs::rename(town.machine.at("elsewhere"), zoo).unwrap();
}

#[test]
fn who_has_met_somebody_gets_files_while_the_index_is_killed_and_comes_back() {
    let mut town = Town::new();
    let address = town.index.address().to_string();
    let (bob, mallory) = (town.joined("bob").path, town.joined("mallory").path);
    let home = |path: &std::path::Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    let (bob, mallory) = (home(&bob), home(&mallory));
    let zoo = town.home(&bob).write("zoo/koala", b"asleep");
    town.home(&bob).write("zoo/emu", b"runs");
    let zoo = zoo.parent().unwrap().to_str().unwrap().to_owned();
    town.home(&bob).run(&["share", "add", &zoo]).ok();
    let mut online = town.home(&bob).serve();
    town.home(&mallory).run(&["get", "bob:zoo/koala"]).ok();
    town.index.signal(Signal::KILL);
    town.index.end();

    let got = town.home(&mallory).run(&["get", "bob:zoo/emu"]);
    assert_eq!(got.exit, 0, "{got:?}");
    assert!(got.err.contains("The index is away"), "{}", got.err);
    let listed = town.home(&mallory).run(&["browse", "bob"]).ok();
    assert!(listed.contains("bob:zoo/koala"), "{listed}");
    let searched = town.home(&mallory).run(&["search", "koala"]).failed(5);
    assert!(searched.contains("away"), "{searched}");
    let people = town.home(&mallory).run(&["people"]).ok();
    assert!(people.contains("bob"), "{people}");

    // It comes back: Bob is online again by himself, and what is new is published.
    town.index = town.machine.start_with(&["--data", "data", "--listen", &address]);
    town.home(&bob).write("zoo/wombat", b"digs");
    while online.await_event("shared")["files"] != 3 {}
    town.home(&mallory).run(&["get", "bob:zoo/wombat"]).ok();
}

#[test]
fn what_is_shared_no_longer_while_the_index_is_away_is_told_when_it_is_back() {
    let mut town = Town::new();
    let address = town.index.address().to_string();
    let (bob, mallory) = (town.joined("bob").path, town.joined("mallory").path);
    let home = |path: &std::path::Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    let (bob, mallory) = (home(&bob), home(&mallory));
    for name in ["zoo", "farm", "garden"] {
        let folder = town.home(&bob).write(&format!("{name}/{name}-koala"), name.as_bytes());
        town.home(&bob).run(&["share", "add", folder.parent().unwrap().to_str().unwrap()]).ok();
    }
    let found = |town: &Town| {
        let found = town.home(&mallory).objects(&["search", "koala"]);
        let paths = found.iter().filter_map(|it| it["sources"][0]["path"].as_str());
        paths.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(found(&town).len(), 3);
    town.index.signal(Signal::KILL);
    town.index.end();
    for name in ["zoo", "farm", "garden"] {
        town.home(&bob).run(&["share", "rm", name]).failed(5);
    }
    assert_eq!(town.home(&bob).run(&["share", "rm", "desert"]).exit, 3);
    town.index = town.machine.start_with(&["--data", "data", "--listen", &address]);
    assert_eq!(found(&town).len(), 3, "it does not know");

    // Said again, it is told.
    town.home(&bob).run(&["share", "rm", "zoo"]).ok();
    assert_eq!(found(&town).len(), 2);
    town.home(&bob).run(&["share", "rm", "zoo"]).failed(3);
    // So it is when something else is shared, which may have the same name: all of it.
    let farm = town.home(&bob).path.join("farm");
    town.home(&bob).run(&["share", "add", farm.to_str().unwrap(), "--to", "mallory"]).ok();
    assert_eq!(found(&town), ["farm-koala"]);

    // And when one is online again.
    town.index.signal(Signal::KILL);
    town.index.end();
    town.home(&bob).run(&["share", "rm", "farm"]).failed(5);
    town.index = town.machine.start_with(&["--data", "data", "--listen", &address]);
    let _online = town.home(&bob).serve();
    in_the_end(3, || town.home(&mallory).run(&["search", "koala"]).exit);
}

#[test]
fn what_the_index_has_not_taken_is_not_said_to_be_shared_and_it_is_waited_for_once() {
    let mut town = Town::new();
    drop(town.joined("bob"));
    town.index.signal(Signal::KILL);
    town.index.end();
    let bob = town.home("bob");
    let paths = ["ant", "bee", "cat", "dog"].map(|name| bob.write(name, b"an animal"));
    let [ant, others @ ..] = paths.each_ref().map(|path| path.to_str().unwrap());
    let added = bob.run(&["share", "add", ant, "--away", "1"]);
    let kept = "ant: 1 file, 9 bytes, kept on your list for everyone; the index has not taken it.";
    assert!(added.out.contains(kept) && !added.out.contains("shared with"), "{added:?}");
    let err = added.failed(5);
    assert!(err.contains("the index is away") && err.contains("`share scan` tells it"), "{err}");
    bob.run(&[&["share", "add"][..], &others, &["--away", "1"]].concat()).failed(5);

    let begun = Instant::now();
    let scanned = bob.run(&["share", "scan", "--away", "8"]);
    let took = begun.elapsed();
    assert_eq!(scanned.out.matches("the index has not taken it").count(), 4, "{scanned:?}");
    assert_eq!(scanned.exit, 5, "{scanned:?}");
    assert!((8..16).contains(&took.as_secs()), "{took:?}");
    let told = bob.run(&["share", "scan", "ant", "--away", "1", "--json"]);
    assert!(told.out.contains("\"published\":false"), "{told:?}");
}
