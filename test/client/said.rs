//! What is said of the client: the README has all verbs that its help has.

use crate::stage::{Done, Machine};
use std::collections::BTreeSet;
use std::process::Command;

const README: &str = include_str!("../../README.md");

fn help(arguments: &[&str]) -> String {
    let machine = Machine::new();
    let mut command = Command::new(env!("CARGO_BIN_EXE_client"));
    command.args(arguments).arg("--help").env_clear().current_dir(machine.at(""));
    Done::of(&mut command).ok()
}

#[test]
fn the_readme_has_every_verb_and_each_has_help() {
    let help_of_all = help(&[]);
    let verbs = help_of_all.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let verbs = verbs.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let verbs: BTreeSet<_> = verbs.map(|line| line.split_whitespace().next().unwrap()).collect();
    let told = README.lines().filter_map(|line| line.strip_prefix("| `client "));
    let told: BTreeSet<_> = told.map(|rest| rest.split([' ', '`']).next().unwrap()).collect();
    assert_eq!(told, verbs);
    for verb in verbs {
        help(&[verb]);
    }
}
