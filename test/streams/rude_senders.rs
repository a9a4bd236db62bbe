//! A sender says what it must not: each ends with a name, and nothing else does.

use crate::by_hand::{ByHand, large, small};
use crate::keys::{NOW, sealing_key, signing_key};
use crate::lanes::carry;
use crate::stage::{CHUNK, Ground, Memory, Person, identity, refused, silent, soon};
use std::sync::Arc;
use std::time::{Duration, Instant};
use waxwing::crypto::{Identity, SealingCertificate, Verified};
use waxwing::link::{Decided, Ending, Receiving, StreamError};
use waxwing::seal::{ChunkHead, Context, ManifestEntry, Refusal, Sealer};
use waxwing::wire::{Code, LanesAsk, StreamAccept, StreamChunk, StreamEnd};

/// What Bob takes Alice's rudeness for, when she sends by hand and he takes what she offers.
async fn taken_by_bob(
    listed: Vec<ManifestEntry>,
    rude: impl AsyncFnOnce(&mut ByHand<'_>),
) -> (Code, StreamError) {
    let mut ground = Ground::new().await;
    let (alice, mut bob) = ground.pair().await;
    let sending = async {
        let mut by_hand = ByHand::ask(&alice, listed).await;
        rude(&mut by_hand).await;
        by_hand.why_it_ended().await
    };
    let place = Memory::new();
    let (code, received) = soon(async { tokio::join!(sending, bob.receive(&place)) }).await;
    carry(&alice, &mut bob, 5).await;
    (code, received.unwrap_err())
}

fn is(error: &StreamError, refusal: Refusal) -> bool {
    matches!(error, StreamError::Sealed(found) if *found == refusal)
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_that_do_not_come_now_are_unexpected() {
    let chunk_first = async |alice: &mut ByHand<'_>| {
        let (head, body) = alice.chunk();
        alice.send_chunk(head, body);
    };
    let header_twice = async |alice: &mut ByHand<'_>| {
        alice.header();
        alice.header();
    };
    let header_late = async |alice: &mut ByHand<'_>| {
        alice.introduce();
        alice.await_accept().await;
        alice.header();
    };
    let answers_itself = async |alice: &mut ByHand<'_>| {
        alice.introduce();
        alice.await_accept().await;
        alice.tell(&StreamAccept { stream: alice.frames.number() });
    };
    for (code, error) in [
        taken_by_bob(small(), chunk_first).await,
        taken_by_bob(small(), header_twice).await,
        taken_by_bob(small(), header_late).await,
        taken_by_bob(small(), answers_itself).await,
    ] {
        assert!(matches!(error, StreamError::Unexpected), "{error:?}");
        assert_eq!(code, Code::Unexpected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_the_channel_the_sender_answers_for_every_chunk_and_record() {
    let beyond = async |alice: &mut ByHand<'_>| {
        alice.introduce();
        alice.await_accept().await;
        let (head, body) = alice.chunk();
        alice.send_chunk(ChunkHead { index: 600, ..head }, body);
    };
    let (code, error) = taken_by_bob(large(), beyond).await;
    assert!(is(&error, Refusal::ChunkShape), "{error:?}");
    assert_eq!(code, Refusal::ChunkShape.into());

    let altered = async |alice: &mut ByHand<'_>| {
        alice.introduce();
        alice.await_accept().await;
        let (head, mut body) = alice.chunk();
        body[1000] ^= 1;
        alice.send_chunk(head, body);
    };
    let (code, error) = taken_by_bob(small(), altered).await;
    assert!(is(&error, Refusal::Tag), "{error:?}");
    assert_eq!(code, Refusal::Tag.into());

    let out_of_order = async |alice: &mut ByHand<'_>| {
        alice.introduce();
        alice.await_accept().await;
        for record in 0..2 {
            let (head, body) = alice.chunk();
            alice.send_chunk(head, body);
            let made = alice.sealer.end_segment().unwrap();
            if record == 1 {
                alice.send_record(made);
            }
        }
    };
    let (code, error) = taken_by_bob(large(), out_of_order).await;
    assert!(is(&error, Refusal::RecordChain), "{error:?}");
    assert_eq!(code, Refusal::RecordChain.into());

    let of_another_sender = async |alice: &mut ByHand<'_>| {
        alice.introduce();
        alice.await_accept().await;
        let proven = alice.alice.streams.conversation().proven();
        let (to, context) = (proven.certificate(NOW).unwrap(), Context::from_bytes([1; 32]));
        let manifest = alice.sealer.manifest().clone();
        let mallory = Arc::new(signing_key("mallory-signing"));
        alice.sealer = Sealer::new(manifest, &to, &mallory, context, NOW).unwrap();
        alice.chunk();
        let record = alice.sealer.end_segment().unwrap();
        alice.send_record(record);
    };
    let (code, error) = taken_by_bob(small(), of_another_sender).await;
    assert!(is(&error, Refusal::RecordSignature), "{error:?}");
    assert_eq!(code, Refusal::RecordSignature.into());
}

#[tokio::test(flavor = "multi_thread")]
async fn data_before_the_word_is_refused_and_a_withdrawn_offer_is_gone() {
    for is_withdrawn in [false, true] {
        let mut ground = Ground::new().await;
        let (alice, mut bob) = ground.pair().await;
        let (mut alice, offer) =
            tokio::join!(ByHand::ask(&alice, small()), async { bob.grant().await });
        alice.introduce();
        let offer = soon(bob.await_offer(offer.0, offer.1)).await.unwrap();
        // What comes behind an answered request is there when its answer is.
        if is_withdrawn {
            let (stream, text) = (alice.frames.number(), Default::default());
            alice.tell(&StreamEnd { stream, code: Code::Cancelled, text });
        } else {
            alice.sealer.acknowledge(0).unwrap();
            let (head, body) = alice.chunk();
            alice.send_chunk(head, body);
        }
        let lanes = LanesAsk { id: 0, stream: 9999, count: 1 };
        alice.alice.streams.conversation().ask(lanes).await.unwrap_err();
        let memory = Memory::new();
        memory.begin(offer.manifest());
        let taken = soon(offer.accept(memory, Decided::Now, silent())).await;
        if is_withdrawn {
            assert_eq!(refused(taken), Code::Cancelled);
        } else {
            assert!(matches!(taken, Err(StreamError::Unexpected)), "{taken:?}");
            assert_eq!(soon(alice.why_it_ended()).await, Code::Unexpected);
        }
    }
}

/// What Bob takes a header for.
async fn header_for(
    to: &Verified<SealingCertificate>,
    context: impl FnOnce(&Person, [u8; 32]) -> Context,
    max_data: u64,
) -> (Code, StreamError, Duration) {
    let mut ground = Ground::new().await;
    let (alice, mut bob) = ground.pair().await;
    let sending = async {
        let asked = alice.ask_for(small(), to, |challenge| context(&alice, challenge)).await;
        let mut alice = ByHand { alice: &alice, sealer: asked.0, frames: asked.1 };
        let began = Instant::now();
        alice.header();
        (alice.why_it_ended().await, began.elapsed())
    };
    let receiving = async {
        let (frames, context) = bob.grant().await;
        let receiving =
            Receiving { identity: identity("bob"), context, max_data, max_manifest: 16 << 20 };
        bob.streams.await_offer(frames, receiving).await
    };
    let ((code, took), offer) = soon(async { tokio::join!(sending, receiving) }).await;
    (code, offer.unwrap_err(), took)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_is_refused_by_name_and_a_wrap_that_does_not_open_late() {
    let person = |signing: &str, sealing: &str| {
        Identity::new(signing_key(signing), sealing_key(sealing), NOW).unwrap()
    };
    let certificate =
        |of: &Identity| of.certificate().verify(of.signing().verifying_key(), NOW).unwrap();
    let bob = certificate(&identity("bob"));
    let mallory = certificate(&person("mallory-signing", "mallory-sealing"));
    let other_key = certificate(&person("bob-signing", "mallory-sealing"));
    let newer = person("bob-signing", "mallory-sealing")
        .with_new_sealing_key(sealing_key("bob-sealing"), NOW)
        .unwrap();
    let newer = certificate(&newer);
    let right =
        |alice: &Person, challenge| alice.streams.conversation().proven().context(&challenge);
    let wrong = |alice: &Person, _| alice.streams.conversation().proven().context(&[0; 32]);

    for (found, refusal) in [
        (header_for(&mallory, right, 1 << 40).await, Refusal::Recipient),
        (header_for(&newer, right, 1 << 40).await, Refusal::StaleKey),
        (header_for(&bob, wrong, 1 << 40).await, Refusal::Context),
        (header_for(&bob, right, 2 * CHUNK as u64 - 1).await, Refusal::Policy),
        (header_for(&other_key, right, 1 << 40).await, Refusal::NotOpened),
    ] {
        let (code, error, took) = found;
        assert!(is(&error, refusal), "{error:?}");
        assert_eq!(code, refusal.into());
        let is_late = took >= Duration::from_millis(50);
        assert!(is_late || refusal != Refusal::NotOpened, "{took:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_never_was_ends_the_conversation() {
    let mut ground = Ground::new().await;
    let (alice, mut bob) = ground.pair().await;
    let sending = async {
        let mut by_hand = ByHand::ask(&alice, small()).await;
        by_hand.introduce();
        by_hand.await_accept().await;
        let (head, body) = by_hand.chunk();
        let stream = by_hand.frames.number() + 2;
        by_hand.tell(&StreamChunk::new(stream, head, body.into()).unwrap());
        alice.streams.conversation().ended().await
    };
    let place = Memory::new();
    let (ending, received) = soon(async { tokio::join!(sending, bob.receive(&place)) }).await;
    assert!(matches!(ending, Ending::Theirs { code: Code::Unexpected, .. }), "{ending:?}");
    let Err(StreamError::Ended(ending)) = received else { panic!("{received:?}") };
    assert!(matches!(ending, Ending::Ours { code: Code::Unexpected, .. }), "{ending:?}");
}
