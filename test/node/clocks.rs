//! A person whose clock is wrong, among others whose clocks are right: what comes, and what they are told.

use crate::keys::DAY;
use crate::town::{PASSWORD, Town, options, password, user};
use std::fs;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use waxwing::crypto::UnixTime;
use waxwing::crypto::key_file::Protection;
use waxwing::model::Audience;
use waxwing::node::{
    Config, Error, Exit, GetRules, Got, Options, Receive, SentFiles, User, Wanted,
};

/// What time somebody says it is.
type Now = fn() -> UnixTime;

const TEN_YEARS: u64 = 3652 * DAY;

/// Alice, who shares a file and takes what Bob sends; and Bob has joined.
struct Pair {
    town: Town,
    alice: User,
}

impl Pair {
    async fn new() -> Self {
        Self::by(UnixTime::now).await
    }

    /// Alice's program goes by this clock.
    async fn by(clock: impl Fn() -> UnixTime + Send + Sync + 'static) -> Self {
        let town = Town::new().await;
        town.member("bob").await.close().await;
        let config = Config { receive: Receive::Verified, ..Config::default() };
        let (home, options) = (town.home("alice"), Options { clock: Arc::new(clock), ..options() });
        let alice = User::open(home, config, Protection::NoneAsked, options).unwrap();
        alice.join(&town.index, &user("alice"), &password(PASSWORD), None).await.unwrap();
        alice.mark_verified(&alice.verify_words(&user("bob")).await.unwrap()).unwrap();
        fs::create_dir(town.path("zoo")).unwrap();
        fs::write(town.path("zoo/koala.txt"), b"asleep").unwrap();
        let zoo = alice.add_share(&town.path("zoo"), &[], Audience::Everyone).unwrap();
        alice.go_online(false).await.unwrap();
        alice.look_at(&zoo).await.unwrap().published.unwrap();
        Self { town, alice }
    }

    /// Bob's program, by this clock. The index is there, so he waits for it on a busy machine, too.
    fn bob(&self, clock: impl Fn() -> UnixTime + Send + Sync + 'static) -> User {
        let (clock, away) = (Arc::new(clock), Duration::from_secs(30));
        let options = Options { clock, away, ..options() };
        let home = self.town.home("bob");
        User::open(home, Config::default(), Protection::NoneAsked, options).unwrap()
    }

    /// Bob gets Alice's file, into a folder of this name.
    async fn get(&self, bob: &User, name: &str) -> Result<Vec<Got>, Error> {
        let wanted: Wanted = "alice:zoo/koala.txt".parse().unwrap();
        let rules = GetRules { out: Some(self.town.path(name)), ..GetRules::default() };
        soon(bob.get(&[wanted], &rules)).await
    }

    /// Bob sends Alice a letter of this name.
    async fn send(&self, bob: &User, name: &str) -> Result<SentFiles, Error> {
        let letter = self.town.path(&format!("{name}.txt"));
        fs::write(&letter, name).unwrap();
        soon(bob.send(&user("alice"), &[letter])).await
    }

    /// Whether the file of this name has come to Bob, and the letter to Alice.
    fn has_come(&self, name: &str) -> (bool, bool) {
        let (file, letter) = (format!("{name}/koala.txt"), format!("alice/downloads/{name}.txt"));
        (self.town.path(&file).exists(), self.town.path(&letter).exists())
    }

    /// Both come.
    async fn both_come(&self, bob: &User, name: &str) {
        let got = self.get(bob, name).await.unwrap();
        assert_eq!(Got::exit(&got), Exit::Done, "{got:?}");
        assert_eq!(self.send(bob, name).await.unwrap().landed.len(), 1);
        assert_eq!(self.has_come(name), (true, true));
    }

    async fn stop(self) {
        self.alice.close().await;
        self.town.stop().await;
    }
}

/// That a person is asked whether their clock is right.
fn asks_for_the_clock(why: &Error) {
    let advice = why.advice();
    assert_eq!(advice.exit, Exit::Verification, "{advice:?}");
    let hint = advice.hint.unwrap_or_default();
    assert!(hint.contains("clock"), "{}: {hint}", advice.what);
}

#[tokio::test]
async fn with_a_clock_that_is_a_day_off_one_gets_and_sends() {
    let pair = Pair::new().await;
    let clocks: [(&str, Now); 2] =
        [("fast", || UnixTime::now().plus(DAY)), ("slow", || UnixTime(UnixTime::now().0 - DAY))];
    for (name, clock) in clocks {
        let bob = pair.bob(clock);
        pair.both_come(&bob, name).await;
        bob.close().await;
    }
    pair.stop().await;
}

#[tokio::test]
async fn with_a_clock_that_is_ten_years_off_one_is_asked_whether_it_is_right_and_then_goes_on() {
    let pair = Pair::new().await;
    let clocks: [(&str, Now); 2] = [
        ("fast", || UnixTime::now().plus(TEN_YEARS)),
        ("slow", || UnixTime(UnixTime::now().0 - TEN_YEARS)),
    ];
    for (name, clock) in clocks {
        // The keys are certified anew by that clock. The index lets in whom it knows; people do not believe it.
        let bob = pair.bob(clock);
        let got = pair.get(&bob, name).await.unwrap();
        asks_for_the_clock(got[0].landed.as_ref().unwrap_err());
        asks_for_the_clock(&pair.send(&bob, name).await.unwrap_err());
        assert_eq!(pair.has_come(name), (false, false));
        bob.close().await;
        let bob = pair.bob(UnixTime::now);
        pair.both_come(&bob, name).await;
        bob.close().await;
    }
    pair.stop().await;
}

#[tokio::test]
async fn a_clock_that_jumps_under_a_program_is_asked_for_when_something_is_sent() {
    let pair = Pair::new().await;
    let ahead = Arc::new(AtomicU64::new(0));
    let clock = Arc::clone(&ahead);
    let bob = pair.bob(move || UnixTime::now().plus(clock.load(Ordering::Relaxed)));
    pair.both_come(&bob, "before").await;
    ahead.store(TEN_YEARS, Ordering::Relaxed);
    let why = pair.send(&bob, "meanwhile").await.unwrap_err();
    assert!(why.to_string().contains("the sealing certificate has expired"), "{why}");
    assert_eq!(pair.has_come("meanwhile"), (false, false));
    asks_for_the_clock(&why);
    ahead.store(0, Ordering::Relaxed);
    pair.both_come(&bob, "after").await;
    bob.close().await;
    pair.stop().await;
}

#[tokio::test]
async fn programs_that_stay_open_for_longer_than_their_certificates_hold_get_and_send() {
    let passed = Arc::new(AtomicU64::new(0));
    let clock = || {
        let passed = Arc::clone(&passed);
        move || UnixTime::now().plus(passed.load(Ordering::Relaxed))
    };
    let pair = Pair::by(clock()).await;
    let bob = pair.bob(clock());
    for days in [0, 246, 364, 400, 1000] {
        passed.store(days * DAY, Ordering::Relaxed);
        pair.both_come(&bob, &format!("after {days} days")).await;
    }
    bob.close().await;
    pair.stop().await;
}

async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), what).await.expect("it takes too long")
}
