//! How long a session lasts, whose it is, and what ends it.

use crate::stage::{Ground, PASSWORD, soon};
use waxwing::crypto::random;
use waxwing::index::Happening;
use waxwing::index::store::Store;
use waxwing::link::Ending;
use waxwing::wire::Code;
use waxwing::wire::index::{AccountAsk, Logout, Online};

const HOUR: i64 = 3600;

#[tokio::test]
async fn a_session_goes_on_in_another_conversation_of_the_same_identity_and_of_no_other() {
    let ground = Ground::new().await;
    let (alice, granted) = ground.member("alice").await;
    let again = ground.dial("alice").await;
    assert_eq!(again.ask(AccountAsk { id: 0 }).await.unwrap_err(), Code::NoSession);
    let resumed = again.resume(&granted).await.unwrap();
    assert_eq!(resumed.token.expose(), granted.token.expose());
    assert_eq!(again.ask(AccountAsk { id: 0 }).await.unwrap().sessions.len(), 1);
    let thief = ground.dial("mallory").await;
    assert_eq!(thief.resume(&granted).await.unwrap_err(), Code::NoSession);
    let is_told = |fact: &Happening| matches!(fact, Happening::Refused(it) if it.what == "Resume");
    assert!(ground.told().iter().any(is_told), "a stolen token is told to the owner");
    let mut bytes = *granted.token.expose();
    bytes[31] ^= 1;
    let token = waxwing::model::SessionToken::take_from(&mut bytes);
    let other = waxwing::wire::index::Resume { id: 0, token };
    assert_eq!(again.ask(other).await.unwrap_err(), Code::NoSession);
    drop(alice);
    ground.stop().await;
}

#[tokio::test]
async fn a_session_lasts_while_it_is_used_and_is_over_twelve_hours_after() {
    let ground = Ground::new().await;
    let (alice, granted) = ground.member("alice").await;
    for hours in [11, 22, 33] {
        ground.set_clock(hours * HOUR);
        assert!(alice.ask(Online { id: 0, port: None }).await.is_ok(), "{hours}");
    }
    ground.set_clock(45 * HOUR - 1);
    assert!(ground.dial("alice").await.resume(&granted).await.is_ok());
    ground.set_clock(57 * HOUR);
    assert_eq!(alice.ask(AccountAsk { id: 0 }).await.unwrap_err(), Code::NoSession);
    let again = ground.dial("alice").await;
    assert_eq!(again.resume(&granted).await.unwrap_err(), Code::NoSession);
    assert!(again.login("alice", PASSWORD).await.is_ok());
    ground.stop().await;
}

#[tokio::test]
async fn a_clock_that_jumps_locks_nobody_out_and_makes_no_session_eternal() {
    const YEARS: i64 = 10 * 365 * 24 * HOUR;
    let ground = Ground::new().await;
    let (alice, granted) = ground.member("alice").await;
    ground.set_clock(-24 * HOUR);
    assert!(alice.ask(Online { id: 0, port: None }).await.is_ok());
    ground.index.store().sweep(ground.now()).await.unwrap();
    ground.set_clock(-24 * HOUR + 12 * HOUR + 1);
    assert_eq!(ground.dial("alice").await.resume(&granted).await.unwrap_err(), Code::NoSession);
    ground.set_clock(12 * HOUR);
    let fresh = ground.dial("alice").await.login("alice", PASSWORD).await.unwrap();
    assert!(ground.dial("alice").await.resume(&fresh).await.is_ok());
    ground.set_clock(YEARS / 40);
    assert_eq!(ground.dial("alice").await.resume(&fresh).await.unwrap_err(), Code::NoSession);
    assert!(ground.dial("alice").await.login("alice", PASSWORD).await.is_ok());
    ground.stop().await;
}

#[tokio::test]
async fn a_session_that_is_ended_is_over_in_every_conversation_at_once() {
    let ground = Ground::new().await;
    let (here, granted) = ground.member("alice").await;
    let there = ground.dial("alice").await;
    there.login("alice", PASSWORD).await.unwrap();
    let with_the_same = ground.dial("alice").await;
    with_the_same.resume(&granted).await.unwrap();
    // The other one, by its number.
    let sessions = here.ask(AccountAsk { id: 0 }).await.unwrap().sessions;
    let other = sessions.iter().find(|session| !session.is_this).unwrap().session;
    here.ask(Logout { id: 0, session: Some(other) }).await.unwrap();
    let ending = soon(there.conversation.ended()).await;
    assert!(matches!(ending, Ending::Theirs { code: Code::NoSession, .. }), "{ending:?}");
    // A number that is nobody's, or not hers, is not found.
    let nobodys = Logout { id: 0, session: Some(random().into()) };
    assert_eq!(here.ask(nobodys).await.unwrap_err(), Code::NotFound);
    let (bob, _) = ground.member("bob").await;
    let bobs = bob.ask(AccountAsk { id: 0 }).await.unwrap().sessions[0].session;
    assert_eq!(here.ask(Logout { id: 0, session: Some(bobs) }).await.unwrap_err(), Code::NotFound);
    assert!(bob.ask(AccountAsk { id: 0 }).await.is_ok());
    // This one: the conversation stays and may log in again, others with the session end.
    here.ask(Logout { id: 0, session: None }).await.unwrap();
    assert_eq!(here.ask(AccountAsk { id: 0 }).await.unwrap_err(), Code::NoSession);
    soon(with_the_same.conversation.ended()).await;
    assert_eq!(here.resume(&granted).await.unwrap_err(), Code::NoSession);
    assert!(here.login("alice", PASSWORD).await.is_ok());
    ground.stop().await;
}

#[tokio::test]
async fn the_owner_ends_sessions_and_closes_accounts() {
    let ground = Ground::new().await;
    let (alice, granted) = ground.member("alice").await;
    let store = ground.index.store();
    let ended = store.end_sessions(&crate::stage::user("alice")).await.unwrap();
    ground.index.sessions_are_over(&ended);
    soon(alice.conversation.ended()).await;
    let again = ground.dial("alice").await;
    assert_eq!(again.resume(&granted).await.unwrap_err(), Code::NoSession);
    again.login("alice", PASSWORD).await.unwrap();
    let ended = store.close_account(&crate::stage::user("alice"), ground.now()).await.unwrap();
    // Even before anybody is told, nothing can be asked with it.
    assert_eq!(again.ask(Online { id: 0, port: None }).await.unwrap_err(), Code::NoSession);
    assert_eq!(ended.len(), 1);
    let gone = ground.dial("alice").await;
    assert_eq!(gone.login("alice", PASSWORD).await.unwrap_err(), Code::Credentials);
    assert!(gone.join("alice").await.is_ok(), "who left may come back");
    ground.stop().await;
}
