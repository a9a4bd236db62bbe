//! An index that has no room left: what cannot be written is refused by its own code and told to its
//! owner, and what is there is answered.

use crate::catalog::{browse, entry, publish, search, share, share_out};
use crate::stage::{Caller, Ground, PASSWORD, rules};
use std::ops::Range;
use std::path::Path;
use std::time::Duration;
use waxwing::index::Happening;
use waxwing::index::store::{Bounds, Place, Sqlite, Store};
use waxwing::model::Entry;
use waxwing::wire::Code;
use waxwing::wire::index::{PeopleAsk, Publish, ShareChange, ShareEnd, SharesAsk};

/// A database in this folder, of so many pages of 4 KiB. A new one has some thirty.
fn store(folder: &Path, pages: Option<u32>) -> Sqlite {
    let place = Place::File(folder.join("index.db"));
    Sqlite::open_with(place, &Bounds { pages, ..Bounds::default() }).unwrap()
}

/// Entries of these numbers, each with the word `much` and another content.
fn much(numbers: Range<usize>) -> Vec<Entry> {
    numbers.map(|n| entry(&format!("much {n}.jpg"), &format!("much {n}"))).collect()
}

/// How many results a search has on its first page.
async fn found(who: &Caller, text: &str) -> usize {
    who.ask(search(text)).await.unwrap().results.len()
}

/// That the database is sound.
async fn is_well(ground: &Ground) {
    assert_eq!(ground.index.store().check().await.unwrap(), Vec::<String>::new());
}

/// Publishes of the second share less and less at a time, until there is no room for a single entry. Gives how
/// many parts and entries there was room for.
async fn fill(alice: &Caller) -> (u32, usize) {
    let (mut part, mut count) = (0, 0);
    for size in [1000, 100, 10, 1] {
        loop {
            let some = publish(2, 1, None, &much(count..count + size));
            if let Err(code) = alice.ask(Publish { part, last: false, ..some }).await {
                assert_eq!(code, Code::Storage);
                break;
            }
            (part, count) = (part + 1, count + size);
        }
    }
    assert!(count > 0, "there was no room from the beginning");
    (part, count)
}

#[tokio::test]
async fn without_room_nothing_is_published_and_all_else_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let ground = Ground::over(store(folder.path(), Some(100)), rules(), 4).await;
    let (alice, granted) = ground.member("alice").await;
    let (bob, _) = ground.member("bob").await;
    share_out(&alice, &share(1, "photos", &[]), &[entry("koala.jpg", "a koala")]).await;
    alice.ask(ShareChange::new([2; 16].into(), &share(2, "more", &[]))).await.unwrap();
    let (part, count) = fill(&alice).await;
    // Its owner reads of it.
    let is_told = |fact: &Happening| fact.to_string().contains("no room left");
    ground.until(|told| told.iter().any(is_told)).await;

    // Who is there asks as before, who comes logs in, and who was there goes on.
    let (home, office) = (ground.dial("alice").await, ground.dial("alice").await);
    home.login("alice", PASSWORD).await.unwrap();
    office.resume(&granted).await.unwrap();
    for who in [&bob, &home, &office] {
        assert_eq!((found(who, "koala").await, found(who, "much").await), (1, 0));
        assert_eq!(who.ask(browse("alice")).await.unwrap().entries.len(), 1);
        let people = who.ask(PeopleAsk { id: 0, after: None, only: None }).await.unwrap();
        assert_eq!(people.people.len(), 2);
    }
    is_well(&ground).await;

    // Where there is more room, the sync goes on behind the last part that was taken.
    let full = ground.index.store().clone();
    ground.stop().await;
    full.close().await;
    let ground = Ground::over(store(folder.path(), None), rules(), 4).await;
    let alice = ground.dial("alice").await;
    alice.resume(&granted).await.unwrap();
    let own = alice.ask(SharesAsk { id: 0, after: None }).await.unwrap();
    let more = own.shares.iter().find(|share| *share.share == [2; 16]).unwrap();
    assert_eq!((more.entries, more.under_way.as_ref().unwrap().next), (0, part));
    let last = publish(2, 1, None, &much(count..count + 1));
    alice.ask(Publish { part, ..last }).await.unwrap();
    let own = alice.ask(SharesAsk { id: 0, after: None }).await.unwrap();
    let entries: u64 = own.shares.iter().map(|share| share.entries).sum();
    assert_eq!(entries, 1 + count as u64 + 1);
    assert_eq!((found(&alice, "koala").await, found(&alice, "more").await), (1, 100));
    is_well(&ground).await;
    ground.stop().await;
}

#[tokio::test]
async fn an_index_without_any_room_makes_some_by_itself_when_a_share_ends() {
    let folder = tempfile::tempdir().unwrap();
    let ground = Ground::over(store(folder.path(), Some(150)), rules(), 4).await;
    let (alice, _) = ground.member("alice").await;
    share_out(&alice, &share(1, "photos", &[]), &much(0..2000)).await;
    for (number, name) in [(2, "more"), (3, "plans")] {
        alice.ask(ShareChange::new([number; 16].into(), &share(number, name, &[]))).await.unwrap();
    }
    fill(&alice).await;
    alice.ask(ShareEnd { id: 0, share: [1; 16].into() }).await.unwrap();
    let plans = || publish(3, 1, None, &much(0..1000));
    let taken = async { while alice.ask(plans()).await == Err(Code::Storage) {} };
    tokio::time::timeout(Duration::from_secs(60), taken).await.expect("it makes no room");
    assert_eq!((found(&alice, "photos").await, found(&alice, "plans").await), (0, 100));
    is_well(&ground).await;
    ground.stop().await;
}

#[tokio::test]
async fn a_share_that_ends_makes_room_for_another() {
    let folder = tempfile::tempdir().unwrap();
    // Two thousand entries take some eighty pages.
    let ground = Ground::over(store(folder.path(), Some(150)), rules(), 4).await;
    let (alice, _) = ground.member("alice").await;
    share_out(&alice, &share(1, "photos", &[]), &much(0..2000)).await;
    alice.ask(ShareChange::new([2; 16].into(), &share(2, "plans", &[]))).await.unwrap();
    let plans = || publish(2, 1, None, &much(2000..4000));
    assert_eq!(alice.ask(plans()).await.unwrap_err(), Code::Storage);
    assert_eq!((found(&alice, "photos").await, found(&alice, "plans").await), (100, 0));
    alice.ask(ShareEnd { id: 0, share: [1; 16].into() }).await.unwrap();
    while ground.index.store().tidy(1000).await.unwrap() {}
    alice.ask(plans()).await.unwrap();
    assert_eq!((found(&alice, "photos").await, found(&alice, "plans").await), (0, 100));
    is_well(&ground).await;
    ground.stop().await;
}
