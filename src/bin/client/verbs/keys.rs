//! One's own keys.

use crate::failures::Trouble;
use crate::program::Program;
use clap::{ArgMatches, Command};
use serde::Serialize;
use waxwing::crypto::UnixTime;
use waxwing::node::OwnKeys;
use waxwing::ui::{Table, ago, utc};

pub(super) fn command(command: Command) -> Command {
    command
        .about("Show your own keys")
        .subcommand(Command::new("show").about("Show the fingerprint, and where the keys lie"))
}

#[derive(Serialize)]
struct Shown {
    #[serde(rename = "type")]
    kind: &'static str,
    fingerprint: String,
    epoch: u32,
    until: u64,
    folder: String,
    passphrase: bool,
}

pub(super) async fn keys(program: &Program, _: &ArgMatches) -> Result<(), Trouble> {
    let OwnKeys { fingerprint, epoch, until, folder, protected } = program.user()?.keys()?;
    program.printer.object(&Shown {
        kind: "keys",
        fingerprint: fingerprint.to_string(),
        epoch,
        until: until.0,
        folder: folder.display().to_string(),
        passphrase: protected,
    });
    let mut table = Table::without_heading();
    table.row(["fingerprint", &fingerprint.to_string()]);
    table.row(["passphrase", if protected { "yes" } else { "no" }]);
    let lasts = format!("until {} ({})", utc(until), ago(until, UnixTime::now()));
    table.row(["sealing key", &format!("number {epoch}, {lasts}")]);
    table.row(["folder", &folder.display().to_string()]);
    program.printer.table(table);
    Ok(())
}
