//! Questions at a terminal on which bars are drawn: whoever is asked sees what, until it is answered.

use crate::prompt::prompt_of;
use crate::terminal::Terminal;
use crate::town::{Home, Serving, Town, has_begun, in_the_end};
use rustix::process::{Signal, kill_process};
use std::fs;
use std::time::Duration;

fn at(town: &Town, home: &Home<'_>, variables: &str, verb: &str) -> Terminal {
    let call = format!("{variables} {} {verb}", env!("CARGO_BIN_EXE_client"));
    Terminal::open(&home.path, &call, &town.machine.at("home"))
}

/// So long that bars are drawn again and again.
const FRAMES: Duration = Duration::from_millis(1500);

#[track_caller]
fn ends_with(at: &mut Terminal, question: &str) {
    for _ in 0..2 {
        let screen = at.screen();
        assert!(screen.trim_end().ends_with(question.trim_end()), "{question:?}:\n{screen}");
        at.watches(FRAMES);
    }
}

/// Bob, who shares a long file and some animals, and is online.
fn serving<'t>(bob: &Home<'t>) -> Serving {
    for animal in ANIMALS {
        bob.write(&format!("zoo/{animal}.txt"), format!("bob's {animal}").as_bytes());
    }
    fs::File::create(bob.path.join("long.bin")).unwrap().set_len(512 << 20).unwrap();
    for name in ["zoo", "long.bin"] {
        bob.run(&["share", "add", bob.path.join(name).to_str().unwrap()]).ok();
    }
    bob.serve()
}

const ANIMALS: [&str; 7] = ["ant", "bee", "cat", "dog", "eel", "fox", "gnu"];

#[test]
fn what_is_in_the_way_is_asked_beside_the_bar_of_the_transfer() {
    let town = Town::new();
    let (bob, mallory) = (town.joined("bob"), town.joined("mallory"));
    let _serving = serving(&bob);
    for animal in &ANIMALS[..2] {
        mallory.write(&format!("downloads/zoo/{animal}.txt"), b"mallory's");
    }
    let mut asked = at(&town, &mallory, "", "get bob:zoo");
    asked.sees("2 files are here, and are others").sees("o(ne by one)? [s]: ");
    // The transfer is not over as long as nobody answers, and it has a bar.
    ends_with(&mut asked, "o(ne by one)? [s]: ");
    assert!(asked.screen().contains("2 files are here"), "{}", asked.screen());
    asked.types("kk\u{1b}[D\u{7f}");
    asked.watches(FRAMES);
    ends_with(&mut asked, "o(ne by one)? [s]: k");
    asked.types("\r");
    asked.sees("ant (2).txt");
    assert_eq!(asked.exit(), Some(0));
    let read = |name: &str| fs::read_to_string(mallory.path.join("downloads/zoo").join(name));
    assert_eq!(read("ant (2).txt").unwrap(), "bob's ant");
    assert_eq!(read("ant.txt").unwrap(), "mallory's");
}

#[test]
fn a_transfer_in_the_background_leaves_questions_whole() {
    let town = Town::new();
    let (bob, alice) = (town.joined("bob"), town.joined("alice"));
    let serving = serving(&bob);
    let mut mallory = prompt_of(&town, "mallory");
    fs::write(town.machine.at("mallory/tree.txt"), "a tree").unwrap();
    mallory.types("get bob:long.bin --background\r").sees("mallory> ").sees("receiving");
    // It stays where it is.
    kill_process(serving.pid(), Signal::STOP).unwrap();
    let questions = [
        ("verify bob --hex\r", "[y/N] ", "\r"),
        ("share add tree.txt\r", "Share it with everyone? [Y/n] ", "n\r"),
        ("verify bob --hex\r", "[y/N] ", "\u{3}"),
        ("quit\r", "Leave, and cut that off? [y/N] ", "\r"),
        ("passwd\r", "Password: ", "\u{3}"),
    ];
    for (verb, question, answer) in questions {
        mallory.types(verb).sees(question);
        ends_with(&mut mallory, question);
        mallory.types(answer).sees("mallory> ");
        // The bar is there again.
        mallory.sees("receiving").sees("long.bin");
    }
    let before = "Everyone is whoever the index admits";
    assert!(mallory.screen().contains(before), "{}", mallory.screen());

    // What is said meanwhile stands above the question.
    mallory.types("verify bob --hex\r").sees("[y/N] ").types("n");
    let tree = alice.write("tree.txt", b"another tree");
    let _sending = at(&town, &alice, "", &format!("send mallory {}", tree.display()));
    mallory.sees("`inbox accept 1`").sees("[y/N] n");
    ends_with(&mut mallory, "[y/N] n");
    mallory.types("\r").sees("mallory> ").types("quit --yes\r");
    kill_process(serving.pid(), Signal::CONT).unwrap();
    assert_eq!(mallory.exit(), Some(0));
}

#[test]
fn a_terminal_that_cannot_be_steered_is_not_steered() {
    let town = Town::new();
    let (bob, mallory) = (town.joined("bob"), town.joined("mallory"));
    let serving = serving(&bob);
    let mut prompt = at(&town, &mallory, "TERM=dumb", "");
    prompt.sees("you are online").sees("mallory> ");
    prompt.types("whoami\r").sees("fingerprint").sees("mallory> ");
    prompt.types("half a line\u{3}").sees("`quit`").sees("mallory> ");
    prompt.types("verify bob --hex\r").sees("[y/N] ").types("y\r").sees("bob is verified");
    prompt.sees("mallory> ").types("verify bob --hex\r").sees("[y/N] ").types("\u{3}");
    prompt.sees("mallory> ").types("passwd\r").sees("Password: ").types("not it").types("\u{3}");
    prompt.sees("mallory> ");
    // What takes long has lines.
    prompt.types("get bob:long.bin\r");
    in_the_end(true, || has_begun(&mallory.path.join("downloads")));
    kill_process(serving.pid(), Signal::STOP).unwrap();
    prompt.sees("receiving long.bin from bob: ");
    kill_process(serving.pid(), Signal::CONT).unwrap();
    prompt.sees("signed by bob").sees("mallory> ").types("\u{4}");
    prompt.ends();
    let raw = prompt.raw();
    assert!(!raw.contains('\u{1b}'), "{raw:?}");
    assert!(!raw.replace("\r\n", "\n").contains('\r'), "{raw:?}");
    assert!(!raw.contains("not it"), "it was shown");
    assert_eq!(prompt.exit(), Some(0));
}

#[test]
fn results_may_go_elsewhere_while_one_is_at_the_prompt() {
    let town = Town::new();
    let mallory = town.joined("mallory");
    let call = format!("sh -c '{} > results'", env!("CARGO_BIN_EXE_client"));
    let mut prompt = Terminal::open(&mallory.path, &call, &town.machine.at("home"));
    prompt.sees("mallory> ").types("whoami\r").sees("mallory> ").types("\u{4}");
    assert_eq!(prompt.exit(), Some(0));
    let results = fs::read_to_string(mallory.path.join("results")).unwrap();
    assert!(results.contains("fingerprint") && !results.contains("mallory> "), "{results}");
}
