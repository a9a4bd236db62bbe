//! Tags: the MAC of each chunk, and, since the header commits to the key, the signed commitment to
//! its ciphertext.

use super::Secret;
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
