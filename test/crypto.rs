//! The crypto room through its public door: what it takes, what it refuses, and known answers that
//! no code of ours computed.

use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
use waxwing::codec::{Reader, Writer, closed};
use waxwing::crypto::*;

#[path = "common/mod.rs"]
mod common;

use common::{DAY, NOW, alice, bob, sealing_key, secret_der, signing_key};
use common::{verifying_key, wrapping_key};

/// `bytes` with one bit of the byte at `at` changed; which bit depends on the place.
fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    changed[at] ^= 1 << (at % 8);
    changed
}

fn hex(text: &str) -> Vec<u8> {
    data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap()
}

/// A secret with known bytes, which only unwrapping makes.
fn known_secret<const N: usize>(bytes: [u8; N]) -> Secret<N> {
    let key = sealing_key("alice-sealing");
    let mut wrapped = vec![0; key.wrapping_key().wrap_bytes()];
    let public = PublicEncryptingKey::from_der(key.wrapping_key().spki()).unwrap();
    let public = OaepPublicEncryptingKey::new(public).unwrap();
    public.encrypt(&OAEP_SHA256_MGF1SHA256, &bytes, &mut wrapped, Some(&[0; 32])).unwrap();
    key.unwrap_secret(&[0; 32], &wrapped).unwrap()
}

#[path = "crypto/certificates.rs"]
mod certificates;
#[path = "crypto/identities.rs"]
mod identities;
#[path = "crypto/keystreams.rs"]
mod keystreams;
#[path = "crypto/labels.rs"]
mod labels;
#[path = "crypto/passwords.rs"]
mod passwords;
#[path = "crypto/public_keys.rs"]
mod public_keys;
#[path = "crypto/rotations.rs"]
mod rotations;
#[path = "crypto/secrecy.rs"]
mod secrecy;
#[path = "crypto/tags.rs"]
mod tags;
#[path = "crypto/words.rs"]
mod words;
#[path = "crypto/wraps.rs"]
mod wraps;
