//! The words that the writer saw lately, so that it need not look for each of them again.

use super::terms::Scope;
use crate::model::Word;
use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};

/// Words with about how many entries have them, in the state of the database that `stamp` stands for.
///
/// A transaction that is rolled back leaves another stamp in the database than here, and what is here
/// is forgotten.
#[derive(Default)]
pub(in super::super) struct Known {
    pub(super) stamp: Option<i64>,
    counts: ByKey<u64>,
    keys: RandomState,
}

/// A word of a scope. Two get the same one by a chance of one in many billions, and nobody can bring
/// it about; one of them is then not found by a prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key(u64);

impl Known {
    pub(super) fn key(&self, scope: Scope, word: &Word) -> Key {
        Key(self.keys.hash_one((scope.number(), word.as_str())))
    }

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
