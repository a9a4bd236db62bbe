//! The four kinds of key, one type for each purpose.
//!
//! ```text
//!             private                public
//! identity    SigningKey   signs     VerifyingKey   verifies
//! sealing     SealingKey   unwraps   WrappingKey    wraps
//! ```

use super::labels::signed_bytes;
use super::raw_rsa::{self, PrivateSigner, PrivateUnwrapper, Public};
use super::{Error, Fingerprint, Label, SealingKeyId, Secret, SecretDer, Signature};
use std::fmt;

/// A person's identity: what signs for them.
pub struct SigningKey {
    private: PrivateSigner,
    public: VerifyingKey,
}

impl SigningKey {
    /// Makes a key. Takes about a second.
    pub fn generate() -> Result<SecretDer, Error> {
        raw_rsa::generate()
    }

    /// Loads a key that was made before.
    pub fn load(der: &SecretDer) -> Result<Self, Error> {
        let private = PrivateSigner::load(der)?;
        let public = VerifyingKey::new(private.public().clone());
        Ok(Self { private, public })
    }

    /// The public half.
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.public
    }

    /// The name of this identity.
    pub fn fingerprint(&self) -> Fingerprint {
        self.public.fingerprint()
    }

    /// Signs a label and the parts behind it.
    pub fn sign(&self, label: Label, parts: &[&[u8]]) -> Result<Signature, Error> {
        self.private.sign(&signed_bytes(label, parts)).map(Signature::new)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.fingerprint())
    }
}

/// The public half of an identity: what verifies what they signed.
#[derive(Clone)]
pub struct VerifyingKey {
    public: Public,
    fingerprint: Fingerprint,
}

impl VerifyingKey {
    fn new(public: Public) -> Self {
        let fingerprint = Fingerprint::of_spki(public.spki());
        Self { public, fingerprint }
    }

    /// Reads a foreign key from the DER of its SubjectPublicKeyInfo.
    pub fn from_spki(spki: &[u8]) -> Result<Self, Error> {
        Public::parse(spki).map(Self::new)
    }

    /// The DER of its SubjectPublicKeyInfo.
    pub fn spki(&self) -> &[u8] {
        self.public.spki()
    }

    /// The name of this identity.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// Verifies a signature over a label and the parts behind it.
    pub fn verify(
        &self,
        label: Label,
        parts: &[&[u8]],
        signature: &Signature,
    ) -> Result<(), Error> {
        self.public.verify(&signed_bytes(label, parts), signature.as_bytes())
    }
}

impl PartialEq for VerifyingKey {
    fn eq(&self, other: &Self) -> bool {
        self.spki() == other.spki()
    }
}

impl Eq for VerifyingKey {}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({})", self.fingerprint)
    }
}

/// What unwraps the secrets that others sealed for a person.
pub struct SealingKey {
    private: PrivateUnwrapper,
    public: WrappingKey,
}

impl SealingKey {
    /// Makes a key. Takes about a second.
    pub fn generate() -> Result<SecretDer, Error> {
        raw_rsa::generate()
    }

    /// Loads a key that was made before.
    pub fn load(der: &SecretDer) -> Result<Self, Error> {
        let private = PrivateUnwrapper::load(der)?;
        let public = WrappingKey { public: private.public().clone() };
        Ok(Self { private, public })
    }

    /// The public half.
    pub fn wrapping_key(&self) -> &WrappingKey {
        &self.public
    }

    /// Opens a wrapped secret of exactly `N` bytes; every failure is [`Error::Unwrap`].
    ///
    /// Must be called for a foreign wrap only after its sender's signature was verified.
    pub fn unwrap_secret<const N: usize>(
        &self,
        label: &[u8; 32],
        wrapped: &[u8],
    ) -> Result<Secret<N>, Error> {
        let mut opened = self.private.unwrap(label, wrapped)?;
        match <&mut [u8; N]>::try_from(opened.as_mut_slice()) {
            Ok(secret) => Ok(Secret::take_from(secret)),
            Err(_) => Err(Error::Unwrap),
        }
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealingKey({})", self.public.id())
    }
}

/// The public half of a sealing key: what wraps secrets for a person.
#[derive(Clone)]
pub struct WrappingKey {
    public: Public,
}

impl WrappingKey {
    /// Reads a foreign key from the DER of its SubjectPublicKeyInfo.
    pub fn from_spki(spki: &[u8]) -> Result<Self, Error> {
        Public::parse(spki).map(|public| Self { public })
    }

    /// The DER of its SubjectPublicKeyInfo.
    pub fn spki(&self) -> &[u8] {
        self.public.spki()
    }

    /// The name of this key.
    pub fn id(&self) -> SealingKeyId {
        SealingKeyId::of_spki(self.spki())
    }

    /// The length of what [`WrappingKey::wrap`] makes.
    pub fn wrap_bytes(&self) -> usize {
        self.public.modulus_bytes()
    }

    /// Wraps a secret so that only the sealing key opens it, and only under the same label.
    pub fn wrap<const N: usize>(
        &self,
        label: &[u8; 32],
        secret: &Secret<N>,
    ) -> Result<Vec<u8>, Error> {
        self.public.wrap(label, secret.expose())
    }
}

impl PartialEq for WrappingKey {
    fn eq(&self, other: &Self) -> bool {
        self.spki() == other.spki()
    }
}

impl Eq for WrappingKey {}

impl fmt::Debug for WrappingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WrappingKey({})", self.id())
    }
}
