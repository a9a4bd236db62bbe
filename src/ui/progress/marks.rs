//! How far what was told has been passed on: what is printed behind a mark stands behind all that was told
//! before it.

use crate::model::{Event, Events, TaskId};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Marks among what is told: of whoever waits for them, and of whoever passes on what is told. Cheap to clone;
/// all clones know the same ones.
#[derive(Debug, Clone, Default)]
pub struct Marks(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    made: AtomicU64,
    awaited: Mutex<BTreeSet<TaskId>>,
    seen: Condvar,
}

impl Marks {
    /// Waits until all that was told through this teller is passed on, but not for ever: whoever passes it on may
    /// wait for a reader.
    pub fn settle(&self, events: &Events) {
        // The end of a task that never began. No program comes to such a number.
        let number = u64::MAX.saturating_sub(self.0.made.fetch_add(1, Ordering::Relaxed));
        let Ok(mark) = serde_json::from_value::<TaskId>(number.into()) else { return };
        self.awaited().insert(mark);
        events.pass(Event::Ended { task: mark, complete: true });
        let is_awaited = |awaited: &mut BTreeSet<TaskId>| awaited.contains(&mark);
        let waited = self.0.seen.wait_timeout_while(self.awaited(), LONGEST, is_awaited);
        let (mut awaited, _) = waited.unwrap_or_else(PoisonError::into_inner);
        awaited.remove(&mark);
    }

    /// All before this was passed on. Gives whether it is a mark, which nobody is told of.
    pub fn passed(&self, event: &Event) -> bool {
        let Event::Ended { task, .. } = event else { return false };
        let is_mark = self.awaited().remove(task);
        if is_mark {
            self.0.seen.notify_all();
        }
        is_mark
    }

    fn awaited(&self) -> MutexGuard<'_, BTreeSet<TaskId>> {
        self.0.awaited.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const LONGEST: Duration = Duration::from_secs(2);
