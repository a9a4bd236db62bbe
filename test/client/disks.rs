//! Disks that misbehave under the one who gets, or under what a home remembers: each is a small one of its
//! own, in a mount namespace.
//!
//! What a script says inside is told line by line: `first 8` and `second 0` are how the program ended.

use crate::keys::{bytes_of, skipped};
use crate::stage::Done;
use crate::town::{Home, Serving, Town};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
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
    fn new(town: &'a Town, mount: &str) -> Option<Self> {
        let disk = town.machine.at("disk");
        fs::create_dir(&disk).unwrap();
        if !has_disks(&disk, mount) {
            return None;
        }
        let (bob, mallory) = (town.joined("bob"), town.joined("mallory"));
        let large = bob.write("zoo/large", &bytes_of(1, 200 * MIB));
        bob.run(&["share", "add", bob.path.join("zoo").to_str().unwrap()]).ok();
        Some(Self { bob, mallory, large, disk })
    }

    /// Runs a script in which `"$@"` is this command, `$D` the disk and `$L` the large file.
    fn script(&self, mount: &str, script: &str, command: &Command) -> Done {
        let script =
            format!("mount -t tmpfs -o {mount} none \"$D\" || exit 77\n{FUNCTIONS}{script}");
        let mut inside = under(&["unshare", "-rm", "sh", "-c", &script, "sh"], command);
        Done::of(inside.env("D", &self.disk).env("L", &self.large))
    }

    fn get(&self, more: &[&str]) -> Command {
        let to = ["get", "bob:zoo/large", "--to", self.disk.to_str().unwrap()];
        self.mallory.command(&[&to, more].concat())
    }
}

/// The command under another program, to which it is handed.
pub(crate) fn under(program: &[&str], command: &Command) -> Command {
    let mut outer = Command::new(program[0]);
    outer.args(&program[1..]).arg(command.get_program()).args(command.get_args());
    outer.current_dir(command.get_current_dir().unwrap()).env_clear();
    outer.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    outer.env("PATH", std::env::var_os("PATH").unwrap());
    outer
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

/// Whether a disk can be had here with these options; that it cannot is told.
fn has_disks(at: &Path, mount: &str) -> bool {
    let try_it = format!("mount -t tmpfs -o {mount} none '{}'", at.display());
    let can = Command::new("unshare").args(["-rm", "sh", "-c", &try_it]).output();
    let can = can.is_ok_and(|it| it.status.success());
    if !can {
        skipped(&format!("no disk can be had here with {mount}"));
    }
    can
}

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
fn a_disk_that_fills_while_several_give_keeps_what_came_from_all_of_them() {
    let town = Town::new();
    let mount = "size=240m";
    let Some(small) = Disk::new(&town, mount) else { return };
    let carol = town.home("carol");
    let joining = ["join", &town.invitation(), "--user", "carol", "--password-file", "password"];
    carol.run(&[&joining[..], &["--no-passphrase"]].concat()).ok();
    fs::copy(&small.large, carol.write("zoo/large", b"")).unwrap();
    carol.run(&["share", "add", carol.path.join("zoo").to_str().unwrap()]).ok();
    let _online = [small.bob.serve(), carol.serve()];
    let found = small.mallory.objects(&["search", "large"]);
    assert_eq!(found[0]["sources"].as_array().unwrap().len(), 2, "{found:?}");
    let script = r#"filled "$@"; echo "first $?"; named
        mount -o remount,size=500m "$D" && "$@"; echo "second $?"
        cmp "$D/large" "$L" && echo "the same""#;
    let get = ["get", "1", "--json", "--into", small.disk.to_str().unwrap()];
    let done = small.script(mount, script, &small.mallory.command(&get));
    let lines: Vec<_> = done.out.lines().filter(|line| !line.starts_with('{')).collect();
    assert_eq!(lines, ["first 8", "named: mine ", "second 0", "the same"], "{done:?}");
    let got = objects(&done).rfind(|object| object["type"] == "got").unwrap();
    // What came the second time is the rest.
    let parts = got["parts"].as_array().unwrap();
    let came: u64 = parts.iter().map(|part| part[1].as_u64().unwrap()).sum();
    assert!(parts.len() == 2 && came < 180 * MIB as u64, "{got}");
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
        return skipped("this quota is not for whoever runs this");
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
    // Whose disk it is, is told to both.
    let refused = "the receiver has no room for it\nhint: the receiver needs more free space\n";
    assert!(done.err.contains(refused), "{done:?}");
    let told: Vec<_> = objects(&done).filter(|told| told["user"] == "bob").collect();
    let why = "what came cannot be written: No space left on device";
    assert_eq!((told.len(), &told[0]["type"]), (2, &"broken off".into()), "{done:?}");
    assert!(told[0]["why"].as_str().unwrap().starts_with(why), "{done:?}");
    assert_eq!((&told[1]["type"], &told[1]["files"][0]), (&"received".into(), &"large".into()));
}

/// The objects among what was printed.
fn objects(done: &Done) -> impl DoubleEndedIterator<Item = Value> {
    done.out.lines().filter_map(|line| serde_json::from_str(line).ok())
}

/// A command as a shell takes it; nothing in it has a quote.
fn send_line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words = words.map(|word| format!("'{}'", Path::new(word).display()));
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn where_one_may_not_write_it_is_told_once() {
    let town = Town::new();
    let (bob, mallory) = (town.joined("bob"), town.joined("mallory"));
    bob.write("zoo/koala.txt", b"asleep");
    bob.run(&["share", "add", bob.path.join("zoo").to_str().unwrap()]).ok();
    let _serving = bob.serve();
    let closed = town.machine.at("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o555)).unwrap();
    let get = ["get", "bob:zoo/koala.txt", "--out", closed.to_str().unwrap()];
    // Who is root may write everywhere, unless they give that up.
    let humble = ["unshare", "-r", "setpriv", "--bounding-set=-all", "--inh-caps=-all"];
    let done = Done::of(&mut under(&humble, &mallory.command(&get)));
    let told = done.failed(4);
    assert!(told.contains("hint: you may not write") && !told.contains("again"), "{told}");
    assert_eq!(fs::read_dir(&closed).unwrap().count(), 0);
}

/// Runs a script in which `"$@"` is Mallory's program, and `$S` what her home remembers, on a disk of its own.
fn with_state_on_a_disk(mallory: &Home<'_>, script: &str) -> Done {
    let script = format!(
        r#"cp -a "$S" "$S.kept" && mount -t tmpfs -o size=2m,mode=700 none "$S" || exit 77
        cp -a "$S.kept/." "$S"; run() {{ "$@" 2>&1; echo "ended $?"; }}
        {script}"#
    );
    let mut inside =
        under(&["unshare", "-rm", "sh", "-c", &script, "sh"], &mallory.command(&["--quiet"]));
    Done::of(inside.env("S", mallory.path.join("state")))
}

#[test]
fn a_home_that_cannot_remember_says_so_and_loses_nothing() {
    let town = Town::new();
    let place = town.machine.at("disk");
    fs::create_dir(&place).unwrap();
    if !has_disks(&place, "size=2m") {
        return;
    }
    let (bob, mallory) = (town.joined("bob"), town.joined("mallory"));
    bob.write("zoo/koala.txt", b"asleep");
    bob.run(&["share", "add", bob.path.join("zoo").to_str().unwrap()]).ok();
    let _serving = bob.serve();
    for name in ["old", "new", "newer"] {
        mallory.write(&format!("{name}/note"), name.as_bytes());
    }
    let share = |name: &str| mallory.path.join(name).display().to_string();
    mallory.run(&["share", "add", &share("old")]).ok();
    let full = ("head -c 3m /dev/zero > \"$S/mine\" 2>/dev/null", "rm \"$S/mine\"");
    let closed = ("mount -o remount,ro \"$S\"", "mount -o remount,rw \"$S\"");
    for (name, (spoil, mend), exit, hint) in
        [("new", full, 8, "make room"), ("newer", closed, 4, "you may not write")]
    {
        let verbs = format!(
            r#"verbs() {{ run "$@" share add '{}'; run "$@" share ls; run "$@" get bob:zoo/koala.txt; }}"#,
            share(name)
        );
        let script = format!("{verbs}\n{spoil}\nverbs \"$@\"\n{mend}\necho mended; verbs \"$@\"");
        let done = with_state_on_a_disk(&mallory, &script);
        let (before, after) = done.out.split_once("mended\n").expect("it is mended");
        assert!(before.contains(&format!("ended {exit}\n")) && before.contains(hint), "{done:?}");
        assert!(before.contains("old") && !before.contains("panicked"), "{done:?}");
        assert_eq!(after.matches("ended 0\n").count(), 3, "{done:?}");
        assert!(after.contains("old") && after.contains(name), "{done:?}");
        let _ = fs::remove_dir_all(mallory.path.join("downloads"));
        fs::remove_dir_all(mallory.path.join("state.kept")).unwrap();
    }
}
