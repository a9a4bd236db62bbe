//! Bytes that must not be seen: wiped when dropped, without a `Clone` that multiplies them and
//! without a `Debug` that shows them. And the system's randomness, from which they come.

use std::fmt;
use unicode_normalization::UnicodeNormalization;
use zeroize::{Zeroize, Zeroizing};

/// `N` secret bytes.
///
/// They stay in one place: moving the secret moves a pointer, and leaves no copy behind.
pub struct Secret<const N: usize>(Box<[u8; N]>);

impl<const N: usize> Secret<N> {
    /// A fresh secret from the system's randomness.
    pub fn random() -> Self {
        let mut secret = Self(Box::new([0; N]));
        fill_random(secret.0.as_mut_slice());
        secret
    }

    /// Moves bytes that came out of a private operation into a secret; the source is wiped.
    pub(crate) fn take_from(source: &mut [u8; N]) -> Self {
        let mut secret = Self(Box::new([0; N]));
        secret.0.copy_from_slice(source);
        source.zeroize();
        secret
    }

    /// The bytes, for the operation that needs them.
    pub fn expose(&self) -> &[u8; N] {
        &self.0
    }
}

impl Secret<80> {
    /// Cuts a stream's secret into its parts: data key, nonce, tag key.
    pub(crate) fn split(&self) -> (Secret<32>, [u8; 16], Secret<32>) {
        let mut parts = (Secret(Box::new([0; 32])), [0; 16], Secret(Box::new([0; 32])));
        let all = self.0.iter();
        let to = parts.0.0.iter_mut().chain(&mut parts.1).chain(parts.2.0.iter_mut());
        to.zip(all).for_each(|(to, from)| *to = *from);
        parts
    }
}

impl<const N: usize> Drop for Secret<N> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<const N: usize> fmt::Debug for Secret<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

/// A private key as PKCS#8 DER.
pub struct SecretDer(Zeroizing<Vec<u8>>);

impl SecretDer {
    /// Takes DER over; it is wiped when dropped.
    pub fn new(der: Vec<u8>) -> Self {
        Self(Zeroizing::new(der))
    }

    /// The bytes, for the operation that needs them.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SecretDer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretDer(hidden)")
    }
}

/// The words that open a key file; they never leave the machine.
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Takes a passphrase of 1 to 1024 bytes, in one spelling (NFC) whatever the keyboard made.
    pub fn new(text: &str) -> Option<Self> {
        if text.len() > MAX_PASSPHRASE_BYTES {
            return None;
        }
        let normal = nfc(text);
        (1..=MAX_PASSPHRASE_BYTES).contains(&normal.len()).then_some(Self(normal))
    }

    /// The bytes from which a key is derived.
    pub(super) fn expose(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(hidden)")
    }
}

/// One spelling of a secret text. Room is reserved first: a string that grows leaves copies behind.
pub(super) fn nfc(text: &str) -> Zeroizing<String> {
    let mut normal = Zeroizing::new(String::with_capacity(text.len().saturating_mul(3)));
    normal.extend(text.nfc());
    normal
}

/// Fills `bytes` from the system's randomness.
///
/// # Panics
///
/// When the system has no randomness to give. No key, nonce or token can be made then, and nothing
/// that runs may pretend otherwise.
#[allow(clippy::expect_used, reason = "without randomness there is nothing safe to return")]
pub fn fill_random(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system gives random bytes");
}

/// `N` random bytes that are no secret: ids, salts, challenges.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fill_random(&mut bytes);
    bytes
}

const MAX_PASSPHRASE_BYTES: usize = 1024;
