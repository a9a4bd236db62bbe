//! The first run and the prompt, at a terminal.

use crate::terminal::{Terminal, is_gone};
use crate::town::{Home, PASSWORD, Town};
use rustix::process::{Signal, kill_process};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// One of the sample homes, with the index of this town.
pub(crate) fn sample(town: &Town, name: &str) -> PathBuf {
    let (from, to) =
        (Path::new(env!("CARGO_MANIFEST_DIR")).join("test").join(name), town.machine.at(name));
    copy(&from.join("share"), &to.join("share"));
    let settings = fs::read_to_string(from.join("waxwing.toml")).unwrap();
    let settings = settings.replace("127.0.0.1:7311", &town.index.address().to_string());
    fs::write(to.join("waxwing.toml"), settings).unwrap();
    to
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).unwrap()),
        }
    }
}

fn first_run(town: &Town, name: &str, files: &str) -> Terminal {
    let folder = sample(town, name);
    let left = folder.join("share/films/.film.bin.0123456789abcdef.part");
    if name == "user1" {
        fs::create_dir_all(left.parent().unwrap()).unwrap();
        fs::write(&left, "half a film").unwrap();
    }
    let mut at = Terminal::open(&folder, env!("CARGO_BIN_EXE_client"), &town.machine.at("home"));
    at.sees(&town.index.fingerprint().to_string()).sees("[y/N] ").types("y\r");
    at.sees("[Y/n] ").types("\r");
    at.sees(&format!("[{name}]: ")).types("\r");
    at.sees("another name): ").types(&format!("{PASSWORD}\r"));
    at.sees("The same again: ").types("not the same\r");
    at.sees("not the same").sees("another name): ").types(&format!("{PASSWORD}\r"));
    at.sees("The same again: ").types(&format!("{PASSWORD}\r"));
    at.sees("a room (Enter for none): ").types("room 9\r");
    at.sees("(Enter for none): ").types("\r").sees("no passphrase");
    at.sees(&format!("Share the {files} files in share/ with everyone? [Y/n] ")).types("\r");
    at.sees("you are online").sees(&format!("{name}> "));
    assert!(!left.exists(), "a killed run left it");
    assert!(!at.text().contains(PASSWORD), "it was shown");
    at
}

#[test]
fn the_first_run_of_two_people_ends_with_a_file_that_one_has_from_the_other() {
    let town = Town::new();
    let mut one = first_run(&town, "user1", "9");
    let mut two = first_run(&town, "user2", "4");
    two.types("search koala.ppm\r").sees("user1:share/animals/koala.ppm").sees("user2> ");
    two.types("get 1\r")
        .sees("signed by user1 (not verified yet: run verify user1)")
        .sees("user2> ");
    one.sees("user2 has got").sees("animals/koala.ppm");
    let file = |home: &str, path: &str| fs::read(town.machine.at(home).join(path)).unwrap();
    assert_eq!(file("user1", "share/films/film.bin").len(), (6 << 20) + 5, "made at the first run");
    let original = file("user1", "share/animals/koala.ppm");
    assert_eq!(file("user2", "downloads/koala.ppm"), original);

    // A large file has bars on both sides, also above a line that is being typed. An optimized program
    // is done before they are drawn.
    if cfg!(debug_assertions) {
        let big = fs::File::create(town.machine.at("user1/share/big.bin")).unwrap();
        big.set_len(512 << 20).unwrap();
        one.types("share scan\r").sees("1 new").sees("user1> ").types("half a line");
        two.types("get user1:share/big.bin\r").sees("receiving").sees("big.bin").sees("%");
        one.sees("sending").sees("big.bin").sees("has got big.bin").types("\u{15}");
        two.sees("downloads/big.bin: 512 MiB, signed by user1").sees("user2> ");
    }

    // What is sent waits for the person.
    two.types("send user1 share/code/hello.rs\r").sees("Waiting for user1");
    one.sees("`inbox accept 1`").types("inbox accept 1\r").sees("hello.rs came into");
    two.sees("delivered to user1").sees("user2> ");
    assert_eq!(file("user1", "downloads/hello.rs"), file("user2", "share/code/hello.rs"));

    // A typo, a line that is dropped, a verb of before, and out.
    two.types("serch koala\r").sees("'search'").sees("user2> ");
    two.types("half a line\u{3}").sees("leaves").sees("user2> ");
    two.types("who\t\r").sees("fingerprint").sees("user2> ");
    two.types("quit\r");
    assert_eq!(two.exit(), Some(0));
    one.types("\u{4}");
    assert_eq!(one.exit(), Some(0));
}

#[test]
fn who_does_not_trust_the_index_tells_it_nothing() {
    let town = Town::new();
    let folder = sample(&town, "user1");
    let mut at = Terminal::open(&folder, env!("CARGO_BIN_EXE_client"), &town.machine.at("home"));
    at.sees("[y/N] ").types("\r").sees("error: ").sees("hint: ");
    assert_eq!(at.exit(), Some(4));
    assert!(!folder.join("keys").exists());
    let mut at = Terminal::open(&folder, env!("CARGO_BIN_EXE_client"), &town.machine.at("home"));
    at.sees("[y/N] ").types("\u{3}").sees("error: ");
    assert_eq!(at.exit(), Some(130));
}

#[test]
fn whoever_has_a_wrong_invitation_hears_so_before_any_question() {
    let town = Town::new();
    let (home, right) = (town.machine.at("zoe"), town.invitation());
    let join = |invitation: &str| {
        let (client, home) = (env!("CARGO_BIN_EXE_client"), home.display());
        let call = format!("{client} --home {home} join '{invitation}' --user zoe");
        Terminal::open(town.machine.at("").as_path(), &call, &town.machine.at("home"))
    };
    let fingerprint = town.index.fingerprint().to_string();
    let mistyped: String = fingerprint.chars().rev().collect();
    let there = town.index.address().to_string();
    // Nobody listens there: the index has the port, at another address.
    let nobody = there.replace("127.0.0.1", "127.0.0.2");
    for (invitation, exit) in
        [(right.replace(&fingerprint, &mistyped), 6), (right.replace(&there, &nobody), 5)]
    {
        let mut at = join(&invitation);
        at.sees("error: ").sees("hint: ");
        assert!(!at.text().contains("Password"), "{}", at.text());
        assert_eq!(at.exit(), Some(exit));
        assert!(!home.join("keys").exists());
    }
    join(&right).sees("Password for zoe");
}

/// The prompt of somebody who has joined.
pub(crate) fn prompt_of(town: &Town, name: &str) -> Terminal {
    let home = town.joined(name);
    let mut at = Terminal::open(&home.path, env!("CARGO_BIN_EXE_client"), &town.machine.at("home"));
    at.sees("you are online").sees(&format!("{name}> "));
    at
}

#[test]
fn a_question_that_nobody_answers_holds_up_nothing() {
    let town = Town::new();
    let mut bob = prompt_of(&town, "bob");
    let tree = town.machine.at("bob/tree.txt");
    fs::write(&tree, "a tree").unwrap();
    bob.types("share add tree.txt\r").sees("tree.txt: 1 file, 6 bytes: tree.txt");
    bob.sees("Everyone is whoever the index admits").sees("with everyone? [Y/n] ").types("n\r");
    bob.sees("nothing is shared").sees("bob> ").types("share add tree.txt\r");
    bob.sees("with everyone? [Y/n] ").types("\r");
    bob.sees("shared with everyone").sees("bob> ");
    let mut mallory = prompt_of(&town, "mallory");
    bob.types("verify mallory\r").sees("same twelve words? [y/N] ");
    for round in 1..=5 {
        mallory.types("search tree\r").sees("bob:tree.txt/tree.txt").sees("mallory> ");
        let get = format!("get 1 --out round-{round}\r");
        mallory.types(&get).sees("signed by bob").sees("mallory> ");
        let got = town.machine.at("mallory").join(format!("round-{round}/tree.txt"));
        assert_eq!(fs::read(got).unwrap(), b"a tree");
    }
    // The offer waits as well, and is told above the question.
    mallory.types("send bob round-1/tree.txt\r").sees("Waiting for bob");
    bob.sees("`inbox accept 1`").types("y\r").sees("mallory is verified").sees("bob> ");
    bob.types("inbox accept 1\r").sees("tree.txt came into");
    mallory.sees("delivered to bob").sees("mallory> ");
    mallory.types("send bob round-2/tree.txt\r").sees("Waiting for bob");
    bob.sees("`inbox accept 2`").types("inbox decline 2\r").sees("Declined");
    mallory.sees("error: bob did not take it").sees("hint: ask them").sees("mallory> ");
    // So it is told of what goes on by itself.
    mallory.types("send bob round-3/tree.txt --background\r").sees("goes on by itself");
    mallory.sees("mallory> ");
    bob.sees("`inbox accept 3`").types("inbox decline 3\r").sees("Declined");
    mallory.sees("error: transfer ").sees(": bob did not take it").sees("hint: ask them");
}

#[test]
fn ctrl_c_stops_a_verb_and_says_how_to_go_on() {
    let town = Town::new();
    let mut bob = prompt_of(&town, "bob");
    let long = fs::File::create(town.machine.at("bob/long.bin")).unwrap();
    long.set_len(1 << 30).unwrap();
    // What takes long goes on beside the prompt.
    bob.types("share add long.bin -y\r").sees("is being read").sees("bob> ");
    bob.sees("long.bin: 1 file, 1 GiB, shared with everyone");

    let mut mallory = prompt_of(&town, "mallory");
    mallory.types("search long\r").sees("bob:long.bin/long.bin").sees("mallory> ");
    mallory.types("get --out 1 1\r").sees("receiving").types("\u{3}");
    mallory.sees("error: stopped; what was verified of it is kept");
    mallory.sees("hint: to go on: `get --out 1 bob:long.bin/long.bin`").sees("mallory> ");
    bob.sees("broken off with mallory");
    let downloads = fs::read_dir(town.machine.at("mallory/1")).unwrap();
    let left: Vec<_> = downloads.map(|entry| entry.unwrap().file_name()).collect();
    let is_hidden = |name: &OsString| name.to_string_lossy().starts_with(".waxwing-");
    assert!(left.iter().all(is_hidden), "{left:?}");

    // At the empty prompt nothing is to be stopped.
    mallory.types("\u{3}").sees("`quit`").sees("mallory> ");
    mallory.types("\u{3}").sees("`quit`").sees("mallory> ");
    mallory.types("quit\r");
    assert_eq!(mallory.exit(), Some(0));

    let get = format!("{} get bob:long.bin/long.bin", env!("CARGO_BIN_EXE_client"));
    let home = town.machine.at("mallory");
    let mut mallory = Terminal::open(&home, &get, &town.machine.at("home"));
    mallory.sees("receiving").types("\u{3}");
    mallory.sees("hint: to go on: `client get bob:long.bin/long.bin`");
    assert_eq!(mallory.exit(), Some(130));
}

/// Whether somebody is online, as the index says it to others.
fn is_online(of: &Home<'_>, name: &str) -> bool {
    let people = of.objects(&["people"]);
    people.iter().any(|person| person["user"] == name && person["online"] == true)
}

#[test]
fn whoever_is_told_to_end_says_goodbye_and_gives_the_terminal_back() {
    let town = Town::new();
    let alone = town.joined("mallory");
    let bob = town.joined("bob");
    let call = format!("sh -c '{}; echo ended with $?; stty -a'", env!("CARGO_BIN_EXE_client"));
    for (open, key) in [("bob> ", ""), ("[y/N] ", "verify mallory\r"), ("Password: ", "passwd\r")] {
        let mut at = Terminal::open(&bob.path, &call, &town.machine.at("home"));
        at.sees("bob> ").types(key);
        if !key.is_empty() {
            at.sees(open);
        }
        assert!(is_online(&alone, "bob"));
        kill_process(at.program(), Signal::TERM).unwrap();
        at.sees("ended with 143").sees(" icanon").sees(" echo");
        assert!(!is_online(&alone, "bob"));
    }

    // The terminal goes, and takes its programs with it.
    let mut at = Terminal::open(&bob.path, env!("CARGO_BIN_EXE_client"), &town.machine.at("home"));
    at.sees("bob> ");
    let program = at.program();
    drop(at);
    is_gone(program);
    assert!(!is_online(&alone, "bob"));

    let serving = bob.serve();
    kill_process(serving.pid(), Signal::TERM).unwrap();
    assert_eq!(serving.exit(), Some(0));
    assert!(!is_online(&alone, "bob"));
}

#[test]
fn a_first_run_asks_again_and_goes_on_where_it_was() {
    let mut town = Town::new();
    let _bob = town.joined("bob");
    let folder = sample(&town, "user1");
    let settings = fs::read_to_string(folder.join("waxwing.toml")).unwrap();
    let settings = settings.replace("user = \"user1\"", "away = 1");
    fs::write(folder.join("waxwing.toml"), settings).unwrap();
    let home = town.machine.at("home");
    let begin = |folder: &Path| {
        let mut at = Terminal::open(folder, env!("CARGO_BIN_EXE_client"), &home);
        at.sees("Is it? [y/N] ").types("y\r").sees("[Y/n] ").types("\r");
        at.sees("index: ");
        at
    };
    let password = format!("{PASSWORD}\r");
    let mut at = begin(&folder);
    // Not a name, one that was not meant, and one that is taken.
    at.types("No Name\r").sees("index: ").types("typo\r").sees("for typo").types("\r");
    at.sees("[typo]: ").types("bob\r").sees("for bob").sees("name): ").types(&password);
    at.sees("again: ").types(&password).sees("a room (Enter for none): ").types("\r");
    at.sees("for none): ").types("\r").sees("no passphrase");
    at.sees("Somebody else has the name bob").sees("index: ");
    let address = town.index.address().to_string();
    town.index.signal(Signal::TERM);
    town.index.end();
    at.types("user1\r").sees("new keys are kept").sees("error: ").sees("hint: ");
    assert_eq!(at.exit(), Some(5));

    town.index = town.machine.start_with(&["--data", "data", "--listen", &address]);
    let mut at = begin(&folder);
    at.types("user1\r").sees("name): ").types(&password).sees("again: ").types(&password);
    at.sees("a room (Enter for none): ").types("\r");
    // A question that was not answered comes again.
    at.sees("You are user1").sees("Share the 9 files").types("\u{3}");
    assert!(!at.text().contains("Making your keys"), "{}", at.text());
    assert_eq!(at.exit(), Some(130));
    let mut at = Terminal::open(&folder, env!("CARGO_BIN_EXE_client"), &home);
    at.sees("Share the 9 files").types("\r").sees("user1> ");
    at.types("quit\r");
    assert_eq!(at.exit(), Some(0));
    // A password that is wrong is asked again.
    let mut user1 =
        Terminal::open(&folder, &format!("{} login", env!("CARGO_BIN_EXE_client")), &home);
    // What is too short to be anybody's is not even told to the index, nor is that the end.
    user1.sees("Password: ").types("short\r").sees("at least 10 characters. Once more:");
    user1.sees("Password: ").types("not the password\r").sees("does not know this name");
    user1.sees("Password: ").types(&password).sees("You are user1");
    assert_eq!(user1.exit(), Some(0));
    // Who types nothing else is told three times, and that is all.
    let mut user1 =
        Terminal::open(&folder, &format!("{} login", env!("CARGO_BIN_EXE_client")), &home);
    for _ in 0..2 {
        user1.sees("Password: ").types("short\r").sees("Once more:");
    }
    user1.sees("Password: ").types("short\r").sees("error: a password has at least 10");
    assert_eq!(user1.exit(), Some(2));
}

#[test]
fn paths_begin_in_the_folder_to_which_one_has_gone() {
    let town = Town::new();
    let mut bob = prompt_of(&town, "bob");
    fs::create_dir_all(town.machine.at("bob/deep/deeper")).unwrap();
    fs::write(town.machine.at("bob/deep/tree.txt"), "a tree").unwrap();
    bob.types("pwd\r").sees("/bob").sees("bob> ");
    bob.types("cd de\t\r").sees("/bob/deep").sees("bob> ");
    bob.types("ls\r").sees("deeper/").sees("tree.txt").sees("6 bytes").sees("bob> ");
    bob.types("share add tr\t -y\r").sees("tree.txt: 1 file, 6 bytes").sees("bob> ");
    bob.types("cd nowhere\r").sees("error: nowhere").sees("bob> ");
    bob.types("cd a b\r").sees("cd takes one folder").sees("in quotes").sees("bob> ");
    bob.types("cd ../deep/deeper\r").sees("/deeper").sees("bob> ");
    bob.types("get bob:tree.txt --out here\r").sees("bob> ");
    bob.types("share ls\r").sees("bob/deep/tree.txt").sees("bob> ");
    bob.types("help share add\r").sees("--keyword").sees("bob> ");
    bob.types("help cd\r").sees("Go to a folder").sees("bob> ");
    bob.types("quit now\r").sees("quit takes nothing behind it but --yes").sees("bob> ");
    bob.types("quit\r");
    assert_eq!(bob.exit(), Some(0));
}

#[test]
fn what_is_for_the_start_of_a_program_is_told_so_at_its_prompt() {
    let town = Town::new();
    let mut bob = prompt_of(&town, "bob");
    for flag in ["--json", "-v", "--quiet"] {
        bob.types(&format!("people {flag}\r"));
        bob.sees(&format!("error: '{flag}' is for the start of a program"));
        bob.sees(&format!("`client people {flag}`")).sees("bob> ");
    }
    bob.types("people --away=3\r").sees("error: '--away' is for the start of a program");
    bob.sees("begin the program with it").sees("bob> ");
    bob.types("people --onlin\r").sees("is '--online' meant?").sees("bob> ");
}

#[test]
fn a_line_with_an_invitation_is_not_remembered() {
    let town = Town::new();
    let mut bob = prompt_of(&town, "bob");
    bob.types("whoami\r").sees("fingerprint").sees("bob> ");
    bob.types(&format!("serch {}\r", town.invitation())).sees("'search'").sees("bob> ");
    bob.types("quit\r");
    assert_eq!(bob.exit(), Some(0));
    let kept = fs::read_to_string(town.machine.at("bob/state/history")).unwrap();
    assert!(kept.contains("whoami") && kept.contains("quit"), "{kept}");
    assert!(!kept.contains("serch") && !kept.contains("waxwing://"), "{kept}");
}
