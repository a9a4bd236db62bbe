//! AES-256-CTR by position: the keystream of a stream, entered anywhere.

use super::{Error, Secret};
use aws_lc_rs::cipher::{AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use std::fmt;
use zeroize::Zeroizing;

/// The keystream under one key and one nonce.
///
/// The counter is the whole block of 128 bits, big-endian, and starts at the nonce. A position may
/// encrypt one plaintext, ever; who keeps that promise is the sealer, which alone makes the key.
pub struct Keystream {
    cipher: EncryptingKey,
    nonce: u128,
}

impl Keystream {
    /// Prepares the key. This is the bare primitive, for known answers and for the sealed stream,
    /// whose secret is the only thing that calls it in the programs: there, no caller makes a nonce.
    #[allow(clippy::expect_used, reason = "all keys of this length are keys of AES-256")]
    pub fn new(key: &Secret<32>, nonce: [u8; 16]) -> Self {
        let key = UnboundCipherKey::new(&AES_256, key.expose());
        let cipher = key.and_then(EncryptingKey::ctr).expect("a key of 32 bytes");
        Self { cipher, nonce: u128::from_be_bytes(nonce) }
    }

    /// Encrypts or decrypts `data`, whose first byte stands at `position` of the keystream.
    ///
    /// Nothing is changed when the data would reach beyond byte 2^64 of it.
    pub fn apply(&self, position: u64, data: &mut [u8]) -> Result<(), Error> {
        let length = u64::try_from(data.len()).map_err(|_| Error::Position)?;
        position.checked_add(length).ok_or(Error::Position)?;
        let (block, inside) = (position >> 4, usize::try_from(position & 15).unwrap_or_default());
        if inside == 0 {
            return self.apply_from(block, data);
        }
        // The rest of a block, behind bytes that nobody wants.
        let (rest, blocks) = data.split_at_mut(data.len().min(BLOCK.saturating_sub(inside)));
        let mut first = Zeroizing::new([0; BLOCK]);
        self.apply_from(block, &mut *first)?;
        rest.iter_mut().zip(first.iter().skip(inside)).for_each(|(byte, key)| *byte ^= key);
        self.apply_from(block.saturating_add(1), blocks)
    }

    /// The same from the beginning of a block on.
    fn apply_from(&self, block: u64, data: &mut [u8]) -> Result<(), Error> {
        let counter = self.nonce.wrapping_add(block.into()).to_be_bytes();
        let context = EncryptionContext::Iv128(counter.into());
        self.cipher.less_safe_encrypt(data, context).map(|_| ()).map_err(|_| Error::Position)
    }
}

impl fmt::Debug for Keystream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keystream(hidden)")
    }
}

/// The bytes of a block of AES.
const BLOCK: usize = 16;
