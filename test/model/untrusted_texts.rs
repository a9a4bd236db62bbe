//! Foreign texts are shown whole, harmless, and within their columns.

use super::*;

#[test]
fn known_attacks_are_shown_as_text() {
    let table = [
        ("\u{1b}]52;c;ZXZpbA==\u{7}", "\\u{1b}]52;c;ZXZpbA==\\u{7}"),
        ("\u{1b}[2J", "\\u{1b}[2J"),
        ("a\rb", "a\\u{d}b"),
        ("a\nb", "a\\u{a}b"),
        ("a\tb", "a\\u{9}b"),
        ("\u{7}\u{8}\u{7f}\0", "\\u{7}\\u{8}\\u{7f}\\u{0}"),
        ("\u{9b}31m\u{85}", "\\u{9b}31m\\u{85}"),
        ("gpj.\u{202e}exe", "gpj.\\u{202e}exe"),
        ("a\u{2066}b\u{2069}", "a\\u{2066}b\\u{2069}"),
        ("a\u{200b}\u{200d}\u{feff}b", "a\\u{200b}\\u{200d}\\u{feff}b"),
        ("a\u{2028}b\u{2029}", "a\\u{2028}b\\u{2029}"),
        ("\u{e0041}\u{3164}\u{ad}", "\\u{e0041}\\u{3164}\\u{ad}"),
        ("\\u{1b}", "\\u{5c}u{1b}"),
    ];
    for (text, expected) in table {
        assert_eq!(Untrusted::new(text).to_string(), expected);
        assert_eq!(format!("{:?}", Untrusted::new(text)), format!("\"{expected}\""));
    }
}

#[test]
fn plain_texts_of_any_language_are_shown_as_they_are() {
    for text in ["", "koala.jpg", "naïve", "日本語", "שלום", "हिन्दी", "e\u{301}", "👍🏽", "❤\u{fe0f}"]
    {
        assert_eq!(Untrusted::new(text).to_string(), text);
    }
}

#[test]
fn what_does_not_fit_is_cut_and_says_so() {
    let table = [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("abc", 1, "…"),
        ("a", 1, "a"),
        ("", 0, ""),
        ("", 1, ""),
        ("a", 0, ""),
        ("日本", 4, "日本"),
        ("日本語", 4, "日…"),
        ("日本語", 5, "日本…"),
        ("日本", 1, "…"),
        ("ab\u{1b}", 7, "ab…"),
        ("ab\u{1b}", 8, "ab\\u{1b}"),
        ("\u{1b}", 5, "…"),
        ("ae\u{301}", 2, "ae\u{301}"),
        ("ae\u{301}bc", 3, "ae\u{301}…"),
        ("❤\u{fe0f}", 2, "❤\u{fe0f}"),
        ("❤\u{fe0f}❤\u{fe0f}", 2, "❤…"),
        ("❤\u{fe0f}❤\u{fe0f}", 3, "❤\u{fe0f}…"),
    ];
    for (text, columns, expected) in table {
        assert_eq!(Untrusted::new(text).fitted(columns).to_string(), expected, "{columns}");
    }
}

#[test]
fn a_text_is_a_screen_long_unless_told() {
    let long = "x".repeat(100_000);
    let shown = Untrusted::new(&long).to_string();
    assert_eq!((shown.chars().count(), shown.ends_with("x…")), (512, true));
}

#[test]
fn a_million_marks_stay_bounded() {
    for marks in ["\u{301}", "\u{fe0f}", "\u{e0100}", "\u{1161}", "\u{301}\u{302}\u{20dd}"] {
        let zalgo = format!("a{}", marks.repeat(1_000_000));
        for columns in [0, 1, 10, 512] {
            let shown = Untrusted::new(&zalgo).fitted(columns).to_string();
            let most = 9 * (columns + 1);
            assert!(shown.chars().count() <= most, "{} marks", shown.chars().count());
        }
    }
    let on_every_letter = format!("a{}", "\u{301}".repeat(9)).repeat(100_000);
    let shown = Untrusted::new(&on_every_letter).fitted(80).to_string();
    assert!(shown.chars().count() <= 9 * 80);
}

#[test]
fn as_many_marks_as_languages_need_are_shown() {
    let eight = format!("a{}", "\u{301}".repeat(8));
    assert_eq!(Untrusted::new(&eight).to_string(), eight);
    let nine = format!("a{}", "\u{301}".repeat(9));
    assert_eq!(Untrusted::new(&nine).to_string(), format!("{eight}\\u{{301}}"));
}

proptest! {
    #[test]
    fn nothing_steers_and_everything_fits(text in any_text(), columns in 0usize..40) {
        let shown = Untrusted::new(&text).fitted(columns).to_string();
        prop_assert!(!shown.contains(steers), "{:?}", shown);
        prop_assert!(shown.width() <= columns, "{:?} is {} columns", shown, shown.width());
    }

    #[test]
    fn ascii_takes_a_column_a_character(text in "[ -~\0-\x1f\x7f]{0,30}", columns in 0usize..40) {
        let shown = Untrusted::new(&text).fitted(columns).to_string();
        prop_assert!(shown.chars().count() <= columns);
    }

    #[test]
    fn what_is_shown_has_one_reading(text in any_text()) {
        let shown = Untrusted::new(&text).fitted(100_000).to_string();
        prop_assert_eq!(unescaped(&shown), text);
    }

    #[test]
    fn what_is_cut_is_a_beginning(text in any_text(), columns in 1usize..40) {
        let whole = Untrusted::new(&text).fitted(100_000).to_string();
        let shown = Untrusted::new(&text).fitted(columns).to_string();
        let beginning = shown.strip_suffix('…').unwrap_or(&shown);
        prop_assert!(shown == whole || shown.ends_with('…') && whole.starts_with(beginning));
    }
}

#[test]
fn every_character_alone_is_harmless() {
    for c in '\0'..=char::MAX {
        let text = c.to_string();
        let shown = Untrusted::new(&text).to_string();
        assert!(!shown.contains(steers), "{c:?}");
        assert!(shown == text || shown == c.escape_unicode().to_string(), "{c:?}");
    }
}

/// The text of which `shown` is the picture.
fn unescaped(shown: &str) -> String {
    let mut parts = shown.split("\\u{");
    let mut text = parts.next().unwrap().to_owned();
    for part in parts {
        let (code, rest) = part.split_once('}').unwrap();
        text.push(u32::from_str_radix(code, 16).ok().and_then(char::from_u32).unwrap());
        text.push_str(rest);
    }
    text
}
