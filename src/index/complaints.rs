//! Refusals on their way to the log: the same from the same address is told once a minute, with how
//! often it was. Pure: the time comes with each one.
//!
//! Whoever is refused can be refused a thousand times a second, and must not fill a disk or hide
//! what others do by it.

use crate::link::Origin;
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;

#[derive(Debug, Default)]
pub(super) struct Complaints {
    /// How many were not told since there were too many addresses.
    untold: u64,
    told: HashMap<(Origin, &'static str, u16), Told>,
}

/// What was told of one kind of refusal, to one address.
#[derive(Debug, Clone, Copy)]
struct Told {
    at: Instant,
    since: u64,
}

impl Complaints {
    /// How often this was refused since it was last told, when it is to be told now.
    pub(super) fn count(
        &mut self,
        from: Origin,
        (what, why): (&'static str, u16),
        now: Instant,
    ) -> Option<u64> {
        if self.told.len() >= MOST {
            self.told.retain(|_, told| now.saturating_duration_since(told.at) < PAUSE);
        }
        let is_full = self.told.len() >= MOST;
        match self.told.get_mut(&(from, what, why)) {
            Some(told) if now.saturating_duration_since(told.at) < PAUSE => {
                told.since = told.since.saturating_add(1);
                None
            }
            Some(told) => {
                let times = told.since.saturating_add(1);
                *told = Told { at: now, since: 0 };
                Some(times)
            }
            // A thousand addresses within a minute: which of them it is says nothing any more. They
            // are counted with the next one that is told.
            None if is_full => {
                self.untold = self.untold.saturating_add(1);
                None
            }
            None => {
                self.told.insert((from, what, why), Told { at: now, since: 0 });
                Some(std::mem::take(&mut self.untold).saturating_add(1))
            }
        }
    }
}

const PAUSE: Duration = Duration::from_secs(60);
const MOST: usize = 1024;

#[cfg(test)]
#[path = "../../test/unit/complaints.rs"]
mod tests;
