//! A mistake of ours is in the log with its place, and what somebody sent is not.

use crate::mistakes_made::{made_by, with_log};
use std::panic::catch_unwind;

#[path = "../../src/bin/server/panics.rs"]
mod program;

#[test]
fn a_mistake_of_ours_is_told_with_its_place_and_without_what_was_sent() {
    let (log, said) = made_by("panics::mistakes_are_made");
    let [of_words, of_what_came] = &log.lines().collect::<Vec<_>>()[..] else { panic!("{log}") };
    for line in [of_words, of_what_came] {
        assert!(line.contains("error a fault of this program at test/server/panics.rs:"), "{line}");
    }
    assert!(of_words.ends_with(": this should never be"), "{of_words}");
    assert!(!said.contains("koala") && !log.contains("koala"), "{said} {log}");
}

#[test]
#[ignore = "started by another, with a log"]
fn mistakes_are_made() {
    with_log(|log| {
        program::log(&log);
        let came = "koala".to_owned();
        assert!(catch_unwind(|| panic!("this should never be")).is_err());
        assert!(catch_unwind(|| panic!("{came} came")).is_err());
        assert!(program::place().is_some_and(|at| at.starts_with("test/server/panics.rs:")));
        assert_eq!(program::place(), None);
    });
}
