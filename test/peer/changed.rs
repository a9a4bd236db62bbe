//! Files that change at their source between two tries: only what differs comes again.

use crate::resuming::{fetch_until_it_fits, folders, landed_new, released};
use crate::stage::{Answered, MIB, Stage, bytes_of, sharer, soon, user, wanted};
use std::fs;
use std::os::unix::fs::FileExt;
use std::time::Duration;
use waxwing::link::{Request, Streams};
use waxwing::model::{Audience, Content};
use waxwing::peer::landing::said_by_journal;
use waxwing::peer::{Rules, Source, Wanted};
use waxwing::wire::{Code, Kind};

const SIZE: usize = 200 * MIB;
/// A segment of a stream.
const SEGMENT: u64 = 64 << 20;

/// How much is held of the only file that is.
fn held(stage: &Stage) -> u64 {
    let journals = folders(stage).into_iter().filter_map(|at| fs::read(at.join("journal")).ok());
    let said = journals.filter_map(|journal| said_by_journal(&journal)).flatten();
    said.map(|(_, held)| held).sum::<u64>() * MIB as u64
}

fn all(bytes: &[u8]) -> Vec<Wanted> {
    vec![wanted("large", Some(Content::of(bytes)))]
}

/// Bob shares a file, and Alice is cut off when half of it is here; then it is this at its source.
async fn changed(stage: &mut Stage, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = bytes_of(1, SIZE);
    stage.make("large", &bytes);
    stage.publish(Audience::Everyone);
    let most_is_held = async {
        while held(stage) < (SIZE as u64 / 2) - SEGMENT / 8 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::select! {
        _ = stage.fetch_all(all(&bytes)) => panic!("it was quicker"),
        () = soon(most_is_held) => {}
    }
    let _ = stage.served().await;
    released(stage).await;
    change(&mut bytes);
    stage.make("large", &bytes);
    stage.publish(Audience::Everyone);
    bytes
}

/// It has landed, and nothing else is there.
fn is_here(stage: &Stage, bytes: &[u8]) {
    assert!(fs::read(stage.at("downloads/large")).unwrap() == bytes);
    assert_eq!(stage.names("downloads"), ["large"]);
    assert!(folders(stage).is_empty());
}

/// Bob, who tells nobody of what parts his files are.
async fn without_lists() -> Stage {
    let bob = sharer("bob");
    let polite = bob.clone();
    let answer = move |request: Request, streams: Streams| {
        let bob = polite.clone();
        async move {
            if request.kind() == Kind::LeavesAsk {
                request.refuse(Code::Busy, "");
                return None;
            }
            Some(Answered::Served(bob.serve_get(request, &streams, &user("alice")).await))
        }
    };
    Stage::answering(tempfile::tempdir().unwrap(), bob, answer).await
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_file_that_was_edited_only_what_differs_comes_again() {
    let mut stage = Stage::new().await;
    let bytes = changed(&mut stage, |bytes| bytes[5 * MIB] ^= 1).await;
    let missing = SIZE as u64 - held(&stage);
    assert!(missing <= SIZE as u64 / 2);
    assert!(landed_new(&stage.fetch_all(all(&bytes)).await));
    let came = stage.served().await.unwrap().bytes;
    assert_eq!(came, missing + MIB as u64);
    is_here(&stage, &bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_file_that_became_shorter_than_what_is_here_only_its_end_comes() {
    let mut stage = Stage::new().await;
    let bytes = changed(&mut stage, |bytes| bytes.truncate(100 * MIB + 17)).await;
    assert!(landed_new(&stage.fetch_all(all(&bytes)).await));
    assert_eq!(stage.served().await.unwrap().bytes, 17);
    is_here(&stage, &bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_file_that_was_edited_everywhere_most_of_what_is_the_same_stays() {
    let mut stage = Stage::new().await;
    let places = [5, 7, 9, 40, 42, 90];
    let bytes =
        changed(&mut stage, |bytes| places.iter().for_each(|at| bytes[at * MIB] ^= 1)).await;
    let missing = SIZE as u64 - held(&stage);
    assert!(landed_new(&stage.fetch_all(all(&bytes)).await));
    let came = stage.served().await.unwrap().bytes;
    // What lies between edits that are close to each other comes with them.
    assert_eq!(came, missing + (places.len() + 3) as u64 * MIB as u64);
    is_here(&stage, &bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_says_what_is_not_there_is_not_believed() {
    let mut stage = Stage::new().await;
    let bytes = changed(&mut stage, |bytes| bytes[5 * MIB] ^= 1).await;
    let part = fs::File::options().write(true).open(folders(&stage)[0].join("0")).unwrap();
    part.write_all_at(b"other bytes", 90 * MIB as u64).unwrap();
    let missing = SIZE as u64 - held(&stage);
    let came = fetch_until_it_fits(&mut stage, all(&bytes)).await;
    assert_eq!(came, missing + 2 * MIB as u64);
    is_here(&stage, &bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_list_all_comes_and_nothing_of_before_stays_behind() {
    let mut stage = without_lists().await;
    let bytes = changed(&mut stage, |bytes| bytes[5 * MIB] ^= 1).await;
    assert!(landed_new(&stage.fetch_all(all(&bytes)).await));
    assert_eq!(stage.served().await.unwrap().bytes, SIZE as u64);
    is_here(&stage, &bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_file_that_several_people_have_now_only_what_differs_comes_again() {
    let mut stage = Stage::new().await;
    let bytes = changed(&mut stage, |bytes| bytes[5 * MIB] ^= 1).await;
    let part = fs::File::options().write(true).open(folders(&stage)[0].join("0")).unwrap();
    part.write_all_at(b"other bytes", 90 * MIB as u64).unwrap();
    let missing = SIZE as u64 - held(&stage);
    let landing = stage.landing(Rules::default());
    let [Wanted { path, content, to, .. }] = &all(&bytes)[..] else { panic!() };
    let spread = stage.alice.spread(content.unwrap(), to, &landing, "bob").await;
    let (spread, streams) = (spread.unwrap().unwrap(), stage.streams.clone());
    let name = "bob".to_owned();
    let source = Source { number: 0, name, streams, share: stage.share, path: path.clone() };
    soon(spread.work(&source)).await.unwrap();
    assert_eq!(spread.came_from(0), missing + 2 * MIB as u64);
    spread.land().await.unwrap();
    is_here(&stage, &bytes);
}
