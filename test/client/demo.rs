//! The demo plays to its end, tells what held, and leaves nothing behind.

use crate::stage::Done;
#[cfg(target_os = "linux")]
use crate::terminal::is_gone;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

#[test]
fn the_whole_story_is_played_and_nothing_stays() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Command::new(env!("CARGO_BIN_EXE_client"));
    demo.args(["demo", "--json"]).stdin(Stdio::null()).current_dir(folder.path());
    demo.env_clear().env("HOME", folder.path()).env("TMPDIR", folder.path());
    let told = Done::of(&mut demo).objects();
    assert!(told.iter().all(|step| step["type"] == "held"), "{told:?}");
    let how: Vec<_> = told.iter().map(|step| step["how"].as_str().unwrap()).collect();
    assert_eq!(how.len(), 7);
    assert!(how[0].starts_with("at 127.0.0.1:"), "{how:?}");
    assert!(how[2].ends_with("byte for byte the same"), "{how:?}");
    assert!(how[4].ends_with("exit code 6"), "{how:?}");
    assert!(how[6].starts_with("192 MiB"), "{how:?}");
    assert_eq!(left_in(folder.path()), Vec::<String>::new());
}

/// What lies in the folder for temporary files, and is none of a person's own.
fn left_in(folder: &Path) -> Vec<String> {
    let left = fs::read_dir(folder).unwrap().flatten();
    let left = left.map(|entry| entry.file_name().into_string().unwrap());
    left.filter(|name| name != ".local").collect()
}

/// Those who play in this folder.
#[cfg(target_os = "linux")]
fn actors_in(folder: &Path) -> Vec<Pid> {
    let folder = folder.join("waxwing-demo-").display().to_string();
    let number = |entry: fs::DirEntry| entry.file_name().to_str()?.parse().ok();
    let numbers = fs::read_dir("/proc").unwrap().flatten().filter_map(number);
    let plays = |number: &i32| {
        fs::read_to_string(format!("/proc/{number}/cmdline")).is_ok_and(|it| it.contains(&folder))
    };
    numbers.filter(plays).map(|number| Pid::from_raw(number).unwrap()).collect()
}

/// Plays until alice is online, and sends this signal.
#[cfg(target_os = "linux")]
fn stopped_by(signal: Signal, folder: &Path) -> Option<i32> {
    let mut demo = Command::new(env!("CARGO_BIN_EXE_client"));
    demo.args(["demo", "--json"]).stdin(Stdio::null()).stdout(Stdio::piped());
    demo.env_clear().env("HOME", folder).env("TMPDIR", folder);
    let mut demo = demo.spawn().unwrap();
    let out = BufReader::new(demo.stdout.take().unwrap());
    let online = "alice shares a folder and is online";
    assert!(out.lines().any(|line| line.unwrap().contains(online)));
    let actors = actors_in(folder);
    assert!(actors.len() >= 2, "{actors:?}");
    kill_process(Pid::from_child(&demo), signal).unwrap();
    let exit = demo.wait().unwrap().code();
    actors_in(folder).into_iter().chain(actors).for_each(is_gone);
    exit
}

#[cfg(target_os = "linux")]
#[test]
fn stopped_half_way_the_story_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(stopped_by(Signal::INT, folder.path()), Some(130));
    assert_eq!(left_in(folder.path()), Vec::<String>::new());
}

#[cfg(target_os = "linux")]
#[test]
fn nobody_of_the_story_outlives_it() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(stopped_by(Signal::KILL, folder.path()), None);
}
