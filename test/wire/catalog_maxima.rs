//! Lists and texts of the catalog at their maximum, and one above; and how long each part may get.

use crate::by_hand::{bytes, list, map, no, null, number, text};
use crate::catalog_samples::{entry, largest, largest_name, share_seen};
use crate::index_maxima::too_long;
use crate::index_samples::person;
use waxwing::codec::{List, open};
use waxwing::wire::index::{
    EntrySeen, Found, Listing, Located, PersonSeen, Publish, Results, Search, ShareChange, Shares,
};
use waxwing::wire::{GetAsk, GetMore, Kind, Message};

#[test]
fn a_share_at_its_maxima_and_one_above() {
    let change = |keywords: usize, people: usize| {
        let (keywords, people) = (list(&text("a"), keywords), list(&text("bob"), people));
        let share = [bytes(&[1; 16]), bytes(&[2; 16]), text("a"), keywords, no(), people];
        ShareChange::decode(&map(&[&[number(7)], &share[..]].concat())).map(|_| ())
    };
    assert_eq!((change(16, 256), change(0, 0)), (Ok(()), Ok(())));
    assert_eq!(change(17, 0), too_long("a list", 16));
    assert_eq!(change(0, 257), too_long("a list", 256));
    let shares = |count: u8| {
        let share = |at: u8| {
            map(&[bytes(&[at; 16]), text("a"), bytes(&[3; 32]), null(), number(0), null()])
        };
        let all: Vec<u8> = (0..count).flat_map(share).collect();
        let listed = [&[0x98, count][..], &all].concat();
        Shares::decode(&map(&[number(7), listed, no()])).map(|shares| shares.shares.len())
    };
    assert_eq!((shares(64), shares(65)), (Ok(64), too_long("a list", 64)));
}

#[test]
fn a_part_of_a_sync_at_its_maxima_and_one_above() {
    let said = map(&[list(&text("a"), 1), number(1), minicbor::to_vec(u64::MAX).unwrap()]);
    let part = |add: usize, remove: usize| {
        let (add, remove) = (list(&said, add), list(&list(&text("a"), 1), remove));
        let ids = [bytes(&[1; 16]), bytes(&[2; 16]), null()];
        let fields = [&[number(7)], &ids[..], &[number(0), add, remove, no()]].concat();
        Publish::decode(&map(&fields)).map(|_| ())
    };
    assert_eq!((part(2048, 2048), part(0, 0)), (Ok(()), Ok(())));
    assert_eq!(part(2049, 0), too_long("a list", 2048));
    assert_eq!(part(0, 2049), too_long("a list", 2048));
}

#[test]
fn a_search_and_its_results_at_their_maxima_and_one_above() {
    let typed = |length: usize| {
        let body =
            map(&[number(7), text(&"x".repeat(length)), null(), null(), null(), null(), no()]);
        Search::decode(&body).map(|search| search.text.len())
    };
    assert_eq!((typed(1024), typed(1025)), (Ok(1024), too_long("a text", 1024)));
    let counted = |sources: usize, results: usize| {
        let sources = List::new(vec![seen(0); sources]).unwrap();
        let found = open::encode(&Found { sources, others: 0 });
        let people = list(&open::encode(&bare(person())), 1);
        let shares = list(&open::encode(&share_seen()), 1);
        let fields = [number(7), people, shares, list(&found, results), list(&number(0), 0)];
        Results::decode(&map(&fields)).map(|results| results.results.len())
    };
    assert_eq!((counted(8, 100), counted(1, 101)), (Ok(100), too_long("a list", 100)));
    let nine = list(&open::encode(&seen(0)), 9);
    let found = list(&map(&[nine, number(0)]), 1);
    let none = || list(&[], 0);
    let results = |found, nothing| {
        Results::decode(&map(&[number(7), none(), none(), found, nothing])).map(|_| ())
    };
    assert_eq!(results(found, none()), too_long("a list", 8));
    assert_eq!(results(none(), list(&text("x"), 11)), too_long("a list", 10));
    assert_eq!(results(none(), list(&text("x"), 10)), Ok(()));
    assert_eq!(results(none(), list(&text(&"x".repeat(1025)), 1)), too_long("a text", 1024));
}

#[test]
fn a_listing_and_sources_at_their_maxima_and_one_above() {
    let (entry, share) = (open::encode(&seen(0)), open::encode(&share_seen()));
    let listing = |shares: usize, entries: usize| {
        let (shares, entries) = (list(&share, shares), list(&entry, entries));
        Listing::decode(&map(&[number(7), open::encode(&person()), shares, entries, no()]))
            .map(|_| ())
    };
    assert_eq!((listing(256, 256), listing(0, 0)), (Ok(()), Ok(())));
    assert_eq!(listing(257, 0), too_long("a list", 256));
    assert_eq!(listing(1, 257), too_long("a list", 256));
    let located = |others: usize, shares: usize, sources: usize| {
        // Bob, behind people of lower names.
        let each = (0..others).map(|at| PersonSeen { user: largest_name(at), ..bare(person()) });
        let people: Vec<_> = each.chain([bare(person())]).collect();
        let people = open::encode(&List::<_, 65>::new(people).unwrap());
        let (shares, sources) = (list(&share, shares), list(&entry, sources));
        Located::decode(&map(&[number(7), people, shares, sources, number(0)])).map(|_| ())
    };
    assert_eq!(located(63, 64, 64), Ok(()));
    for more in [located(64, 64, 64), located(63, 65, 64), located(63, 64, 65)] {
        assert_eq!(more, too_long("a list", 64));
    }
}

#[test]
fn a_request_for_entries_at_its_maximum_and_one_above() {
    let content = || map(&[bytes(&[5; 32]), number(5)]).to_vec();
    let longest = [&"x".repeat(255)[..]; 4].map(text).concat();
    let paths = [list(&text("a"), 1), list(&text("a"), 64), [&[0x84][..], &longest].concat()];
    for path in paths {
        for wanted in [map(std::slice::from_ref(&path)), map(&[path, content()])] {
            let ask = |count: usize| {
                let ids = [bytes(&[1; 32]), bytes(&[7; 16])];
                let body = map(&[&[number(3)], &ids[..], &[list(&wanted, count), no()]].concat());
                GetAsk::decode(&body).map(|ask| ask.wanted.len())
            };
            let more = |count: usize| {
                let body = map(&[number(3), list(&wanted, count), no()]);
                GetMore::decode(&body).map(|more| more.wanted.len())
            };
            assert_eq!((ask(512), ask(513)), (Ok(512), too_long("a list", 512)));
            assert_eq!((more(512), more(513)), (Ok(512), too_long("a list", 512)));
        }
    }
}

/// What a writer counts with, that stops where a frame is full.
#[test]
fn the_longest_of_what_a_frame_holds() {
    let parts = |kind: Kind| largest().into_iter().find(|sample| sample.kind == kind).unwrap();
    let publish = Publish::decode(&parts(Kind::Publish).body).unwrap();
    let located = Located::decode(&parts(Kind::Located).body).unwrap();
    let longest = [
        ("a path", minicbor::to_vec(&publish.remove[0]).unwrap().len()),
        ("an entry", open::encode(&publish.add[0]).len()),
        ("a share", open::encode(&located.shares[0]).len()),
        ("a person", open::encode(&located.people[0]).len()),
    ];
    assert_eq!(
        longest,
        [("a path", 1068), ("an entry", 1127), ("a share", 2394), ("a person", 400)]
    );
}

fn seen(share: u16) -> EntrySeen {
    EntrySeen { share, entry: entry() }
}

/// Nothing said that need not be.
fn bare(person: PersonSeen) -> PersonSeen {
    PersonSeen { addresses: List::default(), last_online: None, contact: None, ..person }
}
