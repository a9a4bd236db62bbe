//! Askers who want of Bob what nobody would.

use super::act::{Act, act};
use super::crooks::{Crooks, refusal};
use crate::eve::{STEERING, dial_as};
use crate::raw_asks::{Anywhere, OUTSIDE, get};
use crate::town::PASSWORD;
use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use tokio::runtime::Runtime;
use waxwing::crypto::Password;
use waxwing::link::Conversation;
use waxwing::wire::index::{AccountAsk, Login, Named, Online, PasswordText, PeopleAsk};
use waxwing::wire::{Code, Explanation, GetAsk, StreamEnd};

pub(super) fn acts() -> Vec<Act> {
    vec![
        act("Bob is asked for what an index does", for_an_index),
        act("paths that lead out of the share", outside).breaking_off(1),
        act("a request for nothing, and for the same twice", nothing_and_twice),
        act("pages that are announced and never come", pages_that_never_come).breaking_off(AT_ONCE),
        act("fifty requests at once, and nobody takes what comes", a_flood).breaking_off(AT_ONCE),
        act("what is got is not taken, and the line is cut", a_get_that_is_cut).breaking_off(1),
    ]
}

async fn for_an_index(crooks: &Crooks) {
    let (bob, _incoming) = crooks.mallory.dials(crooks.bob).await;
    let password = PasswordText::new(&Password::new(PASSWORD).unwrap());
    let login = Login { id: 0, user: Named("bob".parse().unwrap()), password };
    assert_eq!(refusal(bob.ask(login).await), Code::NotAllowed);
    assert_eq!(refusal(bob.ask(AccountAsk { id: 0 }).await), Code::NotAllowed);
    assert_eq!(refusal(bob.ask(Online { id: 0, port: None }).await), Code::NotAllowed);
    let people = PeopleAsk { id: 0, after: None, only: None };
    assert_eq!(refusal(bob.ask(people).await), Code::NotAllowed);
}

async fn outside(crooks: &Crooks) {
    let (bob, _incoming) = crooks.mallory.dials(crooks.bob).await;
    for path in OUTSIDE {
        let answer = bob.ask(Anywhere::of(crooks.share, path)).await;
        assert_eq!(refusal(answer), Code::Malformed, "{path:?}");
    }
    let (grant, frames) = bob.ask_stream(Anywhere::of(crooks.share, &["a"])).await.unwrap();
    assert_eq!(grant.entries, 1, "it is the paths that were refused");
    take_back(&bob, frames.number());
}

async fn nothing_and_twice(crooks: &Crooks) {
    let (bob, _incoming) = crooks.mallory.dials(crooks.bob).await;
    for names in [&[][..], &["a", "a"]] {
        let answer = bob.ask_stream(get(crooks.share, names)).await.map(|(grant, _)| grant);
        assert_eq!(refusal(answer), Code::Malformed, "{names:?}");
    }
}

async fn pages_that_never_come(crooks: &Crooks) {
    let (bob, _incoming) = crooks.mallory.dials(crooks.bob).await;
    let ask = || GetAsk { more: true, ..get(crooks.share, &["a"]) };
    let mut halves: FuturesUnordered<_> = (0..2 * AT_ONCE).map(|_| bob.ask_stream(ask())).collect();
    let mut next = async || refusal(halves.next().await.unwrap().map(|(grant, _)| grant));
    for _ in 0..AT_ONCE {
        assert_eq!(next().await, Code::Busy);
    }
    // Those of a dialler are odd.
    (1..4 * AT_ONCE as u32).step_by(2).for_each(|stream| take_back(&bob, stream));
    for _ in 0..AT_ONCE {
        assert_eq!(next().await, Code::Cancelled);
    }
}

async fn a_flood(crooks: &Crooks) {
    let (bob, _incoming) = crooks.mallory.dials(crooks.bob).await;
    let asks = (0..50).map(|_| bob.ask_stream(get(crooks.share, &["large"])));
    let (granted, refused): (Vec<_>, Vec<_>) =
        join_all(asks).await.into_iter().partition(Result::is_ok);
    assert_eq!(granted.len(), AT_ONCE);
    for answer in refused {
        assert_eq!(refusal(answer.map(|(grant, _)| grant)), Code::Busy);
    }
    let streams: Vec<_> = granted.into_iter().map(|granted| granted.unwrap().1).collect();
    streams.iter().for_each(|stream| take_back(&bob, stream.number()));
}

async fn a_get_that_is_cut(crooks: &Crooks) {
    // What goes with its runtime says no goodbye.
    let line = Runtime::new().unwrap();
    let (mallory, bob) = (crooks.mallory.identity.clone(), crooks.bob);
    let dialled = line.spawn(dial_as(mallory, bob)).await.unwrap();
    let _granted = dialled.0.ask_stream(get(crooks.share, &["large"])).await.unwrap();
    line.shutdown_background();
}

/// So many requests of one person are served at once.
const AT_ONCE: usize = 4;

/// With a word that steers whoever shows it.
fn take_back(bob: &Conversation, stream: u32) {
    let text = Explanation::new(STEERING);
    bob.tell(&StreamEnd { stream, code: Code::Cancelled, text }).unwrap();
}
