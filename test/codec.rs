//! Both ways of writing, held against every kind of bytes that is not quite a message.

#[path = "codec/any_bytes.rs"]
mod any_bytes;
#[path = "codec/closed.rs"]
mod closed;
#[path = "codec/coming_back.rs"]
mod coming_back;
#[path = "codec/fence.rs"]
mod fence;
#[path = "codec/maxima.rs"]
mod maxima;
#[path = "codec/messages.rs"]
mod messages;

use messages::{Everything, Holder, Inner, Kind, Lenient, Newer, Older, Wide, everything, good};
use proptest::prelude::*;
use waxwing::codec::{Blob, Error, List, Text, open};

const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const NOT_OF_THIS_KIND: Result<Older, Error> = Err(Error::Invalid("not a message of this kind"));
const NOT_OF_THIS_KIND_HELD: Result<Holder<Kind>, Error> =
    Err(Error::Invalid("not a message of this kind"));

fn lenient(bytes: &[u8]) -> Result<Lenient, Error> {
    open::decode(bytes)
}

fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    Text::new(text).unwrap()
}

fn list<T, const MAX: usize>(items: Vec<T>) -> List<T, MAX> {
    List::new(items).unwrap_or_else(|error| panic!("{error}"))
}

fn too_long(what: &'static str) -> Error {
    Error::TooLong { what, max: 300 }
}

/// The first bytes of an item, its number in the shortest form.
fn head(major: u8, value: u64) -> Vec<u8> {
    let first = |info: u8| major << 5 | info;
    match value {
        0..=23 => vec![first(value as u8)],
        24..=0xff => vec![first(24), value as u8],
        0x100..=0xffff => [&[first(25)], &(value as u16).to_be_bytes()[..]].concat(),
        0x1_0000..=0xffff_ffff => [&[first(26)], &(value as u32).to_be_bytes()[..]].concat(),
        _ => [&[first(27)], &value.to_be_bytes()[..]].concat(),
    }
}

/// A map with these fields.
fn fields(fields: &[(u64, &[u8])]) -> Vec<u8> {
    let mut bytes = head(MAP, fields.len() as u64);
    for (key, item) in fields {
        bytes.extend(head(0, *key));
        bytes.extend_from_slice(item);
    }
    bytes
}

/// The item alone, in a known field, in an unknown one, and deep inside one.
fn everywhere(item: &[u8]) -> [Vec<u8>; 4] {
    let in_array = [&[0x82, 0x00], item].concat();
    let in_map = fields(&[(3, &in_array)]);
    [item.to_vec(), fields(&[(0, item)]), fields(&[(9, item)]), fields(&[(9, &in_map)])]
}

fn for_each_mutation(bytes: &[u8], mut check: impl FnMut(&[u8])) {
    let mut mutated = bytes.to_vec();
    for at in 0..bytes.len() {
        for change in 1..=255 {
            mutated[at] = bytes[at] ^ change;
            check(&mutated);
        }
        mutated[at] = bytes[at];
    }
}
