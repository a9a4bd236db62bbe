//! Streams that end half-way, and streams beside each other.

use crate::lanes::carry;
use crate::proxy::{Proxy, Rule};
use crate::stage::{Computed, Ground, MIB, Memory, Person, refused, soon, whole};
use std::collections::HashSet;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::sleep;
use waxwing::link::{AskError, Decided, Destination};
use waxwing::seal::Source;
use waxwing::wire::{Code, LanesAsk};

/// The threads of lanes that came by.
#[derive(Default)]
struct Threads(Mutex<HashSet<PathBuf>>);

impl Threads {
    fn note(&self) {
        if std::thread::current().name() == Some("lane") {
            let thread = std::fs::read_link("/proc/thread-self").unwrap();
            self.0.lock().unwrap().insert(PathBuf::from("/proc").join(thread));
        }
    }

    /// Waits until two have come by: what passed the line may still wait for its thread.
    async fn are_two(&self) {
        while self.0.lock().unwrap().len() < 2 {
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until they have all ended.
    async fn are_gone(&self) {
        let threads = std::mem::take(&mut *self.0.lock().unwrap());
        assert_eq!(threads.len(), 2, "of the lanes that carried");
        let is_there = |thread: &PathBuf| {
            std::fs::read_to_string(thread.join("comm")).is_ok_and(|name| name.trim() == "lane")
        };
        let gone = async {
            while threads.iter().any(is_there) {
                sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), gone).await.expect("threads are left");
    }
}

struct WatchedSource(Arc<Threads>);

impl Source for WatchedSource {
    fn read(&self, entry: u32, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.0.note();
        Computed.read(entry, offset, buffer)
    }

    fn is_unchanged(&self, _: u32) -> io::Result<bool> {
        Ok(true)
    }
}

struct WatchedPlace(Arc<Threads>, Arc<Memory>);

impl Destination for WatchedPlace {
    fn put(&self, entry: u32, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.note();
        self.1.put(entry, offset, bytes)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_drops_a_stream_tells_the_other_and_leaves_nothing_behind() {
    for (who_drops, by_dialler) in
        [("sender", true), ("sender", false), ("receiver", true), ("receiver", false)]
    {
        let mut ground = Ground::new().await;
        // Nobody on the line closes anything: all threads wait in the middle of a read or a write.
        let rule = |lane| if lane < 2 { Rule::Stall(16) } else { Rule::Pass };
        let proxy = Proxy::new(ground.address, rule);
        let (alice, bob) = ground.dial(proxy.address).await;
        let (from, mut to) = if by_dialler { (alice, bob) } else { (bob, alice) };
        let (read, put) = (Arc::<Threads>::default(), Arc::<Threads>::default());
        let source = Arc::new(WatchedSource(Arc::clone(&read)));
        let sending = from.send(vec![whole("large", 200 * MIB)], source);
        let receiving = async {
            let offer = to.offer().await.unwrap();
            let memory = Memory::new();
            memory.begin(offer.manifest());
            let place = Arc::new(WatchedPlace(Arc::clone(&put), memory));
            offer.accept(place, Decided::Now, crate::stage::silent()).await
        };
        let half = async {
            let both = proxy.until(|seen| {
                seen.carried.len() == 2 && seen.carried.iter().all(|bytes| *bytes > 2 * MIB)
            });
            tokio::join!(both, read.are_two(), put.are_two());
        };
        let ended = async {
            if who_drops == "sender" {
                let sending = async {
                    tokio::select! { _ = sending => panic!("it ended"), () = half => {} }
                };
                refused(tokio::join!(sending, receiving).1)
            } else {
                let receiving = async {
                    tokio::select! { _ = receiving => panic!("it ended"), () = half => {} }
                };
                refused(tokio::join!(sending, receiving).0)
            }
        };
        assert_eq!(soon(ended).await, Code::Cancelled, "{who_drops} {by_dialler}");
        read.are_gone().await;
        put.are_gone().await;
        carry(&from, &mut to, 6 * MIB).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn threads_end_with_their_stream() {
    let mut ground = Ground::new().await;
    let proxy = Proxy::new(ground.address, |_| Rule::Slow(Duration::from_millis(2)));
    let (alice, mut bob) = ground.dial(proxy.address).await;
    let threads = Arc::<Threads>::default();
    let source = Arc::new(WatchedSource(Arc::clone(&threads)));
    let place = Memory::new();
    let sending = alice.send(vec![whole("large", 16 * MIB)], source);
    soon(async { tokio::join!(sending, bob.receive(&place)) }).await.0.unwrap();
    threads.are_gone().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_or_an_arrival_that_is_dropped_is_cancelled() {
    let mut ground = Ground::new().await;
    let (alice, mut bob) = ground.pair().await;
    let sending = alice.send(vec![whole("a", 5)], Arc::new(Computed));
    let dropping = async { drop(bob.offer().await.unwrap()) };
    let (sent, ()) = soon(async { tokio::join!(sending, dropping) }).await;
    assert_eq!(refused(sent), Code::Cancelled);

    let sending = alice.send(vec![whole("a", 5)], Arc::new(Computed));
    let dropping = async {
        let (offer, memory) = (bob.offer().await.unwrap(), Memory::new());
        memory.begin(offer.manifest());
        drop(offer.accept(memory, Decided::Now, crate::stage::silent()).await.unwrap());
    };
    let (sent, ()) = soon(async { tokio::join!(sending, dropping) }).await;
    assert_eq!(refused(sent), Code::Cancelled);
    carry(&alice, &mut bob, 5).await;
}

/// Takes two offers at once; gives how much of the other was there when the first was whole.
async fn take_both(bob: &mut Person, source_of: &Person, size: usize) -> usize {
    let send = |name| source_of.send(vec![whole(name, size)], Arc::new(Computed));
    let receive = async {
        let (one, two) = (bob.offer().await.unwrap(), bob.offer().await.unwrap());
        let (first, second) = (Memory::new(), Memory::new());
        let others = Mutex::new(Vec::new());
        let take = async |offer, place: &Arc<Memory>, other: &Arc<Memory>| {
            bob.take(offer, place).await.unwrap();
            others.lock().unwrap().push(other.taken());
        };
        tokio::join!(take(one, &first, &second), take(two, &second, &first));
        others.into_inner().unwrap()[0]
    };
    let (one, two, share) = soon(async { tokio::join!(send("one"), send("two"), receive) }).await;
    one.unwrap();
    two.unwrap();
    share
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_beside_each_other_share_what_there_is() {
    for lanes in [0, 2] {
        let mut ground = Ground::new().await;
        let proxy = Proxy::new(ground.address, |_| Rule::Slow(Duration::from_millis(2)));
        let (alice, mut bob) = ground.dial(proxy.address).await;
        let share = take_both(&mut bob, &alice.with_lanes(lanes), 40 * MIB).await;
        assert!(share >= 10 * MIB, "{lanes} lanes: {share}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_answered_while_a_file_rides_the_channel() {
    let mut ground = Ground::new().await;
    let pause = Duration::from_millis(2);
    let proxy = Proxy::with_pauses(ground.address, pause, |_| Rule::Pass);
    let (alice, mut bob) = ground.dial(proxy.address).await;
    let (alice, place) = (alice.with_lanes(0), Memory::new());
    let sending = alice.send(vec![whole("large", 40 * MIB)], Arc::new(Computed));
    let asking = async {
        while place.taken() == 0 {
            sleep(Duration::from_millis(1)).await;
        }
        for answered in 0.. {
            let asked = LanesAsk { id: 0, stream: 9999, count: 1 };
            let answer = alice.streams.conversation().ask(asked).await;
            assert!(matches!(answer, Err(AskError::Refused { code: Code::NoLanes, .. })));
            if place.taken() == 40 * MIB {
                return answered;
            }
        }
        unreachable!()
    };
    let both = async { tokio::join!(sending, bob.receive(&place), asking) };
    let (sent, received, answered) = soon(both).await;
    sent.unwrap();
    received.unwrap();
    assert!(answered >= 5, "only {answered} answers before all was there");
}
