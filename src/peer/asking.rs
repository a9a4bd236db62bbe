//! Asking somebody for a stream: what is told of it as long as it takes, and where others are served first.

use super::requests::pages;
use super::telling::MOMENT;
use super::wanted::Wanted;
use crate::link::{Page, Wish};
use crate::model::{Events, Ranges, Task, Transfer, Work};
use crate::wire::GetWait;
use std::future::Future;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use tokio::time::timeout;

/// Entries that are asked for, with the parts of each that have to come.
pub(super) struct Asking<'w> {
    pub(super) wanted: &'w [Wanted],
    pub(super) missing: &'w [Option<Ranges>],
    pub(super) told: &'w AskTold<'w>,
    /// Whether it is waited for where others are served first.
    pub(super) may_wait: bool,
}

impl<'w> Wish for Asking<'w> {
    type Pages = Box<dyn Iterator<Item = Page> + Send + 'w>;

    fn pages(&mut self) -> Self::Pages {
        pages(self.wanted, self.missing)
    }

    fn may_wait(&self) -> bool {
        self.may_wait
    }

    fn waits(&mut self, place: GetWait) {
        self.told.waits(place);
    }
}

/// What is told while somebody is asked: that it is looked what there is, or that others are served first.
pub(super) struct AskTold<'w> {
    events: &'w Events,
    transfer: Transfer<'w>,
    task: Mutex<Option<(Work, Task)>>,
    /// The last place that was told.
    place: Mutex<Option<(u32, u32)>>,
}

impl<'w> AskTold<'w> {
    pub(super) fn new(events: &'w Events, transfer: Transfer<'w>) -> Self {
        Self { events, transfer, task: Mutex::default(), place: Mutex::default() }
    }

    /// Tells of what takes longer than a moment.
    pub(super) async fn follow<T>(&self, asking: impl Future<Output = T>) -> T {
        let mut asking = pin!(asking);
        let early = timeout(MOMENT, &mut asking).await;
        let done = match early {
            Ok(done) => done,
            Err(_) => {
                self.tell(|now| now.is_none().then_some(Work::Looking));
                asking.await
            }
        };
        self.end();
        done
    }

    /// Tells the place among those who wait, or that it is our turn.
    pub(super) fn waits(&self, GetWait { place, of, .. }: GetWait) {
        if place == 0 {
            return self.end();
        }
        self.tell(|now| (now != Some(Work::Waiting)).then_some(Work::Waiting));
        // What is said again and again is a sign of life, and no news.
        let last = self.place.lock().unwrap_or_else(PoisonError::into_inner).replace((place, of));
        if last == Some((place, of)) {
            return;
        }
        if let Some((_, task)) = &*self.task() {
            task.place(place, of);
        }
    }

    /// Another work is told from now on, if `next` says so of what is told now.
    fn tell(&self, next: impl FnOnce(Option<Work>) -> Option<Work>) {
        let mut told = self.task();
        if let Some(work) = next(told.as_ref().map(|(work, _)| *work)) {
            told.take().into_iter().for_each(|(_, task)| task.complete());
            *told = Some((work, self.events.begin_transfer(work, &self.transfer)));
        }
    }

    fn end(&self) {
        self.task().take().into_iter().for_each(|(_, task)| task.complete());
    }

    fn task(&self) -> std::sync::MutexGuard<'_, Option<(Work, Task)>> {
        self.task.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
