//! Searching, page by page.
//!
//! ```text
//! top                                              ids, the newest first
//!  │ set: so many that the asker may see │ set │ ...
//!  ranked, folded by content, given in pages
//! ```
//!
//! A set is what a [stretch](super::stretch) finds at once. The page that goes on looks at the same set
//! again, and leaves out what was given: so nothing comes twice, whatever finds it again, and what came
//! or went meanwhile takes nobody's place. What came after the search began lies above `top`. Only
//! within a set the best comes first.

use super::super::error::{Error, Result};
use super::super::sql::Sql;
use super::super::{accounts, sessions};
use super::locate::{holders, sources as ranked};
use super::plan::Wanted;
use super::rank::{Rank, rank};
use super::scan::{Clock, Effort};
use super::seen::{self, Candidate};
use super::shelf::Filling;
use super::stretch::{Stretch, anew, begin};
use crate::crypto::UnixTime;
use crate::index::store::{
    AccountId, Asker, EntryRow, Given, Lonely, Position, Query, ResultPage, ResultRow, Spot,
};
use crate::model::AskedWord;
use crate::model::limits::{RESULT_SOURCES, SEARCH_RESULTS};
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
    results: Vec<(Rank, Candidate)>,
    /// The id from which on all were looked at; 0 when there are no more.
    from: i64,
}

struct Page {
    /// What was given on earlier pages.
    before: Given,
    /// That, and what is on this one.
    given: HashSet<u64>,
    shelf: Filling,
    results: Vec<Line>,
}

/// A result on a page.
struct Line {
    sources: Vec<EntryRow>,
    others: u32,
    mark: u64,
    spot: Spot,
}

impl Search<'_> {
    fn page(&self) -> Result<ResultPage> {
        let Position { spot, given, lonely } = self.begin()?;
        let mut page = Page::new(given);
        let rest = match lonely {
            None => self.fill(&mut page, spot.clone())?,
            Some(_) => None,
        };
        if rest.is_some() || !page.given.is_empty() {
            return Ok(page.end(rest));
        }
        let (lonely, rest) = self.lonely(lonely, spot)?;
        let given = page.before.clone();
        let page = page.end(None);
        Ok(match rest {
            None => ResultPage { nothing: lonely.nowhere, ..page },
            Some(spot) => {
                ResultPage { next: Some(Position { spot, given, lonely: Some(lonely) }), ..page }
            }
        })
    }

    /// Where the page begins. What comes later is not looked for.
    fn begin(&self) -> Result<Position> {
        if let Some(from) = &self.query.from {
            return Ok(from.clone());
        }
        let top: Option<i64> = self.db.one(TOP, params![], |row| row.get(0))?;
        let top = top.ok_or_else(|| Error::Unsound("the catalog has no numbers".into()))?;
        let spot = begin(self.db, self.asker, self.words(), top)?;
        Ok(Position { spot, given: Given::default(), lonely: None })
    }

    fn words(&self) -> &[AskedWord] {
        self.query.asked.as_ref().map_or(&[], |asked| asked.words())
    }

    /// Fills the page. Says where there may be more.
    fn fill(&self, page: &mut Page, mut spot: Spot) -> Result<Option<Spot>> {
        let (words, owners) = (self.words(), self.owners.as_deref());
        let wanted = Wanted { words, owners, kind: self.query.kind };
        loop {
            let stretch = Stretch::new(self.db, self.asker, &wanted, spot)?;
            let set = self.set(&stretch)?;
            let is_used_up = self.take(page, &stretch, &set)?;
            if page.given.len() >= SEARCH_RESULTS {
                return Ok(None);
            }
            if !is_used_up {
                return Ok(Some(stretch.spot));
            }
            let Some(next) = stretch.behind(set.from) else { return Ok(None) };
            if page.results.len() >= self.query.most || self.clock.has_run_out() {
                return Ok(Some(next));
            }
            spot = next;
        }
    }

    fn set(&self, stretch: &Stretch<'_>) -> Result<Set> {
        let mut found = Vec::new();
        let from = stretch.go(&self.clock, |candidate| {
            if self.fits(&candidate) {
                found.push(candidate);
            }
            match found.len() >= self.effort.candidates {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        })?;
        Ok(Set { results: best(found, self.words()), from })
    }

    /// What the lists of words cannot tell.
    fn fits(&self, candidate: &Candidate) -> bool {
        let Query { sizes: (smallest, largest), only_online, online, .. } = self.query;
        (smallest..=largest).contains(&&candidate.size)
            && (!only_online || online.contains(&candidate.owner))
    }

    /// Puts results of a set on the page that were not given. Says whether the set is used up.
    fn take(&self, page: &mut Page, stretch: &Stretch<'_>, set: &Set) -> Result<bool> {
        let mark = |candidate: &Candidate| page.before.mark(candidate.content, candidate.id);
        let marked = set.results.iter().map(|(_, candidate)| (mark(candidate), candidate));
        let left: Vec<_> = marked.filter(|(mark, _)| !page.given.contains(mark)).collect();
        let most = self.query.most.min(SEARCH_RESULTS.saturating_sub(page.before.count()));
        let mut left = left.as_slice();
        // What cannot be read takes no room.
        while !left.is_empty() {
            let room = most.saturating_sub(page.results.len()).min(left.len());
            let (taken, rest) = left.split_at(room);
            if taken.is_empty() {
                return Ok(false);
            }
            self.put(page, stretch, taken)?;
            left = rest;
        }
        Ok(true)
    }

    fn put(
        &self,
        page: &mut Page,
        stretch: &Stretch<'_>,
        taken: &[(u64, &Candidate)],
    ) -> Result<()> {
        let wanted: Vec<_> = taken.iter().filter_map(|(_, candidate)| candidate.content).collect();
        let mut holders = holders(self.db, &stretch.scopes, &wanted, self.asker, &self.clock)?;
        for (mark, candidate) in taken {
            page.given.insert(*mark);
            let Some(seen) = seen::entry(self.db, candidate.id, self.asker)? else { continue };
            let Some(best) = page.shelf.put(self.db, seen)? else { continue };
            let mut sources = vec![best];
            let mut others = 0;
            if let Some(content) = candidate.content {
                let mut same = holders.remove(&content).unwrap_or_default();
                same.retain(|holder| holder.id != candidate.id);
                let most = RESULT_SOURCES.saturating_sub(1);
                let (shelf, online) = (&mut page.shelf, &self.query.online);
                let (more, left) = ranked(self.db, shelf, same, self.asker, online, most)?;
                sources.extend(more);
                others = left;
            }
            let spot = stretch.spot.clone();
            page.results.push(Line { sources, others, mark: *mark, spot });
        }
        Ok(())
    }

    /// Which of the words stand in no entry that the asker may see; and where to go on, when it takes
    /// long.
    fn lonely(&self, known: Option<Lonely>, spot: Spot) -> Result<(Lonely, Option<Spot>)> {
        let top = spot.top;
        let (mut known, mut spot) = match known {
            Some(known) => (known, spot),
            None => (Lonely::default(), anew(top, 0)),
        };
        while let Some(word) = self.words().get(known.word) {
            let (is_there, behind) = self.is_there(word, spot)?;
            spot = match behind {
                Some(behind) if !is_there => behind,
                _ => {
                    known.nowhere.extend((!is_there).then_some(known.word));
                    known.word = known.word.saturating_add(1);
                    anew(top, 0)
                }
            };
            if self.clock.has_run_out() && known.word < self.words().len() {
                return Ok((known, Some(spot)));
            }
        }
        Ok((known, None))
    }

    /// Whether some entry at this place has a word; and where to go on.
    fn is_there(&self, word: &AskedWord, spot: Spot) -> Result<(bool, Option<Spot>)> {
        let wanted = Wanted { words: std::slice::from_ref(word), owners: None, kind: None };
        let stretch = Stretch::new(self.db, self.asker, &wanted, spot)?;
        let mut is_there = false;
        let from = stretch.go(&self.clock, |_| {
            is_there = true;
            ControlFlow::Break(())
        })?;
        Ok((is_there, stretch.behind(from)))
    }
}

impl Page {
    fn new(before: Given) -> Self {
        Self { given: before.marks(), before, shelf: Filling::default(), results: Vec::new() }
    }

    /// The page, and where there may be more.
    fn end(self, rest: Option<Spot>) -> ResultPage {
        let Self { before, shelf, results, .. } = self;
        let marks: Vec<_> = results.iter().map(|line| line.mark).collect();
        let given = before.and(&marks);
        let behind = |spot, count: usize| {
            let given = given.first(before.count().saturating_add(count));
            Position { spot, given, lonely: None }
        };
        let next = rest.map(|spot| behind(spot, results.len()));
        let results = results.into_iter().zip(1..).map(|(line, number)| {
            let Line { sources, others, spot, .. } = line;
            ResultRow { sources, others, here: behind(spot, number) }
        });
        ResultPage {
            shelf: shelf.into_shelf(),
            results: results.collect(),
            nothing: Vec::new(),
            next,
        }
    }
}

/// The best of each content, the best first.
fn best(found: Vec<Candidate>, words: &[AskedWord]) -> Vec<(Rank, Candidate)> {
    let ranked = found.into_iter().map(|candidate| (rank(&candidate, words), candidate));
    let mut ranked: Vec<_> = ranked.collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    let mut seen = HashSet::new();
    ranked.retain(|(_, candidate)| candidate.content.is_none_or(|content| seen.insert(content)));
    ranked
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
