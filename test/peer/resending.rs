//! Files that are sent to somebody, are cut off, and go on where they were.

use crate::stage::{MIB, Stage, bytes_of, soon};
use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use waxwing::model::{Event, Events, Work};
use waxwing::peer::{Error, Files, LandError, Landed, Received, Reply};

pub(crate) const LARGE: usize = 150 * MIB;
const PATIENCE: Duration = Duration::from_secs(60);

/// The private folders in Bob's inbox.
pub(crate) fn folders(stage: &Stage) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(stage.at("inbox")) else { return Vec::new() };
    let is_private = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with('.');
    entries.map(|entry| entry.unwrap().path()).filter(is_private).collect()
}

/// How long the longest journal is.
fn journal(stage: &Stage) -> u64 {
    let length = |path: PathBuf| fs::metadata(path.join("journal")).map_or(0, |about| about.len());
    folders(stage).into_iter().map(length).max().unwrap_or(0)
}

/// Alice sends what lies at this name in the home.
async fn send(stage: &Stage, name: &str) -> Result<Reply, Error> {
    let files = Files::open(&[stage.at(name)]).unwrap();
    soon(stage.alice.send(&stage.streams, files, PATIENCE)).await
}

/// The same, and gone when Bob's journal says that more is held. Who is quicker begins anew.
pub(crate) async fn cut_off(stage: &mut Stage, name: &str) {
    for _ in 0..20 {
        let before = journal(stage);
        let more_is_held = async {
            while journal(stage) <= before {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let is_cut = tokio::select! {
            _ = send(stage, name) => false,
            () = soon(more_is_held) => true,
        };
        if stage.received().await.is_err() && is_cut {
            assert_eq!(folders(stage).len(), 1);
            return;
        }
        fs::remove_dir_all(stage.at("inbox")).unwrap();
    }
    panic!("it cannot be cut off");
}

/// Sends it again, and tells how many bytes went and how many were read for ids.
pub(crate) async fn go_on(stage: &mut Stage, name: &str) -> (Received, Reply, u64, u64) {
    let (events, facts) = Events::channel();
    stage.alice = stage.alice.clone().with_events(events);
    let reply = send(stage, name).await.unwrap();
    stage.alice = stage.alice.clone().with_events(Events::ignored());
    let (mut sent, mut read) = (0, 0);
    for fact in facts.try_iter() {
        match fact {
            Event::Began { work: Work::Sending, total, .. } => sent += total,
            Event::Began { work: Work::Hashing, total, .. } => read += total,
            _ => {}
        }
    }
    (stage.received().await.unwrap(), reply, sent, read)
}

pub(crate) fn landed_new(received: &Received) -> bool {
    received.files.iter().all(|file| matches!(file.landed, Ok(Landed::New)))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_is_not_sent_again() {
    let mut stage = Stage::new().await;
    let bytes = bytes_of(1, LARGE);
    stage.write("large", &bytes);
    cut_off(&mut stage, "large").await;
    cut_off(&mut stage, "large").await;

    let (received, reply, sent, read) = go_on(&mut stage, "large").await;
    assert!(landed_new(&received) && reply.landed.len() == 1, "{received:?}");
    assert!(sent <= (LARGE - 2 * MIB) as u64, "{sent} were sent again");
    assert_eq!(read, LARGE as u64, "its id is that of all of it");
    assert!(fs::read(stage.at("inbox/large")).unwrap() == bytes);
    assert!(folders(&stage).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn small_files_of_a_folder_that_are_held_are_not_sent_again() {
    let mut stage = Stage::new().await;
    for at in 0..500_u64 {
        stage.make(&format!("{}/{at}", at % 7), &bytes_of(at, 450_000));
    }
    stage.make("empty", b"");
    stage.make("tiny", b"x");
    cut_off(&mut stage, "share").await;

    let (received, reply, sent, _) = go_on(&mut stage, "share").await;
    assert!(landed_new(&received) && reply.landed.len() == 502);
    assert!(sent <= 500 * 450_000 - MIB as u64, "{sent} were sent again");
    assert!(stage.tree("inbox/share") == stage.tree("share"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_the_same_file_any_more_comes_whole() {
    let mut stage = Stage::new().await;
    stage.write("large", &bytes_of(1, LARGE));
    cut_off(&mut stage, "large").await;
    let later = fs::File::options().append(true).open(stage.at("large")).unwrap();
    later.set_modified(std::time::SystemTime::now()).unwrap();
    let (received, _, sent, read) = go_on(&mut stage, "large").await;
    assert!(landed_new(&received));
    assert_eq!((sent, read), (LARGE as u64, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_edited_and_got_its_time_back_is_told_and_then_comes_whole() {
    let mut stage = Stage::new().await;
    let bytes = bytes_of(1, LARGE);
    let at = stage.write("large", &bytes);
    cut_off(&mut stage, "large").await;
    let was = fs::metadata(&at).unwrap().modified().unwrap();
    let file = fs::File::options().write(true).open(&at).unwrap();
    file.write_all_at(b"edited", 0).unwrap();
    file.set_modified(was).unwrap();

    let (received, reply, sent, _) = go_on(&mut stage, "large").await;
    let [file] = &received.files[..] else { panic!("{received:?}") };
    assert!(matches!(file.landed, Err(LandError::Kept)), "{file:?}");
    assert!(reply.landed.is_empty() && reply.unfit.len() == 1 && sent < LARGE as u64);
    assert!(stage.names("inbox").is_empty(), "nothing of it is left");

    let (received, reply, sent, _) = go_on(&mut stage, "large").await;
    assert!(landed_new(&received) && reply.landed.len() == 1 && sent == LARGE as u64);
    assert!(fs::read(stage.at("inbox/large")).unwrap() == fs::read(&at).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_altered_where_it_is_held_is_sent_again() {
    let mut stage = Stage::new().await;
    let bytes = bytes_of(1, LARGE);
    stage.write("large", &bytes);
    cut_off(&mut stage, "large").await;
    let part = folders(&stage)[0].join("0");
    let part = fs::File::options().write(true).open(part).unwrap();
    part.write_all_at(b"other bytes", 5 * MIB as u64).unwrap();
    let (mut received, _, _, _) = go_on(&mut stage, "large").await;
    // What is read late is told, and sent again at the next try.
    if matches!(received.files[0].landed, Err(LandError::Kept)) {
        received = go_on(&mut stage, "large").await.0;
    }
    assert!(landed_new(&received), "{received:?}");
    assert!(fs::read(stage.at("inbox/large")).unwrap() == bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_files_of_one_size_and_time_are_not_taken_for_each_other() {
    let mut stage = Stage::new().await;
    for (name, seed) in [("one", 1), ("two", 2)] {
        stage.make(name, &bytes_of(seed, LARGE / 2));
    }
    cut_off(&mut stage, "share").await;
    let (received, _, sent, _) = go_on(&mut stage, "share").await;
    assert!(landed_new(&received) && sent < LARGE as u64, "{received:?}");
    assert!(stage.tree("inbox/share") == stage.tree("share"));
}

/// Journals of before, in which all parts belong to contents.
#[tokio::test(flavor = "multi_thread")]
async fn a_journal_of_before_is_in_nobodys_way() {
    let mut stage = Stage::new().await;
    stage.write("large", &bytes_of(1, LARGE));
    cut_off(&mut stage, "large").await;
    let journal = folders(&stage)[0].join("journal");
    let is_version = |bytes: &[u8]| bytes[12..14] == [1, 2];
    let mut bytes = fs::read(&journal).unwrap();
    assert!(is_version(&bytes));
    bytes[13] = 1;
    fs::write(&journal, bytes).unwrap();
    let (received, _, sent, _) = go_on(&mut stage, "large").await;
    assert!(landed_new(&received) && sent == LARGE as u64);
    let left: Vec<_> = stage.names("inbox").into_iter().filter(|name| name == "large").collect();
    assert_eq!(left, [Path::new("large").to_str().unwrap()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lacks_only_a_name_is_not_sent_again() {
    let mut stage = Stage::new().await;
    let bytes = bytes_of(1, 20 * MIB);
    stage.write("large", &bytes);
    let before_it_lands = async {
        while folders(&stage).is_empty() {
            tokio::task::yield_now().await;
        }
        fs::write(stage.at("inbox/large"), b"mine").unwrap();
    };
    let (reply, ()) = tokio::join!(send(&stage, "large"), soon(before_it_lands));
    assert!(reply.unwrap().landed.is_empty());
    let received = stage.received().await.unwrap();
    assert!(matches!(received.files[0].landed, Err(LandError::Taken)), "{received:?}");

    fs::remove_file(stage.at("inbox/large")).unwrap();
    let (received, reply, sent, _) = go_on(&mut stage, "large").await;
    assert!(landed_new(&received) && reply.landed.len() == 1, "{received:?}");
    assert_eq!(sent, 0, "it was sent again");
    assert!(fs::read(stage.at("inbox/large")).unwrap() == bytes);
    assert!(folders(&stage).is_empty());
}
