//! Two hundred who log in at once, again and again, and somebody else who searches.

use crate::corpus::selective;
use crate::library::{fill, folder};
use crate::people::{SHARED, dial, login, side, token};
use crate::process::Process;
use crate::searching::search;
use crate::{quantile, ratio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio::time::{interval, sleep};
use tokio_util::sync::CancellationToken;
use waxwing::link::{AskError, Conversation};
use waxwing::wire::Code;
use waxwing::wire::index::Resume;

/// What is in the catalog that is searched.
pub(crate) const ENTRIES: u64 = 100_000;
const ROUNDS: usize = 5;
const STORMERS: usize = 200;
const PHASE: Duration = Duration::from_secs(4);

pub(crate) async fn measure() {
    let folder = folder();
    fill(folder.path(), ENTRIES).await;
    let index = Process::start_in(folder.path(), 1, 12);
    let sides: Vec<_> = (0..SHARED).map(side).collect();
    let (asker, _incoming) = dial(&sides[0], 0, index.address).await;
    asker.ask(Resume { id: 0, token: token("shared", 0) }).await.unwrap();
    let mut stormers = Vec::new();
    for number in 0..STORMERS {
        // Each from an address of its own, so that all of the queue is theirs.
        stormers.push(dial(&sides[number % SHARED], number + 1, index.address).await);
    }
    let mut ratios = Vec::new();
    for _ in 0..ROUNDS {
        let quiet = ask_for(&asker, PHASE).await;
        let counts = Arc::new([const { AtomicUsize::new(0) }; 2]);
        let stop = CancellationToken::new();
        let mut storm = JoinSet::new();
        for (conversation, _) in &stormers {
            let (counts, stop) = (Arc::clone(&counts), stop.clone());
            storm.spawn(log_in_until(stop, conversation.clone(), counts));
        }
        sleep(Duration::from_millis(500)).await;
        let stormy = ask_for(&asker, PHASE).await;
        stop.cancel();
        storm.join_all().await;
        let [wrong, busy] = [0, 1].map(|at: usize| counts[at].load(Ordering::Relaxed));
        println!(
            "p99 quiet {:.2} ms, in the storm {:.2} ms; {wrong} passwords were checked, {busy} times busy",
            quiet * 1e3,
            stormy * 1e3
        );
        ratios.push(stormy / quiet);
    }
    ratio("login_storm_p99_vs_quiet", quantile(&mut ratios, 0.5), "<5");
}

/// Searches two hundred times a second for so long, and gives the p99 of the answers' times.
pub(crate) async fn ask_for(asker: &Conversation, time: Duration) -> f64 {
    let (end, mut ticks) = (Instant::now() + time, interval(Duration::from_millis(5)));
    let mut times = Vec::new();
    for event in (0..ENTRIES / 10).cycle() {
        // Counted from when it was due, so that a slow answer does not hide those behind it.
        let due = ticks.tick().await;
        search(asker, selective(event)).await;
        times.push(due.elapsed().as_secs_f64());
        if Instant::now() > end {
            break;
        }
    }
    quantile(&mut times, 0.99)
}

async fn log_in_until(
    stop: CancellationToken,
    conversation: Conversation,
    counts: Arc<[AtomicUsize; 2]>,
) {
    while !stop.is_cancelled() {
        match conversation.ask(login("nobody")).await {
            Err(AskError::Refused { code: Code::Credentials, .. }) => {
                counts[0].fetch_add(1, Ordering::Relaxed);
            }
            Err(AskError::Refused { code: Code::Busy, .. }) => {
                counts[1].fetch_add(1, Ordering::Relaxed);
                sleep(Duration::from_secs(1)).await;
            }
            other => panic!("{other:?}"),
        }
    }
}
