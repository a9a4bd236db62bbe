//! Records: the sender's signatures over the ciphertext, a segment at a time, each bound to the one
//! before.

use super::{MODULUS_BYTES, Refusal};
use crate::codec::{self, Closed, Reader, Writer, closed};
use crate::crypto::{
    Error, Label, Signed, SigningKey, Statement, Tag, UnixTime, VerifyingKey, sha256,
};
use crate::model::limits::SEGMENT_CHUNKS;
use std::ops::Range;
use std::sync::Arc;

/// What every record says of its segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) header_hash: [u8; 32],
    pub(super) previous: [u8; 32],
    pub(super) number: u32,
    pub(super) first: u32,
    pub(super) count: u16,
    pub(super) tags: [u8; 32],
}

impl Segment {
    /// The chunk behind its last one.
    pub(super) fn end(&self) -> u32 {
        self.first.saturating_add(u32::from(self.count))
    }

    fn write_as(&self, kind: u8, out: &mut Writer) {
        out.u8(kind).raw(&self.header_hash).raw(&self.previous).u32(self.number);
        out.u32(self.first).u16(self.count).raw(&self.tags);
    }

    fn read_as(kind: u8, input: &mut Reader<'_>) -> Result<Self, codec::Error> {
        if input.u8()? != kind {
            return Err(codec::Error::Invalid("a record of another kind"));
        }
        let segment = Self {
            header_hash: input.array()?,
            previous: input.array()?,
            number: input.u32()?,
            first: input.u32()?,
            count: input.u16()?,
            tags: input.array()?,
        };
        match u32::from(segment.count) {
            1..=SEGMENT_CHUNKS => Ok(segment),
            _ => Err(codec::Error::Invalid("a segment of no or too many chunks")),
        }
    }
}

/// The record of a segment that others follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentRecord(pub(super) Segment);

/// The record of the last segment, which makes the stream whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinalRecord {
    pub(super) segment: Segment,
    pub(super) root: [u8; 32],
}

impl Closed for SegmentRecord {
    fn write(&self, out: &mut Writer) {
        self.0.write_as(SEGMENT, out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, codec::Error> {
        Segment::read_as(SEGMENT, input).map(Self)
    }
}

impl Closed for FinalRecord {
    fn write(&self, out: &mut Writer) {
        self.segment.write_as(FINAL, out);
        out.raw(&self.root);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, codec::Error> {
        Ok(Self { segment: Segment::read_as(FINAL, input)?, root: input.array()? })
    }
}

impl Statement for SegmentRecord {
    const LABEL: Label = Label::SegmentRecord;

    /// Whether it follows is for the chain to say, which knows what came before.
    fn holds(&self, _: &VerifyingKey, _: UnixTime) -> Result<(), Error> {
        Ok(())
    }
}

impl Statement for FinalRecord {
    const LABEL: Label = Label::FinalRecord;

    /// Whether it follows is for the chain to say, which knows what came before.
    fn holds(&self, _: &VerifyingKey, _: UnixTime) -> Result<(), Error> {
        Ok(())
    }
}

/// A record as it travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// Of a segment that others follow.
    Segment(Signed<SegmentRecord>),
    /// Of the last segment.
    Final(Signed<FinalRecord>),
}

/// A record whose signature was checked.
pub(super) struct CheckedRecord {
    pub(super) segment: Segment,
    pub(super) root: Option<[u8; 32]>,
    pub(super) hash: [u8; 32],
}

impl Record {
    /// Checks shape and signature.
    pub(super) fn check(&self, sender: &VerifyingKey) -> Result<CheckedRecord, Refusal> {
        let (segment, root, body) = match self {
            Self::Segment(signed) => (verify(signed, sender)?.0, None, signed.body()),
            Self::Final(signed) => {
                let record = verify(signed, sender)?;
                (record.segment, Some(record.root), signed.body())
            }
        };
        Ok(CheckedRecord { segment, root, hash: record_hash(body) })
    }
}

/// Checks the shape, which costs nothing, before the signature. Records say nothing of today, so
/// any time will do.
fn verify<T: Statement>(signed: &Signed<T>, sender: &VerifyingKey) -> Result<T, Refusal> {
    let is_signature = MODULUS_BYTES.contains(&signed.signature().as_bytes().len());
    if !is_signature || closed::decode::<T>(signed.body()).is_err() {
        return Err(Refusal::RecordShape);
    }
    let verified = signed.verify(sender, UnixTime(0)).map_err(|_| Refusal::RecordSignature)?;
    Ok(verified.into_inner())
}

pub(super) fn record_hash(body: &[u8]) -> [u8; 32] {
    sha256(Label::RecordHash, &[body])
}

/// The hash over a segment's tags.
pub(super) fn tags_hash<'a>(tags: impl Iterator<Item = &'a Tag>) -> [u8; 32] {
    let all: Vec<u8> = tags.flat_map(|tag| *tag.as_bytes()).collect();
    sha256(Label::ChunkTags, &[&all])
}

/// Where a chain of records stands: what the next one must say.
#[derive(Debug, Clone)]
pub(super) struct Chain {
    header_hash: [u8; 32],
    previous: [u8; 32],
    number: u32,
    first: u32,
}

impl Chain {
    pub(super) fn new(header_hash: [u8; 32]) -> Self {
        Self { header_hash, previous: [0; 32], number: 0, first: 0 }
    }

    /// The first chunk that no record covers yet.
    pub(super) fn covered(&self) -> u32 {
        self.first
    }

    /// The segment that follows, if it has so many chunks with these tags.
    pub(super) fn next(&self, count: u16, tags: [u8; 32]) -> Segment {
        Segment {
            header_hash: self.header_hash,
            previous: self.previous,
            number: self.number,
            first: self.first,
            count,
            tags,
        }
    }

    /// Whether a record says just what the next one must say, of whatever tags.
    pub(super) fn is_followed_by(&self, segment: &Segment) -> bool {
        *segment == self.next(segment.count, segment.tags)
    }

    /// Goes on behind a record.
    pub(super) fn advance(&mut self, segment: &Segment, hash: [u8; 32]) {
        self.previous = hash;
        self.number = self.number.saturating_add(1);
        self.first = segment.end();
    }
}

/// A record that is made and has its place in the chain, but no signature: signing takes long, and
/// the chain does not wait for it. Records must be sent in the order in which they were made.
#[derive(Debug)]
pub struct UnsignedRecord {
    segment: Segment,
    root: Option<[u8; 32]>,
    key: Arc<SigningKey>,
}

impl UnsignedRecord {
    /// Makes the record of the chain's next segment, and lets the chain go on behind it.
    pub(super) fn new(
        chain: &mut Chain,
        segment: Segment,
        root: Option<[u8; 32]>,
        key: Arc<SigningKey>,
    ) -> Self {
        let body = match root {
            Some(root) => closed::encode(&FinalRecord { segment: segment.clone(), root }),
            None => closed::encode(&SegmentRecord(segment.clone())),
        };
        chain.advance(&segment, record_hash(&body));
        Self { segment, root, key }
    }

    /// The number of the segment.
    pub fn segment(&self) -> u32 {
        self.segment.number
    }

    /// The chunks that it covers.
    pub fn chunks(&self) -> Range<u32> {
        self.segment.first..self.segment.end()
    }

    /// Signs it.
    pub fn sign(self) -> Result<Record, Error> {
        let Self { segment, root, key } = self;
        Ok(match root {
            Some(root) => Record::Final(Signed::sign(&FinalRecord { segment, root }, &key)?),
            None => Record::Segment(Signed::sign(&SegmentRecord(segment), &key)?),
        })
    }
}

const SEGMENT: u8 = 1;
const FINAL: u8 = 2;
