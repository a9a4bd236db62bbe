//! How much one person may want at once and in a minute, and all of them together at once.

use crate::crypto::Fingerprint;
use crate::model::limits::MANIFEST_BYTES;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How many streams there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Under way at once, of one person.
    pub at_once: u32,
    /// Begun in a minute, by one person.
    pub a_minute: u32,
    /// Under way at once, of all people: who has many identities gets no more.
    pub in_all: u32,
    /// Bytes of manifests of all that are under way.
    pub bytes: u64,
    /// Of these, of one person: nobody takes the room of all.
    pub bytes_each: u64,
}

impl Allowance {
    /// For what others fetch. A person fetches with a few streams at a time; each costs a signature and
    /// a wrap.
    pub const SERVING: Self =
        Self { at_once: 4, a_minute: 240, in_all: 64, bytes: 64 << 20, bytes_each: LARGEST };

    /// For what others offer, which waits for a person to say yes.
    pub const OFFERS: Self =
        Self { at_once: 2, a_minute: 240, in_all: 8, bytes: 32 << 20, bytes_each: LARGEST };

    /// For leaves that others ask for: a file may have to be read for them.
    pub const LISTS: Self = Self { at_once: 2, a_minute: 240, in_all: 8, bytes: 0, bytes_each: 0 };
}

/// Counts the streams of people.
#[derive(Debug)]
pub(super) struct Turns {
    allowance: Allowance,
    counted: Mutex<Counted>,
}

#[derive(Debug, Default)]
struct Counted {
    people: HashMap<Fingerprint, Person>,
    under_way: u32,
    bytes: u64,
}

#[derive(Debug)]
struct Person {
    under_way: u32,
    bytes: u64,
    begun: u32,
    /// Of these, such as did not open: each cost a private operation for nothing.
    bad: u32,
    since: Instant,
}

impl Turns {
    pub(super) fn new(allowance: Allowance) -> Arc<Self> {
        Arc::new(Self { allowance, counted: Mutex::default() })
    }

    /// Another stream for this person, with a manifest of at most so many bytes, if they may have one.
    /// It ends when this is dropped.
    pub(super) fn begin(self: &Arc<Self>, who: Fingerprint, bytes: u64) -> Option<Turn> {
        let mut counted = self.counted();
        let all = counted.bytes.saturating_add(bytes);
        if counted.under_way >= self.allowance.in_all || all > self.allowance.bytes {
            return None;
        }
        counted.person(who, Instant::now()).begin(&self.allowance, bytes)?;
        counted.under_way = counted.under_way.saturating_add(1);
        counted.bytes = all;
        Some(Turn { turns: Arc::clone(self), who, bytes })
    }

    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counted {
    /// What a person has of this minute. Of those who have nothing under way, it is forgotten with it.
    fn person(&mut self, who: Fingerprint, now: Instant) -> &mut Person {
        let is_over = |person: &Person| now.saturating_duration_since(person.since) >= MINUTE;
        self.people.retain(|_, person| person.under_way > 0 || !is_over(person));
        let person = self.people.entry(who).or_insert(Person {
            under_way: 0,
            bytes: 0,
            begun: 0,
            bad: 0,
            since: now,
        });
        if is_over(person) {
            (person.begun, person.bad, person.since) = (0, 0, now);
        }
        person
    }
}

impl Person {
    fn begin(&mut self, allowance: &Allowance, bytes: u64) -> Option<()> {
        let is_over = self.begun >= allowance.a_minute || self.bad >= BAD_A_MINUTE;
        if self.under_way >= allowance.at_once || is_over {
            return None;
        }
        self.take(allowance, bytes)?;
        self.under_way = self.under_way.saturating_add(1);
        self.begun = self.begun.saturating_add(1);
        Some(())
    }

    fn take(&mut self, allowance: &Allowance, bytes: u64) -> Option<()> {
        let theirs = self.bytes.saturating_add(bytes);
        self.bytes = Some(theirs).filter(|theirs| *theirs <= allowance.bytes_each)?;
        Some(())
    }
}

/// A stream that counts for a person.
#[derive(Debug)]
pub(super) struct Turn {
    turns: Arc<Turns>,
    who: Fingerprint,
    bytes: u64,
}

impl Turn {
    /// So many bytes of its manifest more, if there is room for them.
    pub(super) fn take(&mut self, bytes: u64) -> bool {
        let (mut counted, allowance) = (self.turns.counted(), &self.turns.allowance);
        let all = counted.bytes.saturating_add(bytes);
        let person = counted.people.get_mut(&self.who).filter(|_| all <= allowance.bytes);
        let has_room = person.and_then(|person| person.take(allowance, bytes)).is_some();
        if has_room {
            counted.bytes = all;
            self.bytes = self.bytes.saturating_add(bytes);
        }
        has_room
    }

    /// The stream did not open: whoever sends a few of that kind is not listened to for a while.
    pub(super) fn was_bad(&self) {
        if let Some(person) = self.turns.counted().people.get_mut(&self.who) {
            person.bad = person.bad.saturating_add(1);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut counted = self.turns.counted();
        counted.under_way = counted.under_way.saturating_sub(1);
        counted.bytes = counted.bytes.saturating_sub(self.bytes);
        if let Some(person) = counted.people.get_mut(&self.who) {
            person.under_way = person.under_way.saturating_sub(1);
            person.bytes = person.bytes.saturating_sub(self.bytes);
        }
    }
}

/// One manifest of the greatest length.
const LARGEST: u64 = MANIFEST_BYTES as u64;
/// Streams of one person in a minute that do not open.
const BAD_A_MINUTE: u32 = 5;
const MINUTE: Duration = Duration::from_secs(60);

#[cfg(test)]
#[path = "../../test/unit/peer_turns.rs"]
mod tests;
