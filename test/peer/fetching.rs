//! What is asked for and served arrives, whatever it is called and however long it is.

use crate::stage::{CHUNK, FetchedFile, MIB, Stage, bytes_of, fetch, path, sharer, user, wanted};
use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use waxwing::model::limits::{GET_ENTRIES, GET_WITHOUT};
use waxwing::model::{Audience, Content, Event, Events, Work};
use waxwing::peer::{Error, LandError, Landed, Rules, ShareFolder, Wanted};
use waxwing::wire::Code;

#[tokio::test(flavor = "multi_thread")]
async fn files_of_all_sizes_and_names_arrive() {
    let long = format!("{}.bin", "n".repeat(251));
    let sizes = [
        ("empty", 0),
        ("one", 1),
        ("border-", CHUNK - 1),
        ("border", CHUNK),
        ("border+", CHUNK + 1),
        ("deep/er/still/leaf", 3 * MIB + 5),
        ("früchte/ä ö ü 日本語 🦜.txt", 70_000),
        (long.as_str(), 12),
    ];
    let mut stage = Stage::new().await;
    for (seed, (name, size)) in (1..).zip(sizes) {
        stage.make(name, &bytes_of(seed, size));
    }
    let published = stage.publish(Audience::Everyone);
    assert_eq!(published.len(), sizes.len());
    let fetched = stage.fetch(&sizes.map(|(name, _)| name)).await;
    assert!(fetched.stopped.is_none(), "{fetched:?}");
    assert!(fetched.files.iter().all(|file| matches!(file.landed, Ok(Landed::New))));
    assert_eq!(stage.tree("downloads"), stage.tree("share"));
    assert_eq!(stage.served().await.unwrap().landed.len(), sizes.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_comes_on_lanes_and_has_the_content_asked_for() {
    let mut stage = Stage::new().await;
    let bytes = bytes_of(1, 40 * MIB + 17);
    stage.make("large", &bytes);
    stage.publish(Audience::Everyone);
    let content = Content::of(&bytes);
    let fetched = stage.fetch_all(vec![wanted("large", Some(content))]).await;
    let [FetchedFile { landed: Ok(Landed::New), content: Some(found), .. }] = &fetched.files[..]
    else {
        panic!("{fetched:?}")
    };
    assert_eq!(*found, content);
    assert!(fs::read(stage.at("downloads/large")).unwrap() == bytes);
    assert_eq!(stage.served().await.unwrap().bytes, bytes.len() as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_files_come_as_one_stream() {
    let mut stage = Stage::new().await;
    let names: Vec<String> =
        (0..3 * GET_ENTRIES + 100).map(|at| format!("{}/{at}", at % 7)).collect();
    let named: Vec<(&str, Vec<u8>)> =
        names.iter().zip(0..).map(|(name, seed)| (name.as_str(), bytes_of(seed, 100))).collect();
    for (name, bytes) in &named {
        stage.make(name, bytes);
    }
    stage.publish(Audience::Everyone);
    let known = named.iter().map(|(name, bytes)| wanted(name, Some(Content::of(bytes))));
    let unknown = named.iter().map(|(name, _)| wanted(name, None));
    for all in [known.collect(), unknown.collect::<Vec<_>>()] {
        let fetched = stage.fetch_all(all).await;
        assert!(fetched.stopped.is_none(), "{:?}", fetched.stopped);
        assert_eq!(fetched.files.len(), names.len());
        assert!(stage.tree("downloads") == stage.tree("share"));
        assert_eq!(stage.served().await.unwrap().landed.len(), names.len());
        fs::remove_dir_all(stage.at("downloads")).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_go_where_they_are_wanted_and_what_is_here_is_not_asked_for() {
    let mut stage = Stage::new().await;
    for name in ["deep/er/same", "deep/er/other", "deep/er/new"] {
        stage.make(name, name.as_bytes());
    }
    stage.publish(Audience::Everyone);
    fs::create_dir(stage.at("downloads")).unwrap();
    fs::write(stage.at("downloads/same"), b"deep/er/same").unwrap();
    fs::write(stage.at("downloads/other"), b"mine").unwrap();
    let all = ["same", "other", "new"].map(|name| {
        let from = format!("deep/er/{name}");
        Wanted {
            path: path(&from),
            content: Some(Content::of(from.as_bytes())),
            most: u64::MAX,
            to: path(name),
        }
    });
    let fetched = stage.fetch_all(all.to_vec()).await;
    assert!(fetched.stopped.is_none());
    let of = |name| fetched.files.iter().find(|file| file.wanted.to == path(name)).unwrap();
    assert!(matches!(of("same").landed, Ok(Landed::Already)));
    assert!(matches!(of("other").landed, Err(LandError::Taken)));
    assert!(matches!(of("new").landed, Ok(Landed::New)));
    assert_eq!(stage.served().await.unwrap().landed, [path("deep/er/new")]);
    assert_eq!(fs::read(stage.at("downloads/other")).unwrap(), b"mine");

    let landing = stage.landing(Rules { overwrite: true, programs: false });
    let again = fetch(&stage.alice, &stage.streams, stage.share, all.to_vec(), &landing).await;
    let of = |name| again.files.iter().find(|file| file.wanted.to == path(name)).unwrap();
    assert!(matches!(of("other").landed, Ok(Landed::Replaced)), "{again:?}");
    assert_eq!(stage.served().await.unwrap().landed, [path("deep/er/other")]);
    assert_eq!(stage.names("downloads"), ["new", "other", "same"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_that_would_have_one_place_are_not_asked_for() {
    let stage = Stage::new().await;
    let to = |from: &str, to: &str| Wanted { to: path(to), ..wanted(from, None) };
    for both in [[to("a", "x"), to("b", "X")], [to("a", "x"), to("a", "y")]] {
        let fetched = stage.fetch_all(both.to_vec()).await;
        assert!(matches!(fetched.stopped, Some(Error::Together(_))), "{fetched:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_is_told_on_both_sides() {
    let (bobs, at_bob) = Events::channel();
    let (alices, at_alice) = Events::channel();
    let mut stage = Stage::with(sharer("bob").with_events(bobs), |_| {}).await;
    stage.alice = stage.alice.clone().with_events(alices);
    let bytes = bytes_of(1, 3 * MIB);
    stage.make("a/file", &bytes);
    stage.publish(Audience::Everyone);
    assert!(stage.fetch(&["a/file"]).await.stopped.is_none());
    stage.served().await.unwrap();
    for (told, doing) in [(at_bob, Work::Sending), (at_alice, Work::Receiving)] {
        let told: Vec<Event> = told.try_iter().collect();
        let Some(Event::Began { work, name, total, .. }) = told.first() else { panic!("{told:?}") };
        assert_eq!((*work, &*name.to_string(), *total), (doing, "a/file", bytes.len() as u64));
        assert!(matches!(told.last(), Some(Event::Ended { complete: true, .. })), "{told:?}");
    }
}

/// Of each file the last that was told, how far the whole has come, and how it ended.
type Heard = (BTreeMap<String, (u64, u64)>, u64, Option<bool>);

fn heard(told: &Receiver<Event>, wanted: Work) -> Heard {
    let (mut files, mut done, mut ended, mut ours) = (BTreeMap::new(), 0, None, None);
    for event in told.try_iter() {
        match event {
            Event::Began { task, work, name, total, files, with } if work == wanted => {
                let all = (name.to_string(), with.map(|with| with.to_string()), total, files);
                let with = if work == Work::Sending { "alice" } else { "bob" };
                let bytes = 2 * LARGE + 1;
                assert_eq!(all, ("3 files".to_owned(), Some(with.to_owned()), bytes, 3));
                ours = Some(task);
            }
            Event::File { task, name, done, total, .. } if ours == Some(task) => {
                files.insert(name.to_string(), (done, total));
            }
            Event::Advanced { task, done: now } if ours == Some(task) => done = now,
            Event::Ended { task, complete } if ours == Some(task) => ended = Some(complete),
            _ => {}
        }
    }
    (files, done, ended)
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_files_each_large_one_is_told_on_both_sides() {
    let (bobs, at_bob) = Events::channel();
    let (alices, at_alice) = Events::channel();
    let mut stage = Stage::with(sharer("bob").with_events(bobs), |_| {}).await;
    stage.alice = stage.alice.clone().with_events(alices).with_person(&user("bob"));
    let names = ["a", "b", "c"];
    for (name, size) in names.into_iter().zip([LARGE, LARGE, 1]) {
        stage.make(name, &bytes_of(size, size as usize));
    }
    stage.publish(Audience::Everyone);
    assert!(stage.fetch(&names).await.stopped.is_none());
    stage.served().await.unwrap();
    for (told, doing) in [(at_bob, Work::Sending), (at_alice, Work::Receiving)] {
        let (files, done, complete) = heard(&told, doing);
        assert_eq!((files["a"], files["b"]), ((LARGE, LARGE), (LARGE, LARGE)), "{files:?}");
        assert_eq!((done, complete), (2 * LARGE + 1, Some(true)), "{doing:?}");
    }
}

/// As large as files of which the end is told at least.
const LARGE: u64 = 5 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn what_some_files_are_refused_for_keeps_no_other_from_coming() {
    let mut stage = Stage::new().await;
    let names: Vec<String> = (0..40).map(|at| format!("folder/{at:02}")).collect();
    names.iter().for_each(|name| drop(stage.make(name, name.as_bytes())));
    stage.publish(Audience::Everyone);
    // One was edited since, and some are gone.
    fs::write(stage.at("share/folder/07"), b"edited").unwrap();
    let gone = 20..32;
    gone.clone().for_each(|at| fs::remove_file(stage.at(&format!("share/folder/{at}"))).unwrap());
    let known = |name: &String| wanted(name, Some(Content::of(name.as_bytes())));
    let fetched = stage.fetch_all(names.iter().map(known).collect()).await;
    assert!(matches!(&fetched.stopped, Some(error) if error.is_source_changed()), "{fetched:?}");
    assert!(fetched.files.iter().all(|file| matches!(file.landed, Ok(Landed::New))));
    let rest = (0..40).filter(|at| *at != 7 && !gone.contains(at));
    let rest = rest.map(|at| format!("folder/{at:02}"));
    let rest: Vec<_> = std::iter::once("folder/".to_owned()).chain(rest).collect();
    assert_eq!(stage.names("downloads"), rest);
    assert_eq!(stage.served().await.unwrap().landed.len(), 27, "in one stream");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_still_being_read_can_be_had_later_and_the_rest_now() {
    let mut stage = Stage::new().await;
    stage.make("read", b"known");
    let published = stage.publish(Audience::Everyone);
    let [share] = stage.bob.shelf().shares().try_into().unwrap();
    let folder = Arc::new(ShareFolder::open(&stage.at("share")).unwrap());
    let unread = [path("unread")].into();
    stage.bob.shelf().put_part(share, folder, (published, unread));
    let fetched = stage.fetch(&["unread", "read"]).await;
    let told =
        "the other side refuses: it is still being read there; when that is done, it can be had";
    let is_unread = |why: &Option<Error>| {
        let Some(why @ Error::Refused { code: Code::Busy, .. }) = why else { return false };
        why.may_pass() && why.to_string() == told
    };
    assert!(is_unread(&fetched.stopped), "{fetched:?}");
    assert_eq!(stage.names("downloads"), ["read"]);
    stage.served().await.unwrap();
    let alone = stage.fetch(&["unread"]).await.stopped;
    assert!(is_unread(&alone), "{alone:?}");
    let none = stage.fetch(&["neither"]).await.stopped;
    assert!(matches!(none, Some(Error::Refused { code: Code::NotFound, .. })), "{none:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_may_be_had_it_is_asked_for_once() {
    let mut stage = Stage::new().await;
    stage.make("a", b"one");
    stage.publish(Audience::Everyone);
    let fetched = stage.fetch_all((0..2000).map(|at| wanted(&at.to_string(), None)).collect());
    assert!(matches!(fetched.await.stopped, Some(Error::Refused { code: Code::NotFound, .. })));
    assert!(matches!(stage.served().await, Err(Error::Declined(Code::NotFound))));
    assert!(stage.fetch(&["a"]).await.stopped.is_none());
    stage.served().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn when_too_many_have_changed_to_be_told_the_rest_is_for_another_request() {
    let stage = Stage::new().await;
    let names: Vec<String> = (0..2200).map(|at| format!("{at:04}")).collect();
    for (at, name) in names.iter().enumerate() {
        if at % 2 == 0 {
            stage.make(name, b"here");
        }
    }
    stage.publish(Audience::Everyone);
    let all: Vec<_> = names.iter().map(|name| wanted(name, None)).collect();
    let first = stage.fetch_all(all.clone()).await;
    assert_eq!(first.files.len(), GET_WITHOUT - 1);
    let second = stage.fetch_all(all[2 * first.files.len()..].to_vec()).await;
    assert_eq!(first.files.len() + second.files.len(), 1100);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_changes_in_the_middle_of_a_stream_stays_away_from_the_next() {
    let (events, told) = Events::channel();
    let stage = Stage::with(sharer("bob").with_events(events), |_| {}).await;
    stage.make("small", b"small");
    let at = stage.make("vast", b"");
    // Nothing of it is on the disk, and its end is far.
    let vast = fs::File::options().write(true).open(&at).unwrap();
    vast.set_len(4 << 30).unwrap();
    stage.publish_unread();
    std::thread::spawn(move || {
        told.iter().find(|event| matches!(event, Event::Began { .. })).unwrap();
        vast.set_len(9).unwrap();
        told.iter().for_each(drop);
    });
    let fetched = stage.fetch(&["vast", "small"]).await;
    assert!(matches!(&fetched.stopped, Some(error) if error.is_source_changed()), "{fetched:?}");
    assert_eq!(fetched.files.len(), 1);
    assert_eq!(fs::read(stage.at("downloads/small")).unwrap(), b"small");
}
