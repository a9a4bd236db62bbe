//! Files that are changed by others while they are on their way.

use crate::keys::bytes_of;
use crate::town::{Home, Serving, Town, has_begun};
use rustix::process::{Signal, kill_process};
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// More than a segment, and so slowly that it can be caught in the middle.
const SIZE: u64 = 80 << 20;
const SLOWLY: [&str; 2] = ["--upload-limit", "80MB"];

type Change = fn(&Path);

/// What is done to a file while it is sent.
const CHANGES: [(&str, Change); 4] = [
    ("grown", |at| {
        let mut file = File::options().append(true).open(at).unwrap();
        file.write_all(b"more").unwrap();
    }),
    ("shrunk", |at| open(at).set_len(SIZE - 100).unwrap()),
    ("replaced", |at| {
        fs::write(at.with_extension("new"), b"another one").unwrap();
        fs::rename(at.with_extension("new"), at).unwrap();
    }),
    ("edited with its times put back", |at| {
        let before = fs::metadata(at).unwrap().modified().unwrap();
        edit(at);
        open(at).set_modified(before).unwrap();
    }),
];

#[test]
fn a_file_that_changes_while_it_is_got_is_told_by_name_and_comes_later() {
    let town = Town::new();
    let (bob, mallory) = (town.joined("bob"), town.joined("mallory"));
    for (what, change) in CHANGES {
        let file = large(&bob);
        bob.run(&["share", "add", file.parent().unwrap().to_str().unwrap()]).ok();
        let serve = [&["serve", "--json"][..], &SLOWLY].concat();
        let mut serving = Serving::of(&mut bob.command(&serve));
        let get = ["get", "bob:zoo", "--json"];
        let failed = while_it_moves(mallory.command(&get), &mallory, &file, change);
        assert!(failed.contains("large"), "{what}: {failed}");
        let told = serving.await_event("broken off");
        assert!(told["why"].as_str().unwrap().contains("large"), "{what}: {told}");
        assert!(!mallory.path.join("downloads/zoo/large").exists(), "{what}");
        // Its owner's program has seen it after a while.
        let until = Instant::now() + Duration::from_secs(30);
        while mallory.run(&get).exit != 0 {
            assert!(Instant::now() < until, "{what}");
        }
        take_away(&mallory, "zoo/large", &file, what);
        kill_process(serving.pid(), Signal::INT).unwrap();
        serving.exit();
        bob.run(&["share", "rm", "zoo"]).ok();
    }
}

#[test]
fn a_file_that_changes_while_it_is_sent_is_told_by_name_and_is_sent_later() {
    let town = Town::new();
    let (bob, mallory) = (town.joined("bob"), town.joined("mallory"));
    mallory.run(&["verify", "bob", "--yes"]).ok();
    let taking = ["serve", "--json", "--receive", "verified"];
    let mut taking = Serving::of(&mut mallory.command(&taking));
    for (what, change) in CHANGES {
        let file = large(&bob);
        let send = [&["send", "mallory", file.to_str().unwrap()][..], &SLOWLY].concat();
        let failed = while_it_moves(bob.command(&send), &mallory, &file, change);
        assert!(failed.contains("large"), "{what}: {failed}");
        let told = taking.await_event("broken off");
        assert!(told["why"].as_str().unwrap().contains("changed"), "{what}: {told}");
        assert!(!mallory.path.join("downloads/large").exists(), "{what}");
        // What was kept of the earlier try is of another file: it may need one more.
        if bob.run(&send).exit != 0 {
            bob.run(&send).ok();
        }
        take_away(&mallory, "large", &file, what);
    }
}

/// Changes the file when its first bytes have come; gives what the program says of it.
fn while_it_moves(mut moves: Command, to: &Home<'_>, file: &Path, change: Change) -> String {
    let downloads = to.path.join("downloads");
    // What an earlier round has left is not the beginning of this one.
    let _ = fs::remove_dir_all(&downloads);
    let moving = moves.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(30);
    while !has_begun(&downloads) {
        assert!(Instant::now() < until, "nothing came");
        sleep(Duration::from_millis(1));
    }
    change(file);
    let done = moving.wait_with_output().unwrap();
    assert!(!done.status.success());
    String::from_utf8([done.stdout, done.stderr].concat()).unwrap()
}

fn large(bob: &Home<'_>) -> PathBuf {
    let _ = fs::remove_file(bob.path.join("zoo/large"));
    bob.write("zoo/large", &bytes_of(1, SIZE as usize))
}

fn take_away(mallory: &Home<'_>, name: &str, file: &Path, what: &str) {
    let came = mallory.path.join("downloads").join(name);
    assert!(fs::read(&came).unwrap() == fs::read(file).unwrap(), "{what}");
    fs::remove_file(came).unwrap();
}

/// Its last bytes are others.
fn edit(at: &Path) {
    open(at).write_all_at(b"others", SIZE - 6).unwrap();
}

fn open(at: &Path) -> File {
    File::options().write(true).open(at).unwrap()
}
