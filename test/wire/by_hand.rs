//! Bodies written by hand, as no program of ours would.

use bytes::Bytes;
use minicbor::bytes::ByteVec;

/// A body of these fields, numbered from 0.
pub(crate) fn map(fields: &[Vec<u8>]) -> Bytes {
    let numbered = fields.iter().enumerate().map(|(at, field)| [&[at as u8], &field[..]].concat());
    let fields = [vec![0xa0 + fields.len() as u8], numbered.collect::<Vec<_>>().concat()];
    fields.concat().into()
}

pub(crate) fn number(value: u32) -> Vec<u8> {
    minicbor::to_vec(value).unwrap()
}

pub(crate) fn text(text: &str) -> Vec<u8> {
    minicbor::to_vec(text).unwrap()
}

pub(crate) fn bytes(bytes: &[u8]) -> Vec<u8> {
    minicbor::to_vec(ByteVec::from(bytes.to_vec())).unwrap()
}

/// The same item so many times.
pub(crate) fn list(item: &[u8], count: usize) -> Vec<u8> {
    let mut e = minicbor::Encoder::new(Vec::new());
    e.array(count as u64).unwrap();
    [e.into_writer(), item.repeat(count)].concat()
}

pub(crate) fn no() -> Vec<u8> {
    vec![0xf4]
}

pub(crate) fn null() -> Vec<u8> {
    vec![0xf6]
}
