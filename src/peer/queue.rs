//! Who waits for a slot, and in which order they get one.
//!
//! People take turns: whoever has many requests waiting gets one served, and then the next person does. So
//! each request is in a round, the next one of the same person in a later round, and in a round who came
//! first is first. A place moves back only when somebody comes who was served less. Who wants much room waits
//! for it at their place, and nobody who wants less goes before.

use crate::crypto::Fingerprint;
use std::collections::BTreeMap;

/// Those who wait.
#[derive(Debug)]
pub(super) struct Queue<T> {
    waiting: BTreeMap<Place, Waiter<T>>,
    /// The round that is served.
    round: u64,
    came: u64,
}

/// A request that waits.
#[derive(Debug)]
pub(super) struct Waiter<T> {
    pub(super) who: Fingerprint,
    /// The room for a manifest that it wants.
    pub(super) room: u64,
    /// Where its turn is told.
    pub(super) to: T,
}

/// Where a request stands: its round, and when it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place(u64, u64);

impl Place {
    pub(super) fn round(self) -> u64 {
        self.0
    }
}

impl<T> Queue<T> {
    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.waiting.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn round(&self) -> u64 {
        self.round
    }

    /// Somebody waits whose next request is in this round, or in a later one if that is over.
    pub(super) fn add(&mut self, round: u64, waiter: Waiter<T>) -> Place {
        self.came = self.came.saturating_add(1);
        let place = Place(round.max(self.round), self.came);
        self.waiting.insert(place, waiter);
        place
    }

    /// The first of whom this is true.
    pub(super) fn first(&self, is_it: impl Fn(&Waiter<T>) -> bool) -> Option<(Place, &Waiter<T>)> {
        let first = self.waiting.iter().find(|(_, waiter)| is_it(waiter));
        first.map(|(place, waiter)| (*place, waiter))
    }

    /// It is the turn of this one.
    pub(super) fn serve(&mut self, place: Place) -> Option<Waiter<T>> {
        self.round = self.round.max(place.round());
        self.remove(place)
    }

    pub(super) fn remove(&mut self, place: Place) -> Option<Waiter<T>> {
        self.waiting.remove(&place)
    }

    /// The how manieth this is, of how many; none that waits no more.
    pub(super) fn place(&self, place: Place) -> Option<(u32, u32)> {
        let count = self.waiting.contains_key(&place).then(|| self.waiting.range(..=place).count());
        count.and_then(|count| u32::try_from(count).ok()).map(|count| (count, self.len()))
    }
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self { waiting: BTreeMap::new(), round: 0, came: 0 }
    }
}
