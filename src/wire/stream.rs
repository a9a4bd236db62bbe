//! Messages of streams. A stream is named by the id of the request that began it.
//!
//! ```text
//! sender                                   receiver
//!   SendAsk ─────────────────────────────▶
//!          ◀───────────────────────────── SendGrant: a challenge
//!   StreamHeader, manifest chunks, record ▶
//!          ◀───────────────────────────── SegmentVerified 0, then StreamAccept; or StreamAgain, and
//!                                         the header comes again
//!   StreamChunk ..., StreamRecord ... ───▶   (or chunks on lanes)
//!          ◀───────────────────────────── SegmentVerified ..., ChunksMissing ...
//!          ◀───────────────────────────── StreamDelivered
//! ```

use super::code::{Code, Explanation};
use super::get::PartSaid;
use super::kind::Kind;
use super::message::{Ask, Message, checked_messages, numbered, open_messages};
use super::runs::{Landed, MissingChunks};
use crate::codec::{self, Blob, Charge, Closed, List, Reader, Writer, closed};
use crate::crypto::Signed;
use crate::model::limits::{AGAIN_ENTRIES, DELIVERY_BYTES, ENTRY_RANGES, HEADER_BYTES};
use crate::seal::{CHUNK_BYTES, ChunkHead, Delivery, Record};
use bytes::Bytes;
use minicbor::{Decode, Encode};

/// Asks to send a stream, and says how much it carries.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map)]
pub struct SendAsk {
    /// The request, and from then on the stream.
    #[n(0)]
    pub id: u32,
    /// How many entries.
    #[n(1)]
    pub entries: u32,
    /// How many bytes of data.
    #[n(2)]
    pub data_length: u64,
}

/// Lets a stream be announced.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map)]
pub struct SendGrant {
    /// The request.
    #[n(0)]
    pub id: u32,
    /// What the header's context must hold: random, and used once.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub challenge: [u8; 32],
}

/// Announces a stream.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct StreamHeader {
    /// The stream.
    #[n(0)]
    pub stream: u32,
    /// The header's bytes.
    #[n(1)]
    pub header: Blob<HEADER_BYTES>,
}

/// Lets the data come.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map)]
pub struct StreamAccept {
    /// The stream.
    #[n(0)]
    pub stream: u32,
}

/// Has the stream begin again, with a secret of its own: of some entries, only parts are missing.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct StreamAgain {
    /// The stream.
    #[n(0)]
    pub stream: u32,
    /// What the new header's context must hold: random, and used once.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub challenge: [u8; 32],
    /// The entries of which something is here, in the order of their numbers; the others come whole.
    #[n(2)]
    pub begun: List<BegunSaid, AGAIN_ENTRIES>,
}

/// An entry of which something is here.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct BegunSaid {
    /// Its number.
    #[n(0)]
    pub entry: u32,
    /// What is missing of it.
    #[n(1)]
    pub parts: List<PartSaid, ENTRY_RANGES>,
}

impl StreamAgain {
    fn hangs_together(&self) -> bool {
        self.begun.is_sorted_by(|one, other| one.entry < other.entry)
    }
}

/// That a segment verified.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map)]
pub struct SegmentVerified {
    /// The stream.
    #[n(0)]
    pub stream: u32,
    /// The segment's number.
    #[n(1)]
    pub segment: u32,
}

/// Chunks that a record covers and that did not come.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct ChunksMissing {
    /// The stream.
    #[n(0)]
    pub stream: u32,
    /// Which.
    #[n(1)]
    pub chunks: MissingChunks,
}

/// That files are durable.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct StreamDelivered {
    /// The stream.
    #[n(0)]
    pub stream: u32,
    #[n(1)]
    delivery: Blob<DELIVERY_BYTES>,
    /// The entries that the delivery counts.
    #[n(2)]
    pub landed: Landed,
}

impl StreamDelivered {
    /// Tells of a delivery and of the entries that it counts.
    pub fn new(
        stream: u32,
        delivery: &Signed<Delivery>,
        landed: Landed,
    ) -> Result<Self, codec::Error> {
        Ok(Self { stream, delivery: Blob::new(closed::encode(delivery))?, landed })
    }

    /// The delivery, which nobody has verified yet.
    pub fn delivery(&self) -> Result<Signed<Delivery>, codec::Error> {
        closed::decode(&self.delivery)
    }
}

/// That a stream ends here, for both sides.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct StreamEnd {
    /// The stream.
    #[n(0)]
    pub stream: u32,
    /// Why.
    #[n(1)]
    pub code: Code,
    /// The same in words.
    #[n(2)]
    pub text: Explanation,
}

open_messages!(
    SendAsk,
    SendGrant,
    StreamHeader,
    StreamAccept,
    SegmentVerified,
    ChunksMissing,
    StreamDelivered,
    StreamEnd
);
checked_messages!(StreamAgain);
numbered!(SendAsk, SendGrant);

impl Ask for SendAsk {
    type Answer = SendGrant;
}

/// A chunk on the channel: stream u32, head, ciphertext.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamChunk {
    stream: u32,
    head: ChunkHead,
    ciphertext: Bytes,
}

impl StreamChunk {
    /// A chunk, if the ciphertext is as long as its head says, and as a chunk may be.
    pub fn new(stream: u32, head: ChunkHead, ciphertext: Bytes) -> Result<Self, codec::Error> {
        let is_told = usize::try_from(head.length) == Ok(ciphertext.len());
        if !is_told || ciphertext.len() > CHUNK_BYTES {
            return Err(codec::Error::Invalid("a chunk of another length than its head says"));
        }
        Ok(Self { stream, head, ciphertext })
    }

    /// The stream.
    pub fn stream(&self) -> u32 {
        self.stream
    }

    /// What stands before the ciphertext.
    pub fn head(&self) -> ChunkHead {
        self.head
    }

    /// The ciphertext, whose tag nobody has verified yet.
    pub fn into_ciphertext(self) -> Bytes {
        self.ciphertext
    }
}

impl Message for StreamChunk {
    const KIND: Kind = Kind::StreamChunk;

    fn write(&self, out: &mut Vec<u8>) {
        let mut head = Writer::default();
        head.u32(self.stream).value(&self.head);
        out.reserve(CHUNK_AT.saturating_add(self.ciphertext.len()));
        out.extend_from_slice(head.as_bytes());
        out.extend_from_slice(&self.ciphertext);
    }

    fn decode(body: &Bytes) -> Result<Self, codec::Error> {
        let mut input = Reader::new(body);
        let (stream, head) = (input.u32()?, ChunkHead::read(&mut input)?);
        Self::new(stream, head, body.slice(CHUNK_AT..))
    }
}

/// A record: stream u32, item u8, body block, signature block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamRecord {
    /// The stream.
    pub stream: u32,
    /// The record, which nobody has verified yet.
    pub record: Record,
}

impl Message for StreamRecord {
    const KIND: Kind = Kind::StreamRecord;

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&closed::encode(self));
    }

    fn decode(body: &Bytes) -> Result<Self, codec::Error> {
        closed::decode(body)
    }
}

impl Closed for StreamRecord {
    fn write(&self, out: &mut Writer) {
        out.u32(self.stream);
        match &self.record {
            Record::Segment(signed) => out.u8(SEGMENT).value(signed),
            Record::Final(signed) => out.u8(FINAL).value(signed),
        };
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, codec::Error> {
        let stream = input.u32()?;
        let record = match input.u8()? {
            SEGMENT => Record::Segment(Signed::read(input)?),
            FINAL => Record::Final(Signed::read(input)?),
            _ => return Err(codec::Error::Invalid("an item that is no record")),
        };
        Ok(Self { stream, record })
    }
}

/// The items of a stream in one piece: a record's is the same here.
const SEGMENT: u8 = 2;
const FINAL: u8 = 3;
const CHUNK_AT: usize = 4 + ChunkHead::BYTES;
