//! Runs: what stands in a text between two gaps, and the borders inside.
//!
//! ```text
//! O'BrienMemo2024   Part     o | brien | memo | 2024
//!                   Stretch  obrienmemo | 2024
//!                   Script   obrienmemo2024
//! 東京タワー2024     any      東京 | 京タ | タワ | ワー | 2024
//! ```

use super::signs::{Sign, push_folded, sign_of};
use std::ops::ControlFlow;
use unicode_normalization::char::decompose_compatible;

/// A run, folded, in pieces.
#[derive(Debug, Default)]
pub(super) struct Run<'t> {
    /// As it stands in the text.
    pub(super) typed: &'t str,
    /// Whether a `*` ends it.
    pub(super) starred: bool,
    text: String,
    pieces: Vec<Piece>,
    last: Option<Last>,
    apostrophe: bool,
    full: bool,
}

/// What lies before a piece, the weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Border {
    /// Between two letters of scripts without spaces.
    Unit,
    /// An apostrophe, or where a capital begins a word.
    Part,
    /// Between letters and digits.
    Stretch,
    /// Where a script without spaces begins or ends, and before the first piece.
    Script,
}

#[derive(Debug, Clone, Copy)]
struct Piece {
    border: Border,
    unspaced: bool,
    start: usize,
    end: usize,
}

/// The last letter or digit.
#[derive(Debug, Clone, Copy)]
struct Last {
    sign: Sign,
    /// Where it begins in the folded text.
    start: usize,
    /// Whether it follows a capital, being one.
    in_capitals: bool,
}

/// Calls for each run of a text, in order, until told to stop.
///
/// A character is decomposed by itself and marks are not brought in order here: the words are, when
/// they are composed. So nothing is kept of a text but the run at hand, and of that not more than
/// [`PIECES`] of [`PIECE_BYTES`].
pub(super) fn each_run<'t>(text: &'t str, take: impl FnMut(&Run<'t>) -> ControlFlow<()>) {
    let mut reader = Reader { text, take, start: 0, end: 0, run: Run::default() };
    for (at, c) in text.char_indices() {
        let end = at.saturating_add(c.len_utf8());
        let mut flow = ControlFlow::Continue(());
        if c.is_ascii() {
            flow = reader.read(c, at, end);
        } else {
            decompose_compatible(c, |c| {
                if flow.is_continue() {
                    flow = reader.read(c, at, end);
                }
            });
        }
        if flow.is_break() {
            return;
        }
    }
    let _ = reader.end_run();
}

struct Reader<'t, F> {
    text: &'t str,
    take: F,
    start: usize,
    end: usize,
    run: Run<'t>,
}

impl<'t, F: FnMut(&Run<'t>) -> ControlFlow<()>> Reader<'t, F> {
    /// Takes a decomposed character that stands at these bytes of the text.
    fn read(&mut self, c: char, at: usize, end: usize) -> ControlFlow<()> {
        match sign_of(c) {
            Sign::Nothing => return ControlFlow::Continue(()),
            Sign::Gap => return self.end_run(),
            Sign::Star => {
                self.run.starred = true;
                self.end = end;
                return self.end_run();
            }
            Sign::Apostrophe if self.run.apostrophe => return self.end_run(),
            Sign::Apostrophe => {
                self.run.apostrophe = self.run.last.is_some();
                return ControlFlow::Continue(());
            }
            // One in front of all letters belongs to none, and is left out.
            Sign::Mark => self.run.push(c),
            sign => {
                if self.run.last.is_none() {
                    self.start = at;
                }
                self.run.push_letter(c, sign);
            }
        }
        self.end = end;
        ControlFlow::Continue(())
    }

    fn end_run(&mut self) -> ControlFlow<()> {
        let mut flow = ControlFlow::Continue(());
        if self.run.last.is_some() {
            self.run.typed = self.text.get(self.start..self.end).unwrap_or_default();
            flow = (self.take)(&self.run);
        }
        self.run.clear();
        flow
    }
}

impl Run<'_> {
    /// The borders at which it may be split, from those that leave it whole. What is one piece, as
    /// most runs are, is the same at all of them.
    pub(super) fn borders(&self) -> impl Iterator<Item = Border> {
        let ways = if self.pieces.len() == 1 { 1 } else { 3 };
        [Border::Script, Border::Stretch, Border::Part].into_iter().take(ways)
    }

    /// The run split at all borders of this strength and stronger ones. Letters of scripts without
    /// spaces come in overlapping pairs, one alone by itself.
    pub(super) fn split(&self, border: Border) -> impl Iterator<Item = &str> {
        let chunks = self.pieces.chunk_by(move |_, next| next.border < border);
        chunks.flat_map(|chunk| {
            let unspaced = chunk.first().is_some_and(|piece| piece.unspaced);
            let width = if unspaced { chunk.len().min(2) } else { chunk.len() };
            chunk.windows(width.max(1)).map(|window| self.slice(window))
        })
    }

    /// The letters of scripts without spaces, each by itself.
    pub(super) fn units(&self) -> impl Iterator<Item = &str> {
        let units = self.pieces.iter().filter(|piece| piece.unspaced);
        units.map(|piece| self.slice(std::slice::from_ref(piece)))
    }

    fn slice(&self, pieces: &[Piece]) -> &str {
        let (start, end) = match pieces {
            [] => (0, 0),
            [first, .., last] => (first.start, last.end),
            [one] => (one.start, one.end),
        };
        self.text.get(start..end).unwrap_or_default()
    }

    fn push_letter(&mut self, c: char, sign: Sign) {
        if let Some(border) = self.border_before(sign) {
            self.open(border, sign, self.text.len());
        } else if let Some(last) = self.last.filter(|last| sign == Sign::Lower && last.in_capitals)
        {
            // Of `PDFReader`, the R was taken for one more of the capitals.
            self.open(Border::Part, sign, last.start);
        }
        let capital_before = self.last.is_some_and(|last| last.sign == Sign::Upper);
        let in_capitals = capital_before && sign == Sign::Upper && !self.apostrophe;
        self.last = Some(Last { sign, start: self.text.len(), in_capitals });
        self.apostrophe = false;
        self.push(c);
    }

    fn border_before(&self, sign: Sign) -> Option<Border> {
        let Some(Last { sign: last, .. }) = self.last else { return Some(Border::Script) };
        match (last, sign) {
            (Sign::Unspaced, Sign::Unspaced) if !self.apostrophe => Some(Border::Unit),
            (Sign::Unspaced, _) | (_, Sign::Unspaced) => Some(Border::Script),
            (Sign::Digit, Sign::Digit) => None,
            (Sign::Digit, _) | (_, Sign::Digit) => Some(Border::Stretch),
            (Sign::Upper, Sign::Lower) => None,
            (last, sign) if last != sign => Some(Border::Part),
            _ => None,
        }
        .or(self.apostrophe.then_some(Border::Part))
    }

    /// Begins a piece at this byte of the folded text, if there is room for one more.
    fn open(&mut self, border: Border, sign: Sign, start: usize) {
        self.full |= self.pieces.len() >= PIECES;
        if self.full {
            return;
        }
        if let Some(before) = self.pieces.last_mut() {
            before.end = start;
        }
        let unspaced = sign == Sign::Unspaced;
        self.pieces.push(Piece { border, unspaced, start, end: self.text.len() });
    }

    /// Adds to the last piece what fits there.
    fn push(&mut self, c: char) {
        let Some(piece) = self.pieces.last_mut().filter(|_| !self.full) else { return };
        if self.text.len().saturating_sub(piece.start) < PIECE_BYTES {
            push_folded(c, &mut self.text);
            piece.end = self.text.len();
        }
    }

    fn clear(&mut self) {
        self.text.clear();
        self.pieces.clear();
        self.last = None;
        self.apostrophe = false;
        self.starred = false;
        self.full = false;
    }
}

/// No file name has more: it has not so many bytes. What follows in such a run is passed over.
const PIECES: usize = 256;
/// Room for more letters than a word may have, decomposed.
const PIECE_BYTES: usize = 1024;
