//! A listing comes to an end, whoever gives it.

use super::*;
use crate::codec::List;
use crate::crypto::Fingerprint;
use crate::model::{Entry, Modified};
use crate::wire::index::{EntrySaid, EntrySeen, PersonSeen, ShareSeen};

/// Bob's files of these names.
fn page(names: &[&str]) -> index::Listing {
    let person = PersonSeen {
        user: Named("bob".parse().unwrap()),
        identity: Fingerprint::from_bytes([7; 32]),
        online: true,
        addresses: List::default(),
        last_online: None,
        contact: None,
    };
    let share = ShareSeen {
        user: person.user.clone(),
        share: [1; 16].into(),
        name: NameSaid(Name::new("zoo").unwrap()),
        keywords: List::default(),
    };
    let entry = |name: &&str| {
        let path = EntryPath::parse(name).unwrap();
        let entry = Entry::new(path, 1, Modified::from_nanos(0)).unwrap();
        EntrySeen { share: 0, entry: EntrySaid::from(&entry) }
    };
    let entries = List::new(names.iter().map(entry).collect()).unwrap();
    let shares = List::new(vec![share]).unwrap();
    index::Listing { id: 0, person, shares, entries, more: true }
}

#[test]
fn entries_without_end_are_not_taken_also_when_none_of_them_was_asked_for() {
    let (bob, below) = ("bob".parse().unwrap(), EntryPath::parse("elsewhere").unwrap());
    for below in [None, Some(&below)] {
        let section = Section { below, ..Section::default() };
        let mut pages = Pages::new(&bob, section, usize::MAX);
        pages.shown = MOST_SHOWN - 2;
        assert_eq!(pages.take(&page(&["a", "b"]), None), Ok(None));
        let reason = "there are more entries than anybody has";
        assert_eq!(pages.take(&page(&["c"]), None), Err(Error::Nonsense(reason)));
    }
}
