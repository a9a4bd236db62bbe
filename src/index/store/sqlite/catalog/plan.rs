//! What the search is asked for, in its own words, and what that will cost.
//!
//! Every scope is asked for by itself, and one in which a word does not stand is left out.
//!
//! A prefix becomes the words that begin so: the search's own prefixes bring whole lists together
//! before they give the first entry, and nothing could stop them. One asked word is **opened**: it is
//! gone through in portions, in the order of how its words end, until none is left. Another prefix is
//! asked for when its words are few, and else looked for in the rows that the others find.

use super::super::error::Result;
use super::super::sql::Sql;
use super::ask::{Ask, Plan};
use super::scopes::{MOST_TOGETHER, Scopes};
use super::terms::{Mark, Scope};
use super::vocabulary::{self, Range};
use crate::index::store::{AccountId, Spot};
use crate::model::{AskedWord, FileKind, Term, Word};

/// What entries must have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'q> {
    /// All of these words.
    pub(super) words: &'q [AskedWord],
    /// One of these owners.
    pub(super) owners: Option<&'q [AccountId]>,
    /// This kind.
    pub(super) kind: Option<FileKind>,
}

/// What to ask for in some scopes, with a portion of the words of the opened one.
pub(super) struct Planned<'q> {
    /// Nothing when no entry can be there.
    pub(super) plan: Option<Plan>,
    /// What is to be looked for in the rows.
    pub(super) in_rows: Vec<&'q AskedWord>,
    /// How the last word of the portion ends, if there are more behind it.
    pub(super) up_to: Option<Box<str>>,
}

/// What to ask for at a place.
pub(super) fn plan<'q>(
    db: &impl Sql,
    scopes: &Scopes,
    wanted: &Wanted<'q>,
    spot: &Spot,
) -> Result<Planned<'q>> {
    let room = Room::of(wanted.words, spot.opened, scopes.shares.len());
    let mut asks = Vec::new();
    if scopes.everyone {
        asks.extend(ScopeAsk::new(db, Scope::Everyone, wanted, spot, room.everyone)?);
    }
    for (scope, owner) in &scopes.shares {
        if wanted.owners.is_none_or(|owners| owners.contains(owner)) {
            asks.extend(ScopeAsk::new(db, *scope, wanted, spot, room.share)?);
        }
    }
    let up_to = last_end(&asks, spot);
    let mut in_rows: Vec<_> = asks.iter().flat_map(|ask| ask.in_rows.iter().copied()).collect();
    in_rows.sort_unstable();
    in_rows.dedup();
    let in_rows = in_rows.into_iter().filter_map(|at| wanted.words.get(at)).collect();
    let asks: Vec<_> = asks.into_iter().filter_map(|ask| ask.up_to(up_to.as_deref())).collect();
    let steps = asks.iter().fold(0, |sum: u64, ask| sum.saturating_add(ask.steps()));
    let texts: Vec<_> = asks.into_iter().map(|ask| format!("({})", ask.here().text)).collect();
    let plan = (!texts.is_empty()).then(|| Plan { text: texts.join(" OR "), steps });
    Ok(Planned { plan, in_rows, up_to })
}

/// Which word to open: of those that stand for too many others to be asked for beside it, the one that
/// stands for the fewest.
pub(super) fn opened(db: &impl Sql, scopes: &Scopes, words: &[AskedWord]) -> Result<usize> {
    let open = words.iter().enumerate().filter(|(_, word)| prefixes(word).count() > 0);
    let open: Vec<_> = open.collect();
    if let [] | [_] = open[..] {
        return Ok(open.first().map_or(0, |(at, _)| *at));
    }
    let mut counts = Vec::new();
    for (at, word) in open {
        let mut count = 0usize;
        for scope in scopes.all().take(COUNTED_IN) {
            for with in prefixes(word) {
                count = count.saturating_add(vocabulary::beginnings(db, scope, with, COUNTED)?);
            }
        }
        counts.push((at, count));
    }
    let room = Room::of(words, 0, 0).everyone;
    let best = counts.into_iter().min_by_key(|(_, count)| (*count <= room, *count));
    Ok(best.map_or(0, |(at, _)| at))
}

/// How many shares can be asked for these words at once.
pub(super) fn together(words: &[AskedWord]) -> usize {
    let terms = words.iter().flat_map(AskedWord::alternatives).map(Vec::len).sum::<usize>();
    MOST_LISTS.checked_div(terms).unwrap_or(MOST_TOGETHER).clamp(1, MOST_TOGETHER)
}

fn prefixes(word: &AskedWord) -> impl Iterator<Item = &Word> {
    word.alternatives().iter().flatten().filter_map(|term| match term {
        Term::Prefix(with) => Some(with),
        Term::Exact(_) => None,
    })
}

/// How many words a prefix may become that is not opened.
#[derive(Clone, Copy)]
struct Room {
    everyone: usize,
    share: usize,
}

impl Room {
    fn of(words: &[AskedWord], opened: usize, shares: usize) -> Self {
        let others = words.iter().enumerate().filter(|(at, _)| *at != opened);
        let others = others.flat_map(|(_, word)| prefixes(word)).count().max(1);
        let each = |all: usize, scopes: usize| {
            let scopes = scopes.max(1).saturating_mul(others);
            all.checked_div(scopes).unwrap_or_default().clamp(1, OF_PREFIX)
        };
        Self { everyone: each(OF_PREFIX, 1), share: each(OF_SHARES, shares) }
    }
}

/// What is asked for in one scope, while it is not settled how far the opened word is.
struct ScopeAsk<'q> {
    scope: Scope,
    /// What all entries must have.
    rest: Ask,
    /// The words, by number, that are looked for in the rows.
    in_rows: Vec<usize>,
    /// In which ways the opened word stands; none when no word was asked for.
    opened: Option<Vec<Opening<'q>>>,
}

/// A way in which the opened word may stand.
struct Opening<'q> {
    /// Terms without which it does not.
    fixed: Ask,
    /// How its last one begins, and the first words that do, if its end is open.
    open: Option<(&'q str, Vec<(String, u64)>)>,
}

impl<'q> ScopeAsk<'q> {
    fn new(
        db: &impl Sql,
        scope: Scope,
        wanted: &Wanted<'q>,
        spot: &Spot,
        room: usize,
    ) -> Result<Option<Self>> {
        let Some(mut rest) = marks(scope, wanted) else { return Ok(None) };
        let opened = match wanted.words.get(spot.opened) {
            Some(word) => Some(openings(db, scope, word, spot)?),
            None => None,
        };
        if opened.as_ref().is_some_and(Vec::is_empty) {
            return Ok(None);
        }
        let mut in_rows = Vec::new();
        for (at, word) in wanted.words.iter().enumerate().filter(|(at, _)| *at != spot.opened) {
            match Stands::of(db, scope, word, room)? {
                Stands::Nowhere => return Ok(None),
                Stands::In(ask) => rest.and(&ask),
                Stands::InMany => in_rows.push(at),
            }
        }
        Ok(Some(Self { scope, rest, in_rows, opened }))
    }

    /// All of it, with the words of the opened one that end so or before.
    fn up_to(self, end: Option<&str>) -> Option<Ask> {
        let Self { scope, mut rest, opened, .. } = self;
        let Some(opened) = opened else { return Some(rest) };
        let mut any = Ask::NONE;
        for Opening { mut fixed, open } in opened {
            let is_group = fixed.lists > u64::from(open.is_none());
            if let Some((with, words)) = open {
                let mut ends = Ask::NONE;
                let is_in = |word: &str| end.is_none_or(|end| ending(word, with) <= end);
                for (word, entries) in words.iter().filter(|(word, _)| is_in(word)) {
                    ends.or(&Ask::word(scope, word, *entries));
                }
                if ends.text.is_empty() {
                    continue;
                }
                fixed.and(&ends);
            }
            any.or(&if is_group { fixed.here() } else { fixed });
        }
        rest.and(&any);
        (!any.text.is_empty()).then_some(rest)
    }
}

/// In which ways an opened word may stand in a scope, with words that come behind where one is.
fn openings<'q>(
    db: &impl Sql,
    scope: Scope,
    word: &'q AskedWord,
    spot: &Spot,
) -> Result<Vec<Opening<'q>>> {
    let mut openings = Vec::new();
    for terms in word.alternatives() {
        let (mut fixed, mut open, mut stands) = (Ask::ALL, None, true);
        for term in terms {
            match term {
                Term::Exact(word) => {
                    let entries = vocabulary::entries(db, scope, word)?;
                    stands &= entries > 0;
                    fixed.and(&Ask::word(scope, word.as_str(), entries));
                }
                Term::Prefix(word) => {
                    let (after, up_to) = (spot.after.as_deref(), spot.up_to.as_deref());
                    let range = Range { with: word.as_str(), after, up_to };
                    let words = vocabulary::beginning(db, scope, &range, OF_PREFIX)?;
                    stands &= !words.is_empty();
                    open = Some((word.as_str(), words));
                }
            }
        }
        // What does not go on is found with the first portion.
        if stands && (open.is_some() || spot.after.is_none()) {
            openings.push(Opening { fixed, open });
        }
    }
    Ok(openings)
}

/// Up to which end all words of the opened one are known in every scope, and not too many.
fn last_end(asks: &[ScopeAsk<'_>], spot: &Spot) -> Option<Box<str>> {
    let mut last = spot.up_to.as_deref();
    let mut ends = Vec::new();
    let openings = asks.iter().flat_map(|ask| ask.opened.iter().flatten());
    for (with, words) in openings.filter_map(|opening| opening.open.as_ref()) {
        ends.extend(words.iter().map(|(word, _)| ending(word, with)));
        if let Some(end) = ends.last().filter(|_| words.len() >= OF_PREFIX) {
            last = Some(last.map_or(*end, |last| last.min(*end)));
        }
    }
    ends.retain(|end| last.is_none_or(|last| *end <= last));
    ends.sort_unstable();
    ends.get(OF_SHARES).copied().or(last).map(Box::from)
}

fn ending<'w>(word: &'w str, with: &str) -> &'w str {
    word.strip_prefix(with).unwrap_or_default()
}

/// How an asked word stands in a scope.
enum Stands {
    Nowhere,
    In(Ask),
    /// In more lists than there is room for.
    InMany,
}

impl Stands {
    fn of(db: &impl Sql, scope: Scope, word: &AskedWord, room: usize) -> Result<Self> {
        let (mut any, mut many) = (Ask::NONE, false);
        for terms in word.alternatives() {
            let (mut all, mut stands) = (Ask::ALL, true);
            for term in terms {
                let mut words = words(db, scope, term, room)?;
                many |= words.len() > room;
                stands &= !words.is_empty();
                words.truncate(room);
                let mut ask = Ask::NONE;
                words.iter().for_each(|(word, entries)| ask.or(&Ask::word(scope, word, *entries)));
                all.and(&ask);
            }
            if stands {
                any.or(&if terms.len() > 1 { all.here() } else { all });
            }
        }
        Ok(match any.text.is_empty() {
            true => Self::Nowhere,
            false if many => Self::InMany,
            false => Self::In(any),
        })
    }
}

/// The words for which a term stands in a scope, one more than there is room for, and about how many
/// entries have each.
fn words(db: &impl Sql, scope: Scope, term: &Term, room: usize) -> Result<Vec<(String, u64)>> {
    match term {
        Term::Prefix(word) => {
            let range = Range { with: word.as_str(), after: None, up_to: None };
            vocabulary::beginning(db, scope, &range, room.saturating_add(1))
        }
        Term::Exact(word) => Ok(match vocabulary::entries(db, scope, word)? {
            0 => Vec::new(),
            entries => vec![(word.as_str().to_owned(), entries)],
        }),
    }
}

/// What besides words is asked for in a scope; nothing when no entry there can have it.
fn marks(scope: Scope, wanted: &Wanted<'_>) -> Option<Ask> {
    let any = |marks: Vec<Mark>| {
        let marks: Vec<_> = marks.iter().map(|mark| format!("\"{scope}={mark}\"")).collect();
        let text = marks.join(" OR ");
        (!marks.is_empty()).then_some(Ask { text, rarest: u64::MAX, lists: 0 })
    };
    let mut all = Ask::ALL;
    if let (Scope::Everyone, Some(owners)) = (scope, wanted.owners) {
        all.and(&any(owners.iter().copied().map(Mark::Owner).collect())?);
    }
    // Whatever is there has some kind.
    let kinds = match wanted.kind {
        Some(kind) => &[kind][..],
        None if all.text.is_empty() && wanted.words.is_empty() => &FileKind::ALL,
        None => &[],
    };
    if !kinds.is_empty() {
        all.and(&any(kinds.iter().copied().map(Mark::Kind).collect())?);
    }
    Some(all)
}

/// No more lists than this are asked for in shares at once.
const MOST_LISTS: usize = 4096;
/// The most that one prefix becomes in one scope, and all but the opened one in everyone's scope.
const OF_PREFIX: usize = 64;
/// The most that the opened word becomes in all scopes, and all others in all shares.
const OF_SHARES: usize = 512;
/// Words are counted up to so many, in so many scopes.
const COUNTED: usize = 1000;
const COUNTED_IN: usize = 16;
