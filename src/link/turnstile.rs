//! What passes only as a whole: chunks on the channel, each one frame.
//!
//! Each that waits earns its slices by itself, and all at the same pace: so all would be ready in the same
//! moment, after a silence that grows with their number and looks like a line that is dead. So the first in
//! line goes as soon as all of them together have earned what it takes. What it borrows, the last have to
//! earn again; they are first in their turn.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Those who wait, the first of them first.
#[derive(Debug, Default)]
pub(super) struct Turnstile(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    wholes: VecDeque<Whole>,
    came: u64,
}

#[derive(Debug)]
struct Whole {
    number: u64,
    bytes: usize,
    earned: usize,
}

/// One that waits. Dropped, it does not any more.
#[derive(Debug)]
pub(super) struct Waiter<'t> {
    turnstile: &'t Turnstile,
    number: u64,
}

impl<'t> Waiter<'t> {
    pub(super) fn enter(turnstile: &'t Turnstile, bytes: usize) -> Self {
        let mut waiting = turnstile.waiting();
        let number = waiting.came;
        waiting.came = number.wrapping_add(1);
        if bytes > 0 {
            waiting.wholes.push_back(Whole { number, bytes, earned: 0 });
        }
        Self { turnstile, number }
    }

    /// How many bytes it still has to earn; none when it may pass.
    pub(super) fn left(&self) -> Option<usize> {
        let waiting = self.turnstile.waiting();
        let own = waiting.wholes.iter().find(|whole| whole.number == self.number)?;
        Some(own.bytes.saturating_sub(own.earned))
    }

    /// It has earned so many: for the first, should it pass already.
    pub(super) fn fill(&self, bytes: usize) {
        let mut waiting = self.turnstile.waiting();
        let is_it = |whole: &Whole| whole.number == self.number;
        let at = waiting.wholes.iter().position(is_it).unwrap_or_default();
        if let Some(whole) = waiting.wholes.get_mut(at) {
            whole.earned = whole.earned.saturating_add(bytes);
            if whole.earned >= whole.bytes {
                waiting.wholes.remove(at);
            }
        }
        waiting.let_the_first_go();
    }
}

impl Waiting {
    fn let_the_first_go(&mut self) {
        let earned = |sum: usize, whole: &Whole| sum.saturating_add(whole.earned);
        while let Some(first) = self.wholes.front()
            && first.bytes <= self.wholes.iter().fold(0, earned)
        {
            let mut borrowed = first.bytes.saturating_sub(first.earned);
            self.wholes.pop_front();
            for whole in self.wholes.iter_mut().rev() {
                let part = borrowed.min(whole.earned);
                whole.earned = whole.earned.saturating_sub(part);
                borrowed = borrowed.saturating_sub(part);
            }
        }
    }
}

impl Turnstile {
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.waiting().wholes.is_empty()
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.turnstile.waiting().wholes.retain(|whole| whole.number != self.number);
    }
}
