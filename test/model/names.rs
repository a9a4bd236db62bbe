//! What a name may be, and why it may not.

use super::*;

#[test]
fn every_bad_name_is_refused_for_its_own_reason() {
    let long = "x".repeat(256);
    let long_in_bytes = "日".repeat(85) + "x";
    let table: &[(&str, &[&str])] = &[
        ("it is empty", &[""]),
        ("it names a folder", &[".", ".."]),
        ("a character that is not seen", &["koala\u{fe0f}.jpg", "\u{fe0e}", "日\u{e0101}"]),
        ("longer than 255 bytes", &[&long, &long_in_bytes]),
        ("separator", &["/", "a/b", "/a", "a/", "\\", "a\\b", "..\\a", ":", "C:", "a:stream"]),
        ("usual form (NFC)", &["e\u{301}", "\u{212a}", "\u{212b}", "\u{1100}\u{1161}"]),
        ("ends in a dot or a space", &["a.", "a ", "...", " ", "a. ", ".. ", "a.txt."]),
        ("Windows has a device", &["CON", "con", "Prn", "aux", "NUL", "nul.txt", "NUL .txt"]),
        ("Windows has a device", &["nul.tar.gz", "COM1", "com9.tar.gz", "LPT0", "lpt5.x"]),
        ("Windows has a device", &["COM¹", "com².txt", "LPT³", "CONIN$", "conout$.log"]),
        (
            "our own temporary files",
            &[".waxwing-x", ".waxwing-", ".Waxwing-x", ".waxwing-part.jpg"],
        ),
    ];
    for (reason, names) in table {
        for name in *names {
            let error = refused(Name::new(name));
            assert!(error.contains(reason), "{name:?}: {error}");
        }
    }
    assert!(refused(Name::new("x/..")).contains("x/.. cannot be shared under this name"));
}

#[test]
fn characters_that_steer_or_hide_are_refused_wherever_they_stand() {
    for c in steering_characters() {
        for name in [format!("{c}"), format!("{c}a"), format!("a{c}b"), format!("a{c}")] {
            let error = refused(Name::new(&name));
            assert!(error.contains("a character that is not seen"), "{name:?}: {error}");
            assert!(!error.contains(c), "{name:?} is shown raw");
        }
    }
}

#[test]
fn what_people_call_their_files_is_accepted() {
    let longest = "x".repeat(255);
    let longest_in_bytes = "日".repeat(85);
    #[rustfmt::skip]
    let names = [
        "a", ".gitignore", "...a", "..a", "naïve.txt", "console", "CONSOLE.txt", "COM10",
        "COMX", "COM", "COM¹x", "a.CON", "xCON", "NULL", "LPT", "PRN1", "-rf", "--", "日本語.txt",
        "❤\u{fe0f}.png", "👍🏽.png", "a b", " a", "~", "$(x)", "$HOME", "`x`", "'", "\"",
        "*?<>|", "%00", "&#x2f;", "waxwing-x", ".waxwing", "한글", "Ελληνικά", "שלום", "हिन्दी",
        "x\u{301}", &longest, &longest_in_bytes,
    ];
    for name in names {
        assert_eq!(Name::new(name).map(|n| n.as_str().to_owned()), Ok(name.to_owned()));
    }
}

#[test]
fn a_plain_name_is_shown_as_it_is() {
    let name = Name::new("日本 'x'.txt").unwrap();
    assert_eq!(name.to_string(), "日本 'x'.txt");
    assert_eq!(format!("{name:?}"), "Name(日本 'x'.txt)");
}

#[test]
fn the_prefix_of_temporary_files_is_one_that_nobody_may_send() {
    assert!(Name::new(&format!("{TEMPORARY_PREFIX}1234")).is_err());
}

proptest! {
    #[test]
    fn an_accepted_name_is_kept_as_it_was_and_safe(text in any_text()) {
        if let Ok(name) = Name::new(&text) {
            prop_assert_eq!(name.as_str(), &text);
            prop_assert!((1..=255).contains(&text.len()));
            prop_assert!(!text.contains(['/', '\\', ':', '\0']));
            prop_assert!(text.chars().all(|c| !steers(c)));
            let components: Vec<_> = Path::new(&text).components().collect();
            prop_assert_eq!(components, [Component::Normal(text.as_ref())]);
        }
    }
}
