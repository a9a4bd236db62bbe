//! Closed layouts: fixed big-endian fields, for whatever is signed or hashed.
//!
//! A value has exactly one spelling. There are no optional fields; what varies in length is a
//! block (a u32 length, then the bytes) or a counted list (a u32 count, then the items).
//!
//! ```
//! use waxwing::codec::{Closed, Error, Reader, Writer, closed};
//!
//! #[derive(Debug, PartialEq)]
//! struct Point {
//!     x: u32,
//!     y: u32,
//! }
//!
//! impl Closed for Point {
//!     fn write(&self, out: &mut Writer) {
//!         out.u32(self.x).u32(self.y);
//!     }
//!     fn read(input: &mut Reader<'_>) -> Result<Self, Error> {
//!         Ok(Self { x: input.u32()?, y: input.u32()? })
//!     }
//! }
//!
//! let bytes = closed::encode(&Point { x: 1, y: 2 });
//! assert_eq!(bytes, [0, 0, 0, 1, 0, 0, 0, 2]);
//! assert_eq!(closed::decode::<Point>(&bytes), Ok(Point { x: 1, y: 2 }));
//! assert_eq!(closed::decode::<Point>(&bytes[..7]), Err(Error::Cut));
//! ```

use super::Error;

/// A value with one fixed layout.
pub trait Closed: Sized {
    /// Appends the value's bytes.
    fn write(&self, out: &mut Writer);
    /// Reads the value; whatever is not exactly what [`Closed::write`] makes is an error.
    fn read(input: &mut Reader<'_>) -> Result<Self, Error>;
}

/// The value's bytes.
pub fn encode<T: Closed>(value: &T) -> Vec<u8> {
    let mut out = Writer::default();
    value.write(&mut out);
    out.into_bytes()
}

/// The value that `bytes` are, wholly.
pub fn decode<T: Closed>(bytes: &[u8]) -> Result<T, Error> {
    let mut input = Reader::new(bytes);
    let value = T::read(&mut input)?;
    input.finish()?;
    Ok(value)
}

/// Collects the fields of a layout.
#[derive(Debug, Default)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// Appends one byte.
    pub fn u8(&mut self, value: u8) -> &mut Self {
        self.raw(&[value])
    }

    /// Appends two bytes, the higher first.
    pub fn u16(&mut self, value: u16) -> &mut Self {
        self.raw(&value.to_be_bytes())
    }

    /// Appends four bytes, the highest first.
    pub fn u32(&mut self, value: u32) -> &mut Self {
        self.raw(&value.to_be_bytes())
    }

    /// Appends eight bytes, the highest first.
    pub fn u64(&mut self, value: u64) -> &mut Self {
        self.raw(&value.to_be_bytes())
    }

    /// Appends bytes whose number the layout fixes.
    pub fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// Appends a number of items, as [`Reader::count`] reads it.
    pub fn count(&mut self, items: usize) -> &mut Self {
        // No layout holds 2^32 items; were there ever so many, every reader would refuse the count.
        self.u32(u32::try_from(items).unwrap_or(u32::MAX))
    }

    /// Appends bytes behind their number.
    pub fn block(&mut self, bytes: &[u8]) -> &mut Self {
        self.count(bytes.len()).raw(bytes)
    }

    /// Appends another value's fields.
    pub fn value<T: Closed>(&mut self, value: &T) -> &mut Self {
        value.write(self);
        self
    }

    /// What was written so far.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// What was written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// Takes fields off the front of foreign bytes, and never reads past their end.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Starts at the first of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// How many bytes are left.
    pub fn left(&self) -> usize {
        self.rest.len()
    }

    /// The next `count` bytes.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(Error::Cut)?;
        self.rest = rest;
        Ok(taken)
    }

    /// The next `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or(Error::Cut)?;
        self.rest = rest;
        Ok(*taken)
    }

    /// One byte.
    pub fn u8(&mut self) -> Result<u8, Error> {
        self.array().map(u8::from_be_bytes)
    }

    /// Two bytes, the higher first.
    pub fn u16(&mut self) -> Result<u16, Error> {
        self.array().map(u16::from_be_bytes)
    }

    /// Four bytes, the highest first.
    pub fn u32(&mut self) -> Result<u32, Error> {
        self.array().map(u32::from_be_bytes)
    }

    /// Eight bytes, the highest first.
    pub fn u64(&mut self) -> Result<u64, Error> {
        self.array().map(u64::from_be_bytes)
    }

    /// A number of items, refused beyond `max` and beyond what the rest can hold when each item
    /// takes at least `each` bytes. Only after this may a caller reserve room for them.
    pub fn count(&mut self, what: &'static str, max: usize, each: usize) -> Result<usize, Error> {
        let count = usize::try_from(self.u32()?).unwrap_or(usize::MAX);
        if count > max {
            return Err(Error::TooLong { what, max });
        }
        match count.checked_mul(each) {
            Some(least) if least <= self.left() => Ok(count),
            _ => Err(Error::Cut),
        }
    }

    /// A block of at most `max` bytes.
    pub fn block(&mut self, what: &'static str, max: usize) -> Result<&'a [u8], Error> {
        let length = self.count(what, max, 1)?;
        self.take(length)
    }

    /// Ends reading; nothing may be left.
    pub fn finish(self) -> Result<(), Error> {
        match self.left() {
            0 => Ok(()),
            left => Err(Error::LeftOver(left)),
        }
    }

    /// The next `count` bytes, where `count` came from foreign bytes.
    pub(super) fn take_u64(&mut self, count: u64) -> Result<&'a [u8], Error> {
        self.take(usize::try_from(count).map_err(|_| Error::Cut)?)
    }

    /// `count`, if that many items of at least `each` bytes can still follow.
    pub(super) fn at_most_left(&self, count: u64, each: u64) -> Result<u64, Error> {
        match count.checked_mul(each) {
            Some(least) if usize::try_from(least).is_ok_and(|l| l <= self.left()) => Ok(count),
            _ => Err(Error::Cut),
        }
    }
}
