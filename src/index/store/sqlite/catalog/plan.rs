//! What the search is asked for, in its own words, and what that will cost.
//!
//! Every scope is asked for by itself, and one in which a word does not stand is left out. A prefix
//! becomes the words that begin so: the search's own prefixes bring whole lists together before they
//! give the first entry, and nothing could stop them.

use super::super::error::Result;
use super::super::sql::Sql;
use super::scan::Clock;
use super::scopes::Scopes;
use super::terms::{Mark, Scope};
use super::vocabulary;
use crate::index::store::AccountId;
use crate::model::{AskedWord, FileKind, Term};

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

/// What to ask for.
#[derive(Debug)]
pub(super) struct Plan {
    /// In the words of the search.
    pub(super) text: String,
    /// About how many steps through its lists it may take.
    pub(super) steps: u64,
}

impl Plan {
    /// What to ask for in these scopes; nothing when no entry can be there.
    ///
    /// Who asks for very much in very many shares at once is content with a part of them.
    pub(super) fn new(
        db: &impl Sql,
        scopes: &Scopes,
        wanted: &Wanted<'_>,
        clock: &Clock,
    ) -> Result<Option<Self>> {
        let room = Room::of(wanted.words, scopes.shares.len());
        let mut asks = Vec::new();
        if scopes.everyone
            && let Some(ask) = Ask::in_scope(db, Scope::Everyone, wanted, room.everyone)?
        {
            asks.push(ask);
        }
        let mut lists = 0u64;
        for (scope, owner) in &scopes.shares {
            let is_wanted = wanted.owners.is_none_or(|owners| owners.contains(owner));
            if lists > MOST_LISTS || clock.has_run_out() {
                break;
            }
            if is_wanted && let Some(ask) = Ask::in_scope(db, *scope, wanted, room.share)? {
                lists = lists.saturating_add(ask.lists);
                asks.push(ask);
            }
        }
        let steps = asks.iter().fold(0, |sum: u64, ask| sum.saturating_add(ask.steps()));
        let texts: Vec<_> = asks.into_iter().map(|ask| format!("({})", ask.text)).collect();
        Ok((!texts.is_empty()).then(|| Self { text: texts.join(" OR "), steps }))
    }
}

/// How many words a prefix may become.
#[derive(Clone, Copy)]
struct Room {
    everyone: usize,
    share: usize,
}

impl Room {
    fn of(words: &[AskedWord], shares: usize) -> Self {
        let terms = words.iter().flat_map(AskedWord::alternatives).flatten();
        let prefixes = terms.filter(|term| matches!(term, Term::Prefix(_))).count().max(1);
        let each = |all: usize, scopes: usize| {
            let scopes = scopes.max(1).saturating_mul(prefixes);
            all.checked_div(scopes).unwrap_or_default().clamp(1, OF_PREFIX)
        };
        Self { everyone: each(OF_EVERYONE, 1), share: each(OF_SHARES, shares) }
    }
}

/// What is asked for in one scope.
struct Ask {
    text: String,
    /// How many entries the rarest word has.
    rarest: u64,
    /// How many lists there are.
    lists: u64,
}

impl Ask {
    fn in_scope(
        db: &impl Sql,
        scope: Scope,
        wanted: &Wanted<'_>,
        room: usize,
    ) -> Result<Option<Self>> {
        let Some(mut texts) = marks(scope, wanted) else { return Ok(None) };
        let (mut rarest, mut lists) = (u64::MAX, 0u64);
        for word in wanted.words {
            let mut ask = Self { text: String::new(), rarest: 0, lists: 0 };
            for terms in word.alternatives() {
                if let Some(terms) = Self::all_of(db, scope, terms, room)? {
                    ask.or(&terms);
                }
            }
            if ask.text.is_empty() {
                return Ok(None);
            }
            rarest = rarest.min(ask.rarest);
            lists = lists.saturating_add(ask.lists);
            texts.push(format!("({})", ask.text));
        }
        Ok(Some(Self { text: texts.join(" AND "), rarest, lists }))
    }

    /// Entries with all of these terms, if there may be some.
    fn all_of(db: &impl Sql, scope: Scope, terms: &[Term], room: usize) -> Result<Option<Self>> {
        let mut all = Self { text: String::new(), rarest: u64::MAX, lists: 0 };
        for term in terms {
            let mut ask = Self { text: String::new(), rarest: 0, lists: 0 };
            for (word, entries) in words(db, scope, term, room)? {
                let text = format!("\"{scope}.{word}\"");
                ask.or(&Self { text, rarest: entries, lists: 1 });
            }
            if ask.text.is_empty() {
                return Ok(None);
            }
            all.and(&ask);
        }
        Ok(Some(all))
    }

    fn or(&mut self, other: &Self) {
        self.join(" OR ", other);
        self.rarest = self.rarest.saturating_add(other.rarest);
    }

    fn and(&mut self, other: &Self) {
        self.join(" AND ", other);
        self.rarest = self.rarest.min(other.rarest);
    }

    fn join(&mut self, by: &str, other: &Self) {
        if !self.text.is_empty() {
            self.text.push_str(by);
        }
        self.text.push_str(&format!("({})", other.text));
        self.lists = self.lists.saturating_add(other.lists);
    }

    /// The lists are gone through together, and each goes on where another one is.
    fn steps(&self) -> u64 {
        self.rarest.saturating_mul(self.lists.max(1))
    }
}

/// The words for which a term stands in a scope, and about how many entries have each.
fn words(db: &impl Sql, scope: Scope, term: &Term, room: usize) -> Result<Vec<(String, u64)>> {
    match term {
        Term::Prefix(word) => vocabulary::beginning(db, scope, word, room),
        Term::Exact(word) => Ok(match vocabulary::entries(db, scope, word)? {
            0 => Vec::new(),
            entries => vec![(word.as_str().to_owned(), entries)],
        }),
    }
}

/// What besides words is asked for in a scope; nothing when no entry there can have it.
fn marks(scope: Scope, wanted: &Wanted<'_>) -> Option<Vec<String>> {
    let any = |marks: &[Mark]| {
        let marks: Vec<_> = marks.iter().map(|mark| format!("\"{scope}={mark}\"")).collect();
        (!marks.is_empty()).then(|| format!("({})", marks.join(" OR ")))
    };
    let mut texts = Vec::new();
    if let (Scope::Everyone, Some(owners)) = (scope, wanted.owners) {
        let owners: Vec<_> = owners.iter().copied().map(Mark::Owner).collect();
        texts.push(any(&owners)?);
    }
    // Whatever is there has some kind.
    let kinds = match wanted.kind {
        Some(kind) => &[kind][..],
        None if texts.is_empty() && wanted.words.is_empty() => &FileKind::ALL,
        None => &[],
    };
    let kinds: Vec<_> = kinds.iter().copied().map(Mark::Kind).collect();
    texts.extend(any(&kinds));
    Some(texts)
}

/// No more lists than some more than this are gone through at once.
const MOST_LISTS: u64 = 4096;
/// The most that one prefix becomes in one scope.
const OF_PREFIX: usize = 64;
/// The most that all prefixes of a search become in everyone's scope, and in all others together.
const OF_EVERYONE: usize = 128;
const OF_SHARES: usize = 512;
