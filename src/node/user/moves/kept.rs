//! Moves as they lie in the home: `moves/7.json` says what the seventh is, `moves/7.lock` is held by who
//! works on it.

use super::Move;
use crate::crypto::UnixTime;
use crate::model::EntryPath;
use crate::node::home::{HomeError, HomeLock, StateFolder, kept};
use crate::node::user::got::GetRules;
use crate::node::{Error, Wanted};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The moves of a home.
pub(super) struct Kept {
    home: StateFolder,
    folder: StateFolder,
}

/// A move that is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeptMove {
    pub(super) what: Move,
    pub(super) begun: UnixTime,
    pub(super) why: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct MoveSaid {
    begun: u64,
    why: Option<String>,
    what: WhatSaid,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum WhatSaid {
    Get {
        wanted: Vec<String>,
        contents: Vec<String>,
        /// What each of the contents is called, as far as that is known.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        names: Vec<Option<String>>,
        words: Option<String>,
        out: Option<PathBuf>,
        overwrite: bool,
        from: Option<String>,
        at: Option<String>,
    },
    Send {
        to: String,
        #[serde(default)]
        at: Option<String>,
        paths: Vec<PathBuf>,
    },
}

impl Kept {
    pub(super) fn of(home: &StateFolder) -> Self {
        Self { home: home.clone(), folder: home.inside("moves") }
    }

    /// Writes a move down, and holds it. One that is the same and was stopped is taken up.
    pub(super) fn begin(&self, what: &Move, now: UnixTime) -> Result<(u64, HomeLock), Error> {
        self.folder.make()?;
        let _changing = self.home.changing()?;
        let all = self.numbered()?;
        if let Some((number, kept)) = all.iter().find(|(_, kept)| kept.what.is_same(what)) {
            let lock = self.hold(*number)?;
            self.write(*number, &KeptMove { why: None, what: what.clone(), begun: kept.begun })?;
            return Ok((*number, lock));
        }
        // What was given up without a word does not pile up.
        for (number, _) in all.iter().take(all.len().saturating_sub(MOST)) {
            if let Ok(_lock) = self.hold(*number) {
                self.forget(*number)?;
            }
        }
        let number = self.numbers()?.last().map_or(1, |last| last.saturating_add(1));
        let lock = self.hold(number)?;
        self.write(number, &KeptMove { what: what.clone(), begun: now, why: None })?;
        Ok((number, lock))
    }

    /// Takes a move that nobody works on.
    pub(super) fn take(&self, number: u64) -> Result<(KeptMove, HomeLock), Error> {
        let _changing = self.home.changing()?;
        let (kept, lock) = self.free(number)?;
        let kept = KeptMove { why: None, ..kept };
        self.write(number, &kept)?;
        Ok((kept, lock))
    }

    /// Sees that there is such a move, and that nobody works on it.
    pub(super) fn is_free(&self, number: u64) -> Result<(), Error> {
        let _changing = self.home.changing()?;
        self.free(number).map(drop)
    }

    fn free(&self, number: u64) -> Result<(KeptMove, HomeLock), Error> {
        if self.read(number)?.is_none() {
            return Err(Error::NoMove(number));
        }
        let lock = self.hold(number)?;
        // It may have come to its end just before.
        match self.read(number)? {
            Some(kept) => Ok((kept, lock)),
            None => {
                self.folder.remove(&lock_name(number))?;
                Err(Error::NoMove(number))
            }
        }
    }

    /// All moves, and whether somebody works on them.
    pub(super) fn all(&self) -> Result<Vec<(u64, KeptMove, bool)>, Error> {
        // To see whether one is held, it is held for a moment: nobody may want to take it then.
        let _changing = self.home.changing()?;
        let all = self.numbered()?.into_iter();
        let is_held = |number| self.folder.is_held(&lock_name(number));
        Ok(all.map(|(number, kept)| (number, kept, is_held(number))).collect())
    }

    /// Says why a move that is held goes no further.
    pub(super) fn stopped(&self, number: u64, why: &str) -> Result<(), HomeError> {
        match self.read(number)? {
            Some(kept) => self.write(number, &KeptMove { why: Some(why.to_owned()), ..kept }),
            None => Ok(()),
        }
    }

    /// Forgets a move that is done; its holder still holds it. Whoever begins one meanwhile takes another number,
    /// or this one when nothing is left of it.
    pub(super) fn remove_held(&self, number: u64) -> Result<(), HomeError> {
        let _changing = self.home.changing()?;
        self.forget(number)
    }

    pub(super) fn remove(&self, number: u64, _lock: HomeLock) -> Result<(), HomeError> {
        self.remove_held(number)
    }

    fn forget(&self, number: u64) -> Result<(), HomeError> {
        self.folder.remove(&name(number))?;
        self.folder.remove(&lock_name(number))
    }

    fn hold(&self, number: u64) -> Result<HomeLock, Error> {
        self.folder.hold(&lock_name(number)).map_err(|error| match error {
            HomeError::InUse { by, .. } => Error::UnderWay { number, by },
            error => error.into(),
        })
    }

    /// In the order of their numbers. What is not understood is passed over: a later program may have
    /// written it.
    fn numbered(&self) -> Result<Vec<(u64, KeptMove)>, HomeError> {
        let read = |number| Some((number, self.read(number).ok()??));
        Ok(self.numbers()?.into_iter().filter_map(read).collect())
    }

    fn numbers(&self) -> Result<Vec<u64>, HomeError> {
        let names = self.folder.names()?;
        let numbers = names.iter().filter_map(|name| name.strip_suffix(".json")?.parse().ok());
        // Nobody comes as far as the last: there is always another one.
        let mut numbers: Vec<u64> = numbers.filter(|number| *number < u64::MAX).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    fn read(&self, number: u64) -> Result<Option<KeptMove>, HomeError> {
        let said: Option<MoveSaid> = kept::read_json(&self.folder, &name(number))?;
        Ok(said.and_then(MoveSaid::take))
    }

    fn write(&self, number: u64, kept: &KeptMove) -> Result<(), HomeError> {
        kept::write_json(&self.folder, &name(number), &MoveSaid::of(kept))
    }
}

impl MoveSaid {
    fn of(kept: &KeptMove) -> Self {
        let what = match &kept.what {
            Move::Get { wanted, words, rules } => {
                let is_content = |wanted: &&Wanted| matches!(wanted, Wanted::Content { .. });
                let (contents, wanted): (Vec<_>, Vec<_>) = wanted.iter().partition(is_content);
                let texts = |all: Vec<&Wanted>| all.into_iter().map(Wanted::to_string).collect();
                let names = contents.iter().map(|wanted| name_of(wanted)).collect();
                WhatSaid::Get {
                    wanted: texts(wanted),
                    contents: texts(contents),
                    names,
                    words: words.clone(),
                    out: rules.out.clone(),
                    overwrite: rules.overwrite,
                    from: rules.from.as_ref().map(ToString::to_string),
                    at: rules.at.as_ref().map(ToString::to_string),
                }
            }
            Move::Send { to, at, paths } => WhatSaid::Send {
                to: to.to_string(),
                at: at.as_ref().map(ToString::to_string),
                paths: paths.clone(),
            },
        };
        Self { begun: kept.begun.0, why: kept.why.clone(), what }
    }

    fn take(self) -> Option<KeptMove> {
        let what = match self.what {
            WhatSaid::Get { wanted, contents, names, words, out, overwrite, from, at } => {
                let wanted = wanted.iter().map(|text| text.parse::<Wanted>());
                let names = names.into_iter().chain(std::iter::repeat(None));
                let named = contents.iter().zip(names);
                let contents = named.map(|(text, name)| {
                    Ok(with_name(Wanted::parse_content(text)?, name.as_deref()))
                });
                let wanted: Result<_, _> = wanted.chain(contents).collect();
                let from = from.map(|name| name.parse()).transpose().ok()?;
                let at = at.map(|at| at.parse()).transpose().ok()?;
                let rules = GetRules { out, overwrite, from, at };
                Move::Get { wanted: wanted.ok()?, words, rules }
            }
            WhatSaid::Send { to, at, paths } => {
                let at = at.map(|at| at.parse()).transpose().ok()?;
                Move::Send { to: to.parse().ok()?, at, paths }
            }
        };
        Some(KeptMove { what, begun: UnixTime(self.begun), why: self.why })
    }
}

/// What a content is called, if that is known.
fn name_of(wanted: &Wanted) -> Option<String> {
    match wanted {
        Wanted::Content { name, .. } => name.as_ref().map(|name| name.as_str().to_owned()),
        _ => None,
    }
}

/// The same content with what it is called. It is only shown: without, it is got as well.
fn with_name(wanted: Wanted, name: Option<&str>) -> Wanted {
    match wanted {
        Wanted::Content { id, size, .. } => {
            let name = name.and_then(|name| EntryPath::parse(name).ok());
            Wanted::Content { id, size, name }
        }
        other => other,
    }
}

fn name(number: u64) -> String {
    format!("{number}.json")
}

fn lock_name(number: u64) -> String {
    format!("{number}.lock")
}

/// So many moves that are not done are known.
const MOST: usize = 1000;

#[cfg(test)]
#[path = "../../../../test/unit/kept_moves.rs"]
mod tests;
