//! The verbs: what they are called, and how each is carried out.

use crate::place::advertised;
use crate::settings::{Config, FILE_NAME, TABLE};
use crate::show::{self, Show};
use crate::{failures, run};
use clap::builder::ValueParser;
use clap::{Arg, ArgAction, ArgMatches, Command};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use waxwing::crypto::UnixTime;
use waxwing::crypto::key_folder::KeyFolder;
use waxwing::index::admin::{Desk, Order, Report};
use waxwing::index::control::{self, OrderError};
use waxwing::index::store::{self, InviteNumber, OpenError, Place, Sqlite};
use waxwing::index::{FolderError, Held};
use waxwing::model::UserName;
use waxwing::ui::settings::flags;
use waxwing::ui::{Ask, Exit, Failure, Printer};

/// What can be typed.
pub(crate) fn command() -> Command {
    Command::new("server")
        .version(env!("CARGO_PKG_VERSION"))
        .about("The index of waxwing: accounts, keys, and who is online")
        .long_about(ABOUT)
        .after_help(format!(
            "Each setting can also be given by the environment (--session-hours as \
             WAXWING_SESSION_HOURS)\nand in {FILE_NAME} (session-hours = 24). A flag counts more \
             than the environment,\nand that more than the file."
        ))
        .disable_help_subcommand(true)
        .args(flags(TABLE))
        .subcommands([
            Command::new("invite")
                .about("Make an invitation, list those that can still be used, or take one back")
                .arg(named("for", FOR))
                .arg(days())
                .arg(switch("list", "List the invitations").conflicts_with_all(["for", "days"]))
                .arg(withdraw().conflicts_with_all(["for", "days", "list"])),
            Command::new("users")
                .about("List the accounts, or close one")
                .arg(named("close", "Close this account; the name is free then"))
                .arg(yes()),
            Command::new("sessions")
                .about("List the sessions, or end those of an account")
                .arg(named("of", "List those of this account only").conflicts_with("end"))
                .arg(named("end", "End all sessions of this account"))
                .arg(yes()),
            Command::new("shares")
                .about("List what people share: whose, for whom, and how much")
                .arg(named("of", "List those of this account only"))
                .arg(number("limit", LIMIT)),
            Command::new("directory")
                .about("List the key directory: which name had which identity since when")
                .arg(named("of", "List the entries of this name only, also if nobody has it now"))
                .arg(number("from", "Begin with the entry of this number [default: 0]"))
                .arg(number("limit", LIMIT)),
            Command::new("stats").about("Count accounts, sessions, and what the database takes"),
            Command::new("backup")
                .about("Copy the database into a new file, while the server runs or not")
                .arg(file("The file, which must not be there yet")),
            Command::new("restore")
                .about("Put a backup in the place of the database; the server must not run")
                .arg(file("The backup"))
                .arg(yes()),
            Command::new("check").about("Read the whole database and say what is wrong with it"),
        ])
}

/// Does what was typed.
pub(crate) fn carry_out(
    matches: &ArgMatches,
    config: &Config,
    printer: &Printer,
) -> Result<(), Failure> {
    let Some((verb, arguments)) = matches.subcommand() else { return run::run(config, printer) };
    ask_first(verb, arguments, config, printer)?;
    if verb == "restore" {
        return restore(&path(arguments), config, printer);
    }
    let order = order(verb, arguments, config)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(Exit::Error, error))?;
    runtime.block_on(carry_out_order(&order, config, printer))?;
    if let Some(file) = config.file.as_ref().filter(|_| config.file_was_found && !printer.is_json())
    {
        printer.note(format!("Settings were read in {}.", file.display()));
    }
    Ok(())
}

/// At a terminal, asks before something is lost. A script that says so means it.
fn ask_first(
    verb: &str,
    arguments: &ArgMatches,
    config: &Config,
    printer: &Printer,
) -> Result<(), Failure> {
    let said = matches!(arguments.try_get_one::<bool>("yes"), Ok(Some(true)));
    let Some(ask) = Ask::new(printer).filter(|_| !said && !printer.is_json()) else {
        return Ok(());
    };
    let name = |flag: &str| arguments.get_one::<UserName>(flag);
    let question = match verb {
        "users" => name("close").map(|user| {
            format!("Close the account of {user}? What {user} shares goes from the index, and others may take the name.")
        }),
        "sessions" => name("end").map(|user| {
            format!("End all sessions of {user}? Every program of theirs asks for the password then.")
        }),
        "restore" => {
            let database = config.data.database();
            database.exists().then(|| {
                let (backup, database) = (path(arguments), database.display().to_string());
                format!("Put {} in the place of {database}, which is kept beside it?", backup.display())
            })
        }
        _ => None,
    };
    match question.map(|question| ask.yes(&question, false)) {
        None | Some(Ok(true)) => Ok(()),
        Some(Ok(false)) => Err(Failure::new(Exit::NothingToDo, "all is left as it was")),
        Some(Err(error)) => {
            let exit = match error {
                waxwing::ui::QuestionError::Interrupted => Exit::Interrupted,
                _ => Exit::Error,
            };
            Err(Failure::new(exit, error))
        }
    }
}

fn order(verb: &str, arguments: &ArgMatches, config: &Config) -> Result<Order, Failure> {
    let name = |flag: &str| arguments.get_one::<UserName>(flag).cloned();
    Ok(match verb {
        "invite" if arguments.get_flag("list") => Order::Invitations,
        "invite" => match arguments.get_one("withdraw").copied() {
            Some(number) => Order::Withdraw { number },
            None => {
                let days = arguments.get_one("days").copied().unwrap_or(DAYS);
                Order::Invite { user: name("for"), days, host: config.host.clone() }
            }
        },
        "users" => name("close").map_or(Order::Users, |user| Order::Close { user }),
        "sessions" => match name("end") {
            Some(user) => Order::End { user },
            None => Order::Sessions { user: name("of") },
        },
        "shares" => Order::Shares { user: name("of"), most: most(arguments) },
        "directory" => {
            let from = arguments.get_one("from").copied().unwrap_or_default();
            Order::Directory { user: name("of"), from, most: most(arguments) }
        }
        "stats" => Order::Stats,
        "check" => Order::Check,
        "backup" => Order::Backup { to: absolute(&path(arguments))? },
        other => return Err(Failure::new(Exit::Usage, format!("there is no verb {other}"))),
    })
}

/// Beside the server that runs, or else on the data itself, with the lock in hand.
async fn carry_out_order(order: &Order, config: &Config, printer: &Printer) -> Result<(), Failure> {
    let begun = Instant::now();
    config.data.check().map_err(|error| failures::folder(error, &config.call))?;
    let mut show = Show::new(printer, config, order);
    loop {
        match control::ask(&config.data, order, |report| show.take(report)).await {
            Ok(()) => {
                if matches!(order, Order::Invite { .. }) && config.listen_was_typed {
                    let at = "the invitation names where it listens";
                    printer.note(format!("A server runs, so {at}; --listen counts without one."));
                }
                return show.finish();
            }
            Err(OrderError::NotRunning) => {}
            Err(error) => return Err(failures::ask(error, &config.call)),
        }
        match config.data.hold() {
            Ok(held) => {
                on_the_data(order, &held, (config, printer), &mut show).await?;
                return show.finish();
            }
            // A server that starts or stops has the lock, but does not hear us.
            Err(FolderError::InUse { .. }) if begun.elapsed() < START_TAKES => {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            Err(error) => return Err(failures::folder(error, &config.call)),
        }
    }
}

async fn on_the_data(
    order: &Order,
    held: &Held,
    (config, printer): (&Config, &Printer),
    show: &mut Show<'_>,
) -> Result<(), Failure> {
    let database = held.folder().database();
    if !database.exists() && store::restore_was_cut_off(&database) {
        return Err(failures::store(OpenError::Interrupted(database), &config.call));
    }
    if run::is_gone(&database) {
        if KeyFolder::at(held.folder().keys()).exists() {
            return Err(failures::database_is_gone(held.folder(), &config.call));
        }
        let missing = FolderError::Missing(held.folder().path().to_owned());
        return Err(failures::folder(missing, &config.call));
    }
    // Only invitations need the keys; with the other verbs one looks at what is left.
    let fingerprint = KeyFolder::at(held.folder().keys()).fingerprint();
    let fingerprint = match order {
        Order::Invite { .. } => Some(fingerprint.map_err(failures::keys)?),
        _ => fingerprint.ok(),
    };
    let in_store = |error| failures::store(error, &config.call);
    let store = Sqlite::open(Place::File(database)).map_err(in_store)?;
    if let (Order::Invite { .. }, Some(keys)) = (order, fingerprint) {
        run::claim(held, &store, keys, &config.call).await?;
    }
    let at = match order {
        Order::Invite { .. } => advertised(config, config.listen)?,
        _ => config.listen.into(),
    };
    if matches!(order, Order::Invite { .. }) && !printer.is_json() {
        printer.note(format!("No server runs now; this names the address in its settings, {at}."));
    }
    let desk = Desk::new(store.clone(), at, fingerprint);
    let (reports, mut coming) = mpsc::channel(64);
    let work = async {
        // Dropped at its end, so that the reports end too.
        let reports = reports;
        desk.carry_out(order.clone(), UnixTime::now(), &reports).await
    };
    let showing = async {
        while let Some(report) = coming.recv().await {
            show.take(report);
        }
    };
    let (done, ()) = tokio::join!(work, showing);
    store.close().await;
    done.map_err(|fault| failures::fault(fault, &config.call))
}

fn restore(backup: &Path, config: &Config, printer: &Printer) -> Result<(), Failure> {
    config.data.make().map_err(|error| failures::folder(error, &config.call))?;
    let held = config.data.hold().map_err(|error| match error {
        FolderError::InUse { .. } => failures::folder(error, &config.call)
            .hint("the server must not run while its data is replaced: stop it first"),
        error => failures::folder(error, &config.call),
    })?;
    let database = held.folder().database();
    let keys = KeyFolder::at(held.folder().keys()).fingerprint().ok();
    let moved = store::restore(backup, &database, keys);
    let moved = moved.map_err(|error| match error {
        OpenError::OfAnother { .. } => failures::store(error, &config.call).hint(format!(
            "restore a backup of this index; to have that one here, move {} away, and put its keys there",
            held.folder().keys().display()
        )),
        error => failures::store(error, &config.call),
    })?;
    show::restored(printer, Report::Restored { file: backup.to_owned(), database, before: moved });
    Ok(())
}

fn named(flag: &'static str, help: &'static str) -> Arg {
    let name = ValueParser::from(|text: &str| text.parse::<UserName>());
    Arg::new(flag).long(flag).value_name("NAME").value_parser(name).help(help)
}

fn switch(flag: &'static str, help: &'static str) -> Arg {
    Arg::new(flag).long(flag).action(ArgAction::SetTrue).help(help)
}

fn yes() -> Arg {
    switch("yes", "Ask nothing; without a terminal nothing is asked in any case").short('y')
}

fn withdraw() -> Arg {
    let number = ValueParser::from(|text: &str| text.parse::<InviteNumber>());
    let help = "Take this one of the list back, so that it lets nobody in";
    Arg::new("withdraw").long("withdraw").value_name("NUMBER").value_parser(number).help(help)
}

fn days() -> Arg {
    let days = clap::value_parser!(u16).range(1..=365);
    let help = format!("Let it hold for so many days, at most 365 [default: {DAYS}]");
    Arg::new("days").long("days").value_name("N").value_parser(days).help(help)
}

fn number(flag: &'static str, help: &'static str) -> Arg {
    let number = clap::value_parser!(u64).range(..=MOST);
    Arg::new(flag).long(flag).value_name("N").value_parser(number).help(help)
}

/// How many rows are listed.
fn most(arguments: &ArgMatches) -> u64 {
    arguments.get_one("limit").copied().unwrap_or(1000).max(1)
}

fn file(help: &'static str) -> Arg {
    let path = clap::value_parser!(PathBuf);
    Arg::new("FILE").required(true).value_parser(path).help(help)
}

fn path(arguments: &ArgMatches) -> PathBuf {
    arguments.get_one::<PathBuf>("FILE").cloned().unwrap_or_default()
}

/// The running server may be in another folder.
fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    let wrong = |error| Failure::new(Exit::Usage, format!("{}: {error}", path.display()));
    let absolute = std::path::absolute(path).map_err(wrong)?;
    if absolute.to_str().is_none() {
        let what = format!("{}: the path of a backup must be UTF-8", path.display());
        return Err(Failure::new(Exit::Usage, what));
    }
    Ok(absolute)
}

const ABOUT: &str = "The index of waxwing: accounts, keys, and who is online.

Without a verb the server runs until Ctrl-C; it needs no settings to begin. The verbs are for
its owner, and work beside the running server or without it.";
const FOR: &str = "Only for this name; if it has an account, for a new identity or password";
const LIMIT: &str = "List at most so many [default: 1000]";
/// Nobody has so many of anything.
const MOST: u64 = 100_000_000;
const DAYS: u16 = 7;
/// For so long a verb waits for a server that starts.
const START_TAKES: Duration = Duration::from_secs(10);
