//! How much one person may want at once and in a minute.

use crate::crypto::Fingerprint;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How many streams one person may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Under way at once.
    pub at_once: u32,
    /// Begun in a minute.
    pub a_minute: u32,
}

impl Default for Allowance {
    /// A person fetches with a few streams at a time; each costs a signature and a wrap.
    fn default() -> Self {
        Self { at_once: 4, a_minute: 240 }
    }
}

/// Counts the streams of people.
#[derive(Debug)]
pub(super) struct Turns {
    allowance: Allowance,
    people: Mutex<HashMap<Fingerprint, Person>>,
}

#[derive(Debug)]
struct Person {
    under_way: u32,
    begun: u32,
    since: Instant,
}

impl Turns {
    pub(super) fn new(allowance: Allowance) -> Arc<Self> {
        Arc::new(Self { allowance, people: Mutex::default() })
    }

    /// Another stream for this person, if they may have one. It ends when this is dropped.
    pub(super) fn begin(self: &Arc<Self>, who: Fingerprint) -> Option<Turn> {
        let now = Instant::now();
        let is_over = |person: &Person| now.saturating_duration_since(person.since) >= MINUTE;
        let mut people = self.people();
        people.retain(|_, person| person.under_way > 0 || !is_over(person));
        let person = people.entry(who).or_insert(Person { under_way: 0, begun: 0, since: now });
        if is_over(person) {
            (person.begun, person.since) = (0, now);
        }
        let Allowance { at_once, a_minute } = self.allowance;
        if person.under_way >= at_once || person.begun >= a_minute {
            return None;
        }
        person.under_way = person.under_way.saturating_add(1);
        person.begun = person.begun.saturating_add(1);
        Some(Turn { turns: Arc::clone(self), who })
    }

    fn people(&self) -> MutexGuard<'_, HashMap<Fingerprint, Person>> {
        self.people.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stream that counts for a person.
#[derive(Debug)]
pub(super) struct Turn {
    turns: Arc<Turns>,
    who: Fingerprint,
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(person) = self.turns.people().get_mut(&self.who) {
            person.under_way = person.under_way.saturating_sub(1);
        }
    }
}

const MINUTE: Duration = Duration::from_secs(60);
