//! With the real index: what its two sides do together, when lines break and the index restarts.

use crate::ground::{FIRST, Ground, fresh, soon};
use crate::keys::NOW;
use crate::stub::{identity, password, side, user};
use waxwing::crypto::SignedRotation;
use waxwing::index::Happening;
use waxwing::model::directory::{Agreement, DirectoryEvent};
use waxwing::node::index::{Age, Error, IndexSession, LoggedOut, News, NewsStream, Person, Status};
use waxwing::wire::Code;

const SECOND: &str = "the second password";

#[tokio::test]
async fn two_people_meet_on_an_index() {
    let ground = Ground::new();
    let (alice, bob) = (ground.member("alice").await, ground.member("bob").await);
    let mut alices_news = alice.news();
    soon(alice.watch(true)).await.unwrap();
    let seen = soon(bob.go_online(Some(7400))).await.unwrap();
    let seen = seen.address;
    assert_eq!(seen.unwrap().to_string(), "192.0.2.1:7400");
    let told = changed(&mut alices_news, |person| person.online).await;
    assert_eq!((told.user.as_str(), told.addresses.as_slice()), ("bob", &[seen.unwrap()][..]));
    let people = soon(alice.people()).await.unwrap();
    let online: Vec<_> = people.value.iter().map(|p| (p.user.as_str(), p.online)).collect();
    assert_eq!((people.age, online), (Age::Fresh, vec![("alice", false), ("bob", true)]));

    let mut bobs_news = bob.news();
    soon(alice.reach(&user("bob"))).await.unwrap();
    let News::Wanted(who) = soon(bobs_news.next()).await.unwrap() else { panic!("not wanted") };
    assert_eq!(who.identity, identity("alice").fingerprint());
    let refused = soon(bob.reach(&user("alice"))).await.unwrap_err();
    assert!(matches!(refused, Error::Refused { code: Code::NotFound, .. }), "{refused}");

    soon(bob.set_contact(Some("room 7"))).await.unwrap();
    let told = changed(&mut alices_news, |person| person.contact.is_some()).await;
    assert_eq!(told.contact.unwrap().to_string(), "room 7");
    for (session, name) in [(&alice, "bob"), (&bob, "alice")] {
        let keys = soon(session.keys(&user(name))).await.unwrap().value;
        assert_eq!(keys.key.fingerprint(), identity(name).fingerprint());
        assert!(matches!(soon(session.keys(&user("nobody"))).await, Err(Error::Unknown)));
        assert_eq!(soon(session.person(&user("nobody"))).await.unwrap().value, None);
    }
    bob.close().await;
    let told = changed(&mut alices_news, |person| !person.online).await;
    assert_eq!(told.user.as_str(), "bob");
    ground.stop().await;
}

#[tokio::test]
async fn a_session_comes_back_by_itself_when_the_index_restarts() {
    let mut ground = Ground::new();
    let (alice, bob) = (ground.member("alice").await, ground.member("bob").await);
    soon(alice.watch(true)).await.unwrap();
    soon(bob.go_online(Some(7400))).await.unwrap();
    soon(alice.people()).await.unwrap();
    soon(alice.keys(&user("bob"))).await.unwrap();
    for _ in 0..2 {
        let mut news = alice.news();
        ground.close().await;
        while !matches!(soon(news.next()).await, Some(News::Status(Status::Away(_)))) {}
        let people = soon(alice.people()).await.unwrap();
        assert!(matches!(people.age, Age::Cached { .. }));
        assert!(matches!(soon(alice.keys(&user("bob"))).await.unwrap().age, Age::Cached { .. }));
        ground.open();
        // Bob is online again, and Alice is told: neither did anything for it.
        while !matches!(soon(news.next()).await, Some(News::Status(Status::Here(_)))) {}
        until_online(&alice, "bob").await;
        assert_eq!(soon(alice.keys(&user("bob"))).await.unwrap().age, Age::Fresh);
    }
    ground.stop().await;
}

#[tokio::test]
async fn joining_and_rotating_happen_once_though_the_answers_are_lost() {
    let ground = Ground::new();
    ground.cut_at(|fact| matches!(fact, Happening::Joined(_)));
    let alice = ground.member("alice").await;
    assert_eq!(alice.status(), Status::Here(user("alice")));
    assert!(ground.was_cut() && ground.net.tries().len() == 2);
    assert_eq!(ground.entries().await, 1);
    let bob = ground.member("bob").await;
    let (old, new) = (identity("alice"), identity("mallory"));
    soon(bob.keys(&user("alice"))).await.unwrap();

    ground.cut_at(|fact| matches!(fact, Happening::Rotated(_)));
    let rotation = SignedRotation::sign(old.signing(), new.signing(), NOW).unwrap();
    let (name, text) = (user("alice"), password(FIRST));
    soon(alice.rotate(side("mallory"), &name, &text, &rotation)).await.unwrap();
    assert!(ground.was_cut());
    assert_eq!(ground.entries().await, 3);
    // Bob's line was cut as well.
    let keys = fresh(&bob, async || bob.keys(&user("alice")).await).await;
    assert_eq!(keys.key.fingerprint(), new.fingerprint());
    assert_eq!(keys.step.event, DirectoryEvent::Rotated);
    let walked = soon(bob.rotations(&user("alice"), &old.fingerprint())).await.unwrap();
    assert_eq!(walked.unwrap()[0].rotation.as_ref().unwrap().signer(), old.fingerprint());
    assert!(soon(alice.people()).await.is_ok());
    ground.stop().await;
}

#[tokio::test]
async fn a_password_change_whose_answer_is_lost_is_done() {
    let ground = Ground::new();
    let alice = ground.member("alice").await;
    let other = ground.session("alice");
    soon(other.login(&user("alice"), &password(FIRST))).await.unwrap();
    ground.cut_at(|fact| matches!(fact, Happening::PasswordChanged(_)));
    soon(alice.change_password(&password(FIRST), &password(SECOND))).await.unwrap();
    assert!(ground.was_cut());
    assert!(soon(alice.people()).await.is_ok());
    // The other session is over, and the old password with it.
    assert_eq!(soon(other.people()).await.unwrap_err(), Error::LoggedOut(LoggedOut::Over));
    let refused = soon(other.login(&user("alice"), &password(FIRST))).await.unwrap_err();
    assert!(matches!(refused, Error::Refused { code: Code::Credentials, .. }), "{refused}");
    soon(other.login(&user("alice"), &password(SECOND))).await.unwrap();
    // And once more, with nothing lost.
    soon(alice.change_password(&password(SECOND), &password(FIRST))).await.unwrap();
    assert!(soon(alice.people()).await.is_ok());
    ground.stop().await;
}

#[tokio::test]
async fn a_session_that_is_over_is_told_at_once_or_when_something_is_asked() {
    let ground = Ground::new();
    let alice = ground.member("alice").await;
    let over = Status::LoggedOut(LoggedOut::Over);
    let mut news = alice.news();
    ground.end_sessions("alice").await;
    while soon(news.next()).await != Some(News::Status(over.clone())) {}
    soon(alice.login(&user("alice"), &password(FIRST))).await.unwrap();
    // Another one, seen and ended from this one.
    let other = ground.session("alice");
    soon(other.login(&user("alice"), &password(FIRST))).await.unwrap();
    let account = soon(alice.account()).await.unwrap();
    let others: Vec<_> = account.sessions.iter().filter(|session| !session.is_this).collect();
    let mut others_news = other.news();
    soon(alice.end_session(others[0].number)).await.unwrap();
    while soon(others_news.next()).await != Some(News::Status(over.clone())) {}
    assert_eq!(soon(alice.account()).await.unwrap().sessions.len(), 1);
    // Not used for too long.
    ground.set_clock(13 * 3600);
    assert_eq!(soon(alice.people()).await.unwrap_err(), Error::LoggedOut(LoggedOut::Over));
    soon(alice.login(&user("alice"), &password(FIRST))).await.unwrap();
    soon(alice.logout()).await.unwrap();
    assert_eq!(alice.status(), over);
    ground.stop().await;
}

#[tokio::test]
async fn people_who_are_shown_the_same_directory_agree() {
    let ground = Ground::new();
    let (alice, bob) = (ground.member("alice").await, ground.member("bob").await);
    soon(alice.keys(&user("bob"))).await.unwrap();
    let told = alice.known().head();
    assert_eq!(soon(bob.compare_heads(&told)).await, Ok(Agreement::Same));
    ground.member("mallory").await;
    soon(bob.keys(&user("mallory"))).await.unwrap();
    assert_eq!(soon(bob.compare_heads(&told)).await, Ok(Agreement::Ahead));
    assert_eq!(soon(alice.compare_heads(&bob.known().head())).await, Ok(Agreement::Same));
    ground.stop().await;
}

/// The next news of a person who is like this.
async fn changed(news: &mut NewsStream, so: impl Fn(&Person) -> bool) -> Person {
    loop {
        match soon(news.next()).await.unwrap() {
            News::Changed(person) if so(&person) => return person,
            _ => {}
        }
    }
}

/// Waits until somebody is online, as a program that shows people does.
async fn until_online(session: &IndexSession, name: &str) {
    let mut news = session.news();
    let name = user(name);
    while !fresh(session, async || session.person(&name).await).await.is_some_and(|p| p.online) {
        soon(news.next()).await.unwrap();
    }
}
