//! Who may ask, and what they see.

use crate::keys::NOW;
use crate::stage::{days, join, keys, later, password, refused, request, session, token, user};
use waxwing::index::store::{Asker, Refusal, Result, Store};

/// Every question that takes an asker, asked by one. What is answered does not matter.
async fn ask_everything(
    store: &impl Store,
    asker: Asker,
    now: waxwing::crypto::UnixTime,
) -> Vec<(&'static str, Result<()>)> {
    let keys = (0..3).map(keys).find(|keys| keys.fingerprint() == asker.identity).unwrap();
    let alice = user("alice");
    let change =
        store.change_password(asker, request(&keys), password(1), password(2), session(), now);
    vec![
        ("resume", store.resume(asker, keys.shown(now), now).await.map(drop)),
        ("newer keys", store.resume(asker, keys.clone().epoch(9).shown(now), now).await.map(drop)),
        ("member", store.member(asker, now).await.map(drop)),
        ("own account", store.own_account(asker, now).await.map(drop)),
        ("documents", store.documents(asker, &alice, None, now).await.map(drop)),
        ("chain", store.chain(asker, 0, 10, now).await.map(drop)),
        ("people", store.people(asker, None, 10, now).await.map(drop)),
        ("person", store.person(asker, &alice, now).await.map(drop)),
        ("contact", store.change_contact(asker, request(&keys), None, now).await),
        ("password", change.await.map(drop)),
        ("log out", store.log_out(asker, None, now).await.map(drop)),
    ]
}

pub(crate) async fn nobody_asks_without_a_session_of_their_own(store: &impl Store) {
    let alice = join(store, "alice", 0, NOW).await;
    let bob = join(store, "bob", 1, NOW).await;
    let unknown = Asker { session: token(), ..alice.asker };
    let stolen = Asker { identity: bob.asker.identity, ..alice.asker };
    let stranger = Asker { identity: keys(2).fingerprint(), ..alice.asker };
    let (no, other) = (Refusal::NoSession, Refusal::OtherHands);
    let cases = [
        (unknown, NOW, no),
        (stolen, NOW, other),
        (stranger, NOW, other),
        (alice.asker, days(1), no),
    ];
    let before = store.figures(NOW).await.unwrap();
    for (asker, now, why) in cases {
        for (question, answer) in ask_everything(store, asker, now).await {
            assert_eq!(answer, Err(why.into()), "{question}");
        }
    }
    assert_eq!(store.figures(NOW).await.unwrap(), before);
    // The same questions are answered to whom they belong; only the last finds the session gone.
    let answers = ask_everything(store, alice.asker, later(1)).await;
    let (ended, answered) = answers.split_last().unwrap();
    for (question, answer) in answered {
        assert_eq!(*answer, Ok(()), "{question}");
    }
    refused(ended.1.clone(), Refusal::NoSession);
}

pub(crate) async fn two_accounts_see_nothing_of_each_other(store: &impl Store) {
    let alice = join(store, "alice", 0, NOW).await;
    let own_before = store.own_account(alice.asker, NOW).await.unwrap();
    let bob = join(store, "bob", 1, NOW).await;
    let contact = Some("the blue house".to_owned());
    store.change_contact(bob.asker, request(&keys(1)), contact.clone(), NOW).await.unwrap();
    store.member(bob.asker, later(1000)).await.unwrap();
    assert_eq!(store.own_account(alice.asker, NOW).await.unwrap(), own_before);
    let bobs = store.own_account(bob.asker, later(1000)).await.unwrap();
    assert_eq!((bobs.user, bobs.contact, bobs.sessions.len()), (user("bob"), contact.clone(), 1));
    // What a person shows to all is shown, and nothing besides.
    let seen = store.person(alice.asker, &user("bob"), NOW).await.unwrap().unwrap();
    assert_eq!((seen.contact, seen.identity), (contact, keys(1).fingerprint()));
}
