//! What comes in many pages has as much time for each of them as a single answer has.

use crate::library::row;
use crate::stub::{Stub, by, seen, soon, user};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use waxwing::model::{Entry, EntryPath, Modified};
use waxwing::node::index::Section;
use waxwing::wire::Kind;

/// Three of them are more than anybody waits for one answer.
const SLOW: Duration = Duration::from_secs(12);
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test(start_paused = true)]
async fn people_of_a_slow_index_are_listed_to_their_end() {
    let stub = Stub::new().await;
    stub.books().people = ["ann", "bea", "cid", "dot", "eve"].map(|name| seen(name, &[])).into();
    let slowly = by(|books, request| {
        let page = books.page(&request.decode().unwrap());
        tokio::spawn(async move {
            sleep(SLOW).await;
            request.answer(page).unwrap();
        });
    });
    stub.always(Kind::PeopleAsk, slowly);
    let (session, begun) = (stub.session(), Instant::now());
    assert_eq!(soon(session.people()).await.unwrap().value.len(), 5);
    assert!(begun.elapsed() > PATIENCE && stub.asked(Kind::PeopleAsk).len() == 3);
}

#[tokio::test(start_paused = true)]
async fn what_somebody_shares_is_listed_to_its_end_by_a_slow_index() {
    let stub = Stub::new().await;
    let file = |at: u64| {
        let path = EntryPath::parse(&format!("koala{at}")).unwrap();
        Entry::new(path, at, Modified::from_nanos(0)).unwrap()
    };
    stub.books().library.rows = (0..7).map(|at| row("bob", &[], "photos", file(at))).collect();
    let slowly = by(|books, request| {
        let page = books.library.browse(&request.decode().unwrap()).unwrap();
        tokio::spawn(async move {
            sleep(SLOW).await;
            request.answer(page).unwrap();
        });
    });
    stub.always(Kind::Browse, slowly);
    let (session, begun) = (stub.session(), Instant::now());
    let listing = soon(session.browse(&user("bob"), Section::default(), 1000)).await.unwrap();
    assert_eq!(listing.unwrap().entries.len(), 7);
    assert!(begun.elapsed() > PATIENCE && stub.asked(Kind::Browse).len() == 3);
}
