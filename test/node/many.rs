//! A large file that several people share comes from all of them.

use crate::town::{PASSWORD, Town, options, own_port, password, user};
use crate::twenty::home_with_new_keys;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;
use waxwing::crypto::UnixTime;
use waxwing::crypto::key_file::Protection;
use waxwing::link::{Deadlines, Rates, Side, Tcp};
use waxwing::model::{Audience, Content, Event, Events};
use waxwing::node::index::{IndexSession, Setup};
use waxwing::node::{
    Config, GetRules, Got, Home, Move, Moved, Options, SharedFolder, User, Wanted,
};
use waxwing::peer::Landed;
use waxwing::wire::{Features, Party};

const SIZE: usize = (20 << 20) + 5;

/// Alice and Mallory, who share the same film, and Bob, who wants it.
struct Trio {
    town: Town,
    alice: User,
    mallory: User,
    bob: User,
    told: Receiver<Event>,
    film: Vec<u8>,
}

impl Trio {
    async fn new() -> Self {
        Self::with(SIZE).await
    }

    async fn with(size: usize) -> Self {
        let town = Town::new().await;
        let film: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
        let alice = joins(&town, town.home("alice"), "alice").await;
        let mallory = joins(&town, town.home("mallory"), "mallory").await;
        for (person, name) in [(&alice, "alice"), (&mallory, "mallory")] {
            shares(&town, person, name, &film).await;
        }
        town.member("bob").await.close().await;
        let (events, told) = Events::channel();
        let options = Options { events, more_sources: Duration::from_millis(50), ..options() };
        let bob = User::open(town.home("bob"), Config::default(), Protection::NoneAsked, options);
        Self { town, alice, mallory, bob: bob.unwrap(), told, film }
    }

    fn wanted(&self) -> Wanted {
        let content = Content::of(&self.film);
        Wanted::parse_content(&format!("{}:{}", content.id(), content.size())).unwrap()
    }

    async fn get(&self) -> Got {
        let (wanted, rules) = ([self.wanted()], GetRules::default());
        let got = self.bob.get(&wanted, &rules);
        let got = tokio::time::timeout(Duration::from_secs(60), got).await.expect("it hangs");
        got.unwrap().remove(0)
    }

    /// Whom Bob has met as Alice is gone, and somebody with other keys has her name and the film.
    async fn another_alice(&self) -> User {
        self.bob.meet(&user("alice")).await.unwrap();
        self.alice.go_offline().await;
        let home = home_with_new_keys(&self.town, "carol");
        let other = User::open(home, Config::default(), Protection::NoneAsked, options()).unwrap();
        let invitation = self.town.invite("alice").await;
        other.join(&invitation, &user("alice"), &password(PASSWORD), None).await.unwrap();
        shares(&self.town, &other, "alice", &self.film).await;
        other
    }

    /// Mallory does not share it any more, and nobody else gives it now: it stays to be got another time.
    async fn is_not_forgotten(&self) {
        let films = &self.mallory.shares().unwrap()[0].share.name;
        self.mallory.remove_share(films).await.unwrap();
        let (wanted, rules) = (vec![self.wanted()], GetRules::default());
        let moving = self.bob.begin_move(Move::Get { wanted, words: None, rules }).await.unwrap();
        let Moved::Got(got) = moving.carry_on().await.unwrap() else { panic!() };
        assert!(got[0].landed.is_err(), "{got:?}");
        assert_eq!(self.bob.moves().unwrap().len(), 1, "{got:?}");
    }

    fn downloaded(&self) -> Vec<u8> {
        fs::read(self.town.path("bob/downloads/film")).unwrap()
    }

    /// Of whom Bob was told that they are not asked any more. All were asked together.
    fn dropped(&self) -> Vec<String> {
        let (mut dropped, mut together) = (Vec::new(), false);
        for event in self.told.try_iter() {
            match event {
                Event::Failed { with, again: None, .. } => dropped.push(with.to_string()),
                Event::Began { with: Some(with), .. } => {
                    together |= with.to_string() == "alice, mallory";
                }
                _ => {}
            }
        }
        assert!(together);
        dropped
    }

    async fn stop(self) {
        for person in [self.alice, self.mallory, self.bob] {
            person.go_offline().await;
            person.close().await;
        }
        self.town.stop().await;
    }
}

/// Somebody who sends slowly: all who have the film have the time to bring some of it.
async fn joins(town: &Town, home: Home, name: &str) -> User {
    joins_with(town, home, name, Config::default()).await
}

async fn joins_with(town: &Town, home: Home, name: &str, config: Config) -> User {
    let options = Options { rates: Rates { up: Some(2_000_000), down: None }, ..options() };
    let person = User::open(home, config, Protection::NoneAsked, options).unwrap();
    person.join(&town.index, &user(name), &password(PASSWORD), None).await.unwrap();
    person
}

async fn shares(town: &Town, person: &User, name: &str, film: &[u8]) {
    let films = lays_out(town, person, name, film);
    person.go_online(false).await.unwrap();
    publishes(person, &films).await;
}

/// Somebody has the film where they share it from.
fn lays_out(town: &Town, person: &User, name: &str, film: &[u8]) -> SharedFolder {
    let folder = town.path(&format!("{name}-films"));
    write(&folder.join("film"), film);
    person.add_share(&folder, &[], Audience::Everyone).unwrap()
}

async fn publishes(person: &User, films: &SharedFolder) {
    person.look_at(films).await.unwrap().published.unwrap();
}

fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_brought_how_much_is_told_and_each_of_them_has_signed() {
    let trio = Trio::new().await;
    let got = trio.get().await;
    assert!(matches!(got.landed, Ok(Landed::New)), "{got:?}");
    assert!(trio.downloaded() == trio.film);
    assert!(got.unkept.is_none());
    let mut named: Vec<_> = got.parts.iter().map(|(sender, _)| sender.user.clone()).collect();
    let bytes: u64 = got.parts.iter().map(|(_, bytes)| bytes).sum();
    assert!((SIZE as u64..=SIZE as u64 + (1 << 20)).contains(&bytes), "{bytes}");
    let here = trio.town.path("bob/downloads/film");
    let sent = trio.bob.who_sent(&here).await.unwrap();
    let mut signed: Vec<_> = sent.into_iter().filter_map(|sent| sent.user).collect();
    named.sort();
    signed.sort();
    assert_eq!(named, [user("alice"), user("mallory")]);
    assert_eq!(signed, named);
    assert!(trio.dropped().is_empty());
    trio.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_it_no_more_is_dropped_by_name() {
    let trio = Trio::new().await;
    fs::write(trio.town.path("alice-films/film"), b"another one").unwrap();
    let got = trio.get().await;
    assert!(matches!(got.landed, Ok(Landed::New)), "{got:?}");
    assert_eq!(got.from.unwrap().user, user("mallory"));
    assert!(got.parts.is_empty());
    assert!(trio.downloaded() == trio.film);
    assert_eq!(trio.dropped(), ["alice"]);
    trio.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_key_is_another_is_told_of_though_a_small_file_comes_from_others() {
    let trio = Trio::with(5).await;
    let other = trio.another_alice().await;
    let got = trio.get().await;
    assert_eq!(got.from.unwrap().user, user("mallory"));
    let told = trio.told.try_iter().filter_map(|event| match event {
        Event::Failed { with, why, again: None } => Some((with.to_string(), why.to_string())),
        _ => None,
    });
    let [(with, why)] = &told.collect::<Vec<_>>()[..] else { panic!("not told once") };
    assert_eq!(with, "alice");
    assert!(why.contains("another key"), "{why}");
    other.go_offline().await;
    other.close().await;
    trio.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_honest_may_still_give_is_not_forgotten_for_another_key() {
    let trio = Trio::with(5).await;
    let other = trio.another_alice().await;
    // At her address there is nobody in the end.
    let config = Config { port: Some(own_port()), ..Config::default() };
    let home = home_with_new_keys(&trio.town, "zoe");
    let zoe = joins_with(&trio.town, home, "zoe", config).await;
    shares(&trio.town, &zoe, "zoe", &trio.film).await;
    zoe.go_offline().await;
    trio.is_not_forgotten().await;
    other.go_offline().await;
    for person in [other, zoe] {
        person.close().await;
    }
    trio.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_when_somebody_else_is_at_the_address_of_the_honest_one() {
    let trio = Trio::with(5).await;
    let other = trio.another_alice().await;
    let home = home_with_new_keys(&trio.town, "zoe");
    let keys = home.keys().open(Protection::NoneAsked, UnixTime::now()).unwrap();
    let zoe = joins(&trio.town, home, "zoe").await;
    // She was the last to share it, and is asked first.
    publishes(&zoe, &lays_out(&trio.town, &zoe, "zoe", &trio.film)).await;
    zoe.close().await;
    let deadlines = Deadlines::default();
    let side = Side::new(Arc::new(keys), Party::Person, Features::ALL, deadlines).unwrap();
    let session = IndexSession::begin(Tcp, side, &trio.town.index, Setup::default());
    session.login(&user("zoe"), &password(PASSWORD)).await.unwrap();
    session.go_online(trio.mallory.online().map(|online| online.port)).await.unwrap();
    trio.is_not_forgotten().await;
    session.close().await;
    other.go_offline().await;
    other.close().await;
    trio.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_to_have_it_meanwhile_brings_some_of_it() {
    let trio = Trio::new().await;
    let home = home_with_new_keys(&trio.town, "carol");
    let carol = joins(&trio.town, home, "carol").await;
    let films = lays_out(&trio.town, &carol, "carol", &trio.film);
    carol.go_online(false).await.unwrap();
    let (got, ()) = tokio::join!(trio.get(), publishes(&carol, &films));
    // Of the others, one may be too slow to bring any.
    let named: Vec<_> = got.parts.iter().map(|(sender, _)| sender.user.as_str()).collect();
    assert!(named.len() > 1 && named.contains(&"carol"), "{got:?}");
    assert!(trio.downloaded() == trio.film);
    carol.go_offline().await;
    carol.close().await;
    trio.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_nobody_has_it_any_more_it_is_given_up() {
    let trio = Trio::new().await;
    for name in ["alice", "mallory"] {
        fs::write(trio.town.path(&format!("{name}-films/film")), b"another one").unwrap();
    }
    let got = trio.get().await;
    assert!(got.landed.is_err() && got.from.is_none(), "{got:?}");
    assert_eq!(trio.dropped().len(), 2);
    assert!(fs::read_dir(trio.town.path("bob/downloads")).unwrap().next().is_none());
    trio.stop().await;
}
