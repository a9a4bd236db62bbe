//! A mistake of ours does not pass in silence: the log says when and where it was made.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use waxwing::ui::{Log, LogFile, Printer};

#[path = "../../src/bin/client/panics.rs"]
mod program;

#[test]
fn a_mistake_of_ours_is_in_the_log_with_its_time_and_the_way_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("client.log");
    let mut makes_one = Command::new(env::current_exe().unwrap());
    makes_one.args(["--exact", "panics::a_mistake_is_made", "--ignored", "--nocapture"]);
    let done = makes_one.env("A_LOG", &path).output().unwrap();
    assert!(done.status.success(), "{done:?}");
    let log = fs::read_to_string(&path).unwrap();
    assert!(log.lines().all(|line| line.starts_with("20") && line.contains(" error ")), "{log}");
    let told = ["test/client/panics.rs:", "this should never be", "::makes_a_mistake"];
    for part in told {
        assert!(log.contains(part), "{part:?} is not in\n{log}");
    }
}

#[test]
#[ignore = "started by another, with a log"]
fn a_mistake_is_made() {
    let path = PathBuf::from(env::var_os("A_LOG").unwrap());
    let (log, thread) = LogFile::open(&path).and_then(Log::in_file).unwrap();
    let printer = Printer::standard(false);
    printer.log_to(log);
    program::log(&printer);
    assert!(std::thread::spawn(makes_a_mistake).join().is_err());
    thread.finish();
}

#[inline(never)]
fn makes_a_mistake() {
    panic!("this should never be");
}
