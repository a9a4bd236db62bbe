//! Open messages.

use super::within_bound;
use crate::alloc::allocated_by;
use minicbor::{Decode, Encode};
use proptest::prelude::*;
use waxwing::codec::{Blob, Charge, Error, List, Text, open};

#[derive(Encode, Decode, Debug, Clone)]
#[cbor(map, context_bound = "Charge")]
struct Page {
    #[n(0)]
    names: List<Text<255>, 100_000>,
    #[n(1)]
    blobs: List<Blob<65_536>, 100_000>,
    #[n(2)]
    numbers: List<u64, 1_000_000>,
    #[n(3)]
    rows: List<List<List<u16, 1000>, 1000>, 100_000>,
    #[n(4)]
    note: Option<Text<1_000_000>>,
    #[n(5)]
    wides: List<Wide, 1_000_000>,
}

/// Large in memory, one byte in a message.
#[derive(Encode, Decode, Debug, Clone, Default)]
#[cbor(map, context_bound = "Charge")]
struct Wide {
    #[cbor(n(0), with = "minicbor::bytes")]
    one: Option<[u8; 100]>,
    #[cbor(n(1), with = "minicbor::bytes")]
    two: Option<[u8; 100]>,
    #[n(2)]
    inner: Option<List<Text<8>, 8>>,
}

#[test]
fn a_message_that_fills_its_budget_is_accepted() {
    let bytes = open::encode(&page());
    let read = within_bound(&bytes, |bytes| open::decode::<Page>(bytes).unwrap());
    assert_eq!(read.numbers.len(), page().numbers.len());
}

#[test]
fn lists_that_announce_the_maximum_and_hold_nothing() {
    for field in 0..6u8 {
        for announced in [1_000u32, 100_000, 1_000_000, u32::MAX] {
            let mut bytes = vec![0xa1, field, 0x9a];
            bytes.extend(announced.to_be_bytes());
            assert!(decode_within_bound(&bytes).is_err());
        }
    }
}

#[test]
fn lists_that_announce_the_maximum_and_hold_the_least() {
    for field in 0..6 {
        for least in [0xa0, 0x80, 0x60, 0x40, 0x00] {
            for announced in [1_000, 100_000, 1_000_000] {
                decode_within_bound(&list_in(field, announced, &[least])).ok();
            }
        }
    }
}

#[test]
fn lists_of_lists_of_lists_that_hold_the_least() {
    let inner = [&[0x98, 200][..], &[0x80; 200]].concat();
    for outer in [10, 100, 1000, 100_000] {
        decode_within_bound(&list_in(3, outer, &inner)).ok();
        decode_within_bound(&list_in(3, outer, &[0x81, 0x80])).ok();
    }
}

#[test]
fn lists_behind_each_other_share_one_budget() {
    let lists: Vec<u8> = [0u8, 1, 2, 5].iter().flat_map(|field| list_items(*field, 1100)).collect();
    let bytes = [&[0xa4][..], &lists].concat();
    assert!(decode_within_bound(&bytes).is_err());
}

#[test]
fn a_long_text_buys_lists_no_more_than_the_bound() {
    let text = [&[0x04, 0x7a, 0, 0x0f, 0x42, 0x40][..], &[b'x'; 1_000_000]].concat();
    let with_wides = |count| [&[0xa2][..], &text, &list_items(5, count)].concat();
    let spent = |count| {
        let bytes = with_wides(count);
        allocated_by(|| decode_within_bound(&bytes).ok()).0
    };
    let most = (1_000..40_000).step_by(1_000).map(spent).max().unwrap();
    assert!(most > 3_000_000, "the budget is not used up: {most}");
}

#[test]
fn fields_nobody_knows_cost_nothing() {
    let mut bytes = vec![0xa1, 0x18, 99, 0x9a, 0, 0x0f, 0x42, 0x40];
    bytes.extend([0x80; 1_000_000]);
    let (spent, read) = allocated_by(|| open::decode::<Wide>(&bytes));
    assert!(read.is_ok());
    assert_eq!(spent, 0);
}

#[test]
fn good_messages_with_any_byte_changed() {
    let bytes = open::encode(&small_page());
    let mut mutated = bytes.clone();
    for at in 0..bytes.len() {
        for change in 1..=255 {
            mutated[at] = bytes[at] ^ change;
            decode_within_bound(&mutated).ok();
        }
        mutated[at] = bytes[at];
    }
}

proptest! {
    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        decode_within_bound(&bytes).ok();
    }

    #[test]
    fn any_structure(bytes in hostile()) {
        decode_within_bound(&bytes).ok();
    }
}

/// A map whose fields are lists of any number of small items: what the fence lets pass.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let item = prop_oneof![
        Just(vec![0xa0]),
        Just(vec![0x80]),
        Just(vec![0x60]),
        Just(vec![0x40]),
        Just(vec![0x84, 0x80, 0x80, 0x80, 0x80]),
        Just(vec![0xa1, 0x02, 0x82, 0x60, 0x61, b'a']),
    ];
    let field = (0u32..3000, item);
    proptest::collection::btree_map(0u8..7, field, 1..7).prop_map(|fields| {
        let fields = fields.iter().map(|(at, (count, item))| list_field(*at, *count, item));
        let fields: Vec<_> = fields.collect();
        [vec![0xa0 | fields.len() as u8], fields.concat()].concat()
    })
}

fn decode_within_bound(bytes: &[u8]) -> Result<Page, Error> {
    within_bound(bytes, open::decode::<Page>)
}

fn list_in(field: u8, count: u32, item: &[u8]) -> Vec<u8> {
    [vec![0xa1], list_field(field, count, item)].concat()
}

fn list_field(field: u8, count: u32, item: &[u8]) -> Vec<u8> {
    let mut bytes = vec![field, 0x9a];
    bytes.extend(count.to_be_bytes());
    (0..count).for_each(|_| bytes.extend_from_slice(item));
    bytes
}

/// As many of the least items that a field's list takes.
fn list_items(field: u8, count: u32) -> Vec<u8> {
    let least = [0x60, 0x40, 0x00, 0x80, 0x60, 0xa0];
    list_field(field, count, &[least[usize::from(field)]])
}

/// Lists of everything, as large as a message's budget allows.
fn page() -> Page {
    let text = |index: usize| Text::new(format!("name {index}")).unwrap();
    let blob = |index: usize| Blob::new(vec![7; 20 + index % 100]).unwrap();
    let row = |index: usize| List::new(vec![List::new(vec![9; index % 40]).unwrap(); 3]).unwrap();
    Page {
        names: List::new((0..3000).map(text).collect()).unwrap(),
        blobs: List::new((0..3000).map(blob).collect()).unwrap(),
        numbers: List::new(vec![u64::MAX; 30_000]).unwrap(),
        rows: List::new((0..1000).map(row).collect()).unwrap(),
        note: Some(Text::new("n".repeat(100_000)).unwrap()),
        wides: List::new(vec![Wide::default(); 100]).unwrap(),
    }
}

/// One of each.
fn small_page() -> Page {
    let one = || Text::new("one").unwrap();
    let inner = Some(List::new(vec![Text::new("in").unwrap()]).unwrap());
    Page {
        names: List::new(vec![one()]).unwrap(),
        blobs: List::new(vec![Blob::new([1, 2]).unwrap()]).unwrap(),
        numbers: List::new(vec![70_000]).unwrap(),
        rows: List::new(vec![List::new(vec![List::new(vec![300]).unwrap()]).unwrap()]).unwrap(),
        note: Some(Text::new("note").unwrap()),
        wides: List::new(vec![Wide { one: None, two: Some([1; 100]), inner }]).unwrap(),
    }
}
