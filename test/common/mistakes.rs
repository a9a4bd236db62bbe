//! Mistakes of ours, made on purpose: what a program says of them, and what its log does.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use waxwing::ui::{Log, LogFile};

/// Runs the test that makes them, an ignored one: what becomes of a mistake is settled for a whole program.
/// Gives its log, and what it said otherwise.
pub(crate) fn made_by(test: &str) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("program.log");
    let mut program = Command::new(env::current_exe().unwrap());
    program.args(["--exact", test, "--ignored", "--nocapture"]);
    let done = program.env("A_LOG", &path).output().unwrap();
    assert!(done.status.success(), "{done:?}");
    let said = String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned();
    (fs::read_to_string(&path).unwrap(), said)
}

/// Makes them there, with that log.
pub(crate) fn with_log(make: impl FnOnce(Log)) {
    let path = PathBuf::from(env::var_os("A_LOG").unwrap());
    let (log, thread) = LogFile::open(&path).and_then(Log::in_file).unwrap();
    make(log);
    thread.finish();
}
