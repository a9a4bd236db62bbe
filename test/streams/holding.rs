//! A place that says when it holds a segment: the sender is never further than two segments ahead of it.

use crate::stage::{Computed, Ground, MIB, Person, silent, soon, whole};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use waxwing::link::{Deadlines, Decided, Destination, StreamError, Word};
use waxwing::seal::{OpenedStream, VerifiedSegment};

/// Holds nothing before it is told to.
#[derive(Default)]
struct Slow(Mutex<Vec<(u32, Word)>>, AtomicBool);

impl Slow {
    fn verified(&self) -> Vec<u32> {
        self.0.lock().unwrap().iter().map(|(segment, _)| *segment).collect()
    }

    async fn until(&self, verified: &[u32]) {
        while self.verified() != verified {
            sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Destination for Slow {
    fn put(&self, _: u32, _: u64, _: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn verified(&self, segment: &VerifiedSegment, word: Word) {
        let mut waiting = self.0.lock().unwrap();
        if !self.1.load(Ordering::SeqCst) {
            waiting.push((segment.number, word));
        }
    }
}

async fn receive(to: &mut Person, place: &Arc<Slow>) -> Result<OpenedStream, StreamError> {
    let offer = to.offer().await?;
    let arrived = offer.accept(Arc::clone(place) as Arc<_>, Decided::Now, silent()).await?;
    to.confirm(arrived)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_comes_than_two_segments_that_are_not_held() {
    let mut ground = Ground::new().await;
    let (from, mut to) = ground.pair().await;
    let place = Arc::<Slow>::default();
    // A segment has 64 MiB at most, and of a slow machine less.
    let sending = from.send(vec![whole("large", 100 * MIB)], Arc::new(Computed));
    let watching = async {
        place.until(&[1, 2]).await;
        // Nothing that is there already may pass now.
        sleep(Duration::from_millis(300)).await;
        assert_eq!(place.verified(), [1, 2]);
        // Told in their order, and so one alone makes no room.
        let second = place.0.lock().unwrap().pop();
        drop(second);
        sleep(Duration::from_millis(300)).await;
        assert_eq!(place.verified(), [1]);
        place.1.store(true, Ordering::SeqCst);
        place.0.lock().unwrap().clear();
    };
    let all = async { tokio::join!(sending, receive(&mut to, &place), watching) };
    let (sent, received, ()) = soon(all).await;
    sent.unwrap();
    received.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_takes_long_is_no_peer_that_does_nothing() {
    let stalled = Duration::from_secs(2);
    let mut ground = Ground::with(Deadlines { stalled, ..Deadlines::default() }).await;
    let (from, mut to) = ground.pair().await;
    let (place, begun) = (Arc::<Slow>::default(), Instant::now());
    let sending = from.send(vec![whole("small", 3 * MIB)], Arc::new(Computed));
    let (sent, received) = soon(async { tokio::join!(sending, receive(&mut to, &place)) }).await;
    sent.unwrap();
    received.unwrap();
    assert!(begun.elapsed() >= stalled / 2, "nobody waited");
}
