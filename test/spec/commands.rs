//! `docs/commands.md` has every verb of both programs, with all that its help says, and the README a
//! line for each.

use super::help::{Help, Program};
use super::page::{cell, code, is_made};

#[test]
fn every_verb_and_flag_stands_in_the_list_of_commands() {
    for program in Program::BOTH {
        let whole = program.help(&[]);
        let (mut list, mut sections) = (String::new(), String::new());
        for verb in whole.verbs() {
            section(program, &[verb], common(&whole), (&mut list, &mut sections));
        }
        let flags = table(common(&whole));
        let list = format!("| verb | what it does |\n|---|---|\n{list}");
        let made = format!("{list}\nWith every verb:\n\n{flags}{sections}");
        is_made("docs/commands.md", &format!("the {}", program.name()), &made);
    }
}

#[test]
fn the_readme_has_a_line_for_every_verb() {
    for program in Program::BOTH {
        let help = program.help(&[]);
        let verbs = help.group("Commands").iter().filter(|(verb, _)| verb != "help");
        let name = program.name();
        let row = |(verb, about): &(String, String)| {
            format!("| {} | {} |\n", code(&format!("{name} {verb}")), cell(about))
        };
        let made =
            format!("| verb | what it does |\n|---|---|\n{}", verbs.map(row).collect::<String>());
        is_made("README.md", &format!("the verbs of the {name}"), &made);
    }
}

/// What is said with every verb.
fn common(whole: &Help) -> &[(String, String)] {
    whole.group("Options")
}

fn section(
    program: Program,
    verb: &[&str],
    common: &[(String, String)],
    (list, sections): (&mut String, &mut String),
) {
    let help = program.help(verb);
    let name = [&[program.name()], verb].concat();
    *list += &format!("| [`{}`](#{}) | {} |\n", name.join(" "), name.join("-"), cell(&help.about));
    let about = format!("{}\n\n```text\n{}\n```\n", help.about, help.usage);
    *sections += &format!("\n### `{}`\n\n{about}", name.join(" "));
    // Settings may stand anywhere, and have a page of their own.
    let own = |(row, _): &&(String, String)| !common.iter().any(|(other, _)| other == row);
    let rows = help.group("Arguments").iter().chain(help.group("Options"));
    let rows: Vec<_> = rows.filter(own).cloned().collect();
    if !rows.is_empty() {
        *sections += &format!("\n{}", table(&rows));
    }
    if !help.after.is_empty() {
        *sections += &format!("\n{}\n", help.after.trim_end());
    }
    for below in help.verbs() {
        section(program, &[verb, &[below]].concat(), common, (list, sections));
    }
}

fn table(rows: &[(String, String)]) -> String {
    let rows = rows.iter().map(|(name, about)| format!("| {} | {} |\n", code(name), cell(about)));
    format!("| argument | what it is for |\n|---|---|\n{}", rows.collect::<String>())
}
