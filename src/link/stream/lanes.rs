//! Keeping a stream's lanes up: the side that dialled the channel asks for them, dials them, and
//! replaces those that die.

use super::{Streams, WAIT_FOR_LANES};
use crate::link::AskError;
use crate::link::lane::{Joint, dial};
use crate::wire::{LanesAsk, LanesGrant, Role};
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

impl Streams {
    /// Keeps up as many lanes as this side wants, as long as it is worth trying; never returns.
    pub(super) async fn keep_lanes(&self, stream: u32, joint: &Arc<Joint>, has_lanes: bool) {
        if !has_lanes || self.conversation.role() != Role::Dialler {
            return pending().await;
        }
        let mut rest = Duration::ZERO;
        let mut dialled: Option<Instant> = None;
        while joint.takes_lanes() {
            let changed = joint.changed();
            let missing = usize::from(self.lanes).saturating_sub(joint.tally().live);
            if missing == 0 {
                changed.await;
                continue;
            }
            if let Some(before) = dialled {
                // Lanes that die young must not be dialled in a circle: the channel gets its turns.
                let is_steady = before.elapsed() >= STEADY;
                rest = if is_steady { REST } else { rest.saturating_mul(2) };
                rest = rest.clamp(REST, LONGEST_REST);
                sleep(rest).await;
            }
            dialled = Some(Instant::now());
            match self.dial_lanes(stream, joint, missing).await {
                Err(AskError::Refused { code, .. }) if code.is_permanent() => break,
                Err(AskError::Ended(_)) => break,
                // A network that is gone for a while comes back; until then the channel carries.
                Ok(()) | Err(AskError::Refused { .. } | AskError::Late) => {}
            }
        }
        joint.give_up();
        pending().await
    }

    /// Asks for lanes and dials them, each attached as it comes up.
    async fn dial_lanes(
        &self,
        stream: u32,
        joint: &Arc<Joint>,
        count: usize,
    ) -> Result<(), AskError> {
        let Some(address) = self.conversation.lanes_to() else { return Ok(()) };
        let count = u8::try_from(count).unwrap_or(u8::MAX);
        let grant: LanesGrant = self.conversation.ask(LanesAsk { id: 0, stream, count }).await?;
        let (ticket, deadlines) = (Arc::new(grant.ticket), self.conversation.deadlines().clone());
        let mut dialled = JoinSet::new();
        for id in grant.lanes.as_slice() {
            let (id, ticket, deadlines) = (*id, Arc::clone(&ticket), deadlines.clone());
            let joint = Arc::clone(joint);
            dialled.spawn_blocking(move || {
                match dial(address, id, &ticket, &deadlines) {
                    Ok(lane) => joint.attach(lane),
                    // The other side may have taken it for open, and sent something into it.
                    Err(_) => joint.note_a_failure(),
                }
            });
        }
        while dialled.join_next().await.is_some() {}
        Ok(())
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

const REST: Duration = Duration::from_millis(100);
const LONGEST_REST: Duration = Duration::from_secs(10);
/// A lane that lived so long was no bad idea.
const STEADY: Duration = Duration::from_secs(10);
