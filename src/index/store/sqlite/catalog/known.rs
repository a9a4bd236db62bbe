//! The words that the writer saw lately, so that it need not look for each of them again.

use super::terms::Scope;
use crate::index::store::prepared::WordKey;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Words with about how many entries have them, in the state of the database that `stamp` stands for.
///
/// A transaction that is rolled back leaves another stamp in the database than here, and what is here
/// is forgotten.
#[derive(Default)]
pub(in super::super) struct Known {
    pub(super) stamp: Option<i64>,
    counts: ByKey<u64>,
}

/// A word of a scope. Two get the same one by a chance of one in many billions, and nobody can bring
/// it about: the word's own key is secret. One of them is then not found by a prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key(u64);

impl Key {
    pub(super) fn new(scope: Scope, word: WordKey) -> Self {
        // An odd number takes each scope to another number.
        let scope = scope.number().cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Self(word.0 ^ scope)
    }
}

impl Known {
    pub(super) fn count(&self, key: Key) -> Option<u64> {
        self.counts.get(&key).copied()
    }

    pub(super) fn set(&mut self, key: Key, count: u64) {
        if self.counts.len() >= MOST {
            self.counts.clear();
        }
        self.counts.insert(key, count);
    }

    /// Forgets everything.
    pub(super) fn forget(&mut self) {
        self.counts.clear();
        self.stamp = None;
    }
}

/// A table by keys that are hashes already.
type ByKey<T> = HashMap<Key, T, BuildHasherDefault<Taken>>;

/// A key is its own hash.
#[derive(Default)]
pub(super) struct Taken(u64);

impl Hasher for Taken {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

/// Some megabytes.
const MOST: usize = 1 << 18;
