//! What the pages name between backticks can be typed: the programs know its verbs and flags, and Cargo
//! its targets. What stands in blocks is typed by `test/docs.rs`.

use super::cargo;
use super::help::Program;
use super::page::{files, root, text};

/// Where a page tells somebody to type something.
struct Typed {
    page: String,
    line: String,
}

#[test]
fn every_command_on_the_pages_can_be_typed() {
    let all = all();
    assert!(all.len() >= 50, "{}", all.len());
    let wrong: Vec<_> = all.iter().filter_map(|it| Some((it, why_not(&it.line)?))).collect();
    let told = wrong.iter().map(|(it, why)| format!("{}: {}: {why}\n", it.page, it.line));
    assert!(wrong.is_empty(), "\n{}", told.collect::<String>());
}

#[test]
fn what_cannot_be_typed_is_seen() {
    for line in [
        "client serch koala",
        "client get 1 --nonsense",
        "server users --opne",
        "cargo run --bin index",
        "cargo run --bin client -- dmeo",
        "cargo run --example nothing",
        "cargo bench --bench nothing",
        "cargo test --test nothing",
        "ROUNDS=200 cargo test --test client -- --ignored killed_at_noon",
        "RUSTC_BOOTSTRAP=1 cargo fuzz run nothing",
        "cd test/user9 && cargo run --bin client",
        "make install",
    ] {
        assert!(why_not(line).is_some(), "{line}");
    }
}

/// What stands between backticks in the text, outside of blocks.
fn all() -> Vec<Typed> {
    let pages = files("docs", ".md").into_iter().map(|page| page.to_str().unwrap().to_owned());
    let others = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "benches/README.md"];
    let pages = pages.chain(others.map(ToOwned::to_owned));
    let mut all = Vec::new();
    for page in pages {
        let (text, mut is_block) = (text(&page), false);
        for line in text.lines() {
            is_block ^= line.starts_with("```");
            let inline = line.split('`').skip(1).step_by(2);
            let inline = inline.filter(|it| !is_block && is_call(it));
            all.extend(inline.map(|it| typed(&page, it)));
        }
    }
    all
}

fn typed(page: &str, line: &str) -> Typed {
    Typed { page: page.to_owned(), line: line.to_owned() }
}

fn is_call(text: &str) -> bool {
    words(text).next().is_some_and(|it| ["client", "server", "cargo"].contains(&it))
        && text.contains(' ')
}

/// The words of a line, without the variables that may stand before it.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let is_variable = |it: &&str| it.starts_with(char::is_uppercase) && it.contains('=');
    line.split_whitespace().skip_while(is_variable)
}

/// Why this cannot be typed in the project's folder, if so.
fn why_not(line: &str) -> Option<String> {
    if let Some((cd, then)) = line.split_once(" && ") {
        let folder = cd.strip_prefix("cd ").unwrap_or("nowhere");
        let is_there = root().join(folder).is_dir();
        return if is_there { why_not(then) } else { Some(format!("there is no {folder}")) };
    }
    let words: Vec<_> = words(line).collect();
    match words.as_slice() {
        ["client", arguments @ ..] => refused(Program::Client, arguments),
        ["server", arguments @ ..] => refused(Program::Server, arguments),
        ["cargo", arguments @ ..] => why_not_cargo(arguments),
        _ => Some("what is that?".to_owned()),
    }
}

fn why_not_cargo(arguments: &[&str]) -> Option<String> {
    let (own, given) = match arguments.iter().position(|it| *it == "--") {
        Some(at) => (&arguments[..at], &arguments[at + 1..]),
        None => (arguments, &[][..]),
    };
    match own {
        ["run", .., "--bin", "client"] => refused(Program::Client, given),
        ["run", .., "--bin", "server"] => refused(Program::Server, given),
        _ => {
            let meant: Vec<String> = arguments.iter().map(|it| meant(it)).collect();
            cargo::why_not(&meant.iter().map(String::as_str).collect::<Vec<_>>())
        }
    }
}

/// What the program says of its arguments, up to the help, which is asked for behind them.
fn refused(program: Program, arguments: &[&str]) -> Option<String> {
    let arguments = arguments.iter().take_while(|it| !["|", ">", "…"].contains(it));
    let arguments = arguments.map(|it| it.trim_matches(['[', ']'])).map(meant);
    let arguments: Vec<String> = arguments.chain(["--help".to_owned()]).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let folder = tempfile::tempdir().unwrap();
    let done = program.run(folder.path(), &arguments, &[]);
    let told = String::from_utf8(done.stderr).unwrap();
    (!done.status.success()).then(|| told.lines().next().unwrap_or_default().to_owned())
}

/// Something that can stand where the page says what would.
fn meant(word: &str) -> String {
    match word {
        "N" | "NUMBER" => "1".to_owned(),
        "NAME" | "USER" | "NAMES" => "alice".to_owned(),
        "HOST:PORT" => "files.example:7311".to_owned(),
        "FINGERPRINT" => "00".repeat(32),
        "TARGET" => "spec".to_owned(),
        other => other.to_owned(),
    }
}
