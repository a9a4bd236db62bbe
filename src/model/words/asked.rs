//! What a search asks for.

use super::super::limits::{ASKED_WORDS, WORD_CHARS};
use super::super::text::steers_or_hides;
use super::super::{Error, Untrusted};
use super::runs::{Border, Run, each_run};
use super::{Word, spelled};
use std::fmt;
use std::ops::ControlFlow;

/// The words of a search, 1 to 10, all of which must be found.
///
/// ```
/// use waxwing::model::{Asked, Match};
///
/// let asked = Asked::parse("\"CamelCase\" AND koal*").unwrap();
/// let typed: Vec<_> = asked.words().iter().map(|word| word.to_string()).collect();
/// assert_eq!(typed, ["CamelCase", "AND", "koal*"]);
/// let [_, _, koala] = asked.words() else { panic!() };
/// assert_eq!(koala.matches(["my", "koalas"].into_iter()), Match::Beginning);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked(Vec<AskedWord>);

impl Asked {
    /// Takes apart what was typed. Of a word that stands there twice, the first counts.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let (mut words, mut seen) = (Vec::<AskedWord>::new(), Vec::new());
        let mut many = false;
        each_run(text, |run| {
            // Spares the work for a word that is repeated a million times. Of other characters than
            // ASCII, one may be more words than one: ½.
            if run.typed.is_ascii() && seen.contains(&run.typed) {
                return ControlFlow::Continue(());
            }
            let word = AskedWord::of(run);
            if words.iter().any(|before| before.alternatives == word.alternatives) {
                return ControlFlow::Continue(());
            }
            many = words.len() >= ASKED_WORDS;
            if many {
                return ControlFlow::Break(());
            }
            seen.push(run.typed);
            words.push(word);
            ControlFlow::Continue(())
        });
        match words {
            _ if many => Err(Error::ManyWords),
            words if words.is_empty() => Err(Error::NoWord),
            words => Ok(Self(words)),
        }
    }

    /// The words, in the order in which they were typed.
    pub fn words(&self) -> &[AskedWord] {
        &self.0
    }
}

/// One word as it was typed, and what it may stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedWord {
    typed: Box<str>,
    alternatives: Vec<Vec<Term>>,
}

impl AskedWord {
    /// What the word may stand for, 1 to 3 lists, none of them empty or of more than 16 terms: it is
    /// found where all terms of one list are.
    pub fn alternatives(&self) -> &[Vec<Term>] {
        &self.alternatives
    }

    /// How well it is found among these words.
    pub fn matches<'w>(&self, words: impl Iterator<Item = &'w str> + Clone) -> Match {
        let all = |terms: &Vec<Term>| {
            let each = terms.iter().map(|term| term.matches(words.clone()));
            each.min().unwrap_or(Match::Nowhere)
        };
        self.alternatives.iter().map(all).max().unwrap_or(Match::Nowhere)
    }

    fn of(run: &Run<'_>) -> Self {
        let mut alternatives: Vec<_> = run.borders().map(|border| terms(run, border)).collect();
        alternatives.dedup();
        Self { typed: shown(run.typed), alternatives }
    }
}

/// The terms of a run that is split at these borders.
///
/// Who pastes a page without spaces is content with what its beginning finds; and what is asked for
/// less is found more.
fn terms(run: &Run<'_>, border: Border) -> Vec<Term> {
    let mut texts = run.split(border).map(|text| Word(spelled(text).into()));
    let words: Vec<_> = texts.by_ref().take(TERMS).collect();
    let is_open = run.starred && texts.next().is_none();
    let last = words.len().saturating_sub(1);
    let mut terms = Vec::new();
    for (at, word) in words.into_iter().enumerate() {
        let term = if is_open && at == last { Term::Prefix(word) } else { Term::Exact(word) };
        if !terms.contains(&term) {
            terms.push(term);
        }
    }
    terms
}

/// A word as it was typed, without what is not seen, and no more of it than is heeded.
fn shown(typed: &str) -> Box<str> {
    let mut seen = typed.chars().filter(|c| !steers_or_hides(*c));
    let mut shown: String = seen.by_ref().take(WORD_CHARS).collect();
    if seen.next().is_some() {
        shown.push('…');
    }
    shown.into()
}

impl fmt::Display for AskedWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Untrusted::new(&self.typed).fmt(f)
    }
}

/// What must be among the words of an entry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Term {
    /// This word.
    Exact(Word),
    /// A word that begins with this one.
    Prefix(Word),
}

impl Term {
    /// The word, or its beginning.
    pub fn word(&self) -> &Word {
        match self {
            Self::Exact(word) | Self::Prefix(word) => word,
        }
    }

    /// How well it is found among these words.
    pub fn matches<'w>(&self, words: impl Iterator<Item = &'w str>) -> Match {
        let how = |word: &str| match self {
            Self::Exact(asked) | Self::Prefix(asked) if *asked.0 == *word => Match::Exactly,
            Self::Prefix(asked) if word.starts_with(&*asked.0) => Match::Beginning,
            _ => Match::Nowhere,
        };
        words.map(how).max().unwrap_or(Match::Nowhere)
    }
}

/// How well a word is found, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Match {
    /// Not at all.
    Nowhere,
    /// Only as the beginning of a word, which a `*` allowed.
    Beginning,
    /// As it was asked for.
    Exactly,
}

/// So many terms of one list.
const TERMS: usize = 16;
