//! What the pages say and no test can run: a short list, each with the reason, and with what is looked
//! at instead.

use crate::blocks::Step;
use crate::cargo;
use crate::help::Program;
use crate::page::{root, text};
use std::os::unix::fs::PermissionsExt;

/// Whether nothing is wrong with the words of a command.
type Check = fn(&[&str]) -> Result<(), String>;

/// How a command begins, why it is not run, and what is looked at.
const UNRUN: &[(&str, &str, Check)] = &[
    (".ci/run", "it runs this test", is_ours),
    ("cargo bench", "it takes minutes, and a quiet machine", is_known),
    ("cargo build", "all is built when this runs", is_known),
    ("cargo clippy", "`.ci/run` does it", is_in_ci),
    ("cargo deny", "it is a program of its own, and not everywhere", is_in_ci),
    ("cargo doc", "`.ci/run` does it", is_in_ci),
    ("cargo fmt", "`.ci/run` does it", is_in_ci),
    ("cargo fuzz", "it is a program of its own, and goes on for hours", is_known),
    ("cargo install", "it builds everything anew", is_known),
    ("cargo run --example", "`test/examples.rs` runs all examples", is_example),
    ("cargo test", "the tests are under way", is_known),
    ("git ", "it is about a copy with its history", is_told),
    ("sudo ", "it is about the system of the reader", is_of_the_system),
    ("test/mutants.sh", "it needs a program of its own, and goes on for hours", is_ours),
];

/// What came of looking at a command that is not run; none if it is to be run.
pub(crate) fn check(step: &Step) -> Option<Result<(), String>> {
    let words = step.command.split_whitespace();
    let words: Vec<_> = words.skip_while(|word| is_variable(word)).collect();
    let command = words.join(" ");
    let (_, why, check) = UNRUN.iter().find(|(begins, ..)| command.starts_with(begins))?;
    if !step.told.is_empty() {
        return Some(Err(format!("what is shown is never seen, since it is not run: {why}")));
    }
    Some(check(&words))
}

fn is_variable(word: &str) -> bool {
    word.starts_with(char::is_uppercase) && word.contains('=')
}

fn is_told(_: &[&str]) -> Result<(), String> {
    Ok(())
}

fn is_ours(words: &[&str]) -> Result<(), String> {
    let about = root().join(words[0]).metadata().map_err(|error| error.to_string())?;
    let can_be_run = about.permissions().mode() & 0o111 != 0;
    if can_be_run { Ok(()) } else { Err("it cannot be run".to_owned()) }
}

fn is_known(words: &[&str]) -> Result<(), String> {
    cargo::why_not(&words[1..]).map_or(Ok(()), Err)
}

fn is_in_ci(words: &[&str]) -> Result<(), String> {
    is_known(words)?;
    let is_there = text(".ci/run").contains(&words[..2].join(" "));
    if is_there { Ok(()) } else { Err(".ci/run does not do it".to_owned()) }
}

fn is_example(words: &[&str]) -> Result<(), String> {
    is_known(words)?;
    let is_run = text("test/examples.rs").contains(&format!("run(\"{}\"", words[3]));
    if is_run { Ok(()) } else { Err("test/examples.rs does not run it".to_owned()) }
}

/// Of the system's own commands, those that the pages need; one of the server has to be one.
fn is_of_the_system(words: &[&str]) -> Result<(), String> {
    let words = match words {
        ["sudo", "-u", _, rest @ ..] | ["sudo", rest @ ..] => rest,
        _ => words,
    };
    match words {
        ["waxwing-server", arguments @ ..] => {
            refused(Program::Server, arguments).map_or(Ok(()), Err)
        }
        ["systemctl", .., "waxwing"] | ["systemctl", "daemon-reload"] => Ok(()),
        ["journalctl", "-u", "waxwing", ..] => Ok(()),
        ["useradd" | "install" | "ufw" | "firewall-cmd", ..] => Ok(()),
        _ => Err("what is that?".to_owned()),
    }
}

/// What a program says of arguments that it does not take, if so.
pub(crate) fn refused(program: Program, arguments: &[&str]) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let done = program.run(folder.path(), &[arguments, &["--help"]].concat(), &[]);
    let told = String::from_utf8(done.stderr).unwrap();
    (!done.status.success()).then(|| told.lines().next().unwrap_or_default().to_owned())
}
