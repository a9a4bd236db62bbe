//! Finding files that others share.

use super::moving::at;
use super::people::{key, places, user};
use super::tell_age;
use crate::failures::{self, Trouble};
use crate::program::Program;
use clap::builder::ValueParser;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde::Serialize;
use std::str::FromStr;
use waxwing::model::{FileKind, HostPort, Keyword, Rate, Untrusted, UserName};
use waxwing::node::index::{Found, Query, Section, Seen, Source};
use waxwing::node::{self, Object, ObjectError, Results, User};
use waxwing::ui::{Exit, Failure, Loudness, Table, bytes};

pub(super) fn search_command(command: Command) -> Command {
    let sized = |flag: &'static str, help: &'static str| {
        Arg::new(flag)
            .long(flag)
            .value_name("SIZE")
            .value_parser(ValueParser::from(size))
            .help(help)
    };
    command
        .about("Find files by their names and keywords; `get NUMBER` fetches one")
        .after_help(WORDS)
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
        .arg(sized("min-size", "At least so large: bytes, or with a unit, as in 500kB or 1.5MiB"))
        .arg(sized("max-size", "At most so large"))
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
        .arg(Arg::new("USER").required(true).help("USER, USER:SHARE or USER:SHARE/FOLDER"))
        .arg(
            Arg::new("keyword")
                .long("keyword")
                .value_name("K")
                .value_parser(ValueParser::from(|text: &str| text.parse::<Keyword>()))
                .help(
                    "Only files with this keyword: of their share, or a folder in which they lie",
                ),
        )
        .arg(
            Arg::new("limit")
                .long("limit")
                .value_name("N")
                .value_parser(clap::value_parser!(u32).range(1..=i64::from(MOST_FILES)))
                .help("At most so many files [default: 1000]"),
        )
        .arg(at())
}

/// A number of bytes, spelled as rates are; without a unit it may be larger than any of those.
fn size(text: &str) -> Result<u64, &'static str> {
    let with_unit = || text.parse::<Rate>().ok().filter(|_| !text.ends_with("/s"))?.bytes();
    text.parse().ok().or_else(with_unit).ok_or(SIZE)
}

fn switch(flag: &'static str, help: &'static str) -> Arg {
    Arg::new(flag).long(flag).action(ArgAction::SetTrue).help(help)
}

#[derive(Serialize)]
struct ListedPlace {
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

impl ListedPlace {
    fn of(me: &User, source: &Source) -> Result<Self, Trouble> {
        let (owner, share, entry) = (&source.owner, &source.share, &source.entry);
        Ok(Self {
            object: place(source),
            owner: owner.user.to_string(),
            fingerprint: owner.identity.to_string(),
            key: key(me.standing(owner)?),
            online: owner.online,
            addresses: owner.addresses.iter().map(|at| at.socket_addr().to_string()).collect(),
            share: share.name.as_str().to_owned(),
            path: entry.path().as_str().to_owned(),
            keywords: source.keywords().into_iter().map(str::to_owned).collect(),
            modified: entry.modified().to_unix().0,
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
    sources: Vec<ListedPlace>,
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
            sources: found
                .sources
                .iter()
                .map(|it| ListedPlace::of(me, it))
                .collect::<Result<_, _>>()?,
            others: found.others,
        })
    }
}

pub(super) async fn search(program: &Program, arguments: &ArgMatches) -> Result<(), Trouble> {
    let me = program.user()?;
    let results = if arguments.get_flag("more") {
        demand_search(&me, arguments).await?;
        me.more().await?
    } else {
        let Seen { value, age } = me.search(&query(arguments)?).await?;
        tell_age(&program.printer, age);
        value
    };
    let asked = arguments.get_many::<String>("WORDS").into_iter().flatten();
    show(program, &me, &results, asked.map(String::as_str).find_map(no_sign))
}

/// The last search of this program goes on as it was.
async fn demand_search(me: &User, arguments: &ArgMatches) -> Result<(), Failure> {
    let is_typed = |name: &&str| arguments.value_source(name) == Some(ValueSource::CommandLine);
    if OF_A_SEARCH.iter().any(is_typed) {
        let what = failures::usage("--more goes on with the last search as it was");
        return Err(what.hint("leave the words and the other flags out, or leave --more out"));
    }
    if me.has_searched().await {
        return Ok(());
    }
    Err(failures::usage("there is no search here that could go on").hint(
        "--more needs a program that has searched: an open prompt, or `serve`. `search WORDS \
         --limit N` shows more at once",
    ))
}

/// What a sign of other searches would have meant, which is none here.
fn no_sign(word: &str) -> Option<&'static str> {
    match word {
        "OR" | "AND" | "NOT" | "|" | "||" | "&&" => {
            Some("OR, AND and NOT are words like others here: a file has all words")
        }
        _ if word.starts_with(['-', '+', '!']) => Some("no sign leaves a word out of a search"),
        _ if word.starts_with('*') => Some("* stands at the end of a word: koal* finds koala"),
        _ if word.contains(['?', '"']) => {
            Some("words are looked for one by one, without ? or quotes")
        }
        _ => None,
    }
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

fn show(
    program: &Program,
    me: &User,
    results: &Results,
    misread: Option<&str>,
) -> Result<(), Trouble> {
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
        let nothing = nothing(results);
        return Err(misread.into_iter().fold(nothing, Failure::hint).into());
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
    let Source { owner, entry, .. } = best;
    let more = found.sources.len().saturating_sub(1);
    let more = u32::try_from(more).unwrap_or(u32::MAX).saturating_add(found.others);
    let others = if more > 0 { format!(" (and {more} more)") } else { String::new() };
    let mut cells = vec![
        number.to_string(),
        place(best) + &others,
        bytes(entry.size()),
        best.keywords().join(", "),
        if owner.online { "yes" } else { "no" }.to_owned(),
        key(me.standing(owner)?).to_owned(),
    ];
    if verbose {
        cells.extend([places(&owner.addresses), owner.identity.to_string()]);
    }
    Ok(cells)
}

/// Where it lies, as `get` takes it: all of it, however long.
fn place(Source { owner, share, entry }: &Source) -> String {
    format!("{}:{}/{}", owner.user, share.name.as_str(), entry.path().as_str())
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
    let (user, object) = who_and_what(text)?;
    let most = arguments.get_one::<u32>("limit").copied().unwrap_or(FILES);
    let section = Section {
        share: object.as_ref().map(|object| &object.share),
        below: object.as_ref().and_then(|object| object.path.as_ref()),
        keyword: arguments.get_one::<Keyword>("keyword"),
    };
    let files = usize::try_from(most).unwrap_or(1000);
    let listing = match arguments.get_one::<HostPort>("at") {
        Some(at) => me.with_place(&user, at).browse_there(&user, section, files).await?,
        None => me.browse(&user, section, files).await?,
    };
    if listing.by_owner {
        super::tell_without_index(&program.printer, &me);
    }
    program.learn_names([user.to_string()]);
    let mut table = Table::new(&["file", "size", "keywords", "modified"]).names_in(0);
    for source in &listing.entries {
        let found = Found { sources: vec![source.clone()], others: 0 };
        program.printer.object(&File::of(&me, None, &found)?);
        table.row([
            place(source),
            bytes(source.entry.size()),
            source.keywords().join(", "),
            super::account::when(Some(source.entry.modified().to_unix())),
        ]);
    }
    if listing.entries.is_empty() {
        if let Some(keyword) = section.keyword.filter(|_| !listing.keywords.is_empty()) {
            return Err(no_such_keyword(&user, keyword, &listing.keywords).into());
        }
        if let Some(object) = object.filter(|object| object.path.is_some()) {
            return Err(node::Error::NoSuchFile(object).into());
        }
        let what = format!("{user} shares nothing with you");
        return Err(Failure::new(Exit::NotFound, what).into());
    }
    program.printer.table(table);
    if listing.more {
        program.printer.note(format!("Only the first {most} are shown; --limit shows more."));
    }
    Ok(())
}

fn no_such_keyword(user: &UserName, keyword: &Keyword, there_are: &[String]) -> Failure {
    let first: Vec<_> = there_are.iter().take(KEYWORDS).map(String::as_str).collect();
    let more = if there_are.len() > KEYWORDS { " and others" } else { "" };
    let what = format!("nothing of that which {user} shares with you has the keyword {keyword}");
    let hint = format!("there are {}{more}", Untrusted::new(&first.join(", ")));
    Failure::new(Exit::NotFound, what).hint(hint)
}

/// USER, USER:SHARE or USER:SHARE/PATH.
fn who_and_what(text: &str) -> Result<(UserName, Option<Object>), Trouble> {
    let wrong = |error: &dyn std::fmt::Display| {
        let shown = Untrusted::new(text);
        Trouble::from(failures::usage(format!("{shown} names nobody's share: {error}")))
    };
    match text.split_once(':').filter(|(_, share)| !share.is_empty()) {
        None => {
            let user = text.strip_suffix(':').unwrap_or(text).parse();
            Ok((user.map_err(|error: waxwing::model::Error| wrong(&error))?, None))
        }
        Some(_) => {
            let object: Object = text.parse().map_err(|error: ObjectError| wrong(&error))?;
            Ok((object.user.clone(), Some(object)))
        }
    }
}

const WORDS: &str = "\
A file is found that has all the words: in its name, its folders, or the keywords of its share. Case and\n\
accents make no difference, and koal* finds all that begins so. There are no other signs: OR, NOT, -word\n\
and *oala mean nothing here.";
const SIZE: &str = "it is a number of bytes, or has a unit, as in 500kB or 1.5MiB";
/// All that says what is searched for.
const OF_A_SEARCH: [&str; 7] =
    ["WORDS", "owner", "online", "kind", "min-size", "max-size", "limit"];
const RESULTS: usize = 20;
/// So many keywords are named.
const KEYWORDS: usize = 20;
const FILES: u32 = 1000;
const MOST_FILES: u32 = 100_000;
