//! Ten thousand peers who are online, watch, and do nothing.

use crate::library::{fill, folder};
use crate::people::{SHARED, dial, side, token};
use crate::process::Process;
use crate::ratio;
use crate::storm::{ENTRIES, ask_for};
use futures_util::future::join_all;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use waxwing::link::{Conversation, Side};
use waxwing::wire::Kind;
use waxwing::wire::index::{Noted, Online, Resume, Watch};

/// How long it is searched, before they come and when they are there.
const SEARCHES: Duration = Duration::from_secs(8);

pub(crate) async fn measure() {
    let peers = std::env::var("WAXWING_BENCH_PEERS").ok().and_then(|peers| peers.parse().ok());
    let peers = peers.unwrap_or(10_000);
    let folder = folder();
    fill(folder.path(), ENTRIES).await;
    let mut index = Process::start_in(folder.path(), peers, 10);
    let sides: Vec<_> = (0..SHARED).map(side).collect();
    let (sides, next) = (Arc::new(sides), Arc::new(AtomicUsize::new(0)));
    // One first, so that what is made once is not counted.
    let mut there = vec![come(&sides, peers - 1, index.address).await];
    tokio::time::sleep(Duration::from_secs(1)).await;
    let quiet = ask_for(&there[0], SEARCHES).await;
    let (before, _) = index.memory();
    let begin = Instant::now();
    let address = index.address;
    let comers = (0..16).map(|_| {
        let (sides, next) = (Arc::clone(&sides), Arc::clone(&next));
        tokio::spawn(async move {
            let mut there = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= peers - 1 {
                    return there;
                }
                there.push(come(&sides, number, address).await);
            }
        })
    });
    for comer in join_all(comers).await {
        there.extend(comer.unwrap());
    }
    println!("{peers} peers came in {:.1?}", begin.elapsed());
    // Until the news of all of them have been told.
    tokio::time::sleep(Duration::from_secs(25)).await;
    let (after, online) = index.memory();
    let each = (after - before) / (peers - 1) as f64;
    println!("{online} people are online; the index holds {:.1} MiB", after / 1024.0);
    println!("each costs {each:.1} KiB");
    ratio("idle_peer_kib_vs_48", each / 48.0, "<1");
    let crowded = ask_for(&there[0], SEARCHES).await;
    println!("search p99 alone {:.2} ms, with all of them {:.2} ms", quiet * 1e3, crowded * 1e3);
    ratio("search_p99_with_idle_peers_vs_10_ms", crowded / 0.010, "<1");
    assert_eq!(there.iter().filter(|peer| peer.ending().is_some()).count(), 0, "some were let go");
}

/// One more peer: it resumes its session, is online, watches, and takes the news.
async fn come(sides: &[Side], number: usize, to: std::net::SocketAddr) -> Conversation {
    let (conversation, mut incoming) = dial(&sides[number % SHARED], number, to).await;
    tokio::spawn(async move {
        while let Some(request) = incoming.next().await {
            assert_eq!(request.kind(), Kind::News);
            let _ = request.answer(Noted { id: 0 });
        }
    });
    conversation.ask(Resume { id: 0, token: token("peer", number) }).await.unwrap();
    conversation.ask(Online { id: 0, port: Some(7400) }).await.unwrap();
    conversation.ask(Watch { id: 0, on: true }).await.unwrap();
    conversation
}
