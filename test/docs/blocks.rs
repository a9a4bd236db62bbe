//! What a page tells people to type: the blocks marked `sh`, a command a line, and those marked
//! `console`, which show what happens.
//!
//! ```console
//! alice$ client get bob:letter.txt      `alice` is whose machine it is; `$` alone is the reader's
//! letter.txt: …, signed by bob          lines that come in this order, `…` for what differs
//! ^C                                    ends the newest program that stays
//! ```
//!
//! Lines behind `> ` belong to the command before them, as a shell shows it.

/// Something that is typed.
#[derive(Debug)]
pub(crate) struct Step {
    /// Where on the page.
    pub(crate) line: usize,
    /// On whose machine.
    pub(crate) who: String,
    /// What; `^C` is one as well.
    pub(crate) command: String,
    /// What is shown then, among other lines.
    pub(crate) told: Vec<String>,
}

/// Whose machine it is where the page does not say.
const READER: &str = "reader";

/// All that a page says to type, in its order.
pub(crate) fn steps(page: &str, text: &str) -> Vec<Step> {
    let (mut steps, mut block): (Vec<Step>, _) = (Vec::new(), None);
    for (line, (language, told)) in lines(text) {
        match language {
            "sh" if told.is_empty() => {}
            "sh" => {
                let last = steps.last_mut().filter(|_| block == Some(line - 1));
                match last.filter(|step| step.command.ends_with('\\')) {
                    Some(step) => {
                        step.command.truncate(step.command.len() - 1);
                        step.command += told.trim_start();
                    }
                    None => steps.push(step(line, READER, told)),
                }
                block = Some(line);
            }
            "console" => match (prompt(told), steps.last_mut()) {
                (Some((who, command)), _) => steps.push(step(line, who, command)),
                (None, _) if told == "^C" => steps.push(step(line, READER, told)),
                (None, Some(step)) => match told.strip_prefix("> ").or((told == ">").then_some(""))
                {
                    Some(more) if step.told.is_empty() => step.command += &format!("\n{more}"),
                    _ => step.told.extend(Some(told.to_owned()).filter(|it| !it.trim().is_empty())),
                },
                (None, None) => panic!("{page}:{line}: shown before anything is typed: {told}"),
            },
            _ => {}
        }
    }
    steps
}

/// What looks as if it were typed, and stands elsewhere.
pub(crate) fn stray_prompts(text: &str) -> Vec<String> {
    let elsewhere = lines(text).filter(|(_, (language, _))| *language != "console");
    elsewhere.filter_map(|(_, (_, line))| Some(prompt(line)?.1.to_owned())).collect()
}

fn step(line: usize, who: &str, command: &str) -> Step {
    Step { line, who: who.to_owned(), command: command.trim().to_owned(), told: Vec::new() }
}

/// Each line with its number, and the language of the block in which it stands; none outside of blocks.
fn lines(text: &str) -> impl Iterator<Item = (usize, (&str, &str))> {
    let mut language = "";
    text.lines().zip(1..).filter_map(move |(line, number)| {
        let Some(begun) = line.strip_prefix("```") else { return Some((number, (language, line))) };
        language = match language {
            "" if begun.is_empty() => "text",
            "" => begun,
            _ => "",
        };
        None
    })
}

/// `NAME$ ` and what is typed behind it.
fn prompt(line: &str) -> Option<(&str, &str)> {
    let (who, command) = line.split_once("$ ")?;
    let is_name = who.chars().all(|c| c.is_ascii_lowercase());
    is_name.then_some((if who.is_empty() { READER } else { who }, command))
}
