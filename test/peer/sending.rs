//! Files that one person sends another: offered, taken or not, landed, and proven afterwards.

use crate::stage::{MIB, Stage, bytes_of, identity, sharer, soon};
use std::fs;
use std::path::PathBuf;
use std::time::Duration;
use waxwing::peer::{Error, Files, LandError, Landed, Receipts, Reply};
use waxwing::wire::Code;

const PATIENCE: Duration = Duration::from_secs(30);

/// Alice sends what lies at these names in Bob's home.
async fn send(stage: &Stage, names: &[&str]) -> Result<Reply, Error> {
    let paths: Vec<PathBuf> = names.iter().map(|name| stage.at(name)).collect();
    soon(stage.alice.send(&stage.streams, Files::open(&paths).unwrap(), PATIENCE)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn files_and_folders_are_sent_and_their_receipts_kept() {
    let receipts_at = tempfile::tempdir().unwrap();
    let receipts = Receipts::in_folder(receipts_at.path()).unwrap();
    let mut stage = Stage::with(sharer("bob").with_receipts(receipts.clone()), |_| {}).await;
    let large = bytes_of(1, 9 * MIB);
    for (name, bytes) in [("deep/a", &b"a"[..]), ("b", b""), ("large", &large)] {
        stage.make(name, bytes);
    }
    stage.write("note", b"a note");
    let reply = send(&stage, &["share", "note"]).await.unwrap();
    assert_eq!((reply.landed.len(), reply.kept_out.len()), (4, 0));
    assert_eq!(reply.delivery.receiver, identity("bob").fingerprint());
    let received = stage.received().await.unwrap();
    assert!(received.files.iter().all(|file| matches!(file.landed, Ok(Landed::New))));
    assert_eq!(stage.tree("inbox/share"), stage.tree("share"));
    assert_eq!(
        stage.names("inbox"),
        ["note", "share/", "share/b", "share/deep/", "share/deep/a", "share/large"]
    );

    for name in ["note", "share/large", "share/b"] {
        let (content, sent) = receipts.of_file(&stage.at("inbox").join(name)).unwrap();
        let [sent] = &sent[..] else { panic!("{name}: {sent:?}") };
        assert_eq!(sent.entry.path().as_str(), name);
        assert_eq!((sent.content, sent.sender), (content, identity("alice").fingerprint()));
        assert_eq!(sent.recipient, identity("bob").fingerprint());
    }
    // A byte more, and nobody sent it.
    fs::write(stage.at("inbox/note"), b"a note!").unwrap();
    assert_eq!(receipts.of_file(&stage.at("inbox/note")).unwrap().1, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_land_where_no_receipt_of_them_can_be_kept() {
    let at = tempfile::tempdir().unwrap();
    let receipts = Receipts::in_folder(at.path()).unwrap();
    let mut stage = Stage::with(sharer("bob").with_receipts(receipts), |_| {}).await;
    drop(at);
    stage.write("letter", b"dear bob");
    let sent = send(&stage, &["letter"]).await;
    let received = stage.received().await.unwrap();
    assert!(received.files[0].landed.is_ok() && received.unkept.is_some(), "{received:?}");
    assert_eq!(sent.unwrap().landed.len(), 1);
    assert_eq!(fs::read(stage.at("inbox/letter")).unwrap(), b"dear bob");
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_receipts_prove_nothing_and_harm_no_others() {
    let at = tempfile::tempdir().unwrap();
    let receipts = Receipts::in_folder(at.path()).unwrap();
    let stage = Stage::with(sharer("bob").with_receipts(receipts.clone()), |_| {}).await;
    stage.write("note", b"a note");
    send(&stage, &["note"]).await.unwrap();
    let [kept] = &fs::read_dir(at.path()).unwrap().map(Result::unwrap).collect::<Vec<_>>()[..]
    else {
        panic!("one file of receipts")
    };
    let whole = fs::read(kept.path()).unwrap();
    for (name, bytes) in [
        ("0.receipts", &whole[..whole.len() - 1]),
        ("1.receipts", &whole[..40]),
        ("2.receipts", &[0xff; 100]),
        ("3.receipts", b""),
        ("notes.txt", b"of somebody"),
    ] {
        fs::write(at.path().join(name), bytes).unwrap();
    }
    for byte in [36, 400, 700, whole.len() - 40] {
        let mut altered = whole.clone();
        altered[byte] ^= 1;
        fs::write(at.path().join(format!("at-{byte}.receipts")), altered).unwrap();
    }
    assert_eq!(receipts.of_file(&stage.at("note")).unwrap().1.len(), 1);
    fs::remove_file(kept.path()).unwrap();
    assert_eq!(receipts.of_file(&stage.at("note")).unwrap().1, []);
}

#[test]
fn what_a_kill_left_beside_receipts_is_removed_and_what_is_being_written_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (left, written) = (at(".waxwing-1.receipts"), at(".waxwing-2.receipts"));
    fs::write(&left, b"half").unwrap();
    fs::write(at(".waxwing-notes"), b"of somebody").unwrap();
    let writing = fs::File::create(&written).unwrap();
    writing.lock().unwrap();
    Receipts::in_folder(folder.path()).unwrap();
    assert!(!left.exists() && written.exists() && at(".waxwing-notes").exists());
    drop(writing);
    Receipts::in_folder(folder.path()).unwrap();
    assert!(!written.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_wants_is_not_taken() {
    for (may_offer, code) in [(false, Code::NotAllowed), (true, Code::Declined)] {
        let mut stage = Stage::with(sharer("bob"), |taking| {
            (taking.may_offer, taking.takes) = (may_offer, false);
        })
        .await;
        stage.write("note", b"a note");
        let sent = send(&stage, &["note"]).await;
        let Err(Error::Refused { code: told, .. }) = sent else { panic!("{sent:?}") };
        assert_eq!(told, code);
        assert!(matches!(stage.received().await, Err(Error::Declined(of)) if of == code));
        assert!(!stage.at("inbox").exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_place_is_named_to_both() {
    let mut stage = Stage::new().await;
    fs::create_dir(stage.at("inbox")).unwrap();
    for (name, bytes) in [("same", b"same"), ("other", b"mine"), ("new", b"new!")] {
        fs::write(stage.at(name), bytes).unwrap();
    }
    fs::write(stage.at("inbox/same"), b"same").unwrap();
    fs::write(stage.at("inbox/other"), b"hers").unwrap();
    let reply = send(&stage, &["same", "other", "new"]).await.unwrap();
    let names = |paths: &[waxwing::model::EntryPath]| {
        paths.iter().map(|path| path.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        (names(&reply.landed), names(&reply.kept_out)),
        (vec!["same".to_owned(), "new".to_owned()], vec!["other".to_owned()],)
    );
    let received = stage.received().await.unwrap();
    let [Ok(Landed::Already), Err(LandError::Taken), Ok(Landed::New)] =
        [0, 1, 2].map(|at| &received.files[at].landed)
    else {
        panic!("{received:?}")
    };
    assert_eq!(fs::read(stage.at("inbox/other")).unwrap(), b"hers");
    // What only lacks a name is held, out of sight, for when its place is free.
    let (hidden, seen): (Vec<_>, Vec<_>) =
        stage.names("inbox").into_iter().partition(|name| name.starts_with(".waxwing-"));
    assert_eq!(seen, ["new", "other", "same"]);
    let [folder, held @ ..] = &hidden[..] else { panic!("nothing is held") };
    let held: Vec<_> = held.iter().map(|name| name.strip_prefix(folder)).collect();
    assert_eq!(held, ["1", "journal", "lock"].map(Some));
    assert_eq!(fs::read(stage.at(&format!("inbox/{folder}1"))).unwrap(), b"mine");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_sent_is_said_before_anybody_is_asked() {
    let stage = Stage::new().await;
    fs::create_dir_all(stage.at("one")).unwrap();
    fs::create_dir_all(stage.at("two")).unwrap();
    for name in ["one/x", "two/x", "two/bad:name"] {
        fs::write(stage.at(name), b"").unwrap();
    }
    let open =
        |names: &[&str]| Files::open(&names.iter().map(|name| stage.at(name)).collect::<Vec<_>>());
    assert!(matches!(open(&[]), Err(Error::Nothing)));
    assert!(matches!(open(&["inbox/none"]), Err(Error::Disk { .. })));
    assert!(matches!(open(&["two/bad:name"]), Err(Error::Disk { .. })));
    assert!(matches!(open(&["one/x", "two/x"]), Err(Error::Together(_))));
    let both = open(&["one", "two"]).unwrap();
    assert_eq!((both.manifest().count(), both.left_out().len()), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changes_while_it_waits_is_not_sent() {
    let mut stage = Stage::new().await;
    stage.write("note", b"a note");
    let files = Files::open(&[stage.at("note")]).unwrap();
    fs::write(stage.at("note"), b"a vote").unwrap();
    let sent = soon(stage.alice.send(&stage.streams, files, PATIENCE)).await.unwrap_err();
    assert!(sent.is_source_changed(), "{sent:?}");
    assert!(stage.received().await.unwrap_err().is_source_changed());
    assert_eq!(stage.names("inbox"), [""; 0]);
}
