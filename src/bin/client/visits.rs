//! What others do here meanwhile: told as it happens, beside whatever else goes on.

use crate::failures;
use crate::program::Program;
use crate::verbs::UNKEPT;
use serde::Serialize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::sleep_until;
use waxwing::crypto::Fingerprint;
use waxwing::model::{EntryPath, HostPort, Untrusted};
use waxwing::node::index::{self, LoggedOut, News, Status, Trouble};
use waxwing::node::{self, Contradiction, User, Visit};
use waxwing::ui::{Exit, Failure, Level, Loudness, Printer, bytes};

/// Tells of visits from now on.
pub(crate) fn watch(program: &Program, me: &User) {
    let (mut visits, printer, me) = (me.visits(), program.printer.clone(), me.clone());
    let mut door = Door::default();
    tokio::spawn(async move {
        loop {
            let due = door.due();
            let visit = tokio::select! {
                visit = visits.recv() => visit,
                () = sleep_until(due.unwrap_or_else(Instant::now).into()), if due.is_some() => {
                    others(&printer, door.close(Instant::now()));
                    continue;
                }
            };
            match visit {
                Ok(Visit::TurnedAway { named: false, .. }) if !door.opens(Instant::now()) => {}
                Ok(visit) => tell(&printer, &me, &visit),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    });
}

/// Strangers, who are turned away: whoever has nothing to lose may come as often as they like. The first is
/// told at once, and the others by their number, once a minute.
#[derive(Default)]
struct Door {
    shut_until: Option<Instant>,
    untold: u64,
}

impl Door {
    /// Whether one more is told.
    fn opens(&mut self, now: Instant) -> bool {
        let is_shut = self.shut_until.is_some_and(|until| now < until);
        if is_shut {
            self.untold = self.untold.saturating_add(1);
        } else {
            self.shut_until = now.checked_add(A_WHILE);
        }
        !is_shut
    }

    /// When others are to be told, if there were any.
    fn due(&self) -> Option<Instant> {
        self.shut_until.filter(|_| self.untold > 0)
    }

    /// How many there were; from now on they are counted anew.
    fn close(&mut self, now: Instant) -> u64 {
        self.shut_until = now.checked_add(A_WHILE);
        std::mem::take(&mut self.untold)
    }
}

/// Tells how it stands with the index: with -v always, else when it goes away and comes back. That one is
/// online no more, since the session is over, is told however quiet the program is; and at once that the index was
/// found out, though nobody needs any keys just now.
pub(crate) fn watch_index(printer: &Printer, me: &User) {
    let (Ok(index), Ok(mut news)) = (me.index(), me.news()) else { return };
    printer.detail(format!("asking the index at {}, whose key is {}", index.at, index.fingerprint));
    let (printer, me, at) = (printer.clone(), me.clone(), index.at);
    let mut standing = Standing { printer, me, at, is_away: false, is_over: false };
    tokio::spawn(async move {
        // It may have ended before anybody listened.
        if let Some(over @ (Status::LoggedOut(_) | Status::Stopped(_))) = standing.me.status() {
            standing.take(over);
        }
        while let Some(news) = news.next().await {
            let status = match news {
                News::Status(status) => Some(status),
                News::Missed => standing.me.status(),
                News::Alarm(why) => {
                    let why = node::Error::Index(index::Error::Alarm(why));
                    standing.printer.failure(&failures::node(&why));
                    None
                }
                News::NotOurs(whose) => {
                    standing.not_ours(whose);
                    None
                }
                _ => None,
            };
            if let Some(status) = status {
                standing.take(status);
            }
        }
    });
}

/// How it stood with the index, and who is told.
struct Standing {
    printer: Printer,
    me: User,
    at: HostPort,
    is_away: bool,
    /// Whether it was told that the session is over.
    is_over: bool,
}

impl Standing {
    fn take(&mut self, status: Status) {
        let (printer, at) = (&self.printer, &self.at);
        let is_verbose = printer.loudness() == Loudness::Verbose;
        let was_away = std::mem::replace(&mut self.is_away, matches!(status, Status::Away(_)));
        match status {
            Status::Here(user) if std::mem::take(&mut self.is_over) => {
                printer.note(format!("You are logged in on the index at {at} again, {user}."));
            }
            Status::Here(_) if was_away => printer.note(format!("The index at {at} is back.")),
            Status::Here(user) => printer.detail(format!("the index at {at} knows {user}")),
            Status::Away(why) if is_verbose || !was_away => {
                printer.note(format!("The index at {at} is away ({why}); it is tried again."));
            }
            Status::LoggedOut(why) => self.over(&index::Error::LoggedOut(why)),
            // That this program ended it is no news.
            Status::Stopped(Trouble::Closed) => {}
            Status::Stopped(why) => self.over(&index::Error::Stopped(why)),
            Status::Connecting | Status::Away(_) => {}
        }
    }

    /// The key directory gives one's own name to another key.
    fn not_ours(&self, whose: Option<Fingerprint>) {
        let failure = not_ours(&self.me, &self.at, whose);
        failure.iter().for_each(|failure| self.printer.failure(failure));
    }

    /// Says it once to who was online: who never was learns it from the verb. A try to log in that
    /// fails makes it no news.
    fn over(&mut self, why: &index::Error) {
        let is_wanted = LOGS_OUT.swap(false, Ordering::AcqRel);
        if is_wanted || self.is_over || self.me.online().is_none() {
            return;
        }
        self.is_over = true;
        self.printer.failure(&logged_out(&self.at, why));
    }
}

/// What it means that the index gives one's own name to somebody else; nothing, while one's keys change, if that is the
/// next one.
pub(crate) fn not_ours(me: &User, at: &HostPort, whose: Option<Fingerprint>) -> Option<Failure> {
    if whose.is_some() && whose == me.next_fingerprint() {
        return None;
    }
    let what = match whose {
        Some(other) => {
            format!("the index at {at} says that your name belongs to another key: {other}")
        }
        None => format!("the index at {at} says that nobody has your name"),
    };
    Some(Failure::new(Exit::Verification, what).hint(NOT_OURS))
}

/// Who logs out at this program is not told that they are logged out.
pub(crate) fn expect_logout(is_wanted: bool) {
    LOGS_OUT.store(is_wanted, Ordering::Release);
}

/// What a person hears whose session is over while they are online, and what to do.
fn logged_out(at: &HostPort, why: &index::Error) -> Failure {
    let advice = failures::node(&node::Error::Index(why.clone()));
    let (why, hint) = match why {
        index::Error::LoggedOut(why @ LoggedOut::Refused { .. }) => (why.to_string(), advice.hint),
        index::Error::LoggedOut(why) => (why.to_string(), Some(LOG_IN.to_owned())),
        why => (why.to_string(), Some(BEGIN_ANEW.to_owned())),
    };
    let what = format!(
        "you are not logged in on the index at {at} any more ({why}): nobody sees you online"
    );
    Failure { what, hint, exit: advice.exit }
}

#[derive(Serialize)]
struct Told<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    kept_out: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failed: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    more: Option<u64>,
}

impl<'a> Told<'a> {
    fn new(kind: &'static str) -> Self {
        let (user, bytes, number, why, more) = Default::default();
        let (files, kept_out, failed) = (Vec::new(), Vec::new(), Vec::new());
        Self { kind, user, files, kept_out, failed, bytes, number, why, more }
    }

    fn of(visit: &'a Visit) -> Self {
        let names = |files: &'a [EntryPath]| files.iter().map(EntryPath::as_str).collect();
        match visit {
            Visit::Served { to, files, bytes } => Self {
                user: Some(to.to_string()),
                files: names(files),
                bytes: Some(*bytes),
                ..Self::new("served")
            },
            Visit::Offered { from, number } => {
                Self { user: Some(from.to_string()), number: Some(*number), ..Self::new("offered") }
            }
            Visit::Received { from, landed, kept_out, failed, .. } => Self {
                user: Some(from.to_string()),
                files: names(landed),
                kept_out: names(kept_out),
                failed: failed.iter().map(|(path, _)| path.as_str()).collect(),
                why: failed.first().map(|(_, why)| &**why),
                ..Self::new("received")
            },
            Visit::Failed { with, why } => {
                Self { user: Some(with.to_string()), why: Some(why), ..Self::new("broken off") }
            }
            Visit::Contradicted { by } => {
                Self { user: Some(by.to_string()), ..Self::new("contradicted") }
            }
            Visit::TurnedAway { why, .. } => Self { why: Some(why), ..Self::new("turned away") },
        }
    }
}

/// Tells how many others were turned away.
fn others(printer: &Printer, more: u64) {
    if !is_told_in_json(printer, &Told { more: Some(more), ..Told::new("turned away") }) {
        printer.note(format!("{more} more were turned away"));
    }
}

fn is_told_in_json(printer: &Printer, told: &Told<'_>) -> bool {
    printer.object(told);
    if printer.is_json() {
        printer.log(Level::Info, serde_json::to_string(told).unwrap_or_default());
    }
    printer.is_json()
}

fn tell(printer: &Printer, me: &User, visit: &Visit) {
    if is_told_in_json(printer, &Told::of(visit)) {
        return;
    }
    match visit {
        Visit::Served { to, files, bytes: size } if files.is_empty() => {
            printer.detail(format!("{to} has got a part of a file, {}", bytes(*size)));
        }
        Visit::Served { to, files, bytes: size } => {
            printer.note(format!("{to} has got {}, {}", some(files), bytes(*size)));
        }
        Visit::Offered { from, number } => offered(printer, me, from, *number),
        Visit::Received { from, verified, folder, landed, kept_out, unfit, failed, unkept } => {
            let by = signed_by(from, *verified);
            let into = folder.display();
            if !landed.is_empty() {
                printer.note(format!("{} came into {into}, signed by {by}", some(landed)));
            }
            if !kept_out.is_empty() {
                let (out, their) =
                    (names(kept_out), if kept_out.len() == 1 { "its" } else { "their" });
                let what = format!(
                    "{out} did not come from {from}: something else is in {their} place in {into}"
                );
                printer.failure(&Failure::new(Exit::Conflict, what).hint(format!(
                    "move away or rename what is there, and ask {from} to send it again"
                )));
            }
            for (path, why) in failed.iter().take(FEW) {
                let what = format!("{path} did not come from {from}: {}", shown(why));
                printer.failure(&Failure::new(Exit::Error, what).hint(format!(
                    "see to it that files can be made in {into}, and ask {from} to send it again"
                )));
            }
            if failed.len() > FEW {
                let more = failed.len().saturating_sub(FEW);
                printer.note(format!("    nor did {more} others of them"));
            }
            if !unfit.is_empty() {
                let out = some(unfit);
                printer.note(format!("    not taken: {out}: changed since it was cut off"));
            }
            if let Some(why) = unkept {
                printer.note(format!("    warning: {UNKEPT}{}", shown(why)));
            }
        }
        Visit::Failed { with, why } => {
            printer.note(format!("broken off with {with}: {}", shown(why)));
        }
        Visit::Contradicted { .. } => contradicted(printer, me),
        Visit::TurnedAway { why, .. } => {
            printer.note(format!("somebody was turned away: {}", shown(why)));
        }
    }
}

fn offered(printer: &Printer, me: &User, from: &impl std::fmt::Display, number: u64) {
    let waiting = me.inbox().into_iter().find(|offer| offer.number == number);
    let what = waiting.map(|offer| {
        let files: Vec<_> = offer.entries.iter().map(|entry| entry.path().clone()).collect();
        format!("{}, {}", some(&files), bytes(offer.bytes))
    });
    let what = what.unwrap_or_else(|| "files".to_owned());
    printer
        .note(format!("{from} offers {what}: `inbox accept {number}` or `inbox decline {number}`"));
}

/// Says loudly who was told another key directory, unless it was said.
pub(crate) fn contradicted(printer: &Printer, me: &User) {
    for found in me.new_contradictions() {
        let by = &found.by;
        printer.failure(&Failure::new(Exit::Verification, contradiction(&found)).hint(format!(
            "the index may show people keys that are not theirs. Compare words with those who \
                 matter, by a way that is not this index (`verify {by}`), and ask whoever runs it; \
                 keys that you verified stay good, and `doctor` shows this again"
        )));
    }
}

/// What contradicts, and who says so.
pub(crate) fn contradiction(found: &Contradiction) -> String {
    let by = &found.by;
    match found.is_longer {
        true => format!("{by} knows more of the directory than the index shows you, or lies"),
        false => format!("{by} was told another key directory than you are by the index, or lies"),
    }
}

/// A file by its name, several by their number.
pub(crate) fn some(all: &[EntryPath]) -> String {
    match all {
        [only] => only.to_string(),
        several => files(several.len()),
    }
}

/// Files by their names, as many as fit into a sentence.
pub(crate) fn names(all: &[EntryPath]) -> String {
    let named: Vec<_> = all.iter().take(FEW).map(ToString::to_string).collect();
    let more = match all.len().saturating_sub(FEW) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", named.join(", "))
}

/// So many files.
pub(crate) fn files(number: usize) -> String {
    if number == 1 { "1 file".to_owned() } else { format!("{number} files") }
}

/// Who has signed something, and what that is worth.
pub(crate) fn signed_by(user: &impl std::fmt::Display, verified: bool) -> String {
    if verified {
        format!("{user} (verified)")
    } else {
        format!("{user} (not verified yet: run verify {user})")
    }
}

/// Why something was not: in the words of an error, in which foreign texts are shown as such already.
fn shown(why: &str) -> Untrusted<'_> {
    Untrusted::new(why).with_parts_shown()
}

/// Whether the person at this program logs out just now.
static LOGS_OUT: AtomicBool = AtomicBool::new(false);
const LOG_IN: &str = "`client login` in this home, or `login` at the prompt, begins another session; \
then you are online again";
const NOT_OURS: &str = "others are shown that instead of your key. If you did not change your keys at \
    another place, ask whoever runs the index, and warn those whom you know by a way that is not this index";
const BEGIN_ANEW: &str = "this program does not try it again: end it, and begin it anew";
/// So many files are named.
const FEW: usize = 3;
/// For so long, strangers are counted, and not told one by one.
const A_WHILE: Duration = Duration::from_secs(60);

#[cfg(test)]
#[path = "../../../test/unit/door.rs"]
mod tests;
