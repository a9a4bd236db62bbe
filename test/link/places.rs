//! Who finds no place or no turn, and takes none from others.

use crate::stage::{Ground, end, expect, grant_everything, pair_with, side_with, soon};
use crate::stranger::{self, Stranger, hello};
use crate::time::Door;
use std::thread::available_parallelism;
use std::time::Duration;
use tokio::io::{AsyncWriteExt, DuplexStream, duplex};
use tokio::runtime::Builder;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{spawn_blocking, yield_now};
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;
use waxwing::link::{ALPN, Deadlines, Error, Limits, Notice};
use waxwing::wire::{Code, Role};

/// Bob, who has places for so many without a proof, and none for anybody with one.
fn bob(unproven: usize) -> (Ground, mpsc::Sender<DuplexStream>) {
    let (knock, door) = mpsc::channel(1);
    let limits = Limits { unproven, of_identity: 0, ..Limits::default() };
    let address = "192.0.2.2:1".parse().unwrap();
    let ground = Ground::over(
        Door(door),
        address,
        Deadlines::default(),
        |it| it.with_limits(limits),
        grant_everything,
    );
    (ground, knock)
}

/// Somebody who has proven to be Alice, and has read that there is no place.
async fn alice_is_told(knock: &mpsc::Sender<DuplexStream>) -> TlsStream<DuplexStream> {
    let (near, far) = duplex(1 << 16);
    knock.send(far).await.unwrap();
    let (tls, exporter) = stranger::connect(stranger::client(&[ALPN]), near).await.unwrap();
    let mut alice = Stranger::greeted_over(tls, "alice", Role::Dialler, exporter).await;
    assert_eq!(soon(alice.goodbye()).await.unwrap().code, Code::Busy);
    alice.into_io()
}

#[tokio::test(start_paused = true)]
async fn who_has_no_place_is_told_so_even_if_it_has_spoken() {
    let (ground, knock) = bob(64);
    let mut alice = alice_is_told(&knock).await;
    // A socket that is closed on what was not read takes back what was said.
    soon(alice.write_all(&vec![0; 1 << 20])).await.unwrap();
    soon(alice.flush()).await.unwrap();
    drop(alice);
    let told = ground.stop().await;
    assert!(matches!(told[..], [Notice::Refused { why: Error::Full(_), .. }]), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn who_has_no_place_and_lingers_gives_way_to_a_newcomer() {
    let (ground, knock) = bob(1);
    let mut first = alice_is_told(&knock).await;
    let _second = alice_is_told(&knock).await;
    let written = timeout(Duration::from_secs(1), first.write_all(&vec![0; 1 << 20])).await;
    assert!(written.expect("nobody lingers").is_err());
    let told = ground.stop().await;
    assert!(matches!(told[0], Notice::Refused { why: Error::GaveWay, .. }), "{told:?}");
}

/// Bob dials somebody who says hello and no more, so that he makes a proof. Gives why he fails.
async fn bob_proves(bob: waxwing::link::Side) -> Option<Error> {
    let (near, far) = duplex(1 << 14);
    let mut stranger = Stranger::new(far);
    stranger.say(&hello("alice")).await;
    end(near, &bob, Role::Dialler, expect("alice")).await.err()
}

#[test]
fn a_turn_at_signing_lasts_as_long_as_its_work() {
    // One thread that computes, and it is busy: whoever has a turn keeps it.
    let runtime = Builder::new_current_thread().max_blocking_threads(1).enable_all().build();
    runtime.unwrap().block_on(async {
        let (free, busy) = oneshot::channel::<()>();
        spawn_blocking(move || busy.blocking_recv());
        let bob = side_with("bob", Deadlines { signing: Duration::ZERO, ..Deadlines::default() });
        for _ in 0..available_parallelism().unwrap().get() {
            tokio::select! {
                why = bob_proves(bob.clone()) => panic!("{why:?}"),
                // He has come to his proof by then, and nobody waits for it any more.
                () = yields(100) => {}
            }
        }
        let one_more = timeout(Duration::from_secs(10), bob_proves(bob)).await;
        drop(free);
        assert_eq!(one_more.expect("there is no turn left"), Some(Error::Busy));
    });
}

async fn yields(count: u32) {
    for _ in 0..count {
        yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn deadlines_may_be_never() {
    let never = Deadlines { ping: Duration::MAX, silence: Duration::MAX, ..Deadlines::default() };
    let (alice, bob) = soon(pair_with(1 << 12, never)).await;
    tokio::time::sleep(Duration::from_secs(7 * 24 * 3600)).await;
    assert!(!alice.driver.is_finished() && !bob.driver.is_finished());
}
