//! Which way chunks take: large streams two lanes, small ones the channel.

use crate::proxy::{Proxy, Rule, Seen};
use crate::stage::{CHUNK, Computed, Ground, MIB, Memory, Person, bytes_of, soon, whole};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::sync::watch;
use waxwing::link::{Connect, StreamError, Tcp};
use waxwing::model::HostPort;

/// Who of the two sends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Sender {
    Dialler,
    Listener,
}

/// A pair of people whose lines a proxy holds.
pub(crate) struct Stage {
    pub(crate) ground: Ground,
    pub(crate) proxy: Proxy,
    pub(crate) alice: Person,
    pub(crate) bob: Person,
}

impl Stage {
    pub(crate) async fn new(rule: impl Fn(usize) -> Rule + Send + Sync + 'static) -> Self {
        let mut ground = Ground::new().await;
        let proxy = Proxy::new(ground.address, rule);
        let (alice, bob) = ground.dial(proxy.address).await;
        Self { ground, proxy, alice, bob }
    }

    /// Sends one file, which must arrive whole and right.
    pub(crate) async fn carry(&mut self, sender: Sender, size: usize) -> watch::Ref<'_, Seen> {
        let (from, to) = match sender {
            Sender::Dialler => (&self.alice, &mut self.bob),
            Sender::Listener => (&self.bob, &mut self.alice),
        };
        carry(from, to, size).await;
        self.proxy.seen()
    }
}

/// Sends one file, which must arrive whole and right.
pub(crate) async fn carry(from: &Person, to: &mut Person, size: usize) {
    let (listed, place) = (vec![whole("a file", size)], Memory::new());
    let both = async { tokio::join!(from.send(listed, Arc::new(Computed)), to.receive(&place)) };
    let (sent, received) = soon(both).await;
    received.unwrap();
    assert_eq!(sent.unwrap().landed, [0]);
    assert!(place.file(0) == bytes_of(0, size), "another file arrived");
}

#[tokio::test(flavor = "multi_thread")]
async fn large_files_travel_on_two_lanes() {
    for sender in [Sender::Dialler, Sender::Listener] {
        // Slow enough that no lane can have carried everything before the other is up.
        let mut stage = Stage::new(|_| Rule::Slow(Duration::from_millis(3))).await;
        let seen = stage.carry(sender, 12 * MIB).await;
        assert_eq!(seen.lanes(), 2, "{sender:?}");
        assert!(seen.lane_bytes() >= 12 * MIB, "{sender:?} {:?}", seen.carried);
        assert!(seen.channel_bytes < 100_000, "{sender:?} {}", seen.channel_bytes);
        assert!(seen.carried.iter().all(|bytes| *bytes > MIB), "{sender:?} {:?}", seen.carried);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn small_files_travel_on_the_channel() {
    for sender in [Sender::Dialler, Sender::Listener] {
        let mut stage = Stage::new(|_| Rule::Pass).await;
        let seen = stage.carry(sender, 15 * CHUNK).await;
        assert_eq!((seen.lanes(), seen.lane_bytes()), (0, 0), "{sender:?}");
        assert!(seen.channel_bytes > 15 * CHUNK, "{sender:?}");
        drop(seen);
        let seen = stage.carry(sender, 16 * CHUNK).await;
        assert!(seen.lane_bytes() >= 16 * CHUNK, "{sender:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_as_many_lanes_as_the_dialler_wants_and_no_more_than_eight() {
    for (wanted, most) in [(1, 1), (8, 8), (200, 8)] {
        let mut stage = Stage::new(move |_| Rule::Await(most)).await;
        stage.alice = stage.alice.with_lanes(wanted);
        let seen = stage.carry(Sender::Dialler, 12 * MIB).await;
        assert_eq!(seen.lanes(), most);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_who_dials_no_lanes_still_takes_them() {
    for sender in [Sender::Dialler, Sender::Listener] {
        let mut stage = Stage::new(|_| Rule::Pass).await;
        stage.bob = stage.bob.with_lanes(0);
        stage.carry(sender, 12 * MIB).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn when_no_lane_comes_up_the_channel_carries() {
    let mut stage = Stage::new(|_| Rule::Swallow).await;
    let began = Instant::now();
    let seen = stage.carry(Sender::Dialler, 6 * MIB).await;
    assert!(began.elapsed() >= Duration::from_secs(2), "the lanes were not awaited");
    assert!(seen.lanes() >= 2 && seen.lane_bytes() == 0);
    assert!(seen.channel_bytes > 6 * MIB);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_its_channel() {
    for sender in [Sender::Dialler, Sender::Listener] {
        let Stage { ground: _ground, proxy, mut alice, mut bob } =
            Stage::new(|_| Rule::Slow(Duration::from_millis(2))).await;
        let (listed, place) = (vec![whole("a file", 100 * MIB)], Memory::new());
        let (from, to) = match sender {
            Sender::Dialler => (&alice, &mut bob),
            Sender::Listener => (&bob, &mut alice),
        };
        let cut = async {
            proxy.until(|seen| seen.lane_bytes() > 4 * MIB).await;
            proxy.cut_all();
        };
        let sending = from.send(listed, Arc::new(Computed));
        let both = async { tokio::join!(sending, to.receive(&place), cut) };
        let (sent, received, ()) = soon(both).await;
        assert!(matches!(sent, Err(StreamError::Ended(_))), "{sender:?} {sent:?}");
        assert!(matches!(received, Err(StreamError::Ended(_))), "{sender:?} {received:?}");
    }
}

/// Reaches the other side as plain TCP does, and says that lanes cannot.
struct Detour;

impl Connect for Detour {
    type Socket = TcpStream;

    async fn resolve(&self, host: &HostPort) -> io::Result<Vec<SocketAddr>> {
        Tcp.resolve(host).await
    }

    async fn connect(&self, to: SocketAddr) -> io::Result<TcpStream> {
        Tcp.connect(to).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_way_that_lanes_cannot_take_carries_everything_on_the_channel() {
    for sender in [Sender::Dialler, Sender::Listener] {
        let mut ground = Ground::new().await;
        let proxy = Proxy::new(ground.address, |_| Rule::Pass);
        let (alice, bob) = ground.dial_over(Detour, proxy.address).await;
        let mut stage = Stage { ground, proxy, alice, bob };
        let seen = stage.carry(sender, 6 * MIB).await;
        assert_eq!(seen.lanes(), 0, "{sender:?}");
        assert!(seen.channel_bytes > 6 * MIB, "{sender:?}");
    }
}
