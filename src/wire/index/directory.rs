//! The key directory.

use super::asks;
use super::nouns::Named;
use crate::codec::{Blob, Charge, List, closed};
use crate::crypto::VerifyingKey;
use crate::model::directory::{Documents, Head};
use crate::model::limits::{
    CERTIFICATE_BYTES, CHAIN_PART, DIRECTORY_ENTRY_BYTES, KEY_BYTES, ROTATION_BYTES,
};
use crate::wire::message::{numbered, open_messages};
use minicbor::{Decode, Encode};

/// Asks for the documents of one entry of a name: the last one, or another.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct KeysAsk {
    /// The request.
    #[n(0)]
    pub id: u32,
    /// The name.
    #[n(1)]
    pub user: Named,
    /// The number of the entry; the name's last one when there is none.
    #[n(2)]
    pub number: Option<u64>,
}

/// The documents of an entry. The client believes them when its chain does.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct Keys {
    /// The request.
    #[n(0)]
    pub id: u32,
    /// The number of the entry.
    #[n(1)]
    pub number: u64,
    /// The identity's public key.
    #[n(2)]
    pub key: Blob<KEY_BYTES>,
    /// The signed sealing certificate.
    #[n(3)]
    pub certificate: Blob<CERTIFICATE_BYTES>,
    /// The signed rotation, when the entry is one.
    #[n(4)]
    pub rotation: Option<Blob<ROTATION_BYTES>>,
}

impl Keys {
    /// The message that shows these documents.
    pub fn new(number: u64, documents: &Documents) -> Result<Self, crate::codec::Error> {
        Ok(Self {
            id: 0,
            number,
            key: Blob::new(documents.key.spki())?,
            certificate: Blob::new(closed::encode(&documents.certificate))?,
            rotation: match &documents.rotation {
                Some(rotation) => Some(Blob::new(closed::encode(rotation))?),
                None => None,
            },
        })
    }

    /// The documents, if they are any. Nothing is believed yet.
    pub fn documents(&self) -> Result<Documents, crate::crypto::Error> {
        Ok(Documents {
            key: VerifyingKey::from_spki(&self.key)?,
            certificate: closed::decode(&self.certificate)?,
            rotation: match &self.rotation {
                Some(rotation) => Some(closed::decode(rotation)?),
                None => None,
            },
        })
    }
}

/// Asks for the entries of the directory from one on.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map)]
pub struct ChainAsk {
    /// The request.
    #[n(0)]
    pub id: u32,
    /// The number of the first entry that one does not have.
    #[n(1)]
    pub from: u64,
}

/// Entries of the directory, in order; as many as one answer holds, or as there are.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct ChainPart {
    /// The request.
    #[n(0)]
    pub id: u32,
    /// The entries.
    #[n(1)]
    pub entries: List<Blob<DIRECTORY_ENTRY_BYTES>, CHAIN_PART>,
    /// How many entries there are in all.
    #[n(2)]
    pub length: u64,
    /// The hash of the last one of them.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub hash: [u8; 32],
}

impl ChainPart {
    /// The whole directory's head, as the index says.
    pub fn head(&self) -> Head {
        Head { length: self.length, hash: self.hash }
    }
}

open_messages!(KeysAsk, Keys, ChainAsk, ChainPart);
numbered!(KeysAsk, Keys, ChainAsk, ChainPart);
asks!(KeysAsk => Keys, ChainAsk => ChainPart);
