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
    printer.result(format!(
        "The index listens on {at}; its data is in {}",
        config.data.path().display()
    ));
    if is_new {
        printer.result(
            "Its keys were made just now, without a passphrase, so that it can start unattended.",
        );
    }
    printer.result("");
    printer.headline(format!("    {link}"));
    printer.result("");
    printer.result(who_may_join(config));
    printer.result(format!("  {}", config.call.with("invite --for NAME")));
    printer.result("Ctrl-C stops it.");
}

fn who_may_join(config: &Config) -> &'static str {
    match (config.is_loopback(), config.everybody_may_join()) {
        (true, _) => {
            "Everybody on this machine joins with this invitation. One that keeps a name for \
             somebody, in another terminal:"
        }
        (false, true) => {
            "Everybody who reaches it joins with this invitation. One that keeps a name for \
             somebody, in another terminal:"
        }
        (false, false) => {
            "That says where it is; to join, each person needs an invitation of their own. In another \
             terminal:"
        }
    }
}
