//! What a word at the prompt may become: verbs, flags, names of people, files.

use crate::program::Program;
use crate::verbs;
use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, PoisonError};
use waxwing::ui::Completion;

/// For the prompt of this program.
pub(crate) fn completion(program: &Program) -> Completion {
    let (names, flags) = (program.names(), flags());
    Arc::new(move |before, word| match before.first().map(String::as_str) {
        None => beginning(
            word,
            verbs::names().chain(["help", "quit", "cd", "ls", "pwd"]).map(str::to_owned),
        ),
        Some("help") => beginning(word, verbs::names().map(str::to_owned)),
        Some(verb) if word.starts_with('-') => {
            beginning(word, flags.get(verb).into_iter().flatten().cloned())
        }
        Some("send") if before.len() > 1 => files(word),
        Some("share" | "cd" | "ls") => files(word),
        Some(verb) => {
            let end = if matches!(verb, "browse" | "get") { ":" } else { "" };
            let names = names.lock().unwrap_or_else(PoisonError::into_inner);
            beginning(word, names.iter().map(|name| format!("{name}{end}")))
        }
    })
}

fn beginning(word: &str, all: impl Iterator<Item = String>) -> Vec<String> {
    all.filter(|one| one.starts_with(word)).collect()
}

/// The flags of each verb.
fn flags() -> BTreeMap<String, Vec<String>> {
    let of = |verb: &clap::Command| {
        let flags = verb.get_arguments().filter_map(|argument| argument.get_long());
        flags.map(|flag| format!("--{flag}")).collect()
    };
    let command = verbs::prompt_command();
    command.get_subcommands().map(|verb| (verb.get_name().to_owned(), of(verb))).collect()
}

/// Files and folders that begin so; what is hidden only when it is asked for.
fn files(word: &str) -> Vec<String> {
    let (folder, begun) =
        word.rfind('/').map_or(("", word), |at| word.split_at(at.saturating_add(1)));
    let Ok(entries) = fs::read_dir(if folder.is_empty() { "." } else { folder }) else {
        return Vec::new();
    };
    let mut found: Vec<_> = entries
        .flatten()
        .filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path().is_dir())))
        .filter(|(name, _)| name.starts_with(begun))
        .filter(|(name, _)| begun.starts_with('.') || !name.starts_with('.'))
        .map(|(name, is_folder)| format!("{folder}{name}{}", if is_folder { "/" } else { "" }))
        .collect();
    found.sort();
    found
}
