//! Where one is at the prompt: paths that are typed there begin in that folder.

use crate::failures::{self, Trouble};
use crate::program::Program;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use waxwing::model::Untrusted;
use waxwing::ui::{Table, bytes};

/// What can be typed, and what it does.
pub(crate) const VERBS: [(&str, &str); 3] = [
    ("cd [FOLDER]", "Go to a folder of this machine, or to your own one"),
    ("ls [FOLDER]", "List a folder of this machine"),
    ("pwd", "Say in which folder you are"),
];

/// Does one of these, if it is one.
pub(crate) fn carry_out(program: &Program, words: &[&str]) -> Option<Result<(), Trouble>> {
    Some(match words {
        ["cd"] => go(program, &env::var_os("HOME").map(PathBuf::from).unwrap_or_default()),
        ["cd", folder] => go(program, Path::new(folder)),
        ["pwd"] => tell(program),
        ["ls"] => list(program, Path::new(".")),
        ["ls", folder] => list(program, Path::new(folder)),
        _ => return None,
    })
}

fn go(program: &Program, folder: &Path) -> Result<(), Trouble> {
    env::set_current_dir(folder).map_err(|error| failures::disk(folder, &error))?;
    tell(program)
}

fn tell(program: &Program) -> Result<(), Trouble> {
    let here = env::current_dir().map_err(|error| failures::disk(Path::new("."), &error))?;
    program.printer.result(Untrusted::new(&here.display().to_string()));
    Ok(())
}

fn list(program: &Program, folder: &Path) -> Result<(), Trouble> {
    let entries = fs::read_dir(folder).map_err(|error| failures::disk(folder, &error))?;
    let mut rows: Vec<_> = entries
        .flatten()
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.metadata().ok()))
        .filter(|(name, _)| !name.starts_with('.'))
        .collect();
    rows.sort_by(|one, other| one.0.cmp(&other.0));
    let mut table = Table::without_heading();
    for (name, about) in rows {
        match about {
            Some(about) if about.is_dir() => table.row([format!("{name}/"), String::new()]),
            Some(about) => table.row([name, bytes(about.len())]),
            None => table.row([name, String::new()]),
        }
    }
    program.printer.table(table);
    Ok(())
}
