//! Shares: their keywords, and their ids.

use super::*;

#[test]
fn a_keyword_is_what_was_typed_without_what_nobody_sees() {
    let most = "x".repeat(128);
    let typed = [
        ("birds", "birds"),
        (" two  words ", "two  words"),
        ("e\u{301}te\u{301}", "été"),
        ("\u{a0}7\u{2003}", "7"),
        ("C++", "C++"),
        ("a/b:c", "a/b:c"),
        ("❤\u{fe0f} birds", "❤\u{fe0f} birds"),
        ("鳥", "鳥"),
        (&most, &most),
    ];
    for (typed, keyword) in typed {
        let read: Keyword = typed.parse().unwrap();
        assert_eq!(read.as_str(), keyword);
        assert_eq!(Keyword::as_spelled(keyword), Ok(read), "{typed:?}");
    }
}

#[test]
fn what_is_no_keyword_is_refused() {
    let (long, accents) = ("x".repeat(129), "e\u{301}".repeat(200));
    #[rustfmt::skip]
    let none = [
        "", " ", "-", "❤", "\u{301}", "a\0b", "a\nb", "a\u{1b}[2J", "a\u{202e}b", "a\u{200b}b", "a\u{ad}b",
        "a\u{feff}", "a\u{e0001}", "a\u{378}", &long, &accents,
    ];
    for none in none {
        assert!(refused(none.parse::<Keyword>()).starts_with("a keyword "), "{none:?}");
        assert!(Keyword::as_spelled(none).is_err(), "{none:?}");
    }
}

#[test]
fn on_the_wire_a_keyword_has_one_spelling() {
    for other in [" a", "a ", "\u{a0}a", "e\u{301}", "\u{212b}", "\u{1100}\u{1161}"] {
        assert!(other.parse::<Keyword>().is_ok(), "{other:?}");
        assert!(Keyword::as_spelled(other).is_err(), "{other:?}");
    }
}

#[test]
fn keywords_stand_in_order_none_twice_and_at_most_16() {
    let keywords = |texts: &[&str]| Keywords::new(texts.iter().map(|text| text.parse().unwrap()));
    let text = |keywords: &Keywords| {
        keywords.iter().map(|keyword| keyword.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(text(&keywords(&["b", "a", "B", "a", "b "]).unwrap()), ["B", "a", "b"]);
    assert_eq!(keywords(&[]), Ok(Keywords::default()));
    let numbered =
        |count: usize| Keywords::new((0..count).map(|number| number.to_string().parse().unwrap()));
    assert_eq!(numbered(16).unwrap().iter().len(), 16);
    assert_eq!(numbered(17), Err(Error::Keywords("is one of at most 16 of a share")));
    assert!(numbered(1_000_000).is_err());
}

#[test]
fn a_keyword_that_an_index_tells_steers_no_terminal() {
    let keyword: Keyword = "back\\slash".parse().unwrap();
    assert_eq!((keyword.to_string(), format!("{keyword:?}")), {
        let shown = "back\\u{5c}slash";
        (shown.to_owned(), format!("Keyword({shown})"))
    });
}

#[test]
fn ids_are_random_and_come_back() {
    let (share, sync) = (ShareId::random(), SyncId::random());
    assert_ne!(share, ShareId::random());
    assert_ne!(sync, SyncId::random());
    assert_eq!(ShareId::from_bytes(*share.as_bytes()), share);
    assert_eq!(SyncId::from_bytes(*sync.as_bytes()), sync);
    let low = ShareId::from_bytes([0; 16]);
    let mut high = [0; 16];
    high[0] = 1;
    assert!(low < ShareId::from_bytes(high), "the first byte counts most");
    assert_eq!(format!("{low:?}"), format!("ShareId({})", "00".repeat(16)));
}

proptest! {
    #[test]
    fn a_keyword_is_refused_or_is_its_own_spelling(text in any_text()) {
        if let Ok(keyword) = text.parse::<Keyword>() {
            let spelled = keyword.as_str();
            prop_assert_eq!(Keyword::as_spelled(spelled), Ok(keyword.clone()));
            prop_assert_eq!(spelled.parse(), Ok(keyword.clone()));
            prop_assert!(!spelled.is_empty() && spelled.len() <= 128);
            prop_assert!(!spelled.chars().any(steers));
        }
    }
}
