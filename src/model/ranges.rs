//! Which parts of a file are meant.

use super::Error;
use super::limits::{ENTRY_RANGES, LEAF_BYTES};

/// The bytes of a file from `start` up to, and without, `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByteRange {
    /// The first byte.
    pub start: u64,
    /// One behind the last byte.
    pub end: u64,
}

impl ByteRange {
    /// How many bytes it has.
    pub fn length(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }
}

/// Parts of one file: ascending, apart from each other, each of at least a byte, beginning at a
/// multiple of 1 MiB and ending at one or at the file's end. No parts at all are possible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranges(Parts);

/// Of most files it is one part: of very many, it lies in no place of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Parts {
    One(ByteRange),
    /// None, or several.
    Others(Box<[ByteRange]>),
}

impl Ranges {
    /// All of a file of this size.
    pub fn whole(size: u64) -> Self {
        match size {
            0 => Self::none(),
            end => Self(Parts::One(ByteRange { start: 0, end })),
        }
    }

    /// Nothing of a file.
    pub fn none() -> Self {
        Self(Parts::Others(Box::default()))
    }

    /// These parts of a file of this size.
    pub fn new(size: u64, ranges: Vec<ByteRange>) -> Result<Self, Error> {
        if ranges.len() > ENTRY_RANGES {
            return Err(Error::Ranges("are at most 4096"));
        }
        let mut behind = None;
        for range in &ranges {
            if range.start >= range.end || range.end > size {
                return Err(Error::Ranges("have at least a byte and end within the file"));
            }
            if !on_border(range.start) || !on_border(range.end) && range.end != size {
                return Err(Error::Ranges("begin and end at multiples of 1 MiB"));
            }
            if behind.is_some_and(|behind| range.start <= behind) {
                return Err(Error::Ranges("are ascending, with a gap between them"));
            }
            behind = Some(range.end);
        }
        Ok(Self(match ranges[..] {
            [one] => Parts::One(one),
            _ => Parts::Others(ranges.into()),
        }))
    }

    /// The parts, in order.
    pub fn as_slice(&self) -> &[ByteRange] {
        match &self.0 {
            Parts::One(one) => std::slice::from_ref(one),
            Parts::Others(others) => others,
        }
    }

    /// How many bytes they have together.
    pub fn length(&self) -> u64 {
        self.as_slice().iter().map(ByteRange::length).fold(0, u64::saturating_add)
    }

    /// Whether a file of this size can have them.
    pub fn fit(&self, size: u64) -> bool {
        let ends = |range: &ByteRange| range.end <= size && on_border(range.end);
        self.as_slice().last().is_none_or(|last| ends(last) || last.end == size)
    }

    /// Whether they are all of a file of this size.
    pub fn is_whole(&self, size: u64) -> bool {
        self.length() == size
    }
}

fn on_border(offset: u64) -> bool {
    offset.is_multiple_of(LEAF_BYTES as u64)
}
