//! Which results come first.
//!
//! A word in the name counts more than one in a folder or keyword, as it was asked more than by its
//! beginning; then a short name, then what changed last. That depends on the entry and the question
//! alone, so that a result has its place whatever comes and goes around it.

use super::seen::Candidate;
use crate::model::{AskedWord, Match};

/// Where a result stands among all: the lower, the sooner. The newest entry comes first among equals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rank {
    number: u64,
    id: i64,
}

impl Ord for Rank {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.number.cmp(&other.number).then(other.id.cmp(&self.id))
    }
}

impl PartialOrd for Rank {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// The rank of a candidate among the results for these words.
pub(super) fn rank(candidate: &Candidate, words: &[AskedWord]) -> Rank {
    let name = candidate.name_words.split_ascii_whitespace();
    let missed = words.iter().map(|word| match word.matches(name.clone()) {
        Match::Exactly => 0u64,
        Match::Beginning => 1,
        Match::Nowhere => 2,
    });
    let missed = missed.sum::<u64>().min(MOST_MISSED);
    let length = u64::try_from(name.count()).unwrap_or(u64::MAX).min(LONGEST);
    let age = u64::MAX.saturating_sub(candidate.modified) >> AGE_SHIFT;
    let number = missed << (LENGTH_BITS + AGE_BITS) | length << AGE_BITS | age;
    Rank { number, id: candidate.id }
}

// missed words | words of the name | age
const AGE_BITS: u32 = 50;
const LENGTH_BITS: u32 = 7;
const AGE_SHIFT: u32 = 64 - AGE_BITS;
const LONGEST: u64 = (1 << LENGTH_BITS) - 1;
const MOST_MISSED: u64 = (1 << (64 - AGE_BITS - LENGTH_BITS)) - 1;
