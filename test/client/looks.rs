//! How it looks: whole screens, narrow and wide, beside what they were when somebody looked at them.
//! `WAXWING_SCREENS=new cargo test --test client looks` writes them anew, for `git diff` to show.

use crate::terminal::Terminal;
use crate::town::{Home, Town};
use std::fs;
use std::path::Path;

/// Somebody with files whose names are not easy to show, online; and who looks at them.
fn shared(town: &Town) -> (Home<'_>, Home<'_>) {
    let (bob, mallory) = (town.joined("bob"), town.joined("mallory"));
    for name in [
        "zoo/koala.ppm",
        "zoo/a koala in a tree, seen from below in the rain.txt",
        "zoo/north enclosure/winter quarters/2026/koala and 梟 at the feeding place.ppm",
    ] {
        bob.write(name, name.as_bytes());
    }
    bob.write(&format!("zoo/koala{}.txt", "-and-so-on".repeat(20)), b"long");
    let zoo = bob.path.join("zoo");
    let keywords = ["--keyword", "australia", "--keyword", "marsupials"];
    bob.run(&[&["share", "add", zoo.to_str().unwrap()], &keywords[..]].concat()).ok();
    (bob, mallory)
}

fn open(town: &Town, home: &Home<'_>, columns: u16, call: &str) -> Terminal {
    let program = format!("{} {call}", env!("CARGO_BIN_EXE_client"));
    Terminal::wide(columns, &home.path, &program, &town.machine.at("home"))
}

/// The screen when the program has ended.
fn screen(town: &Town, home: &Home<'_>, columns: u16, call: &str) -> String {
    let mut at = open(town, home, columns, call);
    at.ends();
    at.screen()
}

#[track_caller]
fn looks_like(town: &Town, name: &str, columns: u16, screen: &str) {
    let place = town.machine.at("");
    let screen = screen.trim_end().replace(place.to_str().unwrap(), "/home/me/");
    let ports = |word: &str| word.starts_with("127.0.0.1:");
    let screen: Vec<_> = screen.lines().map(|line| hidden(line, ports)).collect();
    let shown = screen.join("\n") + "\n";
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("test/client/screens");
    let file = folder.join(format!("{name}-{columns}.txt"));
    if std::env::var_os("WAXWING_SCREENS").is_some() {
        fs::create_dir_all(folder).unwrap();
        fs::write(&file, &shown).unwrap();
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    assert!(shown == kept, "{name} at {columns} columns is\n{shown}and was\n{kept}");
}

/// Words that are others each time.
fn hidden(line: &str, is_meant: impl Fn(&str) -> bool) -> String {
    let words = line.split_inclusive(' ').map(|word| match is_meant(word) {
        true => word.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect(),
        false => word.to_owned(),
    });
    words.collect()
}

#[test]
fn tables_are_readable_narrow_and_wide() {
    let town = Town::new();
    let (bob, mallory) = shared(&town);
    let _online = bob.serve();
    for columns in [60, 120] {
        let search = screen(&town, &mallory, columns, "search koala");
        looks_like(&town, "search", columns, &search);
        let people = screen(&town, &mallory, columns, "people");
        looks_like(&town, "people", columns, &people);
        let browse = screen(&town, &mallory, columns, "browse bob");
        looks_like(&town, "browse", columns, &browse);
        let shares = screen(&town, &bob, columns, "share ls");
        looks_like(&town, "shares", columns, &shares);
    }
}

#[test]
fn an_offer_is_readable_narrow_and_wide() {
    let town = Town::new();
    let (bob, mallory) = shared(&town);
    for columns in [60, 120] {
        let mut at = open(&town, &mallory, columns, "");
        at.sees("mallory> ");
        let mut send = open(&town, &bob, 100, "send mallory zoo");
        at.sees("decline 1`").types("inbox\r").sees("zoo/").sees("mallory> ");
        looks_like(&town, "inbox", columns, &at.screen());
        let number = "inbox decline 1\r";
        at.types(number).sees("mallory> ");
        // Who leaves while somebody is still being told is asked whether to.
        send.ends();
        at.types("quit\r").ends();
    }
}

#[test]
fn without_colours_nothing_steers_the_terminal() {
    let town = Town::new();
    let (_, mallory) = shared(&town);
    let home = town.machine.at("home");
    for verb in ["people", "search koala", "search nothing-of-that-name", "verify bob --yes"] {
        let program = format!("NO_COLOR=1 {} {verb}", env!("CARGO_BIN_EXE_client"));
        let mut at = Terminal::wide(80, &mallory.path, &program, &home);
        at.ends();
        assert!(!at.raw().contains('\u{1b}'), "{:?}", at.raw());
        let mut at = open(&town, &mallory, 80, verb);
        at.ends();
        assert!(at.raw().contains("\u{1b}[1"), "{:?}", at.raw());
    }
}

#[test]
fn quiet_and_verbose_say_less_and_more() {
    let town = Town::new();
    let (bob, mallory) = shared(&town);
    let _online = bob.serve();
    let quiet = mallory.run(&["-q", "search", "zoo", "--limit", "1"]);
    assert_eq!((quiet.exit, quiet.err.as_str()), (0, ""), "{quiet:?}");
    let usual = mallory.run(&["search", "zoo", "--limit", "1"]);
    assert_eq!(usual.out, quiet.out);
    assert!(usual.err.contains("There are more"), "{usual:?}");
    let verbose = mallory.run(&["-v", "people"]);
    let at = town.index.address().to_string();
    assert!(verbose.err.contains(&format!("asking the index at {at}")), "{verbose:?}");
    assert!(verbose.err.contains("knows mallory"), "{verbose:?}");
    let usual = mallory.run(&["people"]).out;
    let counts = (usual.lines().count(), verbose.out.lines().count());
    assert_eq!(counts, (3, 3), "a heading and two people: {usual}{}", verbose.out);
    for (usual, verbose) in usual.lines().zip(verbose.out.lines()) {
        assert!(verbose.starts_with(usual) && verbose.len() > usual.len(), "{verbose}");
    }
    let failed = mallory.run(&["-q", "get", "bob:zoo/nothing"]).failed(3);
    assert!(failed.starts_with("error: ") && failed.contains("hint: "), "{failed}");
}

#[test]
fn elsewhere_a_long_name_pushes_only_itself_away() {
    let town = Town::new();
    let (_bob, mallory) = shared(&town);
    let out = mallory.run(&["browse", "bob"]).ok();
    assert!(out.contains(&"-and-so-on".repeat(20)), "{out}");
    let short = out.lines().find(|line| line.contains("zoo/koala.ppm")).unwrap();
    assert!(short.len() < 120 && !out.contains('\u{1b}'), "{out}");
}
