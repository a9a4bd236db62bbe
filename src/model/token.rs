//! Tokens: random secrets that open something once they were handed out, and what is stored of them.

use crate::crypto::{Label, Secret, sha256};
use std::fmt;

/// What opens a session on an index. It travels inside the channel only; the index keeps its hash.
pub struct SessionToken(Secret<32>);

impl SessionToken {
    /// A fresh token.
    pub fn random() -> Self {
        Self(Secret::random())
    }

    /// The token with these bytes; the source is wiped.
    pub fn take_from(bytes: &mut [u8; 32]) -> Self {
        Self(Secret::take_from(bytes))
    }

    /// The token's bytes.
    pub fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }

    /// What an index stores of it.
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(Label::SessionToken, self.expose())
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken(hidden)")
    }
}

/// The hash of a token. A token is random and long, so its hash gives nothing away, and looking it up
/// by an index of a database compares nothing that a stranger could learn from.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    pub(super) fn of(label: Label, token: &[u8]) -> Self {
        Self(sha256(label, &[token]))
    }

    /// The hash with these bytes, as they were stored.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The hash's bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(hidden)")
    }
}
