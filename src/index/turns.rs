//! Who does what takes long: so that nobody does so much of it at once that others wait.

use super::store::AccountId;
use super::visitor::Denial;
use crate::wire::Code;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What takes long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Doing {
    /// Asking the catalog.
    Searching,
    /// Changing it.
    Publishing,
}

/// How much of it is under way.
#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<HashMap<(Doing, AccountId), usize>>);

impl Turns {
    pub(super) fn take(&self, doing: Doing, account: AccountId) -> Result<Turn<'_>, Denial> {
        let mut turns = self.turns();
        let count = turns.entry((doing, account)).or_default();
        if *count >= AT_ONCE {
            return Err(Denial::new(Code::Busy, "much of yours is under way at once already"));
        }
        *count = count.saturating_add(1);
        Ok(Turn { turns: self, of: (doing, account) })
    }

    fn turns(&self) -> MutexGuard<'_, HashMap<(Doing, AccountId), usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One that is under way, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    turns: &'a Turns,
    of: (Doing, AccountId),
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut turns = self.turns.turns();
        match turns.get(&self.of).map_or(0, |count| count.saturating_sub(1)) {
            0 => drop(turns.remove(&self.of)),
            left => drop(turns.insert(self.of, left)),
        }
    }
}

/// How much one person does at once, in all conversations together.
const AT_ONCE: usize = 4;
