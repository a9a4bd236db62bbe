//! The words that two people read to each other to be sure of their keys.

use super::{Fingerprint, Label, sha256};
use bip39::Language;

/// How many words a pair of identities has.
const WORDS: usize = 12;
/// Bits of the hash in each word: the list has 2^11 words.
const BITS: usize = 11;

/// The 12 words of two identities; both people see the same ones in the same order.
///
/// They are the first 132 bits of a hash over both fingerprints, 11 bits a word, in the English
/// list of BIP-39. They are no seed phrase: nothing secret goes in, and no checksum is in them.
pub fn pair_words(one: &Fingerprint, other: &Fingerprint) -> [&'static str; WORDS] {
    let (low, high) = if one <= other { (one, other) } else { (other, one) };
    let hash = sha256(Label::PairWords, &[low.as_bytes(), high.as_bytes()]);
    let mut bits = hash.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1));
    let list = Language::English.word_list();
    [(); WORDS].map(|()| {
        let number = bits.by_ref().take(BITS).fold(0, |number, bit| number << 1 | usize::from(bit));
        list.get(number).copied().unwrap_or_default()
    })
}
