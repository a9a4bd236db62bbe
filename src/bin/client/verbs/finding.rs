//! Finding files that others share.

use super::people::{key, places, user};
use super::tell_age;
use crate::failures::{self, Trouble};
use crate::program::Program;
use clap::builder::ValueParser;
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde::Serialize;
use std::str::FromStr;
use waxwing::crypto::UnixTime;
use waxwing::model::{FileKind, Name, Untrusted, UserName};
use waxwing::node::Results;
use waxwing::node::User;
use waxwing::node::index::{Found, Query, Seen, Source};
use waxwing::ui::{Exit, Failure, Loudness, Table, bytes};

pub(super) fn search_command(command: Command) -> Command {
    let number = || clap::value_parser!(u64);
    let sized = |flag: &'static str, help: &'static str| {
        Arg::new(flag).long(flag).value_name("BYTES").value_parser(number()).help(help)
    };
    command
        .about("Find files by their names and keywords; `get NUMBER` fetches one")
        .arg(
            Arg::new("WORDS")
                .num_args(0..)
                .help("One to ten words, all of which a file has; koal* finds koala"),
        )
        .arg(user("owner").long("owner").value_name("USER").help("Only what this person shares"))
        .arg(switch("online", "Only of people who are online"))
        .arg(
            Arg::new("kind")
                .long("kind")
                .value_name("KIND")
                .value_parser(ValueParser::from(|text: &str| FileKind::from_str(text)))
                .help("Only image, video, audio, document, archive, code, program or other"),
        )
        .arg(sized("min-size", "At least so many bytes"))
        .arg(sized("max-size", "At most so many bytes"))
        .arg(
            Arg::new("limit")
                .long("limit")
                .value_name("N")
                .value_parser(clap::value_parser!(u16).range(1..=1000))
                .help("At most so many results [default: 20]"),
        )
        .arg(switch("more", "The next results of the last search at this prompt"))
}

pub(super) fn browse_command(command: Command) -> Command {
    command
        .about("List what somebody shares with you")
        .arg(Arg::new("USER").required(true).help("USER, or USER:SHARE"))
        .arg(
            Arg::new("limit")
                .long("limit")
                .value_name("N")
                .value_parser(clap::value_parser!(u32).range(1..=100_000))
                .help("At most so many files [default: 1000]"),
        )
}

fn switch(flag: &'static str, help: &'static str) -> Arg {
    Arg::new(flag).long(flag).action(ArgAction::SetTrue).help(help)
}

#[derive(Serialize)]
struct Place {
    object: String,
    owner: String,
    fingerprint: String,
    key: &'static str,
    online: bool,
    addresses: Vec<String>,
    share: String,
    path: String,
    keywords: Vec<String>,
    modified: u64,
}

impl Place {
    fn of(me: &User, source: &Source) -> Result<Self, Trouble> {
        let (owner, share, entry) = (&source.owner, &source.share, &source.entry);
        Ok(Self {
            object: format!("{}:{}/{}", owner.user, share.name.as_str(), entry.path().as_str()),
            owner: owner.user.to_string(),
            fingerprint: owner.identity.to_string(),
            key: key(me.standing(owner)?),
            online: owner.online,
            addresses: owner.addresses.iter().map(|at| at.socket_addr().to_string()).collect(),
            share: share.name.as_str().to_owned(),
            path: entry.path().as_str().to_owned(),
            keywords: share.keywords.iter().map(|word| word.as_str().to_owned()).collect(),
            modified: entry.modified().as_nanos() / 1_000_000_000,
        })
    }
}

#[derive(Serialize)]
struct File {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<usize>,
    size: u64,
    content: Option<String>,
    sources: Vec<Place>,
    others: u32,
}

impl File {
    fn of(me: &User, number: Option<usize>, found: &Found) -> Result<Self, Trouble> {
        let entry = found.sources.first().map(|source| &source.entry);
        Ok(Self {
            kind: if number.is_some() { "result" } else { "file" },
            number,
            size: entry.map_or(0, |entry| entry.size()),
            content: entry.and_then(|entry| entry.content()).map(|id| id.to_string()),
            sources: found.sources.iter().map(|it| Place::of(me, it)).collect::<Result<_, _>>()?,
            others: found.others,
        })
    }
}

pub(super) async fn search(program: &Program, arguments: &ArgMatches) -> Result<(), Trouble> {
    let me = program.user()?;
    let results = if arguments.get_flag("more") {
        me.more().await?
    } else {
        let Seen { value, age } = me.search(&query(arguments)?).await?;
        tell_age(&program.printer, age);
        value
    };
    show(program, &me, &results)
}

fn query(arguments: &ArgMatches) -> Result<Query, Trouble> {
    let words = arguments.get_many::<String>("WORDS").into_iter().flatten();
    let words: Vec<_> = words.map(String::as_str).collect();
    let number = |flag: &str| arguments.get_one::<u64>(flag).copied();
    let query = Query {
        text: words.join(" "),
        owner: arguments.get_one::<UserName>("owner").cloned(),
        kind: arguments.get_one::<FileKind>("kind").copied(),
        smallest: number("min-size"),
        largest: number("max-size"),
        online: arguments.get_flag("online"),
        most: arguments.get_one::<u16>("limit").map_or(RESULTS, |limit| usize::from(*limit)),
    };
    if words.is_empty() && query.owner.is_none() && query.kind.is_none() {
        return Err(failures::usage("search for what?").hint("such as: search koala tree*").into());
    }
    Ok(query)
}

fn show(program: &Program, me: &User, results: &Results) -> Result<(), Trouble> {
    let printer = &program.printer;
    let verbose = printer.loudness() == Loudness::Verbose;
    let mut columns = vec!["#", "file", "size", "keywords", "online", "key"];
    columns.extend(verbose.then_some(["where", "fingerprint"]).into_iter().flatten());
    let mut table = Table::new(&columns).names_in(1);
    for (number, found) in &results.found {
        printer.object(&File::of(me, Some(*number), found)?);
        let Some(best) = found.sources.first() else { continue };
        program.learn_names([best.owner.user.to_string()]);
        table.row(row(me, *number, found, best, verbose)?);
    }
    if results.found.is_empty() {
        return Err(nothing(results).into());
    }
    printer.table(table);
    if results.more {
        printer.note(
            "There are more: --limit shows more at once, `search --more` the next at the prompt.",
        );
    }
    Ok(())
}

fn row(
    me: &User,
    number: usize,
    found: &Found,
    best: &Source,
    verbose: bool,
) -> Result<Vec<String>, Trouble> {
    let Source { owner, share, entry } = best;
    let more = found.sources.len().saturating_sub(1);
    let more = u32::try_from(more).unwrap_or(u32::MAX).saturating_add(found.others);
    let others = if more > 0 { format!(" (and {more} more)") } else { String::new() };
    let keywords: Vec<_> = share.keywords.iter().map(|word| word.as_str()).collect();
    let object = format!("{}:{}/{}", owner.user, share.name.as_str(), entry.path().as_str());
    let mut cells = vec![
        number.to_string(),
        object + &others,
        bytes(entry.size()),
        keywords.join(" "),
        if owner.online { "yes" } else { "no" }.to_owned(),
        key(me.standing(owner)?).to_owned(),
    ];
    if verbose {
        cells.extend([places(&owner.addresses), owner.identity.to_string()]);
    }
    Ok(cells)
}

fn nothing(results: &Results) -> Failure {
    let words: Vec<_> = results.nothing.iter().map(ToString::to_string).collect();
    let what = match words.len() {
        0 => "nothing was found that has all of this".to_owned(),
        _ => format!("nothing was found: there is nothing for {}", words.join(", ")),
    };
    Failure::new(Exit::NotFound, what)
        .hint("fewer words find more, and a* finds all that begins so")
}

pub(super) async fn browse(program: &Program, arguments: &ArgMatches) -> Result<(), Trouble> {
    let me = program.user()?;
    let text = arguments.get_one::<String>("USER").map(String::as_str).unwrap_or_default();
    let (user, share) = who_and_what(text)?;
    let most = arguments.get_one::<u32>("limit").copied().unwrap_or(FILES);
    let listing = me.browse(&user, share.as_ref(), usize::try_from(most).unwrap_or(1000)).await?;
    program.learn_names([user.to_string()]);
    let mut table = Table::new(&["file", "size", "keywords", "modified"]).names_in(0);
    for source in &listing.entries {
        let found = Found { sources: vec![source.clone()], others: 0 };
        program.printer.object(&File::of(&me, None, &found)?);
        let keywords: Vec<_> = source.share.keywords.iter().map(|word| word.as_str()).collect();
        let modified = UnixTime(source.entry.modified().as_nanos() / 1_000_000_000);
        table.row([
            format!("{user}:{}/{}", source.share.name.as_str(), source.entry.path().as_str()),
            bytes(source.entry.size()),
            keywords.join(" "),
            super::account::when(Some(modified)),
        ]);
    }
    if listing.entries.is_empty() {
        let what = format!("{user} shares nothing with you");
        return Err(Failure::new(Exit::NotFound, what).into());
    }
    program.printer.table(table);
    if listing.more {
        program.printer.note(format!("Only the first {most} are shown; --limit shows more."));
    }
    Ok(())
}

fn who_and_what(text: &str) -> Result<(UserName, Option<Name>), Trouble> {
    let (user, share) = text.split_once(':').unwrap_or((text, ""));
    let wrong = |error: waxwing::model::Error| {
        let shown = Untrusted::new(text);
        Trouble::from(failures::usage(format!("{shown} names nobody's share: {error}")))
    };
    let user = user.parse().map_err(wrong)?;
    let share = share.strip_suffix('/').unwrap_or(share);
    let share = if share.is_empty() { None } else { Some(Name::new(share).map_err(wrong)?) };
    Ok((user, share))
}

const RESULTS: usize = 20;
const FILES: u32 = 1000;
