//! Publishing: what the program wishes is what the index has, whatever becomes of conversations,
//! answers and of the index.

use crate::stub::{Books, Stub, Turn, by, next_news, setup, soon, until, until_here};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use waxwing::codec::open;
use waxwing::link::Request;
use waxwing::model::limits::FRAME_CATALOG;
use waxwing::model::{
    Audience, ContentId, Entry, EntryPath, Keywords, Modified, Name, Share, ShareId, SyncId,
};
use waxwing::node::index::{
    Entries, Error, IndexSession, Known, News, Published, Setup, Status, Summary,
};
use waxwing::wire::index::{EntrySaid, PathSaid, Publish};
use waxwing::wire::{Code, Kind};

pub(crate) fn share(number: u8, name: &str) -> Share {
    Share {
        id: ShareId::from_bytes([number; 16]),
        name: Name::new(name).unwrap(),
        keywords: Keywords::default(),
        audience: Audience::Everyone,
    }
}

pub(crate) fn photos() -> Share {
    share(1, "photos")
}

pub(crate) fn share2() -> Share {
    share(2, "films")
}

pub(crate) fn file(path: &str, size: u64) -> Entry {
    Entry::new(EntryPath::parse(path).unwrap(), size, Modified::from_nanos(0)).unwrap()
}

pub(crate) fn files(paths: &[&str]) -> Vec<Entry> {
    paths.iter().map(|path| file(path, 1)).collect()
}

/// So many files that they go out in several parts.
pub(crate) fn many(count: usize) -> Vec<Entry> {
    (0..count).map(|n| file(&format!("{n:05}.jpg"), 1)).collect()
}

pub(crate) fn all_new(added: usize) -> Summary {
    Summary { added, ..Summary::default() }
}

pub(crate) async fn publish(
    session: &IndexSession,
    entries: impl Into<Entries> + Send + 'static,
) -> Result<Summary, Error> {
    soon(session.publish(photos(), entries)).await
}

pub(crate) fn begin_publishing(
    session: &IndexSession,
    share: Share,
    entries: Vec<Entry>,
) -> JoinHandle<Result<Summary, Error>> {
    let session = session.clone();
    tokio::spawn(async move { session.publish(share, entries).await })
}

/// Keeps the next request of this kind until the test answers it.
pub(crate) fn hold_next(stub: &Stub, kind: Kind) -> oneshot::Receiver<Request> {
    let (hold, held) = oneshot::channel();
    let hold = Mutex::new(Some(hold));
    let take = move |books: &mut Books, request: Request| {
        let hold = hold.lock().unwrap().take().unwrap();
        if request.kind() == Kind::Publish {
            books.hold();
        }
        assert!(hold.send(request).is_ok());
    };
    stub.once(kind, by(take));
    held
}

pub(crate) async fn restart(stub: &mut Stub, session: &IndexSession) {
    stub.go().await;
    until(session, |status| matches!(status, Status::Away(_))).await;
    stub.come();
    until_here(session).await;
}

/// Waits until the index has just this.
pub(crate) async fn until_there(stub: &Stub, paths: &[&str]) {
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

#[tokio::test(start_paused = true)]
async fn the_next_part_is_on_its_way_before_the_one_before_is_answered() {
    let stub = Stub::new().await;
    let session = stub.session();
    let first = Arc::new(Mutex::new(None));
    let kept = Arc::clone(&first);
    stub.once(Kind::Publish, by(move |_, request| *kept.lock().unwrap() = Some(request)));
    let both = move |books: &mut Books, request| {
        let first = first.lock().unwrap().take().unwrap();
        books.answer(first);
        books.answer(request);
    };
    stub.once(Kind::Publish, by(both));
    assert_eq!(publish(&session, many(5000)).await, Ok(all_new(5000)));
    let parts: Vec<_> = stub.books().shelves.story().iter().map(|part| (part.0, part.1)).collect();
    assert_eq!(parts, [(0, 0), (0, 1), (0, 2)]);
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
    // The third was on its way, and did not follow.
    assert_eq!(parts, [(0, 0), (0, 2), (0, 1), (0, 2)]);
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
