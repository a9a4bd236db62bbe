//! Who gets in: joining, passwords, and what strangers learn and can do.

use crate::keys::{NOW, sealing_key};
use crate::stage::{Ground, PASSWORD, identity, joining, password, rules, user};
use std::sync::Arc;
use std::time::Duration;
use waxwing::codec::Text;
use waxwing::crypto::Identity;
use waxwing::crypto::{SealingKey, SignedRotation, random};
use waxwing::index::{Happening, Rules};
use waxwing::wire::Code;
use waxwing::wire::index::{
    AccountAsk, ContactChange, Join, KeysAsk, Named, PasswordChange, PeopleAsk, Rotate,
};

#[tokio::test]
async fn who_joins_has_an_account_a_session_and_a_place_in_the_directory() {
    let ground = Ground::new().await;
    let alice = ground.dial("alice").await;
    let contact = Some(Text::new("room 7").unwrap());
    let granted = alice.ask(Join { contact, ..joining("alice") }).await.unwrap();
    assert_eq!((granted.user.as_str(), granted.lifetime), ("alice", 12 * 3600));
    let account = alice.ask(AccountAsk { id: 0 }).await.unwrap();
    assert_eq!(account.user.as_str(), "alice");
    assert_eq!(account.contact.as_deref(), Some("room 7"));
    assert_eq!((account.sessions.len(), account.sessions[0].is_this), (1, true));
    assert_eq!(account.sessions[0].identity, identity("alice").fingerprint());
    let asked = KeysAsk { id: 0, user: Named(user("alice")), number: None };
    let documents = alice.ask(asked).await.unwrap().documents().unwrap();
    assert_eq!(documents.key, *identity("alice").signing().verifying_key());
    assert_eq!(documents.certificate, *identity("alice").certificate());
    assert!(ground.lines().iter().any(|line| line.starts_with("alice joined from 127.0.0.1:")));
    ground.stop().await;
}

#[tokio::test]
async fn a_name_and_an_identity_are_taken_once() {
    let ground = Ground::new().await;
    let (alice, _) = ground.member("alice").await;
    let bob = ground.dial("bob").await;
    assert_eq!(bob.join("alice").await.unwrap_err(), Code::NameTaken);
    assert_eq!(alice.join("alice2").await.unwrap_err(), Code::KeyTaken);
    assert!(bob.join("bob").await.is_ok());
    ground.stop().await;
}

#[tokio::test]
async fn a_repeated_join_is_one_account_and_the_same_number_for_another_is_refused() {
    let ground = Ground::new().await;
    let alice = ground.dial("alice").await;
    let first = joining("alice");
    let one = alice.ask(first.clone()).await.unwrap();
    let again = ground.dial("alice").await;
    let two = again.ask(first.clone()).await.unwrap();
    assert_ne!(one.token.expose(), two.token.expose());
    assert_eq!(again.ask(AccountAsk { id: 0 }).await.unwrap().sessions.len(), 2);
    let wrong = Join { password: password("another horse"), ..first.clone() };
    assert_eq!(again.ask(wrong).await.unwrap_err(), Code::Credentials);
    let other = Join { contact: Some(Text::new("room 7").unwrap()), ..first };
    assert_eq!(again.ask(other).await.unwrap_err(), Code::Reused);
    ground.stop().await;
}

#[tokio::test]
async fn a_closed_index_wants_an_invitation_that_holds_once_and_for_whom_it_names() {
    let ground = Ground::with(Rules { open_joining: false, ..rules() }).await;
    let (alice, bob) = (ground.dial("alice").await, ground.dial("bob").await);
    assert_eq!(alice.join("alice").await.unwrap_err(), Code::Invitation);
    assert_eq!(ground.index.passwords_computed(), 0, "who is not invited costs no hash");
    let token = ground.invite(Some("alice")).await;
    assert_eq!(bob.join_invited("bob", &token).await.unwrap_err(), Code::Invitation);
    assert!(alice.join_invited("alice", &token).await.is_ok());
    assert_eq!(bob.join_invited("bob", &token).await.unwrap_err(), Code::Invitation);
    let late = ground.invite(None).await;
    ground.set_clock(3601);
    assert_eq!(bob.join_invited("bob", &late).await.unwrap_err(), Code::Invitation);
    let fresh = ground.invite(None).await;
    assert!(bob.join_invited("bob", &fresh).await.is_ok());
    ground.stop().await;
}

#[tokio::test]
async fn an_unknown_name_and_a_wrong_password_cost_and_sound_the_same() {
    let ground = Ground::new().await;
    drop(ground.member("alice").await);
    let bob = ground.dial("bob").await;
    let mut answers = Vec::new();
    for name in ["alice", "nobody"] {
        for text in ["wrong password", PASSWORD] {
            let before = ground.index.passwords_computed();
            let ask = waxwing::wire::index::Login {
                id: 0,
                user: Named(user(name)),
                password: password(text),
            };
            let answer = bob.conversation.ask(ask).await.unwrap_err().to_string();
            answers.push((name, text, answer, ground.index.passwords_computed() - before));
        }
    }
    assert!(answers.iter().all(|(.., hashes)| *hashes == 1), "{answers:?}");
    let words = |name, text| {
        let found = answers.iter().find(|(n, t, ..)| (*n, *t) == (name, text));
        found.unwrap().2.clone()
    };
    assert_eq!(words("alice", "wrong password"), words("nobody", "wrong password"));
    assert_eq!(words("alice", "wrong password"), words("nobody", PASSWORD));
    // Who knows the password is told that it is not theirs to use with these keys.
    assert_ne!(words("alice", PASSWORD), words("alice", "wrong password"));
    assert_eq!(bob.login("alice", PASSWORD).await.unwrap_err(), Code::OtherIdentity);
    ground.stop().await;
}

#[tokio::test]
async fn a_password_outside_the_rule_is_told_at_joining_and_is_only_wrong_at_login() {
    use minicbor::bytes::ByteArray;
    let ground = Ground::new().await;
    let (alice, _) = ground.member("alice").await;
    let bob = ground.dial("bob").await;
    for text in ["123456789", &"a".repeat(72), "with a\0 in it"] {
        let body = |kind: &str| raw_login(kind, text);
        let refused = bob.ask(body("join")).await.unwrap_err();
        assert_eq!(refused, Code::PasswordRule, "{text:?}");
    }
    let _: ByteArray<16> = random().into();
    let before = ground.index.passwords_computed();
    assert_eq!(alice.login("alice", "123456789a").await.unwrap_err(), Code::Credentials);
    assert_eq!(ground.index.passwords_computed(), before + 1);
    ground.stop().await;
}

/// A join with a password that our own type would not let through.
fn raw_login(_: &str, text: &str) -> Join {
    let mut join = joining("bob");
    join.password = waxwing::codec::open::decode(&{
        let mut bytes = Vec::new();
        minicbor::encode(text, &mut bytes).unwrap();
        bytes
    })
    .unwrap();
    join
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_make_themselves_wait_and_nobody_else() {
    let ground = Ground::with(Rules { free_tries: 3, ..rules() }).await;
    let (alice, _) = ground.member("alice").await;
    let mallory = ground.dial("mallory").await;
    let mut codes = Vec::new();
    for _ in 0..6 {
        codes.push(mallory.login("alice", "wrong password").await.unwrap_err());
    }
    assert_eq!(codes[..3], [Code::Credentials; 3]);
    assert_eq!(codes[3..], [Code::Throttled; 3]);
    let before = ground.index.passwords_computed();
    assert_eq!(mallory.login("alice", PASSWORD).await.unwrap_err(), Code::Throttled);
    assert_eq!(ground.index.passwords_computed(), before, "who waits costs no hash");
    // A name that nobody has is throttled alike.
    for _ in 0..3 {
        assert_eq!(mallory.login("nobody", PASSWORD).await.unwrap_err(), Code::Credentials);
    }
    assert_eq!(mallory.login("nobody", PASSWORD).await.unwrap_err(), Code::Throttled);
    // Alice, from the same address, is not locked out.
    assert!(alice.login("alice", PASSWORD).await.is_ok());
    // But she waits for her own mistakes, until one try is right.
    for _ in 0..3 {
        assert_eq!(alice.login("alice", "wrong password").await.unwrap_err(), Code::Credentials);
    }
    assert_eq!(alice.login("alice", PASSWORD).await.unwrap_err(), Code::Throttled);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert!(alice.login("alice", PASSWORD).await.is_ok());
    assert_eq!(alice.login("alice", "wrong password").await.unwrap_err(), Code::Credentials);
    assert!(alice.login("alice", PASSWORD).await.is_ok());
    ground.stop().await;
}

#[tokio::test]
async fn who_fails_to_join_too_often_waits_and_a_class_that_joins_does_not() {
    let ground = Ground::with(Rules { failed_joins: 2, open_joins: 3, ..rules() }).await;
    drop(ground.member("alice").await);
    let bob = ground.dial("bob").await;
    for _ in 0..2 {
        assert_eq!(bob.join("alice").await.unwrap_err(), Code::NameTaken);
    }
    assert_eq!(bob.join("bob").await.unwrap_err(), Code::Throttled);
    ground.stop().await;
    let ground = Ground::with(Rules { failed_joins: 2, open_joins: 3, ..rules() }).await;
    for name in ["alice", "bob", "carol"] {
        drop(ground.member(name).await);
    }
    let dave = ground.dial("dave").await;
    assert_eq!(dave.join("dave").await.unwrap_err(), Code::Throttled);
    let token = ground.invite(None).await;
    assert!(dave.join_invited("dave", &token).await.is_ok(), "who is invited is not one of many");
    ground.stop().await;
}

#[tokio::test]
async fn a_changed_password_ends_all_other_sessions_and_its_repetition_changes_nothing() {
    let ground = Ground::new().await;
    let (alice, first) = ground.member("alice").await;
    let elsewhere = ground.dial("alice").await;
    elsewhere.login("alice", PASSWORD).await.unwrap();
    let change = PasswordChange {
        id: 0,
        request: random().into(),
        old: password(PASSWORD),
        new: password("another horse"),
    };
    let wrong = PasswordChange { old: password("wrong password"), ..change.clone() };
    assert_eq!(alice.ask(wrong).await.unwrap_err(), Code::Credentials);
    let change = PasswordChange { request: random().into(), ..change };
    let second = alice.ask(change.clone()).await.unwrap();
    crate::stage::soon(elsewhere.conversation.ended()).await;
    let again = ground.dial("alice").await;
    assert_eq!(again.resume(&first).await.unwrap_err(), Code::NoSession);
    assert!(again.resume(&second).await.is_ok());
    assert!(again.ask(change).await.is_ok(), "the answer was lost, and it is asked again");
    assert_eq!(again.login("alice", PASSWORD).await.unwrap_err(), Code::Credentials);
    assert!(again.login("alice", "another horse").await.is_ok());
    ground.stop().await;
}

#[tokio::test]
async fn a_rotation_moves_the_account_and_ends_what_the_old_identity_had() {
    let ground = Ground::new().await;
    let (alice, old) = ground.member("alice").await;
    let (carol, alice_keys) = (identity("carol"), identity("alice"));
    let rotation = SignedRotation::sign(alice_keys.signing(), carol.signing(), NOW).unwrap();
    let rotate = Rotate {
        id: 0,
        request: random().into(),
        user: Named(user("alice")),
        password: password(PASSWORD),
        rotation: waxwing::codec::Blob::new(waxwing::codec::closed::encode(&rotation)).unwrap(),
    };
    // A stranger cannot bring it, nor anybody without the password.
    let mallory = ground.dial("mallory").await;
    assert_eq!(mallory.ask(rotate.clone()).await.unwrap_err(), Code::OtherIdentity);
    let moved = ground.dial("carol").await;
    let wrong = Rotate { password: password("wrong password"), ..rotate.clone() };
    assert_eq!(moved.ask(wrong).await.unwrap_err(), Code::Credentials);
    let rotate = Rotate { request: random().into(), ..rotate };
    assert!(moved.ask(rotate.clone()).await.is_ok());
    crate::stage::soon(alice.conversation.ended()).await;
    let back = ground.dial("alice").await;
    assert_eq!(back.resume(&old).await.unwrap_err(), Code::NoSession);
    assert_eq!(back.login("alice", PASSWORD).await.unwrap_err(), Code::OtherIdentity);
    assert_eq!(back.join("alice-again").await.unwrap_err(), Code::KeyTaken);
    let again = ground.dial("carol").await;
    assert!(again.ask(rotate).await.is_ok(), "the answer was lost, and it is asked again");
    let keys = KeysAsk { id: 0, user: Named(user("alice")), number: None };
    let documents = again.ask(keys).await.unwrap().documents().unwrap();
    assert_eq!(documents.rotation, Some(rotation));
    ground.stop().await;
}

#[tokio::test]
async fn the_owners_invitation_brings_back_who_lost_the_keys() {
    let ground = Ground::new().await;
    let (alice, old) = ground.member("alice").await;
    let erin = ground.dial("erin").await;
    let anybody = ground.invite(None).await;
    assert_eq!(erin.join_invited("alice", &anybody).await.unwrap_err(), Code::NameTaken);
    let token = ground.invite(Some("alice")).await;
    assert!(erin.join_invited("alice", &token).await.is_ok());
    crate::stage::soon(alice.conversation.ended()).await;
    let back = ground.dial("alice").await;
    assert_eq!(back.resume(&old).await.unwrap_err(), Code::NoSession);
    let replaced =
        |fact: &Happening| matches!(fact, Happening::Replaced(who) if who.user == "alice");
    assert!(ground.told().iter().any(replaced));
    ground.stop().await;
}

#[tokio::test]
async fn a_newer_sealing_key_goes_into_the_directory_and_an_older_one_is_refused() {
    let ground = Ground::new().await;
    drop(ground.member("alice").await);
    let keys = KeysAsk { id: 0, user: Named(user("alice")), number: None };
    let make = || {
        let signing = crate::keys::signing_key("alice-signing");
        Identity::new(signing, sealing_key("alice-sealing"), NOW).unwrap()
    };
    let newer: SealingKey = sealing_key("mallory-sealing");
    let newer = Arc::new(make().with_new_sealing_key(newer, NOW).unwrap());
    let alice = ground.dial_as(&newer).await;
    alice.login("alice", PASSWORD).await.unwrap();
    let shown = alice.ask(keys).await.unwrap();
    assert_eq!(
        (shown.number, shown.documents().unwrap().certificate),
        (1, newer.certificate().clone())
    );
    let old = ground.dial("alice").await;
    assert_eq!(old.login("alice", PASSWORD).await.unwrap_err(), Code::Certificate);
    ground.stop().await;
}

#[tokio::test]
async fn a_contact_is_stored_shown_to_others_changed_and_removed() {
    let ground = Ground::new().await;
    let (alice, _) = ground.member("alice").await;
    let (bob, _) = ground.member("bob").await;
    let contact = |text: Option<&str>| ContactChange {
        id: 0,
        request: random().into(),
        contact: text.map(|text| Text::new(text).unwrap()),
    };
    let seen = async || {
        let only = Some(Named(user("alice")));
        let people = bob.ask(PeopleAsk { id: 0, after: None, only }).await.unwrap().people;
        people[0].contact.as_deref().map(str::to_owned)
    };
    assert_eq!(seen().await, None);
    alice.ask(contact(Some("+49 30 1234"))).await.unwrap();
    assert_eq!(seen().await.as_deref(), Some("+49 30 1234"));
    alice.ask(contact(Some("  "))).await.unwrap();
    assert_eq!(seen().await, None);
    alice.ask(contact(Some("tree house"))).await.unwrap();
    alice.ask(contact(None)).await.unwrap();
    assert_eq!(seen().await, None);
    ground.stop().await;
}
