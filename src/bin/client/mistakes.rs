//! What was typed wrongly, in a sentence, and what may have been meant.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, Error};
use waxwing::ui::join_words;

/// What a person is told instead of what clap would say; help is told as it is.
pub(crate) fn text(error: &Error, all: &Command) -> String {
    if !error.use_stderr() {
        return error.render().to_string();
    }
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let typed = said(error, ContextKind::InvalidSubcommand);
            let within = within(error, all);
            let verbs = within.get_subcommands().map(|verb| verb.get_name().to_owned());
            told(format!("there is no verb '{typed}'"), nearest(&typed, verbs))
        }
        ErrorKind::UnknownArgument => {
            let typed = said(error, ContextKind::InvalidArg);
            let flags = within(error, all).get_arguments().chain(all.get_arguments());
            let flags = flags.filter_map(|flag| flag.get_long()).map(|flag| format!("--{flag}"));
            told(format!("there is no '{typed}' here"), nearest(&typed, flags))
        }
        _ => plain(error),
    }
}

/// The same at the prompt, where what holds for a whole program cannot be said any more. `words` were typed there.
pub(crate) fn text_at_prompt(
    error: &Error,
    (all, program): (&Command, &Command),
    words: &[String],
) -> String {
    let typed = said(error, ContextKind::InvalidArg);
    let typed = typed.split('=').next().unwrap_or_default();
    let is_typed = |flag: &&Arg| {
        let long = flag.get_long().map(|long| format!("--{long}"));
        let short = flag.get_short().map(|short| format!("-{short}"));
        [long, short].iter().flatten().any(|flag| flag == typed)
    };
    let of_program = program.get_arguments().find(is_typed);
    let Some(flag) = of_program.filter(|_| error.kind() == ErrorKind::UnknownArgument) else {
        return text(error, all);
    };
    let hint = match OF_ONE_VERB.contains(&flag.get_id().as_str()) {
        true => {
            let call = join_words(&[&["client".to_owned()], words].concat());
            format!("in a shell, `{call}` takes it, and this program does the work")
        }
        false => "`quit`, and begin the program with it".to_owned(),
    };
    format!("error: '{typed}' is for the start of a program, and not for its prompt\nhint: {hint}")
}

fn told(what: String, nearest: Option<String>) -> String {
    match nearest {
        Some(nearest) => format!("error: {what}\nhint: is '{nearest}' meant?"),
        None => format!(
            "error: {what}\nhint: `help` at the prompt, and --help in a shell, name what there is"
        ),
    }
}

/// What clap says, without its double spaces, its usage, and what it thinks was meant.
fn plain(error: &Error) -> String {
    let text = error.render().to_string();
    let lines = text.lines().take_while(|line| !line.starts_with("Usage:"));
    let lines = lines.filter(|line| !line.trim_start().starts_with("tip:"));
    let lines: Vec<_> = lines.map(str::trim).filter(|line| !line.is_empty()).collect();
    let what: Vec<_> = lines.into_iter().filter(|line| !line.starts_with("For more")).collect();
    format!("{}\nhint: --help says how it is used", what.join(" "))
}

fn said(error: &Error, what: ContextKind) -> String {
    match error.get(what) {
        Some(ContextValue::String(text)) => text.clone(),
        _ => String::new(),
    }
}

/// The verb in which something was wrong, as its usage names it.
fn within<'a>(error: &Error, all: &'a Command) -> &'a Command {
    let usage = match error.get(ContextKind::Usage) {
        Some(ContextValue::StyledStr(usage)) => usage.to_string(),
        _ => String::new(),
    };
    let mut within = all;
    for word in usage.split_whitespace() {
        within = within.find_subcommand(word).unwrap_or(within);
    }
    within
}

/// The one that is nearest, if it is near: at most a third of its letters are other ones.
fn nearest(typed: &str, all: impl Iterator<Item = String>) -> Option<String> {
    let typed = typed.split('=').next().unwrap_or_default();
    let near = all.map(|one| (distance(typed, &one), one));
    let near = near.filter(|(edits, one)| *edits <= one.chars().count().div_ceil(3));
    near.min_by_key(|(edits, _)| *edits).map(|(_, one)| one)
}

/// How many letters have to be put in, left out, changed, or exchanged with the next one.
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<_>, Vec<_>) = (one.chars().collect(), other.chars().collect());
    let mut rows = vec![(0..=other.len()).collect::<Vec<usize>>()];
    for (i, a) in one.iter().enumerate() {
        let mut row = vec![i.saturating_add(1)];
        for (j, b) in other.iter().enumerate() {
            let at = |row: Option<&Vec<usize>>, at: usize| {
                row.and_then(|row| row.get(at)).copied().unwrap_or(usize::MAX)
            };
            let next = j.saturating_add(1);
            let changed = at(rows.get(i), j).saturating_add(usize::from(a != b));
            let without = at(rows.get(i), next).min(at(Some(&row), j)).saturating_add(1);
            let is_swap = i > 0
                && j > 0
                && one.get(i.wrapping_sub(1)) == Some(b)
                && other.get(j.wrapping_sub(1)) == Some(a);
            let swapped = match is_swap {
                true => at(rows.get(i.wrapping_sub(1)), j.wrapping_sub(1)).saturating_add(1),
                false => usize::MAX,
            };
            row.push(changed.min(without).min(swapped));
        }
        rows.push(row);
    }
    rows.last().and_then(|row| row.last()).copied().unwrap_or_default()
}

/// What a verb in a shell can be told that another program carries out.
const OF_ONE_VERB: [&str; 3] = ["json", "quiet", "verbose"];

#[cfg(test)]
mod test {
    use super::{distance, nearest};

    #[test]
    fn the_nearest_word_is_the_one_with_the_fewest_edits() {
        for (one, other, edits) in
            [("serach", "search", 1), ("serch", "search", 1), ("", "get", 3), ("get", "get", 0)]
        {
            assert_eq!(distance(one, other), edits, "{one} {other}");
        }
        let verbs = || ["serve", "search", "share", "send"].map(str::to_owned).into_iter();
        assert_eq!(nearest("serach", verbs()).as_deref(), Some("search"));
        assert_eq!(nearest("sned", verbs()).as_deref(), Some("send"));
        assert_eq!(nearest("frobnicate", verbs()), None);
        let flags = || ["--port", "--out", "--overwrite"].map(str::to_owned).into_iter();
        assert_eq!(nearest("--ot", flags()).as_deref(), Some("--out"));
        assert_eq!(nearest("--outt=x", flags()).as_deref(), Some("--out"));
    }
}
