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
use crate::visits::names;
use clap::ArgMatches;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::task::block_in_place;
use waxwing::model::{Entry, EntryPath, HostPort, UserName};
use waxwing::node::{self, GetRules, Move, Waiting, Wanted};
use waxwing::peer::Error::Refused;
use waxwing::ui::{Exit, Failure};
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
    let what = Move::Send { to, at: arguments.get_one("at").cloned(), paths };
    transfers::begin(program, what, arguments).await
}

/// Of what was sent, with the name of whoever declined, and their words, if they said any.
pub(super) fn not_taken(what: &Move, trouble: Trouble) -> Trouble {
    let Move::Send { to, .. } = what else { return trouble };
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
            let offered = me.inbox().into_iter().find(|offer| take && offer.number == number);
            if let Some(offer) = offered {
                block_in_place(|| demand_room(program, &offer, &me.downloads()))?;
            }
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

/// An offer of which nothing could come is not taken, and waits on: nothing that is here is replaced. What is as
/// large may be the same, which is known when it has come.
fn demand_room(program: &Program, offer: &Waiting, into: &Path) -> Result<(), Failure> {
    let is_in_the_way = |entry: &&Entry| {
        let there = into.join(entry.path().to_relative()).symlink_metadata();
        there.is_ok_and(|there| !there.is_file() || there.len() != entry.size())
    };
    let taken: Vec<EntryPath> =
        offer.entries.iter().filter(is_in_the_way).map(|entry| entry.path().clone()).collect();
    if taken.is_empty() || taken.len() < offer.entries.len() {
        return Ok(());
    }
    let what = match taken.as_slice() {
        [one] => {
            let file = from_here(program, &into.join(one.to_relative()));
            format!("{file} is here, and is another file than the one that {} offers", offer.from)
        }
        several => format!("all of them are here, and are others: {}", names(several)),
    };
    let number = offer.number;
    let hint = format!(
        "move away or rename what is there, then `inbox accept {number}`; `inbox decline {number}` leaves all as it is"
    );
    Err(Failure::new(Exit::Conflict, what).hint(hint))
}
