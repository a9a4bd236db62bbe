//! Twenty at once at one person. They are in one process, but each has a home, keys, a session and
//! connections over loopback of their own.

use crate::keys::key_pem;
use crate::town::{PASSWORD, Town, options, password, user, write_identity};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use data_encoding::BASE64;
use futures_util::future::join_all;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::Duration;
use tokio::time::sleep;
use waxwing::crypto::key_file::Protection;
use waxwing::link::Backoff;
use waxwing::model::{Audience, Event, Events, Work};
use waxwing::node::{Config, GetRules, Home, Options, User};
use waxwing::peer::Allowance;

const PEOPLE: usize = 20;

/// Made by another library than ours, in a fraction of the time.
fn key() -> String {
    let key = KeyPair::generate(KeySize::Rsa3072).unwrap();
    let der: Pkcs8V1Der<'_> = key.as_der().unwrap();
    let text = BASE64.encode(der.as_ref());
    let lines = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap());
    let lines = lines.collect::<Vec<_>>().join("\n");
    format!("-----BEGIN PRIVATE KEY-----\n{lines}\n-----END PRIVATE KEY-----\n")
}

/// A home of somebody whose keys nobody else has.
pub(crate) fn home_with_new_keys(town: &Town, name: &str) -> Home {
    let home = Home::in_folder(town.path(name));
    write_identity(&home.path().join("keys"), &key(), &key_pem("bob-sealing"));
    home
}

/// Homes with keys.
fn homes(town: &Town) -> Vec<Home> {
    let make = |number: usize| home_with_new_keys(town, &name(number));
    thread::scope(|scope| {
        let one = scope.spawn(move || (0..PEOPLE / 2).map(make).collect::<Vec<_>>());
        let others: Vec<_> = (PEOPLE / 2..PEOPLE).map(make).collect();
        one.join().unwrap().into_iter().chain(others).collect()
    })
}

fn name(number: usize) -> String {
    format!("guest{number:02}")
}

/// Bytes that are like nobody else's.
fn own(number: usize) -> Vec<u8> {
    (0..300_000 + number).map(|at| (at * (number + 3) % 251) as u8).collect()
}

/// Somebody who has joined, tries once, and tells what they do there.
async fn guest(town: &Town, home: Home, number: usize, events: Events) -> User {
    let options = Options { retries: Backoff::never(), events, ..options() };
    let guest = User::open(home, Config::default(), Protection::NoneAsked, options).unwrap();
    guest.join(&town.index, &user(&name(number)), &password(PASSWORD), None).await.unwrap();
    guest
}

/// How often somebody waited because others were served first.
fn count_waits(told: Receiver<Event>) -> Arc<AtomicUsize> {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    thread::spawn(move || {
        let waits = told.iter().filter(|it| matches!(it, Event::Began { work: Work::Waiting, .. }));
        for _ in waits {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    count
}

/// Alice takes what is offered, as soon as others wait than those for whose offers there is room.
async fn take_all(alice: &User, waits: &AtomicUsize) {
    let (mut taken, room) = (0, usize::try_from(Allowance::OFFERS.in_all).unwrap());
    while taken < PEOPLE {
        let offers = alice.inbox();
        if waits.load(Ordering::SeqCst) > room {
            for offer in offers {
                alice.decide(offer.number, true).unwrap();
                taken += 1;
            }
        }
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn twenty_get_a_common_file_and_their_own_and_send_one_and_who_comes_too_early_waits() {
    let town = Town::new().await;
    let homes = tokio::task::block_in_place(|| homes(&town));
    let serving = Allowance { in_all: 2, ..Allowance::SERVING };
    let of_alice = Options { serving, ..options() };
    let alice = User::open(town.home("alice"), Config::default(), Protection::NoneAsked, of_alice);
    let alice = alice.unwrap();
    alice.join(&town.index, &user("alice"), &password(PASSWORD), None).await.unwrap();
    let common: Vec<u8> = (0..3_000_000).map(|at| (at % 241) as u8).collect();
    for share in ["all", "each"] {
        fs::create_dir(town.path(share)).unwrap();
    }
    fs::write(town.path("all/film"), &common).unwrap();
    (0..PEOPLE).for_each(|it| fs::write(town.path("each").join(name(it)), own(it)).unwrap());
    alice.go_online(true).await.unwrap();
    for share in ["all", "each"] {
        let share = alice.add_share(&town.path(share), &[], Audience::Everyone).unwrap();
        alice.look_at(&share).await.unwrap().published.unwrap();
    }
    let (events, told) = Events::channel();
    let waits = count_waits(told);
    let guests = homes.into_iter().enumerate();
    let guests = guests.map(|(number, home)| guest(&town, home, number, events.clone()));
    let guests = join_all(guests).await;
    let get = async |(number, guest): (usize, &User)| {
        let own = format!("alice:each/{}", name(number));
        let wanted = ["alice:all/film", own.as_str()].map(|what| what.parse().unwrap());
        let got = guest.get(&wanted, &GetRules::default()).await.unwrap();
        assert!(got.iter().all(|got| got.landed.is_ok()), "{number}: {got:?}");
    };
    join_all(guests.iter().enumerate().map(get)).await;
    assert!(waits.swap(0, Ordering::SeqCst) > 0, "two at once are served");
    for number in 0..PEOPLE {
        let downloads = town.path(&name(number)).join("downloads");
        assert!(fs::read(downloads.join("film")).unwrap() == common, "{number}");
        assert!(fs::read(downloads.join(name(number))).unwrap() == own(number), "{number}");
        assert_eq!(fs::read_dir(&downloads).unwrap().count(), 2, "{number}");
    }

    let send = async |(number, guest): (usize, &User)| {
        let file = town.path(&name(number)).join("downloads").join(name(number));
        let sent = guest.send(&user("alice"), &[file]).await;
        assert_eq!(
            sent.as_ref().map(|sent| sent.landed.len()).unwrap_or(0),
            1,
            "{number}: {sent:?}"
        );
    };
    tokio::join!(join_all(guests.iter().enumerate().map(send)), take_all(&alice, &waits));
    for number in 0..PEOPLE {
        let sent = town.path("alice/downloads").join(name(number));
        assert!(fs::read(sent).unwrap() == own(number), "{number}");
    }
    for person in guests.into_iter().chain([alice]) {
        person.close().await;
    }
    town.stop().await;
}
