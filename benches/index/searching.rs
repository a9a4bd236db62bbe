//! Searches over sockets, beside the same ones asked of the store in this process.

use crate::corpus::{broad, prefix, selective};
use crate::crowd::Crowd;
use crate::keys::NOW;
use crate::library::{asker, database, fill, folder};
use crate::people::{SHARED, dial, side, token};
use crate::process::Process;
use crate::{quantile, ratio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval_at};
use waxwing::codec;
use waxwing::index::store::{Query, Store};
use waxwing::link::Conversation;
use waxwing::model::Asked;
use waxwing::model::limits::ENTRY_SIZE;
use waxwing::wire::index::{Resume, Search};

/// What is searched for, by the number of an event.
type Text = fn(u64) -> String;

const CONNECTIONS: usize = 64;
const PHASE: Duration = Duration::from_secs(4);

pub(crate) async fn measure() {
    let sizes = std::env::var("WAXWING_BENCH_ENTRIES").ok();
    let sizes = sizes.unwrap_or("10000,100000,1000000".into());
    let sizes: Vec<u64> = sizes.split(',').filter_map(|size| size.parse().ok()).collect();
    let mut medians = Vec::new();
    for size in sizes {
        medians.push((size, measure_at(size).await));
    }
    if let [.., (_, smaller), (_, larger)] = medians[..] {
        ratio("selective_p50_largest_vs_the_size_before", larger / smaller, "<1.5");
    }
}

/// Gives the median of a selective search, alone over one connection.
async fn measure_at(size: u64) -> f64 {
    let folder = folder();
    let begin = Instant::now();
    fill(folder.path(), size).await;
    let bytes = database(folder.path()).metadata().unwrap().len();
    println!("-- {size} entries: {} MiB, filled in {:.1?}", bytes >> 20, begin.elapsed());
    let index = Process::start_in(folder.path(), CONNECTIONS, 10);
    let mut connections = Vec::new();
    let mut incoming = Vec::new();
    for number in 0..CONNECTIONS {
        let (conversation, keep) = dial(&side(number % SHARED), number, index.address).await;
        // Each an account of its own, since one person may not search so much at once.
        let token = token("peer", number);
        conversation.ask(Resume { id: 0, token }).await.unwrap();
        connections.push(conversation);
        incoming.push(keep);
    }
    let events = size / 10;
    let kinds: [(&str, Text); 3] = [("selective", selective), ("prefix", prefix), ("broad", broad)];
    let mut median = 0.0;
    let mut half = 0.0;
    let mut top = Vec::new();
    for (name, text) in kinds {
        let mut alone = one_by_one(&connections[0], events, text).await;
        let (p50, p99) = (quantile(&mut alone, 0.5), quantile(&mut alone, 0.99));
        let rate = closed_loop(&connections, events, text).await;
        println!(
            "{name:<10} alone p50 {:.2} ms, p99 {:.2} ms; {CONNECTIONS} connections: {rate:.0}/s",
            p50 * 1e3,
            p99 * 1e3
        );
        if name == "selective" {
            median = p50;
            half = rate / 2.0;
            let p99 = over_sockets(&connections, events, half, selective).await;
            println!("{name:<10} at half that rate: p99 {p99:.2} ms");
            ratio(&format!("search_p99_at_half_rate_vs_10_ms_{size}"), p99 / 10.0, "<1");
            let nothing = over_sockets(&connections, events, half, |_| String::new()).await;
            println!("refused at once, as often: p99 {nothing:.2} ms");
        }
        top.push((name, text, rate));
    }
    drop((connections, incoming, index));
    let store = Crowd::new(&database(folder.path()), 1).await;
    for (name, text, rate) in top {
        let in_process = in_process(&store, events, text).await;
        println!("{name:<10} in process: {in_process:.0}/s");
        ratio(&format!("search_{name}_rate_vs_in_process_{size}"), rate / in_process, ">0.5");
    }
    let asked = store.clone();
    let mut times = open_loop(CONNECTIONS, half, move |number, turn| {
        let (store, query) = (asked.clone(), query(&selective(pick(turn, events))));
        async move { drop(store.search(asker(number % SHARED), query, NOW).await.unwrap()) }
    })
    .await;
    println!(
        "selective  in process, at that half rate: p99 {:.2} ms",
        quantile(&mut times, 0.99) * 1e3
    );
    store.close().await;
    median
}

pub(crate) async fn search(to: &Conversation, text: String) -> usize {
    to.ask(asking(text)).await.unwrap().results.len()
}

fn asking(text: String) -> Search {
    Search {
        id: 0,
        text: codec::Text::new(text).unwrap(),
        owner: None,
        kind: None,
        smallest: None,
        largest: None,
        online: false,
        most: None,
        from: None,
    }
}

async fn one_by_one(to: &Conversation, events: u64, text: Text) -> Vec<f64> {
    let mut times = Vec::new();
    let begin = Instant::now();
    for turn in 0.. {
        let asked = Instant::now();
        assert_ne!(search(to, text(pick(turn, events))).await, 0);
        times.push(asked.elapsed().as_secs_f64());
        if begin.elapsed() > PHASE / 2 {
            break;
        }
    }
    times
}

/// As many as can be asked by all connections at once, in a second.
async fn closed_loop(to: &[Conversation], events: u64, text: Text) -> f64 {
    let (turns, begin) = (Arc::new(AtomicU64::new(0)), Instant::now());
    let mut askers = JoinSet::new();
    for conversation in to {
        let conversation = conversation.clone();
        let turns = Arc::clone(&turns);
        askers.spawn(async move {
            while begin.elapsed() < PHASE {
                let turn = turns.fetch_add(1, Ordering::Relaxed);
                assert_ne!(search(&conversation, text(pick(turn, events))).await, 0);
            }
        });
    }
    askers.join_all().await;
    turns.load(Ordering::Relaxed) as f64 / begin.elapsed().as_secs_f64()
}

/// The 99th percentile in milliseconds when so many are asked in a second, by all connections.
///
/// An empty text is refused before the store is asked: what is left is the way there and back.
async fn over_sockets(to: &[Conversation], events: u64, rate: f64, text: Text) -> f64 {
    let to = to.to_vec();
    let mut times = open_loop(to.len(), rate, move |number, turn| {
        let (to, text) = (to[number].clone(), text(pick(turn, events)));
        async move { drop(to.ask(asking(text)).await) }
    })
    .await;
    quantile(&mut times, 0.99) * 1e3
}

/// So many in a second, whatever becomes of those before; how long each took from when it was due.
async fn open_loop<F, A>(askers: usize, rate: f64, ask: F) -> Vec<f64>
where
    F: Fn(usize, u64) -> A + Clone + Send + 'static,
    A: Future<Output = ()> + Send,
{
    let period = Duration::from_secs_f64(askers as f64 / rate);
    let begin = Instant::now();
    let mut tasks = JoinSet::new();
    for number in 0..askers {
        let first = begin + period.mul_f64(number as f64 / askers as f64);
        let ask = ask.clone();
        tasks.spawn(async move {
            let mut ticks = interval_at(first.into(), period);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
            let mut times = Vec::new();
            for turn in 0u64.. {
                let due = ticks.tick().await;
                ask(number, turn * 64 + number as u64).await;
                times.push(due.elapsed().as_secs_f64());
                if begin.elapsed() > 2 * PHASE {
                    return times;
                }
            }
            times
        });
    }
    tasks.join_all().await.concat()
}

/// As many as the store alone answers in a second, with all of its threads busy.
async fn in_process(store: &Crowd, events: u64, text: Text) -> f64 {
    let (turns, begin) = (Arc::new(AtomicU64::new(0)), Instant::now());
    let mut askers = JoinSet::new();
    for number in 0..CONNECTIONS {
        let (store, turns) = (store.clone(), Arc::clone(&turns));
        askers.spawn(async move {
            while begin.elapsed() < PHASE {
                let turn = turns.fetch_add(1, Ordering::Relaxed);
                let query = query(&text(pick(turn, events)));
                let found = store.search(asker(number % SHARED), query, NOW).await.unwrap();
                assert!(!found.results.is_empty());
            }
        });
    }
    askers.join_all().await;
    turns.load(Ordering::Relaxed) as f64 / begin.elapsed().as_secs_f64()
}

fn query(text: &str) -> Query {
    Query {
        asked: Some(Asked::parse(text).unwrap()),
        owner: None,
        kind: None,
        sizes: (0, ENTRY_SIZE),
        only_online: false,
        online: Arc::default(),
        most: 100,
        from: None,
    }
}

/// Another event each time, from everywhere.
fn pick(turn: u64, events: u64) -> u64 {
    turn.wrapping_mul(0x9e37_79b9_7f4a_7c15) % events
}
