//! Getting files, sending them, and deciding about those that others send.

mod flags;
mod telling;

pub(super) use flags::{at, get_command, inbox_command, send_command};
pub(crate) use telling::UNKEPT;
pub(super) use telling::{from_here, tell_moved};

use self::telling::list_offers;
use super::people::named;
use super::transfers;
use crate::failures::{self, Trouble};
use crate::program::Program;
use clap::ArgMatches;
use std::path::PathBuf;
use std::sync::Arc;
use waxwing::model::{HostPort, UserName};
use waxwing::node::{self, GetRules, Move, Wanted};
use waxwing::peer::Error::Refused;
use waxwing::ui::Failure;
use waxwing::wire::Code;

pub(super) async fn get(program: &Arc<Program>, arguments: &ArgMatches) -> Result<(), Trouble> {
    let rules = GetRules {
        out: arguments
            .get_one::<PathBuf>("out")
            .map(|out| match arguments.get_flag("background") {
                true => program.at_for_long(out),
                false => program.at(out),
            })
            .or_else(|| program.downloads()),
        overwrite: arguments.get_flag("overwrite"),
        from: arguments.get_one::<UserName>("from").cloned(),
        at: arguments.get_one::<HostPort>("at").cloned(),
    };
    let named = arguments.get_many::<Wanted>("WHAT").into_iter().flatten().cloned();
    let by_content = arguments.get_one::<Wanted>("content").cloned();
    let wanted: Vec<_> = named.chain(by_content).collect();
    let words: Vec<_> =
        arguments.get_many::<String>("all").into_iter().flatten().map(String::as_str).collect();
    if wanted.is_empty() && words.is_empty() {
        let what = failures::usage("get what?");
        return Err(what
            .hint("such as: get alice:photos/tree.jpg, or get 1 after a search")
            .into());
    }
    let words = (!words.is_empty()).then(|| words.join(" "));
    transfers::begin(program, Move::Get { wanted, words, rules }, arguments).await
}

pub(super) async fn send(program: &Arc<Program>, arguments: &ArgMatches) -> Result<(), Trouble> {
    let to = named(arguments, "USER")?;
    let paths = arguments.get_many::<PathBuf>("PATH").into_iter().flatten();
    let paths = paths.map(|path| program.at_for_long(path)).collect();
    program.printer.note(format!("Waiting for {to} to take it..."));
    let what = Move::Send { to: to.clone(), at: arguments.get_one("at").cloned(), paths };
    let sent = transfers::begin(program, what, arguments).await;
    sent.map_err(|trouble| not_taken(&to, trouble))
}

/// With the name of whoever declined, and their words, if they said any.
fn not_taken(to: &UserName, trouble: Trouble) -> Trouble {
    let Trouble::Node(error @ node::Error::Peer(Refused { code: Code::Declined, text })) = &trouble
    else {
        return trouble;
    };
    let words = text.to_string();
    let words = if words.is_empty() { words } else { format!(" ({words})") };
    let what = format!("{to} did not take it{words}");
    Failure { what, ..failures::node(error) }.into()
}

pub(super) async fn inbox(program: &Program, arguments: &ArgMatches) -> Result<(), Trouble> {
    let me = program.user()?;
    let number = |arguments: &ArgMatches| arguments.get_one::<u64>("NUMBER").copied();
    match arguments.subcommand() {
        Some((verb, arguments)) => {
            let (number, take) = (number(arguments).unwrap_or_default(), verb == "accept");
            me.decide(number, take)?;
            let done = if take { "accepted" } else { "declined" };
            program.printer.object(&serde_json::json!({ "type": done, "number": number }));
            program.printer.result(match take {
                true => format!("It comes into {}.", me.downloads().display()),
                false => "Declined: nothing of it came.".to_owned(),
            });
            Ok(())
        }
        None => {
            list_offers(&program.printer, &me.inbox());
            Ok(())
        }
    }
}
