//! The catalog with the real index: what people publish is found by those who may find it, when
//! lines break, and when the index restarts or is an older one.

use crate::ground::{FIRST, Ground, fresh, soon};
use crate::stub::{identity, password, user};
use std::collections::BTreeSet;
use waxwing::index::store::Place;
use waxwing::model::{
    Audience, Content, Entry, EntryPath, FileKind, Keywords, Modified, Name, Share, ShareId,
};
use waxwing::node::index::{
    Age, Error, Found, IndexSession, LoggedOut, News, NewsStream, Query, Section, Status, Summary,
};
use waxwing::wire::Code;

fn share(name: &str) -> Share {
    let keywords = Keywords::new(["Australia".parse().unwrap()]).unwrap();
    let (id, name) = (ShareId::random(), Name::new(name).unwrap());
    Share { id, name, keywords, audience: Audience::Everyone }
}

/// A file that holds this.
fn file(path: &str, text: &str) -> Entry {
    let content = Content::of(text.as_bytes());
    let path = EntryPath::parse(path).unwrap();
    let entry = Entry::new(path, content.size(), Modified::from_nanos(1 << 60)).unwrap();
    entry.with_content(Some(content.id()))
}

fn many(count: usize) -> Vec<Entry> {
    (0..count).map(|n| file(&format!("album/koala{n:05}.jpg"), &n.to_string())).collect()
}

fn paths(found: &[Found]) -> Vec<String> {
    found.iter().map(|found| found.sources[0].entry.path().to_string()).collect()
}

/// What the index itself finds.
async fn find(session: &IndexSession, query: &Query) -> Vec<String> {
    let findings = fresh(session, async || session.search(query).await).await;
    let mut found = paths(&findings.results);
    found.sort();
    found
}

async fn words(session: &IndexSession, words: &str) -> Vec<String> {
    find(session, &Query::new(words)).await
}

async fn until_published(news: &mut NewsStream) -> Summary {
    loop {
        if let News::Published { summary, .. } = soon(news.next()).await.unwrap() {
            return summary;
        }
    }
}

async fn until_status(news: &mut NewsStream, so: impl Fn(&Status) -> bool) {
    loop {
        match soon(news.next()).await.unwrap() {
            News::Status(status) if so(&status) => return,
            _ => {}
        }
    }
}

#[tokio::test]
async fn what_is_published_is_found_by_those_who_may_find_it() {
    let ground = Ground::new();
    let (alice, bob) = (ground.member("alice").await, ground.member("bob").await);
    let photos = share("Photos");
    let files = vec![
        file("zoo/KoalaBear_2024.JPG", "a koala"),
        file("zoo/wombat.jpg", "a wombat"),
        file("readme.txt", "read me"),
    ];
    let summary = soon(alice.publish(photos.clone(), files.clone())).await;
    assert_eq!(summary, Ok(Summary { added: 3, ..Summary::default() }));
    soon(alice.go_online(Some(7400))).await.unwrap();
    let koala = ["zoo/KoalaBear_2024.JPG"];
    for text in ["koala", "KOALA bear", "koal*", "koalabear", "2024 zoo", "photos koala"] {
        assert_eq!(words(&bob, text).await, koala, "{text}");
    }
    assert_eq!(words(&bob, "australia").await.len(), 3);
    let images = Query { kind: Some(FileKind::Image), ..Query::new("zoo") };
    assert_eq!(find(&bob, &images).await.len(), 2);
    let of_bob = Query { owner: Some(user("bob")), ..Query::default() };
    assert!(find(&bob, &of_bob).await.is_empty());
    let findings = soon(bob.search(&Query::new("koala unicorn"))).await.unwrap().value;
    assert_eq!(findings.nothing.iter().map(ToString::to_string).collect::<Vec<_>>(), ["unicorn"]);

    let findings = soon(bob.search(&Query::new("koala"))).await.unwrap().value;
    let best = &findings.results[0].sources[0];
    assert_eq!(best.owner.identity, identity("alice").fingerprint());
    assert_eq!(best.owner.addresses[0].to_string(), "192.0.2.1:7400");
    assert_eq!((best.share.id, &best.share.name), (photos.id, &photos.name));
    assert_eq!(best.entry, files[0]);
    let located = soon(bob.locate(&Content::of(b"a koala"))).await.unwrap().unwrap();
    assert_eq!(located, findings.results[0]);
    let listing = soon(bob.browse(&user("alice"), Section::default(), 100)).await.unwrap().unwrap();
    let listed: Vec<_> = listing.entries.iter().map(|it| it.entry.path().to_string()).collect();
    assert_eq!(listed, ["readme.txt", "zoo/KoalaBear_2024.JPG", "zoo/wombat.jpg"]);

    // Another content, another file, and one gone.
    let next = vec![files[0].clone(), file("zoo/wombat.jpg", "another wombat"), file("emu", "emu")];
    let summary = soon(alice.publish(photos.clone(), next.clone())).await;
    assert_eq!(summary, Ok(Summary { added: 1, changed: 1, removed: 1, unchanged: 1 }));
    assert_eq!(soon(bob.locate(&Content::of(b"a wombat"))).await, Ok(None));
    assert!(soon(bob.locate(&Content::of(b"another wombat"))).await.unwrap().is_some());
    assert!(words(&bob, "readme").await.is_empty());
    assert_eq!(words(&bob, "emu").await, ["emu"]);

    // For one person alone, who is not Bob.
    let carol = ground.member("mallory").await;
    let audience = Audience::people([user("mallory")]).unwrap();
    let narrow = Share { audience, ..photos.clone() };
    assert_eq!(soon(alice.publish(narrow, next)).await.unwrap().unchanged, 3);
    assert!(words(&bob, "koala").await.is_empty());
    assert_eq!(soon(bob.locate(&Content::of(b"a koala"))).await, Ok(None));
    for session in [&alice, &carol] {
        assert_eq!(words(session, "koala").await, koala);
    }
    soon(alice.unpublish(photos.id)).await.unwrap();
    for session in [&alice, &carol] {
        assert!(words(session, "koala").await.is_empty());
    }
    assert!(soon(alice.shares()).await.unwrap().is_empty());
    ground.stop().await;
}

#[tokio::test]
async fn what_the_index_refuses_is_told() {
    let ground = Ground::new();
    let alice = ground.member("alice").await;
    soon(alice.publish(share("photos"), many(1))).await.unwrap();
    let taken = soon(alice.publish(share("photos"), many(1))).await.unwrap_err();
    assert!(matches!(taken, Error::Refused { code: Code::NameTaken, .. }), "{taken}");
    let audience = Audience::people([user("nobody")]).unwrap();
    let unknown = Share { audience, ..share("films") };
    let refused = soon(alice.publish(unknown.clone(), many(1))).await.unwrap_err();
    assert!(matches!(refused, Error::Refused { code: Code::NotFound, .. }), "{refused}");
    // Then it is for everyone after all.
    let films = Share { audience: Audience::Everyone, ..unknown };
    assert_eq!(soon(alice.publish(films, many(2))).await.unwrap().added, 2);
    assert_eq!(soon(alice.shares()).await.unwrap().len(), 2);
    ground.stop().await;
}

#[tokio::test]
async fn two_shares_swap_their_names() {
    let ground = Ground::new();
    let (alice, bob) = (ground.member("alice").await, ground.member("bob").await);
    let (photos, films) = (share("photos"), share("films"));
    let (koala, emu) = (vec![file("koala", "koala")], vec![file("emu", "emu")]);
    soon(alice.publish(photos.clone(), koala.clone())).await.unwrap();
    soon(alice.publish(films.clone(), emu.clone())).await.unwrap();
    let swapped = (
        Share { name: films.name.clone(), ..photos.clone() },
        Share { name: photos.name.clone(), ..films },
    );
    let mut news = alice.news();
    let refused = soon(alice.publish(swapped.0, koala)).await.unwrap_err();
    assert!(matches!(refused, Error::Refused { code: Code::NameTaken, .. }), "{refused}");
    soon(alice.publish(swapped.1, emu)).await.unwrap();
    assert_eq!(until_published(&mut news).await.unchanged, 1);
    assert_eq!(words(&bob, "films").await, ["koala"]);
    assert_eq!(words(&bob, "photos").await, ["emu"]);
    ground.stop().await;
}

#[tokio::test]
async fn nothing_is_sent_again_after_a_restart_and_what_was_found_is_known_meanwhile() {
    let mut ground = Ground::new();
    let (alice, bob) = (ground.member("alice").await, ground.member("bob").await);
    let photos = share("photos");
    soon(alice.publish(photos.clone(), many(3000))).await.unwrap();
    let query = Query::new("koala00007");
    assert_eq!(find(&bob, &query).await.len(), 1);
    let state = soon(alice.shares()).await.unwrap()[0].state;
    let (mut alices, mut bobs) = (alice.news(), bob.news());
    ground.close().await;
    until_status(&mut bobs, |status| matches!(status, Status::Away(_))).await;
    let seen = soon(bob.search(&query)).await.unwrap();
    assert!(matches!(seen.age, Age::Cached { .. }));
    assert_eq!(paths(&seen.value.results), ["album/koala00007.jpg"]);
    ground.open();
    until_status(&mut alices, |status| matches!(status, Status::Here(_))).await;
    assert_eq!(find(&bob, &query).await.len(), 1);
    let shares = soon(alice.shares()).await.unwrap();
    assert_eq!((shares[0].state, shares[0].entries), (state, 3000));
    let mut next = many(3000);
    next.remove(7);
    assert_eq!(soon(alice.publish(photos, next)).await.unwrap().removed, 1);
    assert!(find(&bob, &query).await.is_empty());
    ground.stop().await;
}

#[tokio::test]
async fn an_older_backup_is_brought_to_what_is_wished() {
    let folder = tempfile::tempdir().unwrap();
    let mut ground = Ground::at(Place::File(folder.path().join("index.db")));
    let (alice, bob) = (ground.member("alice").await, ground.member("bob").await);
    let (photos, films) = (share("photos"), share("films"));
    let first = vec![file("koala.jpg", "koala"), file("emu.jpg", "emu")];
    soon(alice.publish(photos.clone(), first)).await.unwrap();
    let backup = folder.path().join("backup.db");
    ground.back_up(&backup).await;
    let second = vec![file("koala.jpg", "koala"), file("wombat.jpg", "wombat")];
    soon(alice.publish(photos, second)).await.unwrap();
    soon(alice.publish(films, vec![file("koala.mp4", "film")])).await.unwrap();
    let mut news = alice.news();
    ground.restore(&backup).await;
    // A backup brings back no sessions.
    until_status(&mut news, |status| *status == Status::LoggedOut(LoggedOut::Over)).await;
    for (session, name) in [(&alice, "alice"), (&bob, "bob")] {
        soon(session.login(&user(name), &password(FIRST))).await.unwrap();
    }
    // Both shares, of themselves.
    until_published(&mut news).await;
    until_published(&mut news).await;
    assert_eq!(words(&bob, "koala").await, ["koala.jpg", "koala.mp4"]);
    assert_eq!(words(&bob, "jpg").await, ["koala.jpg", "wombat.jpg"]);
    ground.stop().await;
}

#[tokio::test]
async fn a_sync_of_several_parts_that_is_interrupted_is_seen_wholly_or_not_at_all() {
    let ground = Ground::new();
    let (alice, bob) = (ground.member("alice").await, ground.member("bob").await);
    let photos = share("photos");
    soon(alice.publish(photos.clone(), vec![file("emu.jpg", "emu")])).await.unwrap();
    // Somewhere in the second of five parts, and soon again.
    let tries = ground.net.tries().len();
    let mut bobs = bob.news();
    ground.net.cut_after(350_000);
    let publishing = tokio::spawn({
        let (alice, photos) = (alice.clone(), photos.clone());
        async move { alice.publish(photos, many(9000)).await }
    });
    until_status(&mut bobs, |status| matches!(status, Status::Away(_))).await;
    ground.net.cut_after(150_000);
    let summary = soon(publishing).await.unwrap().unwrap();
    assert_eq!((summary.added, summary.removed), (9000, 1));
    // Alice dialled three times, and Bob did.
    assert!(ground.net.tries().len() >= tries + 4);
    let shares = soon(alice.shares()).await.unwrap();
    assert_eq!((shares.len(), shares[0].entries), (1, 9000));
    for (text, count) in [("koala00000", 1), ("koala08999", 1), ("emu", 0)] {
        assert_eq!(words(&bob, text).await.len(), count, "{text}");
    }
    let next = many(8999);
    assert_eq!(soon(alice.publish(photos, next)).await.unwrap().removed, 1);
    ground.stop().await;
}

#[tokio::test]
async fn pages_over_a_restart_hold_everything_once() {
    let mut ground = Ground::new();
    let (alice, bob) = (ground.member("alice").await, ground.member("bob").await);
    let photos = share("photos");
    soon(alice.publish(photos.clone(), many(250))).await.unwrap();
    let query = Query { most: 40, ..Query::new("album") };
    let findings = fresh(&bob, async || bob.search(&query).await).await;
    let (mut found, mut more) = (paths(&findings.results), findings.more.unwrap());
    let mut round = 0;
    while !more.is_over() {
        assert!(round < 20, "it does not end");
        if round % 2 == 1 {
            ground.close().await;
            ground.open();
        }
        if round == 2 {
            // What comes meanwhile may be there, and what was there is.
            let more = many(251);
            soon(alice.publish(photos.clone(), more)).await.unwrap();
        }
        found.extend(paths(&soon(bob.more(&mut more)).await.unwrap()));
        round += 1;
    }
    let all: BTreeSet<_> = found.iter().cloned().collect();
    assert_eq!(all.len(), found.len());
    for entry in many(250) {
        assert!(all.contains(&entry.path().to_string()), "{entry:?}");
    }
    ground.stop().await;
}
