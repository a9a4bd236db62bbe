//! The other side says what it must not, or says nothing: each ends with a name, none hangs.

use crate::keys::{NOW, sealing_key, signing_key};
use crate::lanes::carry;
use crate::proxy::{Proxy, Rule};
use crate::stage::{
    CHUNK, Computed, Ground, MIB, Memory, Person, bytes_of, identity, refused, silent, soon, whole,
};
use std::sync::Arc;
use std::time::{Duration, Instant};
use waxwing::codec::Blob;
use waxwing::crypto::{Identity, SealingCertificate, Signed, Verified};
use waxwing::link::{
    Consent, Deadlines, Decided, Ending, Offer, Receiving, Sending, StreamError, StreamFrames,
};
use waxwing::seal::{
    CHUNK_BYTES, ChunkHead, Context, Delivery, ManifestEntry, Record, Refusal, Sealer, Turn,
};
use waxwing::wire::{
    ChunksMissing, Code, Kind, Landed, MissingChunks, SegmentVerified, StreamAccept, StreamChunk,
    StreamDelivered, StreamEnd, StreamHeader, StreamRecord,
};

/// Alice, sending by hand.
pub(crate) struct ByHand<'a> {
    alice: &'a Person,
    pub(crate) sealer: Sealer,
    pub(crate) frames: StreamFrames,
}

impl<'a> ByHand<'a> {
    pub(crate) async fn ask(alice: &'a Person, listed: Vec<ManifestEntry>) -> Self {
        let (sealer, frames) = alice.ask(listed).await;
        Self { alice, sealer, frames }
    }

    fn tell(&self, message: &impl waxwing::wire::Message) {
        self.alice.streams.conversation().tell(message).unwrap();
    }

    fn header(&self) {
        let header = Blob::new(self.sealer.header().to_bytes()).unwrap();
        self.tell(&StreamHeader { stream: self.frames.number(), header });
    }

    /// The next chunk, not sent yet.
    pub(crate) fn chunk(&mut self) -> (ChunkHead, Vec<u8>) {
        let turn = self.sealer.turn().unwrap();
        let Turn::Chunk(index) = turn else { panic!("{turn:?}") };
        let mut buffer = vec![0; CHUNK_BYTES];
        let (head, body) = self.sealer.chunks().seal(index, &Computed, &mut buffer).unwrap();
        (head, body.to_vec())
    }

    fn send_chunk(&self, head: ChunkHead, body: Vec<u8>) {
        let chunk = StreamChunk::new(self.frames.number(), head, body.into()).unwrap();
        self.tell(&chunk);
    }

    pub(crate) fn send_record(&self, record: Record) {
        self.tell(&StreamRecord { stream: self.frames.number(), record });
    }

    /// Header, manifest and its record.
    pub(crate) fn introduce(&mut self) {
        self.header();
        let (head, body) = self.chunk();
        self.send_chunk(head, body);
        let record = self.sealer.end_segment().unwrap();
        self.send_record(record);
    }

    pub(crate) async fn next(&mut self) -> Kind {
        self.frames.next().await.unwrap().kind
    }

    pub(crate) async fn await_accept(&mut self) {
        assert_eq!(self.next().await, Kind::SegmentVerified);
        self.sealer.acknowledge(0).unwrap();
        assert_eq!(self.next().await, Kind::StreamAccept);
    }

    /// What Bob says in the end.
    async fn why_it_ended(&mut self) -> Code {
        loop {
            let frame = self.frames.next().await.expect("the conversation is over");
            if frame.kind == Kind::StreamEnd {
                return frame.decode::<StreamEnd>().unwrap().code;
            }
        }
    }
}

fn small() -> Vec<ManifestEntry> {
    vec![whole("small", 2 * CHUNK)]
}

/// More than the window is wide.
fn large() -> Vec<ManifestEntry> {
    vec![whole("large", 200 * MIB)]
}

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
        let lanes = waxwing::wire::LanesAsk { id: 0, stream: 9999, count: 1 };
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
        let receiving = Receiving { identity: identity("bob"), context, max_data };
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

fn verified(bob: &Person, stream: u32, segment: u32) {
    bob.streams.conversation().tell(&SegmentVerified { stream, segment }).unwrap();
}

fn accept(bob: &Person, stream: u32) {
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

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_goes_silent_is_given_up() {
    let mut ground = Ground::with(impatient()).await;
    let (alice, mut bob) = ground.pair().await;
    // After it was granted its stream, or after it was accepted.
    for says_anything in [false, true] {
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
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_goes_silent_is_given_up() {
    let mut ground = Ground::with(impatient()).await;
    let (alice, mut bob) = ground.pair().await;
    let alice = alice.with_lanes(0);
    // Before it decides, or when it should acknowledge.
    for decides in [false, true] {
        let (asked, (mut frames, _)) = tokio::join!(alice.ask(large()), bob.grant());
        let consent = Consent::AfterManifest(Duration::from_millis(300));
        let sending = Sending { sealer: asked.0, source: Arc::new(Computed), consent };
        let sending = alice.streams.send(asked.1, sending, silent());
        let silence = async {
            if decides {
                verified(&bob, frames.number(), 0);
                accept(&bob, frames.number());
            }
            loop {
                let frame = frames.next().await.unwrap();
                if frame.kind == Kind::StreamEnd {
                    return frame.decode::<StreamEnd>().unwrap().code;
                }
            }
        };
        let (sent, code) = soon(async { tokio::join!(sending, silence) }).await;
        assert!(matches!(sent, Err(StreamError::Stalled)), "{decides} {sent:?}");
        assert_eq!(code, Code::Slow);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_never_confirms_is_given_up_later() {
    let mut ground = Ground::with(impatient()).await;
    let (alice, mut bob) = ground.pair().await;
    let sending = async {
        let sent = alice.send(small(), Arc::new(Computed)).await;
        (sent, Instant::now())
    };
    let silence = async {
        let offer: Offer = bob.offer().await.unwrap();
        let memory = Memory::new();
        memory.begin(offer.manifest());
        let arrived = offer.accept(memory, Decided::Now, silent()).await.unwrap();
        (arrived, Instant::now())
    };
    let ((sent, given_up), (_arrived, arrived)) =
        soon(async { tokio::join!(sending, silence) }).await;
    assert!(matches!(sent, Err(StreamError::Stalled)), "{sent:?}");
    assert!(given_up - arrived >= Duration::from_millis(1000));
}

fn impatient() -> Deadlines {
    Deadlines {
        stalled: Duration::from_millis(400),
        durable: Duration::from_millis(1100),
        ..Deadlines::default()
    }
}
