//! People: who is there, and whose key is whose.

use super::account::when;
use super::tell_age;
use crate::failures::Trouble;
use crate::program::Program;
use crate::sure;
use crate::visits::signed_by;
use clap::builder::ValueParser;
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde::Serialize;
use std::path::Path;
use waxwing::crypto::{Fingerprint, UnixTime};
use waxwing::model::{Foreign, PeerAddress, UserName};
use waxwing::node::index::Seen;
use waxwing::node::{Acquaintance, SentBy, Standing, User, Words};
use waxwing::ui::{Cell, Exit, Failure, Loudness, Table, utc};

pub(super) fn people_command(command: Command) -> Command {
    command.about("List the people of the index: who is online, and whose key you know").arg(
        Arg::new("online").long("online").action(ArgAction::SetTrue).help("Only who is online"),
    )
}

pub(super) fn verify_command(command: Command) -> Command {
    command
        .about("Make sure of somebody's key by twelve words, or see who sent a file")
        .arg(
            Arg::new("WHAT").required(true).value_name("USER|FILE").help("The person, or the file"),
        )
        .arg(
            Arg::new("yes")
                .long("yes")
                .action(ArgAction::SetTrue)
                .help("The words were compared, and are the same"),
        )
        .arg(
            Arg::new("hex")
                .long("hex")
                .action(ArgAction::SetTrue)
                .help("Show both whole fingerprints, too"),
        )
}

pub(super) fn trust_command(command: Command) -> Command {
    command
        .about("Accept another key of somebody, by its whole fingerprint; or the index's key directory again")
        .arg(user("USER").required_unless_present("directory").help("The person"))
        .arg(
            Arg::new("replace")
                .long("replace")
                .value_name("FINGERPRINT")
                .required_unless_present("directory")
                .value_parser(ValueParser::from(|text: &str| text.parse::<Fingerprint>()))
                .help("The new fingerprint, as the person said it to you"),
        )
        .arg(
            Arg::new("directory")
                .long("directory")
                .action(ArgAction::SetTrue)
                .conflicts_with_all(["USER", "replace"])
                .help("Believe what the index says of keys again, as it is now: it was restored from a backup"),
        )
        .arg(sure::yes())
}

pub(super) fn user(name: &'static str) -> Arg {
    Arg::new(name).value_parser(ValueParser::from(|text: &str| text.parse::<UserName>()))
}

pub(super) fn named(arguments: &ArgMatches, name: &str) -> Result<UserName, Trouble> {
    let named = arguments.get_one::<UserName>(name).cloned();
    named.ok_or_else(|| Failure::new(Exit::Usage, "name a person").into())
}

#[derive(Serialize)]
struct Person {
    #[serde(rename = "type")]
    kind: &'static str,
    user: String,
    online: bool,
    addresses: Vec<String>,
    last_online: Option<u64>,
    contact: Option<Foreign>,
    fingerprint: String,
    key: &'static str,
    verified: Option<u64>,
}

impl Person {
    fn of(Acquaintance { person, standing }: &Acquaintance) -> Self {
        let verified = match standing {
            Standing::Verified(at) => Some(at.0),
            _ => None,
        };
        Self {
            kind: "person",
            user: person.user.to_string(),
            online: person.online,
            addresses: person.addresses.iter().map(|at| at.socket_addr().to_string()).collect(),
            last_online: person.last_online.map(|at| at.0),
            contact: person.contact.clone(),
            fingerprint: person.identity.to_string(),
            key: key(*standing),
            verified,
        }
    }
}

/// What is known of a key, in a word.
pub(super) fn key(standing: Standing) -> &'static str {
    match standing {
        Standing::Oneself => "you",
        Standing::Unmet => "new",
        Standing::Unverified => "not verified",
        Standing::Verified(_) => "verified",
        Standing::Changed => "CHANGED",
    }
}

pub(super) async fn people(program: &Program, arguments: &ArgMatches) -> Result<(), Trouble> {
    let Seen { value, age } = program.user()?.people().await?;
    tell_age(&program.printer, age);
    program.learn_names(value.iter().map(|it| it.person.user.to_string()));
    let mut columns = vec!["name", "online", "where", "key", "contact"];
    let is_verbose = program.printer.loudness() == Loudness::Verbose;
    columns.extend(is_verbose.then_some("fingerprint"));
    let mut table = Table::new(&columns);
    let only_online = arguments.get_flag("online");
    let mut shown = 0_usize;
    for one in value.iter().filter(|one| one.person.online || !only_online) {
        program.printer.object(&Person::of(one));
        let (person, standing) = (&one.person, one.standing);
        let online = match (person.online, person.last_online) {
            (true, _) => "now".to_owned(),
            (false, Some(_)) => when(person.last_online),
            // The index keeps no time of them.
            (false, None) => "-".to_owned(),
        };
        let is_me = standing == Standing::Oneself;
        let mut cells = vec![
            Cell::new(&format!("{}{}", person.user, if is_me { " (you)" } else { "" })),
            Cell::new(&online),
            Cell::new(&places(&person.addresses)),
            Cell::new(if is_me { "" } else { key(standing) }),
            person.contact.as_ref().map_or_else(|| Cell::new(""), Cell::from),
        ];
        cells.extend(is_verbose.then(|| Cell::new(&person.identity.to_string())));
        table.cells(cells);
        shown = shown.saturating_add(1);
    }
    if shown == 0 {
        return Err(Failure::new(Exit::NothingToDo, "nobody is online").into());
    }
    program.printer.table(table);
    Ok(())
}

pub(super) fn places(addresses: &[PeerAddress]) -> String {
    let shown: Vec<_> = addresses.iter().map(|at| at.socket_addr().to_string()).collect();
    shown.join(" ")
}

#[derive(Serialize)]
struct Comparison<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    user: String,
    fingerprint: String,
    words: &'a [&'static str],
    verified: Option<u64>,
}

pub(super) async fn verify(program: &Program, arguments: &ArgMatches) -> Result<(), Trouble> {
    let me = program.user()?;
    let what = arguments.get_one::<String>("WHAT").map(String::as_str).unwrap_or_default();
    let typed = program.at(Path::new(what));
    let user = match (what.parse::<UserName>(), typed.as_path()) {
        // A person one has met is meant rather than a file that happens to have their name.
        (Ok(user), path) if !path.is_file() || me.pin(&user)?.is_some() => user,
        (_, path) => return who_sent(program, &me, path).await,
    };
    let words = me.verify_words(&user).await?;
    let said = arguments.get_flag("yes");
    if said {
        me.mark_verified(&words)?;
    }
    let verified = if said { Some(UnixTime::now()) } else { words.verified };
    program.printer.object(&Comparison {
        kind: "words",
        user: user.to_string(),
        fingerprint: words.fingerprint.to_string(),
        words: &words.words,
        verified: verified.map(|at| at.0),
    });
    show_words(program, &words);
    if arguments.get_flag("hex") {
        let mut table = Table::without_heading();
        table.row([user.as_str(), &words.fingerprint.to_string()]);
        table.row(["you", &me.fingerprint().to_string()]);
        program.printer.table(table);
    }
    if let (false, Some(ask)) = (said || program.json, program.ask()) {
        let question = format!("Does {user} see the same twelve words?");
        if !ask.yes(&question, false)? {
            program.printer.note(format!("Nothing is changed. If the words differ, {user}'s key is not \
                the one that the index shows: send {user} nothing secret, and tell the index's owner."));
            return Ok(());
        }
        me.mark_verified(&words)?;
    } else if !said {
        return Ok(());
    }
    program.printer.result(format!("{user} is verified."));
    Ok(())
}

async fn who_sent(program: &Program, me: &User, file: &Path) -> Result<(), Trouble> {
    for SentBy { sent, user, verified } in me.who_sent(file).await? {
        program.printer.object(&serde_json::json!({
            "type": "receipt",
            "user": user.as_ref().map(ToString::to_string),
            "verified": verified.is_some(),
            "fingerprint": sent.sender.to_string(),
            "name": sent.entry.path().as_str(),
            "created": sent.created.0,
        }));
        let by = match &user {
            Some(user) => signed_by(user, verified.is_some()),
            None => format!("somebody unknown here, {}", sent.sender),
        };
        let (name, at) = (sent.entry.path(), utc(sent.created));
        program.printer.result(format!("sent as {name} on {at}, signed by {by}"));
    }
    Ok(())
}

fn show_words(program: &Program, words: &Words) {
    let user = &words.user;
    let me = program.opened().and_then(|me| me.name().ok().flatten());
    let me = me.map_or("YOU".to_owned(), |me| me.to_string());
    program.printer.result(format!(
        "Call {user}, or meet them. With `verify {me}`, {user} sees the same twelve words:"
    ));
    program.printer.result("");
    for line in words.words.chunks(6) {
        program.printer.headline(format!("    {}", line.join(" ")));
    }
    program.printer.result("");
    if let Some(at) = words.verified {
        program.printer.result(format!("You have compared them before, on {}.", utc(at)));
    }
}

pub(super) async fn trust(program: &Program, arguments: &ArgMatches) -> Result<(), Trouble> {
    if arguments.get_flag("directory") {
        return trust_directory(program, arguments).await;
    }
    let (me, user) = (program.user()?, named(arguments, "USER")?);
    let Some(fingerprint) = arguments.get_one::<Fingerprint>("replace") else { return Ok(()) };
    me.trust(&user, fingerprint).await?;
    let told = serde_json::json!({
        "type": "trusted", "user": user.to_string(), "fingerprint": fingerprint.to_string(),
    });
    program.printer.object(&told);
    program.printer.result(format!(
        "This is {user}'s key for you from now on. Compare the words: `verify {user}`."
    ));
    Ok(())
}

async fn trust_directory(program: &Program, arguments: &ArgMatches) -> Result<(), Trouble> {
    let me = program.user()?;
    sure::ask(program, arguments, DIRECTORY)?;
    me.begin_directory_anew().await?;
    program.printer.result("What the index says of keys is believed again, as it is now.");
    program.printer.note(
        "The keys that you know stay the ones that you know: whoever has others now, you have to accept by their \
         fingerprint.",
    );
    Ok(())
}

const DIRECTORY: &str = "The index shows another key directory than before. If it was restored from a backup, that is \
                         so for everybody: did whoever runs it, or others on it, tell you so? Believe it again?";
