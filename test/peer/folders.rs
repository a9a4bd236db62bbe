//! What of a folder can be shared, and what cannot and why.

use crate::stage::path;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use tempfile::{TempDir, tempdir};
use waxwing::model::{Content, Events, Task, Work};
use waxwing::peer::{PassedOver, Scan, ShareFolder, Stamp, WhyLeftOut};

fn folder_with(files: &[&str]) -> TempDir {
    let folder = tempdir().unwrap();
    for name in files {
        let at = folder.path().join(name);
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        fs::write(at, name.as_bytes()).unwrap();
    }
    folder
}

fn scan(at: &Path) -> Scan {
    ShareFolder::open(at).unwrap().scan().unwrap()
}

fn paths(scan: &Scan) -> Vec<&str> {
    scan.files.iter().map(|file| file.path.as_str()).collect()
}

fn silent() -> Task {
    Events::ignored().begin(Work::Hashing, "", 0)
}

#[test]
fn regular_files_are_listed_and_all_else_is_left_out_with_its_reason() {
    let folder = folder_with(&["b/2", "b/1", "a", "run.sh", "bad:name", "nul.txt", "b/end."]);
    let at = |name: &str| folder.path().join(name);
    fs::set_permissions(at("run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    symlink(at("a"), at("link")).unwrap();
    symlink("/", at("b/root")).unwrap();
    let _socket = UnixListener::bind(at("socket")).unwrap();
    fs::write(folder.path().join(OsStr::from_bytes(b"latin-\xe9")), b"").unwrap();

    let scan = scan(folder.path());
    assert_eq!(paths(&scan), ["a", "b/1", "b/2", "run.sh"]);
    let programs = scan.files.iter().filter(|file| file.executable);
    assert_eq!(programs.map(|file| file.path.as_str()).collect::<Vec<_>>(), ["run.sh"]);
    let why = |name: &str| {
        let found = scan.left_out.iter().find(|left| left.path.to_string() == name);
        found.unwrap_or_else(|| panic!("{name} is not left out: {:?}", scan.left_out)).why.clone()
    };
    for name in ["bad:name", "nul.txt", "b/end."] {
        assert!(matches!(why(name), WhyLeftOut::Name(_)), "{name}");
    }
    assert_eq!(why("link"), WhyLeftOut::Link);
    assert_eq!(why("b/root"), WhyLeftOut::Link);
    assert_eq!(why("socket"), WhyLeftOut::NotAFile);
    assert_eq!(why("latin-\u{fffd}"), WhyLeftOut::NotText);
    assert_eq!(scan.left_out.len(), 7);
}

#[test]
fn hidden_files_and_litter_are_passed_over() {
    let folder = folder_with(&[
        "kept",
        ".hidden",
        ".git/config",
        "Thumbs.db",
        "b/.DS_Store",
        ".waxwing-0/1",
    ]);
    let scan = scan(folder.path());
    assert_eq!(paths(&scan), ["kept"]);
    assert_eq!(scan.passed_over, PassedOver { hidden: 4, junk: 1, ignored: 0 });
    assert_eq!(scan.left_out, []);
}

#[test]
fn what_is_half_done_or_lies_beside_what_is_edited_is_junk() {
    let folder = folder_with(&[
        "film.mkv.part",
        "Film.CRDOWNLOAD",
        "~$letter.docx",
        "letter.txt~",
        "draft.tmp",
        "b/code.rs.swp",
        "$RECYCLE.BIN/gone",
        "parts",
        "tmp",
        "a~b",
    ]);
    let scanned = scan(folder.path());
    assert_eq!(paths(&scanned), ["a~b", "parts", "tmp"]);
    assert_eq!(scanned.passed_over, PassedOver { hidden: 0, junk: 7, ignored: 0 });
    assert_eq!(scanned.passed_over.to_string(), "7 junk");
    // Who names such a file wants it.
    assert_eq!(paths(&scan(&folder.path().join("draft.tmp"))), ["draft.tmp"]);
}

#[test]
fn a_file_of_rules_keeps_back_what_it_names_in_its_folder_and_below() {
    let folder = folder_with(&[
        "a.log",
        "keep.log",
        "b/c.log",
        "b/d.log",
        "b/build/x",
        "build/y",
        "e/build",
        ".secret",
        "half.part",
        "secret",
    ]);
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write(".waxwingignore", "# logs\n*.log\n!keep.log\n/build/\n!.secret\n!*.part\nsecret\n");
    write("b/.waxwingignore", "!c.log\nbuild/\n");
    let scanned = scan(folder.path());
    assert_eq!(paths(&scanned), ["b/c.log", "e/build", "keep.log"]);
    // The two files of rules are hidden as well.
    assert_eq!(scanned.passed_over, PassedOver { hidden: 3, junk: 1, ignored: 5 });
    assert_eq!(scanned.passed_over.to_string(), "3 hidden, 1 junk, 5 by .waxwingignore");
}

#[test]
fn where_the_rules_are_not_understood_nothing_is_shared() {
    let folder = folder_with(&["kept", "b/one", "b/c/two"]);
    let rules = folder.path().join("b/.waxwingignore");
    for wrong in ["two\n{a\n".to_owned(), "x\n".repeat(40_000)] {
        fs::write(&rules, wrong).unwrap();
        let scanned = scan(folder.path());
        assert_eq!(paths(&scanned), ["kept"]);
        let [left] = scanned.left_out.as_slice() else { panic!("{scanned:?}") };
        assert!(matches!(left.why, WhyLeftOut::Rules(_)) && left.path.to_string() == "b");
    }
    fs::remove_file(&rules).unwrap();
    symlink("../kept", &rules).unwrap();
    assert_eq!(paths(&scan(folder.path())), ["kept"]);
    let error = ShareFolder::open(&folder.path().join("b")).unwrap().scan().unwrap_err();
    assert!(error.to_string().contains(".waxwingignore"), "{error}");
}

#[test]
fn of_names_that_collide_elsewhere_one_is_listed() {
    let folder = folder_with(&["Tree/leaf", "tree/leaf", "straße", "STRASSE", "x", "y"]);
    let scan = scan(folder.path());
    assert_eq!(paths(&scan), ["STRASSE", "Tree/leaf", "x", "y"]);
    assert!(scan.left_out.iter().all(|left| left.why == WhyLeftOut::Collision));
    assert_eq!(scan.left_out.len(), 2);
}

#[test]
fn what_is_too_deep_is_left_out_and_the_rest_is_not() {
    let deep = |depth: usize| format!("{}f", "d/".repeat(depth - 1));
    let long = format!("{0}/{0}/{0}/{0}/{0}/f", "l".repeat(220));
    let folder = folder_with(&["kept", &deep(64), &deep(90), &long]);
    let scan = scan(folder.path());
    assert_eq!(paths(&scan), [&deep(64), "kept"]);
    assert_eq!(scan.left_out.len(), 2);
    assert!(scan.left_out.iter().all(|left| matches!(left.why, WhyLeftOut::Name(_))));
}

#[test]
fn a_file_has_the_content_that_it_had_when_it_was_scanned_or_none() {
    let folder = folder_with(&["a"]);
    let shared = ShareFolder::open(folder.path()).unwrap();
    let stamp = shared.scan().unwrap().files[0].stamp;
    assert_eq!(
        shared.hash(&path("a"), &stamp, &mut silent(), &|| false).unwrap(),
        Content::of(b"a")
    );
    assert!(stamp.is_settled(u64::MAX) && !stamp.is_settled(0));
    fs::write(folder.path().join("a"), b"b").unwrap();
    shared.hash(&path("a"), &stamp, &mut silent(), &|| false).unwrap_err();
}

#[test]
fn a_stamp_is_read_as_it_is_written() {
    let folder = folder_with(&["a"]);
    let stamp = scan(folder.path()).files[0].stamp;
    assert_eq!(stamp.to_string().parse::<Stamp>(), Ok(stamp));
    for wrong in ["", "1_2_3_4", "1_2_3_4_5_6", "1_2_-3_4_5", "1_2_3_4_x"] {
        wrong.parse::<Stamp>().unwrap_err();
    }
}

#[test]
fn what_is_neither_a_folder_nor_a_file_is_not_opened() {
    let folder = tempdir().unwrap();
    let _socket = UnixListener::bind(folder.path().join("socket")).unwrap();
    for name in ["socket", "missing"] {
        ShareFolder::open(&folder.path().join(name)).unwrap_err();
    }
    ShareFolder::open(Path::new("/dev/null")).unwrap_err();
}

#[test]
fn beside_a_file_that_is_opened_alone_nothing_is_read() {
    let folder = folder_with(&["only", "beside"]);
    let all = ShareFolder::open(folder.path()).unwrap();
    let alone = ShareFolder::open(&folder.path().join("only")).unwrap();
    assert!(alone.is_one_file() && !all.is_one_file());
    for (file, is_there) in all.scan().unwrap().files.iter().zip([false, true]) {
        all.hash(&file.path, &file.stamp, &mut silent(), &|| false).unwrap();
        let hashed = alone.hash(&file.path, &file.stamp, &mut silent(), &|| false);
        assert_eq!(hashed.is_ok(), is_there, "{}", file.path);
    }
}
