//! Those who write step after step until they are killed: who publishes, who joins and goes, who changes
//! a password.
//!
//! After a kill there is what the last acknowledged step left, or the step behind it, which was not
//! acknowledged: each of them wholly or not at all.

use crate::catalog::stage::{MANY, found, own, path, share, take, with};
use crate::keys::NOW;
use crate::killed::{alice, bytes, lasting, moment};
use crate::stage::{Someone, joining, keys, say, user};
use std::fmt::Debug;
use waxwing::crypto::PasswordHash;
use waxwing::index::store::{
    Asker, Granted, Joining, LoggingIn, NewSession, Part, RequestKey, Section, SessionNumber,
    Sqlite, Store,
};
use waxwing::model::{Entry, Share, SyncId, TokenHash};

/// Whose steps they are, in the bytes that stand for them. Each share has its id's first byte.
const BOB: u8 = 4;
const CAROL: u8 = 5;

/// A share is made, filled in three parts, changed in three more, and ends; and so on.
const STEPS: u32 = 8;
const PARTS: u32 = 3;

fn request(who: usize, kind: u8, round: u32, number: u32) -> RequestKey {
    let (identity, number) = (keys(who).fingerprint(), bytes(kind, round, number));
    RequestKey { identity, number, asked: [kind; 32] }
}

/// The session that a step begins.
fn session(kind: u8, round: u32, number: u32) -> NewSession {
    let token = TokenHash::from_bytes(bytes(kind, round, number));
    NewSession { token, number: SessionNumber(bytes(kind, round, number)), lifetime: u32::MAX }
}

/// The password that a step sets. None is the one of tests that know no other.
fn password(round: u32, number: u32) -> PasswordHash {
    let digits = (u64::from(round) << 32) + u64::from(number) + 2;
    PasswordHash::from_stored(&format!("$2b$04${digits:053}")).unwrap()
}

/// The step that left what is there: the last that was acknowledged, or the one behind it.
fn step_of<T: PartialEq + Debug>(
    there: &T,
    last: Option<u32>,
    left: impl Fn(Option<u32>) -> T,
) -> Option<u32> {
    let steps = [last, Some(last.map_or(0, |last| last + 1))];
    let found = steps.into_iter().find(|step| left(*step) == *there);
    found.unwrap_or_else(|| panic!("after step {last:?} this is there: {there:?}"))
}

/// Alice's shares, each of which has a writer of its own.
pub(crate) fn shares() -> [Share; 2] {
    [share(6, "leaves", &[]), share(7, "stones", &[])]
}

/// Makes, fills, changes and ends a share.
pub(crate) async fn publish(store: Sqlite, share: Share, round: u32) {
    let kind = share.id.as_bytes()[0];
    for number in 0.. {
        let done = match (sync_of(number), number % STEPS) {
            (Some((sync, at)), _) => {
                store.publish(alice(), part(&share, round, sync, at).into(), MANY, NOW).await
            }
            (None, 0) => {
                let (request, now) = (request(0, kind, round, number), moment(round, number));
                store.set_share(alice(), request, share.clone(), now).await
            }
            _ => store.end_share(alice(), share.id, NOW).await,
        };
        done.unwrap();
        say(&format!("ACK {} {number}", share.name.as_str()));
        // Between the steps, a little of what went is cleared up: that is cut off as well.
        store.tidy(20).await.unwrap();
    }
}

/// The sync that a step publishes a part of, by its first step; and which part.
fn sync_of(number: u32) -> Option<(u32, u32)> {
    let at = number % STEPS;
    (1..=2 * PARTS).contains(&at).then(|| {
        let part = (at - 1) % PARTS;
        (number - part, part)
    })
}

/// The sync from which this one differs. The first of a share begins from nothing.
fn base_of(sync: u32) -> Option<u32> {
    (sync % STEPS > PARTS).then(|| sync - PARTS)
}

/// A part of a sync. Of the state before, one entry goes, and one gets another content.
fn part(share: &Share, round: u32, sync: u32, number: u32) -> Part {
    let id = |sync| SyncId::from_bytes(bytes(share.id.as_bytes()[0], round, sync));
    let own = |sync: u32| format!("{round}-{sync}-{number}.txt");
    // No two entries have the same, so a search shows each.
    let content = |of: &str| format!("{of} of {} {}", share.name.as_str(), own(sync));
    Part {
        share: share.id,
        sync: id(sync),
        base: base_of(sync).map(id),
        number,
        add: vec![
            with(&own(sync), &content("own")),
            with(&format!("cover {number}.txt"), &content("cover")),
        ],
        remove: base_of(sync).map(|base| path(&own(base))).into_iter().collect(),
        is_last: number + 1 == PARTS,
    }
}

/// All that is there when a sync was taken wholly, in order.
fn all_of(share: &Share, round: u32, sync: u32) -> Vec<Entry> {
    let parts = (0..PARTS).flat_map(|number| part(share, round, sync, number).add);
    let mut all: Vec<_> = parts.collect();
    all.sort_by(|one, other| one.path().cmp(other.path()));
    all
}

/// The sync that others see behind a step: the last of which all parts were taken, while its share lasts.
fn seen(step: Option<u32>) -> Option<u32> {
    let step = step?;
    let first = step - step % STEPS;
    match step % STEPS {
        3..=5 => Some(first + 1),
        6 => Some(first + 1 + PARTS),
        _ => None,
    }
}

/// What somebody sees of a share who looks through it, and who searches for it.
async fn shown(store: &Sqlite, who: &Someone, share: &Share) -> Vec<Entry> {
    let section = Section { share: Some(share.name.clone()), below: None };
    let page = store.browse(who.asker, &user("alice"), section, None, 100, NOW).await.unwrap();
    let rows = page.map_or_else(Vec::new, |page| page.entries);
    let entries: Vec<_> = rows.into_iter().map(|row| row.entry).collect();
    let name = share.name.as_str();
    let listed: Vec<_> =
        entries.iter().map(|entry| format!("alice:{name}/{}", entry.path())).collect();
    assert_eq!(found(store, who, name).await, listed);
    entries
}

/// That a share is wholly what a step left. Then a sync that was cut off goes on to its end, and the
/// share ends, for the next round.
pub(crate) async fn look_at_share(store: &Sqlite, share: &Share, round: u32, last: Option<u32>) {
    let member = store.member(alice(), NOW).await.unwrap();
    let granted = Granted { member, ended: Vec::new(), event: None };
    let me = Someone::new(&keys(0), lasting(), granted);
    let left =
        |step: Option<u32>| seen(step).map_or_else(Vec::new, |sync| all_of(share, round, sync));
    step_of(&shown(store, &me, share).await, last, left);
    let rows = own(store, &me).await;
    let under_way = rows.iter().find(|row| row.id == share.id).and_then(|row| row.under_way);
    if let Some((sync, next)) = under_way {
        let sync = u32::from_be_bytes(sync.as_bytes()[8..12].try_into().unwrap());
        for number in next..PARTS {
            take(store, &me, part(share, round, sync, number)).await.unwrap();
        }
        assert_eq!(shown(store, &me, share).await, all_of(share, round, sync));
    }
    store.end_share(me.asker, share.id, NOW).await.unwrap();
}

/// Bob joins, his account is closed, and he joins again.
pub(crate) async fn come_and_go(store: Sqlite, round: u32) {
    let first = joining("bob", &keys(1), NOW);
    for number in 0.. {
        if number % 2 == 0 {
            let (request, session) = (request(1, BOB, round, number), session(BOB, round, number));
            let password = password(round, number);
            let again = Joining { request, password, session, ..first.clone() };
            store.join(again, NOW).await.unwrap();
        } else {
            store.close_account(&user("bob"), NOW).await.unwrap();
        }
        say(&format!("ACK bob {number}"));
    }
}

/// That Bob has an account with its password and its session, or none. Then he has none, for the next
/// round.
pub(crate) async fn look_at_bob(store: &Sqlite, round: u32, last: Option<u32>) {
    let there = store.account(&user("bob")).await.unwrap().map(|account| account.password);
    let joined = |step: Option<u32>| step.filter(|step| step % 2 == 0);
    let left = |step| joined(step).map(|step| password(round, step));
    if let Some(step) = joined(step_of(&there, last, left)) {
        let session = session(BOB, round, step).token;
        let asker = Asker { session, identity: keys(1).fingerprint() };
        store.member(asker, NOW).await.unwrap();
        store.close_account(&user("bob"), NOW).await.unwrap();
    }
}

/// Carol, who has joined before, logs in and changes her password, each time from the session that the
/// last change has begun.
pub(crate) async fn change_passwords(store: Sqlite, round: u32) {
    let account = store.account(&user("carol")).await.unwrap().unwrap();
    let (carol, first) = (keys(2), session(CAROL, round, u32::MAX));
    let mut old = account.password;
    let login = LoggingIn {
        account: account.id,
        password: old.clone(),
        rehashed: None,
        shown: carol.shown(NOW),
        session: first,
    };
    store.log_in(login, NOW).await.unwrap();
    let mut asker = Asker { session: first.token, identity: carol.fingerprint() };
    for number in 0.. {
        let (new, session) = (password(round, number), session(CAROL, round, number));
        let request = request(2, CAROL, round, number);
        store.change_password(asker, request, old, new.clone(), session, NOW).await.unwrap();
        say(&format!("ACK carol {number}"));
        (old, asker.session) = (new, session.token);
    }
}

/// That Carol has the password of a step, and the session that came with it; before all steps, the
/// password of the round before. Gives the one that she has.
pub(crate) async fn look_at_carol(
    store: &Sqlite,
    round: u32,
    last: Option<u32>,
    before: &PasswordHash,
) -> PasswordHash {
    let there = store.account(&user("carol")).await.unwrap().unwrap().password;
    let left =
        |step: Option<u32>| step.map_or_else(|| before.clone(), |step| password(round, step));
    if let Some(step) = step_of(&there, last, left) {
        let session = session(CAROL, round, step).token;
        let asker = Asker { session, identity: keys(2).fingerprint() };
        store.member(asker, NOW).await.unwrap();
    }
    there
}
