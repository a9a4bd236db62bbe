//! AES-256-CTR by position: the keystream of a stream, entered anywhere.

use super::{Error, Secret};
use aes::Aes256;
use ctr::Ctr128BE;
use ctr::cipher::{InnerIvInit, KeyInit, StreamCipher, StreamCipherSeek};
use std::fmt;

/// The keystream under one key and one nonce.
///
/// The counter is the whole block of 128 bits, big-endian, and starts at the nonce. A position may
/// encrypt one plaintext, ever; who keeps that promise is the sealer, which alone makes the key.
pub struct Keystream {
    cipher: Aes256,
    nonce: [u8; 16],
}

impl Keystream {
    /// Prepares the key. This is the bare primitive, for known answers and for the sealed stream,
    /// whose secret is the only thing that calls it in the programs: there, no caller makes a nonce.
    pub fn new(key: &Secret<32>, nonce: [u8; 16]) -> Self {
        Self { cipher: Aes256::new(key.expose().into()), nonce }
    }

    /// Encrypts or decrypts `data`, whose first byte stands at `position` of the keystream.
    ///
    /// Nothing is changed when the data would reach beyond byte 2^64 of it.
    pub fn apply(&self, position: u64, data: &mut [u8]) -> Result<(), Error> {
        let length = u64::try_from(data.len()).map_err(|_| Error::Position)?;
        position.checked_add(length).ok_or(Error::Position)?;
        let core = ctr::CtrCore::inner_iv_init(self.cipher.clone(), &self.nonce.into());
        let mut stream = Ctr128BE::<Aes256>::from_core(core);
        stream.try_seek(position).map_err(|_| Error::Position)?;
        stream.try_apply_keystream(data).map_err(|_| Error::Position)
    }
}

impl fmt::Debug for Keystream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keystream(hidden)")
    }
}
