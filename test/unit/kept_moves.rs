//! Moves that are damaged in the home are left aside, and the others go on.

#![cfg(unix)]

use super::*;
use std::fs::{self, File};
use std::os::unix::fs::{OpenOptionsExt, symlink};
use tempfile::TempDir;

fn home() -> (TempDir, StateFolder) {
    let folder = tempfile::tempdir().unwrap();
    let state = StateFolder::at(folder.path().join("state"));
    state.make().unwrap();
    (folder, state)
}

fn send(name: &str) -> Move {
    Move::Send { to: "alice".parse().unwrap(), paths: vec![PathBuf::from(name)], at: None }
}

fn put(kept: &Kept, name: &str, bytes: &[u8]) -> PathBuf {
    let path = kept.folder.path().join(name);
    let mut options = File::options();
    let file = options.write(true).create(true).truncate(true).mode(0o600).open(&path).unwrap();
    std::io::Write::write_all(&mut &file, bytes).unwrap();
    path
}

fn numbers(kept: &Kept) -> Vec<u64> {
    kept.all().unwrap().iter().map(|(number, ..)| *number).collect()
}

#[test]
fn what_is_damaged_is_left_aside_and_told_to_who_names_it() {
    let (folder, state) = home();
    let kept = Kept::of(&state);
    let (first, lock) = kept.begin(&send("a"), UnixTime(7)).unwrap();
    drop(lock);
    assert_eq!((first, numbers(&kept)), (1, vec![1]));
    let whole = fs::read(kept.folder.path().join("1.json")).unwrap();
    let huge = put(&kept, "2.json", b"{");
    File::options().write(true).open(&huge).unwrap().set_len(1 << 40).unwrap();
    put(&kept, "3.json", br#"{"begun": 1, "what": {"another-kind": {}}}"#);
    put(&kept, "4.json", br#"{"begun": -1, "what": {"send": {"to": "../..", "paths": []}}}"#);
    put(&kept, "5.json", br#"{"begun": 1, "what": {"send": {"to": "../..", "paths": []}}}"#);
    put(&kept, "6.json", &b"[".repeat(1 << 20));
    fs::create_dir(kept.folder.path().join("7.json")).unwrap();
    symlink(folder.path().join("nowhere"), kept.folder.path().join("8.json")).unwrap();
    for name in ["x.json", "-1.json", "99999999999999999999.json", "18446744073709551615.json"] {
        put(&kept, name, &whole);
    }
    assert_eq!(numbers(&kept), [1]);
    for number in 2..=8 {
        let taken = kept.take(number).map(|_| ());
        assert!(taken.is_err(), "{number}");
    }
    let before = listed(&kept);
    let (next, _lock) = kept.begin(&send("b"), UnixTime(8)).unwrap();
    assert_eq!((next, numbers(&kept)), (9, vec![1, 9]));
    let after = listed(&kept);
    assert!(before.iter().all(|was| after.contains(was)), "what is not understood stays as it is");
}

/// Names and lengths of what is there.
fn listed(kept: &Kept) -> Vec<(String, u64)> {
    let entries = fs::read_dir(kept.folder.path()).unwrap().map(Result::unwrap);
    let about = entries.filter(|entry| entry.path().extension().is_none_or(|it| it != "lock"));
    let told = |entry: fs::DirEntry| {
        let length = fs::symlink_metadata(entry.path()).unwrap().len();
        (entry.file_name().into_string().unwrap(), length)
    };
    about.map(told).collect()
}

#[test]
fn a_move_that_was_cut_off_is_none() {
    let (_folder, state) = home();
    let kept = Kept::of(&state);
    let (_, lock) = kept.begin(&send("a"), UnixTime(7)).unwrap();
    drop(lock);
    let whole = fs::read(kept.folder.path().join("1.json")).unwrap();
    let end = whole.trim_ascii_end().len();
    for length in 0..end {
        put(&kept, "1.json", &whole[..length]);
        assert_eq!(numbers(&kept), [0; 0], "cut at {length}");
        assert!(kept.take(1).is_err(), "cut at {length}");
    }
    put(&kept, "1.json", &whole);
    assert_eq!(kept.take(1).unwrap().0.what, send("a"));
}

#[test]
fn who_has_a_move_is_not_looked_at_while_somebody_takes_one_up() {
    let (_folder, state) = home();
    let kept = Kept::of(&state);
    let (number, lock) = kept.begin(&send("a"), UnixTime(7)).unwrap();
    drop(lock);
    std::thread::scope(|scope| {
        let taking = state.changing().unwrap();
        let listing = scope.spawn(|| numbers(&kept));
        // That it waits is told by nothing but that it does not end.
        std::thread::sleep(std::time::Duration::from_millis(100));
        assert!(!listing.is_finished(), "to look, it is held for a moment");
        drop(taking);
        assert_eq!(listing.join().unwrap(), [number]);
    });
}

#[test]
fn one_that_ends_is_in_the_way_of_no_other_that_begins() {
    let (_folder, state) = home();
    let again_and_again = |what: Move| {
        let kept = Kept::of(&state);
        for _ in 0..100 {
            let (number, lock) = kept.begin(&what, UnixTime(7)).unwrap();
            kept.remove_held(number).unwrap();
            drop(lock);
        }
    };
    std::thread::scope(|scope| {
        for name in ["a", "b", "c"] {
            scope.spawn(move || again_and_again(send(name)));
        }
    });
    assert_eq!(numbers(&Kept::of(&state)), [0; 0]);
}
