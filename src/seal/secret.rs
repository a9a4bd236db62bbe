//! The secret of a stream: 80 bytes, made here and nowhere else, used once.

use super::header::StreamId;
use crate::crypto::{Keystream, Label, Secret, TagKey, sha256};

/// `data key[32] ‖ nonce[16] ‖ tag key[32]`, fresh for each stream.
///
/// It cannot be cloned, and taking the keys out of it consumes it.
#[derive(Debug)]
pub(super) struct StreamSecret(Secret<80>);

impl StreamSecret {
    /// A fresh secret; the only way to one for a sender.
    pub(super) fn fresh() -> Self {
        Self(Secret::random())
    }

    /// The secret that a receiver unwrapped.
    pub(super) fn unwrapped(secret: Secret<80>) -> Self {
        Self(secret)
    }

    /// The bytes to wrap.
    pub(super) fn to_wrap(&self) -> &Secret<80> {
        &self.0
    }

    /// What the header says of it, without telling it.
    pub(super) fn commitment(&self, stream: &StreamId) -> [u8; 32] {
        sha256(Label::KeyCommitment, &[stream.as_bytes(), self.0.expose()])
    }

    /// The keys of the stream.
    pub(super) fn into_keys(self) -> StreamKeys {
        let (data, nonce, tag) = self.0.split();
        StreamKeys { keystream: Keystream::new(&data, nonce), tags: TagKey::new(tag) }
    }
}

/// What encrypts and tags a stream's chunks.
#[derive(Debug)]
pub(super) struct StreamKeys {
    pub(super) keystream: Keystream,
    pub(super) tags: TagKey,
}
