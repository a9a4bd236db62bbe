//! Who waits for a slot, and in which order they get one.
//!
//! People take turns: whoever has many requests waiting gets one served, and then the next person does. So
//! each request is in a round, the next one of the same person in a later round, and in a round who came
//! first is first. A place moves back only when somebody comes who was served less. Who wants much room waits
//! for it at their place, and nobody who wants less goes before.

use super::turns::{Turn, Turns};
use crate::crypto::Fingerprint;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::{oneshot, watch};

/// Those who wait.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: BTreeMap<Place, Waiter>,
    /// The round that is served.
    round: u64,
    came: u64,
}

/// A request that waits.
#[derive(Debug)]
pub(super) struct Waiter {
    pub(super) who: Fingerprint,
    /// The room for a manifest that it wants.
    pub(super) room: u64,
    /// Where its turn is told.
    pub(super) to: oneshot::Sender<Turn>,
}

/// Where a request stands: its round, and when it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place(u64, u64);

impl Place {
    pub(super) fn round(self) -> u64 {
        self.0
    }
}

impl Queue {
    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.waiting.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn round(&self) -> u64 {
        self.round
    }

    /// Somebody waits whose next request is in this round, or in a later one if that is over.
    pub(super) fn add(&mut self, round: u64, waiter: Waiter) -> Place {
        self.came = self.came.saturating_add(1);
        let place = Place(round.max(self.round), self.came);
        self.waiting.insert(place, waiter);
        place
    }

    /// The first of whom this is true.
    pub(super) fn first(&self, is_it: impl Fn(&Waiter) -> bool) -> Option<(Place, &Waiter)> {
        let first = self.waiting.iter().find(|(_, waiter)| is_it(waiter));
        first.map(|(place, waiter)| (*place, waiter))
    }

    /// It is the turn of this one.
    pub(super) fn serve(&mut self, place: Place) -> Option<Waiter> {
        self.round = self.round.max(place.round());
        self.remove(place)
    }

    pub(super) fn remove(&mut self, place: Place) -> Option<Waiter> {
        self.waiting.remove(&place)
    }

    /// The how manieth this is, of how many; none that waits no more.
    fn place(&self, place: Place) -> Option<(u32, u32)> {
        let count = self.waiting.contains_key(&place).then(|| self.waiting.range(..=place).count());
        count.and_then(|count| u32::try_from(count).ok()).map(|count| (count, self.len()))
    }
}

/// A request that waits. Dropped, it does not any more, and its slot, if it has just got one, is given to
/// the next.
#[derive(Debug)]
pub(super) struct Waiting {
    turns: Arc<Turns>,
    place: Place,
    turn: oneshot::Receiver<Turn>,
    moved: watch::Receiver<()>,
}

impl Waiting {
    pub(super) fn new(
        turns: Arc<Turns>,
        place: Place,
        turn: oneshot::Receiver<Turn>,
        moved: watch::Receiver<()>,
    ) -> Self {
        Self { turns, place, turn, moved }
    }

    /// The how manieth it is, of how many; none when it is its turn.
    pub(super) fn place(&self) -> Option<(u32, u32)> {
        self.turns.counted().queue.place(self.place)
    }

    /// Waits for its turn, or until its place may be another. May be dropped while it waits.
    pub(super) async fn news(&mut self) -> Option<Turn> {
        tokio::select! {
            biased;
            Ok(turn) = &mut self.turn => Some(turn),
            _ = self.moved.changed() => None,
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.turns.leave(self.place);
    }
}
