//! Files in whose place others are: the person at the terminal says what becomes of them.

use super::moving::from_here;
use crate::asker::Asker;
use crate::failures::Trouble;
use crate::program::Program;
use crate::sure;
use clap::ArgMatches;
use std::mem;
use waxwing::node::{Clash, Instead, Move, Moved, Moving};
use waxwing::ui::{Exit, Failure, QuestionError};

/// Whether it was said that files are replaced, and is asked nevertheless, when it is known which: then
/// it goes without that first.
pub(super) fn asks_first(program: &Program, what: &mut Move, arguments: &ArgMatches) -> bool {
    match what {
        Move::Get { rules, .. } if sure::whom(program, arguments).is_some() => {
            mem::replace(&mut rules.overwrite, false)
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
    let (ask, replaces) = match said {
        Some((arguments, replaces)) => (sure::whom(program, arguments), replaces),
        None => (program.ask().filter(|_| !program.json), false),
    };
    let Some(ask) = ask else { return Ok(moving.carry_on().await?) };
    let deciding = Deciding { program, ask, replaces };
    let moved = moving.carry_on_deciding(&mut |clashes| deciding.decide(clashes).ok()).await?;
    match moved {
        Moved::Got(got) if got.is_empty() => {
            Err(Failure::new(Exit::NothingToDo, "all is left as it was").into())
        }
        moved => Ok(moved),
    }
}

/// Who is asked, and whether it was said already that files are replaced.
struct Deciding<'p> {
    program: &'p Program,
    ask: Asker<'p>,
    replaces: bool,
}

impl Deciding<'_> {
    /// An answer for each, or for all of them.
    fn decide(&self, clashes: &[Clash]) -> Result<Vec<Instead>, QuestionError> {
        let of_all = match clashes {
            [_] => None,
            several => self.choose(&self.in_words(several), None)?,
        };
        let one = |clash: &Clash| match of_all {
            Some(instead) => Ok(instead),
            None => self.choose_one(clash),
        };
        clashes.iter().map(one).collect()
    }

    fn choose_one(&self, clash: &Clash) -> Result<Instead, QuestionError> {
        let name = clash.beside().unwrap_or_else(|| clash.path.clone());
        let what =
            format!("{} is here, and is another file", from_here(self.program, &clash.file()));
        Ok(self.choose(&what, Some(name.file_name()))?.unwrap_or(Instead::Leave))
    }

    /// Asks until the answer is one; none is to be asked of each. Of one file it is said what it would be
    /// called beside the other one.
    fn choose(&self, what: &str, beside: Option<&str>) -> Result<Option<Instead>, QuestionError> {
        if self.replaces {
            let is_yes = self.ask.yes(&format!("{what}. Replace?"), false)?;
            return Ok(Some(if is_yes { Instead::Replace } else { Instead::Leave }));
        }
        let choices = match beside {
            Some(name) => format!("r(eplace), k(eep both, this one as {name}), s(kip)"),
            None => "r(eplace all), k(eep both of each), s(kip all), o(ne by one)".to_owned(),
        };
        let question = format!("{what}: {choices}?");
        loop {
            return Ok(match self.ask.text(&question, Some("s"))?.to_lowercase().as_str() {
                "r" | "replace" => Some(Instead::Replace),
                "k" | "keep" | "keep both" => Some(Instead::Beside),
                "s" | "skip" => Some(Instead::Leave),
                "o" | "one by one" if beside.is_none() => None,
                _ => continue,
            });
        }
    }

    fn in_words(&self, clashes: &[Clash]) -> String {
        let names = clashes.iter().take(FEW).map(|clash| from_here(self.program, &clash.file()));
        let names: Vec<_> = names.collect();
        let more = clashes.len().saturating_sub(FEW);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{} files are here, and are others: {}{more}", clashes.len(), names.join(", "))
    }
}

/// So many are named in a question.
const FEW: usize = 3;
