//! What is said of the server: its settings are one table, of which the help has all, and the README
//! has all verbs; each place in which a setting can stand counts as the table's room says.

#[allow(dead_code, reason = "a part of the program, of which only the table matters here")]
#[path = "../../src/bin/server/settings.rs"]
mod settings;

use crate::stage::{Done, Machine};
use settings::{Config, TABLE};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use waxwing::ui::settings::{ConfigFile, Preset, SettingError, Settings, flags};

const README: &str = include_str!("../../README.md");

#[test]
fn the_help_shows_every_setting_and_the_readme_every_verb() {
    let machine = Machine::new();
    for call in ["--help", "-h"] {
        let help = machine.run(&[call]).ok();
        for setting in TABLE {
            assert!(help.contains(&setting.flag()), "{} is not in {help}", setting.name);
        }
    }
    let help = machine.run(&["--help"]).ok();
    let verbs = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let verbs = verbs.lines().map(|line| line.split_whitespace().next().unwrap());
    let verbs: BTreeSet<_> = verbs.collect();
    let told = README.lines().filter_map(|line| line.strip_prefix("| `server "));
    let told: BTreeSet<_> = told.map(|rest| rest.split([' ', '`']).next().unwrap()).collect();
    assert_eq!(told, verbs);
    for verb in verbs {
        machine.run(&[verb, "--help"]).ok();
    }
    let lines = help.lines().filter(|line| line.chars().count() > 100);
    assert_eq!(lines.collect::<Vec<_>>(), Vec::<&str>::new(), "fits a usual terminal");
}

/// Which folder a verb looks into, by its complaint that nothing is there.
#[track_caller]
fn folder(done: Done) -> String {
    let err = done.failed(3);
    let told = err.strip_prefix("error: ").unwrap();
    told.split_once(": there is no index here").expect(&err).0.to_owned()
}

#[test]
fn a_flag_counts_more_than_the_environment_and_that_more_than_the_file() {
    let machine = Machine::new();
    let users = |arguments: &[&str], variable: Option<&str>| {
        let mut command = machine.command(&[&["users"], arguments].concat());
        command.envs(variable.map(|value| ("WAXWING_DATA", value)));
        folder(Done::of(&mut command))
    };
    let home = machine.at("home/.local/share/waxwing/server").display().to_string();
    assert_eq!(users(&[], None), home);
    fs::write(machine.at("waxwing-server.toml"), "data = \"from-file\"\n").unwrap();
    assert_eq!(users(&[], None), "from-file");
    assert_eq!(users(&[], Some("from-environment")), "from-environment");
    assert_eq!(users(&["--data", "from-flag"], Some("from-environment")), "from-flag");

    fs::create_dir(machine.at("elsewhere")).unwrap();
    fs::write(machine.at("elsewhere/other.toml"), "data = \"beside-it\"\n").unwrap();
    assert_eq!(users(&["--config", "elsewhere/other.toml"], None), "elsewhere/beside-it");
}

/// What the settings come to when these say something of one: the flag, the environment, the file.
fn config(name: &str, said: [Option<&str>; 3]) -> Result<Config, SettingError> {
    let setting = TABLE.iter().find(|setting| setting.name == name).unwrap();
    let [flag, variable, file] = said;
    let typed = flag.map(|value| format!("--{name}={value}"));
    let words = ["server".to_owned()].into_iter().chain(typed);
    let matches = clap::Command::new("server").args(flags(TABLE)).get_matches_from(words);
    let environment =
        |asked: &str| variable.filter(|_| asked == setting.variable()).map(Into::into);
    let file = file.map(|value| format!("{name} = {value}\n"));
    let file = file.map(|text| ConfigFile::parse(TABLE, Path::new("x.toml"), &text).unwrap());
    let settings = Settings::gather(TABLE, &matches, &environment, file.as_ref());
    Config::new(&settings, None, "server".into())
}

#[test]
fn every_bound_can_be_set_in_each_place_and_has_a_range() {
    type Get = fn(&Config) -> u64;
    let bounds: [(&str, Get); 15] = [
        ("session-hours", |it| it.bounds.rules.session_lifetime.as_secs() / 3600),
        ("entries-per-person", |it| it.bounds.rules.entries_of_person),
        ("online-seconds", |it| it.bounds.rules.online_lifetime.as_secs()),
        ("idle-timeout", |it| it.bounds.deadlines.silence.as_secs()),
        ("handshake-timeout", |it| it.bounds.deadlines.tls.as_secs()),
        ("login-timeout", |it| it.bounds.rules.anonymous_time.as_secs()),
        ("password-wait", |it| it.bounds.rules.hashing_wait.as_secs()),
        ("wrong-passwords", |it| it.bounds.rules.free_tries.into()),
        ("joins-per-hour", |it| it.bounds.rules.open_joins.into()),
        ("connections", |it| it.bounds.limits.all as u64),
        ("connections-per-person", |it| it.bounds.limits.of_identity as u64),
        ("newcomers", |it| it.bounds.rules.anonymous as u64),
        ("newcomers-per-address", |it| it.bounds.rules.anonymous_of_address as u64),
        ("handshakes", |it| it.bounds.limits.unproven as u64),
        ("handshakes-per-address", |it| it.bounds.limits.unproven_of_address as u64),
    ];
    for (name, get) in bounds {
        let value = |said| get(&config(name, said).unwrap());
        let setting = TABLE.iter().find(|setting| setting.name == name).unwrap();
        let Preset::Is(usual) = setting.preset else { panic!("{name} has a default") };
        assert_eq!(value([None, None, None]).to_string(), usual, "{name}");
        assert_eq!(value([None, None, Some("7")]), 7, "{name}");
        assert_eq!(value([None, Some("8"), Some("7")]), 8, "{name}");
        assert_eq!(value([Some("9"), Some("8"), Some("7")]), 9, "{name}");
        for wrong in ["0", "many", "999999999999"] {
            let told = config(name, [Some(wrong), None, None]).unwrap_err().to_string();
            assert!(told.starts_with(&format!("--{name}: {wrong} must be a number")), "{told}");
        }
    }
    // The defaults that the help names are those of the library; only that one connection may have less waiting.
    let Config { bounds, .. } = config("threads", [None; 3]).unwrap();
    assert_eq!(bounds.rules, waxwing::index::Rules::default());
    assert_eq!(bounds.limits, waxwing::link::Limits::default());
    let usual = waxwing::link::Deadlines::default();
    let deadlines = waxwing::link::Deadlines { request_bytes: 1 << 20, ..usual };
    assert_eq!(bounds.deadlines, deadlines);
}

#[test]
fn a_file_in_the_data_folder_is_found_unless_one_lies_here() {
    let machine = Machine::with_keys();
    let file = machine.data().join("waxwing-server.toml");
    fs::write(&file, "# ours\nlisten = \"127.0.0.1\"\n").unwrap();
    let err = machine.verb(&[]).failed(2);
    assert!(err.starts_with("error: data/waxwing-server.toml: listen: 127.0.0.1 is not"), "{err}");
    fs::write(machine.at("waxwing-server.toml"), "threads = 0\n").unwrap();
    let err = machine.verb(&[]).failed(2);
    assert!(err.starts_with("error: waxwing-server.toml: threads: 0 must be"), "{err}");
}

#[test]
fn a_file_that_says_what_cannot_be_said_is_refused() {
    let machine = Machine::with_keys();
    let refused = |text: &str| {
        fs::write(machine.at("waxwing-server.toml"), text).unwrap();
        machine.verb(&["users"]).failed(2)
    };
    let err = refused("threads = 2\nlisten_on = \"127.0.0.1:0\"\n");
    assert_eq!(
        err,
        "error: waxwing-server.toml, line 2: there is no setting listen_on; did you mean listen?\n"
    );
    let err = refused("json = true\n");
    assert!(err.contains("there is no setting json"), "{err}");
    let err = refused("listen = \n");
    assert!(err.starts_with("error: waxwing-server.toml, line 1: "), "{err}");
    assert_eq!(err.lines().count(), 1, "{err}");
}
