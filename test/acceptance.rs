//! `docs/acceptance.md` says what one can do with it, and by which tests each of that is held: every test
//! is there and runs, nothing is left out, and nothing more is missing than the page says.

#[path = "common/known.rs"]
mod known;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "spec/page.rs"]
mod page;
#[path = "acceptance/papers.rs"]
mod papers;
#[path = "acceptance/promised.rs"]
mod promised;

use known::is_long;
use page::{rows, text};
use promised::{LAST, NEVER, Part};
use std::collections::BTreeSet;
use std::fs;

const PAGE: &str = "docs/acceptance.md";

/// What is not there yet. It stands on the page, with what is missing; a new one is a decision.
const NOT_YET: &[&str] = &[];

/// What one can do, as the page says it.
struct Row {
    id: String,
    what: String,
    tests: Vec<String>,
}

/// The rows of all tables of what is held.
fn held() -> Vec<Row> {
    let page = text(PAGE);
    let tables = page.split(HELD).skip(1).flat_map(|rest| rows(&[HELD, rest].concat(), HELD));
    let row = |row: Vec<String>| {
        let tests = row[2].split('`').skip(1).step_by(2).map(ToOwned::to_owned).collect();
        Row { id: row[0].clone(), what: row[1].clone(), tests }
    };
    tables.map(row).collect()
}

/// What is told as missing.
fn not_yet() -> Vec<String> {
    let page = text(PAGE);
    let rows = if page.contains(MISSING) { rows(&page, MISSING) } else { Vec::new() };
    rows.into_iter().map(|row| row[0].clone()).collect()
}

/// What comes with later parts.
fn later() -> Vec<(String, String)> {
    let rows = rows(&text(PAGE), LATER);
    let of_part = |row: Vec<String>| {
        let ids: Vec<_> = row[1].split(", ").map(ToOwned::to_owned).collect();
        ids.into_iter().map(move |id| (id, row[0].clone()))
    };
    rows.into_iter().flat_map(of_part).collect()
}

#[test]
fn everything_stands_on_the_page_once() {
    let held = held().into_iter().map(|row| row.id);
    let told: Vec<_> = held.chain(not_yet()).chain(later().into_iter().map(|it| it.0)).collect();
    let wanted = LAST
        .iter()
        .flat_map(|(letter, last)| (1..=*last).map(move |number| format!("{letter}{number}")));
    let wanted: BTreeSet<_> = wanted.filter(|id| !NEVER.contains(&id.as_str())).collect();
    let there: BTreeSet<_> = told.iter().cloned().collect();
    let missing: Vec<_> = wanted.difference(&there).collect();
    let others: Vec<_> = there.difference(&wanted).collect();
    assert!(missing.is_empty() && others.is_empty(), "missing: {missing:?}, others: {others:?}");
    assert_eq!(told.len(), there.len(), "something stands there twice");
}

#[test]
fn what_is_held_is_held_by_tests_that_are_there_and_run() {
    let mut wrong = String::new();
    for Row { id, what, tests } in held() {
        assert!(!what.is_empty(), "{id} says nothing");
        if tests.is_empty() {
            wrong += &format!("{id} names no test\n");
        }
        for test in tests {
            if let Err(why) = runs(&test) {
                wrong += &format!("{id}: {test}: {why}\n");
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// That there is such a test, and that it runs without being asked for.
fn runs(test: &str) -> Result<(), String> {
    if is_long(test)? { Err("it does not run by itself".to_owned()) } else { Ok(()) }
}

#[test]
fn nothing_more_is_missing_than_is_known() {
    assert_eq!(not_yet(), NOT_YET);
}

/// Where what was promised lies beside the project, the page is held against it.
#[test]
fn the_page_has_what_was_promised() {
    let Ok(list) = fs::read_to_string(page::root().join("../shared/ACCEPTANCE.md")) else { return };
    let (now, others): (Vec<_>, Vec<_>) =
        promised::parts(&list).into_iter().partition(Part::is_now);
    let ids = |parts: Vec<Part>| parts.into_iter().map(|it| it.id).collect::<BTreeSet<_>>();
    let told = held().into_iter().map(|row| row.id).chain(not_yet()).collect::<BTreeSet<_>>();
    assert_eq!(told, ids(now));
    let others: BTreeSet<_> = others.into_iter().map(|it| (it.id, it.of.join(", "))).collect();
    assert_eq!(later().into_iter().collect::<BTreeSet<_>>(), others);
}

#[test]
fn a_test_that_is_not_there_or_does_not_run_is_seen() {
    for (test, why) in [
        ("client::sharing::a_file_is_lost", "there is no such test"),
        ("client::shearing::a_file_is_found", "no module shearing"),
        ("clients::sharing::a_file_is_found", "no target clients"),
        ("client::town::has_begun", "there is no such test"),
        ("client::killed::killed_many_times", "it does not run by itself"),
        ("index_store::in_a_file::something_else", "there is no such test"),
        ("unit::nothing::at_all", "no module nothing"),
        ("client", "it names no function"),
    ] {
        let told = runs(test).expect_err(test);
        assert!(told.contains(why), "{test}: {told}");
    }
    for test in [
        "acceptance::a_test_that_is_not_there_or_does_not_run_is_seen",
        "index_store::catalog::rows::a_backup_carries_the_catalog",
        "index_store::in_memory::who_logs_out_is_out",
        "key_files::files::a_wrong_passphrase_does_not_open_a_file",
        "unit::throttle::what_is_taken_back_does_not_count_and_leaves_nothing",
    ] {
        runs(test).unwrap_or_else(|why| panic!("{test}: {why}"));
    }
}

const HELD: &str = "| id | what one can do | held by |";
const MISSING: &str = "| id | what is missing |";
const LATER: &str = "| part | ids |";
