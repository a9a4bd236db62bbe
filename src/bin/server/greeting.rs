//! What a server says when it begins to listen.

use crate::settings::Config;
use serde::Serialize;
use std::net::SocketAddr;
use waxwing::model::Invitation;
use waxwing::ui::Printer;

/// The first event for a program.
#[derive(Serialize)]
struct Listening {
    #[serde(rename = "type")]
    kind: &'static str,
    address: String,
    invitation: String,
}

/// Says where the index is and what to do next.
pub(crate) fn greet(
    printer: &Printer,
    config: &Config,
    at: SocketAddr,
    invitation: &Invitation,
    is_new: bool,
) {
    let (address, link) = (at.to_string(), invitation.to_string());
    printer.object(&Listening { kind: "listening", address, invitation: link.clone() });
    let data = config.data.path().display();
    printer.result(format!("The index listens on {at} and keeps its data in {data}."));
    if let Some(file) = &config.file {
        printer.result(format!("Settings were read in {}.", file.display()));
    }
    if is_new {
        printer
            .result("Its keys are new, and without a passphrase, so that it can start unattended.");
    }
    printer.result("");
    printer.headline(format!("    {link}"));
    printer.result("");
    printer.result(who_may_join(config));
    printer.result("Ctrl-C stops the index. Next, in another terminal:");
    let invite = if config.everybody_may_join() { None } else { Some("invite --for NAME") };
    for verb in invite.into_iter().chain(["users", "stats", "--help"]) {
        printer.result(format!("    {}", config.call.with(verb)));
    }
    printer.result("");
}

fn who_may_join(config: &Config) -> &'static str {
    match (config.is_local(), config.everybody_may_join()) {
        (true, true) => "Everybody on this machine can join with this invitation.",
        (false, true) => "Everybody who reaches this machine can join with this invitation.",
        (_, false) => {
            "This says where the index is. To join, each person needs an invitation of their own."
        }
    }
}
