//! Syncs: whole, in parts, broken off, repeated.

use super::stage::{
    MANY, entry, found, holders, listed, own, part, query, search, set, share, share_out, sync,
    take, tidy, whole, with, without,
};
use crate::is_well;
use crate::keys::NOW;
use crate::stage::{Someone, join, log_in, refused, request};
use waxwing::index::store::{Part, Refusal, Store, StoreError};
use waxwing::model::ShareId;

async fn two(store: &impl Store) -> (Someone, Someone) {
    (join(store, "alice", 0, NOW).await, join(store, "bob", 1, NOW).await)
}

pub(crate) async fn a_difference_changes_what_is_there(store: &impl Store) {
    let (alice, bob) = two(store).await;
    share_out(store, &alice, &share(1, "photos", &[]), &["koala.jpg", "old/emu.jpg"]).await;
    let all = ["alice:photos/koala.jpg", "alice:photos/old/emu.jpg"];
    assert_eq!(found(store, &bob, "photos").await, all);
    let difference = without(whole(1, 2, Some(1), &["wombat.jpg"]), &["old/emu.jpg", "not/there"]);
    take(store, &alice, difference).await.unwrap();
    let all = ["alice:photos/koala.jpg", "alice:photos/wombat.jpg"];
    assert_eq!(
        (found(store, &bob, "photos").await, listed(store, &bob, "alice").await),
        (all.map(str::to_owned).to_vec(), all.map(str::to_owned).to_vec())
    );
    assert_eq!(found(store, &bob, "emu").await, [""; 0]);
    assert!(holders(store, &bob, "old/emu.jpg").await.is_empty());
    // Nothing is left of it, and nothing has to be cleared up.
    is_well(store).await;
    assert!(!store.tidy(1000).await.unwrap());
    // Another content at the same path.
    let part = Part { add: vec![with("koala.jpg", "another")], ..whole(1, 3, Some(2), &[]) };
    take(store, &alice, part).await.unwrap();
    assert!(holders(store, &bob, "koala.jpg").await.is_empty());
    assert_eq!(holders(store, &bob, "another").await, ["alice:photos/koala.jpg"]);
    // The same once more, with a path twice: the last one counts.
    let add = vec![with("koala.jpg", "another"), with("koala.jpg", "third"), entry("koala.jpg")];
    take(store, &alice, Part { add, ..whole(1, 4, Some(3), &[]) }).await.unwrap();
    assert!(holders(store, &bob, "third").await.is_empty());
    assert_eq!(holders(store, &bob, "koala.jpg").await, ["alice:photos/koala.jpg"]);
    let shares = own(store, &alice).await;
    assert_eq!((shares[0].entries, shares[0].state), (2, Some(sync(4))));
    assert_eq!(store.figures(NOW).await.unwrap().entries, 2);
}

pub(crate) async fn what_does_not_differ_stays_as_it_is(store: &impl Store) {
    let (alice, bob) = two(store).await;
    share_out(store, &alice, &share(1, "photos", &[]), &["a koala.jpg"]).await;
    share_out(store, &bob, &share(1, "later", &[]), &["b koala.jpg"]).await;
    let newest = || async {
        let newest = search(store, &bob, query("koala")).await;
        newest.results[0].sources[0].entry.path().to_string()
    };
    assert_eq!(newest().await, "b koala.jpg");
    take(store, &alice, whole(1, 2, Some(1), &["a koala.jpg"])).await.unwrap();
    assert_eq!(newest().await, "b koala.jpg", "it was there before");
    let first = || part(1, 3, Some(2), (0, false), &["a koala.jpg"]);
    take(store, &alice, first()).await.unwrap();
    take(store, &alice, part(1, 3, Some(2), (1, true), &[])).await.unwrap();
    assert_eq!(newest().await, "b koala.jpg");
    assert!(!store.tidy(1000).await.unwrap(), "nothing has gone");
}

pub(crate) async fn a_long_sync_is_seen_whole_or_not_at_all(store: &impl Store) {
    let (alice, bob) = two(store).await;
    share_out(store, &alice, &share(1, "photos", &[]), &["koala.jpg", "emu.jpg", "owl.jpg"]).await;
    let before = found(store, &bob, "photos").await;
    let first = without(part(1, 2, Some(1), (0, false), &["emu.jpg"]), &["koala.jpg"]);
    let first = Part { add: vec![with("emu.jpg", "another")], ..first };
    take(store, &alice, first).await.unwrap();
    take(store, &alice, part(1, 2, Some(1), (1, false), &["wombat.jpg"])).await.unwrap();
    for who in [&alice, &bob] {
        assert_eq!(found(store, who, "photos").await, before);
        assert_eq!(listed(store, who, "alice").await.len(), 3);
        assert!(holders(store, who, "another").await.is_empty());
        assert_eq!(holders(store, who, "emu.jpg").await.len(), 1);
        assert!(found(store, who, "wombat").await.is_empty());
    }
    let shares = own(store, &alice).await;
    let state = (shares[0].entries, shares[0].state, shares[0].under_way);
    assert_eq!(state, (3, Some(sync(1)), Some((sync(2), 2))));
    tidy(store).await;
    assert_eq!(found(store, &bob, "photos").await, before);
    take(store, &alice, part(1, 2, Some(1), (2, true), &["newt.jpg"])).await.unwrap();
    let after = ["emu", "newt", "owl", "wombat"].map(|name| format!("alice:photos/{name}.jpg"));
    for step in 0..2 {
        assert_eq!(found(store, &bob, "photos").await, after, "{step}");
        assert_eq!(listed(store, &bob, "alice").await, after);
        assert_eq!(holders(store, &bob, "another").await, [after[0].as_str()]);
        assert!(holders(store, &bob, "emu.jpg").await.is_empty());
        is_well(store).await;
        tidy(store).await;
    }
    let shares = own(store, &alice).await;
    assert_eq!((shares[0].entries, shares[0].under_way), (4, None));
}

pub(crate) async fn beginning_from_nothing_replaces_all(store: &impl Store) {
    let (alice, bob) = two(store).await;
    share_out(store, &alice, &share(1, "photos", &[]), &["koala.jpg", "emu.jpg"]).await;
    take(store, &alice, whole(1, 2, None, &["emu.jpg", "owl.jpg"])).await.unwrap();
    let after = ["alice:photos/emu.jpg", "alice:photos/owl.jpg"];
    for _ in 0..2 {
        assert_eq!(found(store, &bob, "photos").await, after);
        assert_eq!(listed(store, &bob, "alice").await, after);
        is_well(store).await;
        tidy(store).await;
    }
    let parts = [(0, false, ["a.jpg", "emu.jpg"]), (1, false, ["b.jpg", "a.jpg"])];
    for (at, is_last, names) in parts {
        take(store, &alice, part(1, 3, None, (at, is_last), &names)).await.unwrap();
        assert_eq!(found(store, &bob, "photos").await, after);
    }
    let last = without(part(1, 3, None, (2, true), &["c.jpg"]), &["emu.jpg", "owl.jpg"]);
    take(store, &alice, last).await.unwrap();
    let after = ["a", "b", "c"].map(|name| format!("alice:photos/{name}.jpg"));
    for _ in 0..2 {
        assert_eq!(found(store, &bob, "photos").await, after);
        assert_eq!(own(store, &alice).await[0].entries, 3);
        is_well(store).await;
        tidy(store).await;
    }
    take(store, &alice, whole(1, 4, None, &[])).await.unwrap();
    assert!(listed(store, &bob, "alice").await.is_empty());
    tidy(store).await;
    assert_eq!(store.figures(NOW).await.unwrap().entries, 0);
}

pub(crate) async fn a_part_is_taken_once_and_in_its_turn(store: &impl Store) {
    let (alice, bob) = two(store).await;
    let photos = share(1, "photos", &[]);
    set(store, &alice, &photos).await.unwrap();
    let parts =
        |number| part(1, 1, None, (number, number == 2), &[["a", "b", "c"][number as usize]]);
    refused(take(store, &alice, parts(1)).await, Refusal::Base);
    for number in [0, 0, 1, 0, 1] {
        take(store, &alice, parts(number)).await.unwrap();
    }
    let gap = part(1, 1, None, (3, true), &["d"]);
    refused(take(store, &alice, gap).await, Refusal::Base);
    for number in [2, 2, 0] {
        take(store, &alice, parts(number)).await.unwrap();
    }
    assert_eq!(listed(store, &bob, "alice").await.len(), 3);
    for base in [Some(3), Some(2)] {
        refused(take(store, &alice, whole(1, 2, base, &["x"])).await, Refusal::Base);
    }
    refused(take(store, &alice, whole(7, 2, None, &["x"])).await, Refusal::NotFound);
    refused(take(store, &bob, whole(1, 2, None, &["x"])).await, Refusal::NotFound);
    refused(store.publish(bob.asker, parts(0).into(), MANY, NOW).await, Refusal::NotFound);
    assert_eq!(listed(store, &bob, "alice").await.len(), 3);
    // A sync that takes the place of one under way; and that one does not go on.
    take(store, &alice, part(1, 5, Some(1), (0, false), &["d"])).await.unwrap();
    take(store, &alice, whole(1, 6, Some(1), &["e"])).await.unwrap();
    refused(take(store, &alice, part(1, 5, Some(1), (1, true), &[])).await, Refusal::Base);
    assert_eq!(listed(store, &bob, "alice").await.len(), 4);
    assert!(found(store, &bob, "d").await.is_empty());
}

pub(crate) async fn all_parts_of_a_sync_differ_from_the_same_state(store: &impl Store) {
    let (alice, bob) = two(store).await;
    share_out(store, &alice, &share(1, "photos", &[]), &["a", "b"]).await;
    for (number, base, others) in [(2, Some(1), [None, Some(7)]), (3, None, [Some(2), Some(3)])] {
        take(store, &alice, part(1, number, base, (0, false), &["c"])).await.unwrap();
        for other in others {
            let last = part(1, number, other, (1, true), &["d"]);
            refused(take(store, &alice, last).await, Refusal::Base);
        }
        assert_eq!(own(store, &alice).await[0].under_way, Some((sync(number), 1)));
        let last = part(1, number, base, (1, true), &["d"]);
        take(store, &alice, last.clone()).await.unwrap();
        // What was taken already is not looked at again.
        take(store, &alice, Part { base: Some(sync(9)), ..last }).await.unwrap();
        let count = if base.is_some() { 4 } else { 2 };
        assert_eq!(listed(store, &bob, "alice").await.len(), count);
    }
}

pub(crate) async fn a_sync_that_breaks_off_leaves_nothing(store: &impl Store) {
    let (alice, bob) = two(store).await;
    share_out(store, &alice, &share(1, "photos", &[]), &["koala.jpg", "emu.jpg"]).await;
    let before = listed(store, &bob, "alice").await;
    let broken = || without(part(1, 2, Some(1), (0, false), &["emu.jpg", "x"]), &["koala.jpg"]);
    let broken = || Part { add: vec![with("emu.jpg", "other"), entry("x")], ..broken() };
    take(store, &alice, broken()).await.unwrap();
    tidy(store).await;
    assert_eq!(listed(store, &bob, "alice").await, before, "while it may go on");
    // A difference in one part.
    take(store, &alice, whole(1, 3, Some(1), &["owl.jpg"])).await.unwrap();
    for _ in 0..2 {
        assert_eq!(listed(store, &bob, "alice").await.len(), 3);
        assert!(found(store, &bob, "x").await.is_empty());
        assert_eq!(holders(store, &bob, "emu.jpg").await.len(), 1);
        is_well(store).await;
        tidy(store).await;
    }
    // A long difference, while something is left of two that broke off.
    for number in [4, 5] {
        let broken = Part { sync: sync(number), base: Some(sync(3)), ..broken() };
        take(store, &alice, broken).await.unwrap();
    }
    take(store, &alice, part(1, 6, Some(3), (0, false), &["newt.jpg"])).await.unwrap();
    take(store, &alice, part(1, 6, Some(3), (1, true), &["toad.jpg"])).await.unwrap();
    let after = ["emu", "koala", "newt", "owl", "toad"];
    let after = after.map(|name| format!("alice:photos/{name}.jpg"));
    for _ in 0..2 {
        assert_eq!(listed(store, &bob, "alice").await, after);
        assert_eq!(found(store, &bob, "photos").await, after);
        is_well(store).await;
        tidy(store).await;
    }
    // From nothing, over what is left of one.
    let broken = Part { sync: sync(7), base: Some(sync(6)), ..broken() };
    take(store, &alice, broken).await.unwrap();
    take(store, &alice, whole(1, 8, None, &["emu.jpg"])).await.unwrap();
    for _ in 0..2 {
        assert_eq!(listed(store, &bob, "alice").await, ["alice:photos/emu.jpg"]);
        is_well(store).await;
        tidy(store).await;
    }
}

/// So much of a sync that broke off is cleared up before it could be seen.
pub(crate) async fn what_broke_off_is_never_seen_however_much_it_is(store: &impl Store) {
    let alice = join(store, "alice", 0, NOW).await;
    share_out(store, &alice, &share(1, "photos", &[]), &["koala.jpg"]).await;
    for number in 0..3 {
        let add = (0..2000).map(|n| entry(&format!("{number} {n}"))).collect();
        let part = Part { add, ..part(1, 2, Some(1), (number, false), &[]) };
        take(store, &alice, part).await.unwrap();
    }
    take(store, &alice, part(1, 3, Some(1), (0, false), &["emu.jpg"])).await.unwrap();
    let mut waited = 0;
    while let Err(error) = take(store, &alice, part(1, 3, Some(1), (1, true), &[])).await {
        assert_eq!(error, StoreError::Busy);
        assert_eq!(listed(store, &alice, "alice").await.len(), 1);
        waited += 1;
        assert!(waited < 5, "it clears up by itself");
    }
    assert!(waited > 0);
    assert_eq!(listed(store, &alice, "alice").await.len(), 2);
    assert_eq!(own(store, &alice).await[0].entries, 2);
}

pub(crate) async fn a_share_that_ends_is_gone_at_once(store: &impl Store) {
    let (alice, bob) = two(store).await;
    let photos = share(1, "photos", &[]);
    share_out(store, &alice, &photos, &["koala.jpg"]).await;
    share_out(store, &alice, &share(2, "plans", &["bob"]), &["koala.txt"]).await;
    assert_eq!(found(store, &bob, "koala").await.len(), 2);
    // It is not Bob's.
    store.end_share(bob.asker, photos.id, NOW).await.unwrap();
    assert_eq!(found(store, &bob, "koala").await.len(), 2);
    for _ in 0..2 {
        store.end_share(alice.asker, photos.id, NOW).await.unwrap();
        assert_eq!(found(store, &bob, "koala").await, ["alice:plans/koala.txt"]);
        assert_eq!(listed(store, &alice, "alice").await, ["alice:plans/koala.txt"]);
        assert!(holders(store, &alice, "koala.jpg").await.is_empty());
        is_well(store).await;
    }
    refused(take(store, &alice, whole(1, 2, Some(1), &["x"])).await, Refusal::NotFound);
    // The name and the id are free, though the old rows are still there.
    share_out(store, &alice, &share(3, "photos", &[]), &["emu.jpg"]).await;
    share_out(store, &alice, &share(1, "more", &[]), &["owl.jpg"]).await;
    let after = ["alice:more/owl.jpg", "alice:photos/emu.jpg", "alice:plans/koala.txt"];
    for _ in 0..2 {
        assert_eq!(listed(store, &bob, "alice").await, after);
        tidy(store).await;
        is_well(store).await;
    }
    store.end_share(alice.asker, ShareId::from_bytes([2; 16]), NOW).await.unwrap();
    tidy(store).await;
    let figures = store.figures(NOW).await.unwrap();
    assert_eq!((figures.shares, figures.entries), (2, 2));
}

pub(crate) async fn a_share_is_set_once_by_one_request(store: &impl Store) {
    let (alice, bob) = two(store).await;
    let once = request(&alice.keys);
    let ask = |share| store.set_share(alice.asker, once, share, NOW);
    ask(share(1, "photos", &[])).await.unwrap();
    set(store, &alice, &share(1, "pictures", &[])).await.unwrap();
    ask(share(1, "photos", &[])).await.unwrap();
    let shares = own(store, &alice).await;
    assert_eq!((shares.len(), shares[0].name.as_str()), (1, "pictures"));
    let other = waxwing::index::store::RequestKey { asked: [2; 32], ..once };
    let reused = store.set_share(alice.asker, other, share(1, "x", &[]), NOW).await;
    refused(reused, Refusal::Reused);
    let foreign = store.set_share(alice.asker, request(&bob.keys), share(1, "x", &[]), NOW).await;
    refused(foreign, Refusal::NoSession);
    refused(set(store, &alice, &share(2, "pictures", &[])).await, Refusal::NameTaken);
    refused(set(store, &alice, &share(2, "x", &["nobody"])).await, Refusal::NotFound);
    set(store, &bob, &share(1, "pictures", &[])).await.unwrap();
    set(store, &alice, &share(2, "photos", &[])).await.unwrap();
    refused(set(store, &alice, &share(2, "pictures", &[])).await, Refusal::NameTaken);
    // What is asked of another session of hers is the same.
    let again = log_in(store, &alice, NOW).await;
    assert_eq!(own(store, &again).await, own(store, &alice).await);
    let second = store.own_shares(alice.asker, Some(ShareId::from_bytes([1; 16])), 1, NOW).await;
    assert_eq!(second.unwrap()[0].name.as_str(), "photos");
    assert_eq!(own(store, &alice).await[1].about, [1; 32]);
}

pub(crate) async fn nobody_publishes_more_than_they_may(store: &impl Store) {
    let alice = join(store, "alice", 0, NOW).await;
    let publish = |part: Part| store.publish(alice.asker, part.into(), 3, NOW);
    set(store, &alice, &share(1, "photos", &[])).await.unwrap();
    set(store, &alice, &share(2, "plans", &[])).await.unwrap();
    publish(whole(1, 1, None, &["a", "b"])).await.unwrap();
    refused(publish(whole(2, 1, None, &["c", "d"])).await, Refusal::Quota);
    refused(publish(whole(1, 2, Some(1), &["c", "d"])).await, Refusal::Quota);
    publish(part(2, 2, None, (0, false), &["c"])).await.unwrap();
    refused(publish(part(2, 2, None, (1, true), &["d"])).await, Refusal::Quota);
    assert_eq!(listed(store, &alice, "alice").await.len(), 2);
    // What goes makes room, and so does what replaces something.
    publish(without(whole(1, 2, Some(1), &["b", "e"]), &["a"])).await.unwrap();
    publish(part(2, 2, None, (1, true), &[])).await.unwrap();
    assert_eq!(listed(store, &alice, "alice").await.len(), 3);
    publish(whole(1, 3, None, &["x", "y"])).await.unwrap();
    refused(publish(whole(1, 4, None, &["x", "y", "z"])).await, Refusal::Quota);
    is_well(store).await;
    for number in 3..=255 {
        set(store, &alice, &share(number, &format!("share {number}"), &[])).await.unwrap();
    }
    set(store, &alice, &share(0, "one more", &[])).await.unwrap();
    let id = ShareId::from_bytes([255; 16]);
    let other = waxwing::model::Share {
        id: ShareId::from_bytes([9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 8]),
        ..share(1, "too many", &[])
    };
    refused(set(store, &alice, &other).await, Refusal::Quota);
    set(store, &alice, &share(255, "renamed", &[])).await.unwrap();
    store.end_share(alice.asker, id, NOW).await.unwrap();
    set(store, &alice, &other).await.unwrap();
}

/// Who publishes all anew again and again waits until it is cleared up.
pub(crate) async fn what_is_not_cleared_up_yet_has_an_end(store: &impl Store) {
    let alice = join(store, "alice", 0, NOW).await;
    set(store, &alice, &share(1, "photos", &[])).await.unwrap();
    let anew = |number: u8| {
        let add = (0..1000).map(|n| entry(&format!("{n}"))).collect();
        store.publish(alice.asker, Part { add, ..whole(1, number, None, &[]) }.into(), 1000, NOW)
    };
    let taken = async |numbers: std::ops::Range<u8>| {
        for number in numbers {
            if let Err(error) = anew(number).await {
                assert_eq!(error, StoreError::Busy);
                return number;
            }
        }
        panic!("there is no end to it");
    };
    let number = taken(1..20).await;
    assert!(number > 4);
    tidy(store).await;
    anew(number).await.unwrap();
    assert_eq!(own(store, &alice).await[0].entries, 1000);
}
