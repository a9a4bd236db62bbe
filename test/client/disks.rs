//! Disks that misbehave under the one who gets: each is a small one of its own, in a mount namespace.
//!
//! What a script says inside is told line by line: `first 8` and `second 0` are how the program ended.

use crate::stage::Done;
use crate::town::{Home, Serving, Town};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const MIB: usize = 1 << 20;

/// Bob has a large file, which Mallory wants onto a small disk.
struct Disk<'a> {
    bob: Home<'a>,
    mallory: Home<'a>,
    large: PathBuf,
    disk: PathBuf,
}

impl<'a> Disk<'a> {
    /// None where no disks can be had.
    #[allow(clippy::print_stdout, reason = "what is not tested is to be seen")]
    fn new(town: &'a Town, mount: &str) -> Option<Self> {
        let disk = town.machine.at("disk");
        fs::create_dir(&disk).unwrap();
        let try_it = format!("mount -t tmpfs -o {mount} none '{}'", disk.display());
        let can = Command::new("unshare").args(["-rm", "sh", "-c", &try_it]).output();
        if !can.is_ok_and(|it| it.status.success()) {
            println!("skipped: no disk can be had here with {mount}");
            return None;
        }
        let (bob, mallory) = (town.joined("bob"), town.joined("mallory"));
        let bytes: Vec<u8> = (0..200 * MIB / 8).flat_map(|at| (at as u64).to_le_bytes()).collect();
        let large = bob.write("zoo/large", &bytes);
        bob.run(&["share", "add", bob.path.join("zoo").to_str().unwrap()]).ok();
        Some(Self { bob, mallory, large, disk })
    }

    /// Runs a script in which `"$@"` is this command, `$D` the disk and `$L` the large file.
    fn script(&self, mount: &str, script: &str, command: &Command) -> Done {
        let script =
            format!("mount -t tmpfs -o {mount} none \"$D\" || exit 77\n{FUNCTIONS}{script}");
        let mut inside = Command::new("unshare");
        inside.args(["-rm", "sh", "-c", &script, "sh"]).arg(command.get_program());
        inside.args(command.get_args()).current_dir(command.get_current_dir().unwrap());
        inside.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        inside.env("D", &self.disk).env("L", &self.large);
        inside.env("PATH", std::env::var_os("PATH").unwrap());
        Done::of(&mut inside)
    }

    fn get(&self, more: &[&str]) -> Command {
        let to = ["get", "bob:zoo/large", "--out", self.disk.to_str().unwrap()];
        self.mallory.command(&[&to, more].concat())
    }
}

/// `filled` runs the command and, when 100 MiB of its file have come, leaves no room for the rest.
const FUNCTIONS: &str = r#"
blocks() { stat -c %b "$D"/.waxwing-*/0 2>/dev/null || echo 0; }
filled() {
    "$@" & pid=$!
    until [ "$(blocks)" -gt 204800 ]; do kill -0 $pid 2>/dev/null || break; done
    fallocate -l 110M "$D/mine"
    wait $pid
}
named() { echo "named: $(ls "$D" | tr '\n' ' ')"; }
"#;

/// All of it has come, and the second time not all of it was sent.
fn assert_went_on(serving: &mut Serving, done: &Done) {
    let lines: Vec<_> = done.out.lines().filter(|line| !line.starts_with('{')).collect();
    let said = ["first 8", "named: mine ", "second 0", "the same"];
    assert!(said.iter().all(|said| lines.contains(said)), "{done:?}");
    let sent = serving.await_event("served")["bytes"].as_u64().unwrap();
    assert!(sent < 180 * MIB as u64, "{sent} bytes were sent again");
}

#[test]
fn a_disk_that_fills_half_way_keeps_what_came_and_goes_on_from_there() {
    let town = Town::new();
    let mount = "size=240m";
    let Some(small) = Disk::new(&town, mount) else { return };
    let mut serving = small.bob.serve();
    let script = r#"filled "$@"; echo "first $?"; named
        mount -o remount,size=500m "$D" && "$@"; echo "second $?"
        cmp "$D/large" "$L" && echo "the same""#;
    let done = small.script(mount, script, &small.get(&[]));
    assert!(done.err.contains("hint: make room"), "{done:?}");
    assert_went_on(&mut serving, &done);
}

#[test]
fn a_quota_that_is_met_half_way_is_a_full_disk() {
    let town = Town::new();
    let mount = "size=500m,usrquota,usrquota_block_hardlimit=150m";
    let Some(small) = Disk::new(&town, mount) else { return };
    let _serving = small.bob.serve();
    let script = r#""$@"; echo "first $?"; named"#;
    let done = small.script(mount, script, &small.get(&[]));
    if done.out.contains("first 0") {
        eprintln!("skipped: this quota is not for whoever runs this");
        return;
    }
    assert!(done.out.contains("first 8\nnamed: \n"), "{done:?}");
    assert!(done.err.contains("hint: make room"), "{done:?}");
}

#[test]
fn nothing_is_written_where_nothing_may_be() {
    let town = Town::new();
    let mount = "size=500m";
    let Some(small) = Disk::new(&town, mount) else { return };
    let mut serving = small.bob.serve();
    let script = r#"mount -o remount,ro "$D"; "$@"; echo "first $?"; named
        mount -o remount,rw "$D"; "$@"; echo "second $?"
        cmp "$D/large" "$L" && echo "the same""#;
    let done = small.script(mount, script, &small.get(&[]));
    let said = ["first 4\n", "named: \n", "second 0\n", "the same\n"];
    assert!(said.iter().all(|said| done.out.contains(said)), "{done:?}");
    assert!(done.err.contains("hint: you may not write"), "{done:?}");
    serving.await_event("served");
}

#[test]
fn what_is_sent_to_a_disk_that_fills_is_told_to_both_and_goes_on() {
    let town = Town::new();
    let mount = "size=240m";
    let Some(small) = Disk::new(&town, mount) else { return };
    small.mallory.run(&["verify", "bob", "--yes"]).ok();
    let to = ["--downloads", small.disk.to_str().unwrap()];
    let serve = [&["serve", "--json", "--receive", "verified"][..], &to].concat();
    let serve = small.mallory.command(&serve);
    // Here it is Bob who is told, while she is online on the small disk.
    let send = send_line(&small.bob.command(&["send", "mallory", small.large.to_str().unwrap()]));
    let script = format!(
        r#"send() {{ {send}; }}
        "$@" > "$D/../serve.out" 2>&1 & serving=$!
        until grep -q address "$D/../serve.out"; do sleep 0.05; done
        filled send; echo "first $?"; named
        mount -o remount,size=500m "$D" && send; echo "second $?"
        cmp "$D/large" "$L" && echo "the same"
        kill -INT $serving; wait $serving; cat "$D/../serve.out""#
    );
    let done = small.script(mount, &script, &serve);
    let said = ["first 8\n", "named: mine \n", "second 0\n", "the same\n"];
    assert!(said.iter().all(|said| done.out.contains(said)), "{done:?}");
}

/// A command as a shell takes it; nothing in it has a quote.
fn send_line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words = words.map(|word| format!("'{}'", Path::new(word).display()));
    words.collect::<Vec<_>>().join(" ")
}
