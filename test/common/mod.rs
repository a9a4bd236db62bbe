//! The people of the tests, from the keys in `test/keys`, and what is in their files.

#![allow(dead_code, reason = "each file of tests uses some of these")]

use std::io::Write as _;
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

/// Bytes that no two files have in common, made quickly: there are many of them.
pub(crate) fn bytes_of(seed: u64, size: usize) -> Vec<u8> {
    let mut state = seed.wrapping_add(7).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut bytes = vec![0; size];
    for some in bytes.chunks_mut(8) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        some.copy_from_slice(&state.to_le_bytes()[..some.len()]);
    }
    bytes
}

/// Says that a test cannot be run here, past what holds back the words of tests that pass. Who sets
/// `WAXWING_TEST_ALL` wants a failure instead.
pub(crate) fn skipped(why: &str) {
    assert!(std::env::var_os("WAXWING_TEST_ALL").is_none(), "{why}");
    let thread = std::thread::current();
    let name = thread.name().unwrap_or("a test");
    let _ = writeln!(std::io::stderr(), "skipped {name}: {why}");
}
