//! What is remembered of got files may be cut off or damaged, and is a matter of the home alone.

#![cfg(unix)]

use super::*;
use std::fs::{self, File};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use tempfile::TempDir;

fn state() -> (TempDir, StateFolder) {
    let folder = tempfile::tempdir().unwrap();
    let state = StateFolder::at(folder.path().join("state"));
    state.make().unwrap();
    (folder, state)
}

fn path(text: &str) -> EntryPath {
    EntryPath::parse(text).unwrap()
}

fn content(text: &str) -> Content {
    Content::of(text.as_bytes())
}

fn add(state: &StateFolder, text: &str) {
    GotFiles::add(state, [(&path(text), content(text))].into_iter()).unwrap();
}

fn names(got: &GotFiles) -> Vec<&str> {
    let mut names: Vec<_> = got.0.keys().map(EntryPath::as_str).collect();
    names.sort_unstable();
    names
}

fn put(state: &StateFolder, bytes: &[u8]) {
    let mut options = File::options();
    let file = options.write(true).create(true).truncate(true).mode(0o600);
    let file = file.open(state.path().join(GOT)).unwrap();
    std::io::Write::write_all(&mut &file, bytes).unwrap();
}

#[test]
fn a_list_that_is_cut_off_names_only_what_it_names_wholly_and_goes_on() {
    let (_folder, state) = state();
    ["koala", "zoo/emu.jpg"].iter().for_each(|name| add(&state, name));
    let whole = fs::read(state.path().join(GOT)).unwrap();
    for length in 0..=whole.len() {
        put(&state, &whole[..length]);
        let known = GotFiles::read(&state).unwrap();
        let expected = names(&known).len();
        assert_eq!(names(&known), ["koala", "zoo/emu.jpg"][..expected], "cut at {length}");
        add(&state, "later");
        let known = GotFiles::read(&state).unwrap();
        assert!(known.has_path(&path("later")), "cut at {length}");
        assert!(names(&known).iter().all(|name| ["koala", "later", "zoo/emu.jpg"].contains(name)));
    }
}

#[test]
fn lines_that_say_nothing_or_lead_out_are_passed_over() {
    let (_folder, state) = state();
    let id = content("koala").id();
    let mut bytes = vec![0xff; 100_000];
    for line in ["../koala", "/etc/passwd", "zoo/../../koala", "a//b", ".", "", ".waxwing-x/0"] {
        bytes.extend(format!("\n{id} {line}").into_bytes());
    }
    bytes.extend(format!("\nnoid koala\n{id}\n{id} zoo/koala\n\0\0\n").into_bytes());
    put(&state, &bytes);
    assert_eq!(names(&GotFiles::read(&state).unwrap()), ["zoo/koala"]);
}

#[test]
fn what_is_too_long_or_open_to_others_is_told_and_not_read() {
    let (folder, state) = state();
    put(&state, b"");
    File::options()
        .write(true)
        .open(state.path().join(GOT))
        .unwrap()
        .set_len(MOST_BYTES + 1)
        .unwrap();
    assert!(matches!(GotFiles::read(&state), Err(HomeError::Damaged { .. })));
    let elsewhere = folder.path().join("elsewhere");
    fs::write(&elsewhere, format!("{} koala\n", content("koala").id())).unwrap();
    fs::set_permissions(&elsewhere, fs::Permissions::from_mode(0o644)).unwrap();
    fs::remove_file(state.path().join(GOT)).unwrap();
    symlink(&elsewhere, state.path().join(GOT)).unwrap();
    assert!(matches!(GotFiles::read(&state), Err(HomeError::OpenToOthers { .. })));
    GotFiles::forget(&state).unwrap();
    assert!(elsewhere.exists() && names(&GotFiles::read(&state).unwrap()).is_empty());
}
