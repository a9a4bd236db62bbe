//! How far the searches of one conversation came.

use super::store::Position;
use crate::model::limits::SEARCH_RESULTS;
use std::collections::VecDeque;

/// The last few, each with its number.
#[derive(Debug, Default)]
pub(super) struct Positions {
    next: u32,
    kept: VecDeque<(u32, Position)>,
}

impl Positions {
    /// Keeps one; the oldest give way when there are many, or when what they remember is much.
    pub(super) fn keep(&mut self, position: Position) -> u32 {
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        let mut room = REMEMBERED.saturating_sub(position.weight());
        let fits = |(_, kept): &&(u32, Position)| match room.checked_sub(kept.weight()) {
            Some(left) => {
                room = left;
                true
            }
            None => false,
        };
        let fitting = self.kept.iter().take(KEPT.saturating_sub(1)).take_while(fits).count();
        self.kept.truncate(fitting);
        self.kept.push_front((number, position));
        number
    }

    /// The one with this number, if it is still kept.
    pub(super) fn get(&self, number: u32) -> Option<Position> {
        self.kept.iter().find(|(kept, _)| *kept == number).map(|(_, position)| position.clone())
    }
}

const KEPT: usize = 16;
/// So many results are remembered for all of them: some 160 KB.
const REMEMBERED: usize = 2 * SEARCH_RESULTS;
