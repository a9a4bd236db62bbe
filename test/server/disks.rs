//! Disks that are full, folders that are closed, and those that only the server sees.

use crate::keys::skipped;
use crate::stage::{Done, Machine, Running};
use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The server, run by a script as `"$@"` where that can mount what it likes.
fn inside(machine: &Machine, script: &str) -> Command {
    let mut command = Command::new("unshare");
    command.args(["-rm", "sh", "-c", script, "sh", env!("CARGO_BIN_EXE_server")]);
    command.args(["--data", "data", "--listen", "127.0.0.1:0"]).current_dir(machine.at(""));
    command.env_clear().env("PATH", env::var_os("PATH").unwrap());
    command
}

/// Whether that can be had here.
fn can_mount(at: &Path) -> bool {
    let mount = format!("mount -t tmpfs none '{}'", at.display());
    let can = Command::new("unshare").args(["-rm", "sh", "-c", &mount]).output();
    let can = can.is_ok_and(|it| it.status.success());
    if !can {
        skipped("nothing can be mounted here");
    }
    can
}

#[test]
fn a_disk_that_is_full_when_the_server_starts_is_told_as_full() {
    let machine = Machine::with_keys();
    machine.start().stop();
    if !can_mount(&machine.data()) {
        return;
    }
    let full = "cp -a data kept && mount -t tmpfs -o size=2m,mode=700 none data &&
        cp -a kept/. data/ && { cat /dev/zero > data/mine 2> /dev/null; exec \"$@\"; }";
    let err = Done::of(&mut inside(&machine, full)).failed(8);
    assert!(err.contains("data/index.db: the disk is full"), "{err}");
}

#[test]
fn a_backup_where_nothing_may_be_written_is_not_allowed() {
    let machine = Machine::with_keys();
    // Nobody makes files there, not even root.
    let refused = || {
        let err = machine.verb(&["backup", "/sys/monday.db"]).failed(4);
        assert!(err.contains("/sys/monday.db: no file may be made there"), "{err}");
        assert!(err.contains("choose a folder where the user of the server may write"), "{err}");
    };
    refused();
    let server = machine.start();
    refused();
    server.stop();
}

#[test]
fn a_backup_that_only_the_server_sees_is_told() {
    let machine = Machine::with_keys();
    for name in ["shared", "private"] {
        fs::create_dir(machine.at(name)).unwrap();
    }
    if !can_mount(&machine.at("shared")) {
        return;
    }
    // As systemd does it with `PrivateTmp`.
    let server = Running::of(&mut inside(&machine, "mount --bind private shared && exec \"$@\""));
    let done = machine.verb(&["backup", "shared/monday.db"]);
    let err = done.failed(3);
    assert!(err.contains("monday.db is not to be seen from here"), "{err}");
    assert!(machine.at("private/monday.db").exists());
    // Nor is another file of that name the backup.
    fs::write(machine.at("shared/tuesday.db"), "of last week").unwrap();
    machine.verb(&["backup", "shared/tuesday.db", "--json"]).failed(3);
    let done = machine.verb(&["backup", "data/monday.db"]);
    assert!(!done.err.contains("not to be seen"), "{done:?}");
    done.ok();
    server.stop();
}
