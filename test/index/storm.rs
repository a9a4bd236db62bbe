//! Many who log in at once: the queue is short, and everybody else is served.

use crate::stage::{Ground, rules, soon};
use futures_util::future::join_all;
use std::pin::pin;
use waxwing::index::Rules;
use waxwing::wire::Code;
use waxwing::wire::index::PeopleAsk;

#[tokio::test(flavor = "multi_thread")]
async fn beyond_the_queue_the_index_is_busy_and_says_so() {
    let rules = Rules { hashing_queue: 8, hashing_threads: 1, free_tries: 1000, ..rules() };
    let ground = Ground::at_cost(rules, 10).await;
    let mut callers = Vec::new();
    for _ in 0..20 {
        callers.push(ground.dial("mallory").await);
    }
    let answers = join_all(callers.iter().map(|caller| caller.login("nobody", "some password")));
    let codes: Vec<_> = soon(answers).await.into_iter().map(Result::unwrap_err).collect();
    let count = |wanted| codes.iter().filter(|code| **code == wanted).count();
    let (wrong, busy) = (count(Code::Credentials), count(Code::Busy));
    assert_eq!(wrong + busy, 20, "{codes:?}");
    // Strangers have half of the places, and one address half of those.
    assert!(wrong >= 2 && busy >= 1, "{codes:?}");
    ground.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_take_no_place_from_those_who_are_known() {
    let rules = Rules { hashing_queue: 4, hashing_threads: 1, free_tries: 1000, ..rules() };
    let ground = Ground::at_cost(rules, 8).await;
    let (alice, _) = ground.member("alice").await;
    let mut strangers = Vec::new();
    for _ in 0..10 {
        strangers.push(ground.dial("mallory").await);
    }
    let storm = async {
        loop {
            join_all(strangers.iter().map(|one| one.login("nobody", "some password"))).await;
        }
    };
    let logins = async {
        for _ in 0..10 {
            alice.login("alice", crate::stage::PASSWORD).await.unwrap();
        }
    };
    tokio::select! {
        _ = storm => {}
        () = soon(logins) => {}
    }
    ground.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_too_long_is_told_that_the_index_is_busy() {
    let wait = std::time::Duration::from_millis(1);
    let rules = Rules { hashing_wait: wait, hashing_threads: 1, free_tries: 1000, ..rules() };
    let ground = Ground::at_cost(rules, 12).await;
    let (one, two) = (ground.dial("mallory").await, ground.dial("bob").await);
    let (one, two) = (one.login("nobody", "some password"), two.login("nobody", "some password"));
    let (one, two) = soon(async { tokio::join!(one, two) }).await;
    let codes = [one.unwrap_err(), two.unwrap_err()];
    assert!(codes.contains(&Code::Busy), "{codes:?}");
    ground.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_password_is_hashed_others_are_answered() {
    // Some seconds of work, so that whatever is answered meanwhile was not behind it.
    let ground = Ground::at_cost(Rules { hashing_threads: 1, ..rules() }, 4).await;
    let (alice, _) = ground.member("alice").await;
    let slow = Ground::at_cost(Rules { hashing_threads: 1, ..rules() }, 16).await;
    let mallory = slow.dial("mallory").await;
    let mut login = pin!(mallory.login("nobody", "some password"));
    let asked = async {
        for _ in 0..20 {
            alice.ask(PeopleAsk { id: 0, after: None, only: None }).await.unwrap();
            slow.dial("bob").await;
        }
    };
    tokio::select! {
        biased;
        () = soon(asked) => {}
        _ = &mut login => panic!("the password was hashed first"),
    }
    ground.stop().await;
    slow.stop().await;
}
