//! About the program itself: where things lie, completion.

use super::command;
use crate::failures::Trouble;
use crate::program::Program;
use clap::{Arg, ArgMatches, Command};
use clap_complete::Shell;
use std::path::PathBuf;
use waxwing::ui::Table;

pub(super) fn paths_command(command: Command) -> Command {
    command.about("Say where everything lies")
}

pub(super) fn completions_command(command: Command) -> Command {
    let shell = Arg::new("SHELL").required(true).value_parser(clap::value_parser!(Shell));
    command
        .about("Print a script that completes verbs and flags in a shell")
        .arg(shell.help("bash, zsh, fish, elvish or powershell"))
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
