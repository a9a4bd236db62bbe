//! Transfers that one has begun: how they stand, and stopping them or going on.

use super::clashes;
use super::moving::{not_taken, tell_moved};
use super::number_of;
use crate::failures::{self, Trouble};
use crate::program::Program;
use crate::sure;
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde::Serialize;
use std::sync::Arc;
use waxwing::crypto::UnixTime;
use waxwing::node::{self, Move, MoveInfo, MoveStanding, Moving, Waits};
use waxwing::ui::{Cell, Exit, Failure, Table, ago, bytes};

pub(super) fn command(command: Command) -> Command {
    let number =
        |help: &'static str| Arg::new("NUMBER").value_parser(number_of("transfers")).help(help);
    command
        .about("List what you get and send and is not done yet; stop it, or go on with it")
        .subcommand(
            Command::new("pause")
                .about("Stop one that is under way; what was verified of it is kept")
                .arg(number("Its number").required(true)),
        )
        .subcommand(
            Command::new("resume")
                .about("Go on with one that was stopped or cut off, or with all of them")
                .arg(number("Its number [default: all]"))
                .arg(background()),
        )
        .subcommand(
            Command::new("cancel")
                .about("Give one up; what is here of it goes")
                .arg(number("Its number").required(true))
                .arg(sure::yes()),
        )
}

/// The flag by which a transfer goes on when its verb is over.
pub(super) fn background() -> Arg {
    Arg::new("background")
        .long("background")
        .action(ArgAction::SetTrue)
        .help("Let it go on in the program that is open in this home, and end at once")
}

pub(super) async fn transfers(
    program: &Arc<Program>,
    arguments: &ArgMatches,
) -> Result<(), Trouble> {
    let me = program.user()?;
    let number = |arguments: &ArgMatches| arguments.get_one::<u64>("NUMBER").copied();
    match arguments.subcommand() {
        Some(("pause", arguments)) => {
            let number = number(arguments).unwrap_or_default();
            me.pause_move(number).await?;
            told(program, "paused", number);
            program
                .printer
                .result(format!("Stopped; `transfers resume {number}` goes on with it."));
            Ok(())
        }
        Some(("cancel", arguments)) => {
            let number = number(arguments).unwrap_or_default();
            if let Some(it) = me.moves()?.iter().find(|it| it.number == number) {
                let question = format!("Give up {}? What is here of it goes.", it.what);
                sure::ask(program, arguments, &question)?;
            }
            let are_gone = me.cancel_move(number).await?;
            told(program, "cancelled", number);
            program.printer.result(match are_gone {
                true => "Given up; what was here of it is gone.",
                false => "Given up; what is here of it is not found now, and goes in 30 days.",
            });
            Ok(())
        }
        Some(("resume", arguments)) => {
            let in_background = arguments.get_flag("background");
            match number(arguments) {
                Some(number) => resume(program, number, in_background).await,
                None => resume_all(program, in_background).await,
            }
        }
        _ => list(program, &me.moves()?),
    }
}

fn told(program: &Program, kind: &str, number: u64) {
    program.printer.object(&serde_json::json!({ "type": kind, "number": number }));
}

async fn resume(program: &Arc<Program>, number: u64, in_background: bool) -> Result<(), Trouble> {
    match in_background {
        true => {
            let host = lasting(program)?;
            let moving = host.user()?.resume_move(number)?;
            leave(program, host, moving);
            Ok(())
        }
        false => {
            let moving = program.user()?.resume_move(number)?;
            program.printer.note(format!("Going on with {}", moving.what()));
            carry_on(program, moving, None).await
        }
    }
}

async fn resume_all(program: &Arc<Program>, in_background: bool) -> Result<(), Trouble> {
    let moves = program.user()?.moves()?;
    let is_stopped = |it: &&MoveInfo| matches!(it.standing, MoveStanding::Stopped { .. });
    let stopped: Vec<u64> = moves.iter().filter(is_stopped).map(|it| it.number).collect();
    if stopped.is_empty() {
        return Err(Failure::new(Exit::NothingToDo, "no transfer was stopped").into());
    }
    let mut done = Ok(());
    for number in stopped {
        if let Err(trouble) = resume(program, number, in_background).await {
            let failure = Failure::from(trouble);
            program.printer.failure(&failure);
            let what = "not all transfers came to their end";
            done = Err(Failure::new(failure.exit, what).hint("`transfers` lists them").into());
        }
    }
    done
}

/// Begins to move something, here or in the program that stays.
pub(super) async fn begin(
    program: &Arc<Program>,
    mut what: Move,
    arguments: &ArgMatches,
) -> Result<(), Trouble> {
    if arguments.get_flag("background") {
        // Nobody is asked later.
        if matches!(&what, Move::Get { rules, .. } if rules.overwrite) {
            sure::ask(program, arguments, "Replace files that are in the way?")?;
        }
        let host = lasting(program)?;
        let moving = host.user()?.begin_move(what).await?;
        leave(program, host, moving);
        return Ok(());
    }
    let replaces = clashes::asks_first(program, &mut what, arguments);
    let moving = program.user()?.begin_move(what).await?;
    carry_on(program, moving, Some((arguments, replaces))).await
}

/// Carries a transfer on to its end, and tells it.
async fn carry_on(
    program: &Program,
    moving: Moving,
    said: Option<(&ArgMatches, bool)>,
) -> Result<(), Trouble> {
    let what = moving.what().clone();
    let moved = clashes::carry_on(program, moving, said).await;
    tell_moved(program, moved.map_err(|trouble| not_taken(&what, trouble))?)
}

/// The program that goes on when this verb is over.
fn lasting(program: &Arc<Program>) -> Result<Arc<Program>, Failure> {
    Program::lasting(program).ok_or_else(|| {
        failures::usage("no program is open in this home that could go on with it")
            .hint("open the prompt or `serve` in another terminal, or leave --background out")
    })
}

/// Leaves a transfer to the program that stays, which tells of its end.
fn leave(program: &Program, host: Arc<Program>, moving: Moving) {
    let (number, what) = (moving.number(), moving.what().clone());
    told(program, "begun", number);
    program
        .printer
        .result(format!("Transfer {number} goes on by itself; `transfers` shows how far it is."));
    tokio::spawn(async move {
        let told = match moving.carry_on().await {
            Ok(moved) => tell_moved(&host, moved),
            Err(node::Error::Stopped) => Ok(()),
            Err(error) => Err(not_taken(&what, error.into())),
        };
        if let Err(trouble) = told {
            let failure = Failure::from(trouble);
            let what = format!("transfer {number}: {}", failure.what);
            host.printer.failure(&Failure { what, ..failure });
        }
    });
}

#[derive(Serialize)]
struct Listed {
    #[serde(rename = "type")]
    kind: &'static str,
    number: u64,
    what: String,
    begun: u64,
    state: &'static str,
    done: Option<u64>,
    total: Option<u64>,
    why: Option<String>,
    /// For whom it waits, who serves others first, and its place among all who wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    waits_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<u32>,
}

impl Listed {
    fn of(MoveInfo { number, what, begun, standing }: &MoveInfo) -> Self {
        let listed = Self {
            kind: "transfer",
            number: *number,
            what: what.to_string(),
            begun: begun.0,
            state: "elsewhere",
            done: None,
            total: None,
            why: None,
            waits_at: None,
            place: None,
            of: None,
        };
        match standing {
            MoveStanding::UnderWay { done, total, waits } => Self {
                state: "under-way",
                done: Some(*done),
                total: Some(*total),
                waits_at: waits.as_ref().map(|waits| waits.at.clone()),
                place: waits.as_ref().map(|waits| waits.place),
                of: waits.as_ref().map(|waits| waits.of),
                ..listed
            },
            MoveStanding::Elsewhere => listed,
            MoveStanding::Stopped { why } => Self { state: "stopped", why: why.clone(), ..listed },
        }
    }
}

/// How it stands, for a person's eyes.
fn shown(standing: &MoveStanding) -> String {
    match standing {
        MoveStanding::UnderWay { done, total, waits } => match waits.as_ref().map(waiting) {
            Some(waits) if *total == 0 => waits,
            Some(waits) => format!("{}; {waits}", far(*done, *total)),
            None => far(*done, *total),
        },
        MoveStanding::Elsewhere => "under way in another program".to_owned(),
        MoveStanding::Stopped { why: Some(why) } => format!("stopped: {why}"),
        MoveStanding::Stopped { why: None } => "stopped".to_owned(),
    }
}

fn list(program: &Program, moves: &[MoveInfo]) -> Result<(), Trouble> {
    let mut table = Table::new(&["#", "transfer", "begun", "state"]).names_in(1);
    for info in moves {
        program.printer.object(&Listed::of(info));
        table.cells([
            Cell::new(&info.number.to_string()),
            Cell::new(&info.what.to_string()),
            Cell::new(&ago(info.begun, UnixTime::now()).to_string()),
            // It may say why, in the words of an error.
            Cell::with_parts_shown(&shown(&info.standing)),
        ]);
    }
    if moves.is_empty() {
        program.printer.note("All that you began to get or send is done.");
    } else {
        program.printer.table(table);
    }
    Ok(())
}

fn waiting(waits: &Waits) -> String {
    format!("waits: place {} of {} at {}", waits.place, waits.of, waits.at)
}

fn far(done: u64, total: u64) -> String {
    match total {
        0 => "under way".to_owned(),
        _ => format!("under way, {} of {}", bytes(done), bytes(total)),
    }
}
