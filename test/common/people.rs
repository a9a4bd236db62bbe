//! People whose keys are public, and what they send each other.

#[path = "mod.rs"]
mod keys;

use keys::{sealing_key, signing_key};
use std::sync::Arc;
use waxwing::crypto::{
    Fingerprint, SealingCertificate, SealingKey, SigningKey, UnixTime, Verified,
};
use waxwing::model::{Entry, EntryPath, Modified};
use waxwing::seal::{Context, Expected};

/// Today, in every test.
pub(crate) const NOW: UnixTime = UnixTime(1_790_000_000);
/// The occasion, in every test that has but one.
pub(crate) const CONTEXT: [u8; 32] = [7; 32];

/// A person with loaded keys, and their certificate as others have verified it.
pub(crate) struct Person {
    signing: Arc<SigningKey>,
    sealing: SealingKey,
    certificate: Verified<SealingCertificate>,
}

impl Person {
    fn load(name: &str) -> Self {
        let signing = Arc::new(signing_key(&format!("{name}-signing")));
        let sealing = sealing_key(&format!("{name}-sealing"));
        let signed = SealingCertificate::issue(&signing, sealing.wrapping_key(), 1, NOW).unwrap();
        let certificate = signed.verify(signing.verifying_key(), NOW).unwrap();
        Self { signing, sealing, certificate }
    }

    pub(crate) fn signing(&self) -> &Arc<SigningKey> {
        &self.signing
    }

    pub(crate) fn sealing(&self) -> &SealingKey {
        &self.sealing
    }

    pub(crate) fn certificate(&self) -> &Verified<SealingCertificate> {
        &self.certificate
    }

    pub(crate) fn fingerprint(&self) -> Fingerprint {
        self.signing.fingerprint()
    }
}

pub(crate) fn alice() -> Person {
    Person::load("alice")
}

pub(crate) fn bob() -> Person {
    Person::load("bob")
}

pub(crate) fn mallory() -> Person {
    Person::load("mallory")
}

/// What `to` expects of a stream from `from`.
pub(crate) fn expected<'a>(from: &'a Person, to: &'a Person) -> Expected<'a> {
    Expected {
        sender: from.signing.verifying_key(),
        receiver: to.fingerprint(),
        epoch: 1,
        context: Context::from_bytes(CONTEXT),
        max_data: 1 << 40,
        max_manifest: 16 << 20,
    }
}

pub(crate) fn entry(path: &str, size: usize) -> Entry {
    let modified = Modified::from_nanos(1_700_000_000_000_000_000);
    Entry::new(EntryPath::parse(path).unwrap(), size as u64, modified).unwrap()
}

/// Bytes that look random, the same ones for each size.
pub(crate) fn noise(size: usize) -> Vec<u8> {
    let mut state = size as u64 ^ 0x9e37_79b9_7f4a_7c15;
    let mut next = || {
        // xorshift64: any generator without a pattern at our borders will do.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..size).map(|_| next()).collect()
}
