//! Who announces a frame and does not send it: too long a one ends the conversation, and one as long as may
//! be costs little.

use crate::crowd::{Other, memory_of, raise_descriptors};
use crate::keys::skipped;
use crate::stage::{Ground, ask, side, soon};
use crate::stranger::{self, Stranger};
use futures_util::future::join_all;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use waxwing::link::{ALPN, Backoff, Dialler, Expected};
use waxwing::wire::{Code, Kind, Phase, Role};

/// Somebody on a socket, before or after both have proven who they are.
async fn somebody(at: SocketAddr, has_proven: bool) -> Stranger<TlsStream<TcpStream>> {
    let socket = TcpStream::connect(at).await.unwrap();
    let (tls, exporter) = stranger::connect(stranger::client(&[ALPN]), socket).await.unwrap();
    match has_proven {
        true => Stranger::greeted_over(tls, "alice", Role::Dialler, exporter).await,
        false => Stranger::new(tls),
    }
}

/// The kind of the longest frames of a phase.
fn longest(phase: Phase) -> Kind {
    let allowed = Kind::ALL.iter().filter(|kind| kind.is_allowed_in(phase));
    *allowed.max_by_key(|kind| kind.max_length()).unwrap()
}

#[tokio::test]
async fn too_long_a_frame_ends_its_conversation_at_once_and_no_other() {
    let ground = Ground::new().await;
    let (canary, _incoming) = soon(ground.dial()).await.unwrap();
    for (phase, has_proven) in [(Phase::Greeting, false), (Phase::Open, true)] {
        for length in [longest(phase).max_length() as u32 + 1, u32::MAX] {
            // The quickest of some: the machine may be busy with others.
            let mut quickest = Duration::MAX;
            for _ in 0..3 {
                let mut stranger = soon(somebody(ground.address, has_proven)).await;
                let begin = Instant::now();
                // No byte of the frame itself.
                stranger.send(&length.to_be_bytes()).await;
                let goodbye = soon(stranger.goodbye()).await.expect("a word");
                assert_eq!(goodbye.code, Code::FrameSize, "{phase:?} {length}");
                assert!(soon(stranger.next()).await.is_none(), "and no more");
                quickest = quickest.min(begin.elapsed());
            }
            assert!(quickest < Duration::from_secs(1), "{phase:?} {length}: {quickest:?}");
            soon(canary.ask(ask())).await.unwrap();
        }
    }
    assert!(canary.ending().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_who_announce_the_largest_frame_cost_little_and_hold_up_nobody() {
    let count = raise_descriptors().saturating_sub(200).min(1000) as usize;
    if count < 1000 {
        let missing = 1000 - count;
        skipped(&format!("{missing} of 1000 sockets, which this system does not let us open"));
    }
    let mut other = Other::start("crowd::listens_in_a_process_of_its_own");
    let (at, (_, before)) = (other.address, memory_of(&mut other));
    let largest = longest(Phase::Open);
    let length = (largest.max_length() as u32).to_be_bytes();
    let announced = [&length[..], &[largest.tag()]].concat();
    let mut crowd = Vec::new();
    while crowd.len() < count {
        // No more than may be about to prove who they are.
        let some = (0..AT_ONCE).map(|_| async {
            let mut one = somebody(at, true).await;
            one.send(&announced).await;
            one
        });
        crowd.extend(soon(join_all(some)).await);
    }
    let dialler = Dialler::new(side("alice")).with_backoff(Backoff::never());
    let (address, mut quickest) = (at.into(), Duration::MAX);
    for _ in 0..5 {
        let begin = Instant::now();
        let dialled = dialler.dial(&address, Expected::Anyone);
        let (conversation, _incoming) = soon(dialled).await.unwrap();
        soon(conversation.ask(ask())).await.unwrap();
        quickest = quickest.min(begin.elapsed());
    }
    let (_, after) = memory_of(&mut other);
    let frames = (largest.max_length() * crowd.len()) >> 10;
    println!("{frames} KiB were announced, the listener's peak grew by {} KiB", after - before);
    println!("served after {quickest:?} among {} who announced", crowd.len());
    assert!(quickest < Duration::from_secs(1), "{quickest:?}");
    assert!(after - before <= 128 * 1024, "{} KiB", after - before);
}

const AT_ONCE: usize = 20;
