//! Two people share files: one is online, the other finds and gets, and both know who signed.

use crate::town::Town;
use rustix::process::{Signal, kill_process};
use std::fs;

#[test]
fn a_file_is_found_got_and_known_by_who_signed_it() {
    let town = Town::new();
    let (bob, mallory) = (town.joined("bob"), town.joined("mallory"));
    let bytes: Vec<u8> = (0..600_000_u32).flat_map(u32::to_le_bytes).collect();
    let original = bob.write("zoo/animals/koala.jpg", &bytes);
    bob.write("zoo/empty", b"");
    let zoo = bob.path.join("zoo");
    let shared = bob.objects(&["share", "add", zoo.to_str().unwrap(), "--keyword", "pictures"]);
    let shared = shared.iter().find(|it| it["type"] == "shared").unwrap();
    assert_eq!((&shared["files"], &shared["published"]), (&2.into(), &true.into()));
    let listed = bob.objects(&["share", "ls"]);
    assert_eq!((&listed[0]["name"], &listed[0]["to"]), (&"zoo".into(), &"everyone".into()));

    // What a killed get has left half-way is swept away.
    let left = bob.write("downloads/.waxwing-0123456789abcdef0123456789abcdef/0", b"half");
    bob.write("downloads/.waxwing-0123456789abcdef0123456789abcdef/lock", b"");
    bob.write("downloads/mine", b"kept");
    let mut online = bob.serve();
    assert!(!left.parent().unwrap().exists() && bob.path.join("downloads/mine").exists());
    assert_eq!((&online.first["type"], &online.first["user"]), (&"online".into(), &"bob".into()));

    let found = mallory.objects(&["search", "koala", "pictures"]);
    assert_eq!((&found[0]["number"], &found[0]["size"]), (&1.into(), &bytes.len().into()));
    assert_eq!(found[0]["sources"][0]["object"], "bob:zoo/animals/koala.jpg");
    assert_eq!(found[0]["sources"][0]["online"], true);
    let table = mallory.run(&["browse", "bob"]).ok();
    assert!(
        table.contains("bob:zoo/animals/koala.jpg") && table.contains("bob:zoo/empty"),
        "{table}"
    );
    mallory.run(&["search", "koala"]).ok();

    let said = mallory.run(&["get", "1"]).ok();
    assert!(said.ends_with("signed by bob (not verified yet: run verify bob)\n"), "{said}");
    let landed = mallory.path.join("downloads/koala.jpg");
    assert_eq!(fs::read(&landed).unwrap(), fs::read(original).unwrap());
    let served = online.await_event("served");
    assert_eq!(
        (&served["user"], &served["files"][0]),
        (&"mallory".into(), &"animals/koala.jpg".into())
    );

    let receipt = mallory.objects(&["verify", landed.to_str().unwrap()]);
    assert_eq!((&receipt[0]["user"], &receipt[0]["verified"]), (&"bob".into(), &false.into()));
    mallory.run(&["verify", "bob", "--yes"]).ok();
    let out = town.machine.at("out");
    let got = mallory.objects(&["get", "bob:zoo/empty", "--out", out.to_str().unwrap()]);
    let got = got.iter().find(|it| it["type"] == "got").unwrap();
    assert_eq!((&got["landed"], &got["verified"]), (&"new".into(), &true.into()));

    // The same again is nothing to do, another in its place is in the way, unless told.
    mallory.run(&["get", "bob:zoo/animals/koala.jpg"]).failed(9);
    fs::write(&landed, "mine").unwrap();
    mallory.run(&["get", "bob:zoo/animals/koala.jpg"]).failed(7);
    assert_eq!(fs::read(&landed).unwrap(), b"mine");
    mallory.run(&["get", "bob:zoo/animals/koala.jpg", "--overwrite"]).ok();
    assert_eq!(fs::read(&landed).unwrap(), bytes);
    mallory.run(&["get", "bob:zoo/nothing"]).failed(3);

    kill_process(online.pid(), Signal::INT).unwrap();
    assert_eq!(online.exit(), Some(0));
    mallory.run(&["get", "bob:zoo/empty", "--out", "elsewhere"]).failed(5);
}

#[test]
fn only_those_who_are_named_find_it_and_what_is_removed_is_gone() {
    let town = Town::new();
    let (bob, mallory) = (town.joined("bob"), town.joined("mallory"));
    let path = bob.write("secret.txt", b"for bob alone");
    bob.run(&["share", "add", path.to_str().unwrap(), "--to", "bob"]).ok();
    mallory.run(&["search", "secret"]).failed(3);
    bob.run(&["search", "secret"]).ok();
    bob.run(&["share", "rm", "secret.txt"]).ok();
    bob.run(&["search", "secret"]).failed(3);
    bob.run(&["share", "rm", "secret.txt"]).failed(3);
    bob.run(&["share", "scan"]).failed(9);
    bob.run(&["share", "scan", "none"]).failed(3);
    let zoo = bob.write("zoo/one", b"1");
    let zoo = zoo.parent().unwrap().to_str().unwrap();
    bob.run(&["share", "add", zoo, "--json"]).ok();
    bob.run(&["share", "add", zoo]).failed(9);
    // Who wants it to be otherwise is told how, and whoever wants what is there that there is nothing to do.
    for (otherwise, hint) in
        [(["--to", "bob"], "share set zoo --to bob"), (["--keyword", "k"], "set zoo --keyword k")]
    {
        let err = bob.run(&[&["share", "add", zoo][..], &otherwise].concat()).failed(7);
        assert!(err.contains("with everyone, and stays so") && err.contains(hint), "{err}");
    }
    bob.run(&["share", "add", zoo, "--to", "everyone", "--keyword", "zoo"]).failed(9);
    let (ant, bee) = (bob.write("ant", b"an ant"), bob.write("bee", b"a bee"));
    let both = ["share", "add", ant.to_str().unwrap(), bee.to_str().unwrap()];
    let both = bob.objects(&both);
    assert_eq!(both.iter().filter(|it| it["type"] == "shared").count(), 2, "{both:?}");
    bob.write("zoo/two", b"22");
    let scanned = bob.objects(&["share", "scan", "zoo"]);
    let scanned = scanned.iter().find(|it| it["type"] == "shared").unwrap();
    assert_eq!((&scanned["files"], &scanned["bytes"]), (&2.into(), &3.into()));
    for name in ["zoo", "ant", "bee"] {
        assert_eq!(bob.objects(&["share", "rm", name])[0]["type"], "removed");
    }
    // Nobody has this name: nothing is shared then.
    let err = bob.run(&["share", "add", path.to_str().unwrap(), "--to", "mallory,zoe"]).failed(3);
    assert!(err.contains("nobody on the index is called zoe"), "{err}");
    assert!(bob.objects(&["share", "ls"]).is_empty());
}

#[test]
fn one_share_that_is_not_there_holds_up_no_other() {
    let town = Town::new();
    let bob = town.joined("bob");
    let (ant, bee) = (bob.write("ant", b"an ant"), bob.write("bee", b"a bee"));
    let nothing = bob.path.join("nothing");
    let paths = [&ant, &nothing, &bee].map(|path| path.to_str().unwrap());
    let err = bob.run(&[&["share", "add"][..], &paths].concat()).failed(3);
    assert!(err.contains("nothing: ") && err.contains("1 of 3 were not shared"), "{err}");
    assert_eq!(bob.objects(&["share", "ls"]).len(), 2);

    fs::remove_file(&ant).unwrap();
    bob.write("bee", b"two bees");
    let scanned = bob.run(&["share", "scan"]);
    assert!(scanned.out.contains("bee: 1 file, 8 bytes"), "{scanned:?}");
    let err = scanned.failed(3);
    assert!(err.contains("ant: ") && err.contains("1 of 2 shares"), "{err}");
    // Alone, it says so itself.
    let err = bob.run(&["share", "scan", "ant"]).failed(3);
    assert_eq!(err.matches("error: ").count(), 1, "{err}");
}

#[test]
fn what_is_sent_where_nobody_can_be_asked_comes_only_as_the_policy_says() {
    let town = Town::new();
    let (bob, mallory) = (town.joined("bob"), town.joined("mallory"));
    let letter = mallory.write("letter.txt", b"Dear Bob");
    let send = ["send", "bob", letter.to_str().unwrap()];
    let asking = bob.serve();
    let err = mallory.run(&send).failed(4);
    assert!(err.contains("they have `serve` open") && err.contains("open `client`"), "{err}");
    // Offers wait where a prompt is open, and not here.
    assert!(bob.objects(&["inbox"]).is_empty());
    for decision in ["accept", "decline"] {
        bob.run(&["inbox", decision, "1", "--json"]).failed(3);
        let err = bob.run(&["inbox", decision, "x"]).failed(2);
        assert!(err.contains("a number of the list that `inbox` shows"), "{err}");
    }
    drop(asking);

    bob.run(&["verify", "mallory", "--yes"]).ok();
    let settings = bob.path.join("waxwing.toml");
    let text = fs::read_to_string(&settings).unwrap() + "receive = \"verified\"\n";
    fs::write(settings, text).unwrap();
    let mut taking = bob.serve();
    let sent = mallory.objects(&send);
    let sent = sent.iter().find(|it| it["type"] == "sent").unwrap();
    assert_eq!(sent["landed"][0], "letter.txt");
    assert_eq!(fs::read(bob.path.join("downloads/letter.txt")).unwrap(), b"Dear Bob");
    assert_eq!(taking.await_event("received")["user"], "mallory");
}

#[test]
fn a_share_gets_other_keywords_and_another_audience_and_lists_its_files() {
    let town = Town::new();
    let (bob, mallory) = (town.joined("bob"), town.joined("mallory"));
    bob.write("zoo/animals/koala.txt", b"a koala");
    let zoo = bob.write("zoo/list.txt", b"a list");
    let zoo = zoo.parent().unwrap().to_str().unwrap();
    bob.run(&["share", "add", zoo, "--keyword", "pictures"]).ok();
    let table = bob.run(&["share", "ls"]).ok();
    assert!(table.contains("13 bytes") && table.contains("everyone"), "{table}");
    let files = bob.objects(&["share", "ls", "zoo"]);
    let paths: Vec<_> = files.iter().map(|it| it["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["animals/koala.txt", "list.txt"]);
    assert_eq!(files[0]["keywords"], serde_json::json!(["pictures", "zoo", "animals"]));
    assert_eq!((&files[0]["size"], &files[0]["share"]), (&7.into(), &"zoo".into()));
    assert_eq!(bob.objects(&["share", "ls", "zoo", "animals/"]).len(), 1);
    bob.run(&["share", "ls", "zoo", "plants"]).failed(3);
    bob.run(&["share", "ls", "none"]).failed(3);

    // Through the program that serves it, and without one.
    let serving = bob.serve();
    mallory.run(&["get", "bob:zoo/list.txt", "--out", "one"]).ok();
    for serving in [Some(serving), None] {
        bob.run(&["share", "set", "zoo", "--to", "bob"]).ok();
        mallory.run(&["search", "list"]).failed(3);
        mallory.run(&["get", "bob:zoo/list.txt", "--out", "two"]).failed(3);
        let changed = bob.objects(&["share", "set", "zoo", "--to", "everyone"]);
        let shared = changed.iter().find(|it| it["type"] == "shared").unwrap();
        assert_eq!(shared["to"], "everyone", "{changed:?}");
        if serving.is_some() {
            mallory.run(&["get", "bob:zoo/list.txt", "--out", "three"]).ok();
        }
    }
    bob.run(&["share", "set", "zoo", "--keyword", "films"]).ok();
    assert_eq!(mallory.objects(&["browse", "bob", "--keyword", "films"]).len(), 2);
    mallory.run(&["browse", "bob", "--keyword", "pictures"]).failed(3);
    bob.run(&["share", "set", "zoo", "--no-keywords"]).ok();
    assert_eq!(bob.objects(&["share", "ls"])[0]["keywords"], serde_json::json!(["zoo"]));

    // Nobody has this name, and nothing is said.
    let err = bob.run(&["share", "set", "zoo", "--to", "zoe", "--keyword", "k"]).failed(3);
    assert!(err.contains("nobody on the index is called zoe"), "{err}");
    let listed = bob.objects(&["share", "ls"]);
    assert_eq!(listed[0]["to"], "everyone");
    assert_eq!(listed[0]["keywords"], serde_json::json!(["zoo"]));
    mallory.run(&["search", "list"]).ok();
    bob.run(&["share", "set", "zoo"]).failed(2);
    bob.run(&["share", "set", "none", "--to", "everyone"]).failed(3);
}

#[test]
fn what_everyone_means_is_said_when_something_is_shared_with_them() {
    let town = Town::new();
    let bob = town.joined("bob");
    let ant = bob.write("ant", b"an ant");
    let shared = bob.run(&["share", "add", ant.to_str().unwrap()]);
    assert!(shared.err.contains("Everyone is whoever the index admits"), "{shared:?}");
    let bee = bob.write("bee", b"a bee");
    let shared = bob.run(&["share", "add", bee.to_str().unwrap(), "--to", "bob"]);
    assert!(!shared.err.contains("whoever"), "{shared:?}");
}
