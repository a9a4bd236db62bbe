//! How long to wait before trying again: pure numbers, the randomness handed in.

use std::time::Duration;

/// How often something is tried, and how the pauses between grow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backoff {
    /// How often in all, the first time included.
    pub tries: u32,
    /// The longest that the first pause can be; each next one can be twice as long.
    pub first: Duration,
    /// The longest that any pause can be.
    pub longest: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { tries: 3, first: Duration::from_secs(1), longest: Duration::from_secs(10) }
    }
}

impl Backoff {
    /// Tries once, and no more.
    pub fn never() -> Self {
        Self { tries: 1, ..Self::default() }
    }

    /// The pause after so many failed tries; none when there is no further try.
    ///
    /// Half of it is fixed and half is chance, so that many who failed together do not come back
    /// together. `random` is any number from the whole range.
    pub fn pause(&self, failed: u32, random: u32) -> Option<Duration> {
        if failed >= self.tries {
            return None;
        }
        let doublings = failed.saturating_sub(1).min(MAX_DOUBLINGS);
        let whole = self.first.saturating_mul(1 << doublings).min(self.longest);
        let half = whole.div_f64(2.0);
        Some(half.saturating_add(half.mul_f64(f64::from(random) / f64::from(u32::MAX))))
    }
}

/// Beyond them a pause is longer than any that somebody waits for.
const MAX_DOUBLINGS: u32 = 30;
