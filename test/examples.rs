//! The examples run, as a newcomer runs them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

#[test]
fn seal_seals_and_opens_files() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("letter.txt"), "dear Bob").unwrap();
    fs::write(at("large"), vec![7; 3_000_000]).unwrap();
    for round in ["first", "again"] {
        let output = run("seal", folder.path(), &["letter.txt", "large"]);
        let (told, complaints) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{round}: {complaints}");
        assert!(told.contains("letter.txt  sent by alice"), "{round}: {told}");
        for (number, name) in ["letter.txt", "large"].iter().enumerate() {
            let opened = fs::read(at("seal-example/opened").join(name)).unwrap();
            assert!(opened == fs::read(at(name)).unwrap(), "{round}: {name}");
            let receipt = at("seal-example/receipts").join(format!("{number}.receipt"));
            assert!(receipt.exists(), "{round}: {name}");
        }
    }
    let sealed = fs::read(at("seal-example/sealed")).unwrap();
    assert!(!sealed.windows(8).any(|part| part == b"dear Bob"));

    let output = run("seal", folder.path(), &["letter.txt", "typo"]);
    assert!(!output.status.success());
    assert!(text(&output.stderr).starts_with("typo: "), "{}", text(&output.stderr));
}

#[test]
fn send_sends_files_over_a_conversation() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("letter.txt"), "dear Bob").unwrap();
    fs::write(at("large"), vec![7; 9_000_000]).unwrap();
    let output = run("send", folder.path(), &["letter.txt", "large"]);
    let (told, complaints) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{complaints}");
    assert!(told.contains("bob signed that 2 of them landed"), "{told}");
    for name in ["letter.txt", "large"] {
        let arrived = fs::read(at("send-example/arrived").join(name)).unwrap();
        assert!(arrived == fs::read(at(name)).unwrap(), "{name}");
    }
}

#[test]
fn share_and_fetch_lets_two_people_share_a_file() {
    let folder = tempfile::tempdir().unwrap();
    for round in ["first", "again"] {
        let output = run("share_and_fetch", folder.path(), &[]);
        let (told, complaints) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{round}: {complaints}");
        assert!(told.contains("bob: koala.txt is here, sent by alice: New"), "{round}: {told}");
        let landed = fs::read(folder.path().join("share-example/bob/downloads/koala.txt")).unwrap();
        assert_eq!(landed, b"a koala sleeps twenty hours a day", "{round}");
    }
}

#[test]
fn index_session_lets_two_people_meet() {
    let folder = tempfile::tempdir().unwrap();
    for round in ["first", "again"] {
        let output = run("index_session", folder.path(), &[]);
        let (told, complaints) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{round}: {complaints}");
        for line in [
            "alice sees that bob is online at 127.0.0.1:7400",
            "bob hears that alice wants to reach him",
            "bob's key is ",
            "alice's key is ",
            "the index has taken 2048 of 5002 files",
            "alice publishes 5002 files",
            "bob finds alice:photos/zoo/KoalaBear.jpg (7 bytes)",
            "bob finds nothing of [\"unicorn\"]",
            "1 entry has the content ",
        ] {
            assert!(told.contains(line), "{round}: {line}: {told}");
        }
    }
}

#[test]
fn content_id_names_what_b3sum_prints() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), vec![9; 2_500_000]).unwrap();
    let output = run("content_id", folder.path(), &["file"]);
    let id = waxwing::model::Content::of(&[9; 2_500_000]).id().to_string();
    assert!(text(&output.stdout).contains(&id), "{output:?}");
}

fn run(example: &str, folder: &Path, arguments: &[&str]) -> Output {
    Command::new(built(example)).current_dir(folder).args(arguments).output().unwrap()
}

/// `cargo test` has built it, beside the folder of this test, unless it was asked for this test alone.
fn built(example: &str) -> PathBuf {
    let this = std::env::current_exe().unwrap();
    let profile = this.parent().and_then(Path::parent).unwrap();
    let path = profile.join("examples").join(example);
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--locked", "--example", example]);
    cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    assert!(path.exists() || cargo.status().unwrap().success(), "{example} cannot be built");
    path
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
