//! A receiver says what it must not: each ends with a name, or does no harm.

use crate::by_hand::large;
use crate::keys::NOW;
use crate::lanes::carry;
use crate::proxy::{Proxy, Rule};
use crate::stage::{
    Computed, Ground, MIB, Memory, Person, bytes_of, identity, silent, soon, whole,
};
use std::sync::Arc;
use std::time::Duration;
use waxwing::crypto::Signed;
use waxwing::link::{Decided, StreamError};
use waxwing::seal::Delivery;
use waxwing::wire::{
    ChunksMissing, Code, Kind, Landed, MissingChunks, SegmentVerified, StreamAccept,
    StreamDelivered, StreamEnd,
};

/// What Alice takes Bob's rudeness for, who takes her stream by hand. He hears of it.
async fn taken_by_alice(rude: impl AsyncFnOnce(&Person, u32)) -> StreamError {
    let mut ground = Ground::new().await;
    let (alice, mut bob) = ground.pair().await;
    let alice = alice.with_lanes(0);
    let receiving = async {
        let (mut frames, _) = bob.grant().await;
        rude(&bob, frames.number()).await;
        loop {
            let frame = frames.next().await.unwrap();
            if frame.kind == Kind::StreamEnd {
                return frame.decode::<StreamEnd>().unwrap().code;
            }
        }
    };
    let sending = alice.send(large(), Arc::new(Computed));
    let (sent, code) = soon(async { tokio::join!(sending, receiving) }).await;
    assert_eq!(code, Code::Unexpected, "{sent:?}");
    carry(&alice, &mut bob, 5).await;
    sent.unwrap_err()
}

pub(crate) fn verified(bob: &Person, stream: u32, segment: u32) {
    bob.streams.conversation().tell(&SegmentVerified { stream, segment }).unwrap();
}

pub(crate) fn accept(bob: &Person, stream: u32) {
    bob.streams.conversation().tell(&StreamAccept { stream }).unwrap();
}

fn missing(bob: &Person, stream: u32, chunks: Vec<u32>) {
    let chunks = MissingChunks::new(chunks).unwrap();
    bob.streams.conversation().tell(&ChunksMissing { stream, chunks }).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn words_of_a_receiver_that_do_not_belong_there_are_unexpected() {
    let accepts_twice = async |bob: &Person, stream| {
        verified(bob, stream, 0);
        accept(bob, stream);
        accept(bob, stream);
    };
    let verifies_what_is_not_there = async |bob: &Person, stream| {
        verified(bob, stream, 0);
        accept(bob, stream);
        verified(bob, stream, 1000);
    };
    let verifies_early = async |bob: &Person, stream| verified(bob, stream, 1);
    let misses_early = async |bob: &Person, stream| missing(bob, stream, vec![0]);
    for error in [
        taken_by_alice(accepts_twice).await,
        taken_by_alice(verifies_what_is_not_there).await,
        taken_by_alice(verifies_early).await,
        taken_by_alice(misses_early).await,
    ] {
        assert!(matches!(error, StreamError::Unexpected), "{error:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn chunks_called_missing_without_need_do_no_harm() {
    for lanes in [0, 2] {
        let mut ground = Ground::new().await;
        let proxy = Proxy::new(ground.address, |_| Rule::Slow(Duration::from_millis(1)));
        let (alice, mut bob) = ground.dial(proxy.address).await;
        let alice = alice.with_lanes(lanes);
        let (sealer, frames) = tokio::join!(alice.ask(vec![whole("large", 100 * MIB)]), async {
            let (frames, context) = bob.grant().await;
            (frames, context)
        });
        let stream = sealer.1.number();
        let sending = alice.send_sealed(sealer.0, sealer.1, Arc::new(Computed));
        let place = Memory::new();
        let receiving = async {
            let offer = bob.await_offer(frames.0, frames.1).await.unwrap();
            let absurd = async {
                for share in [20, 60, 90] {
                    while place.taken() < share * MIB {
                        tokio::time::sleep(Duration::from_millis(1)).await;
                    }
                    missing(&bob, stream, vec![0, 1, 2, 200, 250, 300, 399, 400, 5000, u32::MAX]);
                    missing(&bob, stream, vec![1]);
                    missing(&bob, stream, (0..512).collect());
                }
            };
            tokio::join!(bob.take(offer, &place), absurd).0
        };
        let (sent, received) = soon(async { tokio::join!(sending, receiving) }).await;
        sent.unwrap();
        received.unwrap();
        assert!(place.file(0) == bytes_of(0, 100 * MIB), "another file arrived");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_false_proof_of_delivery_proves_nothing() {
    let mut ground = Ground::new().await;
    let (alice, mut bob) = ground.pair().await;
    let mut earlier: Option<Signed<Delivery>> = None;
    for false_proof in ["none", "of another stream", "of fewer entries"] {
        let sending = alice.send(vec![whole("a", 5), whole("b", 6)], Arc::new(Computed));
        let receiving = async {
            let (frames, context) = bob.grant().await;
            let stream = frames.number();
            let offer = bob.await_offer(frames, context).await.unwrap();
            let memory = Memory::new();
            memory.begin(offer.manifest());
            let arrived = offer.accept(memory, Decided::Now, silent()).await.unwrap();
            let proofs: Vec<_> =
                (0..2).filter_map(|number| arrived.stream().proof(number)).collect();
            let delivery = arrived.stream().delivery(&proofs, identity("bob").signing(), NOW);
            let landed = match false_proof {
                "of fewer entries" => Landed::new(&[0]).unwrap(),
                _ => Landed::new(&[0, 1]).unwrap(),
            };
            let delivery = match (&earlier, false_proof) {
                (Some(earlier), "of another stream") => earlier.clone(),
                _ => delivery.unwrap(),
            };
            let told = StreamDelivered::new(stream, &delivery, landed).unwrap();
            earlier = Some(delivery);
            bob.streams.conversation().tell(&told).unwrap();
            arrived
        };
        let (sent, arrived) = soon(async { tokio::join!(sending, receiving) }).await;
        drop(arrived);
        match (false_proof, sent) {
            ("none", sent) => assert_eq!(sent.unwrap().landed, [0, 1]),
            (_, sent) => {
                assert!(matches!(sent, Err(StreamError::Delivery)), "{false_proof} {sent:?}")
            }
        }
    }
}
