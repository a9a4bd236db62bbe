//! Closed layouts.

use super::for_each_mutation;
use proptest::prelude::*;
use waxwing::codec::{Closed, Error, Reader, Writer, closed};

#[derive(Debug, Clone, PartialEq)]
struct Point {
    x: u16,
    y: u16,
}

impl Closed for Point {
    fn write(&self, out: &mut Writer) {
        out.u16(self.x).u16(self.y);
    }
    fn read(input: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self { x: input.u16()?, y: input.u16()? })
    }
}

/// A layout with a field of every kind.
#[derive(Debug, Clone, PartialEq)]
struct Shelf {
    flag: u8,
    corner: Point,
    id: [u8; 4],
    number: u32,
    size: u64,
    name: Vec<u8>,
    points: Vec<Point>,
}

impl Closed for Shelf {
    fn write(&self, out: &mut Writer) {
        out.u8(self.flag).value(&self.corner).raw(&self.id).u32(self.number).u64(self.size);
        out.block(&self.name).count(self.points.len());
        self.points.iter().for_each(|point| point.write(out));
    }
    fn read(input: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            flag: input.u8()?,
            corner: Point::read(input)?,
            id: input.array()?,
            number: input.u32()?,
            size: input.u64()?,
            name: input.block("a name", 8)?.to_vec(),
            points: (0..input.count("points", 3, 4)?)
                .map(|_| Point::read(input))
                .collect::<Result<_, _>>()?,
        })
    }
}

#[test]
fn a_closed_layout_has_exactly_the_bytes_of_its_fields() {
    #[rustfmt::skip]
    let expected = [
        0xfe,
        0x01, 0x02, 0x03, 0x04,
        b'i', b'd', b'i', b'd',
        0x05, 0x06, 0x07, 0x08,
        0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18,
        0, 0, 0, 3, b'b', b'o', b'x',
        0, 0, 0, 2, 0, 1, 0, 2, 0, 3, 0, 4,
    ];
    assert_eq!(closed::encode(&shelf()), expected);
    assert_eq!(closed::decode(&expected), Ok(shelf()));
}

#[test]
fn a_closed_layout_cut_at_every_byte_is_cut() {
    let bytes = closed::encode(&shelf());
    for end in 0..bytes.len() {
        assert_eq!(closed::decode::<Shelf>(&bytes[..end]), Err(Error::Cut), "at {end}");
    }
}

#[test]
fn bytes_behind_a_closed_layout_are_refused() {
    let mut bytes = closed::encode(&shelf());
    bytes.extend([0; 3]);
    assert_eq!(closed::decode::<Shelf>(&bytes), Err(Error::LeftOver(3)));
}

#[test]
fn every_change_of_one_byte_gives_another_closed_value_or_an_error() {
    let bytes = closed::encode(&shelf());
    for_each_mutation(&bytes, |mutated| {
        if let Ok(value) = closed::decode::<Shelf>(mutated) {
            assert_eq!(closed::encode(&value), mutated, "a second spelling");
            assert_ne!(value, shelf());
        }
    });
}

proptest! {
    #[test]
    fn any_bytes_are_a_closed_value_in_its_one_spelling_or_an_error(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        points in 0u8..5,
    ) {
        let good = closed::encode(&shelf());
        for bytes in [bytes.clone(), [&good[..31], &[points], &bytes].concat()] {
            if let Ok(value) = closed::decode::<Shelf>(&bytes) {
                prop_assert_eq!(closed::encode(&value), bytes);
            }
        }
    }
}

#[test]
fn each_number_is_read_highest_byte_first_and_moves_on() {
    let bytes: Vec<u8> = (1..=15).collect();
    let mut input = Reader::new(&bytes);
    assert_eq!(input.u8(), Ok(0x01));
    assert_eq!(input.u16(), Ok(0x0203));
    assert_eq!(input.u32(), Ok(0x0405_0607));
    assert_eq!(input.u64(), Ok(0x0809_0a0b_0c0d_0e0f));
    assert_eq!(input.left(), 0);
    assert_eq!(input.finish(), Ok(()));
}

#[test]
fn a_number_that_is_cut_takes_nothing() {
    let mut input = Reader::new(&[1, 2, 3]);
    assert_eq!(input.u64(), Err(Error::Cut));
    assert_eq!(input.u32(), Err(Error::Cut));
    assert_eq!(input.array::<4>(), Err(Error::Cut));
    assert_eq!(input.take(4), Err(Error::Cut));
    assert_eq!(input.take(usize::MAX), Err(Error::Cut));
    assert_eq!(input.left(), 3);
    assert_eq!(input.take(2), Ok(&[1, 2][..]));
    assert_eq!(input.u16(), Err(Error::Cut));
    assert_eq!(input.array(), Ok([3]));
    assert_eq!(input.u8(), Err(Error::Cut));
    assert_eq!(input.take(0), Ok(&[][..]));
}

#[test]
fn what_is_left_over_is_counted() {
    let mut input = Reader::new(&[0; 5]);
    input.u8().unwrap();
    assert_eq!(input.finish(), Err(Error::LeftOver(4)));
}

#[test]
fn a_count_is_held_against_its_maximum_first() {
    let count = |announced: u32, rest: usize, max, each| {
        let bytes = [announced.to_be_bytes().to_vec(), vec![0; rest]].concat();
        Reader::new(&bytes).count("things", max, each)
    };
    let too_many = |max| Err(Error::TooLong { what: "things", max });
    assert_eq!(count(3, 12, 3, 4), Ok(3));
    assert_eq!(count(4, 16, 3, 4), too_many(3));
    assert_eq!(count(u32::MAX, 0, 3, 4), too_many(3));
    assert_eq!(count(0, 0, 0, 4), Ok(0));
    assert_eq!(count(1, 4, 0, 4), too_many(0));
}

#[test]
fn a_count_is_held_against_what_the_rest_can_hold() {
    let count = |announced: u32, rest: usize, each| {
        let bytes = [announced.to_be_bytes().to_vec(), vec![0; rest]].concat();
        Reader::new(&bytes).count("things", usize::MAX, each)
    };
    assert_eq!(count(3, 12, 4), Ok(3));
    assert_eq!(count(3, 13, 4), Ok(3));
    assert_eq!(count(3, 11, 4), Err(Error::Cut));
    assert_eq!(count(u32::MAX, 100, 1), Err(Error::Cut));
    assert_eq!(count(2, 100, usize::MAX), Err(Error::Cut));
    assert_eq!(Reader::new(&[0, 0, 1]).count("things", 9, 1), Err(Error::Cut));
}

#[test]
fn a_block_is_read_up_to_its_maximum() {
    let bytes = [0, 0, 0, 3, 7, 8, 9];
    assert_eq!(Reader::new(&bytes).block("a block", 3), Ok(&[7, 8, 9][..]));
    let too_long = Error::TooLong { what: "a block", max: 2 };
    assert_eq!(Reader::new(&bytes).block("a block", 2), Err(too_long));
    assert_eq!(Reader::new(&bytes[..6]).block("a block", 3), Err(Error::Cut));
    assert_eq!(Reader::new(&[0; 4]).block("a block", 0), Ok(&[][..]));
}

#[test]
fn a_writer_shows_what_it_wrote() {
    let mut out = Writer::default();
    out.u8(1).u16(2).u32(3).u64(4).raw(&[5]).count(6).block(&[7]).value(&Point { x: 8, y: 9 });
    let expected =
        [1, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 4, 5, 0, 0, 0, 6, 0, 0, 0, 1, 7, 0, 8, 0, 9];
    assert_eq!(out.as_bytes(), expected);
    assert_eq!(out.into_bytes(), expected);
}

#[test]
fn a_count_beyond_any_layout_is_one_that_every_reader_refuses() {
    for items in [usize::try_from(1u64 << 32).unwrap_or(usize::MAX), usize::MAX] {
        let mut out = Writer::default();
        out.count(items);
        let refused = Reader::new(out.as_bytes()).count("things", 1_000_000, 1);
        assert_eq!(refused, Err(Error::TooLong { what: "things", max: 1_000_000 }));
    }
}

fn shelf() -> Shelf {
    Shelf {
        flag: 0xfe,
        corner: Point { x: 0x0102, y: 0x0304 },
        id: *b"idid",
        number: 0x0506_0708,
        size: 0x1112_1314_1516_1718,
        name: b"box".to_vec(),
        points: vec![Point { x: 1, y: 2 }, Point { x: 3, y: 4 }],
    }
}
