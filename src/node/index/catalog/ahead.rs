//! Parts of a sync that are on their way: one, and the next one behind it, which the index reads while
//! it writes the first.
//!
//! Each part may be sent again, and none is taken before those before it are. So one that went ahead
//! may be forgotten at any time.

use super::super::live::Live;
use super::entries::aside;
use super::hitches::{Hitch, ask};
use super::sync::{Ready, Sync};
use crate::model::{ShareId, SyncId};
use crate::wire::index::Publish;
use std::panic::resume_unwind;
use std::sync::Arc;
use tokio_util::task::AbortOnDropHandle;

/// A part that was asked for to be taken.
pub(super) struct Asked {
    share: ShareId,
    pub(super) sync: Sync,
    /// The sync after it; none when it is the last one.
    pub(super) rest: Option<Sync>,
    answer: AbortOnDropHandle<Result<(), Hitch>>,
}

impl Asked {
    pub(super) fn new(live: &Arc<Live>, share: ShareId, ready: Ready) -> Self {
        let Ready { sync, part, rest } = ready;
        let answer = tokio::spawn(taken(Arc::clone(live), part));
        Self { share, sync, rest, answer: AbortOnDropHandle::new(answer) }
    }

    /// Whether it is the part of this number.
    pub(super) fn is(&self, share: ShareId, part: (SyncId, u32)) -> bool {
        self.share == share && (self.sync.id, self.sync.part) == part
    }

    /// Waits for the answer, and sends the next part meanwhile.
    pub(super) async fn answer(self, live: &Arc<Live>) -> (Result<(), Hitch>, Option<Self>) {
        let Self { share, rest, answer, .. } = self;
        let next = async {
            let ready = aside(move || rest.map(|rest| rest.ready(share))).await;
            ready.map(|ready| Self::new(live, share, ready))
        };
        let (answer, next) = tokio::join!(answer, next);
        // The task ends by itself, or with the runtime.
        let answer = answer.unwrap_or_else(|error| match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(_) => Err(Hitch::Lost),
        });
        // None follows on one that was not taken.
        let next = next.filter(|_| answer.is_ok());
        (answer, next)
    }
}

async fn taken(live: Arc<Live>, part: Publish) -> Result<(), Hitch> {
    ask(&live, part).await.map(|_| ())
}
