//! Lanes: connections beside the channel that carry chunks and nothing else.
//!
//! ```text
//! dialler → listener   "WAXLANE1"   lane id[16]   mac[32]        then chunks, or none
//! listener → dialler   mac[32]                                   then chunks, or none
//! ```
//!
//! Both MACs are keyed with the ticket, which only the channel carried. The first byte is never
//! that of a TLS connection, 0x16, so one port serves both.

use super::hello::Role;
use super::message::{Ask, numbered, open_messages};
use crate::codec::{self, Charge, Closed, List, Reader, Writer, closed, refuse};
use crate::crypto::{Tag, Ticket, random};
use crate::model::limits::LANES;
use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};

/// Asks for lanes for a stream. Only the side that dialled the channel asks, and dials them.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map)]
pub struct LanesAsk {
    /// The request.
    #[n(0)]
    pub id: u32,
    /// For which stream.
    #[n(1)]
    pub stream: u32,
    /// How many.
    #[n(2)]
    pub count: u8,
}

/// Lets lanes be dialled.
#[derive(Encode, Decode, Debug)]
#[cbor(map, context_bound = "Charge")]
pub struct LanesGrant {
    /// The request.
    #[n(0)]
    pub id: u32,
    /// What opens them. It never travels on a lane.
    #[cbor(n(1), with = "ticket")]
    pub ticket: Ticket,
    /// One for each that may be dialled; each opens once.
    #[n(2)]
    pub lanes: LaneIds,
}

open_messages!(LanesAsk, LanesGrant);
numbered!(LanesAsk, LanesGrant);

impl Ask for LanesAsk {
    type Answer = LanesGrant;
}

/// Names a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LaneId([u8; 16]);

impl LaneId {
    /// A fresh one.
    pub fn random() -> Self {
        Self(random())
    }

    /// The one with these bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// What the side with this role shows to open the lane.
    pub fn mac(&self, ticket: &Ticket, role: Role) -> Tag {
        ticket.mac(role.byte(), &self.0)
    }
}

/// Lanes that may be dialled: one to eight, no two alike.
#[derive(Encode, Debug, Clone, PartialEq, Eq)]
#[cbor(transparent)]
pub struct LaneIds(List<LaneId, LANES>);

impl LaneIds {
    /// These lanes.
    pub fn new(lanes: Vec<LaneId>) -> Result<Self, codec::Error> {
        Self::check(List::new(lanes)?)
    }

    /// The lanes.
    pub fn as_slice(&self) -> &[LaneId] {
        &self.0
    }

    fn check(lanes: List<LaneId, LANES>) -> Result<Self, codec::Error> {
        let mut rest: &[LaneId] = &lanes;
        if rest.is_empty() {
            return Err(codec::Error::Invalid("a grant of no lanes"));
        }
        while let Some((first, others)) = rest.split_first() {
            if others.contains(first) {
                return Err(codec::Error::Invalid("a lane is named twice"));
            }
            rest = others;
        }
        Ok(Self(lanes))
    }
}

/// What a dialler sends first on a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaneOpening {
    /// Which lane it is.
    pub lane: LaneId,
    /// The dialler's MAC.
    pub mac: Tag,
}

impl LaneOpening {
    /// How many bytes an opening has.
    pub const BYTES: usize = 56;
    /// How many bytes the listener answers with: its MAC.
    pub const ANSWER_BYTES: usize = 32;
    /// With what it begins.
    pub const MAGIC: [u8; 8] = *b"WAXLANE1";

    /// Opens a lane.
    pub fn new(lane: LaneId, ticket: &Ticket) -> Self {
        Self { lane, mac: lane.mac(ticket, Role::Dialler) }
    }

    /// The opening's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        closed::encode(self)
    }

    /// Reads an opening; nothing of it is believed before [`LaneOpening::verify`].
    pub fn parse(bytes: &[u8]) -> Result<Self, codec::Error> {
        closed::decode(bytes)
    }

    /// The listener's answer, if the dialler knows the ticket. Compares in constant time.
    pub fn verify(&self, ticket: &Ticket) -> Option<Tag> {
        let expected = self.lane.mac(ticket, Role::Dialler);
        (self.mac == expected).then(|| self.lane.mac(ticket, Role::Listener))
    }
}

impl Closed for LaneOpening {
    fn write(&self, out: &mut Writer) {
        out.raw(&Self::MAGIC).raw(&self.lane.0).raw(self.mac.as_bytes());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, codec::Error> {
        if input.array()? != Self::MAGIC {
            return Err(codec::Error::Invalid("not the opening of a lane"));
        }
        Ok(Self { lane: LaneId(input.array()?), mac: Tag::from_bytes(input.array()?) })
    }
}

impl<C> Encode<C> for LaneId {
    fn encode<W: encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.bytes(&self.0)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for LaneId {
    fn decode(d: &mut Decoder<'b>, ctx: &mut C) -> Result<Self, decode::Error> {
        minicbor::bytes::decode(d, ctx).map(Self)
    }
}

impl<'b, C: Charge> Decode<'b, C> for LaneIds {
    fn decode(d: &mut Decoder<'b>, ctx: &mut C) -> Result<Self, decode::Error> {
        let lanes = List::decode(d, ctx)?;
        Self::check(lanes).map_err(|reason| refuse(ctx, reason))
    }
}

/// A ticket in a message.
mod ticket {
    use crate::crypto::Ticket;
    use minicbor::encode::Write;
    use minicbor::{Decoder, Encoder};

    pub(super) fn encode<C, W: Write>(
        ticket: &Ticket,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(ticket.expose())?.ok()
    }

    pub(super) fn decode<C>(
        d: &mut Decoder<'_>,
        ctx: &mut C,
    ) -> Result<Ticket, minicbor::decode::Error> {
        let mut bytes: [u8; 32] = minicbor::bytes::decode(d, ctx)?;
        Ok(Ticket::take_from(&mut bytes))
    }
}
