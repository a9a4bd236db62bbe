//! Processes that are killed while they write: whatever was acknowledged is there afterwards.
//!
//! The writer is this program again, with the ignored test below. It says each change when it was
//! acknowledged, one a line, and its parent kills it after some lines and looks. Those of its tasks
//! whose steps build on each other are in [`writers`].

use crate::keys::{DAY, NOW};
use crate::stage::{Keys, joining, keys, password, say, steps, user, whole_chain};
use crate::{is_well, writers};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use waxwing::crypto::UnixTime;
use waxwing::index::store::{
    Asker, Invite, Joining, NewSession, Place, Refusal, RequestKey, SessionNumber, Sqlite, Store,
    StoreError,
};
use waxwing::model::TokenHash;

/// How many rounds there are when nobody says.
const ROUNDS: u32 = 8;

/// Bytes that stand for a change: whose it is, in which round, and which.
pub(crate) fn bytes<const N: usize>(kind: u8, round: u32, number: u32) -> [u8; N] {
    let mut bytes = [0; N];
    bytes[0] = kind;
    bytes[4..8].copy_from_slice(&round.to_be_bytes());
    bytes[8..12].copy_from_slice(&number.to_be_bytes());
    bytes
}

fn invitation(round: u32, number: u32) -> Invite {
    let token = TokenHash::from_bytes(bytes(1, round, number));
    Invite { token, user: None, made: NOW, expires: NOW.plus(DAY) }
}

/// When something is asked for: a store remembers some of the latest requests, so each is later than
/// the last.
pub(crate) fn moment(round: u32, number: u32) -> UnixTime {
    NOW.plus(u64::from(round) * 10_000 + u64::from(number))
}

fn change(round: u32, number: u32) -> RequestKey {
    RequestKey { identity: keys(0).fingerprint(), number: bytes(2, round, number), asked: [2; 32] }
}

/// The one session of all rounds, which outlasts them.
pub(crate) fn lasting() -> NewSession {
    let (token, number) = (TokenHash::from_bytes(bytes(3, 0, 0)), SessionNumber(bytes(3, 0, 0)));
    NewSession { token, number, lifetime: u32::MAX }
}

pub(crate) fn alice() -> Asker {
    Asker { session: lasting().token, identity: keys(0).fingerprint() }
}

/// The key of an epoch: a day for each, since a name has few changes a day.
fn epoch(epoch: u32) -> (Keys, UnixTime) {
    (keys(0).epoch(epoch), NOW.plus(u64::from(epoch) * DAY))
}

/// The last epoch that the directory has.
async fn last_epoch(store: &Sqlite) -> u32 {
    let documents = store.documents(alice(), &user("alice"), None, NOW).await.unwrap();
    let documents = documents.unwrap().1;
    documents.certificate.verify_as_issued(&documents.key).unwrap().epoch
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "runs in a process of its own, until it is killed"]
async fn writes_until_it_is_killed() {
    let path = PathBuf::from(std::env::var("KILLED_AT").unwrap());
    let round: u32 = std::env::var("KILLED_IN").unwrap().parse().unwrap();
    let store = Sqlite::open(Place::File(path)).unwrap();
    if store.account(&user("alice")).await.unwrap().is_none() {
        let first = Joining { session: lasting(), ..joining("alice", &keys(0), NOW) };
        store.join(first, NOW).await.unwrap();
        store.join(joining("carol", &keys(2), NOW), NOW).await.unwrap();
    }
    let first = last_epoch(&store).await + 1;
    let mut tasks = Vec::new();
    for writer in 0..6 {
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            for number in (writer..).step_by(6) {
                if writer < 4 {
                    store.invite(invitation(round, number)).await.unwrap();
                    say(&format!("ACK invitation {number}"));
                } else {
                    let (request, contact) = (change(round, number), Some(number.to_string()));
                    let now = moment(round, number);
                    store.change_contact(alice(), request, contact, now).await.unwrap();
                    say(&format!("ACK change {number}"));
                }
            }
        }));
    }
    for share in writers::shares() {
        tasks.push(tokio::spawn(writers::publish(store.clone(), share, round)));
    }
    tasks.push(tokio::spawn(writers::come_and_go(store.clone(), round)));
    tasks.push(tokio::spawn(writers::change_passwords(store.clone(), round)));
    tasks.push(tokio::spawn(async move {
        for number in first.. {
            let (keys, now) = epoch(number);
            store.resume(alice(), keys.shown(now), now).await.unwrap();
            say(&format!("ACK epoch {number}"));
        }
    }));
    for task in tasks {
        task.await.unwrap();
    }
}

/// Lets another process write and kills it after so many lines. Gives what it said.
fn killed_after(lines: usize, path: &Path, round: u32) -> Vec<(String, u32)> {
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killed::writes_until_it_is_killed", "--ignored", "--nocapture"])
        .env("KILLED_AT", path)
        .env("KILLED_IN", round.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = Vec::new();
    let output = BufReader::new(process.stdout.take().unwrap());
    let mut is_killed = false;
    // What is in the pipe when it dies was acknowledged as well.
    for line in output.lines().map_while(Result::ok) {
        // The harness may have begun the line.
        if let Some((_, rest)) = line.split_once("ACK ") {
            let (kind, number) = rest.split_once(' ').unwrap();
            // The last line may be cut off.
            said.extend(number.parse().map(|number| (kind.to_owned(), number)));
        }
        if said.len() >= lines && !is_killed {
            process.kill().unwrap();
            is_killed = true;
        }
    }
    let ended = process.wait().unwrap();
    assert!(is_killed && !ended.success(), "the other process ended by itself: {ended}");
    said
}

async fn rounds(rounds: u32) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index.db");
    let mut acknowledged = 0;
    let mut last = 0;
    let mut carols = password(1);
    for round in 0..rounds {
        // Any number; the moment is another one each time anyway.
        let lines = 1 + (round.wrapping_mul(2_654_435_761) >> 20) as usize % 400;
        let said = killed_after(lines, &path, round);
        acknowledged += said.len();
        let store = Sqlite::open(Place::File(path.clone())).unwrap();
        is_well(&store).await;
        let chain = whole_chain(&store, alice(), NOW).await;
        let is_late = |at: usize| at + 1000 > said.len();
        for (at, (kind, number)) in said.iter().enumerate() {
            let number = *number;
            match kind.as_str() {
                // The same token is not taken twice.
                "invitation" => assert_eq!(
                    store.invite(invitation(round, number)).await,
                    Err(StoreError::Refused(Refusal::Reused)),
                ),
                "change" if is_late(at) => {
                    assert!(store.was_done(&change(round, number)).await.unwrap());
                }
                "change" => {}
                "epoch" => last = last.max(number),
                _ => {}
            }
        }
        assert!(last_epoch(&store).await >= last);
        assert!(steps(&chain, "alice").len() >= last as usize);
        let last_of = |kind: &str| {
            said.iter().filter(|(said, _)| said == kind).map(|(_, number)| *number).max()
        };
        for share in writers::shares() {
            let last = last_of(share.name.as_str());
            writers::look_at_share(&store, &share, round, last).await;
        }
        writers::look_at_bob(&store, round, last_of("bob")).await;
        carols = writers::look_at_carol(&store, round, last_of("carol"), &carols).await;
        store.close().await;
    }
    say(&format!("{rounds} were killed; all of {acknowledged} acknowledged changes are there"));
}

#[tokio::test]
async fn what_was_acknowledged_outlives_a_kill() {
    rounds(ROUNDS).await;
}

#[tokio::test]
#[ignore = "takes some minutes"]
async fn killed_many_times() {
    let said = std::env::var("ROUNDS").unwrap_or_else(|_| "200".to_owned());
    rounds(said.parse().unwrap()).await;
}
