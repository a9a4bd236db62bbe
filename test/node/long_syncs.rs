//! Syncs that take long: they are waited for as long as something moves, told of, and hold up nobody.

use crate::publishing::{all_new, begin_publishing, files, hold_next, many, photos, publish};
use crate::stub::{Stub, Turn, by, soon};
use std::sync::Arc;
use std::thread::{self, ThreadId};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};
use waxwing::node::index::{Entries, News};
use waxwing::wire::index::{Done, Publish};
use waxwing::wire::{Code, Kind};

/// Takes a part, and says so after a while: one after the other, as an index does.
fn answers_after(one_by_one: &Arc<Mutex<()>>, pause: Duration) -> Turn {
    let one_by_one = Arc::clone(one_by_one);
    by(move |books, request| {
        books.shelves.publish(request.decode::<Publish>().unwrap()).unwrap();
        let one_by_one = Arc::clone(&one_by_one);
        tokio::spawn(async move {
            let _turn = one_by_one.lock().await;
            sleep(pause).await;
            let _ = request.answer(Done { id: 0 });
        });
    })
}

/// Takes a part, and hangs up before it says so.
fn loses(one_by_one: &Arc<Mutex<()>>) -> Turn {
    let one_by_one = Arc::clone(one_by_one);
    by(move |books, request| {
        let _ = books.shelves.publish(request.decode::<Publish>().unwrap());
        let one_by_one = Arc::clone(&one_by_one);
        tokio::spawn(async move {
            let _turn = one_by_one.lock().await;
            request.conversation().end(Code::Done, "");
        });
    })
}

#[tokio::test(start_paused = true)]
async fn a_call_waits_as_long_as_something_moves() {
    let stub = Stub::new().await;
    let session = stub.session();
    stub.always(Kind::Publish, answers_after(&Arc::default(), Duration::from_secs(20)));
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
    let one_by_one = Arc::default();
    let after = |millis| answers_after(&one_by_one, Duration::from_millis(millis));
    let slow = [after(300), after(300), after(300), after(300)];
    let quick = [after(100), after(100), after(100), after(100)];
    let lost = [after(300), loses(&one_by_one), after(300), loses(&one_by_one)];
    let parts = [4048, 6096, 8144, 10_192];
    // What was lost is told by what the index says in the next conversation.
    let cases: [(_, &[usize]); 3] = [(slow, &parts), (quick, &[4048, 10_192]), (lost, &[])];
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
        match counts {
            // Which of them are told goes by when the next part was ready.
            [] => assert!(told.is_sorted() && told.iter().all(|so_far| parts.contains(so_far))),
            counts => assert_eq!(told, counts),
        }
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
        // The second of three parts was made before, or is being made by a thread that comes to it when it can.
        let begin = std::time::Instant::now();
        while stub.asked(Kind::Publish).len() < 3 {
            assert!(
                begin.elapsed() < Duration::from_secs(60),
                "it waits for the thread that is taken"
            );
            others_go_on().await;
        }
        drop(free);
        assert_eq!(soon(publishing).await.unwrap().unwrap().added, 5000);
    });
}
