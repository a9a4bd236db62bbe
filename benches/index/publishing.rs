//! Publishing over a socket, beside plain inserts of the same rows into SQLite's full-text search.

use crate::corpus::entries;
use crate::library::{database, folder, share};
use crate::people::{dial, side, token};
use crate::process::Process;
use crate::{quantile, ratio};
use futures_util::stream::{self, StreamExt};
use rusqlite::{Connection, params};
use std::path::Path;
use std::time::Instant;
use waxwing::codec::List;
use waxwing::model::Entry;
use waxwing::wire::index::{EntrySaid, Publish, Resume, ShareChange};

const ENTRIES: u64 = 100_000;
const TOGETHER: usize = 2000;
const PAIRS: usize = 3;

pub(crate) async fn measure() {
    let mut all: Vec<_> = entries(0, ENTRIES).collect();
    // As clients send them.
    all.sort_by(|one, other| one.path().cmp(other.path()));
    let mut ratios = Vec::new();
    for _ in 0..PAIRS {
        let ours = publish(&all).await;
        let plain = {
            let folder = folder();
            insert(&database(folder.path()), &all)
        };
        println!(
            "{ENTRIES} entries: published in {ours:.2} s, plain inserts of the same rows {plain:.2} s"
        );
        ratios.push(plain / ours);
    }
    ratio("publish_rate_vs_plain_fts5", quantile(&mut ratios, 0.5), ">0.5");
}

/// In parts, two of which are on their way at any time.
async fn publish(all: &[Entry]) -> f64 {
    let folder = folder();
    let index = Process::start_in(folder.path(), 1, 10);
    let (conversation, _incoming) = dial(&side(0), 0, index.address).await;
    conversation.ask(Resume { id: 0, token: token("shared", 0) }).await.unwrap();
    let share = share(1);
    conversation.ask(ShareChange::new([1; 16].into(), &share)).await.unwrap();
    let parts: Vec<_> = all.chunks(TOGETHER).collect();
    let last = parts.len() - 1;
    let begin = Instant::now();
    let asks = parts.iter().enumerate().map(|(number, part)| {
        let add: Vec<_> = part.iter().map(EntrySaid::from).collect();
        conversation.ask(Publish {
            id: 0,
            share: (*share.id.as_bytes()).into(),
            sync: [7; 16].into(),
            base: None,
            part: u32::try_from(number).unwrap(),
            add: List::new(add).unwrap(),
            remove: List::default(),
            last: number == last,
        })
    });
    let mut taken = stream::iter(asks).buffered(2);
    while let Some(done) = taken.next().await {
        done.unwrap();
    }
    begin.elapsed().as_secs_f64()
}

/// One table with SQLite's own defaults, and the same care for what is written.
fn insert(file: &Path, all: &[Entry]) -> f64 {
    let db = Connection::open(file).unwrap();
    db.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL").unwrap();
    db.execute_batch(
        "CREATE VIRTUAL TABLE entries USING fts5(path, share, \
             size UNINDEXED, modified UNINDEXED, content UNINDEXED)",
    )
    .unwrap();
    let begin = Instant::now();
    for part in all.chunks(TOGETHER) {
        db.execute_batch("BEGIN").unwrap();
        let mut insert =
            db.prepare_cached("INSERT INTO entries VALUES ($1, $2, $3, $4, $5)").unwrap();
        for entry in part {
            let names: Vec<_> = entry.path().components().collect();
            let (size, modified) = (entry.size() as i64, entry.modified().as_nanos() as i64);
            let content = entry.content().map(|id| *id.as_bytes());
            insert.execute(params![names.join("/"), "share 1", size, modified, content]).unwrap();
        }
        drop(insert);
        db.execute_batch("COMMIT").unwrap();
    }
    begin.elapsed().as_secs_f64()
}
