//! Who has a content.

use super::super::error::Result;
use super::super::sessions;
use super::plan::Plan;
use super::scan::{Clock, Effort, scan};
use super::scopes::{Portion, Scopes};
use super::seen::{self, Candidate};
use super::shelf::Filling;
use super::terms::{Mark, Scope};
use crate::crypto::UnixTime;
use crate::index::store::{AccountId, Asker, EntryRow, Holders, Online};
use crate::model::Content;
use rusqlite::Connection;
use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

/// Who has a content, those who are online first.
pub(in super::super) fn locate(
    db: &Connection,
    asker: &Asker,
    content: Content,
    online: &Online,
    most: usize,
    (now, effort): (UnixTime, Effort),
) -> Result<Holders> {
    let asker = sessions::member(db, asker, now)?.0.account;
    let (clock, mut portion) = (effort.clock(), Some(Portion::FIRST));
    let mut found = Vec::new();
    while let Some(next) = portion
        && found.len() < MOST_OF_ONE
        && !clock.has_run_out()
    {
        let scopes = Scopes::of(db, asker, next)?;
        let mut holders = holders(db, &scopes, &[content], asker, &clock)?;
        found.extend(holders.remove(&content).unwrap_or_default());
        portion = scopes.next;
    }
    let mut shelf = Filling::default();
    let (sources, others) = sources(db, &mut shelf, found, asker, online, most)?;
    Ok(Holders { shelf: shelf.into_shelf(), sources, others })
}

/// Entries that the asker may see and that have one of these contents.
pub(super) fn holders(
    db: &Connection,
    scopes: &Scopes,
    contents: &[Content],
    asker: AccountId,
    clock: &Clock,
) -> Result<HashMap<Content, Vec<Candidate>>> {
    let mut found: HashMap<Content, Vec<Candidate>> = HashMap::new();
    let Some(text) = having(scopes, contents) else { return Ok(found) };
    let wanted: HashSet<_> = contents.iter().copied().collect();
    let mut left = contents.len().saturating_mul(MOST_OF_EACH).max(MOST_OF_ONE);
    // Only what is seen counts: nobody's place is taken by entries that are not there, or that have
    // another content whose id begins in the same way.
    scan(db, &Plan { text, steps: 0 }, (0, i64::MAX), Some(clock), |id| {
        if let Some(candidate) = seen::candidate(db, id, asker)?
            && let Some(content) = candidate.content.filter(|content| wanted.contains(content))
        {
            left = left.saturating_sub(1);
            found.entry(content).or_default().push(candidate);
        }
        let is_enough = left == 0 || clock.has_run_out();
        Ok(if is_enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    Ok(found)
}

/// What asks for entries with one of these contents.
pub(super) fn having(scopes: &Scopes, contents: &[Content]) -> Option<String> {
    // Whoever sees very many shares is not told all sources of very many contents at once.
    let most = MOST_TERMS.checked_div(contents.len())?.max(1);
    let term =
        |scope: Scope, content: &Content| format!("\"{scope}={}\"", Mark::Content(content.id()));
    let scopes = scopes.all().take(most);
    let terms: Vec<_> =
        scopes.flat_map(|scope| contents.iter().map(move |content| term(scope, content))).collect();
    (!terms.is_empty()).then(|| terms.join(" OR "))
}

/// At most so many of these entries, those of people who are online first, then the newest; and how
/// many are left.
pub(super) fn sources(
    db: &Connection,
    shelf: &mut Filling,
    mut found: Vec<Candidate>,
    asker: AccountId,
    online: &Online,
    most: usize,
) -> Result<(Vec<EntryRow>, u32)> {
    found.sort_by_key(|candidate| {
        (!online.contains(&candidate.owner), std::cmp::Reverse(candidate.id))
    });
    // An entry whose scope changes is found by the old and the new one.
    found.dedup_by_key(|candidate| candidate.id);
    let others = u32::try_from(found.len().saturating_sub(most)).unwrap_or(u32::MAX);
    let mut sources = Vec::new();
    for candidate in found.iter().take(most) {
        if let Some(seen) = seen::entry(db, candidate.id, asker)? {
            sources.extend(shelf.put(db, seen)?);
        }
    }
    Ok((sources, others))
}

/// So many entries with one content are looked at: there may be more, and nobody needs them.
const MOST_OF_ONE: usize = 1024;
/// The same, for each of many.
pub(super) const MOST_OF_EACH: usize = 64;
const MOST_TERMS: usize = 2000;
