//! What is not served: to whom it is not meant, and what is not any more what was published.

use crate::stage::{Fetched, Stage, bytes_of, path, sharer, user, wanted};
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use waxwing::model::{Audience, Content, Event, Events, ShareId};
use waxwing::peer::{Allowance, Error};
use waxwing::wire::Code;

/// The reason for which nothing came; and that nothing did.
fn refused(stage: &Stage, fetched: Fetched) -> Code {
    assert!(fetched.files.is_empty(), "{fetched:?}");
    assert_eq!(stage.names("downloads"), [""; 0]);
    match fetched.stopped {
        Some(Error::Refused { code, .. }) => code,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_and_what_is_not_for_the_asker_is_answered_alike() {
    let carol_only = || Audience::people([user("carol")]).unwrap();
    let mut stage = Stage::new().await;
    stage.make("a", b"for everyone");
    fs::write(stage.at("secret"), b"beside the share").unwrap();

    // No such share, no such path, not in the audience.
    assert_eq!(refused(&stage, stage.fetch(&["a"]).await), Code::NotFound);
    stage.publish(Audience::Everyone);
    for elsewhere in ["b", "a/a", "share/a", "secret", "A"] {
        assert_eq!(refused(&stage, stage.fetch(&[elsewhere]).await), Code::NotFound);
    }
    stage.publish(carol_only());
    assert_eq!(refused(&stage, stage.fetch(&["a"]).await), Code::NotFound);
    assert!(stage.bob.shelf().find(&user("carol"), stage.share, &path("a")).is_some());
    assert!(stage.bob.shelf().find(&user("bob"), stage.share, &path("a")).is_some(), "his own");

    stage.publish(Audience::people([user("alice")]).unwrap());
    stage.bob.shelf().remove(ShareId::from_bytes([7; 16]));
    assert_eq!(refused(&stage, stage.fetch(&["a"]).await), Code::NotFound, "not any more");
    for _ in 0..8 {
        assert!(matches!(stage.served().await, Err(Error::Declined(Code::NotFound))));
    }
    stage.publish(Audience::people([user("alice")]).unwrap());
    assert!(stage.fetch(&["a"]).await.stopped.is_none());
}

/// What happens to a file after it was published.
type Change = fn(&Path);

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_what_was_published_is_not_sent() {
    let changes: [(&str, Change, Code); 9] = [
        ("edited with its times put back", edit_and_put_back, Code::SourceChanged),
        ("shorter", |at| open(at).set_len(3).unwrap(), Code::SourceChanged),
        ("written", |at| fs::write(at, b"other byte").unwrap(), Code::SourceChanged),
        ("longer", |at| fs::write(at, b"many other bytes").unwrap(), Code::SourceChanged),
        ("gone", |at| fs::remove_file(at).unwrap(), Code::NotFound),
        (
            "replaced by rename",
            |at| {
                fs::write(at.with_extension("new"), b"same bytes").unwrap();
                fs::rename(at.with_extension("new"), at).unwrap();
            },
            Code::SourceChanged,
        ),
        (
            "now a link to the same",
            |at| {
                fs::rename(at, at.with_extension("old")).unwrap();
                symlink(at.with_extension("old"), at).unwrap();
            },
            Code::SourceChanged,
        ),
        (
            "now a folder",
            |at| {
                fs::remove_file(at).unwrap();
                fs::create_dir(at).unwrap();
            },
            Code::SourceChanged,
        ),
        (
            "now a pipe",
            |at| {
                fs::remove_file(at).unwrap();
                let made = std::process::Command::new("mkfifo").arg(at).status().unwrap();
                assert!(made.success());
            },
            Code::SourceChanged,
        ),
    ];
    for (what, change, code) in changes {
        let stage = Stage::new().await;
        let at = stage.make("below/file", b"same bytes");
        stage.publish(Audience::Everyone);
        change(&at);
        assert_eq!(refused(&stage, stage.fetch(&["below/file"]).await), code, "{what}");
        // Once its owner has looked again, there is what is there.
        stage.publish(Audience::Everyone);
        let again = stage.fetch(&["below/file"]).await;
        match again.stopped {
            None => assert_eq!(stage.names("downloads"), ["below/", "below/file"], "{what}"),
            Some(_) => assert_eq!(refused(&stage, again), Code::NotFound, "{what}"),
        }
    }
}

/// As many bytes, others, and the same time of the last change as before.
fn edit_and_put_back(at: &Path) {
    let before = fs::metadata(at).unwrap().modified().unwrap();
    fs::write(at, b"same size!").unwrap();
    open(at).set_modified(before).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_cut_while_it_is_sent_comes_to_nothing_on_both_sides() {
    let (events, told) = Events::channel();
    let mut stage = Stage::with(sharer("bob").with_events(events), |_| {}).await;
    let at = stage.make("long", b"");
    // Nothing of it is on the disk, and its end is far.
    open(&at).set_len(4 << 30).unwrap();
    stage.publish_unread();
    std::thread::spawn(move || {
        told.iter().find(|event| matches!(event, Event::Began { .. })).unwrap();
        open(&at).set_len(9).unwrap();
        told.iter().for_each(drop);
    });
    let error = stage.fetch(&["long"]).await.stopped.expect("it came");
    assert!(error.is_source_changed(), "{error}");
    let served = stage.served().await.unwrap_err();
    assert!(served.is_source_changed(), "{served}");
    let names = stage.names("downloads");
    assert!(names.iter().all(|name| name.starts_with(".waxwing-")), "{names:?}");
}

fn open(at: &Path) -> File {
    File::options().write(true).open(at).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_link_is_followed_on_the_way_to_a_file() {
    let stage = Stage::new().await;
    stage.make("below/file", b"bytes");
    stage.publish(Audience::Everyone);
    // The very same file, by way of a link that was planted since.
    fs::rename(stage.at("share/below"), stage.at("elsewhere")).unwrap();
    symlink(stage.at("elsewhere"), stage.at("share/below")).unwrap();
    let code = refused(&stage, stage.fetch(&["below/file"]).await);
    assert_eq!(code, Code::SourceChanged);
    fs::remove_file(stage.at("share/below")).unwrap();
    fs::rename(stage.at("elsewhere"), stage.at("share/below")).unwrap();
    assert!(stage.fetch(&["below/file"]).await.stopped.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_content_than_the_one_wanted_is_not_sent() {
    let stage = Stage::new().await;
    stage.make("a", b"five!");
    stage.publish(Audience::Everyone);
    for other in [Content::of(b"other"), Content::of(b"another length")] {
        let fetched = stage.fetch_all(vec![wanted("a", Some(other))]).await;
        assert_eq!(refused(&stage, fetched), Code::SourceChanged);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_file_that_is_shared_alone_shows_nothing_of_its_folder() {
    let stage = Stage::new().await;
    let at = stage.make("only", b"this one");
    stage.make("beside", b"not this one");
    let published = stage.publish_at(&at, Audience::Everyone);
    assert_eq!(published.len(), 1);
    assert_eq!(refused(&stage, stage.fetch(&["beside"]).await), Code::NotFound);
    assert!(stage.fetch(&["only"]).await.stopped.is_none());
    assert_eq!(stage.names("downloads"), ["only"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_has_so_many_streams_a_minute_and_the_next_one_later() {
    let bob = sharer("bob").with_allowance(Allowance { a_minute: 2, ..Allowance::SERVING });
    let stage = Stage::with(bob, |_| {}).await;
    for (seed, name) in (1..).zip(["a", "b", "c"]) {
        stage.make(name, &bytes_of(seed, 10));
    }
    stage.publish(Audience::Everyone);
    for name in ["a", "b"] {
        assert!(stage.fetch(&[name]).await.stopped.is_none());
    }
    let fetched = stage.fetch(&["c"]).await;
    let Some(Error::Refused { code, .. }) = fetched.stopped else { panic!("{fetched:?}") };
    assert_eq!((code, code.is_permanent()), (Code::Busy, false));
}
