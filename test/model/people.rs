//! User names and audiences.

use super::*;

#[test]
fn user_names_are_plain_ascii_in_lower_case() {
    let longest = "a".repeat(32);
    for name in ["ab", "a1", "0x", "99", "a_b.c-d", "a--", "a..", &longest] {
        assert_eq!(name.parse().map(|n: UserName| n.to_string()), Ok(name.to_owned()));
    }
    let too_long = "a".repeat(33);
    #[rustfmt::skip]
    let wrong = [
        "", "a", "-a", ".a", "_a", "Ab", "aB", "ALICE", "a b", " ab", "ab ", "ab\n", "a\0b",
        "a/b", "a@b", "аb", "äb", "ab\u{301}", "a\u{200b}b", "ａｂ", "a²", &too_long,
    ];
    for name in wrong {
        let error = refused(name.parse::<UserName>());
        assert!(error.contains("is not a user name"), "{name:?}: {error}");
    }
}

#[test]
fn an_audience_names_1_to_256_people() {
    let of = |count: usize| Audience::people((0..count).map(|n| user(&format!("user{n}"))));
    assert_eq!(of(0), Err(Error::Audience("names at least one person")));
    assert_eq!(of(1).unwrap().named().count(), 1);
    assert_eq!(of(256).unwrap().named().count(), 256);
    assert_eq!(of(257), Err(Error::Audience("names at most 256 people")));
}

#[test]
fn a_person_named_twice_counts_once() {
    let often = (0..10_000).map(|n| user(["bob", "alice"][n % 2]));
    let audience = Audience::people(often).unwrap();
    assert_eq!(audience.named().map(UserName::as_str).collect::<Vec<_>>(), ["alice", "bob"]);
    assert_eq!(audience.to_string(), "alice, bob");
}

#[test]
fn an_audience_admits_exactly_the_people_named() {
    let audience = Audience::people(["sai", "bob"].map(user)).unwrap();
    assert!(audience.admits(&user("sai")) && audience.admits(&user("bob")));
    for other in ["sa", "saif", "ai", "bo", "bobby", "alice", "sai.", "sai-bob"] {
        assert!(!audience.admits(&user(other)), "{other}");
    }
}

#[test]
fn everyone_admits_anyone_and_names_nobody() {
    assert!(Audience::Everyone.admits(&user("sa")));
    assert_eq!(Audience::Everyone.named().count(), 0);
    assert_eq!(Audience::Everyone.to_string(), "everyone");
}

fn user(name: &str) -> UserName {
    name.parse().unwrap()
}
