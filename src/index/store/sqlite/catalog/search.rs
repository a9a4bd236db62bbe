//! Searching, page by page.
//!
//! ```text
//! top                                              ids, the newest first
//!  │ set: so many that the asker may see │ set │ ...
//!  ranked, folded by content, given in pages
//! ```
//!
//! A set is what lies between two ids. A page that goes on looks at the same set again, and gives what
//! ranks behind its position: what came meanwhile lies above `top`, what went is not missed, and the
//! rest has its place. Sets follow each other; only within one the best comes first.

use super::super::error::{Error, Result};
use super::super::sql::Sql;
use super::super::{accounts, sessions};
use super::locate::{MOST_OF_EACH, having, holders, sources};
use super::plan::{Plan, Wanted};
use super::rank::{Place, place};
use super::scan::{Clock, Effort, scan};
use super::scopes::{Portion, Scopes};
use super::seen::{self, Candidate};
use super::shelf::Filling;
use crate::crypto::UnixTime;
use crate::index::store::{AccountId, Asker, Position, Query, ResultPage, ResultRow};
use crate::model::limits::RESULT_SOURCES;
use crate::model::{AskedWord, Content};
use rusqlite::{Connection, params};
use std::collections::HashSet;
use std::ops::ControlFlow;

pub(super) const TOP: &str = "SELECT next FROM catalog";

/// A page of results.
pub(in super::super) fn search(
    db: &Connection,
    asker: &Asker,
    query: &Query,
    (now, effort): (UnixTime, Effort),
) -> Result<ResultPage> {
    let asker = sessions::member(db, asker, now)?.0.account;
    let (owners, clock) = (owners(db, query)?, effort.clock());
    Search { db, asker, query, owners, effort, clock }.page()
}

struct Search<'q> {
    db: &'q Connection,
    asker: AccountId,
    query: &'q Query,
    /// Whose entries alone, if they are so few that each can be asked for.
    owners: Option<Vec<AccountId>>,
    effort: Effort,
    clock: Clock,
}

/// A set of candidates: the best of each content, the best first.
struct Set {
    results: Vec<(Place, Candidate)>,
    /// What it was asked for; nothing when there can be no entry.
    plan: Option<Plan>,
    /// The id from which on all were looked at; 0 when there are no more.
    from: i64,
}

#[derive(Default)]
struct Page {
    shelf: Filling,
    results: Vec<ResultRow>,
}

impl Search<'_> {
    fn page(&self) -> Result<ResultPage> {
        let (mut page, mut at) = (Page::default(), self.begin()?);
        let next = loop {
            let scopes = Scopes::of(self.db, self.asker, Portion(at.portion))?;
            let set = self.set(&scopes, at)?;
            if !self.take(&mut page, &scopes, &set, at)? {
                break page.results.last().map(|last| last.here);
            }
            let Some(after) = after(at, &set, &scopes) else { break None };
            if page.results.len() >= self.query.most || self.clock.has_run_out() {
                break Some(after);
            }
            at = after;
        };
        let found_nothing = self.query.from.is_none() && page.results.is_empty();
        let nothing = match found_nothing && next.is_none() {
            true => self.nothing()?,
            false => Vec::new(),
        };
        Ok(ResultPage { shelf: page.shelf.into_shelf(), results: page.results, nothing, next })
    }

    /// Where the page begins. What comes later is not looked for.
    fn begin(&self) -> Result<Position> {
        if let Some(from) = self.query.from {
            return Ok(from);
        }
        let top: Option<i64> = self.db.one(TOP, params![], |row| row.get(0))?;
        let top = top.ok_or_else(|| Error::Unsound("the catalog has no numbers".into()))?;
        Ok(Position { top, portion: Portion::FIRST.0, below: top, from: 0, last: None })
    }

    fn words(&self) -> &[AskedWord] {
        self.query.asked.as_ref().map_or(&[], |asked| asked.words())
    }

    /// The set of a position. One that was begun is looked at again, with more patience: where it ended
    /// sooner than before, some results would be given once more.
    fn set(&self, scopes: &Scopes, at: Position) -> Result<Set> {
        let (words, owners) = (self.words(), self.owners.as_deref());
        let plan = Plan::new(
            self.db,
            scopes,
            &Wanted { words, owners, kind: self.query.kind },
            &self.clock,
        )?;
        let Some(plan) = plan else { return Ok(Set { results: Vec::new(), plan, from: 0 }) };
        let Effort { candidates, .. } = self.effort;
        let (most, clock) = match at.last {
            None => (candidates, self.clock),
            Some(_) => (candidates.saturating_mul(2), self.effort.clock_for_again()),
        };
        let mut found = Vec::new();
        let from = scan(self.db, &plan, (at.from, at.below), Some(&clock), |id| {
            if let Some(candidate) = seen::candidate(self.db, id, self.asker)?
                && self.fits(&candidate)
            {
                found.push(candidate);
            }
            let is_enough = found.len() >= most || clock.has_run_out();
            Ok(if is_enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        Ok(Set { results: best(found, words), plan: Some(plan), from })
    }

    /// What the lists of words cannot tell.
    fn fits(&self, candidate: &Candidate) -> bool {
        let Query { sizes: (smallest, largest), only_online, online, .. } = self.query;
        (smallest..=largest).contains(&&candidate.size)
            && (!only_online || online.contains(&candidate.owner))
    }

    /// Puts results of a set on the page, from a position on. Says whether the set is used up.
    fn take(&self, page: &mut Page, scopes: &Scopes, set: &Set, at: Position) -> Result<bool> {
        let is_left = |(place, _): &&(Place, Candidate)| {
            at.last.is_none_or(|(rank, id)| *place > Place { rank, id })
        };
        let mut left = set.results.iter().filter(is_left).peekable();
        while left.peek().is_some() {
            let room = self.query.most.saturating_sub(page.results.len());
            let mut taken: Vec<_> = left.by_ref().take(room).collect();
            if taken.is_empty() {
                return Ok(false);
            }
            let before = self.given_before(scopes, set, &taken, at)?;
            taken.retain(|(_, candidate)| {
                candidate.content.is_none_or(|content| !before.contains(&content))
            });
            self.put(page, scopes, &taken, Position { from: set.from, ..at })?;
        }
        Ok(true)
    }

    /// Which of these contents an earlier set had among its results.
    fn given_before(
        &self,
        scopes: &Scopes,
        set: &Set,
        taken: &[&(Place, Candidate)],
        at: Position,
    ) -> Result<HashSet<Content>> {
        let (wanted, mut given) = (contents(taken), HashSet::new());
        let mut left = wanted.len().saturating_mul(MOST_OF_EACH);
        let (Some(plan), Some(having)) = (&set.plan, having(scopes, &wanted)) else {
            return Ok(given);
        };
        if at.below >= at.top {
            return Ok(given);
        }
        let text = format!("({}) AND ({having})", plan.text);
        let plan = Plan { text, steps: 0 };
        scan(self.db, &plan, (at.below, at.top), None, |id| {
            if let Some(candidate) = seen::candidate(self.db, id, self.asker)?
                && self.fits(&candidate)
            {
                given.extend(candidate.content);
            }
            left = left.saturating_sub(1);
            Ok(if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        Ok(given)
    }

    fn put(
        &self,
        page: &mut Page,
        scopes: &Scopes,
        taken: &[&(Place, Candidate)],
        at: Position,
    ) -> Result<()> {
        let wanted = contents(taken);
        let mut holders = holders(self.db, scopes, &wanted, self.asker, &self.clock)?;
        for (Place { rank, id }, candidate) in taken {
            let Some(seen) = seen::entry(self.db, *id, self.asker)? else { continue };
            let Some(best) = page.shelf.put(self.db, seen)? else { continue };
            let mut row = ResultRow {
                sources: vec![best],
                others: 0,
                here: Position { last: Some((*rank, *id)), ..at },
            };
            if let Some(content) = candidate.content {
                let mut same = holders.remove(&content).unwrap_or_default();
                same.retain(|holder| holder.id != *id);
                let (shelf, online) = (&mut page.shelf, &self.query.online);
                let most = RESULT_SOURCES.saturating_sub(1);
                let (sources, others) = sources(self.db, shelf, same, self.asker, online, most)?;
                row.sources.extend(sources);
                row.others = others;
            }
            page.results.push(row);
        }
        Ok(())
    }

    /// The words that no entry has that the asker may see.
    fn nothing(&self) -> Result<Vec<usize>> {
        let mut nothing = Vec::new();
        for (number, word) in self.words().iter().enumerate() {
            if !self.is_anywhere(word)? {
                nothing.push(number);
            }
        }
        Ok(nothing)
    }

    /// Whether some entry has a word, or so much is hidden that nobody can tell in time.
    fn is_anywhere(&self, word: &AskedWord) -> Result<bool> {
        let wanted = Wanted { words: std::slice::from_ref(word), owners: None, kind: None };
        let mut portion = Some(Portion::FIRST);
        while let Some(next) = portion {
            let scopes = Scopes::of(self.db, self.asker, next)?;
            let mut is_there = false;
            if let Some(plan) = Plan::new(self.db, &scopes, &wanted, &self.clock)? {
                scan(self.db, &plan, (0, i64::MAX), Some(&self.clock), |id| {
                    is_there = self.clock.has_run_out()
                        || seen::candidate(self.db, id, self.asker)?.is_some();
                    Ok(if is_there { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
                })?;
            }
            if is_there || self.clock.has_run_out() {
                return Ok(true);
            }
            portion = scopes.next;
        }
        Ok(false)
    }
}

/// The position behind a set that is used up.
fn after(at: Position, set: &Set, scopes: &Scopes) -> Option<Position> {
    let begin = Position { from: 0, last: None, ..at };
    match (set.from, scopes.next) {
        (0, None) => None,
        (0, Some(Portion(portion))) => Some(Position { below: at.top, portion, ..begin }),
        (from, _) => Some(Position { below: from, ..begin }),
    }
}

/// The best of each content, the best first.
fn best(found: Vec<Candidate>, words: &[AskedWord]) -> Vec<(Place, Candidate)> {
    let ranked = found.into_iter().map(|candidate| (place(&candidate, words), candidate));
    let mut ranked: Vec<_> = ranked.collect();
    ranked.sort_by_key(|(place, _)| *place);
    let mut seen = HashSet::new();
    ranked.retain(|(_, candidate)| candidate.content.is_none_or(|content| seen.insert(content)));
    ranked
}

fn contents(taken: &[&(Place, Candidate)]) -> Vec<Content> {
    taken.iter().filter_map(|(_, candidate)| candidate.content).collect()
}

/// Whose entries alone are looked for, if that is one person or few.
fn owners(db: &Connection, query: &Query) -> Result<Option<Vec<AccountId>>> {
    let is_wanted = |account: &AccountId| !query.only_online || query.online.contains(account);
    if let Some(owner) = &query.owner {
        let account = accounts::find(db, owner)?.map(|account| account.id);
        return Ok(Some(account.into_iter().filter(is_wanted).collect()));
    }
    let is_few = query.only_online && query.online.len() <= FEW;
    Ok(is_few.then(|| query.online.iter().copied().collect()))
}

const FEW: usize = 32;
