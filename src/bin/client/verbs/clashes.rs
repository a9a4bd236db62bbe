//! Files in whose place others are: the person says what becomes of them.
//!
//! Nothing is replaced before it was asked, so a `get` first goes without replacing anything; what was in
//! the way is decided then, and fetched.

use super::moving::from_here;
use crate::asker::Asker;
use crate::failures::{self, Trouble};
use crate::program::Program;
use crate::sure;
use clap::ArgMatches;
use std::collections::BTreeMap;
use std::path::Path;
use waxwing::model::EntryPath;
use waxwing::node::index::Query;
use waxwing::node::{self, GetRules, Got, Move, Moved, Moving, User};
use waxwing::peer::LandError;
use waxwing::ui::{AskError, Exit, Failure};

/// What becomes of files: those that replace another one, and those that come beside it, each with the
/// name that it gets. All others are left out.
#[derive(Default)]
struct Decided {
    replaced: BTreeMap<EntryPath, EntryPath>,
    beside: BTreeMap<EntryPath, EntryPath>,
}

/// What is done with a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Choice {
    Replace,
    KeepBoth,
    Skip,
    OneByOne,
}

/// Whether it was said that files are replaced, and is asked nevertheless, when it is known which: then
/// it goes without that first.
pub(super) fn asks_first(program: &Program, what: &mut Move, arguments: &ArgMatches) -> bool {
    match what {
        Move::Get { rules, .. } if sure::whom(program, arguments).is_some() => {
            std::mem::replace(&mut rules.overwrite, false)
        }
        _ => false,
    }
}

/// Carries a transfer on to its end, and asks what becomes of files in whose place others are.
pub(super) async fn carry_on(
    program: &Program,
    moving: Moving,
    said: Option<(&ArgMatches, bool)>,
) -> Result<Moved, Trouble> {
    let me = program.user()?;
    // As it was written down, what is wanted is the same after another search, too.
    let kept = me.moves()?.into_iter().find(|it| it.number == moving.number());
    let what = kept.map_or_else(|| moving.what().clone(), |kept| kept.what);
    let got = match moving.carry_on().await? {
        Moved::Got(got) => got,
        sent @ Moved::Sent(_) => return Ok(sent),
    };
    let (ask, replaces) = match said {
        Some((arguments, replaces)) => (sure::whom(program, arguments), replaces),
        None => (program.ask().filter(|_| !program.json), false),
    };
    match ask.filter(|_| got.iter().any(is_taken)) {
        Some(ask) => settle(program, &me, (ask, replaces), &what, got).await.map(Moved::Got),
        None => Ok(Moved::Got(got)),
    }
}

fn is_taken(got: &Got) -> bool {
    let why = got.landed.as_ref().err().map(Box::as_ref);
    matches!(why, Some(node::Error::Landing { why: LandError::Taken, .. }))
}

async fn settle(
    program: &Program,
    me: &User,
    (ask, replaces): (Asker<'_>, bool),
    what: &Move,
    mut got: Vec<Got>,
) -> Result<Vec<Got>, Trouble> {
    let Move::Get { wanted, words, rules } = what else { return Ok(got) };
    let taken: Vec<_> = got.iter().filter(|it| is_taken(it)).collect();
    // Who does not answer has decided nothing: it is told as it is without them.
    let Ok(decided) = decide(program, ask, replaces, &taken) else { return Ok(got) };
    let left: Vec<_> =
        taken.iter().map(|it| it.path.clone()).filter(|it| !decided.has(it)).collect();
    let mut came = Vec::new();
    for (overwrite, only) in [(true, decided.replaced), (false, decided.beside)] {
        if only.is_empty() {
            continue;
        }
        let names: Vec<_> = only.iter().map(|(from, to)| (from.clone(), to.clone())).collect();
        let rules = GetRules { overwrite, only: Some(only), ..rules.clone() };
        let mut next = Vec::new();
        // What came before is told, whatever becomes of these.
        if !wanted.is_empty() {
            next.extend(or_told(program, me.get(wanted, &rules).await));
        }
        if let Some(words) = words {
            next.extend(or_told(program, me.get_all(&Query::new(words), &rules).await));
        }
        let has_come = |to: &EntryPath| next.iter().any(|it| it.path == *to);
        let names = names.into_iter().filter(|(_, to)| has_come(to));
        let again: Vec<_> = names.map(|(from, _)| from).collect();
        got.retain(|it| !(is_taken(it) && again.contains(&it.path)));
        came.extend(next);
    }
    got.retain(|it| !(is_taken(it) && left.contains(&it.path)));
    got.extend(came);
    match got.is_empty() {
        true => Err(Failure::new(Exit::NothingToDo, "all is left as it was").into()),
        false => Ok(got),
    }
}

fn or_told(program: &Program, got: Result<Vec<Got>, node::Error>) -> Vec<Got> {
    got.unwrap_or_else(|why| {
        program.printer.failure(&failures::node(&why));
        Vec::new()
    })
}

impl Decided {
    fn has(&self, path: &EntryPath) -> bool {
        self.replaced.contains_key(path) || self.beside.contains_key(path)
    }

    fn take(&mut self, got: &Got, choice: Choice) {
        let (path, to) = (got.path.clone(), beside(got, &self.beside));
        match (choice, to) {
            (Choice::Replace, _) => drop(self.replaced.insert(path.clone(), path)),
            (Choice::KeepBoth, Some(to)) => drop(self.beside.insert(path, to)),
            _ => {}
        }
    }
}

fn decide(
    program: &Program,
    ask: Asker<'_>,
    replaces: bool,
    taken: &[&Got],
) -> Result<Decided, AskError> {
    let mut decided = Decided::default();
    let choice = match taken {
        [only] => choose_one(program, ask, replaces, only)?,
        several => choose(ask, replaces, &in_words(program, several), None)?,
    };
    for got in taken {
        let choice = match choice {
            Choice::OneByOne => choose_one(program, ask, replaces, got)?,
            choice => choice,
        };
        decided.take(got, choice);
    }
    Ok(decided)
}

fn choose_one(
    program: &Program,
    ask: Asker<'_>,
    replaces: bool,
    got: &Got,
) -> Result<Choice, AskError> {
    let file = from_here(program, &got.folder.join(got.path.to_relative()));
    let name = beside(got, &BTreeMap::new()).unwrap_or_else(|| got.path.clone());
    let what = format!("{file} is here, and is another file");
    choose(ask, replaces, &what, Some(name.file_name()))
}

/// Asks until the answer is one. Of one file it is said what another one beside it would be called.
fn choose(
    ask: Asker<'_>,
    replaces: bool,
    what: &str,
    beside: Option<&str>,
) -> Result<Choice, AskError> {
    if replaces {
        let is_yes = ask.yes(&format!("{what}. Replace?"), false)?;
        return Ok(if is_yes { Choice::Replace } else { Choice::Skip });
    }
    let choices = match beside {
        Some(name) => format!("r(eplace), k(eep both, this one as {name}), s(kip)"),
        None => "r(eplace all), k(eep both of each), s(kip all), o(ne by one)".to_owned(),
    };
    let question = format!("{what}: {choices}?");
    loop {
        return Ok(match ask.text(&question, Some("s"))?.to_lowercase().as_str() {
            "r" | "replace" => Choice::Replace,
            "k" | "keep" | "keep both" => Choice::KeepBoth,
            "s" | "skip" => Choice::Skip,
            "o" | "one by one" if beside.is_none() => Choice::OneByOne,
            _ => continue,
        });
    }
}

fn in_words(program: &Program, taken: &[&Got]) -> String {
    let name = |got: &&Got| from_here(program, &got.folder.join(got.path.to_relative()));
    let first: Vec<_> = taken.iter().take(FEW).map(name).collect();
    let more = taken.len().saturating_sub(FEW);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{} files are here, and are others: {}{more}", taken.len(), first.join(", "))
}

/// The first free name beside another file: `tree (2).txt`.
fn beside(got: &Got, taken: &BTreeMap<EntryPath, EntryPath>) -> Option<EntryPath> {
    let mut names: Vec<&str> = got.path.components().collect();
    let name = names.pop()?;
    let (stem, end) = match name.rsplit_once('.') {
        Some((stem, end)) if !stem.is_empty() => (stem, format!(".{end}")),
        _ => (name, String::new()),
    };
    let is_free = |path: &EntryPath| {
        let at: &Path = &got.folder.join(path.to_relative());
        at.symlink_metadata().is_err() && !taken.values().any(|it| it.folded() == path.folded())
    };
    (2..MOST_NAMES).find_map(|number| {
        let name = format!("{stem} ({number}){end}");
        let path = EntryPath::of(&[&names[..], &[name.as_str()]].concat()).ok()?;
        is_free(&path).then_some(path)
    })
}

/// So many are named in a question.
const FEW: usize = 3;
const MOST_NAMES: u32 = 10_000;
