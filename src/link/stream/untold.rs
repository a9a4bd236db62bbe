//! Segments that verified and of which the sender is not told yet.
//!
//! A segment that is told makes room for another. What was told and is not durable comes again after a
//! kill; so whoever keeps what came says when, and a kill costs no more than the open segments. A disk
//! that takes long must not look like a peer that does nothing: after a while, the word goes out anyway.

use crate::seal::VerifiedSegment;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// The words that wait, in the order of their segments.
#[derive(Default)]
pub(super) struct Untold {
    waiting: Mutex<VecDeque<Waiting>>,
    /// Rings when there may be something to tell.
    pub(super) bell: Notify,
}

struct Waiting {
    segment: VerifiedSegment,
    since: Instant,
    may_be_told: bool,
}

/// What there is to tell.
pub(super) enum Next {
    /// This.
    Tell(VerifiedSegment),
    /// Nothing before this time, unless it rings.
    NotBefore(Instant),
    /// Nothing before it rings.
    Nothing,
}

/// The word that a segment verified. When this is dropped, the sender may be told.
pub struct Word {
    untold: Arc<Untold>,
    segment: u32,
}

impl Untold {
    /// A segment verified.
    pub(super) fn push(self: &Arc<Self>, segment: VerifiedSegment) -> Word {
        let waiting = Waiting { segment, since: Instant::now(), may_be_told: false };
        self.waiting().push_back(waiting);
        // From now on the time runs.
        self.bell.notify_one();
        Word { untold: Arc::clone(self), segment: segment.number }
    }

    /// What to tell now: the oldest, if that may be, or has waited for so long.
    pub(super) fn next(&self, longest: Duration) -> Next {
        let mut waiting = self.waiting();
        let Some(oldest) = waiting.front() else { return Next::Nothing };
        let until = oldest.since.checked_add(longest);
        if !oldest.may_be_told && until.is_none_or(|until| Instant::now() < until) {
            return until.map_or(Next::Nothing, Next::NotBefore);
        }
        waiting.pop_front().map_or(Next::Nothing, |told| Next::Tell(told.segment))
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Word {
    fn drop(&mut self) {
        let mut waiting = self.untold.waiting();
        let mine = waiting.iter_mut().find(|it| it.segment.number == self.segment);
        mine.into_iter().for_each(|mine| mine.may_be_told = true);
        drop(waiting);
        self.untold.bell.notify_one();
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Word({})", self.segment)
    }
}
