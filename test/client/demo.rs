//! The demo plays to its end, tells what held, and leaves nothing behind.

use crate::stage::Done;
use std::fs;
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
    assert!(how[0].starts_with("waxwing://127.0.0.1:"), "{how:?}");
    assert!(how[2].ends_with("byte for byte the same"), "{how:?}");
    assert!(how[6].starts_with("192 MiB"), "{how:?}");
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().flatten().collect();
    let left: Vec<_> = left.iter().filter(|it| it.file_name() != ".local").collect();
    assert!(left.is_empty(), "{left:?}");
}
