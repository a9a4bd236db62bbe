//! What is written into the key directory.

use crate::keys::{DAY, NOW};
use crate::stage::{
    Keys, Someone, days, invite, invited, join, joining, keys, later, refused, rotating, steps,
    user, whole_chain,
};
use waxwing::crypto::UnixTime;
use waxwing::index::store::{LoggingIn, Refusal, Result, Rotating, Store};
use waxwing::model::directory::DirectoryEvent;

/// Goes on with a session and shows these keys.
async fn show(store: &impl Store, someone: &Someone, keys: &Keys, now: UnixTime) -> Result<()> {
    store.resume(someone.asker, keys.shown(now), now).await.map(|_| ())
}

/// Logs in with these keys.
async fn enter(store: &impl Store, someone: &Someone, keys: &Keys, now: UnixTime) -> Result<()> {
    let login = LoggingIn { shown: keys.shown(now), ..someone.login(now) };
    store.log_in(login, now).await.map(|_| ())
}

pub(crate) async fn a_newer_certificate_is_written_down(store: &impl Store) {
    let alice = join(store, "alice", 0, NOW).await;
    let directory = async || store.figures(NOW).await.unwrap().directory.length;
    // The same key in the same epoch is nothing new, though the certificate is another one.
    show(store, &alice, &keys(0), later(50)).await.unwrap();
    enter(store, &alice, &keys(0), later(50)).await.unwrap();
    assert_eq!(directory().await, 1);
    // A higher epoch is, for the same key or another.
    show(store, &alice, &keys(0).epoch(2), NOW).await.unwrap();
    show(store, &alice, &keys(0).epoch(2), NOW).await.unwrap();
    assert_eq!(directory().await, 2);
    let third = keys(0).sealing("mallory-sealing", 7);
    enter(store, &alice, &third, later(1)).await.unwrap();
    assert_eq!(directory().await, 3);
    let chain = whole_chain(store, alice.asker, NOW).await;
    let events: Vec<_> = steps(&chain, "alice").iter().map(|step| step.event).collect();
    use DirectoryEvent::{Joined, Sealing};
    assert_eq!(events, [Joined, Sealing, Sealing]);
    let (number, documents) =
        store.documents(alice.asker, &user("alice"), None, NOW).await.unwrap().unwrap();
    let binding = chain.binding(&user("alice"), &documents).unwrap();
    assert_eq!((number, binding.certificate.epoch), (2, 7));
    // One that expired gives way to another one for the same key, and their other home, which shows the old
    // one still, is let in.
    let old = third.shown_by(NOW, days(366));
    let login = LoggingIn { shown: old.clone(), ..alice.login(days(366)) };
    store.log_in(login, days(366)).await.unwrap();
    assert_eq!(directory().await, 3);
    enter(store, &alice, &third, days(366)).await.unwrap();
    enter(store, &alice, &third, days(367)).await.unwrap();
    assert_eq!(directory().await, 4);
    let login = LoggingIn { shown: old, ..alice.login(days(367)) };
    store.log_in(login, days(367)).await.unwrap();
    assert_eq!(directory().await, 4);
}

pub(crate) async fn an_older_certificate_is_refused(store: &impl Store) {
    let alice = join(store, "alice", 0, NOW).await;
    show(store, &alice, &keys(0).epoch(5), NOW).await.unwrap();
    let other_key = keys(0).sealing("mallory-sealing", 5);
    for older in [keys(0), keys(0).epoch(4), other_key] {
        refused(show(store, &alice, &older, NOW).await, Refusal::Certificate);
        refused(enter(store, &alice, &older, NOW).await, Refusal::Certificate);
    }
    // A session did not begin with it either.
    assert_eq!(store.own_account(alice.asker, NOW).await.unwrap().sessions.len(), 1);
    // Nor does it help to leave and come back.
    store.close_account(&user("alice"), NOW).await.unwrap();
    refused(store.join(joining("alice", &keys(0), NOW), NOW).await, Refusal::Certificate);
    store.join(joining("alice", &keys(0).epoch(5), NOW), NOW).await.unwrap();
    let by = invite(store, Some("alice"), NOW).await;
    let reset = invited("alice", &keys(0).epoch(4), by, NOW);
    refused(store.join(reset, NOW).await, Refusal::Certificate);
}

pub(crate) async fn who_shows_new_keys_without_end_is_stopped(store: &impl Store) {
    let mut alice = join(store, "alice", 0, NOW).await;
    let bob = join(store, "bob", 1, NOW).await;
    for epoch in 2..=16 {
        show(store, &alice, &keys(0).epoch(epoch), NOW).await.unwrap();
    }
    refused(show(store, &alice, &keys(0).epoch(17), NOW).await, Refusal::TooMany);
    refused(enter(store, &alice, &keys(0).epoch(17), NOW).await, Refusal::TooMany);
    let moving = rotating(&alice.granted, &keys(0), &keys(2), NOW);
    refused(store.rotate(moving, NOW).await, Refusal::TooMany);
    // With known keys one goes on, and others are not concerned.
    show(store, &alice, &keys(0).epoch(16), NOW).await.unwrap();
    show(store, &bob, &keys(1).epoch(2), NOW).await.unwrap();
    // After a day there is room.
    let (soon, then) = (later(DAY - 1), later(DAY));
    alice.keys = keys(0).epoch(16);
    refused(enter(store, &alice, &keys(0).epoch(17), soon).await, Refusal::TooMany);
    enter(store, &alice, &keys(0).epoch(17), then).await.unwrap();

    // The index's owner is never stopped.
    for epoch in 18..=32 {
        enter(store, &alice, &keys(0).epoch(epoch), then).await.unwrap();
    }
    refused(enter(store, &alice, &keys(0).epoch(33), then).await, Refusal::TooMany);
    let by = invite(store, Some("alice"), then).await;
    store.join(invited("alice", &keys(2), by, then), then).await.unwrap();
    store.close_account(&user("alice"), then).await.unwrap();
    join(store, "alice", 3, then).await;
}

pub(crate) async fn documents_stand_for_their_entries(store: &impl Store) {
    let alice = join(store, "alice", 0, NOW).await;
    let bob = join(store, "bob", 1, NOW).await;
    show(store, &alice, &keys(0).epoch(2), NOW).await.unwrap();
    let documents = |name: &str, number| {
        let name = user(name);
        async move { store.documents(bob.asker, &name, number, NOW).await.unwrap() }
    };
    assert_eq!(documents("carol", None).await, None);
    for (name, number) in [("alice", 1), ("bob", 0), ("bob", 2), ("alice", 3), ("alice", u64::MAX)]
    {
        assert_eq!(documents(name, Some(number)).await, None, "{name} {number}");
    }
    let chain = whole_chain(store, bob.asker, NOW).await;
    for (name, number) in [("alice", 0), ("bob", 1), ("alice", 2)] {
        let (told, documents) = documents(name, Some(number)).await.unwrap();
        assert_eq!(told, number);
        let step = chain.steps(&user(name)).find(|step| step.number == number).unwrap();
        chain.binding_at(&user(name), &step, &documents).unwrap();
    }
    let last = documents("alice", None).await;
    assert_eq!(last, documents("alice", Some(2)).await);
    // From anywhere, in parts.
    let read = store.chain(bob.asker, 1, 1, NOW).await.unwrap();
    assert_eq!((read.entries.len(), read.head), (1, chain.head()));
    for from in [3, u64::MAX] {
        let read = store.chain(bob.asker, from, 10, NOW).await.unwrap();
        assert_eq!((read.entries.len(), read.head), (0, chain.head()));
    }
}

pub(crate) async fn who_closed_an_account_may_come_back(store: &impl Store) {
    let alice = join(store, "alice", 0, NOW).await;
    let bob = join(store, "bob", 1, NOW).await;
    store.close_account(&user("alice"), later(1)).await.unwrap();
    let chain = whole_chain(store, bob.asker, NOW).await;
    assert!(chain.current(&user("alice")).is_none());
    let (number, documents) =
        store.documents(bob.asker, &user("alice"), None, NOW).await.unwrap().unwrap();
    let step = chain.steps(&user("alice")).next().unwrap();
    assert_eq!((number, step.event), (2, DirectoryEvent::Closed));
    chain.binding_at(&user("alice"), &step, &documents).unwrap();

    let back = join(store, "alice", 0, later(2)).await;
    assert_ne!(back.granted.member.account, alice.granted.member.account);
    // Somebody else could have had the name.
    store.close_account(&user("alice"), later(3)).await.unwrap();
    join(store, "alice", 2, later(4)).await;
    let chain = whole_chain(store, bob.asker, NOW).await;
    assert_eq!(chain.current(&user("alice")).unwrap().identity, keys(2).fingerprint());
}

pub(crate) async fn a_story_of_many_names_is_one_chain(store: &impl Store) {
    let mut granted = Vec::new();
    for (which, name) in ["alice", "bob", "carol"].into_iter().enumerate() {
        granted.push(join(store, name, which, days(which as i64)).await);
    }
    let rotated = rotating(&granted[0].granted, &keys(0), &keys(3), days(3));
    let moved = Someone::new(&keys(3), rotated.session, granted[0].granted.clone());
    store.rotate(rotated, days(3)).await.unwrap();
    show(store, &moved, &keys(3).epoch(2), days(3)).await.unwrap();
    // Closed as it stands after a rotation, and after a change of keys alone.
    let by = invite(store, Some("bob"), days(3)).await;
    store.join(invited("bob", &keys(4), by, days(3)), days(3)).await.unwrap();
    let again = rotating(&granted[2].granted, &keys(2), &keys(5), days(3));
    store.rotate(Rotating { ..again }, days(3)).await.unwrap();
    for name in ["bob", "carol"] {
        store.close_account(&user(name), days(3)).await.unwrap();
    }
    store.join(joining("carol", &keys(5), days(3)), days(3)).await.unwrap();

    let chain = whole_chain(store, moved.asker, days(3)).await;
    let events: Vec<_> = ["alice", "bob", "carol"]
        .iter()
        .map(|name| steps(&chain, name).iter().map(|step| step.event.name()).collect())
        .collect::<Vec<Vec<_>>>();
    assert_eq!(events[0], ["joined", "rotated", "sealing"]);
    assert_eq!(events[1], ["joined", "replaced", "closed"]);
    assert_eq!(events[2], ["joined", "rotated", "closed", "joined"]);
    for name in ["alice", "bob", "carol"] {
        let name = user(name);
        for step in chain.steps(&name) {
            let read = store.documents(moved.asker, &name, Some(step.number), days(3));
            let (_, documents) = read.await.unwrap().unwrap();
            chain.binding_at(&name, &step, &documents).unwrap();
        }
    }
}
