//! What the real programs say of themselves.

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The two programs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Program {
    Client,
    Server,
}

impl Program {
    pub(crate) const BOTH: [Self; 2] = [Self::Client, Self::Server];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }

    /// What it says, with these arguments, in a folder and an environment of its own.
    pub(crate) fn run(self, folder: &Path, arguments: &[&str], set: &[(&str, &str)]) -> Output {
        let program = match self {
            Self::Client => env!("CARGO_BIN_EXE_client"),
            Self::Server => env!("CARGO_BIN_EXE_server"),
        };
        let mut command = Command::new(program);
        command.args(arguments).current_dir(folder).stdin(Stdio::null()).env_clear();
        // No line is broken.
        command.env("HOME", folder).env("COLUMNS", "100000").envs(set.iter().copied());
        command.output().unwrap()
    }

    /// The help of a verb, or of the whole program.
    #[track_caller]
    pub(crate) fn help(self, verb: &[&str]) -> Help {
        let folder = tempfile::tempdir().unwrap();
        let done = self.run(folder.path(), &[verb, &["-h"]].concat(), &[]);
        assert!(done.status.success(), "{verb:?}: {done:?}");
        Help::of(&String::from_utf8(done.stdout).unwrap())
    }
}

/// A help, taken apart.
pub(crate) struct Help {
    pub(crate) about: String,
    pub(crate) usage: String,
    /// Rows of a name and what it is, under a heading.
    groups: Vec<(String, Vec<(String, String)>)>,
    /// What stands behind all of it.
    pub(crate) after: String,
}

impl Help {
    fn of(text: &str) -> Self {
        let (about, rest) = text.split_once("Usage: ").unwrap();
        let (usage, rest) = rest.split_once('\n').unwrap();
        let (mut groups, mut after) = (Vec::new(), String::new());
        for block in rest.trim().split("\n\n").filter(|block| !block.is_empty()) {
            match block.split_once(":\n") {
                Some((heading, rows)) if rows.starts_with("  ") => {
                    groups.push((heading.to_owned(), rows.lines().map(row).collect()));
                }
                _ => after += &format!("{}\n\n", block.replace('\n', " ").trim()),
            }
        }
        Self { about: about.trim().to_owned(), usage: usage.to_owned(), groups, after }
    }

    /// The rows of a group.
    pub(crate) fn group(&self, heading: &str) -> &[(String, String)] {
        let found = self.groups.iter().find(|(name, _)| name == heading);
        found.map_or(&[], |(_, rows)| rows)
    }

    /// The names of verbs below.
    pub(crate) fn verbs(&self) -> impl Iterator<Item = &str> {
        self.group("Commands").iter().map(|(name, _)| name.as_str()).filter(|name| *name != "help")
    }
}

/// A name, and behind two spaces what it is.
fn row(line: &str) -> (String, String) {
    let line = line.trim();
    let (name, about) = line.split_once("  ").unwrap_or((line, ""));
    (name.to_owned(), about.trim().to_owned())
}
