//! Who is there: presence, the list of people, and the news of both.

use super::account::Done;
use super::asks;
use super::nouns::{Named, fingerprint};
use crate::codec::{Charge, List, Text};
use crate::crypto::Fingerprint;
use crate::model::limits::{CONTACT_BYTES, PEOPLE_PAGE, PERSON_ADDRESSES};
use crate::model::{Error, PeerAddress};
use crate::wire::message::{numbered, open_messages};
use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};
use std::net::{IpAddr, SocketAddr};

/// Says that one is online. Repeated before the time that was granted is over.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map)]
pub struct Online {
    /// The request.
    #[n(0)]
    pub id: u32,
    /// The port at which one listens, from 1024 on; none when one cannot be dialled.
    #[n(1)]
    pub port: Option<u16>,
}

/// That one counts as online.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map)]
pub struct OnlineGrant {
    /// The request.
    #[n(0)]
    pub id: u32,
    /// For how many seconds from now.
    #[n(1)]
    pub lifetime: u32,
    /// Where others are told to dial; none without a port.
    #[n(2)]
    pub seen: Option<SeenAddress>,
    /// Whether the index is reached from other machines, too: then others may dial from there whoever
    /// is on the index's own machine.
    #[n(3)]
    pub wide: Option<bool>,
}

/// Where a person can be dialled: the address from which the index saw them, and the port that they
/// told.
///
/// No address stands for the index's own machine: whoever reads it takes the address at which it
/// reached the index.
#[derive(Encode, Decode, Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cbor(map)]
pub struct SeenAddress {
    #[n(0)]
    ip: Option<IpBytes>,
    #[n(1)]
    port: u16,
}

impl SeenAddress {
    /// What others are told of a peer at this address.
    pub fn of(address: PeerAddress) -> Self {
        let (at, is_elsewhere) = (address.socket_addr(), !address.is_loopback());
        Self { ip: is_elsewhere.then(|| IpBytes(at.ip().to_canonical())), port: at.port() }
    }

    /// Where to dial, for somebody who reached the index at `index`. No index may point people at
    /// their own machine.
    pub fn resolve(&self, index: IpAddr) -> Result<PeerAddress, Error> {
        let given = self.ip.map(|IpBytes(ip)| ip);
        let address = PeerAddress::new(SocketAddr::new(given.unwrap_or(index), self.port))?;
        if given.is_some() && address.is_loopback() {
            let text = address.to_string();
            return Err(Error::Address { text, reason: "it is on the machine of who reads it" });
        }
        Ok(address)
    }
}

/// Asks for people: a page of all, or one.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct PeopleAsk {
    /// The request.
    #[n(0)]
    pub id: u32,
    /// Those whose names come after this one; the first ones when there is none.
    #[n(1)]
    pub after: Option<Named>,
    /// This one alone.
    #[n(2)]
    pub only: Option<Named>,
}

/// People, by name.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct People {
    /// The request.
    #[n(0)]
    pub id: u32,
    /// The people.
    #[n(1)]
    pub people: List<PersonSeen, PEOPLE_PAGE>,
    /// Whether there are more after the last one.
    #[n(2)]
    pub more: bool,
}

/// A person, as an index shows them to others.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct PersonSeen {
    /// The name.
    #[n(0)]
    pub user: Named,
    /// The identity, by the index's word alone; the key directory says more.
    #[cbor(n(1), with = "fingerprint")]
    pub identity: Fingerprint,
    /// Whether they are online.
    #[n(2)]
    pub online: bool,
    /// Where they can be dialled.
    #[n(3)]
    pub addresses: List<SeenAddress, PERSON_ADDRESSES>,
    /// When they were last online, in seconds since 1970; exact to some minutes.
    #[n(4)]
    pub last_online: Option<u64>,
    /// Their contact line.
    #[n(5)]
    pub contact: Option<Text<CONTACT_BYTES>>,
}

impl PersonSeen {
    /// The person takes no more bytes than this.
    pub fn most_bytes(&self) -> usize {
        let addresses = self.addresses.len().saturating_mul(32);
        let contact = self.contact.as_ref().map_or(0, |contact| contact.len());
        addresses.saturating_add(contact).saturating_add(120)
    }
}

/// Asks to be told of changes among the people, or not any more.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map)]
pub struct Watch {
    /// The request.
    #[n(0)]
    pub id: u32,
    /// Whether to be told.
    #[n(1)]
    pub on: bool,
}

/// Asks that a person is told that one wants to reach them.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct Reach {
    /// The request.
    #[n(0)]
    pub id: u32,
    /// Whom.
    #[n(1)]
    pub user: Named,
}

/// What changed. The next news come when these were answered.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct News {
    /// The request.
    #[n(0)]
    pub id: u32,
    /// People as they are now.
    #[n(1)]
    pub people: List<PersonSeen, PEOPLE_PAGE>,
    /// People who want to reach one.
    #[n(2)]
    pub wanted_by: List<PersonSeen, PEOPLE_PAGE>,
    /// Whether more changed than the index kept: then all of them are to be asked for.
    #[n(3)]
    pub missed: bool,
}

/// That the news were taken.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map)]
pub struct Noted {
    /// The request.
    #[n(0)]
    pub id: u32,
}

/// An address of 4 or 16 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct IpBytes(IpAddr);

impl<C> Encode<C> for IpBytes {
    fn encode<W: encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        match self.0 {
            IpAddr::V4(ip) => e.bytes(&ip.octets())?.ok(),
            IpAddr::V6(ip) => e.bytes(&ip.octets())?.ok(),
        }
    }
}

impl<'b, C> Decode<'b, C> for IpBytes {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        let bytes = d.bytes()?;
        let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
        let ip = v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from));
        ip.map(Self).map_err(|_| decode::Error::message("an address has 4 or 16 bytes"))
    }
}

open_messages!(Online, OnlineGrant, PeopleAsk, People, Watch, Reach, News, Noted);
numbered!(Online, OnlineGrant, PeopleAsk, People, Watch, Reach, News, Noted);
asks!(
    Online => OnlineGrant,
    PeopleAsk => People,
    Watch => Done,
    Reach => Done,
    News => Noted
);
