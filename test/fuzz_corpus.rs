//! The committed corpus of every fuzz target, run once. What a fuzzer ever found stays found.

use std::fs;
use std::path::{Path, PathBuf};
use waxwing::wire::Kind;

#[path = "../fuzz/targets.rs"]
mod targets;

#[test]
fn codec() {
    run("codec", targets::codec);
}

#[test]
fn paths() {
    run("paths", targets::paths);
}

#[test]
fn journal() {
    run("journal", targets::journal);
}

#[test]
fn key_files() {
    run("key_files", targets::key_files);
}

#[test]
fn public_keys() {
    run("public_keys", targets::public_keys);
}

#[test]
fn header() {
    run("header", targets::header);
}

#[test]
fn manifest() {
    run("manifest", targets::manifest);
}

#[test]
fn records() {
    run("records", targets::records);
}

#[test]
fn opener() {
    run("opener", targets::opener);
}

#[test]
fn streams() {
    run("streams", targets::streams);
}

#[test]
fn frames() {
    run("frames", targets::frames);
}

#[test]
fn messages() {
    run("messages", targets::messages);
}

#[test]
fn directory() {
    run("directory", targets::directory);
}

#[test]
fn a_message_of_each_kind_stands_in_the_corpus() {
    for kind in Kind::ALL {
        let path = corpus("messages").join(kind.name());
        let bytes = fs::read(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        assert_eq!(bytes[0], kind.tag(), "{kind}");
        assert!(targets::is_message(*kind, &bytes[1..]), "{kind}");
    }
}

fn corpus(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name)
}

/// Runs a target on each file of its corpus, and on each of them cut in the middle.
fn run(name: &str, target: fn(&[u8])) {
    let mut count = 0;
    for entry in fs::read_dir(corpus(name)).expect("each target has a corpus") {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        target(&bytes);
        target(&bytes[..bytes.len() / 2]);
        count += 1;
    }
    assert!(count >= 5, "the corpus of {name} has only {count} files");
}
