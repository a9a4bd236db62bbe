//! Texts that become nouns.

use super::{held_to_bound, within_bound};
use crate::alloc::allocated_by;
use bytes::Bytes;
use minicbor::Encoder;
use waxwing::crypto::Password;
use waxwing::model::{
    ContentId, EntryPath, HostPort, IndexAddress, Invitation, Name, Untrusted, UserName,
};
use waxwing::wire::Message;
use waxwing::wire::index::Login;

#[test]
fn a_megabyte_of_any_text_is_refused_cheaply() {
    for text in megabytes() {
        assert!(text.len() >= 1_000_000);
        let accepted = [
            within_text_bound(&text, Name::new).is_ok(),
            within_text_bound(&text, EntryPath::parse).is_ok(),
            within_text_bound(&text, str::parse::<UserName>).is_ok(),
            within_text_bound(&text, str::parse::<HostPort>).is_ok(),
            within_text_bound(&text, str::parse::<Invitation>).is_ok(),
            within_text_bound(&text, str::parse::<IndexAddress>).is_ok(),
            within_text_bound(&text, str::parse::<ContentId>).is_ok(),
            within_text_bound(&text, Password::new).is_ok(),
        ];
        assert_eq!(accepted, [false; 8], "{}", Untrusted::new(&text).fitted(20));
    }
}

#[test]
fn a_password_of_a_megabyte_is_refused_cheaply_as_it_travels() {
    assert!(Login::decode(&login("correct horse")).is_ok());
    for text in megabytes() {
        let body = login(&text);
        assert!(within_bound(&body, |_| Login::decode(&body)).is_err());
    }
}

/// A login whose password is this text.
fn login(password: &str) -> Bytes {
    let mut e = Encoder::new(Vec::new());
    e.map(3).unwrap().u8(0).unwrap().u8(7).unwrap();
    e.u8(1).unwrap().str("bob").unwrap();
    e.u8(2).unwrap().str(password).unwrap();
    e.into_writer().into()
}

#[test]
fn a_megabyte_is_shown_in_a_screen_of_memory() {
    for text in megabytes() {
        let (spent, shown) = allocated_by(|| Untrusted::new(&text).to_string());
        assert!(spent <= 64 * 1024, "{spent} bytes to show {} bytes", shown.len());
    }
}

#[test]
fn the_reason_of_a_refusal_is_shown_cheaply() {
    for text in megabytes() {
        let refused = Name::new(&text).unwrap_err();
        let (spent, _) = allocated_by(|| refused.to_string());
        assert!(spent <= 64 * 1024, "{spent}");
    }
}

/// Texts of at least a million bytes, each hostile to one of the parsers.
fn megabytes() -> Vec<String> {
    let fingerprint = "ab".repeat(32);
    vec![
        "x".repeat(1_000_000),
        "/".repeat(1_000_000),
        "a/".repeat(500_000),
        "../".repeat(333_334),
        ".".repeat(1_000_000),
        ":".repeat(1_000_000),
        "\u{1b}".repeat(1_000_000),
        "\\".repeat(1_000_000),
        "e\u{301}".repeat(333_334),
        "\u{301}".repeat(500_000),
        "日".repeat(333_334),
        format!("{}:80", "a.".repeat(500_000)),
        format!("[{}]:80", ":".repeat(1_000_000)),
        format!("waxwing://{}:80#{fingerprint}", "a".repeat(1_000_000)),
        format!("waxwing://h:80#{}", "ab".repeat(500_000)),
        format!("waxwing://h:80#{fingerprint}.{}", "ab".repeat(500_000)),
        format!("waxwing://h:80#{}", ".".repeat(1_000_000)),
    ]
}

fn within_text_bound<'a, T>(input: &'a str, parse: impl FnOnce(&'a str) -> T) -> T {
    let (spent, result) = allocated_by(|| parse(input));
    held_to_bound(spent, input.len());
    result
}
