//! Reports for the index's owner: tables and sentences, or JSON as they came.

use crate::settings::{Call, Config};
use std::path::PathBuf;
use waxwing::crypto::UnixTime;
use waxwing::index::admin::{Order, Report, Stats};
use waxwing::model::{Invitation, Untrusted};
use waxwing::ui::{Exit, Failure, Printer, Table, ago, bytes, span, utc};

/// Takes the reports of one order.
pub(crate) struct Show<'a> {
    printer: &'a Printer,
    config: &'a Config,
    now: UnixTime,
    list: Option<List>,
    problems: u64,
    /// A backup that only the server sees.
    unseen: Option<PathBuf>,
}

struct List {
    table: Table,
    rows: u64,
    /// What is said when there is no row.
    empty: String,
}

impl<'a> Show<'a> {
    pub(crate) fn new(printer: &'a Printer, config: &'a Config, order: &Order) -> Self {
        let list = List::of(order, &config.call);
        Self { printer, config, now: UnixTime::now(), list, problems: 0, unseen: None }
    }

    pub(crate) fn take(&mut self, report: Report) {
        self.printer.object(&report);
        match report {
            Report::Stats(stats) => self.stats(&stats),
            Report::Invited { invitation, user, replaces, expires } => {
                self.printer.headline(&invitation.0);
                self.about_invitation(user, replaces, UnixTime(expires));
                self.about_reach(&invitation.0);
            }
            Report::Withdrawn { number, user } => self.printer.result(format!(
                "The invitation {number} for {} lets nobody in any more.",
                user.as_deref().unwrap_or("anybody")
            )),
            Report::Closed { user, sessions } => self.printer.result(format!(
                "{user} has no account any more; {} ended. The name can be joined again.",
                sessions_in_words(sessions)
            )),
            Report::Ended { user, sessions } => {
                self.printer.result(format!("{} of {user} ended.", sessions_in_words(sessions)))
            }
            Report::BackedUp { file, bytes: size } => {
                self.printer.result(format!("{}: {}", file.display(), bytes(size)));
                let keys = self.config.data.keys();
                let keys = keys.display();
                self.note(format!("The index's keys are not in it: once, copy {keys} as well."));
                let is_here = file.metadata().is_ok_and(|about| about.len() == size);
                self.unseen = (!is_here).then_some(file);
            }
            Report::Problem { text } => self.printer.result(Untrusted::new(&text)),
            Report::Checked { problems } => {
                self.problems = problems;
                if problems == 0 {
                    self.printer.result("The database is sound.");
                }
            }
            Report::More { told } => self.note(format!("Only the first {told} are shown.")),
            row => self.row(row),
        }
    }

    /// Ends the output.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        match self.list {
            Some(List { rows: 0, ref empty, .. }) => self.note(empty),
            Some(list) => self.printer.table(list.table),
            None => {}
        }
        if let Some(file) = self.unseen {
            let what = format!(
                "{} is not to be seen from here: the running server has that folder to itself, as systemd \
                 gives it with PrivateTmp, and loses it when it stops",
                file.display()
            );
            let data = self.config.data.path().display();
            return Err(Failure::new(Exit::NotFound, what)
                .hint(format!("make the backup elsewhere, such as in {data}")));
        }
        if self.problems == 0 {
            return Ok(());
        }
        let what = format!("the database has {} problems", self.problems);
        let restore = self.config.call.with("restore FILE");
        Err(Failure::new(Exit::Verification, what)
            .hint(format!("keep a copy of it, and put a backup in its place: {restore}")))
    }

    fn about_invitation(&self, user: Option<String>, replaces: bool, expires: UnixTime) {
        let until = format!("until {} ({})", utc(expires), ago(expires, self.now));
        match user {
            Some(user) if replaces => {
                self.note(format!("For {user}, once, {until}."));
                self.note(format!(
                    "{user} has an account: whoever uses this gets it, with a new password, and with \
                     another identity if they have other keys."
                ));
            }
            Some(user) => self.note(format!("For {user}, once, {until}.")),
            None => self.note(format!("For anybody, once, {until}.")),
        }
    }

    /// A newcomer's first invitation is often of an index that nobody else can reach.
    fn about_reach(&self, link: &str) {
        let invitation = link.parse::<Invitation>().ok();
        let address = invitation.and_then(|invitation| invitation.at.to_socket_addr());
        if let Some(address) = address.filter(|address| address.ip().is_loopback()) {
            self.note(format!(
                "Only people on this machine can use it, since the index listens on loopback; for \
                 others, start it with --listen 0.0.0.0:{}.",
                address.port()
            ));
        }
    }

    fn stats(&self, stats: &Stats) {
        let running = stats.started.map(UnixTime).map(|since| {
            let lasts = span(self.now.0.saturating_sub(since.0));
            format!("for {lasts}, since {}", utc(since))
        });
        let online = stats.online.map(|online| format!(", online now: {online}"));
        let online = online.unwrap_or_default();
        let mut table = Table::without_heading();
        table.row(["running", running.as_deref().unwrap_or("no")]);
        table.row(["accounts", &format!("{}{online}", stats.accounts)]);
        table.row(["sessions", &stats.sessions.to_string()]);
        table.row(["invitations", &format!("{} can be used", stats.invitations)]);
        let directory = match stats.directory {
            0 => "no entries".to_owned(),
            entries => format!("{entries} entries, the last {}", short(&stats.head)),
        };
        table.row(["key directory", &directory]);
        table.row(["catalog", &format!("{} entries in {} shares", stats.entries, stats.shares)]);
        table.row(["database", &bytes(stats.bytes)]);
        self.printer.table(table);
    }

    fn row(&mut self, report: Report) {
        let now = self.now;
        let when = |time: u64| ago(UnixTime(time), now);
        let Some(list) = &mut self.list else { return };
        let anybody = "anybody".to_owned();
        let cells = match report {
            Report::Invitation { number, user, made, expires } => {
                vec![number, user.unwrap_or(anybody), when(made), when(expires)]
            }
            Report::User { name, identity, contact, since, online, last_online, sessions } => {
                let online = match online {
                    Some(true) => "now".to_owned(),
                    _ => last_online.map_or("never".to_owned(), when),
                };
                let contact = contact.unwrap_or_default();
                vec![name, when(since), online, sessions.to_string(), short(&identity), contact]
            }
            Report::Session { user, number, identity, began, used, expires } => {
                let times = [when(began), when(used), when(expires)];
                [user].into_iter().chain(times).chain([short(&identity), short(&number)]).collect()
            }
            Report::Share { owner, name, to, entries, bytes: size, version } => {
                let numbers = [entries.to_string(), bytes(size), version.to_string()];
                [owner, name, to].into_iter().chain(numbers).collect()
            }
            Report::Entry { number, name, what, identity, time } => {
                vec![number.to_string(), name, what, short(&identity), when(time)]
            }
            _ => return,
        };
        list.rows = list.rows.saturating_add(1);
        // A program has them already, and there may be very many.
        if !self.printer.is_json() {
            list.table.row(cells);
        }
    }

    /// Beside results for a person; a program has it in the results.
    fn note(&self, text: impl std::fmt::Display) {
        if !self.printer.is_json() {
            self.printer.note(text);
        }
    }
}

/// Tells that a backup took the place of the database.
pub(crate) fn restored(printer: &Printer, report: Report) {
    printer.object(&report);
    let Report::Restored { file, database, before } = report else { return };
    printer.result(format!("{} is a copy of {} now.", database.display(), file.display()));
    if let Some(before) = before {
        printer.result(format!("What was there before is {} now.", before.display()));
    }
    printer.result("Everybody logs in again, and invitations are to be made anew.");
    printer.result("Who has seen more of the key directory than the backup has is warned of it.");
}

impl List {
    fn of(order: &Order, call: &Call) -> Option<Self> {
        let invite = call.with("invite --for NAME");
        let (columns, empty): (&[&str], _) = match order {
            Order::Invitations => (
                &["number", "for", "made", "ends"],
                format!("No invitation can be used. A new one: {invite}"),
            ),
            Order::Users => (
                &["name", "joined", "last online", "sessions", "identity", "contact"],
                format!("Nobody has an account yet. To invite somebody: {invite}"),
            ),
            Order::Sessions { .. } => (
                &["user", "began", "last used", "ends", "identity", "number"],
                "Nobody is logged in.".to_owned(),
            ),
            Order::Shares { .. } => (
                &["owner", "share", "for", "entries", "size", "version"],
                "Nothing is shared.".to_owned(),
            ),
            Order::Directory { .. } => (
                &["#", "name", "what", "identity", "when"],
                "The key directory has no entries from there on.".to_owned(),
            ),
            _ => return None,
        };
        Some(Self { table: Table::new(columns), rows: 0, empty })
    }
}

fn sessions_in_words(number: u64) -> String {
    if number == 1 { "1 session".to_owned() } else { format!("{number} sessions") }
}

/// Enough of a long number to recognize it in a list. Nobody compares by it: `--json` has it whole.
fn short(number: &str) -> String {
    format!("{}…", number.get(..16).unwrap_or(number))
}
