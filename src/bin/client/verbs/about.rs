//! About the program itself: where things lie, whether they are well, completion.

use super::command;
use crate::failures::Trouble;
use crate::program::Program;
use crate::visits::contradiction;
use clap::{Arg, ArgMatches, Command};
use clap_complete::Shell;
use serde::Serialize;
use std::io;
use std::path::PathBuf;
use waxwing::model::Untrusted;
use waxwing::node;
use waxwing::ui::{Exit, Failure, LogFile, Table};

pub(super) fn paths_command(command: Command) -> Command {
    command.about("Say where everything lies")
}

pub(super) fn completions_command(command: Command) -> Command {
    let shell = Arg::new("SHELL").required(true).value_parser(clap::value_parser!(Shell));
    command
        .about("Print a script that completes verbs and flags in a shell")
        .arg(shell.help("bash, zsh, fish, elvish or powershell"))
}

pub(super) fn doctor_command(command: Command) -> Command {
    command.about("Look whether all is well: keys, index, session, clock")
}

pub(super) async fn paths(program: &Program, _: &ArgMatches) -> Result<(), Trouble> {
    let mut table = Table::without_heading();
    let mut told = serde_json::Map::new();
    told.insert("type".to_owned(), "paths".into());
    for (what, path) in places(program) {
        let text = path.display().to_string();
        table.row([what, &text]);
        told.insert(what.to_owned(), text.into());
    }
    if let Some(path) = &program.log {
        let text = path.display().to_string();
        table.row(["log", &text]);
        told.insert("log".to_owned(), text.into());
    }
    program.printer.object(&told);
    program.printer.table(table);
    Ok(())
}

/// All places of the home; what is got may go elsewhere.
fn places(program: &Program) -> Vec<(&'static str, PathBuf)> {
    let set = || match program.opened() {
        Some(me) => Some(me.downloads()),
        None => program.with_config(|config| config.downloads.clone()).flatten(),
    };
    let set = program.downloads().or_else(set).map(|path| ("downloads", path));
    let own = program.home.places().into_iter();
    own.filter(|(what, _)| set.is_none() || *what != "downloads").chain(set.clone()).collect()
}

pub(super) async fn completions(program: &Program, arguments: &ArgMatches) -> Result<(), Trouble> {
    let Some(shell) = arguments.get_one::<Shell>("SHELL") else { return Ok(()) };
    let mut script = Vec::new();
    clap_complete::generate(*shell, &mut command(), "client", &mut script);
    let script = String::from_utf8_lossy(&script);
    program.printer.object(&serde_json::json!({ "type": "script", "text": script }));
    program.printer.result(script.trim_end());
    Ok(())
}

#[derive(Serialize)]
struct Check {
    #[serde(rename = "type")]
    kind: &'static str,
    what: &'static str,
    well: bool,
    text: String,
}

/// What was looked at.
struct Examination<'a> {
    program: &'a Program,
    table: Table,
    worst: Option<Failure>,
}

impl Examination<'_> {
    fn well(&mut self, what: &'static str, text: impl ToString) {
        self.row(what, true, text.to_string());
    }

    fn ill(&mut self, what: &'static str, failure: Failure) {
        let hint = failure.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
        self.row(what, false, format!("{}{hint}", failure.what));
        self.worst.get_or_insert(failure);
    }

    fn row(&mut self, what: &'static str, well: bool, text: String) {
        self.program.printer.object(&Check { kind: "check", what, well, text: text.clone() });
        self.table.row([what, if well { "well" } else { "ILL" }, &text]);
    }

    fn take<T>(&mut self, what: &'static str, found: Result<T, node::Error>) -> Option<T> {
        found.map_err(|error| self.ill(what, Trouble::from(error).into())).ok()
    }
}

pub(super) async fn doctor(program: &Program, _: &ArgMatches) -> Result<(), Trouble> {
    let table = Table::new(&["what", "is", ""]);
    let mut found = Examination { program, table, worst: None };
    examine(program, &mut found).await;
    program.printer.table(found.table);
    match found.worst {
        None => Ok(()),
        Some(worst) => Err(Failure::new(worst.exit, "not all is well").into()),
    }
}

fn examine_log(program: &Program, found: &mut Examination<'_>) {
    let Some(path) = &program.log else { return found.well("log", "off") };
    let shown = path.display();
    match LogFile::open(path) {
        Ok(_) => found.well("log", shown),
        // Its folder comes with the keys.
        Err(error) if error.kind() == io::ErrorKind::NotFound => found.well("log", "none yet"),
        Err(error) => {
            let what = format!("{shown}: the log cannot be written there: {error}");
            found
                .ill("log", Failure::new(Exit::Error, what).hint("choose another with --log FILE"));
        }
    }
}

async fn examine(program: &Program, found: &mut Examination<'_>) {
    let home = program.home.path().display().to_string();
    let settings = if program.has_file { "with" } else { "without" };
    found.well("home", format!("{home}, {settings} a file of settings"));
    examine_log(program, found);
    let me = match program.user() {
        Ok(me) => me,
        Err(trouble) => return found.ill("keys", trouble.into()),
    };
    if let Some(keys) = found.take("keys", me.keys()) {
        let guarded = if keys.protected { "with a passphrase" } else { "without a passphrase" };
        found.well("keys", format!("{}, {guarded}", keys.fingerprint));
    }
    let Some(index) = found.take("index", me.index()) else { return };
    match me.account().await {
        Ok(account) => {
            found.well("index", format!("reached at {}", index.at));
            let sessions = account.sessions.len();
            found.well("session", format!("{}, {sessions} in all", account.user));
        }
        Err(error) => found.ill("index", Trouble::from(error).into()),
    }
    if me.warnings().alarm.is_some() {
        let what = "the index has shown another key directory than before";
        found.ill("directory", Failure::new(Exit::Verification, what));
    }
    for it in found.take("directory", me.contradictions()).into_iter().flatten() {
        let failure = Failure::new(Exit::Verification, contradiction(&it));
        found.ill("directory", failure.hint(format!("compare words: `verify {}`", it.by)));
    }
    if let Some(people) = found.take("people", me.people().await) {
        let changed = people.value.iter().filter(|it| it.standing == node::Standing::Changed);
        let changed: Vec<_> = changed.map(|it| it.person.user.to_string()).collect();
        match changed.is_empty() {
            true => found.well("people", format!("{} on the index", people.value.len())),
            false => {
                let names = changed.join(", ");
                let what = format!("other keys than before: {}", Untrusted::new(&names));
                found.ill("people", Failure::new(Exit::Verification, what));
            }
        }
    }
}
