//! What can be said with the verbs that move files.

use crate::sure;
use crate::verbs::number_of;
use crate::verbs::people::user;
use crate::verbs::transfers;
use clap::builder::ValueParser;
use clap::{Arg, ArgAction, Command};
use std::path::PathBuf;
use waxwing::model::HostPort;
use waxwing::node::Wanted;

pub(in crate::verbs) fn get_command(command: Command) -> Command {
    let wanted = ValueParser::from(|text: &str| text.parse::<Wanted>());
    let content = ValueParser::from(Wanted::parse_content);
    command
        .about("Fetch files: by USER:SHARE/PATH, or by a number of the last search")
        .arg(
            Arg::new("WHAT")
                .num_args(0..)
                .value_parser(wanted)
                .help("USER:SHARE/PATH, or a number"),
        )
        .arg(Arg::new("content").long("content").value_name("ID").value_parser(content).help(
            "The file with this content, from whoever has it; ID:SIZE if it was not searched for",
        ))
        .arg(
            Arg::new("all")
                .long("all")
                .value_name("WORDS")
                .num_args(1..)
                .help("All that a search for these words finds"),
        )
        .arg(
            Arg::new("out")
                .long("out")
                // As other tools call it.
                .aliases(["to", "into"])
                .value_name("DIR")
                .value_parser(clap::value_parser!(PathBuf))
                .help("Put them there [default: the folder for downloads]"),
        )
        .arg(
            Arg::new("overwrite")
                .long("overwrite")
                .action(ArgAction::SetTrue)
                .help("Replace files that are there; at a terminal, you are asked which"),
        )
        .arg(user("from").long("from").value_name("USER").help("From this person alone"))
        .arg(at())
        .arg(sure::yes())
        .arg(transfers::background())
}

pub(in crate::verbs) fn send_command(command: Command) -> Command {
    command
        .about("Send files or folders to somebody, who decides whether to take them")
        .arg(user("USER").required(true).help("To whom"))
        .arg(
            Arg::new("PATH")
                .required(true)
                .num_args(1..)
                .value_parser(clap::value_parser!(PathBuf))
                .help("What"),
        )
        .arg(at())
        .arg(transfers::background())
}

/// Where somebody is.
pub(in crate::verbs) fn at() -> Arg {
    Arg::new("at")
        .long("at")
        .value_name("HOST:PORT")
        .value_parser(ValueParser::from(|text: &str| text.parse::<HostPort>()))
        .help("Where that person is, for who knows better than the index")
}

pub(in crate::verbs) fn inbox_command(command: Command) -> Command {
    let number = || {
        let number = number_of("inbox");
        Arg::new("NUMBER").required(true).value_parser(number).help("The number of the offer")
    };
    command
        .about("List what others offer to send you now, and take it or not")
        .subcommand(Command::new("accept").about("Take an offer").arg(number()))
        .subcommand(Command::new("decline").about("Decline an offer").arg(number()))
}
