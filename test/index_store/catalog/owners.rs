//! What becomes of shares when their owners change.

use super::stage::{found, listed, own, set, share, share_out, take, tidy, whole};
use crate::is_well;
use crate::keys::NOW;
use crate::stage::{Someone, invite, invited, join, keys, later, refused, rotating, user};
use waxwing::index::store::{Refusal, Store};

pub(crate) async fn a_closed_account_shares_nothing(store: &impl Store) {
    let alice = join(store, "alice", 0, NOW).await;
    let bob = join(store, "bob", 1, NOW).await;
    share_out(store, &alice, &share(1, "photos", &[]), &["koala.jpg"]).await;
    share_out(store, &bob, &share(1, "plans", &["alice"]), &["koala.txt"]).await;
    assert_eq!(found(store, &alice, "koala").await.len(), 2);
    store.close_account(&user("alice"), NOW).await.unwrap();
    assert_eq!(found(store, &bob, "koala").await, ["bob:plans/koala.txt"]);
    is_well(store).await;
    // Somebody else takes the name, and nothing of it comes with it.
    let other = join(store, "alice", 2, NOW).await;
    for _ in 0..2 {
        assert!(found(store, &other, "koala").await.is_empty());
        assert!(listed(store, &bob, "alice").await.is_empty());
        assert!(listed(store, &other, "bob").await.is_empty());
        assert!(own(store, &other).await.is_empty());
        tidy(store).await;
    }
    refused(take(store, &other, whole(1, 2, Some(1), &["x"])).await, Refusal::NotFound);
    assert_eq!(store.figures(NOW).await.unwrap().shares, 1);
    // Until they are named anew.
    set(store, &bob, &share(1, "plans", &["alice"])).await.unwrap();
    assert_eq!(found(store, &other, "koala").await, ["bob:plans/koala.txt"]);
}

async fn with_photos(store: &impl Store) -> (Someone, Someone) {
    let alice = join(store, "alice", 0, NOW).await;
    let bob = join(store, "bob", 1, NOW).await;
    share_out(store, &alice, &share(1, "photos", &[]), &["koala.jpg"]).await;
    (alice, bob)
}

pub(crate) async fn who_replaces_a_lost_identity_begins_without_shares(store: &impl Store) {
    let (_, bob) = with_photos(store).await;
    let by = invite(store, Some("alice"), NOW).await;
    store.join(invited("alice", &keys(3), by, NOW), NOW).await.unwrap();
    for _ in 0..2 {
        assert!(found(store, &bob, "koala").await.is_empty());
        assert!(listed(store, &bob, "alice").await.is_empty());
        tidy(store).await;
        is_well(store).await;
    }
}

pub(crate) async fn the_same_identity_keeps_its_shares(store: &impl Store) {
    let (alice, bob) = with_photos(store).await;
    // A new password by an invitation.
    let by = invite(store, Some("alice"), NOW).await;
    store.join(invited("alice", &keys(0), by, NOW), NOW).await.unwrap();
    assert_eq!(found(store, &bob, "koala").await.len(), 1);
    // New keys that the old ones vouch for.
    let rotating = rotating(&alice.granted, &keys(0), &keys(3), later(1));
    let session = rotating.session;
    let granted = store.rotate(rotating, later(1)).await.unwrap();
    let alice = Someone::new(&keys(3), session, granted);
    tidy(store).await;
    assert_eq!(found(store, &bob, "koala").await.len(), 1);
    take(store, &alice, whole(1, 2, Some(1), &["emu.jpg"])).await.unwrap();
    assert_eq!(listed(store, &bob, "alice").await.len(), 2);
}
