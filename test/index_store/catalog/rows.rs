//! The tables of the catalog in SQLite: damage that a check finds, older databases, backups.

use super::stage::{
    found, holders, listed, own, part, query, search, set, share, share_out, take, tidy, whole,
    without,
};
use crate::is_well;
use crate::keys::NOW;
use crate::stage::{invite, join, log_in};
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use waxwing::index::store::{Place, Query, Sqlite, Store, restore};
use waxwing::model::{Keywords, Share};

fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index.db");
    (folder, path)
}

fn open(path: &Path) -> Sqlite {
    Sqlite::open(Place::File(path.to_owned())).unwrap()
}

/// Two shares of Alice: photos, with something under way, and plans for Bob.
async fn fill(store: &Sqlite) {
    let alice = join(store, "alice", 0, NOW).await;
    join(store, "bob", 1, NOW).await;
    share_out(store, &alice, &share(1, "photos", &[]), &["koala.jpg", "emu.jpg"]).await;
    take(store, &alice, part(1, 2, Some(1), (0, false), &["owl.jpg"])).await.unwrap();
    share_out(store, &alice, &share(2, "plans", &["bob"]), &["wombat.txt"]).await;
}

#[tokio::test]
async fn a_check_finds_what_is_wrong_in_the_catalog() {
    let damages = [
        ("UPDATE shares SET entries = entries + 1", "number of entries"),
        ("UPDATE shares SET held = held + 1", "number of rows"),
        ("UPDATE shares SET owner = 99", "of nobody"),
        ("UPDATE shares SET name = '..' WHERE id = 1", "name or keywords"),
        ("UPDATE shares SET keywords = '...'", "name or keywords"),
        ("UPDATE shares SET gone = 1 WHERE name = 'plans'", "cleared up"),
        ("UPDATE shares SET name = 'other' WHERE name = 'plans'", "other words"),
        ("UPDATE shares SET everyone = 1 WHERE name = 'plans'", "other words"),
        ("UPDATE catalog SET next = 1", "not given out"),
        ("DELETE FROM entries WHERE path = 'koala.jpg'", "search alone"),
        ("DELETE FROM entry_words WHERE rowid = 1", "unknown to the search"),
        ("UPDATE entry_words SET words = 'e.koala =w0' WHERE rowid = 1", "other words"),
        ("UPDATE entries SET name_words = 'gnu jpg' WHERE id = 1", "ranked by other words"),
        ("UPDATE entries SET path = 'gnu.jpg' WHERE id = 1", "ranked by other words"),
        ("UPDATE entries SET path = 'a//b' WHERE id = 1", "cannot be read"),
        ("UPDATE entries SET content = NULL WHERE id = 1", "other words"),
        ("DELETE FROM words WHERE word = 'koala'", "1 words are missing"),
    ];
    for (sql, words) in damages {
        let (_folder, path) = place();
        let store = open(&path);
        fill(&store).await;
        is_well(&store).await;
        store.close().await;
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        let store = open(&path);
        let found = store.check().await.unwrap().join("\n");
        assert!(found.contains(words), "{sql}: {found}");
    }
}

/// Names are stored by the rules of their time. Where those of a later version refuse one, all others
/// are shown as before.
#[tokio::test]
async fn what_cannot_be_read_any_more_is_left_out() {
    let (_folder, path) = place();
    let store = open(&path);
    fill(&store).await;
    store.close().await;
    let db = Connection::open(&path).unwrap();
    db.execute_batch(
        "UPDATE entries SET path = 'a//b' WHERE path = 'koala.jpg';
         UPDATE shares SET name = 'a/b' WHERE name = 'plans';
         UPDATE shares SET keywords = '...' || char(10) || 'birds' WHERE name = 'photos'",
    )
    .unwrap();
    drop(db);
    let store = open(&path);
    let alice = alice_again(&store).await;
    for _ in 0..2 {
        let emu = ["alice:photos/emu.jpg"];
        assert_eq!(found(&store, &alice, "birds").await, emu);
        let page = search(&store, &alice, Query { most: 1, ..query("birds") }).await;
        assert_eq!(page.results.len(), 1, "it takes no room on the page");
        assert_eq!(listed(&store, &alice, "alice").await, emu);
        assert_eq!(holders(&store, &alice, "emu.jpg").await, emu);
        assert!(holders(&store, &alice, "koala.jpg").await.is_empty());
        assert!(holders(&store, &alice, "wombat.txt").await.is_empty());
        assert_eq!(own(&store, &alice).await.len(), 1);
        let found = store.check().await.unwrap();
        let shares = found.iter().any(|words| words.starts_with("2 shares have a name"));
        assert!(found.contains(&"1 entries cannot be read and are not shown".into()), "{found:?}");
        assert!(shares, "{found:?}");
        // All are reworded but this one, which stops nothing.
        let photos = share(1, "photos", &[]);
        let keywords = Keywords::new(["birds", "x"].map(|word| word.parse().unwrap())).unwrap();
        set(&store, &alice, &Share { keywords, ..photos.clone() }).await.unwrap();
        set(&store, &alice, &photos).await.unwrap();
        tidy(&store).await;
        Connection::open(&path)
            .unwrap()
            .execute_batch("UPDATE shares SET keywords = '...' || char(10) || 'birds' WHERE id = 1")
            .unwrap();
    }
    // And a backup with it is a good one.
    let (backup, restored) = (path.with_extension("backup"), path.with_extension("restored"));
    store.backup(&backup).await.unwrap();
    restore(&backup, &restored, None).unwrap();
    let restored = open(&restored);
    let alice = log_in(&restored, &alice, NOW).await;
    assert_eq!(listed(&restored, &alice, "alice").await, ["alice:photos/emu.jpg"]);
}

#[tokio::test]
async fn damage_inside_the_search_is_found() {
    let (_folder, path) = place();
    let store = open(&path);
    fill(&store).await;
    store.close().await;
    let db = Connection::open(&path).unwrap();
    db.execute_batch("UPDATE entry_words_data SET block = x'00112233' WHERE id > 10").unwrap();
    drop(db);
    let opened = Sqlite::open(Place::File(path.clone()));
    let found = match &opened {
        Err(error) => error.to_string(),
        Ok(store) => match store.check().await {
            Ok(found) => found.join("\n"),
            Err(error) => error.to_string(),
        },
    };
    assert!(found.contains("entry_words") || found.contains("malformed"), "{found}");
}

#[tokio::test]
async fn a_backup_carries_the_catalog() {
    let (folder, path) = place();
    let backup = folder.path().join("backup.db");
    let store = open(&path);
    fill(&store).await;
    store.backup(&backup).await.unwrap();
    let alice = log_in(&store, &alice_again(&store).await, NOW).await;
    take(&store, &alice, without(whole(1, 3, Some(1), &["newt.jpg"]), &["koala.jpg"]))
        .await
        .unwrap();
    store.end_share(alice.asker, share(2, "plans", &[]).id, NOW).await.unwrap();
    tidy(&store).await;
    store.close().await;
    restore(&backup, &path, None).unwrap();
    let store = open(&path);
    is_well(&store).await;
    let alice = alice_again(&store).await;
    let all = ["alice:photos/emu.jpg", "alice:photos/koala.jpg", "alice:plans/wombat.txt"];
    assert_eq!(found(&store, &alice, "birds").await, all);
    // What was under way goes on, and what came meanwhile is sent again.
    assert!(own(&store, &alice).await[0].under_way.is_some());
    take(&store, &alice, part(1, 2, Some(1), (1, true), &["toad.jpg"])).await.unwrap();
    assert_eq!(found(&store, &alice, "photos").await.len(), 4);
    is_well(&store).await;
}

/// Alice with a new session.
async fn alice_again(store: &Sqlite) -> crate::stage::Someone {
    let by = invite(store, Some("alice"), NOW).await;
    let joining = crate::stage::invited("alice", &crate::stage::keys(0), by, NOW);
    let session = joining.session;
    let granted = store.join(joining, NOW).await.unwrap();
    crate::stage::Someone::new(&crate::stage::keys(0), session, granted)
}

/// The tables as they were before there was a catalog.
#[tokio::test]
async fn a_database_from_before_the_catalog_gets_one() {
    let (_folder, path) = place();
    let store = open(&path);
    let alice = join(&store, "alice", 0, NOW).await;
    store.close().await;
    let db = Connection::open(&path).unwrap();
    db.execute_batch(
        "DROP TABLE readers; DROP TABLE entries; DROP TABLE shares; DROP TABLE entry_words;
         DROP TABLE words; DROP TABLE catalog; DROP TABLE whose; PRAGMA user_version = 1",
    )
    .unwrap();
    drop(db);
    let store = open(&path);
    is_well(&store).await;
    store.member(alice.asker, NOW).await.unwrap();
    share_out(&store, &alice, &share(1, "photos", &[]), &["koala.jpg"]).await;
    assert_eq!(found(&store, &alice, "koala").await, ["alice:photos/koala.jpg"]);
    store.close().await;
    is_well(&open(&path)).await;
}
