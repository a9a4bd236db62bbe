//! The people of the tests, from the keys in `test/keys`.

#![allow(dead_code, reason = "each file of tests uses some of these")]

use std::path::{Path, PathBuf};
use waxwing::crypto::key_file::{self, Protection};
use waxwing::crypto::{
    Identity, SealingKey, SecretDer, SigningKey, UnixTime, VerifyingKey, WrappingKey,
};

/// The time at which tests happen.
pub(crate) const NOW: UnixTime = UnixTime(1_800_000_000);
/// A day, in seconds.
pub(crate) const DAY: u64 = 24 * 3600;

/// The file of a test key: `alice-signing`, `bob-sealing`, `large` and so on.
pub(crate) fn key_path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("test/keys").join(name).with_extension("pem")
}

/// The text of a test key.
pub(crate) fn key_pem(name: &str) -> String {
    std::fs::read_to_string(key_path(name)).expect("a test key with this name")
}

/// A private key, as PKCS#8 DER.
pub(crate) fn secret_der(name: &str) -> SecretDer {
    key_file::decode(&key_pem(name), Protection::NoneAsked).expect("test keys are not encrypted")
}

/// A key that signs.
pub(crate) fn signing_key(name: &str) -> SigningKey {
    SigningKey::load(&secret_der(name)).expect("test keys are sound")
}

/// A key that unwraps.
pub(crate) fn sealing_key(name: &str) -> SealingKey {
    SealingKey::load(&secret_der(name)).expect("test keys are sound")
}

/// The public half of a key that signs.
pub(crate) fn verifying_key(name: &str) -> VerifyingKey {
    signing_key(name).verifying_key().clone()
}

/// The public half of a key that unwraps.
pub(crate) fn wrapping_key(name: &str) -> WrappingKey {
    sealing_key(name).wrapping_key().clone()
}

/// A person whose certificate was issued [`NOW`].
pub(crate) fn person(name: &str) -> Identity {
    let (signing, sealing) = (format!("{name}-signing"), format!("{name}-sealing"));
    Identity::new(signing_key(&signing), sealing_key(&sealing), NOW).expect("a sound person")
}

pub(crate) fn alice() -> Identity {
    person("alice")
}

pub(crate) fn bob() -> Identity {
    person("bob")
}
