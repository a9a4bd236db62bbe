//! The messages that are read and written here.

use super::{list, text};
use minicbor::{Decode, Encode};
use proptest::prelude::*;
use waxwing::codec::{Blob, Charge, List, Text};

/// A message with a field of every kind.
#[derive(Encode, Decode, Debug, Clone, PartialEq)]
#[cbor(map, context_bound = "Charge")]
pub(crate) struct Everything {
    #[n(0)]
    pub(crate) flag: bool,
    #[n(1)]
    pub(crate) small: u8,
    #[n(2)]
    pub(crate) large: u64,
    #[n(3)]
    pub(crate) signed: i64,
    #[n(4)]
    pub(crate) text: Text<16>,
    #[n(5)]
    pub(crate) blob: Blob<16>,
    #[n(6)]
    pub(crate) numbers: List<u32, 5>,
    #[n(7)]
    pub(crate) inner: List<Inner, 3>,
    #[n(8)]
    pub(crate) lists: List<List<Text<4>, 2>, 2>,
    #[n(9)]
    pub(crate) maybe: Option<Text<8>>,
    #[n(10)]
    pub(crate) kind: Kind,
    #[cbor(n(11), with = "minicbor::bytes")]
    pub(crate) fixed: [u8; 4],
    #[n(300)]
    pub(crate) far: Option<Inner>,
}

#[derive(Encode, Decode, Debug, Clone, PartialEq)]
#[cbor(map, context_bound = "Charge")]
pub(crate) struct Inner {
    #[n(0)]
    pub(crate) name: Text<8>,
    #[n(1)]
    pub(crate) rank: Option<i8>,
}

#[derive(Encode, Decode, Debug, Clone, Copy, PartialEq)]
#[cbor(index_only)]
pub(crate) enum Kind {
    #[n(0)]
    Plain,
    #[n(1)]
    Fancy,
}

/// A message as an older program knows it…
#[derive(Encode, Decode, Debug, Clone, PartialEq)]
#[cbor(map, context_bound = "Charge")]
pub(crate) struct Older {
    #[n(0)]
    pub(crate) name: Text<8>,
    #[n(4)]
    pub(crate) size: Option<u64>,
}

/// …and as a newer one does.
#[derive(Encode, Decode, Debug, Clone, PartialEq)]
#[cbor(map, context_bound = "Charge")]
pub(crate) struct Newer {
    #[n(0)]
    pub(crate) name: Text<8>,
    #[n(1)]
    pub(crate) between: Option<List<List<u8, 4>, 4>>,
    #[n(4)]
    pub(crate) size: Option<u64>,
    #[n(7)]
    pub(crate) inside: Option<Inner>,
    #[n(8)]
    pub(crate) flag: Option<bool>,
    #[n(9)]
    pub(crate) nothing: Option<Blob<4>>,
    #[n(10)]
    pub(crate) below_zero: Option<i64>,
}

/// A message of which every field may be missing: whatever is refused here, the fence refused.
#[derive(Encode, Decode, Debug, Clone, PartialEq)]
#[cbor(map, context_bound = "Charge")]
pub(crate) struct Lenient {
    #[n(0)]
    pub(crate) number: Option<u64>,
}

/// Large in memory, one byte in a message.
#[derive(Encode, Decode, Debug, Clone, PartialEq)]
#[cbor(map)]
pub(crate) struct Wide {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(crate) one: Option<[u8; 100]>,
    #[cbor(n(1), with = "minicbor::bytes")]
    pub(crate) two: Option<[u8; 100]>,
}

#[derive(Encode, Decode, Debug, Clone, PartialEq)]
#[cbor(map, context_bound = "Charge")]
pub(crate) struct Holder<T> {
    #[n(0)]
    pub(crate) it: T,
}

pub(crate) fn good() -> Everything {
    let inner = |name, rank| Inner { name: text(name), rank };
    Everything {
        flag: true,
        small: 200,
        large: u64::MAX,
        signed: -70_000,
        text: text("grüße"),
        blob: Blob::new([0, 255, 7]).unwrap(),
        numbers: list(vec![0, 24, 70_000]),
        inner: list(vec![inner("a", None), inner("b", Some(-1))]),
        lists: list(vec![list(vec![text("x")]), list(vec![])]),
        maybe: Some(text("maybe")),
        kind: Kind::Fancy,
        fixed: *b"four",
        far: Some(inner("far", Some(3))),
    }
}

/// Any text that fits: a character takes at most four bytes.
fn any_text<const MAX: usize>() -> impl Strategy<Value = Text<MAX>> {
    proptest::collection::vec(any::<char>(), 0..=MAX / 4)
        .prop_map(|chars| text(&String::from_iter(chars)))
}

fn any_list<T: std::fmt::Debug, const MAX: usize>(
    item: impl Strategy<Value = T>,
) -> impl Strategy<Value = List<T, MAX>> {
    proptest::collection::vec(item, 0..=MAX).prop_map(list)
}

fn any_inner() -> impl Strategy<Value = Inner> {
    (any_text(), any::<Option<i8>>()).prop_map(|(name, rank)| Inner { name, rank })
}

pub(crate) fn everything() -> impl Strategy<Value = Everything> {
    let kind = prop_oneof![Just(Kind::Plain), Just(Kind::Fancy)];
    let blob = proptest::collection::vec(any::<u8>(), 0..=16).prop_map(|b| Blob::new(b).unwrap());
    let plain = (any::<bool>(), any::<u8>(), any::<u64>(), any::<i64>(), kind, any::<[u8; 4]>());
    let bounded = (any_text(), blob, any_list(any::<u32>()), any_list(any_inner()));
    let rest = (
        any_list(any_list(any_text())),
        proptest::option::of(any_text()),
        proptest::option::of(any_inner()),
    );
    (plain, bounded, rest).prop_map(|(plain, bounded, rest)| {
        let (flag, small, large, signed, kind, fixed) = plain;
        let (text, blob, numbers, inner) = bounded;
        let (lists, maybe, far) = rest;
        Everything {
            flag,
            small,
            large,
            signed,
            text,
            blob,
            numbers,
            inner,
            lists,
            maybe,
            kind,
            fixed,
            far,
        }
    })
}
