//! A single pass over CBOR, before any of it is decoded.
//!
//! It allocates nothing and proves what the decoder then relies on: one item, complete, nothing
//! behind it, definite lengths that the bytes can hold, a bounded depth, fields numbered in
//! ascending order (so a field cannot be there twice), and only integers, byte strings, UTF-8
//! texts, arrays, maps, booleans and null.

use super::Error;
use super::closed::Reader;

/// How deep a message may nest.
const MAX_DEPTH: usize = 16;

/// Proves that `bytes` hold exactly one well-formed item.
pub(super) fn check(bytes: &[u8]) -> Result<(), Error> {
    let mut input = Reader::new(bytes);
    let mut open = Levels::default();
    loop {
        open.before_item(&input)?;
        if let Some(inner) = item(&mut input)? {
            open.enter(inner)?;
        }
        open.leave_finished();
        if open.is_empty() {
            return input.finish();
        }
    }
}

/// Passes one item; arrays and maps are entered, not passed.
fn item(input: &mut Reader<'_>) -> Result<Option<Level>, Error> {
    let (major, value) = head(input)?;
    match major {
        UNSIGNED | NEGATIVE => Ok(None),
        BYTES => input.take_u64(value).map(|_| None),
        TEXT => match std::str::from_utf8(input.take_u64(value)?) {
            Ok(_) => Ok(None),
            Err(_) => Err(Error::Invalid("a text is not UTF-8")),
        },
        ARRAY => Ok(Some(Level::array(input.at_most_left(value, 1)?))),
        MAP => Ok(Some(Level::map(input.at_most_left(value, 2)?))),
        SIMPLE if (FALSE..=NULL).contains(&value) => Ok(None),
        _ => Err(Error::ForeignItem),
    }
}

/// Reads an item's first bytes: its major type and its number.
fn head(input: &mut Reader<'_>) -> Result<(u8, u64), Error> {
    let first = input.u8()?;
    let (major, info) = (first >> 5, first & 0x1f);
    let value = match info {
        0..=23 => u64::from(info),
        _ if major == SIMPLE => return Err(Error::ForeignItem),
        24 => u64::from(input.u8()?),
        25 => u64::from(input.u16()?),
        26 => u64::from(input.u32()?),
        27 => input.u64()?,
        31 => return Err(Error::Indefinite),
        _ => return Err(Error::Invalid("a reserved length form")),
    };
    Ok((major, value))
}

/// An array or a map that has been entered.
#[derive(Clone, Copy, Default)]
struct Level {
    items_left: u64,
    is_map: bool,
    last_key: Option<u64>,
}

impl Level {
    fn array(items: u64) -> Self {
        Self { items_left: items, is_map: false, last_key: None }
    }

    fn map(pairs: u64) -> Self {
        Self { items_left: pairs.saturating_mul(2), is_map: true, last_key: None }
    }

    /// In a map, the next item is a key when an even number of items is left.
    fn expects_key(&self) -> bool {
        self.is_map && self.items_left.is_multiple_of(2)
    }

    fn accept_key(&mut self, input: &Reader<'_>) -> Result<(), Error> {
        match head(&mut input.clone())? {
            (UNSIGNED, key) if self.last_key.is_none_or(|last| last < key) => {
                self.last_key = Some(key);
                Ok(())
            }
            _ => Err(Error::KeyOrder),
        }
    }
}

/// The arrays and maps that are open, innermost last.
#[derive(Default)]
struct Levels {
    stack: [Level; MAX_DEPTH],
    depth: usize,
}

impl Levels {
    fn is_empty(&self) -> bool {
        self.depth == 0
    }

    fn innermost(&mut self) -> Option<&mut Level> {
        self.stack.get_mut(self.depth.checked_sub(1)?)
    }

    fn before_item(&mut self, input: &Reader<'_>) -> Result<(), Error> {
        if let Some(level) = self.innermost() {
            if level.expects_key() {
                level.accept_key(input)?;
            }
            level.items_left = level.items_left.saturating_sub(1);
        }
        Ok(())
    }

    fn enter(&mut self, level: Level) -> Result<(), Error> {
        *self.stack.get_mut(self.depth).ok_or(Error::TooDeep)? = level;
        self.depth = self.depth.saturating_add(1);
        Ok(())
    }

    fn leave_finished(&mut self) {
        while self.innermost().is_some_and(|level| level.items_left == 0) {
            self.depth = self.depth.saturating_sub(1);
        }
    }
}

const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const SIMPLE: u8 = 7;
const FALSE: u64 = 20;
const NULL: u64 = 22;
