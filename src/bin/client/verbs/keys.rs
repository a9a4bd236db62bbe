//! One's own keys: seeing them, changing them, and taking them to another machine.

use super::account::Newcomer;
use super::serving;
use crate::asking;
use crate::failures::{self, Trouble};
use crate::program::Program;
use crate::sure;
use clap::{Arg, ArgMatches, Command};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use waxwing::crypto::key_folder::{CarriedKeys, KeyFolderError};
use waxwing::crypto::{Fingerprint, UnixTime};
use waxwing::node::{self, OwnKeys, User};
use waxwing::ui::{Exit, Failure, Table, ago, utc};

pub(super) fn command(command: Command) -> Command {
    let file = |help: &'static str| {
        let path = clap::value_parser!(PathBuf);
        Arg::new("FILE").required(true).value_parser(path).help(help)
    };
    command
        .about("Show your own keys, change them, or take them to another machine")
        .subcommand(Command::new("show").about("Show the fingerprint, and where the keys lie"))
        .subcommand(
            Command::new("generate")
                .about("Make keys where there are none; `join` does it, too")
                .arg(asking::no_passphrase()),
        )
        .subcommand(
            Command::new("rotate")
                .about("Change your keys: the old ones sign the new ones, and are kept")
                .arg(asking::password_file())
                .arg(sure::yes()),
        )
        .subcommand(
            Command::new("export")
                .about("Write your keys into a file, for another machine")
                .arg(file("A file that is not there yet"))
                .arg(asking::no_passphrase()),
        )
        .subcommand(
            Command::new("import")
                .about("Take your keys from such a file into a home without keys")
                .arg(file("The file that `keys export` wrote")),
        )
}

pub(super) async fn keys(program: &Arc<Program>, arguments: &ArgMatches) -> Result<(), Trouble> {
    match arguments.subcommand() {
        Some(("generate", arguments)) => generate(program, arguments),
        Some(("rotate", arguments)) => rotate(program, arguments).await,
        Some(("export", arguments)) => export(program, arguments),
        Some(("import", arguments)) => import(program, arguments),
        _ => show(program),
    }
}

#[derive(Serialize)]
struct Shown {
    #[serde(rename = "type")]
    kind: &'static str,
    fingerprint: String,
    epoch: u32,
    until: u64,
    folder: String,
    passphrase: bool,
    rotating: bool,
}

fn show(program: &Program) -> Result<(), Trouble> {
    let me = program.user()?;
    let OwnKeys { fingerprint, epoch, until, folder, protected } = me.keys()?;
    program.printer.object(&Shown {
        kind: "keys",
        fingerprint: fingerprint.to_string(),
        epoch,
        until: until.0,
        folder: folder.display().to_string(),
        passphrase: protected,
        rotating: me.is_rotating(),
    });
    let mut table = Table::without_heading();
    table.row(["fingerprint", &fingerprint.to_string()]);
    table.row(["passphrase", if protected { "yes" } else { "no" }]);
    let lasts = format!("until {} ({})", utc(until), ago(until, UnixTime::now()));
    table.row(["sealing key", &format!("number {epoch}, {lasts}")]);
    table.row(["folder", &folder.display().to_string()]);
    program.printer.table(table);
    if me.is_rotating() {
        program.printer.note(BEGUN);
    }
    Ok(())
}

fn generate(program: &Program, arguments: &ArgMatches) -> Result<(), Trouble> {
    demand_no_keys(program)?;
    Newcomer::here(program)?.kept(program, Some(arguments))?;
    show(program)
}

fn demand_no_keys(program: &Program) -> Result<(), Failure> {
    if !program.has_keys() {
        return Ok(());
    }
    let what = format!("{}: there are keys already", program.home.path().display());
    let hint = "keys are never replaced; name another home with --home";
    Err(Failure::new(Exit::Conflict, what).hint(hint))
}

/// Finishes a change that was begun; who cannot now goes on as they are.
pub(crate) async fn finish(program: &Arc<Program>) -> Result<User, Trouble> {
    program.printer.note("A change of your keys was begun, and is finished now.");
    if let Err(trouble) = rotate(program, &ArgMatches::default()).await {
        program.printer.failure(&trouble.into());
    }
    program.user()
}

/// Changes the keys, or finishes that.
async fn rotate(program: &Arc<Program>, arguments: &ArgMatches) -> Result<(), Trouble> {
    let (passphrase, keys) = program.open_keys()?;
    let me = match program.opened() {
        Some(me) => me,
        None => program.begin(keys)?,
    };
    if !me.is_rotating() {
        sure::ask(program, arguments, ROTATE)?;
    }
    let password = asking::password(program, arguments)?;
    let (before, was_online) = (me.fingerprint(), me.online().is_some());
    if !me.is_rotating() {
        program.printer.note("Making your new keys, which takes some seconds...");
    }
    let rotated = me.rotate_keys(&password, asking::protection(passphrase.as_ref())).await;
    let (me, rotated) = match rotated {
        Ok(next) => {
            let me = program.keep(next);
            tell_rotated(program, &before, &me);
            (me, Ok(()))
        }
        Err(error) => (me, Err(error)),
    };
    // Trouble with that is told, and changes nothing about the keys. What failed early has ended nothing.
    if was_online && me.online().is_none() {
        serving::be_there(program, &me).await;
    }
    Ok(rotated?)
}

fn tell_rotated(program: &Program, before: &Fingerprint, me: &User) {
    let former = program.home.former_keys(before);
    program.printer.object(&serde_json::json!({
        "type": "rotated",
        "from": before.to_string(),
        "fingerprint": me.fingerprint().to_string(),
        "former": former.display().to_string(),
    }));
    program.printer.result(format!("Your new fingerprint is {}.", me.fingerprint()));
    program.printer.note(format!(
        "Who has compared words with you follows by themselves; to all others say the new fingerprint, \
         for `trust`.\nThe old keys are kept in {}.",
        former.display()
    ));
}

fn export(program: &Program, arguments: &ArgMatches) -> Result<(), Trouble> {
    let file = file(arguments)?;
    let (here, _) = program.open_keys()?;
    let there = match &here {
        Some(_) if arguments.get_flag("no-passphrase") => {
            let what = "your keys have a passphrase, and the file gets the same";
            return Err(failures::usage(what).hint("leave --no-passphrase out").into());
        }
        Some(_) => None,
        None => asking::new_protection(program, Some(arguments))?,
    };
    let there = here.as_ref().or(there.as_ref());
    let (opens, closes) = (asking::protection(here.as_ref()), asking::protection(there));
    let keys = program.home.keys();
    keys.export(file, opens, closes, UnixTime::now()).map_err(not_exported)?;
    let fingerprint = keys.fingerprint().map_err(node::Error::from)?;
    program.printer.object(&serde_json::json!({
        "type": "exported",
        "file": file.display().to_string(),
        "fingerprint": fingerprint.to_string(),
        "passphrase": there.is_some(),
    }));
    program.printer.result(format!("Your keys are in {}.", file.display()));
    program.printer.note(match there {
        Some(_) => "Who has this file and its passphrase can be you.",
        None => "The file has NO passphrase: who can read it can be you.",
    });
    program.printer.note("On the other machine: `keys import FILE`, then `login INVITATION`.");
    Ok(())
}

/// It is the file that is there already, and no keys of a home.
fn not_exported(error: KeyFolderError) -> Trouble {
    let is_there = matches!(error, KeyFolderError::Exists(_));
    let failure = failures::node(&node::Error::from(error));
    match is_there {
        true => failure.hint("name a FILE that is not there yet, or move that one away").into(),
        false => failure.into(),
    }
}

fn import(program: &Program, arguments: &ArgMatches) -> Result<(), Trouble> {
    let file = file(arguments)?;
    demand_no_keys(program)?;
    let carried = CarriedKeys::read(file).map_err(node::Error::from)?;
    let passphrase = match carried.needs_passphrase() {
        true => Some(program.passphrase_of_file()?),
        false => None,
    };
    program.home.make().map_err(node::Error::from)?;
    let protection = asking::protection(passphrase.as_ref());
    let imported = program.home.keys().import(&carried, protection, UnixTime::now());
    let fingerprint = imported.map_err(node::Error::from)?.fingerprint();
    program.printer.object(&serde_json::json!({
        "type": "imported",
        "fingerprint": fingerprint.to_string(),
        "passphrase": passphrase.is_some(),
    }));
    program.printer.result(format!("Your keys are here: {fingerprint}."));
    program.printer.note("`login INVITATION` goes on; people are met anew here.");
    Ok(())
}

fn file(arguments: &ArgMatches) -> Result<&Path, Trouble> {
    let file = arguments.get_one::<PathBuf>("FILE").map(PathBuf::as_path);
    file.ok_or_else(|| failures::usage("name a file").into())
}

const ROTATE: &str = "Change your keys? Whoever has not compared words with you has to type your \
new fingerprint (`trust`) before they share with you again.";
const BEGUN: &str =
    "A change of your keys was begun, and is not finished: `keys rotate` finishes it.";
