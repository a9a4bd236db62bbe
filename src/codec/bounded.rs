//! The texts, byte strings and lists of open messages: each knows its maximum, and lists pay for
//! the memory that they take.

use super::Error;
use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};
use std::ops::Deref;

/// What decoding one message may still allocate for lists.
///
/// Texts and byte strings need no budget: their bytes stand in the message, so all of them together
/// are no longer than it. A list's items may be far smaller in the message than in memory.
#[derive(Debug)]
pub struct Budget {
    left: usize,
    refusal: Option<Error>,
}

impl Budget {
    pub(super) fn for_message(length: usize) -> Self {
        Self { left: length.saturating_mul(3).saturating_add(SLACK), refusal: None }
    }

    /// Why decoding stopped, if a maximum or the budget was the reason.
    pub(super) fn refusal(&self) -> Option<Error> {
        self.refusal
    }
}

/// A decoding context that counts what is allocated.
pub trait Charge {
    /// Takes `bytes` off what may still be allocated.
    fn charge(&mut self, bytes: usize) -> Result<(), Error>;
    /// Keeps the reason of a refusal for whoever asked for the decoding.
    fn refuse(&mut self, reason: Error);
}

impl Charge for Budget {
    fn charge(&mut self, bytes: usize) -> Result<(), Error> {
        self.left = self.left.checked_sub(bytes).ok_or(Error::OverBudget)?;
        Ok(())
    }

    fn refuse(&mut self, reason: Error) {
        self.refusal = Some(reason);
    }
}

/// A list of at most `MAX` items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<T, const MAX: usize>(Vec<T>);

impl<T, const MAX: usize> List<T, MAX> {
    /// The list of `items`, if they are few enough.
    pub fn new(items: Vec<T>) -> Result<Self, Error> {
        at_most("a list", items.len(), MAX).map(|()| Self(items))
    }

    /// The items.
    pub fn into_inner(self) -> Vec<T> {
        self.0
    }
}

impl<T, const MAX: usize> Default for List<T, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T, const MAX: usize> Deref for List<T, MAX> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<C, T: Encode<C>, const MAX: usize> Encode<C> for List<T, MAX> {
    fn encode<W: encode::Write>(
        &self,
        e: &mut Encoder<W>,
        ctx: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        self.0.encode(e, ctx)
    }
}

impl<'b, C: Charge, T: Decode<'b, C>, const MAX: usize> Decode<'b, C> for List<T, MAX> {
    fn decode(d: &mut Decoder<'b>, ctx: &mut C) -> Result<Self, decode::Error> {
        let declared = d.array()?.unwrap_or(u64::MAX);
        let count = usize::try_from(declared).unwrap_or(usize::MAX);
        let room = count.saturating_mul(size_of::<T>());
        at_most("a list", count, MAX)
            .and_then(|()| ctx.charge(room))
            .map_err(|reason| refuse(ctx, reason))?;
        let mut items = Vec::with_capacity(count);
        for _ in 0..count {
            items.push(d.decode_with(ctx)?);
        }
        Ok(Self(items))
    }
}

/// A text of at most `MAX` bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> Text<MAX> {
    /// The text, if it is short enough.
    pub fn new(text: impl Into<String>) -> Result<Self, Error> {
        let text = text.into();
        at_most("a text", text.len(), MAX).map(|()| Self(text))
    }

    /// The text as a string.
    pub fn into_inner(self) -> String {
        self.0
    }
}

impl<const MAX: usize> Deref for Text<MAX> {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl<C, const MAX: usize> Encode<C> for Text<MAX> {
    fn encode<W: encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.str(&self.0)?.ok()
    }
}

impl<'b, C: Charge, const MAX: usize> Decode<'b, C> for Text<MAX> {
    fn decode(d: &mut Decoder<'b>, ctx: &mut C) -> Result<Self, decode::Error> {
        let text = d.str()?;
        at_most("a text", text.len(), MAX).map_err(|reason| refuse(ctx, reason))?;
        Ok(Self(text.to_owned()))
    }
}

/// A byte string of at most `MAX` bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Blob<const MAX: usize>(Vec<u8>);

impl<const MAX: usize> Blob<MAX> {
    /// The bytes, if they are few enough.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, Error> {
        let bytes = bytes.into();
        at_most("a byte string", bytes.len(), MAX).map(|()| Self(bytes))
    }

    /// The bytes.
    pub fn into_inner(self) -> Vec<u8> {
        self.0
    }
}

impl<const MAX: usize> Deref for Blob<MAX> {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl<C, const MAX: usize> Encode<C> for Blob<MAX> {
    fn encode<W: encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.bytes(&self.0)?.ok()
    }
}

impl<'b, C: Charge, const MAX: usize> Decode<'b, C> for Blob<MAX> {
    fn decode(d: &mut Decoder<'b>, ctx: &mut C) -> Result<Self, decode::Error> {
        let bytes = d.bytes()?;
        at_most("a byte string", bytes.len(), MAX).map_err(|reason| refuse(ctx, reason))?;
        Ok(Self(bytes.to_owned()))
    }
}

fn at_most(what: &'static str, length: usize, max: usize) -> Result<(), Error> {
    if length > max { Err(Error::TooLong { what, max }) } else { Ok(()) }
}

/// The error to end decoding with. minicbor's has no room for ours, so the context keeps it.
pub fn refuse<C: Charge>(ctx: &mut C, reason: Error) -> decode::Error {
    ctx.refuse(reason);
    decode::Error::message("refused")
}

/// What the lists of even the smallest message may take.
const SLACK: usize = 60 * 1024;
