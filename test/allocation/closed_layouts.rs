//! Closed layouts and keys.

use super::within_bound;
use crate::alloc::allocated_by;
use proptest::prelude::*;
use std::sync::LazyLock;
use waxwing::codec::{Closed, closed};
use waxwing::crypto::key_file::{self, Protection};
use waxwing::crypto::{
    Fingerprint, Rotation, SealingCertificate, SealingKey, SecretDer, Signed, SignedRotation,
    SigningKey, UnixTime, VerifyingKey, WrappingKey,
};

#[test]
fn good_ones() {
    assert!(decode_all_within_bound(&KEYS.signed).contains(&true));
    assert!(decode_all_within_bound(&KEYS.rotation).contains(&true));
    assert!(decode_all_within_bound(&KEYS.certificate).contains(&true));
}

#[test]
fn blocks_that_announce_more_than_there_is() {
    for announced in [1u32, 512, 513, 4096, 4097, 1 << 20, u32::MAX] {
        let claiming = announced.to_be_bytes();
        assert_eq!(decode_all_within_bound(&claiming), [false; 3]);
        let in_certificate = [&[0; 44][..], &claiming].concat();
        assert_eq!(decode_all_within_bound(&in_certificate), [false; 3]);
    }
}

#[test]
fn a_megabyte_behind_any_beginning() {
    for good in [&KEYS.signed, &KEYS.rotation, &KEYS.certificate] {
        let long = [good.as_slice(), &[0x41; 1 << 20]].concat();
        assert_eq!(decode_all_within_bound(&long), [false; 3]);
    }
    decode_all_within_bound(&vec![0xff; 1 << 20]);
    decode_all_within_bound(&vec![0; 1 << 20]);
}

#[test]
fn blocks_that_hold_as_much_as_they_announce() {
    for length in [4096u32, 4097, 100_000, 1 << 20] {
        let body = [&length.to_be_bytes()[..], &vec![0x41; length as usize]].concat();
        let with_signatures = [&body[..], &[0; 8]].concat();
        for bytes in [&body, &with_signatures, &[&[0; 44][..], &body].concat()] {
            let accepted = decode_all_within_bound(bytes).contains(&true);
            assert!(!accepted || length == 4096, "a block of {length}");
        }
    }
}

#[test]
fn good_ones_with_any_byte_changed() {
    for good in [&KEYS.signed, &KEYS.rotation, &KEYS.certificate] {
        let mut mutated = good.clone();
        for at in 0..good.len() {
            for change in [0x01, 0x80, 0xff] {
                mutated[at] = good[at] ^ change;
                decode_all_within_bound(&mutated);
            }
            mutated[at] = good[at];
        }
    }
}

#[test]
fn keys_of_a_megabyte_and_good_ones_with_any_byte_changed() {
    for garbage in [vec![0x30; 1 << 20], [&KEYS.spki[..], &[0; 1 << 20]].concat()] {
        assert!(within_bound(&garbage, VerifyingKey::from_spki).is_err());
        assert!(within_bound(&garbage, WrappingKey::from_spki).is_err());
    }
    assert!(within_bound(&spki_of_modulus(512), VerifyingKey::from_spki).is_ok());
    for modulus_bytes in [1024, 2048, 10_000, 100_000, 1 << 20] {
        let huge = spki_of_modulus(modulus_bytes);
        let (spent, read) = allocated_by(|| VerifyingKey::from_spki(&huge).is_ok());
        assert_eq!((spent, read), (0, false), "it is longer than any key, so it is not parsed");
    }
    let mut mutated = KEYS.spki.clone();
    for at in 0..mutated.len() {
        mutated[at] ^= 0xff;
        within_bound(&mutated, VerifyingKey::from_spki).ok();
        mutated[at] ^= 0xff;
    }
}

#[test]
fn a_rotation_inside_its_signature() {
    let rotation = closed::decode::<SignedRotation>(&KEYS.rotation).unwrap();
    assert!(rotation.verify(&KEYS.fingerprint).is_ok());
    let mut body = KEYS.rotation.clone();
    body.drain(..4);
    body.truncate(KEYS.rotation_body);
    assert!(within_bound(&body, closed::decode::<Rotation>).is_ok());
}

proptest! {
    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..6000)) {
        decode_all_within_bound(&bytes);
    }

    #[test]
    fn any_bytes_behind_a_length(length in 0u32..5000, rest in 0usize..6000, fill: u8) {
        decode_all_within_bound(&[&length.to_be_bytes()[..], &vec![fill; rest]].concat());
    }
}

/// Which of the layouts the bytes are.
fn decode_all_within_bound(bytes: &[u8]) -> [bool; 3] {
    fn is<T: Closed>(bytes: &[u8]) -> bool {
        within_bound(bytes, closed::decode::<T>).is_ok()
    }
    [
        is::<Signed<SealingCertificate>>(bytes),
        is::<SignedRotation>(bytes),
        is::<SealingCertificate>(bytes),
    ]
}

/// The well-formed SPKI of a key with a modulus of so many bytes.
fn spki_of_modulus(bytes: usize) -> Vec<u8> {
    let der = |tag: u8, content: &[u8]| {
        // Every content here has at least 128 bytes, so its length stands behind its own length.
        let length = (content.len() as u32).to_be_bytes();
        let length = &length[(content.len() as u32).leading_zeros() as usize / 8..];
        [&[tag, 0x80 | length.len() as u8], length, content].concat()
    };
    let modulus = der(0x02, &[&[0][..], &vec![0xff; bytes]].concat());
    let key = der(0x30, &[&modulus[..], &[0x02, 0x03, 0x01, 0x00, 0x01]].concat());
    let rsa = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
    der(0x30, &[&rsa[..], &der(0x03, &[&[0][..], &key].concat())].concat())
}

struct Keys {
    spki: Vec<u8>,
    fingerprint: Fingerprint,
    signed: Vec<u8>,
    certificate: Vec<u8>,
    rotation: Vec<u8>,
    rotation_body: usize,
}

/// Good values, made once: loading keys takes a while.
static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let now = UnixTime(1_800_000_000);
    let alice = SigningKey::load(&key(include_str!("../keys/alice-signing.pem"))).unwrap();
    let bob = SigningKey::load(&key(include_str!("../keys/bob-signing.pem"))).unwrap();
    let sealing = SealingKey::load(&key(include_str!("../keys/alice-sealing.pem"))).unwrap();
    let signed = SealingCertificate::issue(&alice, sealing.wrapping_key(), 1, now).unwrap();
    let rotation = SignedRotation::sign(&alice, &bob, now).unwrap();
    let spki = alice.verifying_key().spki().to_vec();
    Keys {
        fingerprint: alice.fingerprint(),
        signed: closed::encode(&signed),
        certificate: signed.body().to_vec(),
        rotation: closed::encode(&rotation),
        rotation_body: 8 + 2 * (4 + spki.len()),
        spki,
    }
});

fn key(pem: &str) -> SecretDer {
    key_file::decode(pem, Protection::NoneAsked).unwrap()
}
