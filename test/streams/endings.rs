//! What is promised about the end: nothing is written after it, whoever waits hears of it, and what
//! landed is not lost with the channel.

use crate::lanes::{Sender, Stage, carry};
use crate::proxy::Rule;
use crate::stage::{Computed, Ground, MIB, Memory, silent, soon, whole};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use waxwing::link::{Decided, Destination, StreamError};
use waxwing::wire::Code;

/// Fails once it has taken enough, and counts what is written after it was closed.
#[derive(Default)]
struct Guarded {
    taken: AtomicUsize,
    is_closed: AtomicBool,
    too_late: AtomicUsize,
}

impl Guarded {
    fn look(&self) {
        if self.is_closed.load(Ordering::SeqCst) {
            self.too_late.fetch_add(1, Ordering::SeqCst);
        }
    }
}

impl Destination for Guarded {
    fn put(&self, _: u32, _: u64, bytes: &[u8]) -> io::Result<()> {
        self.look();
        let taken = self.taken.fetch_add(bytes.len(), Ordering::SeqCst);
        // A disk takes its time: others write meanwhile.
        std::thread::sleep(Duration::from_millis(2));
        self.look();
        if (8 * MIB..8 * MIB + bytes.len()).contains(&taken) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_written_after_the_end() {
    for _ in 0..4 {
        let mut ground = Ground::new().await;
        let (alice, mut bob) = ground.pair().await;
        let place = Arc::new(Guarded::default());
        let sending = alice.send(vec![whole("large", 64 * MIB)], Arc::new(Computed));
        let receiving = async {
            let offer = bob.offer().await.unwrap();
            let taken = offer.accept(Arc::clone(&place) as Arc<_>, Decided::Now, silent()).await;
            place.is_closed.store(true, Ordering::SeqCst);
            assert!(matches!(taken, Err(StreamError::Place(_))), "{taken:?}");
        };
        soon(async { tokio::join!(sending, receiving) }).await.0.unwrap_err();
        // Lanes, and what the first stream left in them, are there until they notice.
        carry(&alice, &mut bob, 5 * MIB).await;
        assert_eq!(place.too_late.load(Ordering::SeqCst), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_thinks_about_an_offer_hears_when_it_is_taken_back() {
    let mut ground = Ground::new().await;
    let (alice, mut bob) = ground.pair().await;
    let (thinks, begun) = tokio::sync::oneshot::channel();
    let thinking = async {
        let mut offer = bob.offer().await.unwrap();
        thinks.send(()).unwrap();
        offer.withdrawn().await
    };
    let taking_back = async {
        tokio::select! {
            sent = alice.send(vec![whole("large", 64 * MIB)], Arc::new(Computed)) => panic!("{sent:?}"),
            begun = begun => begun.unwrap(),
        }
    };
    let (why, ()) = soon(async { tokio::join!(thinking, taking_back) }).await;
    assert!(matches!(why, StreamError::Refused { code: Code::Cancelled, .. }), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_arrived_is_kept_when_nobody_is_left_to_hear_of_it() {
    let mut ground = Ground::new().await;
    let (alice, mut bob) = ground.pair().await;
    let sending = alice.send(vec![whole("a", 3 * MIB)], Arc::new(Computed));
    let receiving = async {
        let offer = bob.offer().await.unwrap();
        let place = Memory::new();
        place.begin(offer.manifest());
        let mut arrived = offer.accept(place, Decided::Now, silent()).await.unwrap();
        let conversation = bob.streams.conversation();
        conversation.end(Code::Done, "");
        let proof = arrived.stream().proof(0).unwrap();
        let told =
            arrived.confirm(&[proof], crate::stage::identity("bob").signing(), crate::keys::NOW);
        assert!(matches!(told, Err(StreamError::Ended(_))), "{told:?}");
        let stream = arrived.into_stream();
        let proof = stream.proof(0).unwrap();
        assert!(stream.receipt(&proof).is_some());
    };
    soon(async { tokio::join!(sending, receiving) }).await.0.unwrap_err();
}

/// Lanes that bring a little and die are dialled ever later, and the channel carries in the pauses;
/// before, they were dialled in a circle as long as the stream lasted.
#[tokio::test(flavor = "multi_thread")]
async fn lanes_that_die_young_are_few() {
    let begin = Instant::now();
    let mut stage = Stage::new(|_| Rule::Reset(700_000)).await;
    let seen = stage.carry(Sender::Dialler, 40 * MIB).await;
    // Two at once, after 100 ms, 200, 400, ...
    let most = 2 * (2 + (begin.elapsed().as_millis() / 100 + 1).ilog2() as usize);
    assert!((2..=most).contains(&seen.lanes()), "{} of {most}", seen.lanes());
}
