//! Messages of the catalog that announce or hold as much as they may, of as little as there is, and of
//! what a path or a keyword makes.

use super::within_bound;
use bytes::Bytes;
use minicbor::Encoder;
use proptest::prelude::*;
use waxwing::codec::Error;
use waxwing::model::limits::FRAME_CATALOG;
use waxwing::wire::Message;
use waxwing::wire::index::{Listing, Located, Publish, Results, ShareChange, Shares};

#[test]
fn lists_that_announce_their_maximum_and_hold_nothing() {
    for field in 1..7 {
        for announced in [64, 256, 800, 2048, 2049, u32::MAX] {
            let mut body = vec![0xa1, field, 0x9a];
            body.extend(announced.to_be_bytes());
            assert_eq!(accepted(&body), 0);
        }
    }
}

#[test]
fn lists_of_the_least_items() {
    for least in [&[0xa0][..], &[0x80], &[0x60], &[0x40], &[0x00], &[0x81, 0x61, b'a']] {
        for count in [8, 64, 256, 2048, 20_000] {
            let list = || list(least, count);
            accepted(&map(&[vec![7], list(), list(), list(), list(), vec![0]]));
            accepted(&map(&[vec![7], id(), id(), vec![0xf6], vec![0], list(), list(), vec![0xf4]]));
            accepted(&map(&[vec![7], id(), id(), text("a"), list(), vec![0xf4], list()]));
        }
    }
}

#[test]
fn a_part_of_as_many_entries_as_there_may_be() {
    // Of one letter, all of it new; and as many that go.
    let short = entry(&path(1), false);
    assert_eq!(part(&short, 2048, &[], 0), Ok(2048));
    assert_eq!(part(&short, 2048, &path(1), 2048), Ok(2048));
    // A library of music, in three folders, whose ids are known.
    let usual = entry(&names(&["Artist", "Album", "01 - A song.flac"]), true);
    assert_eq!(part(&usual, 2048, &[], 0), Ok(2048));
}

#[test]
fn a_part_of_the_deepest_and_of_the_longest_paths() {
    for (longest, count) in [(path(64), 1300), (path_of_bytes(), 220)] {
        assert_eq!(part(&entry(&longest, true), count, &[], 0), Ok(count));
        assert_eq!(part(&[], 0, &longest, count), Ok(0));
    }
    // Of many names, and none of them good at the end.
    let wrong = [&path(64)[..path(64).len() - 1], b"/"].concat();
    assert!(part(&entry(&wrong, true), 1300, &[], 0).is_err());
    assert!(part(&[], 0, &[&[0x98, 65][..], &b"\x61a".repeat(65)].concat(), 1700).is_err());
}

/// What no client sends: times of a few nanoseconds after 1970. It may be refused, and costs no more.
#[test]
fn a_part_of_entries_in_fewer_bytes_than_any_has() {
    let least = map(&[path(1), vec![0], vec![0]]);
    assert_eq!(part(&least, 2048, &[], 0), Err(Error::OverBudget));
    assert_eq!(part(&least, 1000, &[], 0), Ok(1000));
}

#[test]
fn results_of_a_hundred_with_eight_sources_each() {
    // Each source in a share of its own, of a person of their own, said in the fewest bytes.
    for addresses in [0, 8] {
        let people = many(800, |at| person(&format!("{at:03}"), addresses));
        let shares = many(800, |at| share(&format!("{at:03}"), &[]));
        let found = |at: usize| {
            let sources = many(8, |source| seen((8 * at + source) as u16, &path(1)));
            map(&[sources, vec![0]])
        };
        let body = map(&[vec![7], people, shares, many(100, found), vec![0x80]]);
        assert!(body.len() < FRAME_CATALOG);
        assert_eq!(accepted(&body), 1);
    }
}

#[test]
fn a_listing_of_as_many_entries_as_there_may_be() {
    let shares = many(256, |_| share("bob", &[]));
    let entries = many(256, |at| seen(at as u16, &path(1)));
    let body = map(&[vec![7], person("bob", 8), shares, entries, vec![0xf5]]);
    assert_eq!(accepted(&body), 1);
    let keywords: Vec<_> = (0..16).map(|at| format!("{at:02}{}", "é".repeat(63))).collect();
    let shares = many(100, |_| share("bob", &keywords));
    let entries = many(20, |at| seen(at as u16, &path_of_bytes()));
    let body = map(&[vec![7], person("bob", 8), shares, entries, vec![0xf5]]);
    assert_eq!(accepted(&body), 1);
}

#[test]
fn whoever_has_a_content() {
    let people = many(64, |at| person(&format!("{at:03}"), 8));
    let shares = many(64, |at| share(&format!("{at:03}"), &[]));
    let sources = many(64, |at| seen(at as u16, &path(1)));
    assert_eq!(accepted(&map(&[vec![7], people, shares, sources, vec![0]])), 1);
}

#[test]
fn a_share_for_as_many_people_as_there_may_be() {
    let people = many(256, |at| text(&format!("{at:03}")));
    let keywords = many(16, |at| text(&format!("{at}")));
    let body = map(&[vec![7], id(), id(), text("a"), keywords, vec![0xf4], people]);
    assert_eq!(accepted(&body), 1);
    let own = many(64, |at| {
        let share = [&[0x50][..], &[at as u8; 16]].concat();
        map(&[share, text("a"), hash(), vec![0xf6], vec![0], vec![0xf6]])
    });
    assert_eq!(accepted(&map(&[vec![7], own, vec![0xf5]])), 1);
}

/// Letters that become others when they are spelled anew, and names of all that there is.
#[test]
fn keywords_and_names_that_would_be_spelled_anew() {
    for strange in ["e\u{301}", "\u{1e9b}\u{323}", "\u{fdfa}", "\u{ac00}", "\u{1100}\u{1161}"] {
        let long = strange.repeat(126 / strange.len());
        let shares = many(120, |_| share("bob", &vec![long.clone(); 16]));
        accepted(&map(&[vec![7], person("bob", 0), shares.clone(), vec![0x80], vec![0xf4]]));
        accepted(&map(&[vec![7], many(1, |_| person("bob", 0)), shares, vec![0x80], vec![0x80]]));
        let long = strange.repeat(252 / strange.len());
        part(&[], 0, &names(&[&long, &long, &long]), 300).ok();
    }
}

proptest! {
    #[test]
    fn any_bytes(body in proptest::collection::vec(any::<u8>(), 0..2000)) {
        accepted(&body);
    }

    #[test]
    fn entries_of_any_fields(
        fields in proptest::collection::vec(0usize..6, 0..6),
        count in 0usize..1000,
        depth in 0usize..70,
    ) {
        let items = [path(depth), vec![9], vec![0xf5], hash(), vec![0xf6], text("a")];
        let entry = map(&fields.iter().map(|at| items[*at].clone()).collect::<Vec<_>>());
        part(&entry, count, &path(depth), count).ok();
        let seen = map(&[vec![0], entry]);
        let (people, shares) = (many(1, |_| person("bob", 8)), many(1, |_| share("bob", &[])));
        let found = map(&[list(&seen, count.min(9)), vec![0]]);
        accepted(&map(&[vec![7], people.clone(), shares.clone(), list(&found, count), vec![0x80]]));
        accepted(&map(&[vec![7], people, shares.clone(), list(&seen, count), vec![0]]));
        accepted(&map(&[vec![7], person("bob", 8), shares, list(&seen, count), vec![0xf4]]));
    }
}

/// How many kinds take the body. None of them asks for more memory than it justifies.
fn accepted(body: &[u8]) -> usize {
    fn is<M: Message>(body: &Bytes) -> usize {
        usize::from(within_bound(body, |_| M::decode(body)).is_ok())
    }
    let body = Bytes::copy_from_slice(body);
    let answers = is::<Results>(&body) + is::<Listing>(&body) + is::<Located>(&body);
    answers + is::<Shares>(&body) + is::<ShareChange>(&body) + is::<Publish>(&body)
}

/// How many entries are read in a part of so many that come, and so many that go.
fn part(entry: &[u8], add: usize, path: &[u8], remove: usize) -> Result<usize, Error> {
    let lists = [list(entry, add), list(path, remove), vec![0xf5]];
    let body = map(&[&[vec![7], id(), id(), id(), vec![0]], &lists[..]].concat());
    let body = Bytes::from(body);
    within_bound(&body, |_| Publish::decode(&body)).map(|part| part.add.len())
}

fn entry(path: &[u8], is_known: bool) -> Vec<u8> {
    let modified = minicbor::to_vec(1_700_000_000_000_000_000u64).unwrap();
    let more = [vec![0xf5], hash()];
    let more = if is_known { &more[..] } else { &[] };
    map(&[&[path.to_vec(), vec![9], modified], more].concat())
}

fn seen(share: u16, path: &[u8]) -> Vec<u8> {
    map(&[minicbor::to_vec(share).unwrap(), entry(path, false)])
}

/// A path of so many names of one letter.
fn path(depth: usize) -> Vec<u8> {
    names(&vec!["a"; depth])
}

/// As many bytes as a path has at most.
fn path_of_bytes() -> Vec<u8> {
    names(&["x".repeat(24).as_str(); 41])
}

fn names(names: &[&str]) -> Vec<u8> {
    minicbor::to_vec(names).unwrap()
}

fn person(user: &str, addresses: usize) -> Vec<u8> {
    let addresses = list(&[0xa1, 1, 0x19, 4, 0], addresses);
    map(&[text(user), hash(), vec![0xf5], addresses])
}

fn share(user: &str, keywords: &[String]) -> Vec<u8> {
    map(&[text(user), id(), text("a"), minicbor::to_vec(keywords).unwrap()])
}

fn many(count: usize, item: impl Fn(usize) -> Vec<u8>) -> Vec<u8> {
    let items: Vec<u8> = (0..count).flat_map(item).collect();
    [head(count), items].concat()
}

/// A map of these fields, numbered from 0.
fn map(fields: &[Vec<u8>]) -> Vec<u8> {
    let mut e = Encoder::new(Vec::new());
    e.map(fields.len() as u64).unwrap();
    let numbered =
        fields.iter().enumerate().flat_map(|(at, field)| [&[at as u8], &field[..]].concat());
    e.into_writer().into_iter().chain(numbered).collect()
}

/// The same item so many times.
fn list(item: &[u8], count: usize) -> Vec<u8> {
    [head(count), item.repeat(count)].concat()
}

fn head(count: usize) -> Vec<u8> {
    let mut e = Encoder::new(Vec::new());
    e.array(count as u64).unwrap();
    e.into_writer()
}

fn text(text: &str) -> Vec<u8> {
    minicbor::to_vec(text).unwrap()
}

fn id() -> Vec<u8> {
    [&[0x50][..], &[1; 16]].concat()
}

fn hash() -> Vec<u8> {
    [&[0x58, 32][..], &[1; 32]].concat()
}
