//! Words: by what an entry is found, and what a search asks for.
//!
//! One reader serves both sides. [`words_of`] takes a name apart when it is published, [`Asked`] a
//! search when it is typed, and a word that is written one way is found however it is typed:
//!
//! | in a text | what becomes of it |
//! |---|---|
//! | `Größe`, `GROSSE`, `ｇｒｏｓｓｅ`, `ﬁ` | case, accents, width and ligatures do not count: `grosse`, `fi` |
//! | हिन्दी, が | marks that a script cannot do without stay; points of Arabic and Hebrew go |
//! | `_`, `-`, `.`, emoji, … | whatever is no letter, digit or mark is a gap between two runs |
//! | what nobody sees, as a soft hyphen | is not there: nobody sees a border at it |
//! | `MyTrip2024` | borders inside a run: by `mytrip2024`, `mytrip`, and by `my`, `trip`, `2024` |
//! | `O'Brien` | an apostrophe is such a border: some type `obrien`, others `brien` |
//! | 東京タワー | no spaces to go by: each two neighbours are a word, and each one alone |
//!
//! So writing gives a run whole and in parts, and asking gives alternatives: it whole, or all of its
//! parts. Nothing typed has a meaning to a machine but a `*` behind a word, which leaves the word's
//! end open; quotes, brackets and operators are gaps, `AND` is a word.

mod asked;
mod runs;
mod signs;

use super::Untrusted;
use super::limits::WORD_CHARS;
use runs::{Border, Run, each_run};
use std::borrow::Cow;
use std::fmt;
use std::ops::ControlFlow;
use unicode_normalization::{UnicodeNormalization, is_nfc};

pub use asked::{Asked, AskedWord, Match, Term};

/// A word as it is stored and looked for: 1 to 64 letters and digits, of one spelling.
///
/// Nothing in it is a capital, a gap, a quote or a control; its ASCII is `a` to `z` and `0` to `9`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Word(Box<str>);

impl Word {
    /// Takes a word that was stored, if it is one.
    pub fn from_stored(text: &str) -> Option<Self> {
        let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
        let is_word = if text.is_ascii() {
            (1..=WORD_CHARS).contains(&text.len()) && text.bytes().all(plain)
        } else {
            is_its_own_spelling(text)
        };
        is_word.then(|| Self(text.into()))
    }

    /// The word's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The words of a text by which an entry is found, each once, at most so many.
///
/// They come run by run, each from its whole to its parts, so that a short list holds what a search
/// for the name asks first. Single letters of scripts without spaces come at the end: few ask for
/// one.
///
/// A word is compared with all before it: `most` is meant to be small, as
/// [`ENTRY_WORDS`](super::limits::ENTRY_WORDS). Once there are so many, the rest is not read.
///
/// ```
/// use waxwing::model::words_of;
///
/// let words = words_of("Jahresbericht_2025-final.PDF", 64);
/// let words: Vec<_> = words.iter().map(|word| word.as_str()).collect();
/// assert_eq!(words, ["jahresbericht", "2025", "final", "pdf"]);
/// ```
pub fn words_of(text: &str, most: usize) -> Vec<Word> {
    let (mut words, mut units) = (Words::new(most), Words::new(most));
    each_run(text, |run| {
        words.add_all(run);
        run.units().for_each(|unit| units.add(unit));
        if words.is_full() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    units.list.iter().for_each(|unit| words.add(unit.as_str()));
    words.list
}

/// Words without repetition, up to a number.
struct Words {
    list: Vec<Word>,
    most: usize,
}

impl Words {
    fn new(most: usize) -> Self {
        Self { list: Vec::new(), most }
    }

    fn is_full(&self) -> bool {
        self.list.len() >= self.most
    }

    fn add_all(&mut self, run: &Run<'_>) {
        for border in run.borders() {
            run.split(border).for_each(|text| self.add(text));
        }
    }

    fn add(&mut self, text: &str) {
        let text = spelled(text);
        if !self.is_full() && !self.list.iter().any(|word| *word.0 == *text) {
            self.list.push(Word(text.into()));
        }
    }
}

/// A folded text as a word spells it: composed, and cut.
fn spelled(folded: &str) -> Cow<'_, str> {
    if folded.is_ascii() {
        folded.get(..WORD_CHARS).unwrap_or(folded).into()
    } else if folded.len() <= WORD_CHARS && is_nfc(folded) {
        folded.into()
    } else {
        folded.nfc().take(WORD_CHARS).collect()
    }
}

/// Whether the first word that a text gives is that text.
fn is_its_own_spelling(text: &str) -> bool {
    let mut same = false;
    each_run(text, |run| {
        same = run.split(Border::Script).next().map(spelled) == Some(text.into());
        ControlFlow::Break(())
    });
    same
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Untrusted::new(&self.0).fmt(f)
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Word({self})")
    }
}
