//! Stopping: by a signal, at once, or by force; what is left is always ready for the next start.

use crate::keys::skipped;
use crate::stage::Machine;
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
use std::process::Stdio;

#[test]
fn each_signal_that_asks_stops_it_cleanly() {
    let machine = Machine::with_keys();
    let mut signals = vec![Signal::TERM, Signal::INT];
    match is_hang_up_ignored() {
        true => skipped("whoever runs this ignores hang-ups, and so does what it starts"),
        false => signals.push(Signal::HUP),
    }
    for signal in signals {
        let mut server = machine.start();
        server.signal(signal);
        let (exit, err) = server.end();
        assert_eq!(exit.code(), Some(0), "{err}");
        assert!(err.contains("stopping") && err.ends_with("stopped\n"), "{err}");
        assert!(!machine.data().join("control").exists(), "the socket is gone");
        assert!(!machine.data().join("index.db-wal").exists(), "the database is closed");
    }
}

/// Whether this was started so, as by `nohup`.
fn is_hang_up_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored.is_some_and(|bits| bits.trim().ends_with(['1', '3', '5', '7', '9', 'b', 'd', 'f']))
}

/// So `nohup` starts it, and who closes the terminal means to leave it running.
#[cfg(target_os = "linux")]
#[test]
fn a_hang_up_that_was_ignored_from_the_beginning_ends_nothing() {
    let machine = Machine::with_keys();
    let mut command = std::process::Command::new("sh");
    let call = "trap '' HUP; exec \"$0\" --data data --listen 127.0.0.1:0 \"$1\"";
    command.args(["-c", call, env!("CARGO_BIN_EXE_server")]).current_dir(machine.at(""));
    let server = crate::stage::Running::of(&mut command);
    server.signal(Signal::HUP);
    let stats = machine.verb(&["stats", "--json"]).objects();
    assert!(crate::stage::is_recent(&stats[0]["started"]), "it goes on: {stats:?}");
    let err = server.stop();
    assert_eq!(err.matches("stopping").count(), 1, "{err}");
}

#[test]
fn a_server_that_is_still_starting_stops_as_cleanly() {
    // Making keys takes seconds; meanwhile nothing listens yet.
    let machine = Machine::new();
    let mut command = machine.command(&["--data", "data", "--listen", "127.0.0.1:0"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    let mut err = BufReader::new(child.stderr.take().unwrap());
    err.read_line(&mut line).unwrap();
    assert!(line.contains("Making the keys"), "{line}");
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn whoever_insists_ends_it_at_once() {
    let machine = Machine::with_keys();
    // While it is held, both signals arrive; it takes them one right after the other. On a busy machine
    // it may have stopped before the second one came to it.
    let insist = || {
        let mut server = machine.start();
        for signal in [Signal::STOP, Signal::INT, Signal::TERM, Signal::CONT] {
            server.signal(signal);
        }
        let (exit, err) = server.end();
        assert!(matches!(exit.code(), Some(0 | 130)), "{err}");
        exit.code() == Some(130)
    };
    assert!((0..5).any(|_| insist()), "the second signal changed nothing");
    machine.start().stop();
}

#[test]
fn a_conversation_that_has_begun_does_not_hold_it_up() {
    let machine = Machine::with_keys();
    let server = machine.start();
    let mut stranger = TcpStream::connect(server.address()).unwrap();
    server.stop();
    let mut rest = Vec::new();
    // Closed or reset: over, either way.
    let _ = stranger.read_to_end(&mut rest);
    assert!(rest.is_empty());
}

#[test]
fn after_a_kill_the_next_start_finds_everything() {
    let machine = Machine::with_keys();
    let mut server = machine.start();
    machine.verb(&["invite", "--for", "bob"]).ok();
    server.signal(Signal::KILL);
    server.end();
    assert!(machine.data().join("control").exists(), "it could not clear up");
    let offline = machine.verb(&["invite", "--list"]).ok();
    assert!(offline.contains("bob"), "{offline}");
    let server = machine.start();
    assert!(machine.verb(&["invite", "--list"]).ok().contains("bob"));
    server.stop();
}
