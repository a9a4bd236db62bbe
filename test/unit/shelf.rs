//! What is shelved fits into a frame, however large it is, and fills it.

#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "a test"
)]

use super::*;
use crate::crypto::{Fingerprint, UnixTime};
use crate::index::presence::Presence;
use crate::index::store::{AccountId, PersonRow};
use crate::model::limits::{RESULT_SOURCES, RESULTS_PAGE};
use crate::model::{ContentId, Entry, EntryPath, Keywords, Modified, Name, ShareId};
use crate::wire::Message;
use crate::wire::index::{Found, Results};

const COUNT: usize = RESULTS_PAGE * RESULT_SOURCES;

fn person(number: usize, contact: usize) -> PersonRow {
    PersonRow {
        account: AccountId(number as i64),
        user: format!("{number:04}{}", "z".repeat(28)).parse().unwrap(),
        identity: Fingerprint::from_bytes([0xff; 32]),
        contact: (contact > 0).then(|| "x".repeat(contact)),
        last_online: Some(UnixTime(u64::MAX >> 1)),
    }
}

/// A share of each person, the last one first, with so many keywords of the greatest length.
fn share(number: usize, keywords: usize) -> ShareRow {
    let keyword = |number: usize| format!("{number:02}{}", "x".repeat(126)).parse().unwrap();
    ShareRow {
        owner: AccountId((COUNT - 1 - number) as i64),
        id: ShareId::from_bytes([0xff; 16]),
        name: Name::new(&"x".repeat(if keywords > 0 { 255 } else { 1 })).unwrap(),
        keywords: Keywords::new((0..keywords).map(keyword)).unwrap(),
    }
}

fn entry(path: &str) -> Entry {
    let path = EntryPath::parse(path).unwrap();
    let entry = Entry::new(path, 1 << 44, Modified::from_nanos(u64::MAX)).unwrap();
    entry.executable(true).with_content(Some(ContentId::from_bytes([0xff; 32])))
}

/// How long a frame of results is that takes as many of these sources as fit, and how many those are.
fn filled(
    (contact, keywords, path): (usize, usize, &str),
    in_one: usize,
    shares: usize,
) -> (usize, usize) {
    let (presence, entry) = (Presence::default(), entry(path));
    let people = (0..COUNT).map(|number| person(number, contact));
    let owners = people.map(|row| (row.account, presence.seen(&row))).collect();
    let shares_of_all: Vec<_> = (0..COUNT).map(|number| share(number, keywords)).collect();
    let mut shelving = Shelving::new(owners, &shares_of_all);
    let row = |share| EntryRow { share, entry: entry.clone() };
    let most = RESULTS_PAGE * in_one;
    let sources: Vec<_> =
        (0..most).map_while(|number| shelving.entry(&row(number % shares))).collect();
    let (people, shares) = shelving.into_tables();
    let found = |sources: &[EntrySeen]| Found {
        sources: List::new(sources.to_vec()).unwrap(),
        others: u32::MAX,
    };
    let results = Results {
        id: u32::MAX,
        people: List::new(people).unwrap(),
        shares: List::new(shares).unwrap(),
        results: List::new(sources.chunks(in_one).map(found).collect()).unwrap(),
        nothing: List::default(),
        next: Some(u32::MAX),
    };
    let body = results.encode();
    assert_eq!(Results::decode(&body), Ok(results), "and it is a good answer");
    (1 + body.len(), sources.len())
}

#[test]
fn as_many_as_fit_into_a_frame_and_no_more() {
    let deep = vec!["x".repeat(24); 41].join("/");
    let half = vec!["x".repeat(24); 11].join("/");
    let letters = vec!["x"; 64].join("/");
    let plain = [&*deep, &half, &letters, "x"].map(|path| (0, 0, path));
    let large = [&[(128, 16, &*deep), (128, 16, "x")], &plain[..]].concat();
    for (in_one, shares) in [(1, COUNT), (RESULT_SOURCES, COUNT), (RESULT_SOURCES, 1)] {
        for what in large.iter().copied() {
            let (length, count) = filled(what, in_one, shares);
            assert!(length <= FRAME_CATALOG, "{length} with {count} of {what:?}");
            let is_full = length > FRAME_CATALOG * 3 / 5;
            assert!(is_full || count == RESULTS_PAGE * in_one, "{length} with {count} of {what:?}");
        }
    }
}
