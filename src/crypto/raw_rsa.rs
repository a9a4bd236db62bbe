//! RSA, and the only place that knows two libraries do it.
//!
//! The `rsa` crate generates keys, reads and writes them, and does what needs no secret: verify
//! (PSS) and wrap (OAEP). `aws-lc-rs` does what needs a private key: sign and unwrap, in constant
//! time, out of reach of RUSTSEC-2023-0071. Both read the same PKCS#8 DER, and tests hold each
//! against the other and against OpenSSL.

use super::{Error, SecretDer};
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{
    KeyPair, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey,
};
use aws_lc_rs::signature::{KeyPair as _, RSA_PSS_SHA256};
use rsa::pkcs1::DecodeRsaPublicKey;
use rsa::pkcs8::{DecodePublicKey, EncodePrivateKey, EncodePublicKey};
use rsa::rand_core::UnwrapErr;
use rsa::traits::PublicKeyParts;
use rsa::{BoxedUint, Oaep, Pss, RsaPrivateKey, RsaPublicKey};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use zeroize::Zeroizing;

/// The size of the keys that we make.
const NEW_KEY_BITS: usize = 3072;
/// The sizes of the keys that we take.
const KEY_BITS: [u32; 2] = [3072, 4096];
/// The exponent of every key.
const EXPONENT: u64 = 65_537;
/// The longest SPKI that is parsed at all: that of a 4096-bit key.
pub(crate) const MAX_SPKI_BYTES: usize = 550;
/// The longest signature and the longest wrap: the modulus of a 4096-bit key.
pub(crate) const MAX_MODULUS_BYTES: usize = 512;
/// The salt of every signature.
const SALT_BYTES: usize = 32;

/// Makes a private key, as PKCS#8 DER.
pub(super) fn generate() -> Result<SecretDer, Error> {
    let mut random = UnwrapErr(getrandom::SysRng);
    let key = RsaPrivateKey::new(&mut random, NEW_KEY_BITS).map_err(|_| Error::PrivateKey)?;
    let document = key.to_pkcs8_der().map_err(|_| Error::PrivateKey)?;
    Ok(SecretDer::new(document.as_bytes().to_vec()))
}

/// A public key, one of those that we accept.
#[derive(Clone)]
pub(super) struct Public {
    key: RsaPublicKey,
    spki: Arc<[u8]>,
}

impl Public {
    /// Reads a foreign key; every key but the plainest is refused.
    pub(super) fn parse(spki: &[u8]) -> Result<Self, Error> {
        if spki.len() > MAX_SPKI_BYTES {
            return Err(Error::PublicKey);
        }
        let key = RsaPublicKey::from_public_key_der(spki).map_err(|_| Error::PublicKey)?;
        let public = Self::accept(key)?;
        if *public.spki == *spki { Ok(public) } else { Err(Error::PublicKey) }
    }

    fn accept(key: RsaPublicKey) -> Result<Self, Error> {
        let modulus: &BoxedUint = key.n().as_ref();
        let accepted = KEY_BITS.contains(&modulus.bits())
            && modulus.to_be_bytes().last().is_some_and(|last| last & 1 == 1)
            && *key.e() == BoxedUint::from(EXPONENT);
        let document = key.to_public_key_der().map_err(|_| Error::PublicKey)?;
        if accepted {
            Ok(Self { key, spki: document.as_bytes().into() })
        } else {
            Err(Error::PublicKey)
        }
    }

    /// The key's one DER form.
    pub(super) fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// The length of its signatures and wraps.
    pub(super) fn modulus_bytes(&self) -> usize {
        self.key.size()
    }

    /// Verifies a PSS signature with a salt of exactly 32 bytes.
    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Error> {
        if signature.len() != self.modulus_bytes() {
            return Err(Error::Signature);
        }
        let scheme = Pss::<Sha256>::new_with_salt(SALT_BYTES);
        let digest = Sha256::digest(message);
        self.key.verify(scheme, &digest, signature).map_err(|_| Error::Signature)
    }

    /// Wraps a secret under a label.
    pub(super) fn wrap(&self, label: &[u8], secret: &[u8]) -> Result<Vec<u8>, Error> {
        let mut random = UnwrapErr(getrandom::SysRng);
        let scheme = Oaep::<Sha256>::new_with_label(label);
        self.key.encrypt(&mut random, scheme, secret).map_err(|_| Error::Operation)
    }
}

/// The private half of a signing key.
pub(super) struct PrivateSigner {
    key: KeyPair,
    public: Public,
}

impl PrivateSigner {
    pub(super) fn load(der: &SecretDer) -> Result<Self, Error> {
        let key = KeyPair::from_pkcs8(der.expose()).map_err(|_| Error::PrivateKey)?;
        let public = RsaPublicKey::from_pkcs1_der(key.public_key().as_ref())
            .map_err(|_| Error::PrivateKey)
            .and_then(|public| Public::accept(public).map_err(|_| Error::PrivateKey))?;
        Ok(Self { key, public })
    }

    pub(super) fn public(&self) -> &Public {
        &self.public
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        // Exactly the modulus: aws-lc-rs copies into it and would panic on any other length.
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(&RSA_PSS_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| Error::Operation)?;
        Ok(signature)
    }
}

/// The private half of a sealing key.
pub(super) struct PrivateUnwrapper {
    key: OaepPrivateDecryptingKey,
    public: Public,
}

impl PrivateUnwrapper {
    pub(super) fn load(der: &SecretDer) -> Result<Self, Error> {
        let key = PrivateDecryptingKey::from_pkcs8(der.expose()).map_err(|_| Error::PrivateKey)?;
        let spki = key.public_key().as_der().map_err(|_| Error::PrivateKey)?;
        let public = Public::parse(spki.as_ref()).map_err(|_| Error::PrivateKey)?;
        let key = OaepPrivateDecryptingKey::new(key).map_err(|_| Error::PrivateKey)?;
        Ok(Self { key, public })
    }

    pub(super) fn public(&self) -> &Public {
        &self.public
    }

    /// Unwraps a secret; every failure is the same failure.
    pub(super) fn unwrap(&self, label: &[u8], wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        // As long as the modulus, which aws-lc-rs demands; wiped whatever the outcome.
        let mut opened = Zeroizing::new(vec![0; self.key.min_output_size()]);
        if wrapped.len() != self.key.key_size_bytes() {
            return Err(Error::Unwrap);
        }
        let secret = self
            .key
            .decrypt(&OAEP_SHA256_MGF1SHA256, wrapped, &mut opened, Some(label))
            .map_err(|_| Error::Unwrap)?;
        Ok(Zeroizing::new(secret.to_vec()))
    }
}

#[cfg(test)]
#[path = "../../test/unit/rsa.rs"]
mod tests;
