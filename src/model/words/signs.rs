//! What each character is to a word: a part of it, a border, or nothing at all.

use super::super::text::shows_nothing;
use caseless::Caseless;
use std::ops::RangeInclusive;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// What a character, decomposed by Unicode's compatibility mappings, is to a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// A small letter of a script that has capitals.
    Lower,
    /// A capital.
    Upper,
    /// A letter of a script without capitals.
    Plain,
    /// A digit or another number.
    Digit,
    /// A letter of a script without spaces between words.
    Unspaced,
    /// A mark that its script cannot do without: a vowel sign, a tone.
    Mark,
    /// Between letters, a border inside a run; elsewhere, a gap.
    Apostrophe,
    /// The end of a run, of which only the beginning was typed.
    Star,
    /// Whatever stands between words.
    Gap,
    /// What is not seen or not heeded: it neither adds nor separates.
    Nothing,
}

/// What a decomposed character is.
pub(super) fn sign_of(c: char) -> Sign {
    match c {
        'a'..='z' => Sign::Lower,
        'A'..='Z' => Sign::Upper,
        '0'..='9' => Sign::Digit,
        '*' => Sign::Star,
        '\'' | '‘' | '’' | 'ʻ' | 'ʼ' => Sign::Apostrophe,
        '\0'..='\u{7f}' => Sign::Gap,
        _ => sign_by_category(c),
    }
}

fn sign_by_category(c: char) -> Sign {
    use GeneralCategory as Is;
    match c.general_category() {
        _ if c == TATWEEL || shows_nothing(c) => Sign::Nothing,
        Is::Format => Sign::Nothing,
        Is::NonspacingMark | Is::SpacingMark | Is::EnclosingMark => match is_in(&ACCENTS, c) {
            true => Sign::Nothing,
            false => Sign::Mark,
        },
        Is::UppercaseLetter | Is::TitlecaseLetter => Sign::Upper,
        Is::LowercaseLetter => Sign::Lower,
        Is::DecimalNumber => Sign::Digit,
        Is::OtherLetter | Is::ModifierLetter | Is::LetterNumber if is_in(&UNSPACED, c) => {
            Sign::Unspaced
        }
        Is::OtherLetter | Is::ModifierLetter => Sign::Plain,
        Is::LetterNumber | Is::OtherNumber => Sign::Digit,
        _ => Sign::Gap,
    }
}

/// Adds what a letter, digit or mark is in a word: without case, without strokes, digits as ASCII.
pub(super) fn push_folded(c: char, text: &mut String) {
    if c.is_ascii() {
        text.push(c.to_ascii_lowercase());
    } else if let Some(digit) = ascii_digit(c) {
        text.push(digit);
    } else {
        for c in std::iter::once(c).default_case_fold() {
            match STROKES.iter().find(|(letter, _)| *letter == c) {
                Some((_, plain)) => text.push_str(plain),
                None => text.push(c),
            }
        }
    }
}

/// The value of a digit of another script, as a digit.
fn ascii_digit(c: char) -> Option<char> {
    let value = |zero: &char| u32::from(c).checked_sub(u32::from(*zero));
    let value = ZEROS.iter().filter_map(value).find(|value| *value < 10)?;
    char::from_digit(value, 10)
}

fn is_in(ranges: &[RangeInclusive<char>], c: char) -> bool {
    ranges.iter().any(|range| range.contains(&c))
}

/// What stretches an Arabic word to fill its line.
const TATWEEL: char = '\u{640}';

/// Marks without which a word is still found: accents of Latin, Greek and Cyrillic letters, points
/// of Hebrew and Arabic ones, marks that belong to no script.
const ACCENTS: [RangeInclusive<char>; 18] = [
    '\u{300}'..='\u{36f}',
    '\u{483}'..='\u{489}',
    '\u{591}'..='\u{5c7}',
    '\u{610}'..='\u{61a}',
    '\u{64b}'..='\u{65f}',
    '\u{670}'..='\u{670}',
    '\u{6d6}'..='\u{6ed}',
    '\u{897}'..='\u{8ff}',
    '\u{1ab0}'..='\u{1aff}',
    '\u{1dc0}'..='\u{1dff}',
    '\u{20d0}'..='\u{20ff}',
    '\u{2de0}'..='\u{2dff}',
    '\u{a66f}'..='\u{a67d}',
    '\u{a69e}'..='\u{a69f}',
    '\u{fb1e}'..='\u{fb1e}',
    '\u{fe00}'..='\u{fe2f}',
    '\u{10efa}'..='\u{10eff}',
    '\u{e0100}'..='\u{e01ef}',
];

/// Han, kana, Thai, Lao, Myanmar and Khmer.
const UNSPACED: [RangeInclusive<char>; 13] = [
    '\u{e00}'..='\u{eff}',
    '\u{1000}'..='\u{109f}',
    '\u{1780}'..='\u{17ff}',
    '\u{3005}'..='\u{3007}',
    '\u{3021}'..='\u{30ff}',
    '\u{31f0}'..='\u{31ff}',
    '\u{3400}'..='\u{9fff}',
    '\u{a9e0}'..='\u{a9ff}',
    '\u{aa60}'..='\u{aa7f}',
    '\u{f900}'..='\u{faff}',
    '\u{16fe0}'..='\u{16fff}',
    '\u{1aff0}'..='\u{1b16f}',
    '\u{20000}'..='\u{3ffff}',
];

/// Letters that people who lack the key type otherwise, and that no table of Unicode takes apart.
const STROKES: [(char, &str); 11] = [
    ('æ', "ae"),
    ('œ', "oe"),
    ('ø', "o"),
    ('ł', "l"),
    ('đ', "d"),
    ('ð', "d"),
    ('þ', "th"),
    ('ħ', "h"),
    ('ı', "i"),
    ('ŋ', "n"),
    ('ŧ', "t"),
];

/// The zeros of scripts whose digits are typed beside ours.
const ZEROS: [char; 18] = [
    '\u{660}', '\u{6f0}', '\u{7c0}', '\u{966}', '\u{9e6}', '\u{a66}', '\u{ae6}', '\u{b66}',
    '\u{be6}', '\u{c66}', '\u{ce6}', '\u{d66}', '\u{e50}', '\u{ed0}', '\u{f20}', '\u{1040}',
    '\u{17e0}', '\u{1090}',
];
