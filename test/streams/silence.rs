//! Whoever says nothing any more is given up, and told so.

use crate::by_hand::{ByHand, large, small};
use crate::rude_receivers::{accept, verified};
use crate::stage::{Computed, Ground, Memory, silent, soon};
use std::sync::Arc;
use std::time::{Duration, Instant};
use waxwing::codec::List;
use waxwing::link::{Consent, Deadlines, Decided, Offer, Sending, StreamError};
use waxwing::model::{EntryPath, ShareId};
use waxwing::wire::index::PathSaid;
use waxwing::wire::{Code, GetAsk, Kind, Ping, StreamEnd, Wanted};

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_goes_silent_is_given_up() {
    // After it was granted its stream, or after it was accepted.
    tokio::join!(silent_sender(false), silent_sender(true));
}

async fn silent_sender(says_anything: bool) {
    let mut ground = Ground::with(impatient()).await;
    let (alice, mut bob) = ground.pair().await;
    let sending = async {
        let mut by_hand = ByHand::ask(&alice, small()).await;
        if says_anything {
            by_hand.introduce();
            by_hand.await_accept().await;
        }
        by_hand.why_it_ended().await
    };
    let place = Memory::new();
    let (code, received) = soon(async { tokio::join!(sending, bob.receive(&place)) }).await;
    assert!(matches!(received, Err(StreamError::Stalled)), "{received:?}");
    assert_eq!(code, Code::Slow);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_goes_silent_is_given_up() {
    // Before it decides, or when it should acknowledge.
    tokio::join!(silent_receiver(false), silent_receiver(true));
}

async fn silent_receiver(decides: bool) {
    let mut ground = Ground::with(impatient()).await;
    let (alice, mut bob) = ground.pair().await;
    let alice = alice.with_lanes(0);
    let ((sealer, asked), (mut frames, _)) = tokio::join!(alice.ask(large()), bob.grant());
    let patience = Duration::from_secs(if decides { 60 } else { 1 });
    let consent = Consent::AfterManifest(patience);
    let sending = Sending { sealer, source: Arc::new(Computed), consent };
    let sending = alice.streams.send(asked, sending, silent());
    let silence = async {
        let mut decides = decides;
        loop {
            let frame = frames.next().await.unwrap();
            if frame.kind == Kind::StreamRecord && std::mem::take(&mut decides) {
                verified(&bob, frames.number(), 0);
                accept(&bob, frames.number());
            }
            if frame.kind == Kind::StreamEnd {
                return frame.decode::<StreamEnd>().unwrap().code;
            }
        }
    };
    let (sent, code) = soon(async { tokio::join!(sending, silence) }).await;
    match decides {
        true => assert!(matches!(sent, Err(StreamError::Stalled)), "{sent:?}"),
        false => assert!(matches!(sent, Err(StreamError::Undecided)), "{sent:?}"),
    }
    assert_eq!(code, Code::Slow);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_never_confirms_is_given_up_later() {
    let mut ground = Ground::with(impatient()).await;
    let (alice, mut bob) = ground.pair().await;
    let sending = async {
        let sent = alice.send(small(), Arc::new(Computed)).await;
        (sent, Instant::now())
    };
    let bob_streams = bob.streams.clone();
    let silence = async {
        let offer: Offer = bob.offer().await.unwrap();
        let memory = Memory::new();
        memory.begin(offer.manifest());
        let arrived = offer.accept(memory, Decided::Now, silent()).await.unwrap();
        (arrived, Instant::now())
    };
    // Small talk is no movement.
    let talker = bob_streams.conversation().clone();
    let small_talk = async move {
        loop {
            talker.tell(&Ping { token: 1 }).unwrap();
            tokio::time::sleep(Duration::from_millis(4)).await;
        }
    };
    let both = async { tokio::join!(sending, silence) };
    let ((sent, given_up), (_arrived, arrived)) = tokio::select! {
        both = soon(both) => both,
        () = small_talk => unreachable!(),
    };
    assert!(matches!(sent, Err(StreamError::Stalled)), "{sent:?}");
    assert!(given_up - arrived >= Duration::from_millis(3000));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_asker_that_announces_a_page_and_is_silent_is_given_up_whatever_else_it_says() {
    let mut ground = Ground::with(impatient()).await;
    let (alice, mut bob) = ground.pair().await;
    let name = "a".repeat(250);
    let wanted =
        Wanted { path: PathSaid(EntryPath::of(&[&*name; 4]).unwrap()), content: None, parts: None };
    let page = || List::new(vec![wanted.clone(); 100]).unwrap();
    let (challenge, share) = ([3; 32], [7; 16].into());
    let ask = || GetAsk { id: 0, challenge, share, wanted: page(), more: true, waits: None };
    let silence = alice.streams.conversation().ask_stream(ask());
    let mut pages = || std::iter::repeat_with(page);
    let talk = alice.streams.get(ShareId::from_bytes([7; 16]), challenge, &mut pages);
    let waiting = async {
        let ((_silent, mut none), (_talking, mut many)) = (bob.asked().await, bob.asked().await);
        let read = async { while bob.streams.next_page(&mut many).await.is_ok() {} };
        tokio::select! {
            page = bob.streams.next_page(&mut none) => page,
            () = read => panic!("the talk is over"),
        }
    };
    let page = tokio::select! {
        biased;
        answer = silence => panic!("{answer:?}"),
        answer = talk => panic!("{answer:?}"),
        page = soon(waiting) => page,
    };
    assert!(matches!(page, Err(StreamError::Stalled)), "{page:?}");
}

fn impatient() -> Deadlines {
    Deadlines {
        stalled: Duration::from_millis(1500),
        durable: Duration::from_millis(3500),
        ..Deadlines::default()
    }
}
