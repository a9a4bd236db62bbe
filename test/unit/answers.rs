//! However much a store finds, its answers are cut where they end, and nothing in them points nowhere.

#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::cast_possible_wrap,
    reason = "a test"
)]

use super::*;
use crate::crypto::Fingerprint;
use crate::index::presence::Presence;
use crate::index::store::{AccountId, EntryRow, PersonRow, ShareRow, Shelf};
use crate::model::{Entry, EntryPath, Keywords, Modified, Name, ShareId};
use crate::wire::Message;

fn person(number: usize) -> PersonRow {
    PersonRow {
        account: AccountId(number as i64),
        user: format!("user-{number:04}").parse().unwrap(),
        identity: Fingerprint::from_bytes([1; 32]),
        contact: None,
        last_online: None,
    }
}

fn share(number: usize) -> ShareRow {
    ShareRow {
        owner: AccountId(number as i64),
        id: ShareId::from_bytes([1; 16]),
        name: Name::new("s").unwrap(),
        keywords: Keywords::default(),
    }
}

/// An entry of a share.
fn row(share: usize) -> EntryRow {
    let path = EntryPath::parse(&format!("{share:04}")).unwrap();
    EntryRow { share, entry: Entry::new(path, 1, Modified::from_nanos(0)).unwrap() }
}

fn shelf(count: usize) -> (Owners, Shelf) {
    let people: Vec<_> = (0..count).map(person).collect();
    let presence = Presence::default();
    let owners = people.iter().map(|row| (row.account, presence.seen(row))).collect();
    (owners, Shelf { people, shares: (0..count).map(share).collect() })
}

#[test]
fn results_and_their_sources_are_cut() {
    // Each source is of another share and another person.
    let (rows, of_each) = (RESULTS_PAGE + 20, RESULT_SOURCES + 2);
    let (owners, shelf) = shelf(rows * of_each);
    let result = |number: usize| ResultRow {
        sources: (0..of_each).map(|source| row(number * of_each + source)).collect(),
        others: 5,
        here: Position::numbered(number as i64),
    };
    let results = (0..rows).map(result).collect();
    let asked = Asked::parse("a b c d e f g h k l").unwrap();
    let nothing = (0..50).map(|number| number % ASKED_WORDS).collect();
    let page = ResultPage { shelf, results, nothing, next: None };
    let (answer, next) = super::results(owners, &page, Some(&asked)).unwrap();
    assert_eq!(answer.results.len(), RESULTS_PAGE);
    assert!(answer.results.iter().all(|found| found.sources.len() == RESULT_SOURCES));
    assert!(answer.results.iter().all(|found| found.others == 7));
    let last = (RESULTS_PAGE - 1) as i64;
    assert_eq!(next.map(|next| next.number()), Some(last), "it goes on behind the last");
    assert_eq!(answer.nothing.len(), ASKED_WORDS);
    assert_eq!(Results::decode(&answer.encode()), Ok(answer), "and it is a good answer");
}

#[test]
fn a_listing_is_cut_and_says_so() {
    let count = LISTING_PAGE + 3;
    let shares = (0..count).map(|_| share(7)).collect();
    let entries = (0..count).map(row).collect();
    let page = ListingPage { person: person(7), shares, entries, more: false };
    let seen = Presence::default().seen(&page.person);
    let answer = listing(seen, &page).unwrap();
    assert_eq!((answer.entries.len(), answer.shares.len()), (LISTING_PAGE, LISTING_PAGE));
    assert!(answer.more);
    assert_eq!(Listing::decode(&answer.encode()), Ok(answer));
}

#[test]
fn the_holders_of_a_content_are_cut_and_counted() {
    let count = LOCATE_SOURCES + 3;
    let (owners, shelf) = shelf(count);
    let holders = Holders { shelf, sources: (0..count).map(row).collect(), others: 5 };
    let answer = located(owners, &holders).unwrap();
    assert_eq!((answer.sources.len(), answer.others), (LOCATE_SOURCES, 8));
    assert_eq!(Located::decode(&answer.encode()), Ok(answer));
}

#[test]
fn a_list_that_is_too_long_all_the_same_is_no_answer() {
    let denial = whole::<u8, 2>(vec![1, 2, 3]).unwrap_err();
    assert_eq!((denial.code, denial.text.is_empty()), (Code::Internal, false));
    assert_eq!(whole::<u8, 3>(vec![1, 2, 3]).unwrap().len(), 3);
}
