//! Who cannot be reached now is asked again, after a pause that is told.

use crate::stub::side;
use crate::town::{PASSWORD, Town, open, options, own_port, password, user};
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::mpsc::Receiver;
use std::time::Duration;
use tokio::task::spawn_blocking;
use waxwing::crypto::key_file::Protection;
use waxwing::link::{Backoff, Rates, Tcp};
use waxwing::model::{Again, Audience, Event, Events, HostPort};
use waxwing::node::index::{IndexSession, Setup};
use waxwing::node::{Config, Exit, GetRules, Got, Options, Receive, User, Wanted};

/// Alice has published a file and is away; Bob tries this often, and tells of it.
struct Pair {
    town: Town,
    alice: User,
    bob: User,
    told: Receiver<Event>,
    /// Where Alice will be.
    at: HostPort,
}

impl Pair {
    async fn with(tries: u32) -> Self {
        Self::trying(quickly(tries), Rates::default()).await
    }

    async fn trying(retries: Backoff, rates: Rates) -> Self {
        let town = Town::new().await;
        let at = SocketAddr::from(([127, 0, 0, 1], own_port()));
        let config =
            Config { port: Some(at.port()), receive: Receive::Verified, ..Config::default() };
        let alice = open(town.home("alice"), config);
        alice.join(&town.index, &user("alice"), &password(PASSWORD), None).await.unwrap();
        fs::create_dir(town.path("zoo")).unwrap();
        fs::write(town.path("zoo/koala.txt"), b"asleep").unwrap();
        let zoo = alice.add_share(&town.path("zoo"), &[], Audience::Everyone).unwrap();
        alice.look_at(&zoo).await.unwrap().published.unwrap();
        town.member("bob").await.close().await;
        let (events, told) = Events::channel();
        let options = Options { events, retries, rates, ..options() };
        let bob = User::open(town.home("bob"), Config::default(), Protection::NoneAsked, options);
        Self { town, alice, bob: bob.unwrap(), told, at: at.into() }
    }

    async fn get(&self) -> Vec<Got> {
        self.get_at(Some(self.at.clone())).await
    }

    async fn get_at(&self, at: Option<HostPort>) -> Vec<Got> {
        let rules = GetRules { from: Some(user("alice")), at, ..GetRules::default() };
        let wanted: Wanted = "alice:zoo/koala.txt".parse().unwrap();
        self.bob.get(&[wanted], &rules).await.unwrap()
    }

    async fn stop(self) {
        self.alice.close().await;
        self.bob.close().await;
        self.town.stop().await;
    }
}

/// So many tries, soon after each other.
fn quickly(tries: u32) -> Backoff {
    Backoff { tries, first: Duration::from_millis(20), longest: Duration::from_millis(200) }
}

/// The tries that are told of, from now on.
fn again(told: &Receiver<Event>) -> Vec<Again> {
    let tries = told.try_iter().filter_map(|event| match event {
        Event::Failed { with, again, why } => {
            assert_eq!(with.to_string(), "alice");
            assert!(why.to_string().contains("not reached"), "{why}");
            again
        }
        _ => None,
    });
    tries.collect()
}

/// Waits until a further try is told of.
async fn is_told(told: Receiver<Event>) -> Receiver<Event> {
    let wait = move || loop {
        let event = told.recv_timeout(Duration::from_secs(60)).expect("nothing is tried again");
        if matches!(event, Event::Failed { again: Some(_), .. }) {
            return told;
        }
    };
    spawn_blocking(wait).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_meanwhile_is_asked_again_and_gives_it() {
    let mut pair = Pair::with(u32::MAX).await;
    let told = std::mem::replace(&mut pair.told, Events::channel().1);
    let (got, told) = tokio::join!(pair.get(), async {
        let told = is_told(told).await;
        pair.alice.go_online(false).await.unwrap();
        told
    });
    assert_eq!(Got::exit(&got), Exit::Done, "{got:?}");
    again(&told);
    pair.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_as_many_tries_as_are_set_it_is_given_up() {
    for tries in [1, 3] {
        let pair = Pair::with(tries).await;
        let got = pair.get().await;
        assert_eq!(Got::exit(&got), Exit::Unreachable, "{got:?}");
        let next: Vec<_> = again(&pair.told).iter().map(|again| (again.next, again.of)).collect();
        assert_eq!(next, (2..=tries).map(|next| (next, tries)).collect::<Vec<_>>());
        pair.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_somebody_else_is_asked_once() {
    let pair = Pair::with(3).await;
    // Carol is where Alice was said to be.
    let config = Config { port: Some(pair.at.port()), ..Config::default() };
    let carol = open(pair.town.home_with_keys("carol", "mallory"), config);
    carol.join(&pair.town.index, &user("carol"), &password(PASSWORD), None).await.unwrap();
    carol.go_online(false).await.unwrap();
    let got = pair.get().await;
    assert_eq!(Got::exit(&got), Exit::Verification, "{got:?}");
    assert!(again(&pair.told).is_empty());
    carol.close().await;
    pair.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn that_somebody_else_has_one_address_does_not_keep_the_other_from_being_tried_again() {
    for stale_first in [true, false] {
        let pair = Pair::with(3).await;
        let carol = open(pair.town.home_with_keys("carol", "mallory"), Config::default());
        carol.join(&pair.town.index, &user("carol"), &password(PASSWORD), None).await.unwrap();
        let stale = carol.go_online(false).await.unwrap().port;
        // The index names the address that it was told last first.
        let mut ports = [pair.at.port(), stale];
        if !stale_first {
            ports.reverse();
        }
        let mut homes = Vec::new();
        for port in ports {
            let home = IndexSession::begin(Tcp, side("alice"), &pair.town.index, Setup::default());
            home.login(&user("alice"), &password(PASSWORD)).await.unwrap();
            home.go_online(Some(port)).await.unwrap();
            homes.push(home);
        }
        let got = pair.get_at(None).await;
        assert_eq!(Got::exit(&got), Exit::Unreachable, "{got:?}");
        assert_eq!(again(&pair.told).len(), 2);
        for home in homes {
            home.close().await;
        }
        carol.close().await;
        pair.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn to_send_somebody_is_reached_with_several_tries() {
    let mut pair = Pair::with(u32::MAX).await;
    pair.alice.mark_verified(&pair.alice.verify_words(&user("bob")).await.unwrap()).unwrap();
    // The index believes that she is there, and nobody listens.
    let (index, setup) = (&pair.town.index, Setup::default());
    let elsewhere = IndexSession::begin(Tcp, side("alice"), index, setup);
    elsewhere.login(&user("alice"), &password(PASSWORD)).await.unwrap();
    elsewhere.go_online(Some(pair.at.port())).await.unwrap();
    let (her, letter) = (user("alice"), [pair.town.path("letter.txt")]);
    fs::write(&letter[0], b"dear alice").unwrap();
    let told = std::mem::replace(&mut pair.told, Events::channel().1);
    let (sent, _told) = tokio::join!(pair.bob.send(&her, &letter), async {
        let told = is_told(told).await;
        pair.alice.go_online(false).await.unwrap();
        told
    });
    assert_eq!(sent.unwrap().landed.len(), 1);
    elsewhere.close().await;
    pair.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_cut_off_while_it_is_sent_is_sent_again() {
    // Slow enough that it is not all sent when it is cut off.
    let rates = Rates { up: Some(8 << 20), down: None };
    let mut pair = Pair::trying(quickly(u32::MAX), rates).await;
    pair.alice.mark_verified(&pair.alice.verify_words(&user("bob")).await.unwrap()).unwrap();
    pair.alice.go_online(false).await.unwrap();
    let large = [pair.town.path("large")];
    fs::write(&large[0], vec![7; 40 << 20]).unwrap();
    let told = std::mem::replace(&mut pair.told, Events::channel().1);
    let her = user("alice");
    let (sent, _told) = tokio::join!(pair.bob.send(&her, &large), async {
        let told = goes(told).await;
        pair.alice.go_offline().await;
        let told = is_told(told).await;
        pair.alice.go_online(false).await.unwrap();
        told
    });
    assert_eq!(sent.unwrap().landed.len(), 1);
    pair.stop().await;
}

/// Waits until something is on its way.
async fn goes(told: Receiver<Event>) -> Receiver<Event> {
    let wait = move || loop {
        let event = told.recv_timeout(Duration::from_secs(60)).expect("nothing goes");
        if matches!(event, Event::Advanced { done: 1.., .. }) {
            return told;
        }
    };
    spawn_blocking(wait).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn as_long_as_something_comes_what_is_sent_is_tried_again() {
    // Two tries, and it is cut off twice. She is back within half of a pause.
    let pause = Duration::from_secs(4);
    let retries = Backoff { tries: 2, first: pause, longest: pause };
    let mut pair = Pair::trying(retries, Rates { up: Some(8 << 20), down: None }).await;
    pair.alice.mark_verified(&pair.alice.verify_words(&user("bob")).await.unwrap()).unwrap();
    pair.alice.go_online(false).await.unwrap();
    let large = [pair.town.path("large")];
    fs::write(&large[0], vec![7; 44 << 20]).unwrap();
    let mut told = std::mem::replace(&mut pair.told, Events::channel().1);
    let (her, home) = (user("alice"), pair.town.path("alice"));
    let (sent, _told) = tokio::join!(pair.bob.send(&her, &large), async {
        let mut held = 0;
        for _ in 0..2 {
            held = holds_more(&home, held).await;
            pair.alice.go_offline().await;
            told = is_told(told).await;
            pair.alice.go_online(false).await.unwrap();
        }
        told
    });
    assert_eq!(sent.unwrap().landed.len(), 1);
    pair.stop().await;
}

/// Waits until a journal somewhere there is longer than that, and says how long it is.
async fn holds_more(at: &Path, before: u64) -> u64 {
    let held = async {
        loop {
            let now = longest_journal(at);
            if now > before {
                return now;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), held).await.expect("nothing more is held")
}

fn longest_journal(at: &Path) -> u64 {
    let below = fs::read_dir(at).into_iter().flatten().flatten().map(|entry| entry.path());
    let length = |path: std::path::PathBuf| match path.is_dir() {
        true => longest_journal(&path),
        false if path.ends_with("journal") => fs::metadata(path).map_or(0, |about| about.len()),
        false => 0,
    };
    below.map(length).max().unwrap_or_default()
}
