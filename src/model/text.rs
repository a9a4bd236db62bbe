//! Which characters steer or hide, and the type through which foreign texts reach a person.

use std::fmt::{self, Write};
use std::ops::RangeInclusive;
use unicode_normalization::char::canonical_combining_class;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};
use unicode_width::UnicodeWidthChar;

/// Whether a character steers a terminal, turns the direction of a text, breaks a line, or is
/// there without being seen.
///
/// Those are the control, format and separating characters of Unicode, a few letters and marks that
/// show nothing, and what Unicode has not assigned, of which nobody can say. Two variation selectors
/// are not among them, U+FE0E and U+FE0F, which common emoji hold; see [`is_presentation`].
pub(super) fn steers_or_hides(c: char) -> bool {
    // Most names are nothing else, and an index checks millions of them.
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    let by_category = matches!(
        c.general_category(),
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
            | GeneralCategory::Unassigned
    );
    by_category || shows_nothing(c)
}

/// Whether a letter or mark shows nothing, though its category says otherwise.
pub(super) fn shows_nothing(c: char) -> bool {
    UNSEEN.contains(&c) || SELECTORS.iter().any(|range| range.contains(&c))
}

/// Whether a character only chooses between two looks of the one before it, a picture or a sign.
pub(super) fn is_presentation(c: char) -> bool {
    matches!(c, '\u{fe0e}' | '\u{fe0f}')
}

/// A text that a peer, an index or a file name brought, on its way to a terminal, a log or a page.
///
/// Its `Display` shows what could deceive as `\u{…}`, and no more than a screen's worth of it;
/// `Debug` is the same in quotes. There is no way to print it raw.
///
/// ```
/// use waxwing::model::Untrusted;
///
/// assert_eq!(Untrusted::new("koala.jpg").to_string(), "koala.jpg");
/// assert_eq!(Untrusted::new("a\u{1b}[2Jb").to_string(), "a\\u{1b}[2Jb");
/// assert_eq!(Untrusted::new("photo of a koala").fitted(8).to_string(), "photo o…");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Untrusted<'a> {
    text: &'a str,
    columns: usize,
    /// Whether a backslash in it may be one that stands for something already.
    was_shown: bool,
}

impl<'a> Untrusted<'a> {
    /// The text, shown in at most 512 columns.
    pub fn new(text: &'a str) -> Self {
        Self { text, columns: DEFAULT_COLUMNS, was_shown: false }
    }

    /// The text, shown in at most so many columns; what does not fit is cut, and a `…` says so.
    pub fn fitted(self, columns: usize) -> Self {
        Self { columns, ..self }
    }

    /// The text, in which parts are shown as this type does already: they stay as they are.
    ///
    /// ```
    /// use waxwing::model::Untrusted;
    ///
    /// let shown = Untrusted::new("a\\b\u{1b}").to_string();
    /// assert_eq!(Untrusted::new(&shown).with_parts_shown().to_string(), shown);
    /// ```
    pub fn with_parts_shown(self) -> Self {
        Self { was_shown: true, ..self }
    }
}

impl fmt::Display for Untrusted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = Line { keeps_backslash: self.was_shown, ..Line::new(self.columns) };
        for c in self.text.chars() {
            if !line.push(c) {
                break;
            }
        }
        f.write_str(&line.finish())
    }
}

impl fmt::Debug for Untrusted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// What is shown so far, and how far it may be cut back so that a `…` still fits.
struct Line {
    shown: String,
    columns: usize,
    used: usize,
    marks: usize,
    cut_at: usize,
    cut: bool,
    keeps_backslash: bool,
}

impl Line {
    fn new(columns: usize) -> Self {
        let (shown, cut, keeps_backslash) = (String::new(), false, false);
        Self { shown, columns, used: 0, marks: 0, cut_at: 0, cut, keeps_backslash }
    }

    /// Adds a character; false when it no longer fits.
    fn push(&mut self, c: char) -> bool {
        let before = self.shown.len();
        let stays = !must_be_escaped(c) || (c == '\\' && self.keeps_backslash);
        let width = match columns_of(c) {
            Some(width) if stays && !self.too_many_marks(width) => {
                self.shown.push(c);
                width
            }
            _ => self.push_escaped(c),
        };
        self.used = self.used.saturating_add(width);
        if self.used > self.columns {
            self.shown.truncate(before);
            self.cut = true;
            return false;
        }
        if self.used < self.columns {
            self.cut_at = self.shown.len();
        }
        true
    }

    /// Marks take no column, so a hundred thousand of them would fit any line; a letter of any
    /// language has a handful.
    fn too_many_marks(&mut self, width: usize) -> bool {
        self.marks = if width == 0 { self.marks.saturating_add(1) } else { 0 };
        self.marks > MARKS_ON_A_LETTER
    }

    fn push_escaped(&mut self, c: char) -> usize {
        let before = self.shown.len();
        // Writing to a String cannot fail.
        let _ = write!(self.shown, "{}", c.escape_unicode());
        self.shown.len().saturating_sub(before)
    }

    fn finish(mut self) -> String {
        if self.cut && self.columns > 0 {
            self.shown.truncate(self.cut_at);
            self.shown.push('…');
        }
        self.shown
    }
}

/// At most how many columns a character adds; none for one that has no width. Two of the variation
/// selectors make the character before them a column wider.
fn columns_of(c: char) -> Option<usize> {
    if WIDENING.contains(&c) { Some(1) } else { c.width() }
}

/// A backslash is escaped as well, so that what is shown has one reading.
fn must_be_escaped(c: char) -> bool {
    steers_or_hides(c) || c == '\\' || canonical_combining_class(c) != 0 && c.width() != Some(0)
}

/// Letters and marks that show nothing, though their category says otherwise.
const UNSEEN: [char; 8] = [
    '\u{34f}',  // combining grapheme joiner
    '\u{115f}', // Hangul fillers
    '\u{1160}', '\u{17b4}', // Khmer inherent vowels
    '\u{17b5}', '\u{2800}', // Braille blank
    '\u{3164}', // Hangul filler
    '\u{ffa0}', // Hangul filler, half width
];
const WIDENING: [char; 2] = ['\u{fe01}', '\u{fe0f}'];
/// Selectors of variants that few fonts have: mostly, they show nothing.
const SELECTORS: [RangeInclusive<char>; 4] = [
    '\u{180b}'..='\u{180d}',
    '\u{180f}'..='\u{180f}',
    '\u{fe00}'..='\u{fe0d}',
    '\u{e0100}'..='\u{e01ef}',
];
const DEFAULT_COLUMNS: usize = 512;
const MARKS_ON_A_LETTER: usize = 8;
