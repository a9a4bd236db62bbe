//! What counts when several say something, and what is refused, with the place that it came from.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use waxwing::ui::settings::{
    ConfigFile, PathOrOff, Preset, Setting, SettingError, Settings, flags,
};

const PORT: Setting = Setting {
    name: "port",
    value: Some("N"),
    preset: Preset::Is("7311"),
    in_file: true,
    many: false,
    help: "Listen on this port",
};
const OPEN_DOOR: Setting = Setting {
    name: "open-door",
    value: None,
    preset: Preset::Off,
    in_file: true,
    many: false,
    help: "Let everybody in",
};
const FOLDER: Setting = Setting {
    name: "folder",
    value: Some("DIR"),
    preset: Preset::Without("here"),
    in_file: true,
    many: false,
    help: "Work there",
};
const SECRETLY: Setting = Setting {
    name: "secretly",
    value: None,
    preset: Preset::Off,
    in_file: false,
    many: false,
    help: "Not for files",
};
static TABLE: &[&Setting] = &[&PORT, &OPEN_DOOR, &FOLDER, &SECRETLY];

/// What is set by these flags, variables and lines of a file.
fn gather(typed: &[&str], variables: &[(&str, &str)], file: &str) -> Settings {
    let command = clap::Command::new("demo").args(flags(TABLE));
    let command = command.subcommand(clap::Command::new("go"));
    let matches = command.try_get_matches_from([&["demo"], typed].concat()).unwrap();
    let environment = |name: &str| {
        let found = variables.iter().find(|(variable, _)| *variable == name);
        found.map(|(_, value)| OsString::from(value))
    };
    let file = parse(file).unwrap();
    Settings::gather(TABLE, &matches, &environment, Some(&file))
}

fn parse(text: &str) -> Result<ConfigFile, SettingError> {
    ConfigFile::parse(TABLE, Path::new("/etc/demo.toml"), text)
}

fn port(settings: &Settings) -> Result<u64, String> {
    let port = settings.number(&PORT, 1..=65535).map_err(|error| error.to_string())?;
    Ok(port.unwrap())
}

#[test]
fn a_flag_counts_more_than_the_environment_that_more_than_the_file_that_more_than_the_default() {
    let (flag, variable, file) = (["--port", "1"], [("WAXWING_PORT", "2")], "port = 3");
    assert_eq!(port(&gather(&flag, &variable, file)), Ok(1));
    assert_eq!(port(&gather(&[], &variable, file)), Ok(2));
    assert_eq!(port(&gather(&[], &[], file)), Ok(3));
    assert_eq!(port(&gather(&[], &[], "port = \"3\"")), Ok(3));
    assert_eq!(port(&gather(&[], &[], "")), Ok(7311));
    assert_eq!(port(&gather(&[], &[("WAXWING_PORT", "")], file)), Ok(3), "empty says nothing");
}

#[test]
fn a_flag_stands_before_or_behind_the_verb() {
    assert_eq!(port(&gather(&["--port", "1", "go"], &[], "")), Ok(1));
    assert_eq!(port(&gather(&["go", "--port", "1"], &[], "")), Ok(1));
    assert_eq!(port(&gather(&["go", "--port=1"], &[], "")), Ok(1));
}

#[test]
fn a_switch_is_turned_on_and_off_by_whoever_counts_more() {
    let is_open = |typed: &[&str], variables: &[(&str, &str)], file: &str| {
        gather(typed, variables, file).is_on(&OPEN_DOOR)
    };
    let variable = [("WAXWING_OPEN_DOOR", "1")];
    assert_eq!(is_open(&[], &[], ""), Ok(false));
    assert_eq!(is_open(&["--open-door"], &[], ""), Ok(true));
    assert_eq!(is_open(&["--open-door", "go"], &[], ""), Ok(true), "a verb is no value");
    assert_eq!(is_open(&[], &variable, "open-door = false"), Ok(true));
    assert_eq!(is_open(&["--open-door=false"], &variable, "open-door = true"), Ok(false));
    assert_eq!(is_open(&[], &[], "open-door = true"), Ok(true));
    let error = is_open(&[], &[("WAXWING_OPEN_DOOR", "perhaps")], "").unwrap_err();
    assert_eq!(error.to_string(), "WAXWING_OPEN_DOOR: perhaps must be true or false");
}

#[test]
fn a_wrong_value_is_refused_where_it_stands() {
    let wanted = "must be a number from 1 to 65535";
    let flag = gather(&["--port", "seven"], &[], "");
    assert_eq!(port(&flag), Err(format!("--port: seven {wanted}")));
    let variable = gather(&[], &[("WAXWING_PORT", "70000")], "");
    assert_eq!(port(&variable), Err(format!("WAXWING_PORT: 70000 {wanted}")));
    let file = gather(&[], &[], "port = 0");
    assert_eq!(port(&file), Err(format!("/etc/demo.toml: port: 0 {wanted}")));
    let steering = gather(&["--port", "\u{1b}[2J"], &[], "");
    assert!(!port(&steering).unwrap_err().contains('\u{1b}'));
}

#[test]
fn a_path_in_a_file_is_seen_from_the_files_folder() {
    let folder = |typed: &[&str], file: &str| gather(typed, &[], file).path(&FOLDER);
    assert_eq!(folder(&[], ""), None);
    assert_eq!(folder(&["--folder", "data"], ""), Some(PathBuf::from("data")));
    assert_eq!(folder(&[], "folder = \"data\""), Some(PathBuf::from("/etc/data")));
    assert_eq!(folder(&[], "folder = \"/data\""), Some(PathBuf::from("/data")));
}

#[test]
fn a_file_that_says_what_cannot_be_said_is_refused_with_the_line() {
    let refused = |text: &str| parse(text).unwrap_err().to_string();
    assert_eq!(
        refused("port = 1\n\nfoldr = \"x\"\n"),
        "/etc/demo.toml, line 3: there is no setting foldr; did you mean folder?"
    );
    let not_in_files = refused("secretly = true");
    assert!(not_in_files.contains("there is no setting secretly"), "{not_in_files}");
    assert_eq!(
        refused("open-door = \"true\""),
        "/etc/demo.toml, line 1: open-door must be true or false"
    );
    let listed = refused("\nport = [1, 2]");
    assert_eq!(listed, "/etc/demo.toml, line 2: port must be a text in quotes or a number");
    assert_eq!(refused("[port]\nx = 1"), listed.replace("line 2", "line 1"));
    let broken = refused("port = 1\nfolder = \"\n");
    assert!(broken.starts_with("/etc/demo.toml, line 2: "), "{broken}");
    assert!(!broken.contains('\n'), "{broken}");
    let steering = refused("\"\\u001b[2J\" = 1");
    assert!(!steering.contains('\u{1b}'), "{steering}");
}

#[cfg(unix)]
#[test]
fn a_path_need_not_be_a_text_but_a_text_must_be_one() {
    use std::os::unix::ffi::OsStringExt;
    let odd = OsString::from_vec(b"f\xff".to_vec());
    let command = clap::Command::new("demo").args(flags(TABLE));
    let typed = ["demo".into(), "--folder".into(), odd.clone(), "--port".into(), odd.clone()];
    let matches = command.try_get_matches_from(typed).unwrap();
    let settings = Settings::gather(TABLE, &matches, &|_| None, None);
    assert_eq!(settings.path(&FOLDER), Some(PathBuf::from(odd)));
    assert_eq!(settings.text(&PORT).unwrap_err().to_string(), "--port: is not a text in UTF-8");
}

#[test]
fn help_shows_every_setting_with_its_default() {
    let help = clap::Command::new("demo").args(flags(TABLE)).render_long_help().to_string();
    for setting in TABLE {
        assert!(help.contains(&setting.flag()), "{help}");
        assert!(help.contains(setting.help), "{help}");
        if let Preset::Is(text) | Preset::Without(text) = setting.preset {
            assert!(help.contains(&format!("[default: {text}]")), "{help}");
        }
    }
}

#[test]
fn off_is_a_word_and_a_file_of_that_name_is_a_path() {
    let set = |typed: &[&str], file: &str| gather(typed, &[], file).path_or_off(&FOLDER);
    let path = |path: &str| Some(PathOrOff::Path(PathBuf::from(path)));
    assert_eq!(set(&[], ""), None);
    assert_eq!(set(&["--folder", "off"], ""), Some(PathOrOff::Off));
    assert_eq!(set(&[], "folder = \"off\""), Some(PathOrOff::Off));
    assert_eq!(set(&["--folder", "./off"], ""), path("./off"));
    assert_eq!(set(&["--folder", "logs/off"], ""), path("logs/off"));
    assert_eq!(set(&[], "folder = \"logs/off\""), path("/etc/logs/off"));
}
