//! Transfers that are cut off, and go on where they were.

use crate::stage::{Fetched, FetchedFile, MIB, Stage, bytes_of, path, soon, wanted};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use waxwing::model::content::of_file;
use waxwing::model::{Audience, Content, Event, Events, Work};
use waxwing::peer::{LandError, Landed, Rules, ShareFolder, Wanted};

pub(crate) const LARGE: usize = 150 * MIB;

/// The private folders in Alice's downloads.
pub(crate) fn folders(stage: &Stage) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(stage.at("downloads")) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| name(path).starts_with(".waxwing-")).collect()
}

fn name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

/// How long the longest journal is.
fn journal(stage: &Stage) -> u64 {
    let length = |path: PathBuf| fs::metadata(path.join("journal")).map_or(0, |about| about.len());
    folders(stage).into_iter().map(length).max().unwrap_or(0)
}

/// Begins to fetch, and is gone when the journal says that more is held. Who is quicker than that
/// begins anew.
pub(crate) async fn cut_off(stage: &mut Stage, all: &[Wanted]) {
    for _ in 0..20 {
        let before = journal(stage);
        let more_is_held = async {
            while journal(stage) <= before {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::select! {
            _ = stage.fetch_all(all.to_vec()) => {}
            () = soon(more_is_held) => {}
        }
        let _ = stage.served().await;
        released(stage).await;
        let names = stage.names("downloads");
        if journal(stage) > before && names.iter().all(|name| name.starts_with(".waxwing-")) {
            return;
        }
        fs::remove_dir_all(stage.at("downloads")).unwrap();
    }
    panic!("it cannot be cut off");
}

/// The thread that keeps the journal of who is gone lets go of it.
pub(crate) async fn released(stage: &Stage) {
    let is_free = |path: &PathBuf| {
        let lock = fs::File::options().write(true).open(path.join("lock"));
        lock.is_ok_and(|lock| lock.try_lock().is_ok())
    };
    let all_are_free = async {
        while !folders(stage).iter().all(is_free) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    soon(all_are_free).await;
}

/// What is read late and does not fit is asked for at the next try. Gives how many bytes came.
pub(crate) async fn fetch_until_it_fits(stage: &mut Stage, all: Vec<Wanted>) -> u64 {
    let fetched = stage.fetch_all(all.clone()).await;
    let came = stage.served().await.unwrap().bytes;
    if landed_new(&fetched) {
        return came;
    }
    let is_lost = |file: &FetchedFile| matches!(file.landed, Err(LandError::Kept));
    assert!(fetched.files.iter().any(is_lost), "{fetched:?}");
    let again = stage.fetch_all(all).await;
    assert!(again.files.iter().all(|file| file.landed.is_ok()), "{again:?}");
    came + stage.served().await.unwrap().bytes
}

pub(crate) fn landed_new(fetched: &Fetched) -> bool {
    fetched.stopped.is_none() && fetched.files.iter().all(|f| matches!(f.landed, Ok(Landed::New)))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_held_does_not_come_again() {
    let mut stage = Stage::new().await;
    let bytes = bytes_of(1, LARGE);
    stage.make("large", &bytes);
    stage.publish(Audience::Everyone);
    let all = vec![wanted("large", Some(Content::of(&bytes)))];
    cut_off(&mut stage, &all).await;

    let fetched = stage.fetch_all(all).await;
    assert!(landed_new(&fetched), "{fetched:?}");
    let served = stage.served().await.unwrap();
    assert!(served.bytes <= (LARGE - MIB) as u64, "{} came again", served.bytes);
    assert!(fs::read(stage.at("downloads/large")).unwrap() == bytes);
    assert!(folders(&stage).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_of_a_file_stays_while_others_come_without_it() {
    let mut stage = Stage::new().await;
    let bytes = bytes_of(1, LARGE);
    stage.make("large", &bytes);
    stage.make("small", b"small");
    let published = stage.publish(Audience::Everyone);
    let large = wanted("large", Some(Content::of(&bytes)));
    cut_off(&mut stage, std::slice::from_ref(&large)).await;
    // It is read once more by its owner.
    let [share] = stage.bob.shelf().shares().try_into().unwrap();
    let folder = Arc::new(ShareFolder::open(&stage.at("share")).unwrap());
    let small = published.iter().filter(|file| *file.entry.path() == path("small"));
    let part = (small.cloned().collect(), [path("large")].into());
    stage.bob.shelf().put_part(share, folder, part);
    let fetched = stage.fetch_all(vec![large.clone(), wanted("small", None)]).await;
    assert_eq!(fetched.files.len(), 1, "{fetched:?}");
    stage.served().await.unwrap();
    released(&stage).await;
    assert_eq!(folders(&stage).len(), 1);

    stage.publish(Audience::Everyone);
    let came = fetch_until_it_fits(&mut stage, vec![large]).await;
    assert!(came <= (LARGE - MIB) as u64, "{came} came again");
    assert!(folders(&stage).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_small_files_go_on_where_they_were() {
    let mut stage = Stage::new().await;
    let mut all = Vec::new();
    for at in 0..500_u64 {
        let bytes = bytes_of(at, 450_000);
        let name = format!("{}/{at}", at % 7);
        stage.make(&name, &bytes);
        all.push(wanted(&name, Some(Content::of(&bytes))));
    }
    stage.publish(Audience::Everyone);
    cut_off(&mut stage, &all).await;
    // Of one, other bytes lie there.
    fs::write(folders(&stage)[0].join("0"), vec![7; 450_000]).unwrap();

    let came = fetch_until_it_fits(&mut stage, all).await;
    assert!(came <= 500 * 450_000 - MIB as u64, "{came} came again");
    assert_eq!(stage.tree("downloads"), stage.tree("share"));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_goes_on_to_another_place_under_another_name_and_from_another_path() {
    let mut stage = Stage::new().await;
    let bytes = bytes_of(1, LARGE);
    stage.make("large", &bytes);
    stage.make("copy/of/it", &bytes);
    stage.publish(Audience::Everyone);
    let content = Some(Content::of(&bytes));
    cut_off(&mut stage, &[wanted("large", content)]).await;

    let other = Wanted { to: path("else/where"), ..wanted("copy/of/it", content) };
    assert!(landed_new(&stage.fetch_all(vec![other]).await));
    assert!(stage.served().await.unwrap().bytes <= (LARGE - MIB) as u64);
    assert!(fs::read(stage.at("downloads/else/where")).unwrap() == bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_off_twice_nothing_of_the_second_file_is_lost() {
    let mut stage = Stage::new().await;
    let (one, other) = (bytes_of(1, 70 * MIB), bytes_of(2, 250 * MIB));
    for (name, bytes) in [("a", &one), ("b", &other)] {
        stage.make(name, bytes);
    }
    stage.publish(Audience::Everyone);
    let all = || vec![wanted("a", Some(Content::of(&one))), wanted("b", Some(Content::of(&other)))];
    for _ in 0..2 {
        cut_off(&mut stage, &all()).await;
    }
    let fetched = stage.fetch_all(all()).await;
    assert!(landed_new(&fetched), "{fetched:?}");
    let came = stage.served().await.unwrap().bytes;
    assert!(came < 250 * MIB as u64, "{came} came again");
    assert_eq!(stage.tree("downloads"), stage.tree("share"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_damaged_meanwhile_is_noticed() {
    let mut stage = Stage::new().await;
    let bytes = bytes_of(1, LARGE);
    stage.make("large", &bytes);
    stage.publish(Audience::Everyone);
    let all = vec![wanted("large", Some(Content::of(&bytes)))];
    for (what, damage) in [
        (
            "a part is gone",
            Box::new(|at: &Path| fs::remove_file(at.join("0")).unwrap()) as Box<dyn Fn(&Path)>,
        ),
        (
            "a part is cut",
            Box::new(|at: &Path| {
                fs::File::options().write(true).open(at.join("0")).unwrap().set_len(100).unwrap();
            }),
        ),
        (
            "the journal is no journal",
            Box::new(|at: &Path| fs::write(at.join("journal"), [7; 500]).unwrap()),
        ),
        (
            "the journal is torn",
            Box::new(|at: &Path| {
                let journal = fs::read(at.join("journal")).unwrap();
                // In the first record behind its head: on a slow machine there are several.
                let head = 12 + u32::from_be_bytes(journal[..4].try_into().unwrap()) as usize;
                fs::write(at.join("journal"), &journal[..head + 20]).unwrap();
            }),
        ),
    ] {
        cut_off(&mut stage, &all).await;
        damage(&folders(&stage)[0]);
        let fetched = stage.fetch_all(all.clone()).await;
        assert!(landed_new(&fetched), "{what}: {fetched:?}");
        assert_eq!(stage.served().await.unwrap().bytes, LARGE as u64, "{what}");
        assert!(fs::read(stage.at("downloads/large")).unwrap() == bytes, "{what}");
        assert!(folders(&stage).is_empty(), "{what}");
        fs::remove_file(stage.at("downloads/large")).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_altered_meanwhile_gets_no_name() {
    let mut stage = Stage::new().await;
    let bytes = bytes_of(1, LARGE);
    stage.make("large", &bytes);
    stage.publish(Audience::Everyone);
    let all = vec![wanted("large", Some(Content::of(&bytes)))];
    cut_off(&mut stage, &all).await;
    let folder = folders(&stage).remove(0);
    let part = fs::File::options().write(true).open(folder.join("0")).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&part, b"other bytes", 5 * MIB as u64).unwrap();

    let again = fetch_until_it_fits(&mut stage, all).await;
    let altered = MIB as u64;
    assert!(again <= (LARGE - MIB) as u64 + altered, "{again} came again");
    assert!(fs::read(stage.at("downloads/large")).unwrap() == bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_landing_leaves_alone_what_is_held() {
    let mut stage = Stage::new().await;
    let bytes = bytes_of(1, LARGE);
    stage.make("large", &bytes);
    stage.make("small", b"small");
    stage.publish(Audience::Everyone);
    let all = vec![wanted("large", Some(Content::of(&bytes)))];
    cut_off(&mut stage, &all).await;
    drop(stage.landing(Rules::default()));
    assert!(landed_new(&stage.fetch(&["small"]).await));
    stage.served().await.unwrap();
    assert_eq!(folders(&stage).len(), 1);
    assert!(landed_new(&stage.fetch_all(all.clone()).await));
    assert!(stage.served().await.unwrap().bytes <= (LARGE - MIB) as u64);

    // After a month nobody will go on with it.
    fs::remove_file(stage.at("downloads/large")).unwrap();
    cut_off(&mut stage, &all).await;
    let journal = fs::File::options().append(true).open(folders(&stage)[0].join("journal"));
    let long_ago = SystemTime::now() - Duration::from_secs(31 * 24 * 3600);
    journal.unwrap().set_modified(long_ago).unwrap();
    drop(stage.landing(Rules::default()));
    assert!(folders(&stage).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lacks_only_a_name_does_not_come_again() {
    let mut stage = Stage::new().await;
    let bytes = bytes_of(1, 20 * MIB);
    for name in ["large", "sub/large", "other"] {
        stage.make(name, &bytes);
    }
    stage.make("small", b"small");
    stage.publish(Audience::Everyone);
    let large = Some(Content::of(&bytes));
    let small = wanted("small", Some(Content::of(b"small")));
    for (name, in_the_way) in [("large", "large"), ("sub/large", "sub")] {
        let both = vec![wanted(name, large), small.clone()];
        let before_it_lands = async {
            while folders(&stage).is_empty() {
                tokio::task::yield_now().await;
            }
            fs::write(stage.at("downloads").join(in_the_way), b"mine").unwrap();
        };
        let (fetched, ()) = tokio::join!(stage.fetch_all(both), soon(before_it_lands));
        let [one, other] = &fetched.files[..] else { panic!("{fetched:?}") };
        assert!(matches!(one.landed, Err(LandError::Taken | LandError::InTheWay)), "{one:?}");
        assert!(matches!(other.landed, Ok(Landed::New)), "{other:?}");
        assert_eq!(stage.served().await.unwrap().bytes, 20 * MIB as u64 + 5);
        let parts = fs::read_dir(&folders(&stage)[0]).unwrap().count();
        assert_eq!(parts, 3, "a lock, a journal, and the one part without a name");

        fs::remove_file(stage.at("downloads").join(in_the_way)).unwrap();
        let again = stage.fetch_all(vec![wanted(name, large)]).await;
        assert!(landed_new(&again), "{again:?}");
        assert_eq!(stage.served().await.unwrap().bytes, 0, "it came again");
        assert!(fs::read(stage.at("downloads").join(name)).unwrap() == bytes);
        assert!(folders(&stage).is_empty());
        fs::remove_dir_all(stage.at("downloads")).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_files_of_one_content_neither_comes_again_and_neither_stays_behind() {
    let mut stage = Stage::new().await;
    let (twin, large) = (bytes_of(1, 20 * MIB), bytes_of(2, LARGE));
    for (name, bytes) in [("a", &twin), ("b", &twin), ("c", &large)] {
        stage.make(name, bytes);
    }
    stage.publish(Audience::Everyone);
    let all = [("a", &twin), ("b", &twin), ("c", &large)];
    let all = all.map(|(name, bytes)| wanted(name, Some(Content::of(bytes))));
    cut_off(&mut stage, &all).await;
    assert!(landed_new(&stage.fetch_all(all.to_vec()).await));
    let came = stage.served().await.unwrap().bytes;
    assert!(came < LARGE as u64, "{came} came again");
    assert_eq!(stage.tree("downloads"), stage.tree("share"));

    fs::remove_dir_all(stage.at("downloads")).unwrap();
    cut_off(&mut stage, &all).await;
    let [a, _, c] = all;
    for one in [a, c] {
        assert!(landed_new(&stage.fetch_all(vec![one]).await));
    }
    assert_eq!(stage.served().await.unwrap().bytes, 0);
    assert!(folders(&stage).is_empty(), "what was held of the other is of no use");
}

/// `cargo test --test peer -- --ignored --nocapture a_large_file_goes_on_at_once`
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes long"]
async fn a_large_file_goes_on_at_once() {
    let mut stage = Stage::new().await;
    let bytes = bytes_of(1, 2048 * MIB);
    let content = Content::of(&bytes);
    stage.make("large", &bytes);
    drop(bytes);
    stage.publish(Audience::Everyone);
    let all = vec![wanted("large", Some(content))];
    let most_is_held = async {
        while journal(&stage) < 1200 * 44 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::select! {
        _ = stage.fetch_all(all.clone()) => panic!("it was quicker"),
        () = soon(most_is_held) => {}
    }
    let _ = stage.served().await;
    released(&stage).await;
    let part = fs::File::options().write(true).open(folders(&stage)[0].join("0")).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&part, b"other bytes", 1100 * MIB as u64).unwrap();

    let (events, facts) = Events::channel();
    stage.alice = stage.alice.clone().with_events(events);
    let begun = Instant::now();
    let first = std::thread::spawn(move || {
        let is_first = |fact: &Event| matches!(fact, Event::Began { work: Work::Receiving, .. });
        facts.iter().find(is_first).map(|_| begun.elapsed())
    });
    let fetched = stage.fetch_all(all.clone()).await;
    println!("first byte after {:?}, all after {:?}", first.join().unwrap(), begun.elapsed());
    assert!(matches!(fetched.files[0].landed, Err(LandError::Kept)), "{fetched:?}");
    let rest = stage.served().await.unwrap().bytes;
    assert!(rest <= 900 * MIB as u64, "{rest} came again");
    assert!(landed_new(&stage.fetch_all(all).await));
    assert_eq!(stage.served().await.unwrap().bytes, MIB as u64, "only what was not there");
    let landed = fs::File::open(stage.at("downloads/large")).unwrap();
    assert_eq!(of_file(&landed, content.size(), |_| {}).unwrap(), content);
}
