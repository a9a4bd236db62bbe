//! How accounts come to be.

use crate::keys::{DAY, NOW};
use crate::stage::{
    IDENTITIES, Someone, days, invite, invited, join, joining, keys, later, log_in, password,
    refused, request, rotating, session, token, user, whole_chain,
};
use waxwing::index::store::{Asker, Joining, Refusal, RequestKey, Store};
use waxwing::model::directory::DirectoryEvent;

pub(crate) async fn who_joins_can_log_in(store: &impl Store) {
    let first = Joining { contact: Some("room 7".into()), ..joining("alice", &keys(0), NOW) };
    let opened = first.session;
    let granted = store.join(first, NOW).await.unwrap();
    assert_eq!(granted.ended, []);
    assert_eq!(granted.member.user, user("alice"));
    assert_eq!((granted.member.session, granted.member.lifetime), (opened.number, opened.lifetime));
    let alice = Someone::new(&keys(0), opened, granted.clone());

    let account = store.account(&user("alice")).await.unwrap().unwrap();
    assert_eq!(account.id, granted.member.account);
    assert_eq!((account.identity, account.password), (keys(0).fingerprint(), password(1)));
    assert_eq!(store.account(&user("bob")).await.unwrap(), None);

    let again = log_in(store, &alice, later(10)).await;
    assert_eq!(again.granted.member.account, alice.granted.member.account);
    for asker in [alice.asker, again.asker] {
        let member = store.member(asker, later(20)).await.unwrap();
        assert_eq!(member.user, user("alice"));
    }
    let own = store.own_account(again.asker, later(20)).await.unwrap();
    assert_eq!((own.user, own.contact), (user("alice"), Some("room 7".into())));
    assert_eq!(own.since, NOW);
    let numbers: Vec<_> = own.sessions.iter().map(|session| session.number).collect();
    assert_eq!(numbers, [again.granted.member.session, opened.number]);
    let chain = whole_chain(store, alice.asker, NOW).await;
    let step = chain.current(&user("alice")).unwrap();
    assert_eq!((step.event, step.identity), (DirectoryEvent::Joined, keys(0).fingerprint()));
}

pub(crate) async fn nobody_joins_without_an_invitation_where_joining_is_closed(store: &impl Store) {
    let closed = Joining { is_open: false, ..joining("alice", &keys(0), NOW) };
    refused(store.join(closed, NOW).await, Refusal::Invitation);
    // A wrong invitation is no better where joining is open.
    let wrong = Joining { invitation: Some(token()), ..joining("alice", &keys(0), NOW) };
    refused(store.join(wrong, NOW).await, Refusal::Invitation);
    let figures = store.figures(NOW).await.unwrap();
    assert_eq!((figures.accounts, figures.sessions, figures.directory.length), (0, 0, 0));
}

pub(crate) async fn an_invitation_lets_one_person_in_once(store: &impl Store) {
    let by = invite(store, None, NOW).await;
    store.join(invited("alice", &keys(0), by, NOW), NOW).await.unwrap();
    refused(store.join(invited("bob", &keys(1), by, NOW), NOW).await, Refusal::Invitation);
    // A strange invitation tells nothing about names.
    refused(store.join(invited("alice", &keys(1), by, NOW), NOW).await, Refusal::Invitation);
}

pub(crate) async fn an_invitation_holds_until_its_time(store: &impl Store) {
    let by = invite(store, None, NOW).await;
    let late = later(DAY);
    refused(store.join(invited("alice", &keys(0), by, late), late).await, Refusal::Invitation);
    let in_time = later(DAY - 1);
    store.join(invited("alice", &keys(0), by, in_time), in_time).await.unwrap();
}

pub(crate) async fn an_invitation_for_one_name_is_for_no_other(store: &impl Store) {
    let by = invite(store, Some("alice"), NOW).await;
    refused(store.join(invited("bob", &keys(1), by, NOW), NOW).await, Refusal::Invitation);
    store.join(invited("alice", &keys(0), by, NOW), NOW).await.unwrap();
}

pub(crate) async fn a_refusal_does_not_use_an_invitation_up(store: &impl Store) {
    join(store, "alice", 0, NOW).await;
    let by = invite(store, None, NOW).await;
    // An invitation for anybody replaces nobody.
    refused(store.join(invited("alice", &keys(1), by, NOW), NOW).await, Refusal::NameTaken);
    refused(store.join(invited("bob", &keys(0), by, NOW), NOW).await, Refusal::KeyTaken);
    store.join(invited("bob", &keys(1), by, NOW), NOW).await.unwrap();
}

pub(crate) async fn names_and_identities_are_taken_once(store: &impl Store) {
    join(store, "alice", 0, NOW).await;
    refused(store.join(joining("alice", &keys(1), NOW), NOW).await, Refusal::NameTaken);
    refused(store.join(joining("alice", &keys(0), NOW), NOW).await, Refusal::NameTaken);
    refused(store.join(joining("bob", &keys(0), NOW), NOW).await, Refusal::KeyTaken);
    // Also when the name is free again.
    store.close_account(&user("alice"), NOW).await.unwrap();
    refused(store.join(joining("bob", &keys(0), NOW), NOW).await, Refusal::KeyTaken);
    join(store, "bob", 1, NOW).await;
}

pub(crate) async fn an_invitation_for_an_account_replaces_its_keys(store: &impl Store) {
    let alice = join(store, "alice", 0, NOW).await;
    let bob = join(store, "bob", 1, NOW).await;
    let by = invite(store, Some("alice"), NOW).await;
    refused(store.join(invited("alice", &keys(1), by, NOW), NOW).await, Refusal::KeyTaken);

    let replaced = Joining { password: password(2), ..invited("alice", &keys(2), by, NOW) };
    let opened = replaced.session;
    let granted = store.join(replaced, NOW).await.unwrap();
    assert_eq!(granted.ended, [alice.asker.session]);
    assert_eq!(granted.member.account, alice.granted.member.account);
    refused(store.member(alice.asker, NOW).await, Refusal::NoSession);
    store.member(bob.asker, NOW).await.unwrap();
    let account = store.account(&user("alice")).await.unwrap().unwrap();
    assert_eq!((account.password, account.identity), (password(2), keys(2).fingerprint()));
    refused(store.log_in(alice.login(NOW), NOW).await, Refusal::PasswordChanged);

    // The identity before does not come back, not even so.
    let by = invite(store, Some("alice"), NOW).await;
    refused(store.join(invited("alice", &keys(0), by, NOW), NOW).await, Refusal::KeyTaken);
    let alice = Someone::new(&keys(2), opened, granted);
    let chain = whole_chain(store, alice.asker, NOW).await;
    assert_eq!(chain.current(&user("alice")).unwrap().event, DirectoryEvent::Replaced);
}

pub(crate) async fn an_invitation_for_an_account_resets_its_password(store: &impl Store) {
    let alice = join(store, "alice", 0, NOW).await;
    let by = invite(store, Some("alice"), NOW).await;
    let reset = Joining { password: password(2), ..invited("alice", &keys(0), by, NOW) };
    let granted = store.join(reset, NOW).await.unwrap();
    assert_eq!(granted.ended, [alice.asker.session]);
    let account = store.account(&user("alice")).await.unwrap().unwrap();
    assert_eq!((account.password, account.identity), (password(2), keys(0).fingerprint()));
    assert_eq!(store.figures(NOW).await.unwrap().directory.length, 1);
}

pub(crate) async fn joining_again_by_the_same_request_does_nothing_twice(store: &impl Store) {
    let by = invite(store, None, NOW).await;
    let first = invited("alice", &keys(0), by, NOW);
    assert!(!store.was_done(&first.request).await.unwrap());
    let granted = store.join(first.clone(), NOW).await.unwrap();
    assert!(store.was_done(&first.request).await.unwrap());

    // The answer was lost, so the token is another one.
    let repeated = Joining { session: session(), ..first.clone() };
    let opened = repeated.session;
    let again = store.join(repeated, later(60)).await.unwrap();
    assert_eq!(again.member.account, granted.member.account);
    assert_eq!((again.member.session, again.ended), (opened.number, vec![]));
    for token in [first.session.token, opened.token] {
        let asker = Asker { session: token, identity: keys(0).fingerprint() };
        store.member(asker, later(60)).await.unwrap();
    }
    let figures = store.figures(later(60)).await.unwrap();
    assert_eq!((figures.accounts, figures.directory.length, figures.sessions), (1, 1, 2));

    let asked = RequestKey { asked: [2; 32], ..first.request };
    refused(store.was_done(&asked).await, Refusal::Reused);
    let other = Joining { request: asked, session: session(), ..first.clone() };
    refused(store.join(other, later(60)).await, Refusal::Reused);
    // The same number of another identity is another request.
    let bob = RequestKey { identity: keys(1).fingerprint(), ..first.request };
    assert!(!store.was_done(&bob).await.unwrap());

    // A day later it is forgotten; so it is asked anew, and the name is taken.
    store.sweep(later(DAY)).await.unwrap();
    let late = Joining { session: session(), is_open: true, invitation: None, ..first };
    refused(store.join(late, later(DAY)).await, Refusal::NameTaken);
}

pub(crate) async fn of_a_hundred_who_want_a_name_one_gets_it(store: &impl Store) {
    let all = (0..100).map(|n| {
        let (store, joining) = (store.clone(), joining("alice", &keys(n % IDENTITIES), NOW));
        tokio::spawn(async move { store.join(joining, NOW).await })
    });
    let mut winners = 0;
    for joined in all.collect::<Vec<_>>() {
        match joined.await.unwrap() {
            Ok(_) => winners += 1,
            joined => refused(joined, Refusal::NameTaken),
        }
    }
    assert_eq!(winners, 1);
    let figures = store.figures(NOW).await.unwrap();
    assert_eq!((figures.accounts, figures.sessions, figures.directory.length), (1, 1, 1));
}

pub(crate) async fn invitations_for_somebody_who_is_in_are_forgotten(store: &impl Store) {
    let (first, second) =
        (invite(store, Some("bob"), NOW).await, invite(store, Some("bob"), NOW).await);
    assert!(store.is_invited(&first, &user("bob"), NOW).await.unwrap());
    assert!(!store.is_invited(&first, &user("alice"), NOW).await.unwrap());
    assert!(!store.is_invited(&token(), &user("bob"), NOW).await.unwrap());
    store.join(invited("bob", &keys(1), first, NOW), NOW).await.unwrap();
    // Whoever finds the other one does not get the account.
    assert!(!store.is_invited(&second, &user("bob"), NOW).await.unwrap());
    refused(store.join(invited("bob", &keys(2), second, NOW), NOW).await, Refusal::Invitation);
    // One that is made now is meant so.
    let third = invite(store, Some("bob"), NOW).await;
    let granted = store.join(invited("bob", &keys(2), third, NOW), NOW).await.unwrap();
    assert_eq!(granted.event, Some(DirectoryEvent::Replaced));
    let anybody = invite(store, None, NOW).await;
    assert!(store.is_invited(&anybody, &user("alice"), NOW).await.unwrap());
    assert!(!store.is_invited(&anybody, &user("alice"), days(365)).await.unwrap());
}

pub(crate) async fn who_left_comes_back_as_who_they_were_last(store: &impl Store) {
    let alice = join(store, "alice", 0, NOW).await;
    assert_eq!(alice.granted.event, Some(DirectoryEvent::Joined));
    let moved = store.rotate(rotating(&alice.granted, &keys(0), &keys(1), NOW), NOW).await;
    assert_eq!(moved.unwrap().event, Some(DirectoryEvent::Rotated));
    store.close_account(&user("alice"), NOW).await.unwrap();
    // The key from before may be in other hands by now.
    refused(store.join(joining("alice", &keys(0), NOW), NOW).await, Refusal::KeyTaken);
    store.join(joining("alice", &keys(1), NOW), NOW).await.unwrap();
}

pub(crate) async fn numbers_of_requests_do_not_pile_up(store: &impl Store) {
    let alice = join(store, "alice", 0, NOW).await;
    let (first, last) = (request(&keys(0)), request(&keys(0)));
    store.change_contact(alice.asker, first, None, NOW).await.unwrap();
    for _ in 0..1100 {
        let number = request(&keys(0));
        store.change_contact(alice.asker, number, None, later(1)).await.unwrap();
    }
    // The newest is remembered, also when the clock was set back before it.
    store.change_contact(alice.asker, last, None, NOW).await.unwrap();
    assert!(!store.was_done(&first).await.unwrap());
    assert!(store.was_done(&last).await.unwrap());
}
