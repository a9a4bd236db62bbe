//! What one person does without end, and what that costs others: no more than it must.

use super::stage::{MANY, entry, holders, part, set, share, share_out, take, whole, with};
use crate::keys::NOW;
use crate::stage::{Someone, join};
use std::time::{Duration, Instant};
use waxwing::index::store::{Bounds, Part, Place, Sqlite, Store, StoreError};

async fn two(store: &impl Store) -> (Someone, Someone) {
    (join(store, "alice", 0, NOW).await, join(store, "bob", 1, NOW).await)
}

/// Alice calls a large share something else before it is cleared up, again and again; Bob has to wait
/// until what he replaced is cleared up.
pub(crate) async fn everybody_has_a_turn_in_clearing_up(store: &impl Store) {
    let (alice, bob) = two(store).await;
    let many = |count| (0..count).map(|n| entry(&format!("{n}"))).collect::<Vec<_>>();
    set(store, &alice, &share(1, "photos", &[])).await.unwrap();
    take(store, &alice, Part { add: many(1000), ..whole(1, 1, None, &[]) }).await.unwrap();
    // Of Bob's shares, one is the same trouble to the others.
    set(store, &bob, &share(1, "loud", &[])).await.unwrap();
    take(store, &bob, Part { add: many(1000), ..whole(1, 1, None, &[]) }).await.unwrap();
    set(store, &bob, &share(2, "photos", &[])).await.unwrap();
    let mut number = 0;
    let mut anew = async || {
        number += 1;
        let part = Part { add: many(2000), ..whole(2, number, None, &[]) };
        store.publish(bob.asker, part.into(), 3000, NOW).await
    };
    while let Ok(()) = anew().await {}
    for round in 0.. {
        set(store, &alice, &share(1, &format!("photos {round}"), &[])).await.unwrap();
        set(store, &bob, &share(1, &format!("loud {round}"), &[])).await.unwrap();
        store.tidy(500).await.unwrap();
        match anew().await {
            Err(error) => assert_eq!(error, StoreError::Busy),
            Ok(()) => break,
        }
        assert!(round < 100, "he waits for ever");
    }
}

/// Mallory says of thousands of newer files that they are the one that Alice has.
pub(crate) async fn many_claims_of_one_person_hide_nobody_elses(store: &impl Store) {
    let (alice, bob) = two(store).await;
    let mallory = join(store, "mallory", 2, NOW).await;
    for (who, people) in [(&alice, &[][..]), (&bob, &["alice"])] {
        set(store, who, &share(1, "photos", people)).await.unwrap();
        let add = vec![with("koala.jpg", "koala")];
        take(store, who, Part { add, ..whole(1, 1, None, &[]) }).await.unwrap();
    }
    for (number, people) in [(1, &[][..]), (2, &["alice"])] {
        set(store, &mallory, &share(number, &format!("{number}"), people)).await.unwrap();
        let add = (0..1500).map(|n| with(&format!("{n}"), "koala")).collect();
        take(store, &mallory, Part { add, ..whole(number, 1, None, &[]) }).await.unwrap();
    }
    let sources = holders(store, &alice, "koala").await;
    assert_eq!(sources.len(), 64);
    // The newest come first, so all of them are asked for.
    let content = waxwing::model::Content::of(b"koala");
    let all = store.locate(alice.asker, content, Default::default(), 2000, NOW).await.unwrap();
    let owners: Vec<_> = all.shelf.people.iter().map(|person| person.user.as_str()).collect();
    assert_eq!(owners, ["mallory", "bob", "alice"]);
}

/// The same in a sync that does not end: what nobody sees takes no time from what there is.
#[tokio::test]
async fn claims_that_are_not_there_take_nobodys_time() {
    // A little more than are looked at of one person, and five times as many.
    let few = beside_claims(9).await;
    let many = beside_claims(45).await;
    // In turns, each at its best: whatever else this machine does, both have a quiet moment one day.
    let (mut quick, mut slow) = (Duration::MAX, Duration::MAX);
    for round in 0..200 {
        quick = quick.min(time_to_find(&few).await);
        slow = slow.min(time_to_find(&many).await);
        if round >= 20 && slow < 2 * quick {
            return;
        }
    }
    panic!("{slow:?} with many, {quick:?} with few");
}

/// A store in which Alice has a file, and Mallory claims so many parts of a sync full of it.
async fn beside_claims(parts: u32) -> (Sqlite, Someone) {
    let patient = Bounds { search_time: Duration::from_secs(60), ..Bounds::default() };
    let store = Sqlite::open_with(Place::Memory, &patient).unwrap();
    let (alice, mallory) = two(&store).await;
    share_out(&store, &alice, &share(1, "photos", &[]), &["koala.jpg"]).await;
    set(&store, &mallory, &share(1, "photos", &[])).await.unwrap();
    for number in 0..parts {
        let add = (0..2000).map(|n| with(&format!("{number} {n}"), "koala.jpg")).collect();
        let part = Part { add, ..part(1, 1, None, (number, false), &[]) };
        store.publish(mallory.asker, part.into(), MANY, NOW).await.unwrap();
    }
    (store, alice)
}

/// How long it takes to find that Alice has it.
async fn time_to_find((store, alice): &(Sqlite, Someone)) -> Duration {
    let begun = Instant::now();
    assert_eq!(holders(store, alice, "koala.jpg").await, ["alice:photos/koala.jpg"]);
    begun.elapsed()
}
