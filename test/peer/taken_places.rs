//! What stands at the final name of something that comes: it is never followed, and never written to.

use crate::canary::Canary;
use crate::raw_offers::fill;
use crate::sandbox::Everything;
use crate::stage::{Stage, sharer, soon};
use std::fs::{self, Permissions};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::process::Command;
use std::time::Duration;
use waxwing::peer::{Files, LandError, Landed, Received};

/// Bob's inbox, in which everything has a name that Alice's files have too.
async fn taken(overwrite: bool) -> Stage {
    let stage = Stage::with(sharer("bob"), |taking| taking.rules.overwrite = overwrite).await;
    fill(&stage);
    let inbox = |name: &str| stage.at("inbox").join(name);
    fs::set_permissions(stage.write("inbox/locked", b"mine"), Permissions::from_mode(0o444))
        .unwrap();
    fs::hard_link(stage.at("secret"), inbox("hard")).unwrap();
    assert!(Command::new("mkfifo").arg(inbox("pipe")).status().unwrap().success());
    stage.write("inbox/folder/kept", b"kept");
    for name in FILES.iter().chain(["free"].iter()) {
        stage.write(&format!("from/{name}"), format!("Alice's {name}").as_bytes());
    }
    stage.write("from/out/planted", b"Alice's");
    stage
}

/// What lies there, and is no folder that something else is sent into.
const FILES: [&str; 6] = ["link", "gone", "locked", "hard", "pipe", "folder"];

/// Alice sends all of it.
async fn sent(stage: &mut Stage) -> Received {
    let all = FILES.iter().chain(["free", "out"].iter());
    let all: Vec<_> = all.map(|name| stage.at("from").join(name)).collect();
    let files = Files::open(&all).unwrap();
    let sent = soon(stage.alice.send(&stage.streams, files, Duration::from_secs(30))).await;
    sent.unwrap();
    stage.received().await.unwrap()
}

/// How each of these ended.
fn outcomes(received: &Received) -> Vec<String> {
    let told = |landed: &Result<Landed, LandError>| match landed {
        Ok(landed) => format!("{landed:?}"),
        Err(error) => format!("{error:?}"),
    };
    let files = received.files.iter();
    let mut all: Vec<_> =
        files.map(|file| format!("{} {}", file.path, told(&file.landed))).collect();
    all.sort();
    all
}

/// What came and has no name lies aside, where only Bob may look, until it may have its name. Takes it away.
fn set_aside(stage: &Stage) {
    let entries = fs::read_dir(stage.at("inbox")).unwrap().map(|entry| entry.unwrap());
    let is_ours = |it: &fs::DirEntry| it.file_name().to_str().unwrap().starts_with(".waxwing-");
    for folder in entries.filter(is_ours) {
        assert_eq!(folder.metadata().unwrap().permissions().mode() & 0o7777, 0o700);
        fs::remove_dir_all(folder.path()).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_in_a_place_is_neither_followed_nor_written_to() {
    for overwrite in [false, true] {
        let mut stage = taken(overwrite).await;
        let canary = Canary::begin(&stage).await;
        let before = Everything::below(&stage.at(""));
        let outside = Everything::untouched(&stage.at("outside"));
        let received = sent(&mut stage).await;
        let regular = if overwrite { "Replaced" } else { "Taken" };
        let mut expected: Vec<_> = ["folder", "gone", "link", "out/planted", "pipe"]
            .map(|name| format!("{name} InTheWay"))
            .into();
        expected.extend(["hard", "locked"].map(|name| format!("{name} {regular}")));
        expected.push("free New".to_owned());
        expected.sort();
        assert_eq!(outcomes(&received), expected);
        fs::remove_file(stage.at("inbox/free")).unwrap();
        set_aside(&stage);

        outside.is_still(&stage.at("outside"), "something went out");
        assert_eq!(fs::read(stage.at("secret")).unwrap(), b"secret", "under its other name");
        if overwrite {
            for name in ["hard", "locked"] {
                let came = fs::read_to_string(stage.at("inbox").join(name)).unwrap();
                assert_eq!(came, format!("Alice's {name}"));
            }
            let kind = |name: &str| fs::symlink_metadata(stage.at("inbox").join(name)).unwrap();
            assert!(kind("link").is_symlink() && kind("gone").is_symlink());
            assert!(kind("pipe").file_type().is_fifo() && kind("folder").is_dir());
            assert_eq!(stage.names("inbox/folder"), ["kept"]);
        } else {
            before.is_still(&stage.at(""), "nobody said that anything be replaced");
        }
        canary.sings().await;
    }
}
