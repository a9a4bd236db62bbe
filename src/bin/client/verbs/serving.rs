//! Being there for others: online, and with all shares as they are on the disk.

use super::sharing::tell_looked;
use crate::failures::{self, Trouble};
use crate::got_shared;
use crate::program::Program;
use crate::visits;
use clap::{ArgMatches, Command};
use serde::Serialize;
use std::collections::HashMap;
use std::sync::Arc;
use waxwing::node::{self, Looked, Looking, Online, User, Watched};
use waxwing::ui::Loudness;

pub(super) fn serve_command(command: Command) -> Command {
    command.about("Be online and share until you are stopped, without a prompt")
}

#[derive(Serialize)]
struct BeingOnline {
    #[serde(rename = "type")]
    kind: &'static str,
    user: String,
    port: u16,
    address: Option<String>,
    fingerprint: String,
    shares: usize,
}

pub(super) async fn serve(program: &Arc<Program>, _: &ArgMatches) -> Result<(), Trouble> {
    let me = program.user()?;
    got_shared::see_to(program, &me).await;
    // What is told of reading files comes after the first line.
    program.mute_progress(true);
    let looks = begin_looks(&me).await;
    let told = go_online(program, &me, false).await;
    program.mute_progress(false);
    told?;
    program.drop_unread();
    watch(program, &me, looks.into_iter().map(|(look, _)| (look, true)).collect());
    if !program.json {
        program.printer.note("Ctrl-C stops.");
    }
    // Until whoever carries out verbs is told to stop.
    std::future::pending().await
}

/// Looks at all shares, until what can be read in a moment is served. Gives of each whether there is
/// more.
async fn begin_looks(me: &User) -> Vec<(Looking, bool)> {
    let mut looks = Vec::new();
    for folder in me.shares().unwrap_or_default() {
        let mut look = me.begin_look(&folder);
        let goes_on = look.goes_on().await;
        looks.push((look, goes_on));
    }
    looks
}

/// Looks at all shares and is there for others from now on. What of it cannot be is told, and what
/// comes later.
pub(crate) async fn be_there(program: &Arc<Program>, me: &User) {
    got_shared::see_to(program, me).await;
    let looks = begin_looks(me).await;
    if let Err(trouble) = go_online(program, me, true).await {
        program.printer.failure(&trouble.into());
    }
    watch(program, me, looks);
}

/// Keeps what is shared as it is on the disk from now on, and tells what comes of it: of the looks
/// that are under way if that is said.
fn watch(program: &Arc<Program>, me: &User, looks: Vec<(Looking, bool)>) {
    let mut first: HashMap<_, _> =
        looks.iter().map(|(look, is_told)| (look.share().share.id, *is_told)).collect();
    let looks = looks.into_iter().map(|(look, _)| look).collect();
    let (mut told, program) = (me.watch_shares(looks), Arc::downgrade(program));
    tokio::spawn(async move {
        while let (Some(watched), Some(program)) = (told.recv().await, program.upgrade()) {
            let printer = &program.printer;
            match watched {
                Watched::Looked(looked) => {
                    let is_told = first.remove(&looked.folder.share.id);
                    let is_told = is_told.unwrap_or_else(|| is_news(&looked));
                    if (is_told || is_refused(&looked))
                        && let Err(trouble) = tell_looked(&program, looked)
                    {
                        printer.failure(&trouble.into());
                    }
                }
                Watched::Failed { why, .. } => printer.failure(&failures::node(&why)),
                Watched::Unwatched { share, why } => printer.note(format!(
                    "{share} is looked at only now and then: changes in it are not told ({why})."
                )),
            }
        }
    });
}

/// Whether a look that nobody asked for has found something.
fn is_news(looked: &Looked) -> bool {
    let changes = looked.published.as_ref().map(|it| it.added + it.changed + it.removed);
    changes.is_ok_and(|changes| changes > 0)
}

/// Whether nothing is published of it, though the index is there: that it is away is told elsewhere.
fn is_refused(looked: &Looked) -> bool {
    let is_away = |error: &node::Error| matches!(error, node::Error::Index(it) if it.is_away());
    looked.published.as_ref().is_err_and(|error| !is_away(error))
}

/// Is there for others from now on, and says so.
pub(crate) async fn go_online(
    program: &Arc<Program>,
    me: &User,
    may_ask: bool,
) -> Result<(), Trouble> {
    visits::watch(program, me);
    let Online { port, address, is_local } = me.go_online(may_ask).await?;
    #[cfg(unix)]
    crate::errands::open(program);
    let address = address.map(|at| at.socket_addr().to_string());
    program.printer.object(&BeingOnline {
        kind: "online",
        user: me.name()?.map(|name| name.to_string()).unwrap_or_default(),
        port,
        address: address.clone(),
        fingerprint: me.fingerprint().to_string(),
        shares: me.shares()?.len(),
    });
    if program.printer.loudness() != Loudness::Verbose {
        visits::watch_index(&program.printer, me);
    }
    let at = match (address, is_local) {
        (Some(at), _) => format!(", at {at}"),
        (None, true) => format!(", on port {port}, for programs on this machine"),
        (None, false) => format!(", on port {port}"),
    };
    program.printer.result(format!("you are online{at}"));
    Ok(())
}
