//! The verbs: what they are called, and how each is carried out, at the prompt and as arguments alike.

mod about;
pub(crate) mod account;
mod clashes;
mod doctor;
mod finding;
pub(crate) mod keys;
mod moving;
mod people;
pub(crate) mod serving;
mod several;
mod shares;
pub(crate) mod sharing;
mod transfers;

pub(crate) use moving::UNKEPT;

use crate::asking;
use crate::demo;
#[cfg(unix)]
use crate::errands;
use crate::failures::Trouble;
use crate::program::Program;
use crate::prompt;
use crate::settings::TABLE;
use crate::stopping::{self, signals, until_stopped};
use clap::builder::ValueParser;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};
use std::env;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use waxwing::crypto::UnixTime;
use waxwing::node;
use waxwing::node::index::{self, Age, LoggedOut};
use waxwing::ui::settings::flags;
use waxwing::ui::{Exit, Failure, Loudness, Printer, ago};

/// A verb's work.
type Work<'a> = Pin<Box<dyn Future<Output = Result<(), Trouble>> + Send + 'a>>;

/// A verb.
struct Verb {
    name: &'static str,
    command: fn(Command) -> Command,
    carry_out: for<'a> fn(&'a Arc<Program>, &'a ArgMatches) -> Work<'a>,
    by: By,
}

/// Which program carries a verb out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    /// The one that is open in the home, if there is one: it has the keys, the session and the transfers.
    WhoIsOpen,
    /// The one at which it is typed.
    Itself,
}

/// All verbs, in the order in which a newcomer needs them.
static VERBS: &[Verb] = &[
    Verb {
        name: "join",
        command: account::join_command,
        carry_out: |p, a| Box::pin(account::join(p, a)),
        by: By::Itself,
    },
    Verb {
        name: "login",
        command: account::login_command,
        carry_out: |p, a| Box::pin(account::login(p, a)),
        by: By::WhoIsOpen,
    },
    Verb {
        name: "share",
        command: sharing::share_command,
        carry_out: |p, a| Box::pin(sharing::share(p, a)),
        by: By::WhoIsOpen,
    },
    Verb {
        name: "search",
        command: finding::search_command,
        carry_out: |p, a| Box::pin(finding::search(p, a)),
        by: By::WhoIsOpen,
    },
    Verb {
        name: "browse",
        command: finding::browse_command,
        carry_out: |p, a| Box::pin(finding::browse(p, a)),
        by: By::WhoIsOpen,
    },
    Verb {
        name: "get",
        command: moving::get_command,
        carry_out: |p, a| Box::pin(moving::get(p, a)),
        by: By::WhoIsOpen,
    },
    Verb {
        name: "send",
        command: moving::send_command,
        carry_out: |p, a| Box::pin(moving::send(p, a)),
        by: By::WhoIsOpen,
    },
    Verb {
        name: "inbox",
        command: moving::inbox_command,
        carry_out: |p, a| Box::pin(moving::inbox(p, a)),
        by: By::WhoIsOpen,
    },
    Verb {
        name: "transfers",
        command: transfers::command,
        carry_out: |p, a| Box::pin(transfers::transfers(p, a)),
        by: By::WhoIsOpen,
    },
    Verb {
        name: "people",
        command: people::people_command,
        carry_out: |p, a| Box::pin(people::people(p, a)),
        by: By::WhoIsOpen,
    },
    Verb {
        name: "verify",
        command: people::verify_command,
        carry_out: |p, a| Box::pin(people::verify(p, a)),
        by: By::WhoIsOpen,
    },
    Verb {
        name: "trust",
        command: people::trust_command,
        carry_out: |p, a| Box::pin(people::trust(p, a)),
        by: By::WhoIsOpen,
    },
    Verb {
        name: "serve",
        command: serving::serve_command,
        carry_out: |p, a| Box::pin(serving::serve(p, a)),
        by: By::Itself,
    },
    Verb {
        name: "whoami",
        command: account::whoami_command,
        carry_out: |p, a| Box::pin(account::whoami(p, a)),
        by: By::WhoIsOpen,
    },
    Verb {
        name: "keys",
        command: keys::command,
        carry_out: |p, a| Box::pin(keys::keys(p, a)),
        by: By::Itself,
    },
    Verb {
        name: "passwd",
        command: account::passwd_command,
        carry_out: |p, a| Box::pin(account::passwd(p, a)),
        by: By::WhoIsOpen,
    },
    Verb {
        name: "logout",
        command: account::logout_command,
        carry_out: |p, a| Box::pin(account::logout(p, a)),
        by: By::WhoIsOpen,
    },
    Verb {
        name: "doctor",
        command: doctor::doctor_command,
        carry_out: |p, a| Box::pin(doctor::doctor(p, a)),
        by: By::WhoIsOpen,
    },
    Verb {
        name: "paths",
        command: about::paths_command,
        carry_out: |p, a| Box::pin(about::paths(p, a)),
        by: By::Itself,
    },
    Verb {
        name: "completions",
        command: about::completions_command,
        carry_out: |p, a| Box::pin(about::completions(p, a)),
        by: By::Itself,
    },
    Verb {
        name: "demo",
        command: demo::command,
        carry_out: |p, a| Box::pin(demo::demo(p, a)),
        by: By::Itself,
    },
];

/// What can be typed to a shell.
pub(crate) fn command() -> Command {
    Command::new("client")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Share files with people, safely: sealed for who gets them, signed by who sent them")
        .long_about(ABOUT)
        .after_help(AFTER)
        .disable_help_subcommand(true)
        .args(flags(TABLE))
        .args(common())
        .subcommands(subcommands())
}

/// What can be typed at the prompt: the verbs, without the settings that hold for all of it.
pub(crate) fn prompt_command() -> Command {
    Command::new("client")
        .multicall(true)
        .disable_help_subcommand(true)
        .subcommand_required(true)
        .help_template("{subcommands}")
        .subcommands(subcommands().map(|command| command.disable_help_flag(false)))
}

fn subcommands() -> impl Iterator<Item = Command> {
    VERBS.iter().map(|verb| (verb.command)(Command::new(verb.name)))
}

/// The names of all verbs.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    VERBS.iter().map(|verb| verb.name)
}

fn common() -> [Arg; 4] {
    let switch = |name: &'static str, short: char, help: &'static str| {
        Arg::new(name).long(name).short(short).action(ArgAction::SetTrue).global(true).help(help)
    };
    [
        switch("quiet", 'q', "Say only what was asked for, and what went wrong"),
        switch("verbose", 'v', "Say more").conflicts_with("quiet"),
        asking::passphrase_file().global(true),
        // For the people of the demo, who are to go with it however it goes.
        Arg::new(WHILE_INPUT_LASTS)
            .long(WHILE_INPUT_LASTS)
            .action(ArgAction::SetTrue)
            .global(true)
            .hide(true),
    ]
}

/// Does what was typed to a shell; gives the exit code.
pub(crate) async fn carry_out(program: &Arc<Program>, matches: ArgMatches) -> Result<u8, Failure> {
    program.set_passphrase_file(matches.get_one::<PathBuf>("passphrase-file"));
    if matches.subcommand().is_none() {
        return prompt::open(program).await.map(|()| Exit::Done.code());
    }
    let words = typed()?;
    if let Some(exit) = by_who_is_open(program, &matches, &words).await? {
        return Ok(exit);
    }
    let words = [&["client".to_owned()], words.as_slice()].concat();
    let done = until_stopped(program, matches, &words, &mut signals()?).await;
    stopping::close(program).await?;
    done.map(|()| Exit::Done.code())
}

/// Has the program that is open in this home do it, if one is, and if it is for it to do.
#[cfg(unix)]
pub(crate) async fn by_who_is_open(
    program: &Arc<Program>,
    matches: &ArgMatches,
    words: &[String],
) -> Result<Option<u8>, Failure> {
    let verb = matches.subcommand_name().and_then(verb);
    if verb.is_none_or(|verb| verb.by == By::Itself) {
        return Ok(None);
    }
    match errands::find(program).await {
        Some(called) => {
            tell_settings(program, matches);
            errands::call(program, called, words).await
        }
        None => Ok(None),
    }
}

/// Says of settings that they are those of another program.
#[cfg(unix)]
fn tell_settings(program: &Program, matches: &ArgMatches) {
    let is_typed = |name: &str| matches.value_source(name) == Some(ValueSource::CommandLine);
    // Where fetched files go is told to the other program; where those go that others send, it knows itself.
    let is_told = |name: &str| match name {
        "home" | "json" => true,
        "downloads" => matches.subcommand_name() == Some("get"),
        _ => false,
    };
    let typed = TABLE.iter().map(|setting| setting.name).filter(|name| is_typed(name));
    for name in typed.filter(|name| !is_told(name)) {
        program.printer.note(format!(
            "--{name} does nothing here: the settings are those of the program that is open in this home."
        ));
    }
}

#[cfg(not(unix))]
pub(crate) async fn by_who_is_open(
    _: &Program,
    _: &ArgMatches,
    _: &[String],
) -> Result<Option<u8>, Failure> {
    Ok(None)
}

/// What was typed behind the program's name.
fn typed() -> Result<Vec<String>, Failure> {
    let text = |word: std::ffi::OsString| {
        word.into_string().map_err(|word| {
            Failure::new(Exit::Usage, format!("{} is no text", word.display()))
                .hint("files whose names are not UTF-8 have to be renamed first")
        })
    };
    env::args_os().skip(1).map(text).collect()
}

/// A number of a list, which this verb shows.
fn number_of(list: &'static str) -> ValueParser {
    ValueParser::from(move |text: &str| {
        text.parse::<u64>().map_err(|_| format!("it is a number of the list that `{list}` shows"))
    })
}

fn verb(name: &str) -> Option<&'static Verb> {
    VERBS.iter().find(|verb| verb.name == name)
}

/// How much is to be said.
pub(crate) fn loudness(matches: &ArgMatches) -> Loudness {
    match (matches.get_flag("quiet"), matches.get_flag("verbose")) {
        (true, _) => Loudness::Quiet,
        (_, true) => Loudness::Verbose,
        _ => Loudness::Usual,
    }
}

pub(crate) async fn carry_out_verb(
    program: &Arc<Program>,
    matches: &ArgMatches,
) -> Result<(), Trouble> {
    let Some((name, arguments)) = matches.subcommand() else { return Ok(()) };
    let verb =
        verb(name).ok_or_else(|| Failure::new(Exit::Usage, format!("there is no verb {name}")))?;
    match (verb.carry_out)(program, arguments).await {
        Err(Trouble::Node(error)) if may_log_in(program, &error) => {
            account::log_in_again(program, error).await?;
            (verb.carry_out)(program, arguments).await
        }
        done => done,
    }
}

/// Whether the session is over, and somebody can be asked for the password that begins another.
fn may_log_in(program: &Program, error: &node::Error) -> bool {
    is_logged_out(error) && program.ask().is_some()
}

fn is_logged_out(error: &node::Error) -> bool {
    let node::Error::Index(index::Error::LoggedOut(why)) = error else { return false };
    !matches!(why, LoggedOut::Refused { code, .. } if *code == waxwing::wire::Code::OtherIdentity)
}

/// Says so when an answer is not of today.
fn tell_age(printer: &Printer, age: Age) {
    if let Age::Cached { since } = age {
        let ago = ago(since, UnixTime::now());
        printer.note(format!("The index is away; this is what it said {ago}."));
    }
}

/// Says so when something was done without the index.
fn tell_without_index(printer: &Printer, me: &node::User) {
    if let Some(since) = me.going_by() {
        let ago = ago(since, UnixTime::now());
        printer.note(format!("The index is away; this goes by what it said of people {ago}."));
    }
}

pub(crate) const WHILE_INPUT_LASTS: &str = "while-input-lasts";
const ABOUT: &str = "Share files with people on your index: sealed for who gets them, signed by who \
sent them.

Without a verb, on a terminal, a prompt opens that has the same verbs. It shares and receives as long
as it is open.";
const AFTER: &str = "Each setting can also be given by the environment (--home as WAXWING_HOME) and in \
the\nwaxwing.toml of the home (port = 7400). A flag counts more than the environment, and that\nmore \
than the file.";
