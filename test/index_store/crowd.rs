//! Many at once, and no room left: what is committed together, what waits, and what is refused.

use crate::catalog::stage::{entry, found, listed, own, share, share_out, sync, take, whole};
use crate::is_well;
use crate::keys::{DAY, NOW, skipped};
use crate::stage::{
    Someone, invite, invited, join, joining, keys, later, log_in, say, session, token, user,
};
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use waxwing::index::store::{
    Bounds, Invite, Joining, Part, Place, Result, Sqlite, Store, StoreError,
};
use waxwing::model::TokenHash;

/// A store in a file, whose writer can be held up.
struct Ground {
    _folder: TempDir,
    path: PathBuf,
    store: Sqlite,
}

impl Ground {
    fn new(bounds: &Bounds) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index.db");
        let store = Sqlite::open_with(Place::File(path.clone()), bounds).unwrap();
        Self { _folder: folder, path, store }
    }

    /// Until this is rolled back, the writer waits.
    fn hold_up(&self) -> Connection {
        let other = Connection::open(&self.path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        other
    }
}

fn release(other: Connection) {
    other.execute_batch("ROLLBACK").unwrap();
}

/// Asks for an invitation in a task of its own; it is asked for when the other tasks had a turn.
fn ask(store: &Sqlite) -> JoinHandle<Result<()>> {
    let (store, token) = (store.clone(), token());
    let ask = async move {
        store.invite(Invite { token, user: None, made: NOW, expires: later(DAY) }).await
    };
    tokio::spawn(ask)
}

/// How many commits lie in the log beside a database.
fn commits(database: &Path) -> usize {
    let mut log = database.as_os_str().to_owned();
    log.push("-wal");
    let log = std::fs::read(log).unwrap();
    // Behind a head of 32 bytes: frames of a head of 24 and a page. The last frame of a commit says
    // how large the database is.
    let ends_one = |frame: &&[u8]| frame[4..8] != [0; 4];
    log.get(32..).unwrap_or_default().chunks_exact(24 + 4096).filter(ends_one).count()
}

#[tokio::test]
async fn what_waits_is_committed_together() {
    let ground = Ground::new(&Bounds::default());
    let before = commits(&ground.path);
    let other = ground.hold_up();
    let all: Vec<_> = (0..100).map(|_| ask(&ground.store)).collect();
    // On the one thread of this test, all of them ask before it is our turn again.
    tokio::task::yield_now().await;
    release(other);
    for one in all {
        one.await.unwrap().unwrap();
    }
    let commits = commits(&ground.path) - before;
    // The writer may have begun with the first few.
    assert!((1..=3).contains(&commits), "{commits} commits");
    assert_eq!(ground.store.figures(NOW).await.unwrap().invitations, 100);
}

#[tokio::test]
async fn questions_are_answered_while_changes_wait() {
    let ground = Ground::new(&Bounds::default());
    let alice = join(&ground.store, "alice", 0, NOW).await;
    let other = ground.hold_up();
    let waiting = ask(&ground.store);
    tokio::task::yield_now().await;
    ground.store.member(alice.asker, NOW).await.unwrap();
    ground.store.resume(alice.asker, keys(0).shown(NOW), NOW).await.unwrap();
    assert_eq!(ground.store.figures(NOW).await.unwrap().invitations, 0);
    assert!(!waiting.is_finished());
    release(other);
    waiting.await.unwrap().unwrap();
}

#[tokio::test]
async fn more_than_may_wait_is_refused_at_once() {
    let ground = Ground::new(&Bounds { writes_waiting: 5, ..Bounds::default() });
    let other = ground.hold_up();
    let all: Vec<_> = (0..50).map(|_| ask(&ground.store)).collect();
    tokio::task::yield_now().await;
    release(other);
    let (mut done, mut refused) = (0, 0);
    for one in all {
        match one.await.unwrap() {
            Ok(()) => done += 1,
            Err(error) => {
                assert_eq!(error, StoreError::Busy);
                refused += 1;
            }
        }
    }
    // Five wait, and the writer may have taken as many already.
    assert!(done >= 5 && refused >= 50 - 10, "{done} done, {refused} refused");
    assert_eq!(ground.store.figures(NOW).await.unwrap().invitations, done);
}

#[tokio::test]
async fn a_change_is_done_though_nobody_waits_for_it_any_more() {
    let ground = Ground::new(&Bounds::default());
    let alice = join(&ground.store, "alice", 0, NOW).await;
    let other = ground.hold_up();
    let store = ground.store.clone();
    let leaving = tokio::spawn(async move { store.log_out(alice.asker, None, NOW).await });
    tokio::task::yield_now().await;
    leaving.abort();
    assert!(leaving.await.unwrap_err().is_cancelled());
    release(other);
    ground
        .store
        .invite(Invite { token: token(), user: None, made: NOW, expires: NOW })
        .await
        .unwrap();
    assert_eq!(ground.store.figures(NOW).await.unwrap().sessions, 0);
}

#[tokio::test]
async fn what_waits_is_done_before_a_store_closes() {
    let ground = Ground::new(&Bounds::default());
    let clone = ground.store.clone();
    let other = ground.hold_up();
    let all: Vec<_> = (0..20).map(|_| ask(&ground.store)).collect();
    tokio::task::yield_now().await;
    let closing = tokio::spawn(ground.store.clone().close());
    tokio::task::yield_now().await;
    let closed = Err(StoreError::Failed("the store is closed".into()));
    assert_eq!(ask(&clone).await.unwrap(), closed);
    assert_eq!(clone.figures(NOW).await.map(drop), closed);
    release(other);
    closing.await.unwrap();
    for one in all {
        one.await.unwrap().unwrap();
    }
    // All of it is in the one file.
    assert!(!ground.path.with_extension("db-wal").exists());
    let again = Sqlite::open(Place::File(ground.path.clone())).unwrap();
    assert_eq!(again.figures(NOW).await.unwrap().invitations, 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_of_all_kinds_leaves_a_sound_store() {
    let ground = Ground::new(&Bounds::default());
    let store = &ground.store;
    let mut people = Vec::new();
    for (which, name) in ["alice", "bob", "carol", "dora"].into_iter().enumerate() {
        people.push(join(store, name, which, NOW).await);
    }
    let tasks = people.into_iter().map(|mut someone| {
        let store = store.clone();
        tokio::spawn(async move {
            for n in 0..10 {
                let now = later(u64::from(n) * 400);
                someone.keys = someone.keys.clone().epoch(n + 2);
                let other = log_in(&store, &someone, now).await;
                store.member(someone.asker, now).await.unwrap();
                store.resume(other.asker, someone.keys.shown(now), now).await.unwrap();
                store.log_out(other.asker, None, now).await.unwrap();
                store.sweep(now).await.unwrap();
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    is_well(store).await;
    let figures = store.figures(NOW).await.unwrap();
    assert_eq!((figures.sessions, figures.directory.length), (4, 4 + 4 * 10));
}

#[tokio::test]
async fn a_use_that_cannot_be_written_down_shuts_nobody_out() {
    let ground = Ground::new(&Bounds::default());
    let alice = join(&ground.store, "alice", 0, NOW).await;
    let fails = "CREATE TRIGGER fails BEFORE UPDATE ON sessions
        BEGIN SELECT RAISE(ABORT, 'the disk is gone'); END";
    let other = Connection::open(&ground.path).unwrap();
    other.execute_batch(fails).unwrap();
    let goes_on = async |store: &Sqlite| {
        store.member(alice.asker, later(400)).await.unwrap();
        store.resume(alice.asker, keys(0).shown(NOW), later(400)).await.unwrap();
        let own = store.own_account(alice.asker, later(400)).await.unwrap();
        assert_eq!(own.sessions[0].used, NOW);
    };
    goes_on(&ground.store).await;
    other.execute_batch("DROP TRIGGER fails").unwrap();
    drop(other);
    ground.store.close().await;
    // Likewise where no change is taken at all.
    let bounds = Bounds { writes_waiting: 0, ..Bounds::default() };
    let store = Sqlite::open_with(Place::File(ground.path), &bounds).unwrap();
    goes_on(&store).await;
    assert_eq!(store.log_out(alice.asker, None, NOW).await, Err(StoreError::Busy));
}

/// Adds invitations until there is no room; gives those that were acknowledged.
async fn fill(store: &Sqlite) -> Vec<TokenHash> {
    let mut acknowledged = Vec::new();
    while acknowledged.len() < 100_000 {
        let tokens: Vec<_> = (0..64).map(|_| token()).collect();
        let tasks: Vec<_> = tokens
            .iter()
            .map(|token| {
                let (store, token) = (store.clone(), *token);
                let invite = Invite { token, user: None, made: NOW, expires: later(DAY) };
                tokio::spawn(async move { store.invite(invite).await })
            })
            .collect();
        let mut is_full = false;
        for (token, task) in tokens.into_iter().zip(tasks) {
            match task.await.unwrap() {
                Ok(()) => acknowledged.push(token),
                Err(error) => {
                    assert_eq!(error, StoreError::Full);
                    is_full = true;
                }
            }
        }
        if is_full {
            return acknowledged;
        }
    }
    panic!("there is no end to the room");
}

/// A difference in Alice's share for which there is no room in a full place.
fn much() -> Part {
    let add = (0..1000).map(|n| entry(&format!("wombat {n}.jpg"))).collect();
    Part { add, ..whole(1, 2, Some(1), &[]) }
}

/// A store whose place is full goes on as far as that is possible, and nothing acknowledged is lost.
/// Gives Alice, who shares a photo.
async fn lives_with_a_full_disk(place: Place, bounds: &Bounds) -> Someone {
    let store = Sqlite::open_with(place, bounds).unwrap();
    let alice = join(&store, "alice", 0, NOW).await;
    share_out(&store, &alice, &share(1, "photos", &[]), &["koala.jpg"]).await;
    let mut acknowledged = fill(&store).await;
    // What is small may still find room.
    acknowledged.extend(fill(&store).await);
    // What needs more is refused, and leaves nothing: no part of a sync, no half of an account.
    assert_eq!(take(&store, &alice, much()).await, Err(StoreError::Full));
    let contact = Some("x".repeat(1 << 17));
    let newcomer = Joining { contact, ..joining("bob", &keys(1), NOW) };
    assert_eq!(store.join(newcomer, NOW).await, Err(StoreError::Full));
    assert_eq!(store.account(&user("bob")).await, Ok(None));
    let shares = own(&store, &alice).await;
    assert_eq!((shares[0].state, shares[0].entries, shares[0].under_way), (Some(sync(1)), 1, None));
    for text in ["photos", "koala"] {
        assert_eq!(found(&store, &alice, text).await, ["alice:photos/koala.jpg"]);
    }
    assert!(found(&store, &alice, "wombat").await.is_empty());
    assert_eq!(listed(&store, &alice, "alice").await.len(), 1);
    // Questions are answered, and nobody is shut out because a use cannot be written down.
    store.person(alice.asker, &alice.granted.member.user, NOW).await.unwrap();
    store.member(alice.asker, later(400)).await.unwrap();
    store.resume(alice.asker, keys(0).shown(NOW), later(400)).await.unwrap();
    is_well(&store).await;
    let figures = store.figures(NOW).await.unwrap();
    assert_eq!(figures.invitations, acknowledged.len() as u64);
    alice
}

#[tokio::test]
async fn a_store_without_room_keeps_what_it_has() {
    let ground = Ground::new(&Bounds { pages: Some(60), ..Bounds::default() });
    let place = Place::File(ground.path.clone());
    ground.store.clone().close().await;
    let bounds = Bounds { pages: Some(60), ..Bounds::default() };
    let alice = lives_with_a_full_disk(place.clone(), &bounds).await;
    // With more room it goes on where it was.
    let store = Sqlite::open(place).unwrap();
    let by = invite(&store, None, NOW).await;
    store.join(invited("bob", &keys(1), by, NOW), NOW).await.unwrap();
    take(&store, &alice, much()).await.unwrap();
    assert_eq!(found(&store, &alice, "photos").await.len(), 1001);
    is_well(&store).await;
}

#[tokio::test]
async fn a_store_in_memory_has_its_bounds_as_well() {
    lives_with_a_full_disk(Place::Memory, &Bounds { pages: Some(60), ..Bounds::default() }).await;
}

#[tokio::test]
#[ignore = "runs on a small disk of its own, mounted by the test below"]
async fn on_a_small_disk() {
    let place = Place::File(PathBuf::from(std::env::var("SMALL_DISK").unwrap()).join("index.db"));
    lives_with_a_full_disk(place.clone(), &Bounds::default()).await;
    let store = Sqlite::open(place).unwrap();
    is_well(&store).await;
}

/// A real file system that is full, where the system lets us mount one.
#[test]
fn a_full_disk_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let inside = "mount -t tmpfs -o size=512k none \"$SMALL_DISK\" || exit 77
        exec \"$0\" --exact crowd::on_a_small_disk --ignored --nocapture";
    let program = std::env::current_exe().unwrap();
    let ran = Command::new("unshare")
        .args(["-rm", "sh", "-c", inside])
        .arg(program)
        .env("SMALL_DISK", folder.path())
        .output();
    match ran {
        Ok(ran) if ran.status.success() => {}
        Ok(ran) if !ran.stdout.is_empty() => {
            panic!(
                "{}{}",
                String::from_utf8_lossy(&ran.stdout),
                String::from_utf8_lossy(&ran.stderr)
            )
        }
        _ => skipped("this system lets us mount nothing; the test before has to do"),
    }
}

/// How many changes a second reach the disk: logins one after the other and many at once, and
/// accounts that come and go.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn speed_of_changes() {
    let ground = Ground::new(&Bounds::default());
    let store = &ground.store;
    let alice = join(store, "alice", 0, NOW).await;
    let shown = keys(1).shown(NOW);
    let joining = || Joining {
        request: crate::stage::request(&keys(1)),
        session: session(),
        ..joining("bob", &keys(1), NOW)
    };
    let begin = Instant::now();
    let rounds: u32 = 500;
    let prepared: Vec<_> =
        (0..rounds).map(|_| Joining { shown: shown.clone(), ..joining() }).collect();
    say(&format!("prepared after {:?}", begin.elapsed()));
    let begin = Instant::now();
    for joining in prepared {
        store.join(joining, NOW).await.unwrap();
        store.close_account(&"bob".parse().unwrap(), NOW).await.unwrap();
    }
    told("joins and closings, one after the other", 2 * rounds, begin);

    let logins: Vec<_> = (0..2000).map(|_| alice.login(NOW)).collect();
    let begin = Instant::now();
    let tasks: Vec<_> = logins
        .into_iter()
        .map(|login| {
            let store = store.clone();
            tokio::spawn(async move { store.log_in(login, NOW).await.map(drop) })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    told("logins, all at once", 2000, begin);
    let begin = Instant::now();
    let all: Vec<_> = (0..4000).map(|_| ask(store)).collect();
    for one in all {
        one.await.unwrap().unwrap();
    }
    told("invitations, all at once", 4000, begin);
    let begin = Instant::now();
    let newest: Someone = log_in(store, &alice, NOW).await;
    for _ in 0..10_000 {
        store.member(newest.asker, NOW).await.unwrap();
    }
    told("questions, one after the other", 10_000, begin);
}

fn told(what: &str, count: u32, begin: Instant) {
    say(&format!("{what}: {:.0} a second", f64::from(count) / begin.elapsed().as_secs_f64()));
}
