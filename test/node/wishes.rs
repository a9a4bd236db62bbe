//! Wishes for shares: their names and who may see them, before and after each other; what is wished
//! no longer; and lists of shares that make no sense.

use crate::publishing::{
    all_new, begin_publishing, files, hold_next, many, photos, publish, share, share2, until_there,
};
use crate::stub::{Stub, Turn, by, next_news, soon, until, user};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use waxwing::codec::List;
use waxwing::model::{Audience, Name, Share, ShareId};
use waxwing::node::index::{Error, LoggedOut, News, Status, Summary};
use waxwing::wire::index::{OwnShare, Shares};
use waxwing::wire::{Code, Kind};

#[tokio::test(start_paused = true)]
async fn a_wish_that_comes_while_the_index_is_away_is_fulfilled_when_it_is_there() {
    let mut stub = Stub::away();
    let session = stub.session();
    let begun = Instant::now();
    assert!(matches!(publish(&session, files(&["a"])).await, Err(Error::Away(_))));
    assert_eq!(begun.elapsed().as_secs(), 30);
    assert!(matches!(soon(session.unpublish(share2().id)).await, Err(Error::Away(_))));
    assert!(matches!(soon(session.shares()).await, Err(Error::Away(_))));
    stub.come();
    until_there(&stub, &["a"]).await;
    // What was to go was not there.
    assert!(stub.asked(Kind::ShareEnd).is_empty());
    assert_eq!(publish(&session, files(&["a"])).await.unwrap().unchanged, 1);

    let stub = Stub::new().await;
    let session = stub.session_with(crate::stub::without_token());
    let nobody = publish(&session, files(&["a"])).await;
    assert_eq!(nobody, Err(Error::LoggedOut(LoggedOut::NotYet)));
    crate::stub::log_in(&session, "alice", crate::stub::PASSWORD).await.unwrap();
    until_there(&stub, &["a"]).await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_asked_for_somebody_who_publishes_nothing() {
    let stub = Stub::new().await;
    let session = stub.session();
    soon(session.account()).await.unwrap();
    sleep(Duration::from_secs(1000)).await;
    assert!(stub.asked(Kind::SharesAsk).is_empty());
}

#[tokio::test(start_paused = true)]
async fn who_may_see_a_share_changes_before_a_large_sync_is_at_its_end() {
    let stub = Stub::new().await;
    let session = stub.session();
    publish(&session, files(&["a"])).await.unwrap();
    let before = stub.books().asked.len();
    let held = hold_next(&stub, Kind::Publish);
    let publishing = begin_publishing(&session, photos(), many(9000));
    let held = soon(held).await.unwrap();
    let audience = Audience::people([user("bob")]).unwrap();
    let narrow = Share { audience, ..photos() };
    let narrowing = begin_publishing(&session, narrow, many(9001));
    sleep(Duration::from_millis(1)).await;
    stub.books().answer(held);
    let summary = soon(narrowing).await.unwrap();
    assert_eq!(summary, Ok(Summary { added: 1, unchanged: 9000, ..Summary::default() }));
    // Who waits for the first wish hears of the second.
    assert_eq!(soon(publishing).await.unwrap(), summary);
    let kinds: Vec<_> = stub.books().asked[before..].iter().map(|asked| asked.kind).collect();
    // One part was on its way, and the next one behind it.
    assert_eq!(kinds[..3], [Kind::Publish, Kind::Publish, Kind::ShareChange]);
    // The sync that was under way came to its end.
    let story = stub.books().shelves.story();
    let (one, two) = (Some(0), Some(1));
    let whole = [(1, 0, one), (1, 1, one), (1, 2, one), (1, 3, one), (1, 4, one), (2, 0, two)];
    assert_eq!(story[1..], whole);
    assert_eq!(stub.books().shelves.only().change.people.len(), 1);
    // The audience alone.
    let everyone = soon(session.publish(photos(), many(9001))).await;
    assert_eq!(everyone.unwrap().unchanged, 9001);
    assert!(stub.books().shelves.only().change.everyone);
    assert_eq!(stub.books().shelves.story().len(), story.len());
}

#[tokio::test(start_paused = true)]
async fn who_may_see_something_is_said_before_the_entries_of_other_shares() {
    let stub = Stub::new().await;
    let session = stub.session();
    for number in [2, 3] {
        let share = share(number, &format!("share {number}"));
        soon(session.publish(share, files(&["a"]))).await.unwrap();
    }
    let before = stub.books().asked.len();
    let held = hold_next(&stub, Kind::Publish);
    // The first of all shares, by its id.
    let publishing = begin_publishing(&session, photos(), many(9000));
    let held = soon(held).await.unwrap();
    let audience = Audience::people([user("bob")]).unwrap();
    let narrow = Share { audience, ..share(3, "share 3") };
    let narrowing = begin_publishing(&session, narrow, files(&["a"]));
    let ending = tokio::spawn({
        let session = session.clone();
        async move { session.unpublish(ShareId::from_bytes([2; 16])).await }
    });
    sleep(Duration::from_millis(1)).await;
    stub.books().answer(held);
    soon(publishing).await.unwrap().unwrap();
    soon(narrowing).await.unwrap().unwrap();
    soon(ending).await.unwrap().unwrap();
    let kinds: Vec<_> = stub.books().asked[before..].iter().map(|asked| asked.kind).collect();
    let (change, end, part) = (Kind::ShareChange, Kind::ShareEnd, Kind::Publish);
    assert_eq!(kinds, [change, part, part, end, change, part, part, part]);
}

/// Wishes that shares with these names have these, the first one first, all before the index hears of
/// one; gives how they are called, and how often the index was told.
async fn rename(before: &[&str], after: &[&str], turn: Option<Turn>) -> (Vec<String>, usize) {
    let stub = Stub::new().await;
    let session = stub.session();
    let call = |names: &[&str]| {
        let shares = (1..).zip(names).map(|(number, name)| share(number, name));
        let calls = shares.map(|share| begin_publishing(&session, share, files(&["x"])));
        calls.collect::<Vec<_>>()
    };
    for call in call(before) {
        soon(call).await.unwrap().unwrap();
    }
    let held = hold_next(&stub, Kind::ShareChange);
    let other = begin_publishing(&session, share(99, "other"), Vec::new());
    let held = soon(held).await.unwrap();
    let calls = call(after);
    sleep(Duration::from_millis(1)).await;
    let asked = stub.asked(Kind::ShareChange).len();
    if let Some(turn) = turn {
        stub.once(Kind::ShareChange, turn);
    }
    stub.books().answer(held);
    for call in calls {
        let unchanged = Summary { unchanged: 1, ..Summary::default() };
        assert_eq!(soon(call).await.unwrap(), Ok(unchanged));
    }
    soon(other).await.unwrap().unwrap();
    let names = stub.books().shelves.names();
    (names[..after.len()].to_vec(), stub.asked(Kind::ShareChange).len() - asked)
}

#[tokio::test(start_paused = true)]
async fn shares_swap_their_names() {
    // How many are called otherwise for a moment.
    let cases: [(&[&str], &[&str], usize); 4] = [
        (&["a", "b"], &["b", "a"], 1),
        (&["a", "b", "c"], &["b", "c", "a"], 1),
        (&["a", "b", "c", "d"], &["b", "a", "d", "c"], 2),
        (&["a", "b", "c"], &["b", "c", "d"], 0),
    ];
    for (before, after, meanwhile) in cases {
        let (names, asked) = rename(before, after, None).await;
        assert_eq!(names, after);
        assert_eq!(asked, after.len() + meanwhile);
    }
    // And when the conversation ends in between.
    for turn in [Turn::Lose, Turn::HangUp] {
        assert_eq!(rename(&["a", "b"], &["b", "a"], Some(turn)).await.0, ["b", "a"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_that_was_taken_is_given_when_it_is_free() {
    let stub = Stub::new().await;
    let session = stub.session();
    let (films, swapped) = (share(2, "photos"), share(1, "films"));
    publish(&session, files(&["a"])).await.unwrap();
    soon(session.publish(share2(), files(&["b"]))).await.unwrap();
    let taken = |error| matches!(error, Error::Refused { code: Code::NameTaken, .. });
    let publish = async |share: &Share, path| {
        let published = soon(session.publish(share.clone(), files(&[path]))).await;
        published.map(|summary| summary.unchanged)
    };
    assert!(taken(publish(&swapped, "a").await.unwrap_err()));
    let mut news = session.news();
    assert_eq!(publish(&films, "b").await, Ok(1));
    assert_eq!(stub.books().shelves.names(), ["films", "photos"]);
    // Of which the program was told that it cannot be.
    let summary = Summary { unchanged: 1, ..Summary::default() };
    let published = News::Published { share: swapped.id, summary };
    assert_eq!(next_news(&mut news).await, published);
    // By the end of the share that has it.
    assert!(taken(publish(&share(3, "films"), "c").await.unwrap_err()));
    soon(session.unpublish(swapped.id)).await.unwrap();
    until_called(&stub, &["photos", "films"]).await;
    // By a share that nobody gives up, it stays taken.
    assert!(taken(publish(&share(4, "films"), "d").await.unwrap_err()));
    assert!(taken(publish(&share(2, "films"), "d").await.unwrap_err()));
    let asked = stub.asked(Kind::ShareChange).len();
    sleep(Duration::from_secs(1000)).await;
    assert_eq!(stub.asked(Kind::ShareChange).len(), asked);
    assert_eq!(stub.books().shelves.names(), ["photos", "films"]);
}

/// Waits until Alice's shares are called so.
async fn until_called(stub: &Stub, names: &[&str]) {
    soon(async {
        while stub.books().shelves.names() != names {
            sleep(Duration::from_millis(100)).await;
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_was_wished_before_and_cannot_be_does_not_hinder_what_is_wished_now() {
    let stub = Stub::new().await;
    let session = stub.session();
    let held = hold_next(&stub, Kind::Publish);
    let much = begin_publishing(&session, photos(), many(9000));
    let held = soon(held).await.unwrap();
    let less = begin_publishing(&session, photos(), many(10));
    sleep(Duration::from_millis(1)).await;
    stub.once(Kind::Publish, Turn::Refuse(Code::Quota));
    stub.books().answer(held);
    assert_eq!(soon(less).await.unwrap(), Ok(all_new(10)));
    assert_eq!(soon(much).await.unwrap(), Ok(all_new(10)));
    let story = stub.books().shelves.story();
    assert_eq!(story, [(0, 0, None), (1, 0, None)]);
    assert_eq!(stub.books().shelves.only().entries.len(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_share_that_is_unpublished_is_gone_and_stays_so() {
    let mut stub = Stub::new().await;
    let session = stub.session();
    publish(&session, files(&["a"])).await.unwrap();
    soon(session.publish(share2(), files(&["b"]))).await.unwrap();
    let backup = stub.books().shelves.clone();
    let known = session.known().clone();
    assert!(known.published(photos().id).is_some());
    soon(session.unpublish(photos().id)).await.unwrap();
    assert_eq!(known.published(photos().id), None);
    assert_eq!(stub.books().shelves.only().paths(), ["b"]);
    soon(session.unpublish(photos().id)).await.unwrap();
    assert_eq!(stub.asked(Kind::ShareEnd).len(), 1);
    // An older backup shows it again, until the session comes.
    stub.go().await;
    until(&session, |status| matches!(status, Status::Away(_))).await;
    stub.books().shelves = backup;
    stub.come();
    soon(async {
        while stub.books().shelves.shares.len() == 2 {
            sleep(Duration::from_secs(1)).await;
        }
    })
    .await;
    assert_eq!(stub.books().shelves.only().paths(), ["b"]);
    publish(&session, files(&["c"])).await.unwrap();
    assert_eq!(stub.books().shelves.shares.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn who_publishes_what_is_unpublished_meanwhile_hears_of_it() {
    let stub = Stub::new().await;
    let session = stub.session();
    let held = hold_next(&stub, Kind::Publish);
    let publishing = begin_publishing(&session, photos(), many(9000));
    let held = soon(held).await.unwrap();
    let ending = tokio::spawn({
        let session = session.clone();
        async move { session.unpublish(photos().id).await }
    });
    sleep(Duration::from_millis(1)).await;
    stub.books().answer(held);
    soon(ending).await.unwrap().unwrap();
    assert_eq!(soon(publishing).await.unwrap(), Err(Error::Unpublished));
    assert!(stub.books().shelves.shares.is_empty());
    assert_eq!(stub.asked(Kind::Publish).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn shares_that_nobody_wished_for_are_listed_and_left_alone() {
    let stub = Stub::new().await;
    let session = stub.session();
    for number in 1..=5 {
        let share = share(number, &format!("share {number}"));
        soon(session.publish(share, files(&["a", "b"]))).await.unwrap();
    }
    session.close().await;
    let session = stub.session();
    soon(session.publish(share(3, "share 3"), files(&["c"]))).await.unwrap();
    let shares = soon(session.shares()).await.unwrap();
    let seen: Vec<_> = shares.iter().map(|it| (it.name.as_str(), it.entries)).collect();
    let names = ["share 1", "share 2", "share 3", "share 4", "share 5"];
    assert_eq!(seen, names.map(|name| (name, if name == "share 3" { 1 } else { 2 })));
    assert!(shares.iter().all(|share| share.state.is_some()));
}

#[tokio::test(start_paused = true)]
async fn lists_of_shares_that_make_no_sense_are_not_believed() {
    let said = |id: u8| OwnShare {
        share: [id; 16].into(),
        name: waxwing::wire::index::NameSaid(Name::new("x").unwrap()),
        about: [0; 32].into(),
        state: None,
        entries: 0,
        under_way: None,
    };
    let page = |ids: &[u8], more| {
        let shares = List::new(ids.iter().map(|id| said(*id)).collect()).unwrap();
        Shares { id: 0, shares, more }
    };
    let order = "shares are not in the order of their ids";
    let lies = [
        // The same page again and again.
        (page(&[1, 2], true), order),
        (page(&[1], true), order),
    ];
    for (lie, reason) in lies {
        let stub = Stub::new().await;
        stub.always(Kind::SharesAsk, by(move |_, request| request.answer(lie.clone()).unwrap()));
        let session = stub.session();
        assert_eq!(soon(session.shares()).await, Err(Error::Nonsense(reason)));
        // Nothing is published where it is not known what there is, and it is not asked in a loop.
        assert_eq!(publish(&session, files(&["a"])).await, Err(Error::Nonsense(reason)));
        let asked = stub.asked(Kind::SharesAsk).len();
        sleep(Duration::from_secs(500)).await;
        assert_eq!(stub.asked(Kind::SharesAsk).len(), asked);
        stub.honest();
        until_there(&stub, &["a"]).await;
    }
    let stub = Stub::new().await;
    let endless = by(move |_, request| {
        let ask: waxwing::wire::index::SharesAsk = request.decode().unwrap();
        let from = ask.after.map_or(0, |after| u32::from_be_bytes(*after.first_chunk().unwrap()));
        assert!(from < 1000, "it asks without end");
        let id = |n: u32| [n.to_be_bytes(), [0; 4], [0; 4], [0; 4]].concat();
        let next = (from + 1..=from + 64).map(id);
        let next =
            next.map(|id| OwnShare { share: <[u8; 16]>::try_from(id).unwrap().into(), ..said(0) });
        let shares = List::new(next.collect()).unwrap();
        request.answer(Shares { id: 0, shares, more: true }).unwrap();
    });
    stub.always(Kind::SharesAsk, endless);
    let reason = "there are more shares than there may be";
    assert_eq!(soon(stub.session().shares()).await, Err(Error::Nonsense(reason)));
}
