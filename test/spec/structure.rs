//! What `docs/architecture.md` says of how the project is made is how it is, and links lead somewhere.

use super::page::{root, rows, text};
use std::fs;

/// The row of rooms, as the test of the architecture has it.
fn row() -> Vec<String> {
    let test = text("test/architecture.rs");
    let row = test.split("const ROW: &[&str] =").nth(1).unwrap().split(';').next().unwrap();
    let rooms = row.split('"').skip(1).step_by(2).map(ToOwned::to_owned);
    let rooms: Vec<_> = rooms.collect();
    assert!(rooms.len() >= 10, "{rooms:?}");
    rooms
}

#[test]
fn the_row_of_rooms_is_told_as_it_is() {
    for page in ["docs/architecture.md", "src/lib.rs"] {
        let text = text(page);
        let drawn = text.lines().find(|line| line.contains("codec →")).unwrap();
        let words = drawn.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        let drawn: Vec<_> = words.filter(|word| *word != "bin").collect();
        assert_eq!(drawn, row(), "{page}");
    }
    let told = rows(&text("docs/architecture.md"), "| room | holds |");
    let told: Vec<_> = told.iter().map(|row| row[0].trim_matches('`')).collect();
    assert_eq!(told, row());
}

#[test]
fn every_folder_of_the_project_is_told() {
    let told = rows(&text("docs/architecture.md"), "| folder | holds |");
    let told: Vec<_> = told.iter().map(|row| row[0].trim_matches('`').to_owned()).collect();
    for folder in &told {
        assert!(root().join(folder).is_dir(), "{folder} is told, and not there");
    }
    let ignored = text(".gitignore");
    let is_ours = |name: &String| {
        let line = format!("/{name}");
        name != ".git" && !ignored.lines().any(|it| it.trim_end_matches('/') == line)
    };
    let entries = fs::read_dir(root()).unwrap().map(Result::unwrap);
    let folders = entries.filter(|entry| entry.path().is_dir());
    let folders = folders.map(|entry| entry.file_name().into_string().unwrap());
    for folder in folders.filter(is_ours) {
        assert!(told.contains(&format!("{folder}/")), "{folder}/ is not told");
    }
}

/// What is drawn names files, and behind them functions in them.
#[test]
fn what_the_drawings_name_is_there() {
    let page = text("docs/architecture.md");
    let mut found = 0;
    for line in page.lines() {
        let words =
            line.split_whitespace().map(|word| word.trim_matches(['`', ',', '(', ')', '.']));
        let mut source = String::new();
        for word in words {
            if word.starts_with("src/") && word.ends_with(".rs") {
                source = text(word);
                found += 1;
            } else if let (Some((_, name)), false) = (word.rsplit_once("::"), source.is_empty()) {
                assert!(source.contains(&format!("fn {name}")), "{name} is not in: {line}");
            }
        }
    }
    assert!(found >= 20, "only {found} files");
}

/// Every page is found from the README, and every link between pages leads somewhere.
#[test]
fn no_link_between_pages_is_broken() {
    let readme = text("README.md");
    let mut pages = super::page::files("docs", ".md");
    for page in &pages {
        let page = page.to_str().unwrap();
        assert!(readme.contains(page), "README.md does not lead to {page}");
    }
    pages.extend(["README.md", "CONTRIBUTING.md", "SECURITY.md"].map(Into::into));
    for page in pages {
        let (folder, text) = (page.parent().unwrap(), text(page.to_str().unwrap()));
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (file, place) = link.split_once('#').unwrap_or((link, ""));
            if file.contains("://") {
                continue;
            }
            let path = if file.is_empty() { page.clone() } else { folder.join(file) };
            let there = fs::read_to_string(root().join(&path));
            let there = there.unwrap_or_else(|error| panic!("{link} in {page:?}: {error}"));
            let anchors: Vec<_> =
                there.lines().filter(|it| it.starts_with('#')).map(anchor).collect();
            let leads = place.is_empty() || anchors.iter().any(|it| it == place);
            assert!(leads, "{link} in {page:?}: {anchors:?}");
        }
    }
}

/// What a heading is called in a link.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
    text.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect()
}
