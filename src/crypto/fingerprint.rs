//! The names of keys: hashes of 32 bytes, never cut in a comparison.

use super::{Error, Label, sha256};
use crate::codec::{self, Closed, Reader, Writer};
use data_encoding::HEXLOWER_PERMISSIVE;
use std::fmt;
use std::str::FromStr;

/// The name of an identity: a hash of its signing key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 32]);

/// The name of a sealing key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SealingKeyId([u8; 32]);

impl Fingerprint {
    pub(super) fn of_spki(spki: &[u8]) -> Self {
        Self(sha256(Label::SigningKey, &[spki]))
    }
}

impl SealingKeyId {
    pub(super) fn of_spki(spki: &[u8]) -> Self {
        Self(sha256(Label::SealingKey, &[spki]))
    }
}

macro_rules! name_of_key {
    ($name:ident) => {
        impl $name {
            /// The name with these bytes.
            pub fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// The name's bytes.
            pub fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&HEXLOWER_PERMISSIVE.encode(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = Error;
            fn from_str(text: &str) -> Result<Self, Error> {
                let bytes = HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok();
                let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
                bytes.map(Self).ok_or(Error::Fingerprint)
            }
        }

        impl Closed for $name {
            fn write(&self, out: &mut Writer) {
                out.raw(&self.0);
            }
            fn read(input: &mut Reader<'_>) -> Result<Self, codec::Error> {
                input.array().map(Self)
            }
        }
    };
}

name_of_key!(Fingerprint);
name_of_key!(SealingKeyId);
