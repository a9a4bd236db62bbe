//! One entry of the directory, and the documents that it stands for.

use crate::codec::{self, Closed, Reader, Writer, closed};
use crate::crypto::{
    Fingerprint, Label, SealingCertificate, Signed, SignedRotation, UnixTime, VerifyingKey, sha256,
};
use crate::model::UserName;
use crate::model::limits::USER_NAME_BYTES;

/// How long a chain is, and the hash of its last entry; [`Head::EMPTY`] unless more is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Head {
    /// How many entries.
    pub length: u64,
    /// The hash of the last one; zeros when there is none.
    pub hash: [u8; 32],
}

impl Head {
    /// Of the chain without entries.
    pub const EMPTY: Self = Self { length: 0, hash: [0; 32] };
}

/// What happened to a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DirectoryEvent {
    /// A person joined under it.
    Joined,
    /// The person has another sealing key or certificate.
    Sealing,
    /// The person moved to another identity; the old one signed that.
    Rotated,
    /// The index's owner gave the name to another identity. Nobody signed that.
    Replaced,
    /// The account was closed; the name may be joined again.
    Closed,
}

impl DirectoryEvent {
    /// All events, in the order of their numbers.
    pub const ALL: [Self; 5] =
        [Self::Joined, Self::Sealing, Self::Rotated, Self::Replaced, Self::Closed];

    /// The byte that stands for it.
    pub const fn number(self) -> u8 {
        match self {
            Self::Joined => 1,
            Self::Sealing => 2,
            Self::Rotated => 3,
            Self::Replaced => 4,
            Self::Closed => 5,
        }
    }

    /// Its name in the protocol.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Joined => "joined",
            Self::Sealing => "sealing",
            Self::Rotated => "rotated",
            Self::Replaced => "replaced",
            Self::Closed => "closed",
        }
    }
}

/// One step in the life of a name.
///
/// ```text
/// number u64  previous[32]  time u64  event u8  user block  identity[32]  documents[32]
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryEntry {
    /// Its place in the chain, from 0.
    pub number: u64,
    /// The hash of the entry before; zeros in the first.
    pub previous: [u8; 32],
    /// When the index says that it happened.
    pub time: UnixTime,
    /// What happened.
    pub event: DirectoryEvent,
    /// To which name.
    pub user: UserName,
    /// The identity that the name has from now on; for a closed account the one that it had.
    pub identity: Fingerprint,
    /// The hash of the documents.
    pub documents: [u8; 32],
}

impl DirectoryEntry {
    /// The chain's head when this is its last entry.
    pub fn head(&self) -> Head {
        head_after(self.number, &closed::encode(self))
    }
}

pub(super) fn head_after(number: u64, entry: &[u8]) -> Head {
    Head { length: number.saturating_add(1), hash: sha256(Label::DirectoryEntry, &[entry]) }
}

impl Closed for DirectoryEntry {
    fn write(&self, out: &mut Writer) {
        out.u64(self.number).raw(&self.previous).u64(self.time.0).u8(self.event.number());
        out.block(self.user.as_str().as_bytes()).value(&self.identity).raw(&self.documents);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, codec::Error> {
        let (number, previous, time) = (input.u64()?, input.array()?, UnixTime(input.u64()?));
        let event = input.u8()?;
        let event = DirectoryEvent::ALL.into_iter().find(|known| known.number() == event);
        let user = input.block("a user name", USER_NAME_BYTES)?;
        let user = std::str::from_utf8(user).ok().and_then(|user| user.parse().ok());
        Ok(Self {
            number,
            previous,
            time,
            event: event.ok_or(codec::Error::Invalid("an event that we do not know"))?,
            user: user.ok_or(codec::Error::Invalid("not a user name"))?,
            identity: Fingerprint::read(input)?,
            documents: input.array()?,
        })
    }
}

/// What an entry stands for: the keys, and who signed them. Believed by nobody before
/// [`Chain::binding`](super::Chain::binding) has checked them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Documents {
    /// The identity's signing key.
    pub key: VerifyingKey,
    /// The sealing certificate.
    pub certificate: Signed<SealingCertificate>,
    /// How the identity before gave the name away; only in a rotation.
    pub rotation: Option<SignedRotation>,
}

impl Documents {
    /// The hash that the entry holds.
    pub fn hash(&self) -> [u8; 32] {
        let mut parts = Writer::default();
        parts.block(self.key.spki()).block(&closed::encode(&self.certificate));
        parts.block(&self.rotation.as_ref().map(closed::encode).unwrap_or_default());
        sha256(Label::DirectoryDocuments, &[parts.as_bytes()])
    }
}
