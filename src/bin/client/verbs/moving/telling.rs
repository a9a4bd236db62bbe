//! What came of files that were got or sent, and what others offer.

use crate::failures::{self, Trouble};
use crate::program::Program;
use crate::visits::{signed_by, some};
use serde::Serialize;
use std::path::Path;
use waxwing::model::Untrusted;
use waxwing::node::{self, Exit, Got, Moved, Sender, SentFiles};
use waxwing::peer::Landed;
use waxwing::ui::{Failure, Printer, Table, bytes};

/// Says what came of a transfer.
pub(in crate::verbs) fn tell_moved(program: &Program, moved: Moved) -> Result<(), Trouble> {
    program.settle();
    if let Some(me) = program.opened() {
        crate::verbs::tell_without_index(&program.printer, &me);
    }
    match moved {
        Moved::Got(got) => tell_got(program, &got),
        Moved::Sent(sent) => tell_sent(program, sent),
    }
}

#[derive(Serialize)]
struct File {
    #[serde(rename = "type")]
    kind: &'static str,
    path: String,
    file: String,
    size: u64,
    content: Option<String>,
    from: Option<String>,
    fingerprint: Option<String>,
    verified: Option<bool>,
    /// Who has sent how many bytes of it, when several did.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parts: Vec<(String, u64)>,
    landed: &'static str,
    /// Whether a receipt is kept.
    receipt: bool,
    exit: u8,
    text: Option<String>,
}

impl File {
    fn of(got: &Got) -> Self {
        let (sender, failed) =
            (got.from.as_ref(), got.landed.as_ref().err().map(|why| failures::node(why)));
        let file = got.folder.join(got.path.to_relative());
        Self {
            kind: "got",
            path: got.path.as_str().to_owned(),
            file: std::path::absolute(&file).unwrap_or(file).display().to_string(),
            size: got.size,
            content: got.content.map(|content| content.id().to_string()),
            from: sender.map(|sender| sender.user.to_string()),
            fingerprint: sender.map(|sender| sender.fingerprint.to_string()),
            verified: sender.map(|sender| sender.verified.is_some()),
            parts: got.parts.iter().map(|(who, bytes)| (who.user.to_string(), *bytes)).collect(),
            landed: match &got.landed {
                Ok(Landed::New) => "new",
                Ok(Landed::Replaced) => "replaced",
                Ok(Landed::Already) => "already",
                Err(_) => "failed",
            },
            receipt: sender.is_some() && got.unkept.is_none(),
            exit: failed.as_ref().map_or(0, |failed| failed.exit.code()),
            text: failed.map(|failed| failed.what),
        }
    }
}

fn tell_got(program: &Program, all: &[Got]) -> Result<(), Trouble> {
    let printer = &program.printer;
    all.iter().for_each(|got| printer.object(&File::of(got)));
    tell_came(program, all);
    if let Some(why) = all.iter().find_map(|got| got.unkept.as_ref()) {
        printer.note(format!("warning: {}{}", UNKEPT, failures::node(why).what));
    }
    let failed = all.iter().filter_map(|got| Some((got, got.landed.as_ref().err()?)));
    let failed: Vec<_> = failed.collect();
    match failed.as_slice() {
        [] if Got::exit(all) == Exit::NothingToDo => {
            let what = match all {
                [one] => {
                    let file = one.folder.join(one.path.to_relative());
                    format!("{} is here already", from_here(program, &file))
                }
                _ => "all of it is here already".to_owned(),
            };
            Err(Failure::new(Exit::NothingToDo, what).into())
        }
        [] => Ok(()),
        [(_, only)] if all.len() == 1 => Err(failures::node(only).into()),
        [(_, first), ..] => {
            for (got, why) in failed.iter().take(FEW) {
                let what = failures::node(why).what;
                // What has no place names it.
                let of = match ***why {
                    node::Error::Landing { .. } => String::new(),
                    _ => format!("{}: ", got.path),
                };
                printer.note(format!("    {of}{what}"));
            }
            let what = format!("{} of {} files did not come", failed.len(), all.len());
            Err(Failure { what, ..failures::node(first) }.into())
        }
    }
}

/// A line for each file, or one for all that somebody has sent when there are many.
fn tell_came(program: &Program, all: &[Got]) {
    let printer = &program.printer;
    let came: Vec<_> = all.iter().filter_map(|got| Some((got, got.from.as_ref()?))).collect();
    if came.len() <= FEW {
        for (got, from) in came {
            let file = got.folder.join(got.path.to_relative());
            let by = match got.parts.as_slice() {
                [] => signed_by(&from.user, from.verified.is_some()),
                parts => parts_of(parts),
            };
            printer.done(format!(
                "{}: {}, signed by {by}",
                from_here(program, &file),
                bytes(got.size)
            ));
        }
        return;
    }
    let mut senders: Vec<_> = came.iter().map(|(_, from)| *from).collect();
    senders.sort_by(|one, other| one.user.cmp(&other.user));
    senders.dedup_by(|one, other| one.user == other.user);
    for sender in senders {
        let theirs = came.iter().filter(|(_, from)| from.user == sender.user);
        let (mut files, mut size) = (0_usize, 0_u64);
        for (got, _) in theirs {
            (files, size) = (files.saturating_add(1), size.saturating_add(got.size));
        }
        let by = signed_by(&sender.user, sender.verified.is_some());
        printer.done(format!("{files} files, {}, signed by {by}", bytes(size)));
    }
}

/// Who has sent which part of a file, in parts of a hundred.
fn parts_of(parts: &[(Sender, u64)]) -> String {
    let all = parts.iter().fold(0, |sum: u64, (_, bytes)| sum.saturating_add(*bytes));
    let part = |(sender, bytes): &(Sender, u64)| {
        let percent = u128::from(*bytes).saturating_mul(100).checked_div(all.into());
        let by = signed_by(&sender.user, sender.verified.is_some());
        format!("{by} {}%", percent.unwrap_or(0))
    };
    parts.iter().map(part).collect::<Vec<_>>().join(", ")
}

/// A path as one would type it here.
pub(in crate::verbs) fn from_here(program: &Program, path: &Path) -> String {
    Untrusted::new(&program.shortened(path).display().to_string()).to_string()
}

fn tell_sent(program: &Program, sent: SentFiles) -> Result<(), Trouble> {
    let SentFiles { to, verified, landed, kept_out, unfit, left_out, bytes: size } = sent;
    let names = |files: &[waxwing::model::EntryPath]| -> Vec<String> {
        files.iter().map(|path| path.as_str().to_owned()).collect()
    };
    program.printer.object(&serde_json::json!({
        "type": "sent", "to": to.to_string(), "verified": verified, "landed": names(&landed),
        "kept_out": names(&kept_out), "unfit": names(&unfit), "bytes": size,
        "left_out": left_out.iter().map(|it| it.path.to_string()).collect::<Vec<_>>(),
    }));
    for waxwing::peer::LeftOut { path, why } in &left_out {
        program.printer.note(format!("    not sent: {path}: {why}"));
    }
    if !landed.is_empty() {
        let to = signed_by(&to, verified);
        program.printer.done(format!("{}, {}: delivered to {to}", some(&landed), bytes(size)));
    }
    if !unfit.is_empty() {
        let what = format!("{} changed since it was cut off, and is not there", some(&unfit));
        return Err(Failure::new(Exit::Conflict, what)
            .hint("send it again: all of it goes then")
            .into());
    }
    if kept_out.is_empty() {
        return Ok(());
    }
    let what = format!("{to} has other files in the place of {}", some(&kept_out));
    Err(Failure::new(Exit::Conflict, what)
        .hint("give them other names, and send them again")
        .into())
}

pub(super) fn list_offers(printer: &Printer, offers: &[node::Waiting]) {
    let mut table = Table::new(&["#", "from", "files", "size", "first"]).names_in(4);
    for offer in offers {
        let first = offer.entries.first().map(|entry| entry.path().to_string());
        printer.object(&serde_json::json!({
            "type": "offer", "number": offer.number, "from": offer.from.to_string(),
            "verified": offer.verified, "bytes": offer.bytes,
            "files": offer.entries.iter().map(|it| it.path().as_str()).collect::<Vec<_>>(),
        }));
        table.row([
            offer.number.to_string(),
            signed_by(&offer.from, offer.verified),
            offer.entries.len().to_string(),
            bytes(offer.bytes),
            first.unwrap_or_default(),
        ]);
    }
    if offers.is_empty() {
        printer.note("Nobody offers anything now. Offers wait where a prompt is open.");
    } else {
        printer.table(table);
    }
}

pub(crate) const UNKEPT: &str =
    "no receipt could be kept, so nothing here proves later who sent it: ";
/// So many files have a line of their own.
const FEW: usize = 10;
