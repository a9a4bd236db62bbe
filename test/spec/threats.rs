//! What `SECURITY.md` says about tests is so: each that it names is there, and those that it calls long are
//! the ones that only run when they are asked for.

use super::page::{files, root, rows, text};
use std::collections::HashMap;

/// The tests of a target by their names, and whether they run only when they are asked for.
type Tests = HashMap<String, bool>;

#[test]
fn every_test_that_holds_a_fault_is_there() {
    let mut known: HashMap<String, Tests> = HashMap::new();
    let rows = rows(&text("SECURITY.md"), "| fault | what happens | tests |");
    assert!(rows.len() >= 40, "{}", rows.len());
    for row in rows {
        let [fault, _, held_by] = row.as_slice() else { panic!("{row:?}") };
        let named = named(held_by);
        assert!(!named.is_empty(), "nothing holds: {fault}");
        for Named { target, test, is_long } in named {
            let tests = known.entry(target.clone()).or_insert_with(|| tests_of(&target));
            let waits = tests.get(&test).unwrap_or_else(|| panic!("no {target}::{test}: {fault}"));
            assert_eq!(*waits, is_long, "is {target}::{test} long?");
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
    let named: Vec<_> = named.iter().map(|it| (&*it.target, &*it.test, it.is_long)).collect();
    assert_eq!(named, [("wire", "one", false), ("client", "other", true)]);
}

/// A test as the table names it.
struct Named {
    target: String,
    test: String,
    is_long: bool,
}

fn named(cell: &str) -> Vec<Named> {
    // What stands between two backticks is a name, and what follows it says whether it is long.
    let parts: Vec<_> = cell.split('`').collect();
    let names = parts.iter().skip(1).step_by(2).zip(parts.iter().skip(2).step_by(2));
    let read = |(name, behind): (&&str, &&str)| {
        let (target, test) = name.split_once("::")?;
        let is_long = behind.starts_with(" (long)");
        Some(Named { target: target.to_owned(), test: test.to_owned(), is_long })
    };
    names.filter_map(read).collect()
}

/// All tests of a target: its file and those in the folder of its name; of the library, those in `test/unit`.
#[track_caller]
fn tests_of(target: &str) -> Tests {
    let folder = if target == "lib" { "unit" } else { target };
    let is_of_it = |path: &str| {
        let path = path.trim_start_matches("test/");
        path.starts_with(&format!("{folder}/")) || path == format!("{folder}.rs")
    };
    let all = files("test", ".rs");
    let of_it = all.iter().filter_map(|path| path.to_str()).filter(|path| is_of_it(path));
    let tests: Tests = of_it.flat_map(|path| tests_in(&text(path))).collect();
    assert!(!tests.is_empty(), "there is no target {target}");
    tests
}

/// The functions with an attribute of a test; and the chapters of a story, each of which a macro makes one.
fn tests_in(text: &str) -> Tests {
    let (mut tests, mut attributes) = (Tests::new(), String::new());
    let mut is_story = false;
    for line in text.lines().map(str::trim) {
        is_story = (is_story || line.starts_with("story! {")) && line != "}";
        if let (true, Some((_, chapter))) = (is_story, line.trim_end_matches(',').split_once("::"))
        {
            tests.insert(chapter.to_owned(), false);
        }
        match function(line) {
            _ if line.starts_with("#[") => attributes += line,
            _ if line.starts_with("///") => {}
            Some(name)
                if attributes.contains("#[test]") || attributes.contains("#[tokio::test") =>
            {
                tests.insert(name.to_owned(), attributes.contains("#[ignore"));
                attributes.clear();
            }
            _ => attributes.clear(),
        }
    }
    tests
}

/// The name of the function that this line begins.
fn function(line: &str) -> Option<&str> {
    let rest = line.trim_start_matches("async ").strip_prefix("fn ")?;
    rest.split(['(', '<']).next()
}
