//! Pages of `docs/`: parts of them are made of what the programs say, and fail when they are not. Asked
//! to, the test writes them: `UPDATE=1 cargo test --test spec`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// A file of the project.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The text of a page.
#[track_caller]
pub(crate) fn text(page: &str) -> String {
    fs::read_to_string(root().join(page)).unwrap_or_else(|error| panic!("{page}: {error}"))
}

/// The part of a page between its two marks is this, line by line.
#[track_caller]
pub(crate) fn is_made(page: &str, part: &str, made: &str) {
    // Parts of one page are written one after the other.
    static WRITING: Mutex<()> = Mutex::new(());
    let _writing = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    let text = text(page);
    let begin = format!("<!-- {part}: `UPDATE=1 cargo test --test spec` writes this -->\n");
    let (before, rest) = text.split_once(&begin).unwrap_or_else(|| panic!("{page} lacks {begin}"));
    let (told, after) = rest.split_once(END).unwrap_or_else(|| panic!("{page} lacks {END}"));
    let made = format!("\n{}\n\n", made.trim());
    let Some((line, told, wanted)) = first_difference(told, &made) else { return };
    if env::var_os("UPDATE").is_some() {
        fs::write(root().join(page), [before, &begin, &made, END, after].concat()).unwrap();
        return;
    }
    let line = before.lines().count() + 1 + line;
    panic!("{page}:{line}: {told:?} should be {wanted:?}; UPDATE=1 cargo test --test spec");
}

/// The first line that differs, counted from 1.
fn first_difference<'a>(told: &'a str, made: &'a str) -> Option<(usize, &'a str, &'a str)> {
    let (mut told, mut made) = (told.lines(), made.lines());
    for line in 1.. {
        match (told.next(), made.next()) {
            (None, None) => return None,
            (told, made) if told == made => {}
            (told, made) => return Some((line, told.unwrap_or(""), made.unwrap_or(""))),
        }
    }
    None
}

/// The rows of the table under this heading, its cells without the spaces and backticks around them.
#[track_caller]
pub(crate) fn rows(text: &str, heading: &str) -> Vec<Vec<String>> {
    let (_, rest) = text.split_once(heading).unwrap_or_else(|| panic!("no table {heading}"));
    let rows = rest.lines().skip(2).take_while(|line| line.starts_with('|'));
    rows.map(cells).collect()
}

/// The cells of a row.
pub(crate) fn cells(row: &str) -> Vec<String> {
    let row = row.trim().trim_start_matches('|').trim_end_matches('|').replace("\\|", "\u{0}");
    row.split('|').map(|cell| cell.trim().replace('\u{0}', "|")).collect()
}

/// A text in a cell.
pub(crate) fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// A text in a cell that is typed.
pub(crate) fn code(text: &str) -> String {
    format!("`{}`", cell(text))
}

/// Everything below a folder that ends so, by its path in the project.
pub(crate) fn files(folder: &str, end: &str) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![root().join(folder)]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false if path.to_string_lossy().ends_with(end) => {
                    found.push(path.strip_prefix(root()).unwrap().to_owned());
                }
                false => {}
            }
        }
    }
    found.sort();
    found
}

const END: &str = "<!-- end -->";
