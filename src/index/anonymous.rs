//! Conversations in which nobody is logged in: each may go on for a while, and there are not many.
//!
//! Whoever proves any identity has a conversation, and identities cost nothing. So that strangers
//! hold no places that people need, a conversation without a session ends after a minute, and sooner
//! when there are too many: then the oldest from the address that holds most gives way.

use super::Rules;
use super::shared::Shared;
use crate::link::{Admitted, ConnectionId, Counts, Limits};
use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// All of them.
#[derive(Debug)]
pub(super) struct Crowd {
    counts: Counts,
    goes: HashMap<ConnectionId, CancellationToken>,
}

impl Crowd {
    pub(super) fn new(rules: &Rules) -> Self {
        let limits = Limits {
            unproven_of_address: rules.anonymous_of_address,
            unproven: rules.anonymous,
            of_identity: usize::MAX,
            all: usize::MAX,
        };
        Self { counts: Counts::new(limits), goes: HashMap::new() }
    }

    fn admit(&mut self, from: IpAddr) -> Option<(ConnectionId, CancellationToken)> {
        let Admitted { id, closes } = self.counts.admit(from).ok()?;
        if let Some(oldest) = closes.and_then(|oldest| self.goes.remove(&oldest)) {
            oldest.cancel();
        }
        let goes = CancellationToken::new();
        self.goes.insert(id, goes.clone());
        Some((id, goes))
    }

    fn leave(&mut self, id: ConnectionId) {
        self.counts.leave(id);
        self.goes.remove(&id);
    }
}

/// A place among them, given back when dropped.
pub(super) struct Anonymous {
    shared: Arc<Shared>,
    id: ConnectionId,
    goes: CancellationToken,
    until: Instant,
}

impl Anonymous {
    /// None when there is no room at all.
    pub(super) fn new(shared: &Arc<Shared>, from: Option<SocketAddr>) -> Option<Self> {
        let from = from.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |from| from.ip());
        let (id, goes) = shared.crowd().admit(from)?;
        let now = Instant::now();
        let until = now.checked_add(shared.rules.anonymous_time).unwrap_or(now);
        Some(Self { shared: Arc::clone(shared), id, goes, until })
    }

    /// When its time is over, or a newcomer needs the place.
    pub(super) async fn is_over(&self) {
        tokio::select! {
            () = self.goes.cancelled() => {}
            () = sleep_until(self.until) => {}
        }
    }
}

impl Drop for Anonymous {
    fn drop(&mut self) {
        self.shared.crowd().leave(self.id);
    }
}

impl fmt::Debug for Anonymous {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Anonymous({:?})", self.id)
    }
}
