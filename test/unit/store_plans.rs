//! What the store holds itself to: how SQLite finds what the requests of many people ask for: by an index, and already in order.

#![allow(clippy::unwrap_used, reason = "a test")]

use super::{accounts, catalog, directory, invitations, open, owner, people, requests, sessions};

/// What many ask for.
const TEXTS: &[&str] = &[
    people::PAGE,
    people::ONE,
    owner::USERS,
    sessions::MEMBER,
    sessions::OF_ANOTHER,
    sessions::USED,
    sessions::END_ALL,
    sessions::END_OTHER,
    sessions::FORGET_OVER,
    directory::HEAD,
    directory::OWNER,
    directory::LAST_IDENTITY,
    directory::LAST_KEYS,
    directory::LATELY,
    directory::LAST,
    directory::NUMBERED,
    directory::ENTRIES,
    directory::ENTRIES_OF,
    accounts::OF_NAME,
    accounts::OF_ID,
    accounts::OF_IDENTITY,
    invitations::USE,
    requests::FIND,
];

#[test]
fn what_many_ask_for_is_found_without_reading_everything() {
    let db = open::in_memory().unwrap();
    for sql in TEXTS.iter().chain(catalog::ASKED_BY_MANY) {
        let mut plan = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let values = vec![rusqlite::types::Null; plan.parameter_count()];
        let steps = plan.query_map(rusqlite::params_from_iter(values), |row| row.get(3)).unwrap();
        for step in steps.map(rusqlite::Result::<String>::unwrap) {
            // The head of the directory is the end of the table itself, the catalog's numbers are one
            // row, an index may hold nothing but what is asked for, and a search has its own.
            let is_short = *sql == directory::HEAD
                || step == "SCAN catalog"
                || ["INDEX shares_untidy", "INDEX shares_opened", "VIRTUAL TABLE INDEX"]
                    .iter()
                    .any(|index| step.contains(index));
            let scans = step.starts_with("SCAN") && !is_short;
            assert!(!scans && !step.contains("TEMP B-TREE"), "{sql}\n{step}");
        }
    }
}

#[test]
fn no_question_is_planned_again_for_other_values() {
    let db = open::in_memory().unwrap();
    for sql in TEXTS.iter().chain(catalog::ASKED_BY_MANY) {
        let mut asked = db.prepare(sql).unwrap();
        for value in ["one", "two", "three"] {
            let values = vec![value; asked.parameter_count()];
            let mut rows = asked.query(rusqlite::params_from_iter(values)).unwrap();
            let _ = rows.next();
        }
        assert_eq!(asked.get_status(rusqlite::StatementStatus::RePrepare), 0, "{sql}");
    }
}

#[test]
fn the_last_places_of_the_directory_are_for_those_who_have_a_name() {
    use crate::model::directory::DirectoryEvent::{Closed, Joined, Replaced, Rotated, Sealing};
    let has_room = |event, length| directory::demand_room(event, length).is_ok();
    assert!(has_room(Joined, 179_999) && !has_room(Joined, 180_000));
    assert!(has_room(Sealing, 189_999) && !has_room(Sealing, 190_000));
    for event in [Rotated, Replaced, Closed] {
        assert!(has_room(event, 199_999) && !has_room(event, 200_000));
    }
}
