//! What an index costs and how it stands a storm: `cargo bench --bench index`.
//!
//! The index is a process of its own; this one is its clients, over real sockets on loopback. Some
//! peers share an identity, since making ten thousand keys takes hours: a store that stands in front
//! of the real one gives each of their sessions an account of its own.
//!
//! ```text
//! RATIO idle_peer_kib_vs_48       memory of one idle peer that is online and watches, against 48 KiB
//! RATIO login_storm_p99_vs_quiet  how long others wait while two hundred log in at once
//! RATIO unknown_name_vs_known     how long a wrong password takes, for a name that nobody has
//! RATIO hidden_word_vs_unknown    how long a search takes, for a word of what one may not see
//! RATIO publish_rate_vs_plain_fts5             entries a second, against SQLite's own inserts
//! RATIO search_…_rate_vs_in_process_N          searches a second, against the store alone
//! RATIO search_p99_at_half_rate_vs_10_ms_N     how long they wait when as many come as half of that
//! RATIO selective_p50_largest_vs_the_size_before    what ten times the entries cost
//! RATIO search_p99_with_idle_peers_vs_10_ms    the same search among ten thousand idle peers
//! ```
//!
//! `WAXWING_BENCH_PEERS=1000` takes fewer peers, `WAXWING_BENCH_ENTRIES=10000,100000` smaller catalogs;
//! words behind `--` choose parts: `timing storm idle publishing searching`.

#![allow(clippy::print_stdout, missing_docs, reason = "a program that prints its results")]

#[allow(dead_code, reason = "each program uses a part of it")]
mod common;
#[path = "../test/common/mod.rs"]
mod keys;

#[path = "index/corpus.rs"]
mod corpus;
#[path = "index/crowd.rs"]
mod crowd;
#[path = "index/idle.rs"]
mod idle;
#[path = "index/library.rs"]
mod library;
#[path = "index/people.rs"]
mod people;
#[path = "index/process.rs"]
mod process;
#[path = "index/publishing.rs"]
mod publishing;
#[path = "index/searching.rs"]
mod searching;
#[path = "index/storm.rs"]
mod storm;
#[path = "index/timing.rs"]
mod timing;

use common::ratio;

fn main() {
    if process::is_an_index() {
        return process::be_an_index();
    }
    let wanted: Vec<_> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let runs = |name: &str| wanted.is_empty() || wanted.iter().any(|word| name.contains(word));
    let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    threads.block_on(async {
        if runs("timing") {
            timing::measure().await;
        }
        if runs("storm") {
            storm::measure().await;
        }
        if runs("publishing") {
            publishing::measure().await;
        }
        if runs("searching") {
            searching::measure().await;
        }
        if runs("idle") {
            idle::measure().await;
        }
    });
}

/// The value below which so much of all lies.
fn quantile(values: &mut [f64], part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * part).round() as usize]
}
