//! `docs/settings.md` has every setting of both programs, as the programs themselves take and refuse
//! them; and its examples of whole files are files that the programs read.

use super::help::Program;
use super::page::{cell, code, is_made, text};
use std::fs;
use std::path::Path;

/// A setting, as the help shows it.
struct Setting {
    name: String,
    /// What stands for its value; a switch has none.
    value: Option<String>,
    help: String,
    default: Option<String>,
}

impl Setting {
    fn all(program: Program) -> Vec<Self> {
        let help = program.help(&[]);
        let all: Vec<_> = help.group("Settings").iter().map(Self::of).collect();
        assert!(all.len() >= 10, "{}", program.name());
        all
    }

    fn of((flag, about): &(String, String)) -> Self {
        let (name, value) = match flag.split_once(' ') {
            Some((name, value)) => (name, Some(value.trim_matches(['<', '>']).to_owned())),
            None => (flag.split('[').next().unwrap(), None),
        };
        let (help, default) = match about.split_once(" [default: ") {
            Some((help, default)) => (help, Some(default.trim_end_matches(']').to_owned())),
            None => (about.as_str(), None),
        };
        let name = name.trim_start_matches("--").to_owned();
        Self { name, value, help: help.to_owned(), default }
    }

    fn variable(&self) -> String {
        format!("WAXWING_{}", self.name.replace('-', "_").to_ascii_uppercase())
    }

    /// What the program says to a value that is none, in its environment; nothing, when it takes it.
    fn refusal(&self, program: Program, value: &str) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        let done = program.run(folder.path(), asking(program), &[(&self.variable(), value)]);
        let told = String::from_utf8(done.stderr).unwrap();
        let place = format!("error: {}: ", self.variable());
        let line = told.lines().next().unwrap_or_default();
        line.strip_prefix(&place).map(ToOwned::to_owned)
    }

    /// Whether the file may set it: what nobody can mean is refused in either case, but not alike.
    fn is_in_file(&self, program: Program) -> bool {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(file(program)), format!("{} = 3.5\n", self.name)).unwrap();
        let told = program.run(folder.path(), asking(program), &[]).stderr;
        let told = String::from_utf8(told).unwrap();
        let (is_none, is_one) = (
            format!("line 1: there is no setting {}", self.name),
            format!("line 1: {} must be", self.name),
        );
        assert!(told.contains(&is_none) != told.contains(&is_one), "{}: {told}", self.name);
        told.contains(&is_one)
    }

    /// What it may be, in the words in which another value is refused.
    fn range(&self, program: Program) -> String {
        let value = match self.value.as_deref() {
            None => return "true or false".to_owned(),
            // One name is wrong likewise, as several are.
            Some("WITH") => return "off, everyone, or names with commas".to_owned(),
            Some(value) => value,
        };
        let told = ["?", "1"].map(|wrong| (wrong, self.refusal(program, wrong)));
        // A number of another range is told with the range, and a rate that is too small likewise.
        let told = told.into_iter().filter_map(|(wrong, told)| Some((wrong, told?))).next_back();
        let Some((wrong, told)) = told else { return in_words(value).to_owned() };
        let told = told.trim_start_matches(wrong).trim();
        let begins = ["must be ", "it is ", "is not "];
        let told = begins.iter().find_map(|begin| told.strip_prefix(begin)).unwrap_or(told);
        in_words(told).to_owned()
    }

    /// A line in the file.
    fn line(&self, range: &str) -> String {
        let sample = self.default.as_deref().filter(|it| !it.contains(' '));
        let sample = sample.or(self.value.as_deref()).unwrap_or("true");
        match &self.value {
            None => format!("{} = true", self.name),
            Some(value) if value == "DIRS" => format!("{} = [\"DIR\", \"DIR\"]", self.name),
            Some(_) if range.starts_with("a number") => format!("{} = {sample}", self.name),
            Some(_) => format!("{} = \"{sample}\"", self.name),
        }
    }

    fn row(&self, program: Program) -> String {
        let value = self.value.as_ref().map(|value| format!(" {value}")).unwrap_or_default();
        let range = self.range(program);
        let line = self.is_in_file(program).then(|| code(&self.line(&range)));
        let default = self.default.as_deref().unwrap_or("off");
        let cells = [
            code(&format!("--{}{value}", self.name)),
            code(&self.variable()),
            line.unwrap_or_else(|| "not there".to_owned()),
            cell(&self.help),
            cell(default),
            cell(&range),
        ];
        format!("| {} |\n", cells.join(" | "))
    }
}

/// What needs the settings and nothing else.
fn asking(program: Program) -> &'static [&'static str] {
    match program {
        Program::Client => &["paths"],
        Program::Server => &["users"],
    }
}

fn file(program: Program) -> &'static str {
    match program {
        Program::Client => "waxwing.toml",
        Program::Server => "waxwing-server.toml",
    }
}

/// What is shown for a value that is not refused, or whose refusal says it for another place.
fn in_words(value: &str) -> &str {
    match value {
        "DIR" => "a folder",
        "DIRS" => "folders, with `:` between them as in `PATH`; in the file a list",
        "FILE" => "a file",
        "an address: the port is missing" => "an invitation, or HOST:PORT",
        "is neither a host's name nor its address (and has no port)" => {
            "a host's name or its address, without a port"
        }
        other => other,
    }
}

#[test]
fn every_setting_stands_in_the_list_of_settings() {
    for program in Program::BOTH {
        let rows: String = Setting::all(program).iter().map(|it| it.row(program)).collect();
        let head = ["flag", "variable", "in the file", "what for", "default", "may be"];
        let made = format!("| {} |\n|{}\n{rows}", head.join(" | "), "---|".repeat(head.len()));
        is_made("docs/settings.md", &format!("settings of the {}", program.name()), &made);
    }
}

#[test]
fn the_examples_of_whole_files_set_everything_and_are_read() {
    let page = text("docs/settings.md");
    for program in Program::BOTH {
        let begin = format!("```toml\n# {}", file(program));
        let (_, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("no {begin}"));
        let example = format!("#{}", rest.split("```").next().unwrap());
        let set = example.lines().filter_map(|line| line.split_once(" = "));
        let set: Vec<_> = set.map(|(name, value)| (name.to_owned(), value)).collect();
        for setting in Setting::all(program) {
            let told = set.iter().find(|(name, _)| *name == setting.name);
            let Some((_, value)) = told else {
                assert!(!setting.is_in_file(program), "{} is not in the example", setting.name);
                continue;
            };
            // What counts without it is what the example shows, where that is a value.
            let value = value.split('#').next().unwrap().trim();
            let default = setting.default.filter(|it| !it.contains(' ') && !value.starts_with('['));
            if let Some(default) = default {
                assert_eq!(value.trim_matches('"'), default, "{}", setting.name);
            }
        }
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(file(program)), &example).unwrap();
        reads(program, folder.path(), &example);
    }
}

/// The program takes all of it, and says of a word less where it is.
#[track_caller]
fn reads(program: Program, folder: &Path, example: &str) {
    let told = |done: std::process::Output| String::from_utf8(done.stderr).unwrap();
    let done = program.run(folder, asking(program), &[]);
    match program {
        Program::Client => assert!(done.status.success(), "{}", told(done)),
        // There is no index yet in its folder, of which it knows from nowhere else.
        Program::Server => {
            assert!(told(done).starts_with("error: data: there is no index here"), "{example}");
        }
    }
    let path = folder.join(file(program));
    fs::write(&path, example.replacen(" = ", "s = ", 1)).unwrap();
    let done = program.run(folder, asking(program), &[]);
    assert!(told(done).contains("there is no setting"), "{example}");
}
