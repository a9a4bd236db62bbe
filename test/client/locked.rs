//! Keys under a passphrase that open at once. What the programs ask for takes half a second for each key
//! at each start, which is proven where keys are made, and waited for nowhere else.

use crate::key_texts::{cheap, encrypted};
use crate::town::Home;
use std::fs;
use waxwing::crypto::Passphrase;
use waxwing::crypto::key_file::{Protection, decode, is_encrypted};

/// Puts the keys of a home under this passphrase, or leaves them there. Gives the files that were there.
pub(crate) fn lock(home: &Home<'_>, passphrase: &str) -> [String; 2] {
    let known = Passphrase::new(passphrase).unwrap();
    ["signing.key", "sealing.key"].map(|name| {
        let path = home.path.join("keys").join(name);
        let before = fs::read_to_string(&path).unwrap();
        let protection = match is_encrypted(&before).unwrap() {
            true => Protection::Passphrase(&known),
            false => Protection::NoneAsked,
        };
        let key = decode(&before, protection).unwrap();
        fs::write(&path, encrypted(cheap(), &key, passphrase)).unwrap();
        before
    })
}
