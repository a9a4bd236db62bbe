//! What is fuzzed: each function takes any bytes and must return.
//!
//! The fuzzer feeds them (`cargo fuzz run NAME`), and so does `test/fuzz_corpus.rs`, with the
//! committed corpus.

use minicbor::{Decode, Encode};
use std::path::{Component, Path};
use waxwing::codec::{Blob, Charge, List, Text, closed, open};
use waxwing::crypto::key_file::{self, Protection};
use waxwing::crypto::{
    SealingCertificate, SealingKey, Secret, Signature, Signed, SignedRotation, SigningKey,
    UnixTime, VerifyingKey, WrappingKey,
};
use waxwing::model::{EntryPath, IndexAddress, Untrusted, UserName, find_collision};

/// A message with every kind of field.
#[derive(Encode, Decode, Debug, PartialEq)]
#[cbor(map, context_bound = "Charge")]
struct Message {
    #[n(0)]
    number: u64,
    #[n(1)]
    text: Option<Text<64>>,
    #[n(2)]
    bytes: Option<Blob<64>>,
    #[n(4)]
    inner: Option<List<Inner, 1000>>,
}

#[derive(Encode, Decode, Debug, PartialEq)]
#[cbor(map, context_bound = "Charge")]
struct Inner {
    #[n(0)]
    flag: Option<bool>,
    #[n(1)]
    numbers: Option<List<i32, 8>>,
}

/// Open messages and closed layouts: what decodes, decodes again to the same.
pub(crate) fn codec(bytes: &[u8]) {
    if let Ok(message) = open::decode::<Message>(bytes) {
        assert_eq!(open::decode::<Message>(&open::encode(&message)), Ok(message));
    }
    if let Ok(signed) = closed::decode::<Signed<SealingCertificate>>(bytes) {
        assert_eq!(closed::encode(&signed), bytes);
    }
    if let Ok(certificate) = closed::decode::<SealingCertificate>(bytes) {
        assert_eq!(closed::encode(&certificate), bytes);
    }
    if let Ok(rotation) = closed::decode::<SignedRotation>(bytes) {
        assert_eq!(closed::encode(&rotation), bytes);
    }
}

/// Paths, names and addresses: what is accepted stays below its root and shows no control.
pub(crate) fn paths(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let shown = Untrusted::new(text).to_string();
    assert!(!shown.chars().any(char::is_control));
    let _ = text.parse::<UserName>();
    if let Ok(IndexAddress::Invited(invitation)) = text.parse() {
        assert!(invitation.reveal().parse::<IndexAddress>().is_ok());
    }
    let paths: Vec<_> = text.lines().flat_map(EntryPath::parse).collect();
    for path in &paths {
        let root = Path::new("/root/of/all");
        let joined = root.join(path.to_relative());
        let inside = joined.strip_prefix(root).expect("stays below its root");
        assert!(inside.components().all(|part| matches!(part, Component::Normal(_))));
        assert_eq!(inside.components().count(), path.components().len());
    }
    find_collision(&paths);
}

/// Key files: read without deriving anything, which a fuzzer could not afford.
pub(crate) fn key_files(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _ = key_file::is_encrypted(text);
    if let Ok(der) = key_file::decode(text, Protection::NoneAsked) {
        let _ = SigningKey::load(&der);
        let _ = SealingKey::load(&der);
    }
}

/// Public keys: what is accepted is in its one form, and can be used.
pub(crate) fn public_keys(bytes: &[u8]) {
    if let Ok(key) = VerifyingKey::from_spki(bytes) {
        assert_eq!(key.spki(), bytes);
        let signature = Signature::from_bytes(&bytes[..384]).expect("a length that one can have");
        let signed = closed::decode::<Signed<SealingCertificate>>(&[0; 8]);
        assert!(signed.expect("empty, not signed").verify(&key, UnixTime(0)).is_err());
        assert!(key.verify(waxwing::crypto::Label::SigningKey, &[], &signature).is_err());
    }
    if let Ok(key) = WrappingKey::from_spki(bytes) {
        let wrap = key.wrap(&[0; 32], &Secret::<80>::random()).expect("80 bytes fit");
        assert_eq!(wrap.len(), key.wrap_bytes());
    }
}
