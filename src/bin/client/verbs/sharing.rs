//! Sharing: what others may find and fetch, and being there for them.

use super::people::named_people;
use crate::failures::{self, Trouble};
use crate::got_shared;
use crate::program::Program;
use crate::visits::{self, files};
use clap::builder::ValueParser;
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde::Serialize;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use waxwing::model::{Audience, Keyword, Name, UserName};
use waxwing::node::index::Summary;
use waxwing::node::{self, Looked, Looking, Online, SharedFolder, User, Watched};
use waxwing::ui::{Exit, Failure, Loudness, Table, bytes};

pub(super) fn share_command(command: Command) -> Command {
    command
        .about("Share a file or folder, list what you share, or stop sharing it")
        .subcommand_required(true)
        .subcommand(
            Command::new("add")
                .about("Share a file or folder")
                .arg(
                    Arg::new("PATH")
                        .required(true)
                        .num_args(1..)
                        .value_parser(clap::value_parser!(PathBuf))
                        .help("The file or folder; of several, each is a share of its own"),
                )
                .arg(
                    Arg::new("keyword")
                        .long("keyword")
                        .value_name("K")
                        .action(ArgAction::Append)
                        .value_parser(ValueParser::from(|text: &str| text.parse::<Keyword>()))
                        .help("A word by which all of it is found; may be said several times"),
                )
                .arg(
                    Arg::new("to")
                        .long("to")
                        .value_name("NAMES")
                        .help("Who may see it: everyone, or names with commas [default: everyone]"),
                ),
        )
        .subcommand(Command::new("ls").about("List what you share"))
        .subcommand(
            Command::new("rm").about("Stop sharing something").arg(share_name().required(true)),
        )
        .subcommand(
            Command::new("scan")
                .about("Look what has changed in your shares, and tell the index")
                .arg(share_name()),
        )
}

pub(super) fn serve_command(command: Command) -> Command {
    command.about("Be online and share until you are stopped, without a prompt")
}

fn share_name() -> Arg {
    Arg::new("NAME")
        .value_parser(ValueParser::from(|text: &str| Name::new(text)))
        .help("The name of the share, as `share ls` shows it")
}

#[derive(Serialize)]
struct Shared {
    #[serde(rename = "type")]
    kind: &'static str,
    name: String,
    path: String,
    to: String,
    keywords: Vec<String>,
    #[serde(flatten)]
    look: Option<Look>,
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

#[derive(Serialize)]
struct Look {
    files: usize,
    bytes: u64,
    left_out: Vec<LeftOut>,
    passed_over: PassedOver,
    published: bool,
}

#[derive(Serialize)]
struct PassedOver {
    hidden: u64,
    junk: u64,
    ignored: u64,
}

#[derive(Serialize)]
struct LeftOut {
    path: String,
    why: String,
}

impl Shared {
    fn of(kind: &'static str, folder: &SharedFolder, look: Option<Look>) -> Self {
        let share = &folder.share;
        Self {
            kind,
            name: share.name.as_str().to_owned(),
            path: folder.path.display().to_string(),
            to: share.audience.to_string(),
            keywords: share.keywords.iter().map(|word| word.as_str().to_owned()).collect(),
            look,
        }
    }
}

pub(super) async fn share(program: &Program, arguments: &ArgMatches) -> Result<(), Trouble> {
    match arguments.subcommand() {
        Some(("add", arguments)) => add(program, arguments).await,
        Some(("rm", arguments)) => remove(program, arguments).await,
        Some(("scan", arguments)) => scan(program, arguments).await,
        _ => list(program),
    }
}

async fn add(program: &Program, arguments: &ArgMatches) -> Result<(), Trouble> {
    let keywords = arguments.get_many::<Keyword>("keyword").into_iter().flatten();
    let keywords: Vec<_> = keywords.cloned().collect();
    let audience = match arguments.get_one::<String>("to").map(String::as_str) {
        None | Some("everyone") => Audience::Everyone,
        Some(names) => Audience::people(named_people(names)?).map_err(node::Error::from)?,
    };
    for path in arguments.get_many::<PathBuf>("PATH").into_iter().flatten() {
        add_one(program, &program.at(path), &keywords, audience.clone()).await?;
    }
    Ok(())
}

async fn add_one(
    program: &Program,
    path: &Path,
    keywords: &[Keyword],
    audience: Audience,
) -> Result<(), Trouble> {
    let me = program.user()?;
    let added = me.add_share(path, keywords, audience)?;
    let Some(looked) = look(program, &me, &added).await? else { return Ok(()) };
    if let Err(error @ node::Error::NobodyInAudience(_)) = &looked.published {
        // A name was misspelled: nothing is to stay behind as if it were shared.
        let mut failure = failures::node(error);
        if let Some(missing) = missing(&me, &added.share.audience).await {
            failure.what = format!("nobody on the index is called {missing}");
        }
        me.remove_share(&added.share.name).await?;
        return Err(failure.hint("`people` shows who is there; nothing is shared").into());
    }
    tell_looked(program, looked)
}

/// Looks at a share; where that takes long, it goes on beside everything else, if this program stays.
async fn look(
    program: &Program,
    me: &User,
    folder: &SharedFolder,
) -> Result<Option<Looked>, Trouble> {
    let mut looking = me.begin_look(folder);
    if looking.goes_on().await {
        match me.hand_over(looking) {
            None => {
                let name = &folder.share.name;
                let what = "is being read; what was read until now is shared already";
                program.printer.note(format!("{name} {what}, and you are told when all of it is."));
                return Ok(None);
            }
            Some(it) => looking = it,
        }
    }
    Ok(Some(looking.end().await?))
}

/// Those of an audience who are not on the index.
async fn missing(me: &User, audience: &Audience) -> Option<String> {
    let people = me.people().await.ok()?.value;
    let is_there = |name: &UserName| people.iter().any(|it| it.person.user == *name);
    let missing: Vec<_> =
        audience.named().filter(|name| !is_there(name)).map(UserName::to_string).collect();
    (!missing.is_empty()).then(|| missing.join(" or "))
}

/// Says what is shared now, and what is not and why.
pub(crate) fn tell_looked(program: &Program, looked: Looked) -> Result<(), Trouble> {
    let Looked { folder, preview, published } = looked;
    let left_out = |it: &waxwing::peer::LeftOut| LeftOut {
        path: it.path.to_string(),
        why: it.why.to_string(),
    };
    let look = Look {
        files: preview.files,
        bytes: preview.bytes,
        left_out: preview.left_out.iter().map(left_out).collect(),
        passed_over: PassedOver {
            hidden: preview.passed_over.hidden,
            junk: preview.passed_over.junk,
            ignored: preview.passed_over.ignored,
        },
        published: published.is_ok(),
    };
    program.printer.object(&Shared::of("shared", &folder, Some(look)));
    let (name, to) = (&folder.share.name, &folder.share.audience);
    let (files, size) = (files(preview.files), bytes(preview.bytes));
    let changes = published.as_ref().map(changes).unwrap_or_default();
    program.printer.result(format!("{name}: {files}, {size}, shared with {to}{changes}."));
    if preview.passed_over.all() > 0 {
        program.printer.note(format!("    passed over: {}", preview.passed_over));
    }
    for waxwing::peer::LeftOut { path, why } in &preview.left_out {
        program.printer.note(format!("    not shared: {path}: {why}"));
    }
    Ok(published.map(|_| ())?)
}

fn changes(summary: &Summary) -> String {
    let parts = [(summary.added, "new"), (summary.changed, "changed"), (summary.removed, "gone")];
    let parts = parts.iter().filter(|(number, _)| *number > 0);
    let parts: Vec<_> = parts.map(|(number, what)| format!("{number} {what}")).collect();
    if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) }
}

fn list(program: &Program) -> Result<(), Trouble> {
    let me = program.user()?;
    let shares = me.shares()?;
    let mut table = Table::new(&["name", "with", "keywords", "path"]);
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
            &folder.share.audience.to_string(),
            &keywords.join(" "),
            &folder.path.display().to_string(),
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

async fn remove(program: &Program, arguments: &ArgMatches) -> Result<(), Trouble> {
    let Some(name) = arguments.get_one::<Name>("NAME") else { return Ok(()) };
    program.user()?.remove_share(name).await?;
    program.printer.object(&serde_json::json!({ "type": "removed", "name": name.as_str() }));
    program
        .printer
        .result(format!("{name} is not shared any more. The files are where they were."));
    Ok(())
}

async fn scan(program: &Program, arguments: &ArgMatches) -> Result<(), Trouble> {
    let me = program.user()?;
    let shares = me.shares()?;
    let named = arguments.get_one::<Name>("NAME");
    let wanted = shares.iter().filter(|it| named.is_none_or(|name| it.share.name == *name));
    let wanted: Vec<_> = wanted.collect();
    match (wanted.is_empty(), named) {
        (true, Some(name)) => return Err(node::Error::NoShare(name.clone()).into()),
        (true, None) => {
            return Err(Failure::new(Exit::NothingToDo, "you share nothing")
                .hint("`share add PATH` begins")
                .into());
        }
        _ => {}
    }
    for folder in wanted {
        if let Some(looked) = look(program, &me, folder).await? {
            tell_looked(program, looked)?;
        }
    }
    Ok(())
}

#[derive(Serialize)]
struct BeingOnline {
    #[serde(rename = "type")]
    kind: &'static str,
    user: String,
    port: u16,
    address: Option<String>,
    fingerprint: String,
    shares: usize,
}

pub(super) async fn serve(program: &Arc<Program>, _: &ArgMatches) -> Result<(), Trouble> {
    let me = program.user()?;
    got_shared::see_to(program, &me).await;
    // What is told of reading files comes after the first line.
    program.mute_progress(true);
    let looks = begin_looks(&me).await;
    let told = go_online(program, &me, false).await;
    program.mute_progress(false);
    told?;
    watch(program, &me, looks.into_iter().map(|(look, _)| (look, true)).collect());
    if !program.json {
        program.printer.note("Ctrl-C stops.");
    }
    // Until whoever carries out verbs is told to stop.
    std::future::pending().await
}

/// Looks at all shares, until what can be read in a moment is served. Gives of each whether there is
/// more.
async fn begin_looks(me: &User) -> Vec<(Looking, bool)> {
    let mut looks = Vec::new();
    for folder in me.shares().unwrap_or_default() {
        let mut look = me.begin_look(&folder);
        let goes_on = look.goes_on().await;
        looks.push((look, goes_on));
    }
    looks
}

/// Looks at all shares and is there for others from now on. What of it cannot be is told, and what
/// comes later.
pub(crate) async fn be_there(program: &Arc<Program>, me: &User) {
    got_shared::see_to(program, me).await;
    let looks = begin_looks(me).await;
    if let Err(trouble) = go_online(program, me, true).await {
        program.printer.failure(&trouble.into());
    }
    watch(program, me, looks);
}

/// Keeps what is shared as it is on the disk from now on, and tells what comes of it: of the looks
/// that are under way if that is said.
fn watch(program: &Arc<Program>, me: &User, looks: Vec<(Looking, bool)>) {
    let mut first: HashMap<_, _> =
        looks.iter().map(|(look, is_told)| (look.share().share.id, *is_told)).collect();
    let looks = looks.into_iter().map(|(look, _)| look).collect();
    let (mut told, program) = (me.watch_shares(looks), Arc::downgrade(program));
    tokio::spawn(async move {
        while let (Some(watched), Some(program)) = (told.recv().await, program.upgrade()) {
            let printer = &program.printer;
            match watched {
                Watched::Looked(looked) => {
                    let is_told = first.remove(&looked.folder.share.id);
                    let is_told = is_told.unwrap_or_else(|| is_news(&looked));
                    if (is_told || is_refused(&looked))
                        && let Err(trouble) = tell_looked(&program, looked)
                    {
                        printer.failure(&trouble.into());
                    }
                }
                Watched::Failed { why, .. } => printer.failure(&failures::node(&why)),
                Watched::Unwatched { share, why } => printer.note(format!(
                    "{share} is looked at only now and then: changes in it are not told ({why})."
                )),
            }
        }
    });
}

/// Whether a look that nobody asked for has found something.
fn is_news(looked: &Looked) -> bool {
    let changes = looked.published.as_ref().map(|it| it.added + it.changed + it.removed);
    changes.is_ok_and(|changes| changes > 0)
}

/// Whether nothing is published of it, though the index is there: that it is away is told elsewhere.
fn is_refused(looked: &Looked) -> bool {
    let is_away = |error: &node::Error| matches!(error, node::Error::Index(it) if it.is_away());
    looked.published.as_ref().is_err_and(|error| !is_away(error))
}

/// Is there for others from now on, and says so.
pub(crate) async fn go_online(
    program: &Arc<Program>,
    me: &User,
    may_ask: bool,
) -> Result<(), Trouble> {
    visits::watch(program, me);
    let Online { port, address, is_local } = me.go_online(may_ask).await?;
    #[cfg(unix)]
    crate::errands::open(program);
    let address = address.map(|at| at.socket_addr().to_string());
    program.printer.object(&BeingOnline {
        kind: "online",
        user: me.name()?.map(|name| name.to_string()).unwrap_or_default(),
        port,
        address: address.clone(),
        fingerprint: me.fingerprint().to_string(),
        shares: me.shares()?.len(),
    });
    if program.printer.loudness() != Loudness::Verbose {
        visits::watch_index(&program.printer, me);
    }
    let at = match (address, is_local) {
        (Some(at), _) => format!(", at {at}"),
        (None, true) => format!(", on port {port}, for programs on this machine"),
        (None, false) => format!(", on port {port}"),
    };
    program.printer.result(format!("you are online{at}"));
    Ok(())
}
