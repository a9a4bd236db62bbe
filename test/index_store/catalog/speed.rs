//! How fast the store publishes, beside SQLite's own full-text search with the same names.

use super::stage::{MANY, part, set, share, with};
use crate::keys::NOW;
use crate::stage::{join, say};
use rusqlite::{Connection, params};
use std::path::Path;
use std::time::Instant;
use waxwing::index::store::{Part, Place, Sqlite, Store};
use waxwing::model::Entry;

/// Photos of many events: a number of their own, and words that are frequent and rare.
fn photos(count: u64) -> Vec<Entry> {
    let word = |n: u64| {
        let letters = ["ba", "de", "fi", "go", "ku", "la", "me", "ni", "po", "ru", "sa", "te"];
        (0..3).map(|at| letters[(n / 12_u64.pow(at) % 12) as usize]).collect::<String>()
    };
    let dice = |n: u64| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) % 1700;
    let name = |n: u64| {
        let (event, rank) = (n / 10, dice(n));
        let folder = format!("{} {}x", word(dice(event)), event);
        format!("{folder}/{}_{}-{n:07}.jpg", word(rank * rank / 1700), word(rank))
    };
    (0..count).map(|n| with(&name(n), &n.to_string())).collect()
}

#[tokio::test]
#[ignore = "a measurement"]
async fn speed_of_publishing() {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    let folder = folder.unwrap();
    let all = photos(100_000);
    for round in 0..3 {
        let plain = insert(&folder.path().join(format!("plain-{round}")), &all);
        let store = folder.path().join(format!("store-{round}"));
        let store = Sqlite::open(Place::File(store)).unwrap();
        let alice = join(&store, "alice", 0, NOW).await;
        set(&store, &alice, &share(1, "photos", &[])).await.unwrap();
        let parts: Vec<_> = all.chunks(1000).collect();
        let (last, begin) = (parts.len() as u32 - 1, Instant::now());
        let mut tasks = tokio::task::JoinSet::new();
        for (number, add) in (0..).zip(parts) {
            let part =
                Part { add: add.to_vec(), ..part(1, 1, None, (number, number == last), &[]) };
            let (store, asker) = (store.clone(), alice.asker);
            if tasks.len() >= 2 {
                tasks.join_next().await.unwrap().unwrap();
            }
            // In their order, one being made ready while another is written.
            tasks.spawn(async move { publish(&store, asker, part).await });
            tokio::task::yield_now().await;
        }
        tasks.join_all().await;
        let ours = begin.elapsed().as_secs_f64();
        say(&format!("published in {ours:.2} s, plain in {plain:.2} s: {:.2}", plain / ours));
        store.close().await;
    }
}

/// Until it is its turn.
async fn publish(store: &Sqlite, asker: waxwing::index::store::Asker, part: Part) {
    use waxwing::index::store::{Refusal, StoreError};
    while let Err(error) = store.publish(asker, part.clone().into(), MANY, NOW).await {
        assert_eq!(error, StoreError::Refused(Refusal::Base));
    }
}

fn insert(file: &Path, all: &[Entry]) -> f64 {
    let db = Connection::open(file).unwrap();
    db.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL").unwrap();
    db.execute_batch("CREATE VIRTUAL TABLE entries USING fts5(path, share)").unwrap();
    let begin = Instant::now();
    for part in all.chunks(1000) {
        db.execute_batch("BEGIN").unwrap();
        let mut insert =
            db.prepare_cached("INSERT INTO entries (path, share) VALUES ($1, $2)").unwrap();
        for entry in part {
            insert.execute(params![entry.path().as_str(), "photos birds"]).unwrap();
        }
        drop(insert);
        db.execute_batch("COMMIT").unwrap();
    }
    begin.elapsed().as_secs_f64()
}
