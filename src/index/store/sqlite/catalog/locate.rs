//! Who has a content.

use super::super::error::Result;
use super::super::sessions;
use super::ask::Plan;
use super::scan::{Clock, Effort, scan};
use super::scopes::{Portion, Scopes};
use super::seen::{self, Candidate};
use super::shelf::Filling;
use super::terms::{Mark, Scope};
use crate::crypto::UnixTime;
use crate::index::store::{AccountId, Asker, EntryRow, Holders, Online};
use crate::model::Content;
use crate::model::limits::RESULT_SOURCES;
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
///
/// Anybody may claim any content, very often and in entries that are not there. So of each person only
/// so many claims are looked at, and then the search goes on without them.
pub(super) fn holders(
    db: &Connection,
    scopes: &Scopes,
    contents: &[Content],
    asker: AccountId,
    clock: &Clock,
) -> Result<HashMap<Content, Vec<Candidate>>> {
    let mut found: HashMap<Content, Vec<Candidate>> = HashMap::new();
    let wanted: HashSet<_> = contents.iter().copied().collect();
    let mut left = contents.len().saturating_mul(MOST_OF_EACH).max(MOST_OF_ONE);
    let (mut claims, mut below) = (Claims::of(contents.len()), i64::MAX);
    while let Some(text) = claims.text(scopes, contents) {
        let mut is_new_to_leave_out = false;
        // Only what is seen takes a place: not entries that are not there, or that have another
        // content whose id begins in the same way.
        below = scan(db, &Plan { text, steps: 0 }, (0, below), Some(clock), |id| {
            let candidate = seen::candidate(db, id, asker)?;
            let owner = match &candidate {
                Some(candidate) => Some(candidate.owner),
                None => seen::owner(db, id)?,
            };
            let is_seen = candidate.is_some();
            if let Some(candidate) = candidate
                && let Some(content) = candidate.content.filter(|content| wanted.contains(content))
            {
                left = left.saturating_sub(1);
                found.entry(content).or_default().push(candidate);
            }
            is_new_to_leave_out = owner.is_some_and(|owner| claims.count(owner, is_seen));
            let is_enough = left == 0 || clock.has_run_out() || is_new_to_leave_out;
            Ok(if is_enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        if left == 0 || clock.has_run_out() || !is_new_to_leave_out {
            break;
        }
    }
    Ok(found)
}

/// How many claims of whom were looked at.
struct Claims {
    most: usize,
    counts: HashMap<AccountId, (usize, usize)>,
    left_out: Vec<AccountId>,
}

impl Claims {
    fn of(contents: usize) -> Self {
        let most = contents.saturating_mul(RESULT_SOURCES).max(MOST_OF_PERSON);
        Self { most, counts: HashMap::new(), left_out: Vec::new() }
    }

    /// Counts one more. Says whether this person is left out from now on. What nobody sees counts
    /// apart: what is about to come must not hide what is there.
    fn count(&mut self, owner: AccountId, is_seen: bool) -> bool {
        let (seen, unseen) = self.counts.entry(owner).or_default();
        let (count, most) = if is_seen { (seen, self.most) } else { (unseen, MOST_UNSEEN) };
        *count = count.saturating_add(1);
        let is_enough = *count == most && !self.left_out.contains(&owner);
        if is_enough {
            self.left_out.push(owner);
        }
        is_enough
    }

    /// What asks for entries with one of these contents, but those of who is left out.
    fn text(&self, scopes: &Scopes, contents: &[Content]) -> Option<String> {
        let is_in = |owner: &AccountId| !self.left_out.contains(owner);
        let shares = scopes.shares.iter().filter(|(_, owner)| is_in(owner));
        let shares = shares.map(|(scope, _)| *scope);
        let everyone = scopes.everyone.then_some(Scope::Everyone);
        let text = any_of(everyone.into_iter().chain(shares), contents)?;
        let owned = |owner: &AccountId| format!("\"{}={}\"", Scope::Everyone, Mark::Owner(*owner));
        let left_out: Vec<_> = self.left_out.iter().map(owned).collect();
        Some(match left_out.is_empty() {
            true => text,
            false => format!("({text}) NOT ({})", left_out.join(" OR ")),
        })
    }
}

/// What asks for entries with one of these contents.
fn any_of(scopes: impl Iterator<Item = Scope>, contents: &[Content]) -> Option<String> {
    // Whoever sees very many shares is not told all sources of very many contents at once.
    let most = MOST_TERMS.checked_div(contents.len())?.max(1);
    let term =
        |scope: Scope, content: &Content| format!("\"{scope}={}\"", Mark::Content(content.id()));
    let scopes = scopes.take(most);
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
/// Of them, so many of one person; and so many that the asker does not see.
const MOST_OF_PERSON: usize = 256;
const MOST_UNSEEN: usize = 16_384;
/// Of each content, where there are many.
const MOST_OF_EACH: usize = 64;
const MOST_TERMS: usize = 2000;
