//! Files in whose place others are: the person at the terminal says what becomes of them, as a part of
//! the transfer.

use crate::prompt::prompt_of;
use crate::terminal::Terminal;
use crate::town::{Home, Town};
use rustix::process::{Signal, kill_process};
use std::fs;

#[test]
fn what_is_in_the_way_is_decided_within_the_transfer() {
    let town = Town::new();
    let (bob, mallory) = (town.joined("bob"), town.joined("mallory"));
    for animal in ["ant", "bee", "cat", "dog"] {
        bob.write(&format!("zoo/{animal}.txt"), format!("bob's {animal}").as_bytes());
    }
    bob.run(&["share", "add", bob.path.join("zoo").to_str().unwrap()]).ok();
    let _serving = bob.serve();
    for animal in ["ant", "bee", "cat"] {
        own(&mallory, animal);
    }
    let at = |verb: &str| {
        let call = format!("{} {verb}", env!("CARGO_BIN_EXE_client"));
        Terminal::open(&mallory.path, &call, &town.machine.at("home"))
    };

    let mut asked = at("get bob:zoo");
    asked.sees("3 files are here, and are others").sees("o(ne by one)?");
    assert_eq!(read(&mallory, "dog.txt"), "bob's dog", "what is not in the way has come");
    assert_eq!(states(&mallory), ["elsewhere"], "the transfer is not over");
    asked.types("o\r").sees("ant.txt is here").sees("this one as ant (2).txt").types("k\r");
    asked.sees("bee.txt is here").types("what?\r").sees("bee.txt is here").types("R\r");
    asked.sees("cat.txt is here").types("\r");
    assert_eq!(asked.exit(), Some(0));
    let texts = ["ant.txt", "ant (2).txt", "bee.txt", "cat.txt"].map(|name| read(&mallory, name));
    assert_eq!(texts, ["mallory's ant", "bob's ant", "bob's bee", "mallory's cat"]);
    assert_eq!(states(&mallory), [""; 0]);

    // Who is killed instead of answering goes on with it later, and is asked then.
    let mut asked = at("get bob:zoo/cat.txt --out downloads/zoo");
    asked.sees("cat.txt is here");
    kill_process(asked.program(), Signal::KILL).unwrap();
    asked.ends();
    assert_eq!(states(&mallory), ["stopped"]);
    let mut asked = at("transfers resume");
    asked.sees("cat.txt is here").types("s\r").sees("all is left as it was");
    assert_eq!(asked.exit(), Some(9));
    assert_eq!(states(&mallory), [""; 0]);
}

#[test]
fn what_is_in_the_way_of_an_offer_is_named_and_the_offer_waits() {
    let town = Town::new();
    let mallory = town.joined("mallory");
    let mut bob = prompt_of(&town, "bob");
    let downloads = town.machine.at("bob/downloads");
    fs::create_dir_all(&downloads).unwrap();
    let own = |text: &str| fs::write(downloads.join("tree.txt"), text).unwrap();
    own("bob's own");
    mallory.write("tree.txt", b"a tree");
    let send = format!("{} send bob tree.txt", env!("CARGO_BIN_EXE_client"));
    let mut sends = Terminal::open(&mallory.path, &send, &town.machine.at("home"));
    bob.sees("`inbox accept 1`").types("inbox accept 1\r");
    bob.sees("error: downloads/tree.txt is here, and is another file").sees("hint: ");
    bob.sees("bob> ");
    // From another program it has its exit code.
    let err = town.home("bob").run(&["inbox", "accept", "1"]).failed(7);
    assert!(err.contains("downloads/tree.txt is here") && err.contains("hint: "), "{err}");

    // What is as large could be the same, and is found to be another when it comes.
    own("a bush");
    bob.types("inbox accept 1\r").sees("It comes into");
    bob.sees("error: tree.txt did not come from mallory").sees("hint: move away");
    sends.sees("bob has other files in the place of tree.txt");
    assert_eq!(sends.exit(), Some(7));
    assert!(!bob.text().contains("0 files"), "{}", bob.text());
    assert_eq!(fs::read_to_string(downloads.join("tree.txt")).unwrap(), "a bush");
}

fn own(mallory: &Home<'_>, animal: &str) {
    let path = format!("downloads/zoo/{animal}.txt");
    mallory.write(&path, format!("mallory's {animal}").as_bytes());
}

fn read(mallory: &Home<'_>, name: &str) -> String {
    fs::read_to_string(mallory.path.join("downloads/zoo").join(name)).unwrap()
}

fn states(mallory: &Home<'_>) -> Vec<String> {
    let listed = mallory.objects(&["transfers"]);
    listed.iter().map(|listed| listed["state"].as_str().unwrap().to_owned()).collect()
}
