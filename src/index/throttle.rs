//! Who has to wait before the next try. Pure: the time comes with each question.
//!
//! ```text
//! tries of one key    1 2 3 4 5 | 6    7    8     ...
//! wait before it      none      | 1 s  2 s  4 s   ... up to the longest
//! ```
//!
//! A password counts as wrong until it is told to have been right, so a hundred at once are not
//! admitted because none has failed yet. Joining counts when it failed: a class may join at once. The
//! key of a wrong password is the name **and** the address that it came from, so a stranger elsewhere
//! never locks anybody out; and who proved the very identity of the account has a key of their own, so
//! neither does a stranger behind the same router. A key that
//! nobody touched for an hour is forgotten. Where a pace says so, tries fade one by one: who comes and
//! goes all day on a bad line is not made to wait for what was hours ago.

use super::store::AccountId;
use crate::crypto::Fingerprint;
use crate::link::Origin;
use crate::model::{TokenHash, UserName};
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;

/// What is counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// Passwords for a name, from an address.
    Password(UserName, Origin),
    /// Passwords for a name, by the identity that has it.
    OwnPassword(UserName, Fingerprint),
    /// Joining that failed, from an address.
    FailedJoin(Origin),
    /// Joining without an invitation, from an address.
    OpenJoin(Origin),
    /// Joining with an invitation that holds.
    Invited(TokenHash),
    /// Wishes to reach somebody.
    Reach(AccountId, AccountId),
    /// Changes of what others see of a person.
    Change(AccountId),
}

/// How often something may be tried.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Tries without waiting.
    pub(super) free: u32,
    /// The wait before the first try after those.
    pub(super) first: Duration,
    /// The longest wait.
    pub(super) longest: Duration,
    /// After so long without another one, a try counts no more.
    pub(super) fades: Duration,
}

/// No try fades by itself: all are forgotten together.
pub(super) const NEVER: Duration = Duration::MAX;

#[derive(Debug, Clone, Copy)]
struct Tries {
    count: u32,
    last: Instant,
    fades: Duration,
}

/// All tries that still count.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    tries: HashMap<Key, Tries>,
}

impl Throttle {
    /// Lets a try begin, which counts from now on, or says how long to wait for it.
    pub(super) fn begin(&mut self, key: &Key, pace: Pace, now: Instant) -> Result<(), Duration> {
        self.look(key, pace, now)?;
        self.count_fading(key, pace.fades, now);
        Ok(())
    }

    /// Whether a try may begin, or how long to wait for it.
    pub(super) fn look(&self, key: &Key, pace: Pace, now: Instant) -> Result<(), Duration> {
        let Some(tries) = self.counted(key, now) else { return Ok(()) };
        let due = tries.last.checked_add(pace.wait(tries.count)).unwrap_or(tries.last);
        let wait = due.saturating_duration_since(now);
        if wait.is_zero() { Ok(()) } else { Err(wait) }
    }

    /// A try counts.
    pub(super) fn count(&mut self, key: &Key, now: Instant) {
        self.count_fading(key, NEVER, now);
    }

    fn count_fading(&mut self, key: &Key, fades: Duration, now: Instant) {
        let count = self.counted(key, now).map_or(0, |tries| tries.count);
        self.make_room(now);
        self.tries.insert(key.clone(), Tries { count: count.saturating_add(1), last: now, fades });
    }

    fn counted(&self, key: &Key, now: Instant) -> Option<Tries> {
        let tries = self.tries.get(key).filter(|tries| !tries.is_forgotten(now))?;
        Some(Tries { count: tries.left(now), ..*tries })
    }

    /// A try succeeded: none before it counts any more.
    pub(super) fn succeeded(&mut self, key: &Key) {
        self.tries.remove(key);
    }

    /// A try was neither right nor wrong: it does not count.
    pub(super) fn take_back(&mut self, key: &Key) {
        let Some(tries) = self.tries.get_mut(key) else { return };
        tries.count = tries.count.saturating_sub(1);
        if tries.count == 0 {
            self.tries.remove(key);
        }
    }

    /// When there are too many keys, those go that were tried least, and among those the ones that
    /// were touched longest ago; half of them at once, so that this is rare. Who has to wait was
    /// tried often, so nobody gets rid of a wait by trying other keys.
    fn make_room(&mut self, now: Instant) {
        if self.tries.len() < MAX_KEYS {
            return;
        }
        self.tries.retain(|_, tries| !tries.is_forgotten(now));
        let mut ranks: Vec<_> = self.tries.values().map(Tries::rank).collect();
        let middle = ranks.len() / 2;
        if middle > 0 {
            let (_, median, _) = ranks.select_nth_unstable(middle);
            let median = *median;
            self.tries.retain(|_, tries| tries.rank() > median);
        }
    }
}

impl Pace {
    /// The wait after so many tries.
    fn wait(&self, count: u32) -> Duration {
        let Some(doublings) = count.checked_sub(self.free) else { return Duration::ZERO };
        self.first.saturating_mul(1 << doublings.min(MAX_DOUBLINGS)).min(self.longest)
    }
}

impl Tries {
    /// How many have not faded.
    fn left(&self, now: Instant) -> u32 {
        let since = now.saturating_duration_since(self.last).as_nanos();
        let faded = since.checked_div(self.fades.as_nanos()).unwrap_or_default();
        self.count.saturating_sub(u32::try_from(faded).unwrap_or(u32::MAX))
    }

    fn rank(&self) -> (u32, Instant) {
        (self.count, self.last)
    }

    fn is_forgotten(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.last) >= FORGOTTEN_AFTER
    }
}

const FORGOTTEN_AFTER: Duration = Duration::from_secs(3600);
const MAX_KEYS: usize = 16 * 1024;
const MAX_DOUBLINGS: u32 = 20;

#[cfg(test)]
#[path = "../../test/unit/throttle.rs"]
mod tests;
