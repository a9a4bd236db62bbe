//! Who asks for a stream waits as long as it is told that it still does, and says all anew at its turn.

use crate::stage::{End, pair, soon};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use waxwing::codec::List;
use waxwing::link::{AskError, Ending, Page, Request, StreamFrames, Streams, Wish};
use waxwing::model::{EntryPath, ShareId};
use waxwing::wire::index::PathSaid;
use waxwing::wire::{Code, GetAsk, GetGrant, Wanted};

/// Wants two pages, and others at its turn; keeps the places that it is told.
#[derive(Clone, Default)]
struct Two {
    asked: u8,
    places: Arc<Mutex<Vec<u32>>>,
}

fn page(name: &str) -> Page {
    let path = PathSaid(EntryPath::parse(name).unwrap());
    List::new(vec![Wanted { path, content: None, parts: None }]).unwrap()
}

impl Wish for Two {
    type Pages = std::vec::IntoIter<Page>;

    fn pages(&mut self) -> Self::Pages {
        self.asked += 1;
        let names = if self.asked == 1 { ["a", "b"] } else { ["c", "d"] };
        names.map(page).to_vec().into_iter()
    }

    fn waits(&mut self, place: waxwing::wire::GetWait) {
        self.places.lock().unwrap().push(place.place);
    }
}

fn streams(end: &End) -> Streams {
    Streams::new(end.conversation.clone(), None)
}

async fn get(end: &End, wish: &mut Two) -> Result<(GetGrant, StreamFrames), AskError> {
    streams(end).get(ShareId::from_bytes([7; 16]), [3; 32], wish).await
}

async fn asked(bob: &mut End) -> (Request, StreamFrames) {
    let request = bob.incoming.next().await.unwrap();
    let frames = request.open_stream().unwrap();
    assert_eq!(request.decode::<GetAsk>().unwrap().waits, Some(true));
    (request, frames)
}

fn grant(request: Request) {
    request.answer(GetGrant { id: 0, entries: 2, data_length: 2, without: None }).unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_asker_waits_as_long_as_it_is_told_so_and_no_longer() {
    let (alice, mut bob) = soon(pair(1 << 16)).await;
    let mut wish = Two::default();
    let told = Arc::clone(&wish.places);
    let queue = async {
        let (_request, mut frames) = asked(&mut bob).await;
        for _ in 0..5 {
            streams(&bob).tell_place(frames.number(), (2, 3)).unwrap();
            sleep(Duration::from_secs(59)).await;
        }
        let since = Instant::now();
        let gone = streams(&bob).gone(&mut frames).await;
        (gone, since.elapsed())
    };
    let (got, (gone, _)) = soon(async { tokio::join!(get(&alice, &mut wish), queue) }).await;
    assert!(matches!(got, Err(AskError::Late)), "{got:?}");
    assert_eq!(gone.to_string(), "the other side ended it: a person stopped it");
    assert_eq!(*told.lock().unwrap(), [2; 5]);
}

#[tokio::test(start_paused = true)]
async fn what_was_said_before_the_wait_does_not_count() {
    let (alice, mut bob) = soon(pair(1 << 16)).await;
    let mut wish = Two::default();
    let told = Arc::clone(&wish.places);
    let serve = async {
        let (request, mut frames) = asked(&mut bob).await;
        let (streams, stream) = (streams(&bob), frames.number());
        // The pages of the first time are on their way.
        for place in [(1, 1), (0, 0)] {
            streams.tell_place(stream, place).unwrap();
        }
        let first = streams.page_anew(&mut frames).await.unwrap();
        let second = streams.next_page(&mut frames).await.unwrap();
        assert_eq!((first.wanted, first.more), (page("c"), true));
        assert_eq!((second.wanted, second.more, second.anew), (page("d"), false, None));
        grant(request);
    };
    let (got, ()) = soon(async { tokio::join!(get(&alice, &mut wish), serve) }).await;
    assert_eq!(got.unwrap().0.entries, 2);
    assert_eq!(*told.lock().unwrap(), [1, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_place_after_the_turn_and_one_behind_the_last_end_the_conversation() {
    let late = [&[(0, 0), (1, 1)][..], &[(0, 0), (0, 0)]].map(|places| (places, Code::Unexpected));
    for (places, why) in late.into_iter().chain([(&[(2, 1)][..], Code::Malformed)]) {
        let (alice, mut bob) = soon(pair(1 << 16)).await;
        let mut wish = Two::default();
        let tell = async {
            let (request, frames) = asked(&mut bob).await;
            for place in places {
                streams(&bob).tell_place(frames.number(), *place).unwrap();
            }
            std::future::pending::<()>().await;
            drop((request, frames));
        };
        let got = tokio::select! {
            got = soon(get(&alice, &mut wish)) => got,
            () = tell => unreachable!(),
        };
        let Err(AskError::Ended(Ending::Ours { code, .. })) = got else { panic!("{got:?}") };
        assert_eq!(code, why, "{places:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_grant_just_behind_a_place_and_what_follows_it_are_taken() {
    let (alice, mut bob) = soon(pair(1 << 16)).await;
    let mut wish = Two::default();
    let serve = async {
        let (request, frames) = asked(&mut bob).await;
        let stream = frames.number();
        streams(&bob).tell_place(stream, (1, 1)).unwrap();
        grant(request);
        let header = waxwing::wire::StreamHeader { stream, header: Default::default() };
        bob.conversation.tell(&header).unwrap();
    };
    let (got, ()) = soon(async { tokio::join!(get(&alice, &mut wish), serve) }).await;
    let (_, mut frames) = got.unwrap();
    let next = soon(frames.next()).await.unwrap();
    assert_eq!(next.kind, waxwing::wire::Kind::StreamHeader);
}
