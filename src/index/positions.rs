//! How far the searches of one conversation came.

use super::store::Position;
use crate::model::limits::SEARCH_RESULTS;
use crate::wire::Message;
use crate::wire::index::Search;
use std::collections::VecDeque;

/// The last few.
#[derive(Debug, Default)]
pub(super) struct Positions {
    next: u32,
    kept: VecDeque<Kept>,
}

#[derive(Debug)]
struct Kept {
    number: u32,
    /// What was searched for.
    question: Question,
    position: Position,
}

/// What is the same on all pages of a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Question(Box<[u8]>);

impl Question {
    pub(super) fn of(ask: &Search) -> Self {
        Self(Search { id: 0, most: None, from: None, ..ask.clone() }.encode().as_ref().into())
    }
}

impl Positions {
    /// Keeps one; the oldest give way when there are many, or when what they remember is much.
    pub(super) fn keep(&mut self, question: Question, position: Position) -> u32 {
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        let mut room = REMEMBERED.saturating_sub(position.weight());
        let fits = |kept: &&Kept| match room.checked_sub(kept.position.weight()) {
            Some(left) => {
                room = left;
                true
            }
            None => false,
        };
        let fitting = self.kept.iter().take(KEPT.saturating_sub(1)).take_while(fits).count();
        self.kept.truncate(fitting);
        self.kept.push_front(Kept { number, question, position });
        number
    }

    /// The one with this number, if it is still kept, and of this search.
    pub(super) fn get(&self, question: &Question, number: u32) -> Option<Position> {
        let kept = self.kept.iter().find(|kept| kept.number == number)?;
        (kept.question == *question).then(|| kept.position.clone())
    }
}

const KEPT: usize = 16;
/// So many results are remembered for all of them: some 160 KB.
const REMEMBERED: usize = 2 * SEARCH_RESULTS;
