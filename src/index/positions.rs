//! How far the searches of one conversation came.

use super::store::Position;
use std::collections::VecDeque;

/// The last few, each with its number.
#[derive(Debug, Default)]
pub(super) struct Positions {
    next: u32,
    kept: VecDeque<(u32, Position)>,
}

impl Positions {
    /// Keeps one; the oldest gives way when there are many.
    pub(super) fn keep(&mut self, position: Position) -> u32 {
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        self.kept.truncate(KEPT.saturating_sub(1));
        self.kept.push_front((number, position));
        number
    }

    /// The one with this number, if it is still kept.
    pub(super) fn get(&self, number: u32) -> Option<Position> {
        self.kept.iter().find(|(kept, _)| *kept == number).map(|(_, position)| *position)
    }
}

const KEPT: usize = 16;
