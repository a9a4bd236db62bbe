//! Shares that there are: listing them and what is in them, changing them, and taking them back.

use super::account::when;
use super::sharing::{self, EVERYONE, Shared};
use crate::failures::{self, Trouble};
use crate::program::Program;
use crate::sure;
use crate::visits::files;
use clap::builder::ValueParser;
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde::Serialize;
use waxwing::model::{Audience, EntryPath, Name};
use waxwing::node::{self, SharedFolder, User};
use waxwing::peer::Scanned;
use waxwing::ui::{Exit, Failure, Table, bytes};

pub(super) fn ls_command(command: Command) -> Command {
    let folder = ValueParser::from(|text: &str| EntryPath::parse(text.trim_end_matches('/')));
    command.about("List what you share, or the files of one share").arg(sharing::share_name()).arg(
        Arg::new("FOLDER").value_parser(folder).help("Only what lies in this folder of the share"),
    )
}

pub(super) fn set_command(command: Command) -> Command {
    command
        .about("Change the keywords of a share, or who may see it")
        .arg(sharing::share_name().required(true))
        .arg(sharing::keyword().help("These are its keywords from now on, and its name"))
        .arg(
            Arg::new("no-keywords")
                .long("no-keywords")
                .action(ArgAction::SetTrue)
                .conflicts_with("keyword")
                .help("It has no keyword but its name"),
        )
        .arg(sharing::to().help("Who may see it from now on: everyone, or names with commas"))
        .arg(sure::yes())
}

pub(super) fn rm_command(command: Command) -> Command {
    command
        .about("Stop sharing something")
        .arg(sharing::share_name().required(true))
        .arg(sure::yes())
}

/// A share in the list of all, as it was when it was last looked at.
#[derive(Serialize)]
struct Listed {
    #[serde(flatten)]
    share: Shared,
    files: u64,
    bytes: u64,
    left_out: u64,
    passed_over: u64,
}

pub(super) async fn list(program: &Program, arguments: &ArgMatches) -> Result<(), Trouble> {
    if let Some(name) = arguments.get_one::<Name>("NAME") {
        return list_files(program, name, arguments.get_one::<EntryPath>("FOLDER")).await;
    }
    let me = program.user()?;
    let shares = me.shares()?;
    let mut table = Table::new(&["name", "files", "size", "with", "keywords", "path"]);
    for folder in &shares {
        let look = me.figures(folder).unwrap_or_default();
        program.printer.object(&Listed {
            share: Shared::of("share", folder, None),
            files: look.files,
            bytes: look.bytes,
            left_out: look.left_out,
            passed_over: look.passed_over,
        });
        let keywords: Vec<_> = folder.share.keywords.iter().map(|word| word.as_str()).collect();
        table.row([
            folder.share.name.as_str(),
            &look.files.to_string(),
            &bytes(look.bytes),
            &folder.share.audience.to_string(),
            &keywords.join(", "),
            &program.shortened(&folder.path).display().to_string(),
        ]);
    }
    if shares.is_empty() {
        program.printer.note("You share nothing. `share add PATH` begins.");
        return Ok(());
    }
    program.printer.table(table);
    for folder in &shares {
        let look = me.figures(folder).unwrap_or_default();
        let name = &folder.share.name;
        if look.passed_over + look.left_out > 0 {
            let numbers = format!("{} passed over, {} left out", look.passed_over, look.left_out);
            program
                .printer
                .note(format!("{name}: {numbers}; `share scan {name}` says what and why."));
        }
    }
    Ok(())
}

#[derive(Serialize)]
struct File<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    share: &'a str,
    path: &'a str,
    size: u64,
    keywords: &'a [&'a str],
    modified: u64,
}

async fn list_files(
    program: &Program,
    name: &Name,
    below: Option<&EntryPath>,
) -> Result<(), Trouble> {
    let me = program.user()?;
    let folder = named(&me, name)?;
    let scan = me.scan_share(&folder).await?;
    let is_below = |file: &&Scanned| below.is_none_or(|below| file.path.is_within(below));
    let mut table = Table::new(&["file", "size", "keywords", "modified"]).names_in(0);
    let mut shown = 0_usize;
    for file in scan.files.iter().filter(is_below) {
        let (keywords, path) = (folder.share.keywords.with_folders(&file.path), &file.path);
        let modified = file.modified.to_unix();
        program.printer.object(&File {
            kind: "shared file",
            share: name.as_str(),
            path: path.as_str(),
            size: file.size,
            keywords: &keywords,
            modified: modified.0,
        });
        let file = [path.to_string(), bytes(file.size), keywords.join(", "), when(Some(modified))];
        table.row(file);
        shown = shown.saturating_add(1);
    }
    if shown == 0 {
        let place = below.map_or(String::new(), |below| format!("/{below}"));
        let what = format!("there is nothing to be shared in {name}{place}");
        return Err(Failure::new(Exit::NotFound, what).into());
    }
    program.printer.table(table);
    Ok(())
}

fn named(me: &User, name: &Name) -> Result<SharedFolder, Trouble> {
    let found = me.shares()?.into_iter().find(|folder| folder.share.name == *name);
    found.ok_or_else(|| node::Error::NoShare(name.clone()).into())
}

pub(super) async fn set(program: &Program, arguments: &ArgMatches) -> Result<(), Trouble> {
    let Some(name) = arguments.get_one::<Name>("NAME") else { return Ok(()) };
    let (given, audience) = (sharing::keywords(arguments), sharing::audience(arguments)?);
    let changes = !given.is_empty() || arguments.get_flag("no-keywords");
    if !changes && audience.is_none() {
        let what = failures::usage(format!("what is to be another of {name}?"));
        return Err(what.hint("--keyword K, --no-keywords or --to NAMES").into());
    }
    let me = program.user()?;
    let before = named(&me, name)?.share;
    if audience == Some(Audience::Everyone) && before.audience != Audience::Everyone {
        let question = format!("Share {name} with everyone, not only with {}?", before.audience);
        match sure::whom(program, arguments) {
            Some(_) => sure::ask(program, arguments, &format!("{EVERYONE}\n{question}"))?,
            None => program.printer.note(EVERYONE),
        }
    }
    let keywords = changes.then_some(given.as_slice());
    let changed = match me.change_share(name, keywords, audience).await {
        Err(error @ node::Error::NobodyInAudience(_)) => {
            let keywords: Vec<_> = before.keywords.iter().cloned().collect();
            let wanted = named(&me, name)?.share.audience;
            let back = me.change_share(name, Some(&keywords), Some(before.audience)).await?;
            sharing::look(program, &me, &back).await?;
            return Err(sharing::nobody(&me, &error, &wanted, "all is left as it was")
                .await
                .into());
        }
        changed => changed?,
    };
    sharing::look_and_tell(program, &me, &changed).await
}

pub(super) async fn remove(program: &Program, arguments: &ArgMatches) -> Result<(), Trouble> {
    let Some(name) = arguments.get_one::<Name>("NAME") else { return Ok(()) };
    let me = program.user()?;
    if let Ok(folder) = named(&me, name) {
        let look = me.figures(&folder).unwrap_or_default();
        let files = files(usize::try_from(look.files).unwrap_or(usize::MAX));
        let (size, to) = (bytes(look.bytes), &folder.share.audience);
        let what = format!("{name} ({files}, {size}) is shared with {to}.");
        let question = format!("{what} Stop sharing it? The files stay where they are.");
        sure::ask(program, arguments, &question)?;
    }
    me.remove_share(name).await?;
    program.printer.object(&serde_json::json!({ "type": "removed", "name": name.as_str() }));
    program
        .printer
        .result(format!("{name} is not shared any more. The files are where they were."));
    Ok(())
}
