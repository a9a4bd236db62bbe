//! Codes keep their numbers, and texts beside them steer nothing.

use std::collections::HashSet;
use waxwing::codec::Error;
use waxwing::model::limits::EXPLANATION_BYTES;
use waxwing::seal::Refusal;
use waxwing::wire::{Code, Explanation, Goodbye, Message};

#[test]
fn every_code_comes_back_from_its_number() {
    for code in Code::all() {
        assert_eq!(Code::from_number(code.number()), code);
        let said = Goodbye { code, text: Explanation::default() };
        assert_eq!(Goodbye::decode(&said.encode()), Ok(said));
    }
    for refusal in Refusal::ALL {
        assert_eq!(Code::from(refusal).name(), refusal.name());
        assert_eq!(Code::from(refusal).to_string(), refusal.to_string());
    }
}

#[test]
fn no_two_codes_are_alike() {
    let (numbers, names): (HashSet<_>, HashSet<_>) =
        Code::all().map(|code| (code.number(), code.name())).unzip();
    assert_eq!(numbers.len(), Code::all().count());
    assert_eq!(names.len(), Code::all().count());
    assert!(!numbers.contains(&0));
}

#[test]
fn a_number_of_a_newer_program_is_kept_and_is_final() {
    for number in [0, 99, 117, 1000, u16::MAX] {
        let code = Code::from_number(number);
        assert_eq!(code, Code::Unknown(number));
        assert_eq!((code.number(), code.name(), code.is_permanent()), (number, "unknown", true));
        assert!(code.to_string().contains(&number.to_string()));
        let said = Goodbye { code, text: Explanation::default() };
        assert_eq!(Goodbye::decode(&said.encode()), Ok(said));
    }
}

#[test]
fn a_code_beyond_its_type_is_refused() {
    let body = vec![0xa2, 0, 0x1a, 0, 1, 0, 0, 1, 0x60];
    assert_eq!(Goodbye::decode(&body.into()), Err(Error::Invalid("not a message of this kind")));
}

#[test]
fn a_fresh_stream_mends_what_another_key_or_challenge_caused() {
    let passing: Vec<_> =
        Refusal::ALL.into_iter().filter(|refusal| !Code::from(*refusal).is_permanent()).collect();
    assert_eq!(passing, [Refusal::Cut, Refusal::StaleKey, Refusal::Context]);
}

#[test]
fn a_text_is_cut_between_characters() {
    for (text, bytes) in [("x", EXPLANATION_BYTES), ("é", 256), ("€", 255), ("🦀", 256)] {
        let long = text.repeat(1000);
        let shown = Explanation::new(&long).as_untrusted().fitted(2000).to_string();
        assert_eq!(shown.len(), bytes, "{text}");
        assert!(long.starts_with(&shown));
    }
    assert_eq!(Explanation::new("short").to_string(), "short");
}

#[test]
fn words_beside_a_code_are_shown_when_they_say_more() {
    let said = |words: &str| Code::Declined.said(&Explanation::new(words)).to_string();
    let meaning = Code::Declined.to_string();
    assert_eq!((said(""), said(&meaning)), (meaning.clone(), meaning.clone()));
    assert_eq!(said("not today"), format!("{meaning} (not today)"));
    assert!(!said("a\u{1b}[2J").contains('\u{1b}'));
}

#[test]
fn a_text_steers_no_terminal() {
    let text = Explanation::new("a\u{1b}[2J\u{202e}b");
    for shown in [
        text.to_string(),
        format!("{text:?}"),
        format!("{:?}", Goodbye { code: Code::Done, text: text.clone() }),
    ] {
        assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown}");
        assert!(shown.contains("\\u{1b}"));
    }
}
