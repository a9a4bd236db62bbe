//! What a person limits: how fast files come and leave; and with whom what they get is shared.

use crate::town::{PASSWORD, Town, open, options, password, user};
use std::fs;
use std::path::Path;
use std::time::Instant;
use waxwing::crypto::key_file::Protection;
use waxwing::link::Rates;
use waxwing::model::{Audience, Content, Name};
use waxwing::node::index::Query;
use waxwing::node::{Config, Error, GetRules, Options, Receive, User, Wanted};

async fn person(town: &Town, name: &str, config: Config, rates: Rates) -> User {
    let options = Options { rates, ..options() };
    let person = User::open(town.home(name), config, Protection::NoneAsked, options).unwrap();
    person.join(&town.index, &user(name), &password(PASSWORD), None).await.unwrap();
    person
}

fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// Shares this, is online, and has published it.
async fn shares(person: &User, at: &Path, bytes: &[u8]) {
    write(at, bytes);
    let share = person.add_share(at.parent().unwrap(), &[], Audience::Everyone).unwrap();
    person.go_online(false).await.unwrap();
    person.look_at(&share).await.unwrap().published.unwrap();
}

fn wanted(bytes: &[u8]) -> [Wanted; 1] {
    let content = Content::of(bytes);
    [Wanted::parse_content(&format!("{}:{}", content.id(), content.size())).unwrap()]
}

/// On lanes and on the channel, on either side.
#[tokio::test(flavor = "multi_thread")]
async fn a_limited_transfer_arrives_whole_and_is_no_faster_than_its_limit() {
    const RATE: u64 = 2_000_000;
    let limited = Rates { up: None, down: Some(RATE) };
    for (size, ours, theirs) in [
        (5_000_000, limited, Rates::default()),
        (3_000_000, limited, Rates::default()),
        (5_000_000, Rates::default(), Rates { up: Some(RATE), down: None }),
        (3_000_000, Rates::default(), Rates { up: Some(RATE), down: None }),
    ] {
        let town = Town::new().await;
        let alice = person(&town, "alice", Config::default(), theirs).await;
        let bob = person(&town, "bob", Config::default(), ours).await;
        let film: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
        shares(&alice, &town.path("films/film"), &film).await;
        let began = Instant::now();
        let got = bob.get(&wanted(&film), &GetRules::default()).await.unwrap();
        let rate = size as f64 / began.elapsed().as_secs_f64();
        assert!(got[0].landed.is_ok(), "{got:?}");
        assert!(fs::read(town.path("bob/downloads/film")).unwrap() == film);
        assert!(rate <= RATE as f64 * 1.25, "{rate} bytes a second");
        for person in [alice, bob] {
            person.go_offline().await;
            person.close().await;
        }
        town.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_does_not_wait_for_the_limit() {
    let town = Town::new().await;
    let slow = Rates { up: Some(64_000), down: None };
    let alice = person(&town, "alice", Config::default(), slow).await;
    let bob = person(&town, "bob", Config::default(), Rates::default()).await;
    let film = vec![7; 20_000_000];
    shares(&alice, &town.path("films/film"), &film).await;
    let wanted = wanted(&film);
    let rules = GetRules::default();
    let get = bob.get(&wanted, &rules);
    let while_it_comes = async {
        while !fs::read_dir(town.path("bob/downloads")).is_ok_and(|all| all.count() > 0) {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        got = get => panic!("{got:?}"),
        () = while_it_comes => {}
    }
    // It would take five minutes.
    let began = Instant::now();
    for person in [bob, alice] {
        person.go_offline().await;
        person.close().await;
    }
    assert!(began.elapsed().as_secs() < 30);
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_gets_is_found_at_ones_own_when_it_is_wanted_and_nothing_else_is() {
    let town = Town::new().await;
    let none = Rates::default();
    let alice = person(&town, "alice", Config::default(), none).await;
    let mallory = person(&town, "mallory", Config::default(), none).await;
    let share =
        |with| Config { share_downloads: with, receive: Receive::Verified, ..Config::default() };
    let bob = person(&town, "bob", share(Some(Audience::Everyone)), none).await;
    shares(&alice, &town.path("films/koala"), b"a koala").await;
    write(&town.path("bob/downloads/koala-diary"), b"my own");

    let shared = bob.see_to_shared_downloads().await.unwrap().expect("it is new");
    assert!(bob.see_to_shared_downloads().await.unwrap().is_none(), "and not anew");
    bob.go_online(false).await.unwrap();
    let got = bob.get(&wanted(b"a koala"), &GetRules::default()).await.unwrap();
    assert!(got[0].landed.is_ok(), "{got:?}");
    bob.look_at(&shared).await.unwrap().published.unwrap();
    alice.remove_share(&Name::new("films").unwrap()).await.unwrap();
    alice.go_offline().await;

    let koala = Query::new("koala");
    let got = mallory.get_all(&koala, &GetRules::default()).await.unwrap();
    let [only] = &got[..] else { panic!("more is found: {got:?}") };
    assert!(only.landed.is_ok(), "{got:?}");
    assert_eq!(only.from.as_ref().unwrap().user, user("bob"));
    assert_eq!(fs::read(town.path("mallory/downloads/koala")).unwrap(), b"a koala");

    // What was changed since is not what was got.
    write(&town.path("bob/downloads/koala"), b"a koala, and what I think of it");
    bob.look_at(&shared).await.unwrap().published.unwrap();
    let found = mallory.get_all(&koala, &GetRules::default()).await;
    assert!(found.as_ref().map_or(true, Vec::is_empty), "{found:?}");

    // Wanted no more, it is shared no more.
    bob.go_offline().await;
    bob.close().await;
    let bob = open(town.home("bob"), share(None));
    assert!(bob.see_to_shared_downloads().await.unwrap().is_none());
    assert!(bob.shares().unwrap().is_empty());
    assert!(matches!(bob.look_at(&shared).await, Err(Error::NoShare(_))));
    // Wanted again, it is not what was got before.
    bob.close().await;
    let bob = open(town.home("bob"), share(Some(Audience::Everyone)));
    let shared = bob.see_to_shared_downloads().await.unwrap().expect("it is new");
    assert_eq!(bob.scan_share(&shared).await.unwrap().files, []);
    for person in [alice, bob, mallory] {
        person.close().await;
    }
    town.stop().await;
}
