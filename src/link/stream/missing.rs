//! Which missing chunks are asked for, and when. Pure: it is told the time.
//!
//! A line that does not end loses nothing, and what is slow must not be asked for: it would come
//! twice. What is sent again travels on the channel, where nothing is lost, so nothing is asked for
//! twice either.

use crate::link::lane::Tally;
use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;
use tokio::time::Instant;

/// What was asked for, and how long nothing came.
pub(super) struct Missing {
    /// Bytes that end a silence.
    least: u64,
    /// After so long without the lowest missing chunk, that one is asked for though others come.
    longest: Duration,
    asked: BTreeSet<u32>,
    /// How many lanes have ended.
    ended: u32,
    /// When to ask for what they lost.
    due: VecDeque<Instant>,
    heard: u64,
    quiet: Instant,
    lowest: Option<u32>,
    stuck: Instant,
}

impl Missing {
    pub(super) fn new(now: Instant, least: u64, longest: Duration) -> Self {
        Self {
            least,
            longest,
            asked: BTreeSet::new(),
            ended: 0,
            due: VecDeque::new(),
            heard: 0,
            quiet: now,
            lowest: None,
            stuck: now,
        }
    }

    /// The chunks to ask for now, of those that are missing, ascending; so many bytes were heard.
    pub(super) fn ask_now(
        &mut self,
        now: Instant,
        tally: &Tally,
        heard: u64,
        missing: &[u32],
    ) -> Vec<u32> {
        if heard.saturating_sub(self.heard) >= self.least {
            (self.heard, self.quiet) = (heard, now);
        }
        if missing.first().copied() != self.lowest {
            (self.lowest, self.stuck) = (missing.first().copied(), now);
        }
        if tally.ended != self.ended {
            self.ended = tally.ended;
            self.due = LOOKS_AFTER_LOSS.iter().filter_map(|look| now.checked_add(*look)).collect();
        }
        self.asked.retain(|index| missing.binary_search(index).is_ok());
        let has_had_lanes = tally.live > 0 || tally.ended > 0;
        if !has_had_lanes {
            return Vec::new();
        }
        let fresh: Vec<u32> =
            missing.iter().copied().filter(|index| !self.asked.contains(index)).collect();
        let chosen = self.choose(now, tally, fresh);
        if !chosen.is_empty() {
            (self.quiet, self.stuck) = (now, now);
            self.asked.extend(&chosen);
        }
        chosen
    }

    fn choose(&mut self, now: Instant, tally: &Tally, mut fresh: Vec<u32>) -> Vec<u32> {
        let since = |then: Instant| now.duration_since(then);
        let is_due = self.due.front().is_some_and(|due| *due <= now);
        if is_due {
            self.due.pop_front();
        }
        // On the channel alone a chunk may take seconds, and nothing is lost that is not due above.
        let may_be_lost = tally.ended > 0 && tally.live > 0;
        let silence = if may_be_lost { SILENCE_AFTER_LOSS } else { SILENCE };
        if is_due || since(self.quiet) >= silence {
            return fresh;
        }
        // Whoever sits on a lane may swallow one chunk and let others pass, or drip.
        fresh.truncate(1);
        fresh.retain(|index| self.lowest == Some(*index) && since(self.stuck) >= self.longest);
        fresh
    }
}

/// When a lane ends, what is on its way down the others comes soon, and records of what it lost within
/// the time of a segment.
const LOOKS_AFTER_LOSS: [Duration; 2] = [Duration::from_millis(300), Duration::from_secs(3)];
const SILENCE: Duration = Duration::from_secs(10);
const SILENCE_AFTER_LOSS: Duration = Duration::from_secs(1);

#[cfg(test)]
#[path = "../../../test/unit/missing.rs"]
mod tests;
