//! Who may come in: counts of connections by address and in all. Pure; the listener acts on them.
//!
//! Whoever connects costs us memory before they prove anything, so those who have not proven
//! themselves are few, and fewer from one address. A newcomer is never refused for their sake: when
//! there is no room, the oldest of the address that holds most goes.

use super::origin::Origin;
use crate::crypto::Fingerprint;
use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

/// How many connections a listener has at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Without proof, from one address. Addresses of IPv6 count by their first 64 bits.
    pub unproven_of_address: usize,
    /// Without proof, in all.
    pub unproven: usize,
    /// Proven, of one identity.
    pub of_identity: usize,
    /// In all.
    pub all: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { unproven_of_address: 32, unproven: 64, of_identity: 64, all: 20_000 }
    }
}

/// Names a connection among all that a listener ever had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(u64);

/// A newcomer's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admitted {
    /// The newcomer.
    pub id: ConnectionId,
    /// Who must go for it.
    pub closes: Option<ConnectionId>,
}

/// There is no room, and nobody without proof who could go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there are as many connections as there may be")]
pub struct Full;

/// The connections of a listener.
#[derive(Debug)]
pub struct Counts {
    limits: Limits,
    next: u64,
    /// The oldest first.
    unproven: VecDeque<(ConnectionId, Origin)>,
    proven: HashMap<ConnectionId, Fingerprint>,
    of_identity: HashMap<Fingerprint, usize>,
}

impl Counts {
    /// No connections yet.
    pub fn new(limits: Limits) -> Self {
        let (unproven, proven, of_identity) = Default::default();
        Self { limits, next: 0, unproven, proven, of_identity }
    }

    /// How many have not proven themselves.
    pub fn unproven(&self) -> usize {
        self.unproven.len()
    }

    /// How many have.
    pub fn proven(&self) -> usize {
        self.proven.len()
    }

    /// Whether a connection is there and has not proven itself.
    pub fn is_unproven(&self, id: ConnectionId) -> bool {
        self.unproven.iter().any(|(other, _)| *other == id)
    }

    /// Lets a newcomer in. Who must go for it is counted no more.
    pub fn admit(&mut self, from: IpAddr) -> Result<Admitted, Full> {
        let origin = Origin::from(from);
        let closes = self.who_goes_for(origin)?;
        if let Some(id) = closes {
            self.leave(id);
        }
        let id = ConnectionId(self.next);
        self.next = self.next.saturating_add(1);
        self.unproven.push_back((id, origin));
        Ok(Admitted { id, closes })
    }

    /// Moves a connection to the proven ones. One that had to go already stays gone.
    pub fn prove(&mut self, id: ConnectionId, who: Fingerprint) -> Result<(), Full> {
        let held = self.of_identity.get(&who).copied().unwrap_or_default();
        if !self.is_unproven(id) || held >= self.limits.of_identity {
            return Err(Full);
        }
        self.unproven.retain(|(other, _)| *other != id);
        self.of_identity.insert(who, held.saturating_add(1));
        self.proven.insert(id, who);
        Ok(())
    }

    /// Forgets a connection, whatever it was.
    pub fn leave(&mut self, id: ConnectionId) {
        self.unproven.retain(|(other, _)| *other != id);
        let Some(who) = self.proven.remove(&id) else { return };
        if let Some(held) = self.of_identity.get_mut(&who) {
            *held = held.saturating_sub(1);
            if *held == 0 {
                self.of_identity.remove(&who);
            }
        }
    }

    fn who_goes_for(&self, origin: Origin) -> Result<Option<ConnectionId>, Full> {
        let held = self.unproven.iter().filter(|(_, other)| *other == origin).count();
        let all = self.unproven.len().saturating_add(self.proven.len());
        if held >= self.limits.unproven_of_address {
            return self.oldest_of(origin).map(Some).ok_or(Full);
        }
        if self.unproven.len() < self.limits.unproven && all < self.limits.all {
            return Ok(None);
        }
        self.busiest().and_then(|busiest| self.oldest_of(busiest)).map(Some).ok_or(Full)
    }

    /// The address that holds most; among equals, the one that has been there longest.
    fn busiest(&self) -> Option<Origin> {
        let mut held: HashMap<Origin, usize> = HashMap::new();
        for (_, origin) in &self.unproven {
            let count = held.entry(*origin).or_default();
            *count = count.saturating_add(1);
        }
        let most = held.values().max()?;
        let holds_most = |origin: &Origin| held.get(origin) == Some(most);
        self.unproven.iter().map(|(_, origin)| *origin).find(holds_most)
    }

    fn oldest_of(&self, origin: Origin) -> Option<ConnectionId> {
        self.unproven.iter().find(|(_, other)| *other == origin).map(|(id, _)| *id)
    }
}
