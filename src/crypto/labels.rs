//! Every label and every derivation, on this one page.
//!
//! Whatever is signed, hashed, derived or sealed begins with a label of its own, so that bytes made
//! for one purpose never pass for another. A label is 32 bytes: ASCII, filled up with zeros; all
//! have one length, so none is the beginning of another.
//!
//! | what | formula |
//! |---|---|
//! | fingerprint of an identity | SHA-256(`SigningKey` ‖ SPKI of the signing key) |
//! | id of a sealing key | SHA-256(`SealingKey` ‖ SPKI of the sealing key) |
//! | words of a pair | the first 132 bits of SHA-256(`PairWords` ‖ lower fingerprint ‖ higher one) |
//! | signature of a statement | RSASSA-PSS(its label ‖ its closed layout) |
//!
//! Two things carry no label: a content id, which is the plain BLAKE3 hash that any tool computes,
//! and a chunk's tag, whose key is fresh for each stream and used for nothing else.

use sha2::{Digest, Sha256};

/// What some bytes are made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Label {
    /// Hashing a signing key into the fingerprint of its identity.
    SigningKey,
    /// Hashing a sealing key into its id.
    SealingKey,
    /// Hashing two fingerprints into the words that both people compare.
    PairWords,
    /// Signing a sealing certificate.
    SealingCertificate,
    /// Signing a rotation with the old signing key.
    RotationByOld,
    /// Signing a rotation with the new signing key.
    RotationByNew,
}

impl Label {
    /// All labels.
    pub const ALL: [Self; 6] = [
        Self::SigningKey,
        Self::SealingKey,
        Self::PairWords,
        Self::SealingCertificate,
        Self::RotationByOld,
        Self::RotationByNew,
    ];

    /// The label's text, at most 32 bytes of ASCII.
    pub const fn text(self) -> &'static str {
        match self {
            Self::SigningKey => "waxwing 1 signing key",
            Self::SealingKey => "waxwing 1 sealing key",
            Self::PairWords => "waxwing 1 pair words",
            Self::SealingCertificate => "waxwing 1 sealing certificate",
            Self::RotationByOld => "waxwing 1 rotation by old key",
            Self::RotationByNew => "waxwing 1 rotation by new key",
        }
    }

    /// The label as it is hashed and signed: its text, filled up with zeros.
    pub fn bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (to, from) in bytes.iter_mut().zip(self.text().bytes()) {
            *to = from;
        }
        bytes
    }
}

/// SHA-256 over a label and what follows it.
///
/// The parts are hashed one after the other; all but the last must have a length that the label's
/// layout fixes.
pub fn sha256(label: Label, parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(label.bytes());
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// The bytes that a signature covers: its label, then the parts.
pub(super) fn signed_bytes(label: Label, parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = label.bytes().to_vec();
    for part in parts {
        bytes.extend_from_slice(part);
    }
    bytes
}
