//! Messages of the index that announce or hold as much as they may, of as little as there is.

use super::within_bound;
use bytes::Bytes;
use minicbor::Encoder;
use proptest::prelude::*;
use waxwing::wire::Message;
use waxwing::wire::index::{Account, ChainPart, Join, Keys, News, People};

#[test]
fn lists_that_announce_their_maximum_and_hold_nothing() {
    for (field, maximum) in [(1, 64), (2, 64), (1, 256), (4, 64)] {
        for announced in [maximum, maximum + 1, u32::MAX] {
            let mut body = vec![0xa1, field, 0x9a];
            body.extend(announced.to_be_bytes());
            assert_eq!(accepted(&body), 0);
        }
    }
}

#[test]
fn lists_of_the_least_items() {
    for least in [0xa0, 0x80, 0x60, 0x40, 0x00] {
        for count in [8, 64, 256, 20_000] {
            accepted(&map(&[vec![7], list(&[least], count), list(&[least], count), vec![0xf4]]));
        }
    }
}

#[test]
fn people_with_the_shortest_names_and_all_their_addresses() {
    let addresses = list(&[0xa1, 1, 0x19, 4, 0], 8);
    let person = map(&[b"\x62bo".to_vec(), hash(), vec![0xf5], addresses]);
    let people = list(&person, 64);
    assert_eq!(accepted(&map(&[vec![7], people.clone(), vec![0xf4]])), 1);
    assert_eq!(accepted(&map(&[vec![7], people.clone(), people, vec![0xf4]])), 1);
}

#[test]
fn a_chain_of_the_shortest_entries() {
    let body = |entry: &[u8]| map(&[vec![7], list(entry, 256), vec![1], hash()]);
    assert_eq!(accepted(&body(&[0x40])), 1);
    assert_eq!(accepted(&body(&[&[0x58, 192][..], &[1; 192]].concat())), 1);
}

#[test]
fn an_account_of_all_sessions() {
    let session = map(&[[&[0x50][..], &[1; 16]].concat(), vec![1], vec![2], vec![0xf4], hash()]);
    let body = map(&[vec![7], b"\x62bo".to_vec(), vec![0xf6], vec![1], list(&session, 64)]);
    assert_eq!(accepted(&body), 1);
}

#[test]
fn long_texts_and_bytes_in_the_place_of_short_ones() {
    let long = |major: u8| [&[major | 0x1a, 0, 0x0f, 0x42, 0x40][..], &[b'x'; 1_000_000]].concat();
    let (text, bytes) = (long(0x60), long(0x40));
    assert_eq!(accepted(&map(&[vec![7], bytes.clone(), text.clone(), text.clone()])), 0);
    assert_eq!(accepted(&map(&[vec![7], vec![1], bytes.clone(), bytes.clone()])), 0);
    let entries = [&[0x81][..], &bytes].concat();
    assert_eq!(accepted(&map(&[vec![7], entries, vec![1], hash()])), 0);
    let person = map(&[text, hash(), vec![0xf4], vec![0x80]]);
    assert_eq!(accepted(&map(&[vec![7], list(&person, 1), vec![0xf4]])), 0);
}

proptest! {
    #[test]
    fn any_bytes(body in proptest::collection::vec(any::<u8>(), 0..2000)) {
        accepted(&body);
    }

    #[test]
    fn people_of_any_fields(
        fields in proptest::collection::vec(0u8..6, 0..6),
        count in 0usize..300,
    ) {
        let items = [b"\x62bo".to_vec(), hash(), vec![0xf4], list(&[0xa1, 1, 1], 8), vec![1]];
        let person = map(&fields.iter().map(|at| items[usize::from(*at) % 5].clone()).collect::<Vec<_>>());
        accepted(&map(&[vec![7], list(&person, count), list(&person, count), vec![0xf4]]));
    }
}

/// How many kinds take the body. None of them asks for more memory than it justifies.
fn accepted(body: &[u8]) -> usize {
    fn is<M: Message>(body: &Bytes) -> usize {
        usize::from(within_bound(body, |_| M::decode(body)).is_ok())
    }
    let body = Bytes::copy_from_slice(body);
    let people = is::<People>(&body) + is::<News>(&body) + is::<ChainPart>(&body);
    people + is::<Account>(&body) + is::<Join>(&body) + is::<Keys>(&body)
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
    let mut e = Encoder::new(Vec::new());
    e.array(count as u64).unwrap();
    [e.into_writer(), item.repeat(count)].concat()
}

fn hash() -> Vec<u8> {
    [&[0x58, 32][..], &[1; 32]].concat()
}
