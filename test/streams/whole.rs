//! What goes in comes out, by whatever way.

use crate::by_hand::{ByHand, small};
use crate::stage::{CHUNK, Computed, Ground, MIB, Memory, bytes_of, silent, soon, whole};
use std::sync::Arc;
use waxwing::link::{Consent, Decided, Sending, StreamError};
use waxwing::wire::Code;

#[tokio::test(flavor = "multi_thread")]
async fn files_arrive_by_lanes_from_the_one_who_dialled() {
    let mut ground = Ground::new().await;
    let (alice, mut bob) = ground.pair().await;
    let listed = vec![whole("large", 150 * MIB + 1), whole("empty", 0), whole("b", CHUNK)];
    let place = Memory::new();
    let (sent, received) = soon(async {
        tokio::join!(alice.send(listed.clone(), Arc::new(Computed)), bob.receive(&place))
    })
    .await;
    let (sent, received) = (sent.unwrap(), received.unwrap());
    assert_eq!(sent.landed, [0, 1, 2]);
    assert_eq!(received.manifest().entries(), listed);
    for (number, listed) in listed.iter().enumerate() {
        assert!(place.file(number) == bytes_of(number as u32, listed.entry.size() as usize));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_arrive_by_lanes_from_the_one_who_was_dialled() {
    let mut ground = Ground::new().await;
    let (mut alice, bob) = ground.pair().await;
    let (listed, place) = (vec![whole("large", 40 * MIB + 7)], Memory::new());
    let both = async { tokio::join!(bob.send(listed, Arc::new(Computed)), alice.receive(&place)) };
    let (sent, received) = soon(both).await;
    assert_eq!(sent.unwrap().landed, [0]);
    received.unwrap();
    assert!(place.file(0) == bytes_of(0, 40 * MIB + 7));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_lanes_the_channel_carries_everything() {
    let mut ground = Ground::new().await;
    let (alice, mut bob) = ground.pair().await;
    let alice = alice.with_lanes(0);
    for size in [0, 1, CHUNK + 1, 20 * MIB] {
        let (listed, place) = (vec![whole("a", size), whole("b", 3)], Memory::new());
        let both =
            async { tokio::join!(alice.send(listed, Arc::new(Computed)), bob.receive(&place)) };
        let (sent, received) = soon(both).await;
        assert_eq!(sent.unwrap().landed, [0, 1]);
        received.unwrap();
        assert!(place.file(0) == bytes_of(0, size), "{size}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_that_is_declined_moves_no_data() {
    let mut ground = Ground::new().await;
    let (alice, mut bob) = ground.pair().await;
    let decline = async {
        let offer = bob.offer().await.unwrap();
        assert_eq!(offer.manifest().count(), 1);
        offer.decline(Code::Declined, "not today");
    };
    let sending = alice.send(vec![whole("a", 30 * MIB)], Arc::new(Computed));
    let (sent, ()) = soon(async { tokio::join!(sending, decline) }).await;
    let StreamError::Refused { code, .. } = sent.unwrap_err() else { panic!("not declined") };
    assert_eq!(code, Code::Declined);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_asked_for_comes_without_a_word() {
    let mut ground = Ground::new().await;
    let (alice, mut bob) = ground.pair().await;
    for size in [5, 12 * MIB] {
        let ((sealer, frames), (bobs_frames, context)) =
            tokio::join!(alice.ask(vec![whole("a", size)]), bob.grant());
        let source = Arc::new(Computed);
        let sending = Sending { sealer, source, consent: Consent::Given };
        let sending = alice.streams.send(frames, sending, silent());
        let receiving = async {
            let offer = bob.await_offer(bobs_frames, context).await.unwrap();
            let place = Memory::new();
            place.begin(offer.manifest());
            let into = Arc::clone(&place) as Arc<_>;
            let arrived = offer.accept(into, Decided::Before, silent()).await.unwrap();
            bob.confirm(arrived).unwrap();
            place.file(0)
        };
        let (sent, came) = soon(async { tokio::join!(sending, receiving) }).await;
        assert_eq!(sent.unwrap().landed, [0]);
        assert!(came == bytes_of(0, size), "{size}");
    }
}

/// Messages go before chunks, so on a slow line all records may be there before the manifest is.
#[tokio::test(flavor = "multi_thread")]
async fn records_may_overtake_all_chunks() {
    let mut ground = Ground::new().await;
    let (alice, mut bob) = ground.pair().await;
    let (mut by_hand, (bobs_frames, context)) =
        tokio::join!(ByHand::ask(&alice, small()), bob.grant());
    let manifest = by_hand.chunk();
    let first = by_hand.sealer.end_segment().unwrap();
    let data = [by_hand.chunk(), by_hand.chunk(), by_hand.chunk()];
    let last = by_hand.sealer.finish(&Computed).unwrap();
    by_hand.header();
    by_hand.send_record(first);
    by_hand.send_record(last);
    by_hand.send_chunk(manifest.0, manifest.1);
    for (head, body) in data {
        by_hand.send_chunk(head, body);
    }
    let offer = soon(bob.await_offer(bobs_frames, context)).await.unwrap();
    let place = Memory::new();
    place.begin(offer.manifest());
    let into = Arc::clone(&place) as Arc<_>;
    let arrived = soon(offer.accept(into, Decided::Before, silent())).await.unwrap();
    assert!(arrived.stream().proof(0).is_some());
    assert!(place.file(0) == bytes_of(0, 2 * CHUNK));
}
