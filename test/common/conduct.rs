//! What programs keep to in every test, whatever it is about: they make no mistake of their own, steer no terminal,
//! and tell no secret.

use std::ops::RangeInclusive;
use std::path::Path;
use std::{fs, thread};

/// What programs say of a mistake of ours.
pub(crate) const PANICS: [&str; 2] = ["panicked", "a fault of this program"];

/// Of people's passwords, and of keys, in tests.
const SECRETS: [&str; 2] = ["correct horse battery", "PRIVATE KEY"];

/// What this program said is as it should be.
#[track_caller]
pub(crate) fn is_proper(who: &str, said: &str) {
    // A test that fails already has said why.
    if thread::panicking() {
        return;
    }
    let told = PANICS.iter().chain(&SECRETS).find(|told| said.contains(**told));
    assert_eq!(told, None, "{who}: {said}");
    let steering = said.lines().find(|line| line.chars().any(steers));
    assert_eq!(steering, None, "what steers terminals comes from {who}");
}

/// All that was logged below this folder is as it should be.
#[track_caller]
pub(crate) fn all_logs_are_proper(folder: &Path) {
    // What somebody may not look into has no log of ours.
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, is_folder) = (entry.path(), entry.file_type().is_ok_and(|kind| kind.is_dir()));
        if is_folder {
            all_logs_are_proper(&path);
        } else if path.extension().is_some_and(|extension| extension == "log") {
            let said = fs::read(&path).unwrap_or_default();
            is_proper(&path.display().to_string(), &String::from_utf8_lossy(&said));
        }
    }
}

/// Whether a character moves the cursor, colours, rings, turns text around, or is not seen.
fn steers(c: char) -> bool {
    UNSEEN.iter().any(|some| some.contains(&c)) || c.is_control() && !matches!(c, '\n' | '\t')
}

/// Marks of direction, joiners and separators that have no width.
const UNSEEN: [RangeInclusive<char>; 5] = [
    '\u{61c}'..='\u{61c}',
    '\u{200b}'..='\u{200f}',
    '\u{2028}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{feff}'..='\u{feff}',
];
