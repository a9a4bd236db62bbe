//! What of a folder is passed over without a word on each: hidden files, what systems and programs
//! leave lying about, and what the person names.
//!
//! The person names it in files called `.waxwingignore`, each for the folder that it lies in and all
//! below, in the syntax of `.gitignore`. What is hidden or junk stays so whatever they say: such a file
//! may have come from somebody else. A folder whose rules cannot be understood is not shared at all,
//! since nobody knows what was to be kept back.

use crate::peer::disk::open_regular;
use cap_std::fs::Dir;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use std::fmt;
use std::io::{self, Read};
use std::path::Path;

/// How many files and folders were passed over. Of what lies in such a folder, nothing is counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PassedOver {
    /// Whose names begin with a dot.
    pub hidden: u64,
    /// What systems and programs leave lying about, and downloads that are not at their end.
    pub junk: u64,
    /// What a `.waxwingignore` names.
    pub ignored: u64,
}

/// Why something is passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    Hidden,
    Junk,
    Ignored,
}

impl PassedOver {
    /// All of them.
    pub fn all(&self) -> u64 {
        self.hidden.saturating_add(self.junk).saturating_add(self.ignored)
    }

    pub(super) fn count(&mut self, why: Why) {
        let counted = match why {
            Why::Hidden => &mut self.hidden,
            Why::Junk => &mut self.junk,
            Why::Ignored => &mut self.ignored,
        };
        *counted = counted.saturating_add(1);
    }
}

impl fmt::Display for PassedOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds =
            [(self.hidden, "hidden"), (self.junk, "junk"), (self.ignored, "by .waxwingignore")];
        let kinds = kinds.iter().filter(|(number, _)| *number > 0);
        let kinds: Vec<_> = kinds.map(|(number, what)| format!("{number} {what}")).collect();
        f.write_str(&if kinds.is_empty() { "none".to_owned() } else { kinds.join(", ") })
    }
}

/// The rules of the folders that one is in, the outermost first.
#[derive(Default)]
pub(super) struct Rules(Vec<Option<Gitignore>>);

impl Rules {
    /// Goes into a folder. Gives why its rules cannot be understood, if so.
    pub(super) fn enter(&mut self, folder: &Dir) -> Result<(), NoRules> {
        self.0.push(read(folder)?);
        Ok(())
    }

    pub(super) fn leave(&mut self) {
        self.0.pop();
    }

    /// Why what has these names, from the outermost folder on, is passed over, if it is.
    pub(super) fn why(&self, names: &[String], is_folder: bool) -> Option<Why> {
        let own = names.last().map(String::as_str).unwrap_or_default();
        if let Some(why) = by_name(own) {
            return Some(why);
        }
        for (depth, rules) in self.0.iter().enumerate().rev() {
            let Some(rules) = rules else { continue };
            let path = names.get(depth..).unwrap_or_default().join("/");
            let found = rules.matched(Path::new(&path), is_folder);
            if !found.is_none() {
                return found.is_ignore().then_some(Why::Ignored);
            }
        }
        None
    }
}

/// Why whatever has this name is passed over, wherever it lies.
pub(super) fn by_name(name: &str) -> Option<Why> {
    if name.starts_with('.') {
        return Some(Why::Hidden);
    }
    let name = name.to_ascii_lowercase();
    let is_junk = JUNK.contains(&name.as_str())
        || JUNK_BEGINS.iter().any(|begin| name.starts_with(begin))
        || JUNK_ENDS.iter().any(|end| name.ends_with(end));
    is_junk.then_some(Why::Junk)
}

/// Why nobody knows what is to be passed over.
pub(super) enum NoRules {
    Unreadable(io::Error),
    Wrong(String),
}

fn read(folder: &Dir) -> Result<Option<Gitignore>, NoRules> {
    let file = match open_regular(folder, RULES) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file.map_err(NoRules::Unreadable)?,
    };
    let mut text = String::new();
    let read = file.take(RULES_BYTES.saturating_add(1)).read_to_string(&mut text);
    let read = read.map_err(NoRules::Unreadable)?;
    if read as u64 > RULES_BYTES {
        return Err(NoRules::Wrong(format!("it has more than {RULES_BYTES} bytes")));
    }
    let mut rules = GitignoreBuilder::new(".");
    for (number, line) in (1_usize..).zip(text.lines()) {
        let added = rules.add_line(None, line);
        added.map_err(|_| NoRules::Wrong(format!("line {number} is no pattern")))?;
    }
    let built = rules.build().map(Some);
    built.map_err(|_| NoRules::Wrong("its patterns are too many".to_owned()))
}

/// The name of a file of rules.
pub(super) const RULES: &str = ".waxwingignore";
const RULES_BYTES: u64 = 64 << 10;

/// Without capitals: what Windows and macOS leave, what programs have not written to its end, and what
/// they keep beside a file that is being edited.
const JUNK: [&str; 6] = [
    "thumbs.db",
    "ehthumbs.db",
    "desktop.ini",
    "$recycle.bin",
    "system volume information",
    "__macosx",
];
const JUNK_BEGINS: [&str; 1] = ["~$"];
const JUNK_ENDS: [&str; 7] = [".part", ".partial", ".crdownload", ".download", ".tmp", ".swp", "~"];
