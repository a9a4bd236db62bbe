//! Whether all is well. The program that is open in the home looks by itself, if there is one: it has the keys and the
//! session, and nobody types a passphrase for what is known there.

use crate::failures::Trouble;
use crate::program::Program;
use crate::visits::{contradiction, not_ours};
use clap::{ArgMatches, Command};
use serde::Serialize;
use std::io;
use waxwing::model::{HostPort, UnixTime, Untrusted};
use waxwing::node::index::OwnAccount;
use waxwing::node::{self, User};
use waxwing::ui::{Exit, Failure, LogFile, Table, span};

pub(super) fn doctor_command(command: Command) -> Command {
    command.about("Look whether all is well: keys, index, session, clock")
}

#[derive(Serialize)]
struct Check {
    #[serde(rename = "type")]
    kind: &'static str,
    what: &'static str,
    well: bool,
    text: String,
}

/// What was looked at.
struct Examination<'a> {
    program: &'a Program,
    table: Table,
    worst: Option<Failure>,
}

impl Examination<'_> {
    fn well(&mut self, what: &'static str, text: impl ToString) {
        self.row(what, true, text.to_string());
    }

    fn ill(&mut self, what: &'static str, failure: Failure) {
        let hint = failure.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
        self.row(what, false, format!("{}{hint}", failure.what));
        self.worst.get_or_insert(failure);
    }

    fn row(&mut self, what: &'static str, well: bool, text: String) {
        self.program.printer.object(&Check { kind: "check", what, well, text: text.clone() });
        self.table.row([what, if well { "well" } else { "ILL" }, &text]);
    }

    fn take<T>(&mut self, what: &'static str, found: Result<T, node::Error>) -> Option<T> {
        found.map_err(|error| self.ill(what, Trouble::from(error).into())).ok()
    }
}

pub(super) async fn doctor(program: &Program, _: &ArgMatches) -> Result<(), Trouble> {
    let table = Table::new(&["what", "is", ""]);
    let mut found = Examination { program, table, worst: None };
    examine(program, &mut found).await;
    program.printer.table(found.table);
    match found.worst {
        None => Ok(()),
        Some(worst) => Err(Failure::new(worst.exit, "not all is well").into()),
    }
}

fn examine_log(program: &Program, found: &mut Examination<'_>) {
    let Some(path) = &program.log else { return found.well("log", "off") };
    let shown = path.display();
    match LogFile::open(path) {
        Ok(_) => found.well("log", shown),
        // Its folder comes with the keys.
        Err(error) if error.kind() == io::ErrorKind::NotFound => found.well("log", "none yet"),
        Err(error) => {
            let what = format!("{shown}: the log cannot be written there: {error}");
            found
                .ill("log", Failure::new(Exit::Error, what).hint("choose another with --log FILE"));
        }
    }
}

async fn examine(program: &Program, found: &mut Examination<'_>) {
    let home = program.home.path().display().to_string();
    let settings = if program.has_file { "with" } else { "without" };
    found.well("home", format!("{home}, {settings} a file of settings"));
    examine_log(program, found);
    let is_new = program.opened().is_none();
    let me = match program.user() {
        Ok(me) => me,
        Err(trouble) => return found.ill("keys", trouble.into()),
    };
    if let Some(keys) = found.take("keys", me.keys()) {
        let guarded = if keys.protected { "with a passphrase" } else { "without a passphrase" };
        found.well("keys", format!("{}, {guarded}", keys.fingerprint));
    }
    let Some(index) = found.take("index", me.index()) else { return };
    let account = me.account().await;
    let is_there = account.is_ok();
    match account {
        Ok(account) => {
            found.well("index", format!("reached at {}", index.at));
            let sessions = account.sessions.len();
            found.well("session", format!("{}, {sessions} in all", account.user));
            // Of a session that lies idle, it is not said that it is used now.
            if is_new || me.online().is_some() {
                examine_clock(&account, found);
            }
        }
        Err(error) => found.ill("index", Trouble::from(error).into()),
    }
    examine_directory(&me, &index.at, is_there, found).await;
    for it in found.take("directory", me.contradictions()).into_iter().flatten() {
        let failure = Failure::new(Exit::Verification, contradiction(&it));
        found.ill("directory", failure.hint(format!("compare words: `verify {}`", it.by)));
    }
    if let Some(people) = found.take("people", me.people().await) {
        let changed = people.value.iter().filter(|it| it.standing == node::Standing::Changed);
        let changed: Vec<_> = changed.map(|it| it.person.user.to_string()).collect();
        match changed.is_empty() {
            true => found.well("people", format!("{} on the index", people.value.len())),
            false => {
                let names = changed.join(", ");
                let what = format!("other keys than before: {}", Untrusted::new(&names));
                found.ill("people", Failure::new(Exit::Verification, what));
            }
        }
    }
}

/// What it says of one's own name is looked at, if it is there, with all that it has had to show since.
async fn examine_directory(me: &User, at: &HostPort, is_there: bool, found: &mut Examination<'_>) {
    let seen = match me.name() {
        Ok(Some(name)) if is_there => me.person(&name).await.map(|_| ()),
        _ => Ok(()),
    };
    let warnings = me.warnings();
    if warnings.alarm.is_some() {
        let what = "the index has shown another key directory than before";
        let hint = "`trust --directory` believes it again, once whoever runs it has said why";
        found.ill("directory", Failure::new(Exit::Verification, what).hint(hint));
    } else {
        found.take("directory", seen);
    }
    if let Some(failure) = warnings.not_ours.and_then(|whose| not_ours(me, at, whose)) {
        found.ill("directory", failure);
    }
}

/// The index says when this session was used last, which is now: by that the two clocks are compared.
fn examine_clock(account: &OwnAccount, found: &mut Examination<'_>) {
    let Some(this) = account.sessions.iter().find(|session| session.is_this) else { return };
    match Clock::beside(this.used, UnixTime::now()) {
        Clock::Right => found.well("clock", "like that of the index, to some minutes"),
        Clock::Ahead(seconds) => found.ill("clock", wrong(seconds, "ahead of")),
        Clock::Behind(seconds) => found.ill("clock", wrong(seconds, "behind")),
    }
}

/// How this machine's clock stands to that of the index: by so many seconds at least.
#[derive(Debug, PartialEq, Eq)]
enum Clock {
    Right,
    Ahead(u64),
    Behind(u64),
}

impl Clock {
    /// By the time at which the index says that something happens that happens now. What it says may be some minutes
    /// old.
    fn beside(said: UnixTime, now: UnixTime) -> Self {
        let (ahead, behind) = (now.0.saturating_sub(said.0), said.0.saturating_sub(now.0));
        match (ahead.saturating_sub(SAID_EVERY), behind) {
            (ahead, _) if ahead >= SOME_MINUTES => Self::Ahead(ahead),
            (_, behind) if behind >= SOME_MINUTES => Self::Behind(behind),
            _ => Self::Right,
        }
    }
}

fn wrong(seconds: u64, how: &str) -> Failure {
    let what = format!("this machine's clock is {} {how} that of the index", span(seconds));
    Failure::new(Exit::Error, what).hint(
        "one of the two is wrong, or the index cannot write: have this machine set its clock by the network, or \
         tell whoever runs the index",
    )
}

/// What the index says of it is at most so many seconds old: it writes it down no oftener than every 300, and who is
/// online repeats that at least every 600.
const SAID_EVERY: u64 = 900;
/// What is less matters to nobody.
const SOME_MINUTES: u64 = 300;

#[cfg(test)]
#[path = "../../../../test/unit/doctor.rs"]
mod tests;
