//! The chunks under way: from the first that is not settled, two segments long.

use crate::model::limits::{OPEN_SEGMENTS, SEGMENT_CHUNKS};
use std::collections::VecDeque;

/// How many chunks are under way at most.
pub(super) const WINDOW_CHUNKS: u32 = OPEN_SEGMENTS * SEGMENT_CHUNKS;

/// One value for each chunk under way that has one.
#[derive(Debug)]
pub(super) struct Window<T> {
    first: u32,
    values: VecDeque<Option<T>>,
}

impl<T> Window<T> {
    /// A window of which all chunks before `first` are settled.
    pub(super) fn starting_at(first: u32) -> Self {
        Self { first, values: VecDeque::new() }
    }

    /// Whether a chunk is under way now.
    pub(super) fn holds(&self, index: u32) -> bool {
        index.checked_sub(self.first).is_some_and(|ahead| ahead < WINDOW_CHUNKS)
    }

    pub(super) fn get(&self, index: u32) -> Option<&T> {
        self.values.get(self.place(index)?)?.as_ref()
    }

    /// Sets the value of a chunk that is under way.
    pub(super) fn set(&mut self, index: u32, value: T) {
        if let Some(place) = self.place(index).filter(|_| self.holds(index)) {
            while self.values.len() <= place {
                self.values.push_back(None);
            }
            if let Some(slot) = self.values.get_mut(place) {
                *slot = Some(value);
            }
        }
    }

    /// The chunks up to, and without, `end` that have no value.
    pub(super) fn missing(&self, end: u32) -> impl Iterator<Item = u32> {
        (self.first..end).filter(|index| self.get(*index).is_none())
    }

    /// The values from the first up to, and without, `end`.
    pub(super) fn up_to(&self, end: u32) -> impl Iterator<Item = &T> {
        (self.first..end).filter_map(|index| self.get(index))
    }

    /// Settles the first chunk and takes its value.
    pub(super) fn take_first(&mut self) -> Option<T> {
        self.first = self.first.saturating_add(1);
        self.values.pop_front().flatten()
    }

    pub(super) fn first(&self) -> u32 {
        self.first
    }

    fn place(&self, index: u32) -> Option<usize> {
        usize::try_from(index.checked_sub(self.first)?).ok()
    }
}
