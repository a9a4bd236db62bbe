//! What people change about their accounts.

use crate::keys::NOW;
use crate::stage::{
    Someone, days, join, joining, keys, later, log_in, password, refused, request, rotating,
    session, user, whole_chain,
};
use waxwing::index::store::{LoggingIn, Refusal, RequestKey, Rotating, Store};
use waxwing::model::directory::DirectoryEvent;

pub(crate) async fn a_new_password_ends_all_sessions(store: &impl Store) {
    let alice = join(store, "alice", 0, NOW).await;
    let other = log_in(store, &alice, NOW).await;
    let bob = join(store, "bob", 1, NOW).await;
    let change = |asker, old, which| {
        store.change_password(asker, request(&keys(which)), old, password(2), session(), NOW)
    };
    refused(change(alice.asker, password(9), 0).await, Refusal::PasswordChanged);
    // A request of somebody else.
    refused(change(alice.asker, password(1), 1).await, Refusal::NoSession);
    let granted = change(alice.asker, password(1), 0).await.unwrap();
    let mut ended = granted.ended;
    ended.sort_by_key(|token| *token.as_bytes());
    assert_eq!(ended, [alice.asker.session, other.asker.session]);
    for asker in [alice.asker, other.asker] {
        refused(store.member(asker, NOW).await, Refusal::NoSession);
    }
    store.member(bob.asker, NOW).await.unwrap();
    refused(store.log_in(alice.login(NOW), NOW).await, Refusal::PasswordChanged);
    let right = LoggingIn { password: password(2), ..alice.login(NOW) };
    store.log_in(right, NOW).await.unwrap();
    store.log_in(bob.login(NOW), NOW).await.unwrap();
}

pub(crate) async fn changing_a_password_again_does_nothing_twice(store: &impl Store) {
    let alice = join(store, "alice", 0, NOW).await;
    let (once, first, second) = (request(&keys(0)), session(), session());
    let change = |request: RequestKey, session| {
        store.change_password(alice.asker, request, password(1), password(2), session, NOW)
    };
    change(once, first).await.unwrap();
    let again = change(once, second).await.unwrap();
    assert_eq!((again.ended, again.member.session), (vec![], second.number));
    for opened in [first, second] {
        let someone = Someone::new(&keys(0), opened, alice.granted.clone());
        store.member(someone.asker, NOW).await.unwrap();
    }
    let other = RequestKey { asked: [2; 32], ..once };
    refused(change(other, session()).await, Refusal::Reused);
    // Whoever knows of the request and is somebody else gets nothing by it.
    let mallory = join(store, "mallory", 2, NOW).await;
    let by_other =
        store.change_password(mallory.asker, once, password(1), password(2), session(), NOW);
    refused(by_other.await, Refusal::NoSession);
}

pub(crate) async fn a_rotation_moves_the_account(store: &impl Store) {
    let alice = join(store, "alice", 0, NOW).await;
    let bob = join(store, "bob", 1, NOW).await;
    let moving = rotating(&alice.granted, &keys(0), &keys(2), NOW);
    let granted = store.rotate(moving.clone(), NOW).await.unwrap();
    assert_eq!(granted.ended, [alice.asker.session]);
    assert_eq!(granted.member.user, user("alice"));
    refused(store.member(alice.asker, NOW).await, Refusal::NoSession);
    store.member(bob.asker, NOW).await.unwrap();
    let moved = Someone::new(&keys(2), moving.session, granted);
    store.member(moved.asker, NOW).await.unwrap();
    let account = store.account(&user("alice")).await.unwrap().unwrap();
    assert_eq!(account.identity, keys(2).fingerprint());
    refused(store.log_in(alice.login(NOW), NOW).await, Refusal::OtherIdentity);

    let chain = whole_chain(store, moved.asker, NOW).await;
    assert_eq!(chain.current(&user("alice")).unwrap().event, DirectoryEvent::Rotated);
    let (_, documents) =
        store.documents(moved.asker, &user("alice"), None, NOW).await.unwrap().unwrap();
    let binding = chain.binding(&user("alice"), &documents).unwrap();
    assert_eq!(binding.rotation.unwrap().old.fingerprint(), keys(0).fingerprint());

    // Repeated, it opens a session and does nothing else.
    let again = Rotating { session: session(), ..moving.clone() };
    let opened = again.session;
    assert_eq!(store.rotate(again, later(5)).await.unwrap().ended, []);
    let opened = Someone::new(&keys(2), opened, moved.granted);
    store.member(opened.asker, later(5)).await.unwrap();
    store.member(moved.asker, later(5)).await.unwrap();
    assert_eq!(store.figures(NOW).await.unwrap().directory.length, 3);
    let other = RequestKey { asked: [2; 32], ..moving.request };
    let other = Rotating { request: other, session: session(), ..moving.clone() };
    refused(store.rotate(other, NOW).await, Refusal::Reused);

    // Once the account has moved on, the repetition opens nothing.
    store.rotate(rotating(&opened.granted, &keys(2), &keys(3), NOW), NOW).await.unwrap();
    refused(
        store.rotate(Rotating { session: session(), ..moving }, NOW).await,
        Refusal::OtherIdentity,
    );
}

pub(crate) async fn a_rotation_is_refused(store: &impl Store) {
    let alice = join(store, "alice", 0, NOW).await;
    join(store, "bob", 1, NOW).await;
    let moving = |old: usize, new: usize| rotating(&alice.granted, &keys(old), &keys(new), NOW);
    let wrong = Rotating { password: password(9), ..moving(0, 2) };
    refused(store.rotate(wrong, NOW).await, Refusal::PasswordChanged);
    // From an identity that the account has not, with a rotation of it or a claim alone.
    refused(store.rotate(moving(3, 2), NOW).await, Refusal::OtherIdentity);
    let claimed = Rotating { old: keys(0).fingerprint(), ..moving(3, 2) };
    refused(store.rotate(claimed, NOW).await, Refusal::OtherIdentity);
    let unsigned = Rotating { shown: keys(2).shown(NOW), ..moving(0, 2) };
    refused(store.rotate(unsigned, NOW).await, Refusal::OtherIdentity);
    refused(store.rotate(moving(0, 1), NOW).await, Refusal::KeyTaken);

    store.rotate(moving(0, 2), NOW).await.unwrap();
    // Not back to where one was, under this name or another.
    refused(
        store.rotate(rotating(&alice.granted, &keys(2), &keys(0), NOW), NOW).await,
        Refusal::KeyTaken,
    );
    refused(store.join(joining("carol", &keys(0), NOW), NOW).await, Refusal::KeyTaken);

    store.close_account(&user("alice"), NOW).await.unwrap();
    let gone = rotating(&alice.granted, &keys(2), &keys(4), NOW);
    refused(store.rotate(gone, NOW).await, Refusal::NotFound);
}

pub(crate) async fn a_contact_line_changes(store: &impl Store) {
    let alice = join(store, "alice", 0, NOW).await;
    let bob = join(store, "bob", 1, NOW).await;
    let once = request(&keys(0));
    let change = |request, line: Option<&str>| {
        store.change_contact(alice.asker, request, line.map(str::to_owned), NOW)
    };
    change(once, Some("room 7")).await.unwrap();
    change(request(&keys(0)), Some("room 8")).await.unwrap();
    // The repetition of the older one does not bring it back.
    change(once, Some("room 7")).await.unwrap();
    let own = store.own_account(alice.asker, NOW).await.unwrap();
    assert_eq!(own.contact.as_deref(), Some("room 8"));
    refused(change(RequestKey { asked: [2; 32], ..once }, None).await, Refusal::Reused);
    refused(change(request(&keys(1)), None).await, Refusal::NoSession);
    let over = store.change_contact(alice.asker, once, None, days(1)).await;
    refused(over, Refusal::NoSession);

    change(request(&keys(0)), None).await.unwrap();
    assert_eq!(store.own_account(alice.asker, NOW).await.unwrap().contact, None);
    assert_eq!(store.own_account(bob.asker, NOW).await.unwrap().contact, None);
}
