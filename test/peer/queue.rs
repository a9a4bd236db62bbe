//! Who finds no slot waits for one: they are told their place, and lose it when they go away.

use crate::stage::{MIB, Stage, bytes_of, fetch, path, sharer, side, soon, wanted};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use waxwing::codec::List;
use waxwing::link::{AskError, Deadlines, Page, Rates, StreamFrames, Streams, Wish};
use waxwing::model::{Audience, Content, Event, Events, ShareId, Work};
use waxwing::peer::{Allowance, Error, Rules};
use waxwing::wire::index::PathSaid;
use waxwing::wire::{Code, GetGrant, GetWait, StreamEnd, Wanted};

/// One file of Bob's; where who asks for it waits is told.
struct Patient {
    name: &'static str,
    place: watch::Sender<Option<(u32, u32)>>,
}

impl Wish for Patient {
    type Pages = std::iter::Once<Page>;

    fn pages(&mut self) -> Self::Pages {
        let wanted = Wanted { path: PathSaid(path(self.name)), content: None, parts: None };
        std::iter::once(List::new(vec![wanted]).unwrap())
    }

    fn waits(&mut self, GetWait { place, of, .. }: GetWait) {
        self.place.send_replace(Some((place, of)));
    }
}

type Asked = Result<(GetGrant, StreamFrames), AskError>;

/// Asks for it, and goes on waiting for the answer.
fn ask(
    streams: &Streams,
    share: ShareId,
    name: &'static str,
) -> (JoinHandle<Asked>, watch::Receiver<Option<(u32, u32)>>) {
    let (place, places) = watch::channel(None);
    let (streams, mut wish) = (streams.clone(), Patient { name, place });
    (tokio::spawn(async move { streams.get(share, [3; 32], &mut wish).await }), places)
}

async fn is_at(places: &mut watch::Receiver<Option<(u32, u32)>>, place: (u32, u32)) {
    soon(places.wait_for(|told| *told == Some(place))).await.unwrap();
}

/// Bob has one slot, and it is taken: until the stream is ended that is given.
async fn with_one_slot() -> (Stage, StreamFrames) {
    let allowance = Allowance { in_all: 1, waiting_each: 3, ..Allowance::SERVING };
    let stage = Stage::with(sharer("bob").with_allowance(allowance), |_| {}).await;
    // Nobody takes what comes of it, and it does not fill the connection.
    stage.make("held", b"held");
    stage.make("a", b"a");
    stage.publish(Audience::Everyone);
    let (_, frames) = soon(ask(&stage.streams, stage.share, "held").0).await.unwrap().unwrap();
    (stage, frames)
}

fn end(stage: &Stage, stream: StreamFrames) {
    let (stream, text) = (stream.number(), Default::default());
    stage.streams.conversation().tell(&StreamEnd { stream, code: Code::Cancelled, text }).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fetch_waits_for_its_turn_and_tells_its_place() {
    let (mut stage, held) = with_one_slot().await;
    let (events, told) = Events::channel();
    stage.alice = stage.alice.clone().with_events(events);
    let (is_placed, seen) = (Arc::new(Mutex::new(Vec::new())), tokio::sync::Notify::new());
    let seen = Arc::new(seen);
    let (all, rings) = (Arc::clone(&is_placed), Arc::clone(&seen));
    std::thread::spawn(move || {
        for event in told {
            all.lock().unwrap().push(event.clone());
            if matches!(event, Event::Placed { .. }) {
                rings.notify_one();
            }
        }
    });
    let let_go = async {
        soon(seen.notified()).await;
        end(&stage, held);
    };
    let (fetched, ()) = tokio::join!(stage.fetch(&["a"]), let_go);
    assert!(fetched.stopped.is_none(), "{fetched:?}");
    assert_eq!(stage.names("downloads"), ["a"]);
    let told = is_placed.lock().unwrap();
    let waiting = told.iter().find_map(|event| match event {
        Event::Began { task, work: Work::Waiting, .. } => Some(*task),
        _ => None,
    });
    let waiting = waiting.expect("it is told that it waits");
    assert!(told.contains(&Event::Placed { task: waiting, place: 1, of: 1 }), "{told:?}");
    assert!(told.contains(&Event::Ended { task: waiting, complete: true }), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn places_are_told_as_they_change_and_who_goes_away_has_none() {
    let (stage, held) = with_one_slot().await;
    let ask = || ask(&stage.streams, stage.share, "a");
    let (first, mut of_first) = ask();
    is_at(&mut of_first, (1, 1)).await;
    let (second, mut of_second) = ask();
    is_at(&mut of_second, (2, 2)).await;
    let (third, mut of_third) = ask();
    is_at(&mut of_third, (3, 3)).await;
    let beyond = soon(ask().0).await.unwrap();
    assert!(matches!(beyond, Err(AskError::Refused { code: Code::Busy, .. })), "{beyond:?}");
    first.abort();
    is_at(&mut of_second, (1, 2)).await;
    is_at(&mut of_third, (2, 2)).await;
    end(&stage, held);
    let (_, stream) = soon(second).await.unwrap().unwrap();
    assert_eq!(*of_second.borrow(), Some((0, 0)));
    is_at(&mut of_third, (1, 1)).await;
    end(&stage, stream);
    assert!(soon(third).await.unwrap().is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_come_when_it_is_their_turn_holds_the_slot_no_longer() {
    let (mut stage, held) = with_one_slot().await;
    let (first, mut of_first) = ask(&stage.streams, stage.share, "a");
    is_at(&mut of_first, (1, 1)).await;
    let (second, mut of_second) = ask(&stage.streams, stage.share, "a");
    is_at(&mut of_second, (2, 2)).await;
    // The slot is free and the first gone in the same moment, whichever Bob sees first.
    end(&stage, held);
    first.abort();
    assert!(soon(second).await.unwrap().is_ok());
    for _ in 0..2 {
        assert!(stage.served().await.is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_have_nothing_gets_no_place() {
    let (stage, held) = with_one_slot().await;
    let (asked, place) = ask(&stage.streams, ShareId::from_bytes([9; 16]), "a");
    let asked = soon(asked).await.unwrap();
    assert!(matches!(asked, Err(AskError::Refused { code: Code::NotFound, .. })), "{asked:?}");
    assert_eq!(*place.borrow(), None);
    drop(held);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_more_than_there_is_room_for_waits_until_there_is() {
    // Each of the two wants some 70 bytes.
    let allowance = Allowance { bytes: 100, ..Allowance::SERVING };
    let stage = Stage::with(sharer("bob").with_allowance(allowance), |_| {}).await;
    stage.make("held", b"held");
    stage.make("a", b"a");
    stage.publish(Audience::Everyone);
    let (_, held) = soon(ask(&stage.streams, stage.share, "held").0).await.unwrap().unwrap();
    let (second, mut place) = ask(&stage.streams, stage.share, "a");
    is_at(&mut place, (1, 1)).await;
    end(&stage, held);
    assert!(soon(second).await.unwrap().is_ok());
    assert_eq!(*place.borrow(), Some((0, 0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_very_little_gives_way_to_who_waits_and_goes_on_later() {
    // What the system has on its way is read before it is heard that the stream is over.
    let (crowded, crowded_bytes) = (Duration::from_secs(3), 16 << 20);
    let deadlines = Deadlines { crowded, crowded_bytes, ..Deadlines::default() };
    let allowance = Allowance { in_all: 1, ..Allowance::SERVING };
    let mut stage =
        Stage::waiting(sharer("bob").with_allowance(allowance), deadlines, |_| {}).await;
    let large = bytes_of(1, 48 * MIB);
    stage.make("a", b"a");
    stage.make("large", &large);
    stage.publish(Audience::Everyone);
    let slow = Rates { up: None, down: Some(2_000_000) };
    let alices = stage.dial(side("alice").with_rates(slow)).await.with_lanes(0);
    let mallorys = stage.dial(side("mallory")).await;
    let (events, told) = Events::channel();
    let (begins, begun) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let mut begins = Some(begins);
        for event in told {
            if matches!(event, Event::Began { work: Work::Receiving, .. }) {
                begins.take().into_iter().for_each(|begins| begins.send(()).unwrap());
            }
        }
    });
    let alice = stage.alice.clone().with_events(events);
    let wanted = || vec![wanted("large", Some(Content::of(&large)))];
    let landing = stage.landing(Rules::default());
    let fetching = fetch(&alice, &alices, stage.share, wanted(), &landing);
    let other = async {
        begun.await.unwrap();
        let (asked, mut place) = ask(&mallorys, stage.share, "a");
        is_at(&mut place, (1, 1)).await;
        asked.await.unwrap().unwrap()
    };
    let (fetched, _stream) = soon(async { tokio::join!(fetching, other) }).await;
    let Some(Error::Refused { code: Code::Busy, .. }) = fetched.stopped else {
        panic!("{fetched:?}")
    };
    assert!(fetched.stopped.is_some_and(|why| why.may_pass()));
    let served = stage.served().await;
    assert!(matches!(served, Err(Error::Stream(_))), "{served:?}");
    drop(mallorys);
}
