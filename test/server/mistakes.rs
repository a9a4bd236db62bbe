//! Mistakes of the owner: each is one sentence with its cause, and one with what to do next.

use crate::stage::{Done, Machine};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

#[track_caller]
fn is_told(err: &str, what: &[&str]) {
    for part in what {
        assert!(err.contains(part), "{part:?} is not in {err}");
    }
    assert!(err.starts_with("error: "), "{err}");
    assert!(err.lines().count() <= 2, "{err}");
}

fn set_mode(path: &std::path::Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn folders_that_will_not_do() {
    let machine = Machine::with_keys();
    set_mode(&machine.data(), 0o755);
    let err = machine.verb(&[]).failed(4);
    is_told(
        &err,
        &[
            "data: other users of this machine may look into this folder (mode 755)",
            "if this one is, chmod 700 data",
        ],
    );
    let err = machine.verb(&["users"]).failed(4);
    is_told(&err, &["mode 755", "chmod 700 data"]);
    set_mode(&machine.data(), 0o700);

    set_mode(&machine.data().join("keys/signing.key"), 0o644);
    let err = machine.verb(&["--listen", "127.0.0.1:0"]).failed(4);
    is_told(&err, &["signing.key: others may read this", "chmod 600 data/keys/signing.key"]);

    fs::write(machine.at("file"), "").unwrap();
    is_told(
        &machine.run(&["--data", "file"]).failed(7),
        &["file: this is not a folder", "--data DIR"],
    );
    let below = machine.run(&["--data", "file/below"]);
    is_told(&below.err, &["file/below: ", "--data DIR"]);
    symlink("nowhere", machine.at("link")).unwrap();
    is_told(&machine.run(&["--data", "link"]).err, &["link: there is no index here"]);
}

#[test]
fn folders_of_others() {
    if rustix::process::geteuid().is_root() {
        let machine = Machine::with_keys();
        let other = (Some(rustix::process::getuid().as_raw() + 1000), None);
        std::os::unix::fs::chown(machine.data(), other.0, other.1).unwrap();
        let err = machine.verb(&[]).failed(4);
        is_told(&err, &["data: this folder belongs to another user", "--data DIR"]);
    } else {
        // What root may write anywhere, others may not.
        let err = Machine::new().run(&["--data", "/proc/waxwing"]);
        is_told(&err.err, &["/proc/waxwing: ", "--data DIR"]);
    }
}

#[test]
fn a_database_without_its_keys_does_not_get_others() {
    let machine = Machine::with_keys();
    machine.verb(&["invite"]).ok();
    fs::rename(machine.data().join("keys"), machine.at("keys")).unwrap();
    let err = machine.verb(&["--listen", "127.0.0.1:0"]).failed(7);
    is_told(&err, &["the keys of its index are not in data/keys", "put the keys back from a copy"]);
    assert!(!machine.data().join("keys").exists());
}

#[test]
fn a_database_of_another_index_is_refused_once_somebody_knows_it() {
    let machine = Machine::with_keys();
    machine.start().stop();
    let give_away = || {
        let database = rusqlite::Connection::open(machine.data().join("index.db")).unwrap();
        assert_eq!(database.execute("UPDATE whose SET identity = zeroblob(32)", []), Ok(1));
    };
    give_away();
    machine.start().stop();
    machine.verb(&["invite"]).ok();
    give_away();
    let (nobody, ours) = ("0".repeat(64), crate::stage::identity().fingerprint());
    let whose = format!("data/index.db belongs to the index {nobody}, but");
    let keys = format!("the keys in data/keys are {ours}");
    let told = [
        whose.as_str(),
        keys.as_str(),
        "put the keys of that index back from a copy",
        "restore FILE",
    ];
    is_told(&machine.verb(&["--listen", "127.0.0.1:0"]).failed(7), &told);
    is_told(&machine.verb(&["invite"]).failed(7), &told);
    // What is there can be looked at.
    machine.verb(&["stats"]).ok();
    machine.verb(&["check"]).ok();
}

#[test]
fn keys_without_their_database_do_not_get_another() {
    let machine = Machine::with_keys();
    machine.start().stop();
    let (database, backup) = (machine.data().join("index.db"), machine.at("backup.db"));
    machine.verb(&["backup", backup.to_str().unwrap()]).ok();
    // Cut to nothing, and then gone.
    fs::write(&database, "").unwrap();
    for verb in [vec!["--listen", "127.0.0.1:0"], vec!["stats"], vec!["check"]] {
        let err = machine.verb(&verb).failed(3);
        is_told(&err, &["index.db is missing or empty", "restore FILE", "move the keys away"]);
    }
    fs::remove_file(&database).unwrap();
    machine.verb(&["--listen", "127.0.0.1:0"]).failed(3);
    assert!(!database.exists());
    machine.verb(&["restore", backup.to_str().unwrap()]).ok();
    machine.start().stop();
}

#[test]
fn settings_that_others_can_write_count_only_when_they_are_named() {
    let machine = Machine::with_keys();
    machine.start().stop();
    let file = machine.at("waxwing-server.toml");
    fs::write(&file, "data = \"data\"\n").unwrap();
    set_mode(&file, 0o666);
    let err = machine.run(&["stats"]).failed(4);
    is_told(&err, &["waxwing-server.toml: other users", "chmod go-w", "--config FILE"]);
    machine.run(&["--config", "waxwing-server.toml", "stats"]).ok();
    set_mode(&file, 0o644);
    let done = machine.run(&["stats"]);
    assert!(done.err.contains("Settings were read in waxwing-server.toml."), "{done:?}");
    // What is to be typed next says where the data is, since another folder has no such file.
    let users = machine.run(&["users"]).err;
    assert!(users.contains(&format!(" --data {}", machine.data().display())), "{users}");
}

#[test]
fn verbs_where_no_index_is() {
    let machine = Machine::new();
    fs::create_dir(machine.data()).unwrap();
    set_mode(&machine.data(), 0o700);
    for data in ["data", "nowhere"] {
        let err = machine.run(&["users", "--data", data]).failed(3);
        is_told(&err, &[&format!("{data}: there is no index here"), "--data DIR names another"]);
    }
    assert!(!machine.at("nowhere").exists(), "nothing is made by looking");
}

#[test]
fn settings_that_are_wrong() {
    let machine = Machine::with_keys();
    let known = [
        (["--listen", "localhost"], "--listen: localhost is not an address with a port"),
        (["--listen", "0.0.0.0"], "--listen: 0.0.0.0 is not an address with a port"),
        (["--threads", "0"], "--threads: 0 must be a number from 1 to 1024"),
        (["--bcrypt-cost", "11"], "--bcrypt-cost: 11 must be a number from 12 to 20"),
        (["--bcrypt-cost", "21"], "--bcrypt-cost: 21 must be a number from 12 to 20"),
        (["--session-hours", "never"], "--session-hours: never must be a number from 1 to 8760"),
        (["--host", "two words"], "--host: two words is neither a host's name nor its address"),
        (["--host", "a.example:80"], "--host: a.example:80 is neither a host's name"),
        (["--config", "nowhere.toml"], "nowhere.toml: the settings cannot be read"),
    ];
    for (arguments, told) in known {
        let done = machine.verb(&arguments);
        assert!(done.exit == 2 || done.exit == 3, "{done:?}");
        is_told(&done.err, &[told]);
    }
    let unclear = machine.verb(&["stats", "--json=yes"]).failed(2);
    is_told(&unclear, &["--json: yes must be true or false"]);
    let mut command = machine.command(&["--data", "data", "stats"]);
    let unclear = Done::of(command.env("WAXWING_JSON", "yes")).failed(2);
    is_told(&unclear, &["WAXWING_JSON: yes must be true or false"]);
    let err = machine.verb(&["--listen", "127.0.0.1:0", "--log", "no/such/file"]).failed(3);
    is_told(&err, &["no/such/file: the log cannot be written there", "--log FILE"]);
    let err = machine.verb(&["--listen", "203.0.113.7:7311"]).failed(1);
    is_told(&err, &["this machine has no address 203.0.113.7", "0.0.0.0:7311"]);
}

#[test]
fn typos_are_met_with_what_was_meant() {
    let machine = Machine::with_keys();
    let err = machine.verb(&["user"]).failed(2);
    assert!(err.contains("'users'"), "{err}");
    let err = machine.verb(&["--lisen", "127.0.0.1:0"]).failed(2);
    assert!(err.contains("'--listen'"), "{err}");
    let err = machine.verb(&["invite", "--for", "Alice Smith"]).failed(2);
    assert!(err.contains("Alice Smith is not a user name"), "{err}");
    let err = machine.verb(&["invite", "--days", "0"]).failed(2);
    assert!(err.contains("1..=365"), "{err}");
    machine.verb(&["invite", "--list", "--for", "bob"]).failed(2);
    machine.verb(&["backup"]).failed(2);
}

#[test]
fn a_database_that_is_none_is_told_with_a_way_out() {
    let machine = Machine::with_keys();
    fs::write(machine.data().join("index.db"), "hello, I am not a database at all").unwrap();
    let err = machine.verb(&["--listen", "127.0.0.1:0"]).failed(6);
    is_told(&err, &["index.db is not a database", "restore FILE"]);
    machine.verb(&["users"]).failed(6);
    // What is to be typed names the same data.
    machine.give_keys(&machine.at("my data"));
    fs::write(machine.at("my data/index.db"), "hello, I am not a database at all").unwrap();
    let err = machine.run(&["--data", "my data", "users"]).failed(6);
    is_told(&err, &["server --data 'my data' restore FILE`"]);
    fs::remove_file(machine.at("my data/index.db")).unwrap();
    let err = machine.run(&["--data", "my data", "users"]).failed(3);
    is_told(&err, &["server --data 'my data' restore FILE; to begin"]);
}
