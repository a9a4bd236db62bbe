//! Paths stay below their root.

use super::*;

#[test]
fn what_is_within_a_folder_is_so_by_whole_names() {
    let path = |text: &str| EntryPath::parse(text).unwrap();
    for (inner, outer, within) in [
        ("a/b", "a/b", true),
        ("a/b/c", "a/b", true),
        ("a/bc", "a/b", false),
        ("a/b c/d", "a/b", false),
        ("a", "a/b", false),
        ("b/a/b", "a/b", false),
    ] {
        assert_eq!(path(inner).is_within(&path(outer)), within, "{inner} in {outer}");
    }
}

#[test]
fn a_path_has_one_to_64_components() {
    let of = |count: usize| EntryPath::new(vec![Name::new("a").unwrap(); count]);
    assert_eq!(of(0), Err(Error::Path("needs a name")));
    assert_eq!(of(1).unwrap().components().count(), 1);
    assert_eq!(of(64).unwrap().components().count(), 64);
    assert_eq!(of(65), Err(Error::Path("has at most 64 components")));
    assert!(EntryPath::parse(&["a"; 64].join("/")).is_ok());
    assert!(EntryPath::parse(&["a"; 65].join("/")).is_err());
}

#[test]
fn a_path_has_at_most_1024_bytes_with_its_separators() {
    let of = |lengths: [usize; 5]| {
        let text = lengths.map(|length| "x".repeat(length)).join("/");
        let names = lengths.map(|length| Name::new(&"x".repeat(length)).unwrap());
        (text.len(), EntryPath::parse(&text).is_ok(), EntryPath::new(names.into()).is_ok())
    };
    assert_eq!(of([204, 204, 204, 204, 204]), (1024, true, true));
    assert_eq!(of([204, 204, 204, 204, 205]), (1025, false, false));
}

#[test]
fn texts_make_a_path_if_each_is_a_name() {
    assert_eq!(EntryPath::of(&["photos", "tree.jpg"]), Ok(path("photos/tree.jpg")));
    assert!(EntryPath::of(&["a"; 64]).is_ok() && EntryPath::of(&["a"; 65]).is_err());
    let none: [&[&str]; 5] = [&[], &["photos/tree.jpg"], &["a", ""], &["..", "a"], &["a", "b\0"]];
    for names in none {
        assert!(EntryPath::of(names).is_err(), "{names:?}");
    }
    let (bytes, read) = allocated_by(|| EntryPath::of(&["abc"; 64]));
    assert_eq!((bytes, read.is_ok()), (64 * 4 - 1, true), "its text, and nothing else");
}

#[test]
fn a_text_is_parsed_into_its_components() {
    let path = path("photos/2024/tree.jpg");
    let names: Vec<_> = path.components().collect();
    assert_eq!(names, ["photos", "2024", "tree.jpg"]);
    assert_eq!(path.file_name(), "tree.jpg");
    assert_eq!(path.to_relative(), Path::new("photos").join("2024").join("tree.jpg"));
    assert_eq!(path.to_string(), "photos/2024/tree.jpg");
    assert_eq!(format!("{path:?}"), "EntryPath(photos/2024/tree.jpg)");
}

#[test]
fn texts_that_lead_elsewhere_are_refused() {
    #[rustfmt::skip]
    let wrong = [
        "", "/", "/a", "a/", "a//b", "..", "../a", "a/../b", "a/..", "./a", "a/./b",
        "a\\..\\b", "C:/a", "//host/a", "\\\\host\\a", "a/b:c", "a/NUL", "a/\0",
        "a/.waxwing-x/b",
    ];
    for text in wrong {
        assert!(EntryPath::parse(text).is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn an_accepted_path_stays_below_its_root(text in hostile_path()) {
        if let Ok(path) = EntryPath::parse(&text) {
            stays_below(&path)?;
        }
    }

    #[test]
    fn a_path_of_good_names_stays_below_its_root_and_comes_back(
        names in proptest::collection::vec("w[a-zà-ü日本~$. _-]{0,5}[a-z0-9]", 1..20),
    ) {
        let path = EntryPath::parse(&names.join("/")).unwrap();
        prop_assert_eq!(path.components().count(), names.len());
        prop_assert_eq!(EntryPath::parse(&path.to_string()).unwrap(), path.clone());
        stays_below(&path)?;
    }

    #[test]
    fn an_accepted_path_is_shown_without_steering(text in any_text()) {
        if let Ok(path) = EntryPath::parse(&text) {
            prop_assert!(!path.to_string().contains(steers));
            let debug = format!("{path:?}");
            prop_assert!(!debug.contains(steers));
        }
    }
}

fn stays_below(path: &EntryPath) -> Result<(), TestCaseError> {
    let root = Path::new("/home/alice/Downloads");
    let joined = root.join(path.to_relative());
    let below = joined.strip_prefix(root);
    prop_assert!(below.is_ok(), "{}", joined.display());
    let below: Vec<_> = below.unwrap().components().collect();
    prop_assert!(below.iter().all(|c| matches!(c, Component::Normal(_))), "{:?}", below);
    prop_assert_eq!(below.len(), path.components().count());
    Ok(())
}

/// Texts made of what paths are attacked with.
fn hostile_path() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        "..", ".", "/", "/", "/", "\\", "a", "b", "C:", "~", "", " ", "\0", "\u{202e}", "con", "é",
        "\u{301}", "日", "-", "%2e", "．．", "／", "\u{2215}", "\u{ff3c}",
    ]);
    proptest::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
}
