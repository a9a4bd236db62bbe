//! Keeping a stream's lanes up: the side that dialled the channel asks for them, dials them, and
//! replaces those that die.

use super::{Streams, WAIT_FOR_LANES};
use crate::link::AskError;
use crate::link::lane::{Joint, dial};
use crate::wire::{LanesAsk, LanesGrant};
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};

impl Streams {
    /// Keeps up as many lanes as this side wants, as long as it is worth trying; never returns.
    pub(super) async fn keep_lanes(&self, stream: u32, joint: &Arc<Joint>) {
        let mut failures: u32 = 0;
        while failures < TRIES && !joint.tally().is_given_up {
            let changed = joint.changed();
            let missing = usize::from(self.lanes).saturating_sub(joint.tally().live);
            if missing == 0 {
                changed.await;
                continue;
            }
            match self.dial_lanes(stream, joint, missing).await {
                Ok(0) => failures = failures.saturating_add(1),
                Ok(_) => failures = 0,
                Err(_) => break,
            }
            // Lanes that die at once must not be dialled in a circle without rest.
            sleep(REST.saturating_mul(failures.saturating_add(1))).await;
        }
        pending().await
    }

    /// Asks for lanes and dials them; gives how many came up.
    async fn dial_lanes(
        &self,
        stream: u32,
        joint: &Arc<Joint>,
        count: usize,
    ) -> Result<usize, AskError> {
        let Some(address) = self.conversation.remote() else { return Ok(0) };
        let count = u8::try_from(count).unwrap_or(u8::MAX);
        let grant: LanesGrant = self.conversation.ask(LanesAsk { id: 0, stream, count }).await?;
        let (ticket, deadlines) = (Arc::new(grant.ticket), self.conversation.deadlines().clone());
        let dialled: Vec<_> = grant
            .lanes
            .as_slice()
            .iter()
            .map(|id| {
                let (id, ticket, deadlines) = (*id, Arc::clone(&ticket), deadlines.clone());
                spawn_blocking(move || dial(address, id, &ticket, &deadlines))
            })
            .collect();
        let mut up = 0;
        for lane in dialled {
            if let Ok(Ok(lane)) = lane.await {
                joint.attach(lane);
                up = usize::saturating_add(up, 1);
            }
        }
        Ok(up)
    }
}

/// Waits until the channel has to carry a stream that may have lanes.
pub(super) async fn without_lanes(joint: &Joint) {
    loop {
        let changed = joint.changed();
        let tally = joint.tally();
        let Some(since) = tally.without_since else {
            changed.await;
            continue;
        };
        let until = since.checked_add(WAIT_FOR_LANES).unwrap_or(since);
        if tally.is_given_up || Instant::now() >= until {
            return;
        }
        tokio::select! {
            () = changed => {}
            () = tokio::time::sleep_until(until) => {}
        }
    }
}

const TRIES: u32 = 3;
const REST: Duration = Duration::from_millis(100);
