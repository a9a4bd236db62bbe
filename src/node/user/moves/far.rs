//! How far a move has come, by what is told of its tasks, which is passed on.

use super::MoveStanding;
use super::waits::Waiting;
use crate::model::{Event, Events, Work};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

/// How far a move has come.
#[derive(Debug, Default)]
pub(super) struct Far {
    done: AtomicU64,
    total: AtomicU64,
    waits: Mutex<Waiting>,
}

impl Far {
    pub(super) fn standing(&self) -> MoveStanding {
        let (done, total) = (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed));
        MoveStanding::UnderWay { done, total, waits: self.waits().first() }
    }

    fn waits(&self) -> MutexGuard<'_, Waiting> {
        self.waits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody to tell, who passes it on.
    pub(super) fn told(self: &Arc<Self>, to: &Events) -> Events {
        let (events, listener) = to.channel_beside();
        let (far, to) = (Arc::clone(self), to.clone());
        let pass = move || {
            // The last task of which it is known how much there is to do.
            let mut counted = None;
            for event in listener {
                far.waits().take(&event);
                match event {
                    Event::Began { work: Work::Waiting, .. } | Event::Began { total: 0, .. } => {}
                    Event::Began { task, total, .. } => {
                        counted = Some(task);
                        far.done.store(0, Ordering::Relaxed);
                        far.total.store(total, Ordering::Relaxed);
                    }
                    Event::Advanced { task, done } if counted == Some(task) => {
                        far.done.store(done, Ordering::Relaxed);
                    }
                    _ => {}
                }
                to.pass(event);
            }
        };
        let passing = thread::Builder::new().name("move".to_owned()).spawn(pass);
        // Without a thread to pass it on, nothing is told.
        passing.map_or_else(|_| Events::ignored(), |_| events)
    }
}
