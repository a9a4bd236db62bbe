//! A bounded queue between many tasks, which never wait for it, and a few threads, which do.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

pub(super) struct Queue<J> {
    state: Mutex<State<J>>,
    changed: Condvar,
    most: usize,
}

struct State<J> {
    waiting: VecDeque<J>,
    is_open: bool,
}

/// Why a queue did not take something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotTaken {
    Full,
    Closed,
}

impl<J> Queue<J> {
    /// A queue in which at most so many wait.
    pub(super) fn new(most: usize) -> Self {
        let state = State { waiting: VecDeque::new(), is_open: true };
        Self { state: Mutex::new(state), changed: Condvar::new(), most }
    }

    /// Puts something at the end, or refuses it at once.
    pub(super) fn push(&self, job: J) -> Result<(), NotTaken> {
        let mut state = self.state();
        if !state.is_open {
            return Err(NotTaken::Closed);
        }
        if state.waiting.len() >= self.most {
            return Err(NotTaken::Full);
        }
        state.waiting.push_back(job);
        self.changed.notify_one();
        Ok(())
    }

    /// Waits until there is something and takes at most so many. None when the queue is closed and
    /// nothing is left in it.
    pub(super) fn take(&self, most: usize) -> Option<Vec<J>> {
        let waits = |state: &mut State<J>| state.waiting.is_empty() && state.is_open;
        let waited = self.changed.wait_while(self.state(), waits);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        let most = most.min(state.waiting.len());
        let taken: Vec<J> = state.waiting.drain(..most).collect();
        (!taken.is_empty()).then_some(taken)
    }

    /// Takes nothing more. What waits is still done.
    pub(super) fn close(&self) {
        self.state().is_open = false;
        self.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State<J>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
