use super::*;
use std::time::{Duration, Instant};

fn hasher() -> PasswordHasher {
    PasswordHasher::new(4).unwrap()
}

fn password(text: &str) -> Password {
    Password::new(text).unwrap()
}

fn problem(text: &str) -> Option<PasswordProblem> {
    Password::new(text).err()
}

/// Whether the second text opens what the first was stored as.
fn opens(stored: &str, tried: &str) -> bool {
    let hash = hasher().hash(&password(stored)).unwrap();
    Password::new(tried).is_ok_and(|tried| hasher().verify(&tried, &hash))
}

#[test]
fn a_password_has_10_to_71_bytes() {
    use PasswordProblem::{TooLong, TooShort};
    assert_eq!(problem(""), Some(TooShort));
    assert_eq!(problem(&"x".repeat(9)), Some(TooShort));
    assert_eq!(problem(&"x".repeat(10)), None);
    assert_eq!(problem(&"x".repeat(71)), None);
    assert_eq!(problem(&"x".repeat(72)), Some(TooLong));
    assert_eq!(problem(&"x".repeat(73)), Some(TooLong));
    assert_eq!(problem(&"x".repeat(1_000_000)), Some(TooLong));
}

#[test]
fn the_bytes_of_the_composed_spelling_count() {
    use PasswordProblem::{TooLong, TooShort};
    // Two bytes composed, three decomposed.
    let (composed, decomposed) = ("é", "e\u{301}");
    assert_eq!(problem(&composed.repeat(5)), None);
    assert_eq!(problem(&composed.repeat(35)), None);
    assert_eq!(problem(&composed.repeat(36)), Some(TooLong));
    assert_eq!(problem(&decomposed.repeat(35)), None, "105 bytes before, 70 after");
    assert_eq!(problem(&decomposed.repeat(36)), Some(TooLong));
    assert_eq!(problem(&format!("xxxxxxx{decomposed}")), Some(TooShort), "10 before, 9 after");
    // Three characters of three bytes each become one: nothing shrinks more.
    assert_eq!(problem(&"\u{1112}\u{1161}\u{11ab}".repeat(23)), None, "207 before, 69 after");
    // One character of three bytes becomes two: it grows.
    assert_eq!(problem(&"\u{958}".repeat(12)), Some(TooLong), "36 before, 72 after");
}

#[test]
fn two_spellings_of_one_password_agree() {
    assert!(opens("Zo\u{eb} und Ga\u{eb}l", "Zoe\u{308} und Gae\u{308}l"));
    assert!(opens("Zoe\u{308} und Gae\u{308}l", "Zo\u{eb} und Ga\u{eb}l"));
    assert!(!opens("Zo\u{eb} und Ga\u{eb}l", "Zoe und Gael!"));
}

#[test]
fn every_byte_of_a_password_counts() {
    let longest = "0123456789".repeat(7) + "x";
    assert!(opens(&longest, &longest));
    for at in 0..longest.len() {
        let mut other = longest.clone().into_bytes();
        other[at] ^= 1;
        assert!(!opens(&longest, &String::from_utf8(other).unwrap()), "byte {at}");
    }
    assert!(!opens("0123456789", "0123456789 "));
    assert!(!opens("0123456789 ", "0123456789"));
}

/// bcrypt reads a text and the zero byte behind it in a circle, so that a password with that byte
/// in it could open what a shorter one locked.
#[test]
fn a_password_with_a_nul_is_refused() {
    for text in ["0123456789\0", "\x000123456789", "0123456789\x000123456789"] {
        assert_eq!(Password::new(text).err(), Some(PasswordProblem::Nul), "{text:?}");
    }
}

#[test]
fn a_hash_made_elsewhere_verifies() {
    // From the test vectors of jBCrypt.
    let stored = "$2a$06$.rCVZVOThsIa97pEDOxvGuRRgzG64bvtJ0938xuqzv18d3ZpQhstC";
    let stored = PasswordHash::from_stored(stored).unwrap();
    assert!(hasher().verify(&password("abcdefghijklmnopqrstuvwxyz"), &stored));
    assert!(!hasher().verify(&password("abcdefghijklmnopqrstuvwxyZ"), &stored));
}

#[test]
fn a_hash_is_salted_and_says_its_cost() {
    let (one, other) =
        (hasher().hash(&password("0123456789")), hasher().hash(&password("0123456789")));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert!(one.as_str().starts_with("$2b$04$") && one.as_str().len() == 60);
    assert_ne!(one.as_str(), other.as_str());
    let stored = PasswordHash::from_stored(one.as_str()).unwrap();
    assert!(stored == one && hasher().verify(&password("0123456789"), &stored));
}

#[test]
fn a_hash_of_another_cost_still_verifies() {
    let stored = PasswordHasher::new(5).unwrap().hash(&password("0123456789")).unwrap();
    assert!(hasher().verify(&password("0123456789"), &stored));
}

#[test]
fn only_costs_that_end_are_taken() {
    assert!(PasswordHasher::new(3).is_none() && PasswordHasher::new(21).is_none());
    assert!(PasswordHasher::new(4).is_some() && PasswordHasher::new(20).is_some());
    assert!(PasswordHasher::new(PasswordHasher::DEFAULT_COST).is_some());
}

#[test]
fn only_what_bcrypt_writes_is_a_stored_hash() {
    let stored = "$2a$06$.rCVZVOThsIa97pEDOxvGuRRgzG64bvtJ0938xuqzv18d3ZpQhstC";
    assert!(PasswordHash::from_stored(stored).is_some());
    let bad = ["", &stored[..59], &format!("{stored} "), &"é".repeat(30), &"é".repeat(60)];
    assert!(bad.iter().all(|bad| PasswordHash::from_stored(bad).is_none()));
    for (good, bad) in
        [("$2a$", "$1a$"), ("$2a$", "$2c$"), ("$06$", "$99$"), ("$06$", "$31$"), ("q", "+")]
    {
        let bad = stored.replacen(good, bad, 1);
        assert!(PasswordHash::from_stored(&bad).is_none(), "{bad}");
    }
    assert!(PasswordHash::from_stored(&"x".repeat(60)).is_none());
}

#[test]
fn a_hash_of_another_cost_is_outdated() {
    let stored = "$2a$06$.rCVZVOThsIa97pEDOxvGuRRgzG64bvtJ0938xuqzv18d3ZpQhstC";
    let stored = PasswordHash::from_stored(stored).unwrap();
    assert_eq!(stored.cost(), 6);
    assert!(PasswordHasher::new(12).unwrap().is_outdated(&stored));
    assert!(!PasswordHasher::new(6).unwrap().is_outdated(&stored));
}

fn time(check: impl Fn() -> bool) -> Duration {
    let start = Instant::now();
    assert!(!check());
    start.elapsed()
}

#[test]
fn a_name_that_nobody_has_takes_as_long_as_a_wrong_password() {
    let hasher = PasswordHasher::new(8).unwrap();
    let stored = hasher.hash(&password("0123456789")).unwrap();
    let tried = password("9876543210");
    let alike = || {
        let somebody = time(|| hasher.verify(&tried, &stored));
        let nobody = time(|| hasher.verify_nobody(&tried));
        nobody * 2 > somebody && somebody * 2 > nobody
    };
    // A busy machine can lengthen either by any time, but not each time.
    assert_eq!((0..50).filter(|_| alike()).take(5).count(), 5);
}
