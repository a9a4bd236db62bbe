//! Sharing: what others may find and fetch.

use super::several::Several;
use super::{account, may_log_in, shares};
use crate::failures::{self, Trouble};
use crate::program::Program;
use crate::sure;
use crate::visits::files;
use clap::builder::ValueParser;
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use waxwing::model::{Audience, Keyword, Name, Untrusted, UserName};
use waxwing::node::index::Summary;
use waxwing::node::{self, Looked, Preview, SharedFolder, User};
use waxwing::ui::{Exit, Failure, bytes, join_words};

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
                .arg(keyword())
                .arg(
                    to().help("Who may see it: everyone, or names with commas [default: everyone]"),
                )
                .arg(sure::yes()),
        )
        .subcommand(shares::ls_command(Command::new("ls")))
        .subcommand(shares::set_command(Command::new("set")))
        .subcommand(shares::rm_command(Command::new("rm")))
        .subcommand(
            Command::new("scan")
                .about("Look what has changed in your shares, and tell the index")
                .arg(share_name()),
        )
}

pub(super) fn keyword() -> Arg {
    Arg::new("keyword")
        .long("keyword")
        .value_name("K")
        .action(ArgAction::Append)
        .value_parser(ValueParser::from(|text: &str| text.parse::<Keyword>()))
        .help("A word by which all of it is found; may be said several times")
}

pub(super) fn to() -> Arg {
    Arg::new("to").long("to").value_name("NAMES")
}

/// The audience that was named, if one was.
pub(super) fn audience(arguments: &ArgMatches) -> Result<Option<Audience>, Trouble> {
    let named = arguments.get_one::<String>("to").map(|names| names.parse::<Audience>());
    Ok(named.transpose().map_err(node::Error::from)?)
}

pub(super) fn keywords(arguments: &ArgMatches) -> Vec<Keyword> {
    arguments.get_many::<Keyword>("keyword").into_iter().flatten().cloned().collect()
}

pub(super) fn share_name() -> Arg {
    Arg::new("NAME")
        .value_parser(ValueParser::from(|text: &str| Name::new(text)))
        .help("The name of the share, as `share ls` shows it")
}

#[derive(Serialize)]
pub(super) struct Shared {
    #[serde(rename = "type")]
    kind: &'static str,
    name: String,
    path: String,
    to: String,
    keywords: Vec<String>,
    #[serde(flatten)]
    look: Option<Look>,
}

#[derive(Serialize)]
pub(super) struct Look {
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
    pub(super) fn of(kind: &'static str, folder: &SharedFolder, look: Option<Look>) -> Self {
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
        Some(("rm", arguments)) => shares::remove(program, arguments).await,
        Some(("scan", arguments)) => scan(program, arguments).await,
        Some(("set", arguments)) => shares::set(program, arguments).await,
        Some((_, arguments)) => shares::list(program, arguments).await,
        None => Ok(()),
    }
}

async fn add(program: &Program, arguments: &ArgMatches) -> Result<(), Trouble> {
    let (keywords, named) = (keywords(arguments), audience(arguments)?);
    let paths = arguments.get_many::<PathBuf>("PATH").into_iter().flatten();
    let paths: Vec<_> = paths.map(|path| program.at(path)).collect();
    let mut several = Several::new(program, paths.len());
    let paths = match &named {
        None => ask_everyone(program, arguments, paths, &mut several).await?,
        Some(Audience::Everyone) => {
            program.printer.note(EVERYONE);
            paths
        }
        Some(Audience::People(_)) => paths,
    };
    let me = program.user()?.waiting_once();
    for path in &paths {
        let added = add_one(program, &me, path, (keywords.as_slice(), named.as_ref())).await;
        several.came(&shown(program, path), added)?;
    }
    several.end("were not shared")
}

/// A path as one would type it.
fn shown(program: &Program, path: &Path) -> String {
    Untrusted::new(&program.shortened(path).display().to_string()).to_string()
}

/// Nobody was named: it is shown what everyone would see, and asked. Gives the paths of which it was shown.
async fn ask_everyone(
    program: &Program,
    arguments: &ArgMatches,
    paths: Vec<PathBuf>,
    several: &mut Several<'_>,
) -> Result<Vec<PathBuf>, Trouble> {
    let Some(ask) = sure::whom(program, arguments) else {
        program.printer.note(EVERYONE);
        return Ok(paths);
    };
    let (me, mut seen) = (program.user()?, Vec::new());
    for path in paths {
        let shown = shown(program, &path);
        match me.preview(&path).await {
            Ok(preview) => {
                program.printer.note(format!("{shown}: {}", in_words(&preview)));
                seen.push(path);
            }
            Err(error) => several.came(&shown, Err(error.into()))?,
        }
    }
    if seen.is_empty() || ask.yes(&format!("{EVERYONE}\nShare it with everyone?"), true)? {
        return Ok(seen);
    }
    Err(Failure::new(Exit::NothingToDo, "nothing is shared")
        .hint("--to NAMES shares it with these people alone")
        .into())
}

/// How many files there are, and the first of them.
fn in_words(preview: &Preview) -> String {
    let first: Vec<_> = preview.first.iter().map(ToString::to_string).collect();
    let more = match preview.files.saturating_sub(first.len()) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}, {}: {}{more}", files(preview.files), bytes(preview.bytes), first.join(", "))
}

async fn add_one(
    program: &Program,
    me: &User,
    path: &Path,
    (keywords, named): (&[Keyword], Option<&Audience>),
) -> Result<(), Trouble> {
    let audience = named.cloned().unwrap_or(Audience::Everyone);
    let added = match me.add_share(path, keywords, audience) {
        Err(error @ node::Error::SharedAlready(_)) => {
            return Err(shared_otherwise(me, error, keywords, named));
        }
        added => added?,
    };
    let Some(looked) = look(program, me, &added).await? else { return Ok(()) };
    if let Err(error @ node::Error::NobodyInAudience(_)) = &looked.published {
        // A name was misspelled: nothing is to stay behind as if it were shared.
        let failure = nobody(me, error, &added.share.audience, "nothing is shared").await;
        me.remove_share(&added.share.name).await?;
        return Err(failure.into());
    }
    tell_looked(program, looked)
}

/// What is shared already is not changed by sharing it again: whoever wanted it to be otherwise is told how.
fn shared_otherwise(
    me: &User,
    error: node::Error,
    keywords: &[Keyword],
    named: Option<&Audience>,
) -> Trouble {
    let node::Error::SharedAlready(name) = &error else { return error.into() };
    let shares = me.shares().unwrap_or_default();
    let Some(there) = shares.into_iter().find(|it| it.share.name == *name) else {
        return error.into();
    };
    let mut otherwise = Vec::new();
    if let Some(named) = named.filter(|named| **named != there.share.audience) {
        otherwise.extend(["--to".to_owned(), named.to_string().replace(", ", ",")]);
    }
    if has_others(&there, keywords) {
        let each = |word: &Keyword| ["--keyword".to_owned(), word.as_str().to_owned()];
        otherwise.extend(keywords.iter().flat_map(each));
    }
    if otherwise.is_empty() {
        return error.into();
    }
    let set = ["share".to_owned(), "set".to_owned(), name.as_str().to_owned()];
    let set = join_words(&[&set[..], &otherwise].concat());
    let what = format!("{error}, with {}, and stays so", there.share.audience);
    Failure::new(Exit::Conflict, what).hint(format!("to change that: `{set}`")).into()
}

/// Whether keywords were given, and are others than those of the share. Its name is one of them in any case.
fn has_others(there: &SharedFolder, keywords: &[Keyword]) -> bool {
    let own = Keyword::as_spelled(there.share.name.as_str()).ok();
    let wanted: BTreeSet<_> = keywords.iter().chain(&own).collect();
    !keywords.is_empty() && wanted != there.share.keywords.iter().collect()
}

/// Looks at a share; where that takes long, it goes on beside everything else, if this program stays.
/// Whose session is over logs in, and it is published then: what was asked before is not asked again.
pub(super) async fn look(
    program: &Program,
    me: &User,
    folder: &SharedFolder,
) -> Result<Option<Looked>, Trouble> {
    match look_once(program, me, folder).await? {
        Some(Looked { published: Err(error), .. }) if may_log_in(program, &error) => {
            account::log_in_again(program, error).await?;
            look_once(program, me, folder).await
        }
        looked => Ok(looked),
    }
}

async fn look_once(
    program: &Program,
    me: &User,
    folder: &SharedFolder,
) -> Result<Option<Looked>, Trouble> {
    let mut looking = me.begin_look(folder);
    if looking.goes_on().await {
        let there = match looking.is_published() {
            true => "what was read until now is shared already",
            false => "the index has taken nothing of it yet",
        };
        match me.hand_over(looking) {
            None => {
                let name = &folder.share.name;
                program.printer.note(format!(
                    "{name} is being read; {there}, and you are told when all of it is."
                ));
                return Ok(None);
            }
            Some(it) => looking = it,
        }
    }
    Ok(Some(looking.end().await?))
}

/// Says who of an audience is not there, and what has become of it.
pub(super) async fn nobody(
    me: &User,
    error: &node::Error,
    audience: &Audience,
    therefore: &str,
) -> Failure {
    let mut failure = failures::node(error);
    if let Some(missing) = missing(me, audience).await {
        failure.what = format!("nobody on the index is called {missing}");
    }
    failure.hint(format!("`people` shows who is there; {therefore}"))
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
    program.settle();
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
    program.printer.result(match published.as_ref().map(changes) {
        Ok(changes) => format!("{name}: {files}, {size}, shared with {to}{changes}."),
        Err(_) => format!(
            "{name}: {files}, {size}, kept on your list for {to}; the index has not taken it."
        ),
    });
    if preview.passed_over.all() > 0 {
        program.printer.note(format!("    passed over: {}", preview.passed_over));
    }
    for waxwing::peer::LeftOut { path, why } in &preview.left_out {
        program.printer.note(format!("    not shared: {path}: {why}"));
    }
    published.map(|_| ()).map_err(unpublished)
}

/// Why the index has not taken it, and how it is told again if nothing but its being away was in the way.
fn unpublished(error: node::Error) -> Trouble {
    if !matches!(&error, node::Error::Index(it) if it.is_away()) {
        return error.into();
    }
    let Failure { exit, what, hint } = failures::node(&error);
    let end = |hint: &str| if hint.ends_with('?') { " " } else { ". " };
    let hint = hint.map(|hint| format!("{hint}{}", end(&hint))).unwrap_or_default();
    Failure { exit, what, hint: Some(hint + TOLD_LATER) }.into()
}

fn changes(summary: &Summary) -> String {
    let parts = [(summary.added, "new"), (summary.changed, "changed"), (summary.removed, "gone")];
    let parts = parts.iter().filter(|(number, _)| *number > 0);
    let parts: Vec<_> = parts.map(|(number, what)| format!("{number} {what}")).collect();
    if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) }
}

async fn scan(program: &Program, arguments: &ArgMatches) -> Result<(), Trouble> {
    let me = program.user()?.waiting_once();
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
    let mut several = Several::new(program, wanted.len());
    for folder in wanted {
        let looked = look_and_tell(program, &me, folder).await;
        several.came(&folder.share.name.to_string(), looked)?;
    }
    several.end("shares are not as they should be")
}

/// Looks at a share, and says what is shared of it now.
pub(super) async fn look_and_tell(
    program: &Program,
    me: &User,
    folder: &SharedFolder,
) -> Result<(), Trouble> {
    match look(program, me, folder).await? {
        Some(looked) => tell_looked(program, looked),
        None => Ok(()),
    }
}

/// What becomes of a share that the index could not be told of.
const TOLD_LATER: &str = "As long as a prompt or `serve` is open here, it is told when it is back; else \
    `share scan` tells it";
/// What the word says of which most is published.
pub(crate) const EVERYONE: &str = "Everyone is whoever the index admits, now or later.";
