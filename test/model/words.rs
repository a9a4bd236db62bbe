//! Words: what a name is taken apart into, what is asked for, and whether they meet.

use super::*;

fn written(text: &str) -> String {
    let words = words_of(text, 1000);
    words.iter().map(Word::as_str).collect::<Vec<_>>().join(" ")
}

#[test]
fn names_are_taken_apart_as_people_read_them() {
    for (text, words) in WRITTEN {
        assert_eq!(written(text), *words, "{text:?}");
    }
}

const WRITTEN: &[(&str, &str)] = &[
    ("Jahresbericht_2025-final.PDF", "jahresbericht 2025 final pdf"),
    ("CamelCase", "camelcase camel case"),
    ("東京タワー2024", "東京 京タ タワ ワー 2024 東 京 タ ワ ー"),
];
