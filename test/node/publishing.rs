//! Publishing: what the program wishes is what the index has, whatever becomes of conversations,
//! answers and of the index.

use crate::stub::{Books, Stub, Turn, by, next_news, setup, soon, until, until_here, user};
use std::thread::{self, ThreadId};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use waxwing::codec::{List, open};
use waxwing::link::Request;
use waxwing::model::limits::FRAME_CATALOG;
use waxwing::model::{
    Audience, ContentId, Entry, EntryPath, Keywords, Modified, Name, Share, ShareId, SyncId,
};
use waxwing::node::index::{
    Entries, Error, IndexSession, Known, LoggedOut, News, Published, Setup, Status, Summary,
};
use waxwing::wire::index::{Done, EntrySaid, OwnShare, PathSaid, Publish, Shares};
use waxwing::wire::{Code, Kind};

fn share(number: u8, name: &str) -> Share {
    Share {
        id: ShareId::from_bytes([number; 16]),
        name: Name::new(name).unwrap(),
        keywords: Keywords::default(),
        audience: Audience::Everyone,
    }
}

fn photos() -> Share {
    share(1, "photos")
}

fn file(path: &str, size: u64) -> Entry {
    Entry::new(EntryPath::parse(path).unwrap(), size, Modified::from_nanos(0)).unwrap()
}

fn files(paths: &[&str]) -> Vec<Entry> {
    paths.iter().map(|path| file(path, 1)).collect()
}

/// So many files that they go out in several parts.
fn many(count: usize) -> Vec<Entry> {
    (0..count).map(|n| file(&format!("{n:05}.jpg"), 1)).collect()
}

fn all_new(added: usize) -> Summary {
    Summary { added, ..Summary::default() }
}

async fn publish(
    session: &IndexSession,
    entries: impl Into<Entries> + Send + 'static,
) -> Result<Summary, Error> {
    soon(session.publish(photos(), entries)).await
}

fn begin_publishing(
    session: &IndexSession,
    share: Share,
    entries: Vec<Entry>,
) -> JoinHandle<Result<Summary, Error>> {
    let session = session.clone();
    tokio::spawn(async move { session.publish(share, entries).await })
}

/// Keeps the next request of this kind until the test answers it.
fn hold_next(stub: &Stub, kind: Kind) -> oneshot::Receiver<Request> {
    let (hold, held) = oneshot::channel();
    let hold = std::sync::Mutex::new(Some(hold));
    let take = move |_: &mut Books, request| {
        let hold = hold.lock().unwrap().take().unwrap();
        assert!(hold.send(request).is_ok());
    };
    stub.once(kind, by(take));
    held
}

async fn restart(stub: &mut Stub, session: &IndexSession) {
    stub.go().await;
    until(session, |status| matches!(status, Status::Away(_))).await;
    stub.come();
    until_here(session).await;
}

/// Waits until the index has just this.
async fn until_there(stub: &Stub, paths: &[&str]) {
    soon(async {
        while stub.books().shelves.shares.is_empty() || stub.books().shelves.only().paths() != paths
        {
            sleep(Duration::from_millis(100)).await;
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_changes_is_sent_and_nothing_else() {
    let stub = Stub::new().await;
    let session = stub.session();
    let first = publish(&session, files(&["a", "b", "c"])).await;
    assert_eq!(first, Ok(all_new(3)));
    let second = vec![file("a", 1), file("b", 2), file("d", 1)];
    let summary = Summary { added: 1, changed: 1, removed: 1, unchanged: 1 };
    assert_eq!(publish(&session, second.clone()).await, Ok(summary));
    {
        let mut books = stub.books();
        assert_eq!(books.shelves.only().paths(), ["a", "b", "d"]);
        assert_eq!(books.shelves.only().entries[&EntryPath::parse("b").unwrap()].size.0, 2);
        assert_eq!(books.shelves.story(), [(0, 0, None), (1, 0, Some(0))]);
        let told = &books.shelves.parts[1];
        assert_eq!((told.add, told.remove, told.last), (2, 1, true));
    }
    // The same again, in another order.
    let again = publish(&session, second.into_iter().rev().collect::<Vec<_>>()).await;
    assert_eq!(again, Ok(Summary { unchanged: 3, ..Summary::default() }));
    assert_eq!(stub.asked(Kind::Publish).len(), 2);
    assert_eq!(stub.asked(Kind::ShareChange).len(), 1);
    assert_eq!(stub.asked(Kind::SharesAsk).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_much_goes_in_parts_that_fit() {
    let stub = Stub::new().await;
    let session = stub.session();
    assert_eq!(publish(&session, many(5000)).await, Ok(all_new(5000)));
    let added = |stub: &Stub| stub.books().shelves.parts.iter().map(|t| t.add).collect::<Vec<_>>();
    assert_eq!(added(&stub), [2048, 2048, 904]);
    assert_eq!(stub.books().shelves.only().entries.len(), 5000);
    // Just as many as fit, and then none: the last part is the first one.
    assert_eq!(publish(&session, many(2048)).await.unwrap().removed, 2952);
    stub.books().shelves.parts.clear();
    publish(&session, Vec::new()).await.unwrap();
    assert_eq!(stub.books().shelves.story(), [(0, 0, Some(1))]);
    assert!(stub.books().shelves.only().entries.is_empty());

    // The longest paths that there are: the frame ends the part.
    let deep = |n: u32| {
        let path = format!("{}{n:04}", format!("{}/", "é".repeat(127)).repeat(4));
        let content = Some(ContentId::from_bytes([7; 32]));
        file(&path, 1 << 44).executable(true).with_content(content)
    };
    stub.books().shelves.parts.clear();
    assert_eq!(
        publish(&session, (0..1000).map(deep).collect::<Entries>()).await,
        Ok(all_new(1000))
    );
    let added = added(&stub);
    assert_eq!(added.iter().sum::<usize>(), 1000);
    let each = FRAME_CATALOG / open::encode(&EntrySaid::from(&deep(0))).len();
    assert!(
        added[..added.len() - 1].iter().all(|count| (each - 4..=each).contains(count)),
        "{added:?}"
    );
}

#[test]
fn what_an_entry_takes_is_known_before_it_is_written() {
    let name = |bytes: usize| "x".repeat(bytes);
    for depth in [1, 2, 23, 24, 64] {
        for bytes in [1, 2, 23, 24, 255] {
            let Ok(path) = EntryPath::parse(&vec![name(bytes); depth].join("/")) else { continue };
            let path_bytes = open::encode(&PathSaid(path.clone())).len();
            let most = PathSaid::most_bytes(&path);
            assert!((path_bytes..=path_bytes + depth + 1).contains(&most), "{depth} of {bytes}");
            let late = Modified::from_nanos(u64::MAX);
            let content = Some(ContentId::from_bytes([7; 32]));
            let entry = Entry::new(path, 1 << 44, late).unwrap();
            let entry = entry.executable(true).with_content(content);
            let written = open::encode(&EntrySaid::from(&entry)).len();
            assert!(EntrySaid::most_bytes(&entry) >= written, "{depth} of {bytes}");
        }
    }
}

#[test]
fn entries_are_in_order_and_the_later_one_of_a_path_counts() {
    let entries = Entries::from(vec![file("b", 1), file("a", 1), file("b", 2), file("b", 3)]);
    let seen: Vec<_> = entries.iter().map(|it| (it.path().file_name(), it.size())).collect();
    assert_eq!(seen, [("a", 1), ("b", 3)]);
    assert_eq!((entries.len(), entries.is_empty()), (2, false));
}

/// The index takes a part and its answer is lost, or does not get it at all; then the conversation is
/// over, and the next one goes on.
#[tokio::test(start_paused = true)]
async fn a_sync_that_is_interrupted_goes_on_where_it_was() {
    for turn in [Turn::Lose, Turn::HangUp] {
        for at in 0..3 {
            let stub = Stub::new().await;
            let session = stub.session();
            for _ in 0..at {
                stub.once(Kind::Publish, by(|books, request| books.answer(request)));
            }
            stub.once(Kind::Publish, turn.clone());
            assert_eq!(publish(&session, many(5000)).await, Ok(all_new(5000)));
            let told: Vec<_> =
                stub.books().shelves.story().iter().map(|part| (part.0, part.1)).collect();
            assert_eq!(told, [(0, 0), (0, 1), (0, 2)], "{at}");
            assert_eq!(stub.books().shelves.only().entries.len(), 5000);
            assert_eq!(stub.asked(Kind::Resume).len(), 2);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_index_that_has_what_is_wished_is_sent_nothing() {
    let mut stub = Stub::new().await;
    let session = stub.session();
    publish(&session, many(3000)).await.unwrap();
    for round in 2..4 {
        restart(&mut stub, &session).await;
        soon(session.account()).await.unwrap();
        soon(session.shares()).await.unwrap();
        assert_eq!(stub.asked(Kind::Publish).len(), 2);
        assert_eq!(stub.asked(Kind::ShareChange).len(), 1);
        assert_eq!(stub.asked(Kind::SharesAsk).len(), 2 * round - 1);
    }
    let mut next = many(3000);
    next.push(file("z", 1));
    assert_eq!(publish(&session, next).await.unwrap().added, 1);
    assert_eq!(stub.books().shelves.parts[2].add, 1);
}

#[tokio::test(start_paused = true)]
async fn an_index_that_is_another_one_or_was_restored_is_brought_to_what_is_wished() {
    let mut stub = Stub::new().await;
    let session = stub.session();
    publish(&session, files(&["a"])).await.unwrap();
    let backup = stub.books().shelves.clone();
    publish(&session, files(&["b", "c"])).await.unwrap();
    for older in [backup, crate::shelves::Shelves::default()] {
        let mut news = session.news();
        stub.go().await;
        until(&session, |status| matches!(status, Status::Away(_))).await;
        stub.books().shelves = older;
        stub.books().shelves.parts.clear();
        stub.come();
        let published = News::Published { share: photos().id, summary: all_new(2) };
        assert_eq!(next_news(&mut news).await, published);
        assert_eq!(stub.books().shelves.story(), [(0, 0, None)]);
        assert_eq!(stub.books().shelves.only().paths(), ["b", "c"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_backup_from_the_middle_of_a_sync_is_not_gone_on_with() {
    let mut stub = Stub::new().await;
    let session = stub.session();
    publish(&session, files(&["a"])).await.unwrap();
    stub.once(Kind::Publish, by(|books, request| books.answer(request)));
    stub.once(Kind::Publish, Turn::HangUp);
    let mut news = session.news();
    let publishing = begin_publishing(&session, photos(), many(3000));
    until(&session, |status| matches!(status, Status::Away(_))).await;
    let backup = stub.books().shelves.clone();
    assert_eq!(backup.clone().only().stage.as_ref().unwrap().next, 1);
    soon(publishing).await.unwrap().unwrap();
    let summary = Summary { added: 3000, removed: 1, ..Summary::default() };
    assert_eq!(next_news(&mut news).await, News::Published { share: photos().id, summary });
    stub.go().await;
    until(&session, |status| matches!(status, Status::Away(_))).await;
    stub.books().shelves = backup;
    stub.books().shelves.parts.clear();
    stub.come();
    let summary = all_new(3000);
    assert_eq!(next_news(&mut news).await, News::Published { share: photos().id, summary });
    assert_eq!(stub.books().shelves.story(), [(0, 0, None), (0, 1, None)]);
    assert_eq!(stub.books().shelves.only().entries.len(), 3000);
}

#[tokio::test(start_paused = true)]
async fn what_was_acknowledged_is_known_in_the_next_run_of_the_program() {
    let stub = Stub::new().await;
    let known = Known::default();
    let session = stub.session_with(Setup { known: known.clone(), ..setup() });
    publish(&session, files(&["a", "b"])).await.unwrap();
    session.close().await;
    let published = known.published(photos().id).unwrap();
    assert_eq!(published.entries, Entries::from(files(&["a", "b"])));
    assert_eq!(Some(*published.state.as_bytes()), stub.books().shelves.only().state.map(|it| *it));

    let next = files(&["a", "b", "c"]);
    let remembered = |state| {
        let known = Known::default();
        known.remember(photos().id, Published { state, ..published.clone() });
        Setup { known, ..setup() }
    };
    let session = stub.session_with(remembered(published.state));
    assert_eq!(publish(&session, next.clone()).await.unwrap().added, 1);
    session.close().await;
    // What is remembered is not the index's state any more; and nothing is remembered.
    for begun in [remembered(published.state), remembered(SyncId::random()), setup()] {
        let session = stub.session_with(begun);
        stub.books().shelves.parts.clear();
        assert_eq!(publish(&session, next.clone()).await, Ok(all_new(3)));
        assert_eq!(stub.books().shelves.story(), [(0, 0, None)]);
        session.close().await;
    }
    assert_eq!(stub.books().shelves.only().paths(), ["a", "b", "c"]);
}

#[tokio::test(start_paused = true)]
async fn a_difference_against_another_state_is_followed_by_everything() {
    let stub = Stub::new().await;
    let session = stub.session();
    publish(&session, files(&["a", "b"])).await.unwrap();
    // Another program of the same person has published something else.
    let other = SyncId::random();
    stub.books().shelves.only().state = Some((*other.as_bytes()).into());
    stub.books().shelves.only().entries.clear();
    assert_eq!(publish(&session, files(&["a", "b", "c"])).await, Ok(all_new(3)));
    assert_eq!(stub.asked(Kind::SharesAsk).len(), 2);
    assert_eq!(stub.books().shelves.story(), [(0, 0, None), (1, 0, Some(0)), (2, 0, None)]);
    assert_eq!(stub.books().shelves.only().paths(), ["a", "b", "c"]);
    // Or has ended the share.
    stub.books().shelves.shares.clear();
    assert_eq!(publish(&session, files(&["d"])).await, Ok(all_new(1)));
    assert_eq!(stub.books().shelves.only().paths(), ["d"]);
    assert_eq!(stub.asked(Kind::ShareChange).len(), 2);
    // An index that says so of what begins from nothing does not mean it.
    stub.always(Kind::Publish, Turn::Refuse(Code::Base));
    let refused = publish(&session, files(&["e"])).await.unwrap_err();
    assert!(matches!(refused, Error::Refused { code: Code::Base, .. }), "{refused}");
    let asked = stub.asked(Kind::Publish).len();
    sleep(Duration::from_secs(1000)).await;
    assert_eq!(stub.asked(Kind::Publish).len(), asked);
}

#[tokio::test(start_paused = true)]
async fn an_index_that_lets_no_sync_come_to_its_end_is_not_asked_without_end() {
    let forgets = |books: &mut Books, request: Request| {
        if request.decode::<Publish>().unwrap().part > 0 {
            return request.refuse(Code::Base, "");
        }
        books.answer(request);
    };
    let lies = [(by(forgets), Code::Base), (Turn::Refuse(Code::NotFound), Code::NotFound)];
    for (lie, code) in lies {
        let stub = Stub::new().await;
        stub.always(Kind::Publish, lie);
        let session = stub.session();
        let mut news = session.news();
        let (begun, share) = (Instant::now(), photos().id);
        let why = publish(&session, many(3000)).await.unwrap_err();
        assert!(matches!(why, Error::Refused { code: told, .. } if told == code), "{why}");
        // Longer pauses each time.
        assert!((10..100).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
        assert_eq!(next_news(&mut news).await, News::NotPublished { share, why });
        let asked = stub.asked(Kind::Publish).len();
        assert!((4..20).contains(&asked), "{asked}");
        sleep(Duration::from_secs(1000)).await;
        assert_eq!(stub.asked(Kind::Publish).len(), asked);
        // The next wish is tried.
        stub.honest();
        assert_eq!(publish(&session, many(3001)).await, Ok(all_new(3001)));
    }
}

#[tokio::test(start_paused = true)]
async fn another_program_that_publishes_the_same_share_again_and_again_hinders_nobody() {
    let stub = Stub::new().await;
    let session = stub.session();
    for count in 1..20 {
        assert_eq!(publish(&session, many(count)).await, Ok(all_new(count)));
        stub.books().shelves.only().state = Some([count as u8; 16].into());
        stub.books().shelves.only().entries.clear();
    }
}

#[tokio::test(start_paused = true)]
async fn an_index_that_has_much_to_do_is_asked_again_and_not_stormed() {
    let stub = Stub::new().await;
    let session = stub.session();
    stub.once(Kind::SharesAsk, Turn::Refuse(Code::Internal));
    stub.once(Kind::ShareChange, Turn::Refuse(Code::Storage));
    stub.once(Kind::Publish, Turn::Refuse(Code::Busy));
    assert_eq!(publish(&session, files(&["a"])).await, Ok(all_new(1)));

    stub.always(Kind::Publish, Turn::Refuse(Code::Busy));
    let (begun, before) = (Instant::now(), stub.asked(Kind::Publish).len());
    let busy = publish(&session, files(&["b"])).await.unwrap_err();
    assert!(matches!(busy, Error::Refused { code: Code::Busy, .. }), "{busy}");
    assert_eq!(begun.elapsed().as_secs(), 30);
    sleep(Duration::from_secs(3600)).await;
    let asked = stub.asked(Kind::Publish).len() - before;
    assert!((50..200).contains(&asked), "{asked}");
    stub.honest();
    until_there(&stub, &["b"]).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_is_told_and_tried_again_in_the_next_conversation() {
    let cases = [
        (Kind::Publish, Code::Quota),
        (Kind::ShareChange, Code::NameTaken),
        (Kind::ShareChange, Code::NotFound),
    ];
    for (kind, code) in cases {
        let mut stub = Stub::new().await;
        let session = stub.session();
        let mut news = session.news();
        let refused = |error: &Error| matches!(error, Error::Refused { code: c, .. } if *c == code);
        stub.always(kind, Turn::Refuse(code));
        let why = publish(&session, files(&["a"])).await.unwrap_err();
        assert!(refused(&why), "{why}");
        let share = photos().id;
        assert_eq!(next_news(&mut news).await, News::NotPublished { share, why });
        sleep(Duration::from_secs(1000)).await;
        assert_eq!(stub.asked(kind).len(), 1);
        // Another share is not kept back.
        if kind == Kind::ShareChange {
            stub.honest();
        }
        stub.once(kind, by(|books, request| books.answer(request)));
        soon(session.publish(share2(), files(&["b"]))).await.unwrap();
        assert_eq!(stub.asked(kind).len(), 2);
        // It is tried with the next wish, and in the next conversation.
        stub.once(kind, Turn::Refuse(code));
        assert!(refused(&publish(&session, files(&["c"])).await.unwrap_err()));
        stub.honest();
        restart(&mut stub, &session).await;
        let published = News::Published { share, summary: all_new(1) };
        while next_news(&mut news).await != published {}
        assert_eq!(stub.books().shelves.shares[&[1; 16]].paths(), ["c"]);
    }
}

fn share2() -> Share {
    share(2, "films")
}

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
    assert_eq!(kinds[..3], [Kind::Publish, Kind::ShareChange, Kind::Publish]);
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
    assert_eq!(kinds, [change, part, end, change, part, part, part, part]);
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
    assert_eq!(stub.asked(Kind::Publish).len(), 1);
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

#[tokio::test(start_paused = true)]
async fn a_call_waits_as_long_as_something_moves() {
    let stub = Stub::new().await;
    let session = stub.session();
    let slow = by(|books, request| {
        books.shelves.publish(request.decode::<Publish>().unwrap()).unwrap();
        tokio::spawn(async move {
            sleep(Duration::from_secs(20)).await;
            request.answer(Done { id: 0 }).unwrap();
        });
    });
    stub.always(Kind::Publish, slow);
    let begun = Instant::now();
    assert_eq!(publish(&session, many(9000)).await, Ok(all_new(9000)));
    assert_eq!(begun.elapsed().as_secs(), 100);
}

/// Files that say where they are put in order.
struct Files(std::sync::mpsc::SyncSender<ThreadId>);

impl From<Files> for Entries {
    fn from(files: Files) -> Self {
        files.0.send(thread::current().id()).unwrap();
        Self::from(many(3))
    }
}

#[tokio::test(start_paused = true)]
async fn files_are_put_in_order_while_others_go_on() {
    let stub = Stub::new().await;
    let session = stub.session();
    let (told, hear) = std::sync::mpsc::sync_channel(1);
    assert_eq!(publish(&session, Files(told)).await, Ok(all_new(3)));
    assert_ne!(hear.recv().unwrap(), thread::current().id());
}

#[tokio::test(start_paused = true)]
async fn how_far_a_long_sync_is_is_told_and_not_too_often() {
    let answers_after = |pause| {
        by(move |books, request| {
            books.shelves.publish(request.decode::<Publish>().unwrap()).unwrap();
            tokio::spawn(async move {
                sleep(Duration::from_millis(pause)).await;
                request.answer(Done { id: 0 }).unwrap();
            });
        })
    };
    let slow = [answers_after(300), answers_after(300), answers_after(300), answers_after(300)];
    let quick = [answers_after(100), answers_after(100), answers_after(100), answers_after(100)];
    let lost = [answers_after(300), Turn::Lose, answers_after(300), Turn::HangUp];
    let cases: [(_, &[usize]); 3] = [
        (slow, &[4048, 6096, 8144, 10_192]),
        (quick, &[4048, 10_192]),
        // By what the index said in the next conversation.
        (lost, &[4048, 8144, 10_192]),
    ];
    for (turns, counts) in cases {
        let stub = Stub::new().await;
        let session = stub.session();
        publish(&session, many(3000)).await.unwrap();
        // That, too, was told.
        sleep(Duration::from_secs(1)).await;
        turns.into_iter().for_each(|turn| stub.once(Kind::Publish, turn));
        let mut news = session.news();
        // Two thousand go, and ten thousand come.
        let next = many(13_000).into_iter().skip(2000).collect();
        let publishing = begin_publishing(&session, photos(), next);
        let mut told = Vec::new();
        loop {
            match soon(news.next()).await.unwrap() {
                News::Status(_) => {}
                News::Publishing { share, told: so_far, of } => {
                    assert_eq!((share, of), (photos().id, 12_000));
                    told.push(so_far);
                }
                News::Published { .. } => break,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(told, counts);
        assert_eq!(soon(publishing).await.unwrap().unwrap().added, 10_000);
    }
}

/// The only thread for what takes long is taken: nothing is put in order or compared, and all else goes
/// on.
#[test]
fn what_takes_long_with_many_entries_keeps_nobody_waiting() {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().start_paused(true).max_blocking_threads(1);
    runtime.build().unwrap().block_on(async {
        let stub = Stub::new().await;
        let session = stub.session();
        publish(&session, files(&["a"])).await.unwrap();
        let busy = || {
            let (free, busy) = std::sync::mpsc::sync_channel::<()>(0);
            drop(tokio::task::spawn_blocking(move || busy.recv()));
            free
        };
        let free = busy();
        let publishing = begin_publishing(&session, photos(), many(5000));
        let others_go_on = async || {
            for _ in 0..100 {
                soon(session.account()).await.unwrap();
            }
        };
        others_go_on().await;
        assert_eq!(stub.asked(Kind::Publish).len(), 1);
        let held = hold_next(&stub, Kind::Publish);
        drop(free);
        let held = soon(held).await.unwrap();
        let free = busy();
        stub.books().answer(held);
        others_go_on().await;
        assert_eq!(stub.asked(Kind::Publish).len(), 2);
        drop(free);
        assert_eq!(soon(publishing).await.unwrap().unwrap().added, 5000);
    });
}

#[tokio::test(start_paused = true)]
async fn a_part_that_is_not_answered_is_sent_again() {
    let stub = Stub::new().await;
    let session = stub.session();
    stub.once(Kind::Publish, by(|books, request| books.answer(request)));
    stub.once(Kind::Publish, Turn::Silent);
    assert_eq!(publish(&session, many(5000)).await, Err(Error::Late));
    let mut news = session.news();
    let published = News::Published { share: photos().id, summary: all_new(5000) };
    assert_eq!(next_news(&mut news).await, published);
    let parts: Vec<_> = stub.books().shelves.story().iter().map(|part| (part.0, part.1)).collect();
    assert_eq!(parts, [(0, 0), (0, 1), (0, 2)]);
}

#[tokio::test(start_paused = true)]
async fn an_index_that_waits_for_a_part_that_there_is_not_gets_everything_anew() {
    for next in [3, 7, u32::MAX] {
        let mut stub = Stub::new().await;
        let session = stub.session();
        stub.once(Kind::Publish, Turn::Lose);
        let publishing = begin_publishing(&session, photos(), many(5000));
        until(&session, |status| matches!(status, Status::Away(_))).await;
        stub.go().await;
        stub.books().shelves.only().stage.as_mut().unwrap().next = next;
        stub.come();
        assert_eq!(soon(publishing).await.unwrap(), Ok(all_new(5000)));
        assert_eq!(stub.books().shelves.only().entries.len(), 5000);
    }
}
