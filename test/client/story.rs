//! The README's transcript: both windows of the story show what it says, line by line.

use crate::prompt::sample;
use crate::terminal::Terminal;
use crate::town::{PASSWORD, Town};
use std::fs;

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");

/// A window of the README, without the commands that opened it.
fn told(window: &str) -> String {
    let begin = format!("The window of `{window}`:\n\n```text\n");
    let readme = fs::read_to_string(README).unwrap();
    let rest = readme.split_once(&begin).expect("the README has it").1;
    let block = rest.split_once("```\n").unwrap().0;
    let shown: Vec<_> = block.lines().filter(|line| !line.starts_with("$ ")).collect();
    shown.join("\n")
}

/// Without what is another each time: fingerprints, ports, words, and where the home is.
fn plain(town: &Town, text: &str) -> String {
    let text = text.replace(&town.machine.at("").display().to_string(), "/home/me/waxwing/test/");
    let lines = text.trim_end().lines().map(|line| {
        let is_words = line.starts_with("    ") && line.split_whitespace().count() == 6;
        if is_words && line.chars().all(|c| c == ' ' || c.is_ascii_lowercase()) {
            return "    six words".to_owned();
        }
        let mut plain = String::new();
        for piece in line.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
            let word = piece.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
            let is_port = plain.ends_with("127.0.0.1:") && word.bytes().all(|c| c.is_ascii_digit());
            let is_key = word.len() == 64 && word.bytes().all(|c| c.is_ascii_hexdigit());
            plain += &match (is_port, is_key) {
                (true, _) => piece.replace(word, "PORT"),
                (_, true) => piece.replace(word, "FINGERPRINT"),
                _ => piece.to_owned(),
            };
        }
        plain.trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn begins(town: &Town, name: &str) -> Terminal {
    let (folder, home) = (sample(town, name), town.machine.at("home"));
    let mut at = Terminal::wide(80, &folder, env!("CARGO_BIN_EXE_client"), &home);
    at.sees("Is it? [y/N] ").types("y\r").sees("[Y/n] ").types("\r");
    at.sees(&format!("[{name}]: ")).types("\r");
    at.sees("another name): ").types(&format!("{PASSWORD}\r"));
    at.sees("again: ").types(&format!("{PASSWORD}\r"));
    at.sees("a room (Enter for none): ").types("\r");
    at.sees("for none): ").types("\r");
    at.sees("with everyone? [Y/n] ").types("\r");
    at.sees("quit").sees(&format!("{name}> "));
    at
}

#[track_caller]
fn is_as_told(town: &Town, window: &str, at: &Terminal) {
    let (shown, told) = (plain(town, &at.screen()), plain(town, &told(window)));
    assert!(shown == told, "The window of {window} shows:\n\n{}\n\n{shown}", at.screen());
}

#[test]
fn both_windows_show_what_the_readme_says() {
    let town = Town::new();
    let mut one = begins(&town, "user1");
    let mut two = begins(&town, "user2");
    two.types("search koala\r").sees("koala.ppm").sees("user2> ");
    two.types("get 1\r").sees("verify user1)").sees("user2> ");
    one.sees("has got").sees("user1> ");
    two.types("verify user1\r").sees("twelve words? [y/N] ");
    one.types("verify user2\r").sees("twelve words? [y/N] ").types("y\r").sees("user1> ");
    two.types("y\r").sees("is verified").sees("user2> ");
    two.types("people\r").sees("contact").sees("user2> ");
    two.types("quit\r").ends();
    one.types("quit\r").ends();
    is_as_told(&town, "user1", &one);
    is_as_told(&town, "user2", &two);
}
