//! Tags: the MAC of each chunk, and, since the header commits to the key, the signed commitment to
//! its ciphertext. And the ticket of a stream's lanes, which proves knowledge the same way.

use super::{Label, Secret};
use std::fmt;

/// The key of a stream's tags. It tags chunks of that stream and nothing else.
pub struct TagKey(Secret<32>);

impl TagKey {
    /// The key with these bytes.
    pub fn new(key: Secret<32>) -> Self {
        Self(key)
    }

    /// The tag of a chunk: BLAKE3 keyed, over ciphertext ‖ index u32 ‖ length u32.
    pub fn tag(&self, ciphertext: &[u8], index: u32, length: u32) -> Tag {
        let mut hash = blake3::Hasher::new_keyed(self.0.expose());
        hash.update(ciphertext).update(&index.to_be_bytes()).update(&length.to_be_bytes());
        let tag = Tag(hash.finalize());
        zeroize::Zeroize::zeroize(&mut hash);
        tag
    }
}

impl fmt::Debug for TagKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TagKey(hidden)")
    }
}

/// What opens a stream's lanes: 32 random bytes that both sides know from their channel, and that
/// never travel on a lane.
pub struct Ticket(Secret<32>);

impl Ticket {
    /// A fresh ticket.
    pub fn random() -> Self {
        Self(Secret::random())
    }

    /// The ticket with these bytes, which are wiped.
    pub fn take_from(bytes: &mut [u8; 32]) -> Self {
        Self(Secret::take_from(bytes))
    }

    /// The bytes, for the message that hands the ticket over.
    pub fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }

    /// That one knows the ticket: BLAKE3 keyed, over a label ‖ role u8 ‖ lane id.
    pub fn mac(&self, role: u8, lane: &[u8; 16]) -> Tag {
        let mut hash = blake3::Hasher::new_keyed(self.0.expose());
        hash.update(&Label::LaneProof.bytes()).update(&[role]).update(lane);
        let mac = Tag(hash.finalize());
        zeroize::Zeroize::zeroize(&mut hash);
        mac
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ticket(hidden)")
    }
}

/// A tag of 32 bytes, compared in constant time and never shortened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag(blake3::Hash);

impl Tag {
    /// The tag with these bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(blake3::Hash::from_bytes(bytes))
    }

    /// The tag's bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}
