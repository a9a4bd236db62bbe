//! What `SECURITY.md` says about tests is so: each that it names is there, and those that it calls long are
//! the ones that only run when they are asked for.

use super::known::{is_long, tests_in};
use super::page::{root, rows, text};

#[test]
fn every_test_that_holds_a_fault_is_there() {
    let rows = rows(&text("SECURITY.md"), "| fault | what happens | tests |");
    assert!(rows.len() >= 40, "{}", rows.len());
    for row in rows {
        let [fault, _, held_by] = row.as_slice() else { panic!("{row:?}") };
        let named = named(held_by);
        assert!(!named.is_empty(), "nothing holds: {fault}");
        for (test, told_as_long) in named {
            let is_long = is_long(&test).unwrap_or_else(|why| panic!("{fault}: {test}: {why}"));
            assert_eq!(is_long, told_as_long, "is {test} long?");
        }
    }
}

#[test]
fn every_file_that_holds_a_threat_is_there() {
    let rows = rows(&text("SECURITY.md"), "| threat | what we do | held by |");
    assert!(rows.len() >= 30, "{}", rows.len());
    for row in rows {
        let paths = row[2].split('`').skip(1).step_by(2);
        let missing: Vec<_> = paths.filter(|path| !root().join(path).exists()).collect();
        assert!(missing.is_empty(), "{missing:?} of {}", row[0]);
    }
}

#[test]
fn tests_are_found_however_they_are_written() {
    let text = "#[test]\nfn plain() {}\n\n    /// Says why.\n    #[tokio::test(start_paused = true)]\n    \
                #[ignore = \"long\"]\n    async fn long() {}\n\nfn none() {}\n";
    let found = tests_in(text);
    assert_eq!(found, [("plain".to_owned(), false), ("long".to_owned(), true)].into());
    let told = tests_in("story! {\n    room::chapter,\n}\n");
    assert_eq!(told, [("chapter".to_owned(), false)].into());
    let named = named("`wire::one`, `client::other` (long); and words");
    assert_eq!(named, [("wire::one".to_owned(), false), ("client::other".to_owned(), true)]);
}

/// The tests that a cell names, and whether it calls them long.
fn named(cell: &str) -> Vec<(String, bool)> {
    // What stands between two backticks is a name, and what follows it says whether it is long.
    let parts: Vec<_> = cell.split('`').collect();
    let names = parts.iter().skip(1).step_by(2).zip(parts.iter().skip(2).step_by(2));
    let tests = names.filter(|(name, _)| name.contains("::"));
    tests.map(|(name, behind)| ((*name).to_owned(), behind.starts_with(" (long)"))).collect()
}
