//! The first message of each side: who one is, which versions and which features one has.
//!
//! Both sides choose from both hellos by the same rule, and both hellos are signed in the proofs,
//! so nobody in between can make them choose less.

use super::message::open_messages;
use crate::codec::{Charge, List};
use crate::crypto::Fingerprint;
use crate::model::limits::{HELLO_FEATURES, HELLO_VERSIONS};
use minicbor::{Decode, Encode};

/// What a side says first.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct Hello {
    #[n(0)]
    versions: List<u16, HELLO_VERSIONS>,
    #[n(1)]
    features: List<u16, HELLO_FEATURES>,
    #[n(2)]
    party: Party,
    #[cbor(n(3), with = "minicbor::bytes")]
    fingerprint: [u8; 32],
}

/// What both sides chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreed {
    /// The version that both speak from now on.
    pub version: u16,
    /// The features that both have.
    pub features: Features,
}

/// What a side is.
#[derive(Encode, Decode, Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cbor(index_only)]
pub enum Party {
    /// An index.
    #[n(1)]
    Index,
    /// A person's program.
    #[n(2)]
    Person,
}

/// Something that a side can do beyond what its version demands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Feature {
    /// Taking lanes when dialled, and dialling them.
    Lanes,
    /// Telling how far one knows the key directory, when a person is dialled.
    Heads,
}

/// Some of the features.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Features {
    lanes: bool,
    heads: bool,
}

/// Which end of a channel or a lane a side is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// It dialled.
    Dialler,
    /// It was dialled.
    Listener,
}

impl Hello {
    /// What we say.
    pub fn new(party: Party, fingerprint: Fingerprint, features: Features) -> Self {
        Self {
            versions: List::new(VERSIONS.to_vec()).unwrap_or_default(),
            features: List::new(features.numbers()).unwrap_or_default(),
            party,
            fingerprint: *fingerprint.as_bytes(),
        }
    }

    /// What the side is.
    pub fn party(&self) -> Party {
        self.party
    }

    /// Whose identity the side claims. Nothing is proven yet.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::from_bytes(self.fingerprint)
    }

    /// What the two sides choose: the highest version and all features that both have. Each gets
    /// the same, whichever hello is its own. None without a common version.
    pub fn agree(&self, other: &Self) -> Option<Agreed> {
        let common = self.versions.iter().filter(|version| other.versions.contains(version));
        let version = *common.max()?;
        let has_both = |feature: Feature| self.has(feature) && other.has(feature);
        let (lanes, heads) = (has_both(Feature::Lanes), has_both(Feature::Heads));
        Some(Agreed { version, features: Features { lanes, heads } })
    }

    fn has(&self, feature: Feature) -> bool {
        self.features.contains(&feature.number())
    }
}

impl Feature {
    /// All features.
    pub const ALL: [Self; 2] = [Self::Lanes, Self::Heads];

    /// The number that stands for it.
    pub const fn number(self) -> u16 {
        match self {
            Self::Lanes => 1,
            Self::Heads => 2,
        }
    }

    /// Its name in the protocol.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lanes => "lanes",
            Self::Heads => "heads",
        }
    }
}

impl Features {
    /// All that we know.
    pub const ALL: Self = Self { lanes: true, heads: true };

    /// Whether a feature is among them.
    pub fn has(self, feature: Feature) -> bool {
        match feature {
            Feature::Lanes => self.lanes,
            Feature::Heads => self.heads,
        }
    }

    fn numbers(self) -> Vec<u16> {
        let had = Feature::ALL.into_iter().filter(|feature| self.has(*feature));
        had.map(Feature::number).collect()
    }
}

impl Role {
    /// The byte that stands for it in what is signed.
    pub const fn byte(self) -> u8 {
        match self {
            Self::Dialler => 1,
            Self::Listener => 2,
        }
    }

    /// The other side's.
    pub const fn other(self) -> Self {
        match self {
            Self::Dialler => Self::Listener,
            Self::Listener => Self::Dialler,
        }
    }
}

open_messages!(Hello);

/// The versions that we speak.
pub const VERSIONS: &[u16] = &[1];
