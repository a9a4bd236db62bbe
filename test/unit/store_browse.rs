//! Browsing takes as many steps as it shows entries, whatever there is that is not there.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test")]

use super::generations::NEXT;
use super::{Known, Taken, browse, publish};
use crate::crypto::{Fingerprint, UnixTime};
use crate::index::store::sqlite::open;
use crate::index::store::{Asker, Part, Prepared, Section};
use crate::model::{Entry, EntryPath, Modified, ShareId, SyncId, TokenHash};
use rusqlite::{Connection, StatementStatus};

const NOW: UnixTime = UnixTime(1_800_000_000);
const MANY: usize = 3000;

fn asker() -> Asker {
    let session = TokenHash::from_bytes([1; 32]);
    Asker { session, identity: Fingerprint::from_bytes([1; 32]) }
}

/// Alice with a session and a share.
fn ground() -> Connection {
    let db = open::in_memory().unwrap();
    db.execute_batch(
        "INSERT INTO accounts (id, name, identity, password, since)
             VALUES (1, 'alice', unhex(replace(hex(zeroblob(32)), '00', '01')), '', 0);
         INSERT INTO sessions SELECT identity, 1, zeroblob(16), identity, 1800000000, 1800000000, 1000
             FROM accounts;
         INSERT INTO shares (owner, public, name, keywords, about, everyone)
             VALUES (1, zeroblob(16), 's', '', zeroblob(32), 1)",
    )
    .unwrap();
    db
}

/// Publishes a part with so many entries whose names begin so.
fn take(
    db: &Connection,
    (sync, base): (u8, Option<u8>),
    (number, is_last): (u32, bool),
    (begin, count): (&str, usize),
    remove: &[EntryPath],
) {
    let sync_id = |number| SyncId::from_bytes([number; 16]);
    let entry = |n| Entry::new(path(begin, n), 1, Modified::from_nanos(0)).unwrap();
    let part = Part {
        share: ShareId::from_bytes([0; 16]),
        sync: sync_id(sync),
        base: base.map(sync_id),
        number,
        add: (0..count).map(entry).collect(),
        remove: remove.to_vec(),
        is_last,
    };
    let part = Prepared::from(part);
    let taken = || publish(db, &mut Known::default(), &asker(), &part, 1_000_000, NOW).unwrap();
    let tries = (0..5).find(|_| taken() == Taken::Yes);
    assert!(tries.is_some(), "it waits for too long");
}

fn path(begin: &str, number: usize) -> EntryPath {
    EntryPath::parse(&format!("{begin} {number:05}")).unwrap()
}

/// How many entries there are, and how many steps the database made to show the first hundred and those
/// behind one in the middle.
fn steps(db: &Connection) -> (Vec<String>, i32) {
    let made = || {
        let texts = [browse::SHARES, browse::ENTRIES, NEXT];
        let steps =
            texts.map(|text| db.prepare_cached(text).unwrap().get_status(StatementStatus::VmStep));
        steps.iter().sum::<i32>()
    };
    let (before, user) = (made(), "alice".parse().unwrap());
    let mut seen = Vec::new();
    let mut after = None;
    for most in [100, 1000] {
        let page = browse(db, &asker(), (&user, &Section::default()), after.as_ref(), most, NOW)
            .unwrap()
            .unwrap();
        seen.extend(page.entries.iter().map(|row| row.entry.path().to_string()));
        assert_eq!(page.more, most == 100, "{}", page.entries.len());
        let last = page.entries.last().unwrap().entry.path().clone();
        after = Some((page.shares.first().unwrap().name.clone(), last));
    }
    (seen, made() - before)
}

#[test]
fn browsing_does_not_step_over_what_is_not_there() {
    let db = ground();
    take(&db, (1, None), (0, true), ("m", 300), &[]);
    let (seen, least) = steps(&db);
    assert_eq!((seen.len(), seen.is_sorted()), (300, true));
    let as_before = |what: &str| {
        let (now, made) = steps(&db);
        assert_eq!(now, seen, "{what}");
        assert!(made < least + 200, "{what}: {made} steps, and without {least}");
    };
    // On both sides and between.
    take(&db, (2, None), (0, false), ("a", MANY), &[]);
    take(&db, (2, None), (1, false), ("m", MANY), &[]);
    as_before("a sync from nothing, under way");
    take(&db, (3, Some(1)), (0, false), ("m 00200", MANY), &[]);
    as_before("an abandoned one, and a difference under way");
    // All of that goes with a sync of several parts.
    take(&db, (4, None), (0, true), ("m", MANY), &[]);
    let gone: Vec<_> = (300..MANY).map(|number| path("m", number)).collect();
    take(&db, (5, Some(4)), (0, false), ("", 0), &gone);
    take(&db, (5, Some(4)), (1, true), ("", 0), &[]);
    as_before("what has gone");
    while super::tidy(&db, &mut Known::default(), 500).unwrap() {}
    as_before("nothing");
}

#[test]
fn a_folder_is_listed_without_what_is_beside_it() {
    let db = ground();
    for (sync, begin, count) in [(1, "b", 30), (2, "a", MANY), (3, "c", MANY)] {
        take(&db, (sync, (sync > 1).then(|| sync - 1)), (0, true), (begin, count), &[]);
    }
    let steps = |below: Option<EntryPath>| {
        let made = || {
            let entries = db.prepare_cached(browse::ENTRIES).unwrap();
            entries.get_status(StatementStatus::VmStep)
        };
        let (before, section) = (made(), Section { share: None, below });
        let user = "alice".parse().unwrap();
        let page = browse(&db, &asker(), (&user, &section), None, 10_000, NOW).unwrap().unwrap();
        (page.entries.len(), made() - before)
    };
    let (all, many) = steps(None);
    let (one, few) = steps(Some(path("b", 7)));
    assert_eq!((all, one), (2 * MANY + 30, 1));
    assert!(few * 50 < many, "{few} steps for one, and {many} for all");
}

#[test]
fn what_comes_in_many_long_syncs_is_brought_together() {
    let db = ground();
    take(&db, (1, None), (0, true), ("m", 100), &[]);
    for number in 1..200 {
        take(&db, (number + 1, Some(number)), (0, false), ("m", usize::from(number) * 2), &[]);
        take(&db, (number + 1, Some(number)), (1, true), ("", 0), &[]);
        let generations =
            db.query_row("SELECT count(DISTINCT generation) FROM entries", [], |row| row.get(0));
        let generations: i64 = generations.unwrap();
        assert!(generations < 20, "{generations}");
    }
    while super::tidy(&db, &mut Known::default(), 500).unwrap() {}
    let left = "SELECT count(DISTINCT generation) || ' ' || count(*) FROM entries";
    let left: String = db.query_row(left, [], |row| row.get(0)).unwrap();
    assert_eq!(left, "1 398");
}
