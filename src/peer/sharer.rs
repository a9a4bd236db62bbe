//! What a person brings to all of their transfers.

use super::allowance::Allowance;
use super::leaves::LeafLists;
use super::receipts::Receipts;
use super::turns::Turns;
use super::{Error, Shelf};
use crate::crypto::{Clock, Identity, UnixTime};
use crate::model::{Events, UserName};
use crate::seal::{Context, Manifest, SealError, Sealer};
use std::fmt;
use std::sync::Arc;
use tokio::task::spawn_blocking;

/// A person who shares: their identity, their shelf, and where what happens is told. Cheap to clone.
#[derive(Clone)]
pub struct Sharer {
    pub(super) identity: Arc<Identity>,
    pub(super) shelf: Shelf,
    pub(super) events: Events,
    pub(super) receipts: Option<Receipts>,
    pub(super) serving: Arc<Turns>,
    pub(super) receiving: Arc<Turns>,
    pub(super) listing: Arc<Turns>,
    pub(super) lists: Arc<LeafLists>,
    /// Whose name is told beside a transfer.
    pub(super) with: Option<String>,
    /// Whether it is waited for where others are served first.
    pub(super) may_wait: bool,
    clock: Clock,
}

impl Sharer {
    /// This person, who serves what is on the shelf.
    pub fn new(identity: Arc<Identity>, shelf: Shelf) -> Self {
        Self {
            identity,
            shelf,
            events: Events::ignored(),
            receipts: None,
            serving: Turns::new(Allowance::SERVING),
            receiving: Turns::new(Allowance::OFFERS),
            listing: Turns::new(Allowance::LISTS),
            lists: Arc::default(),
            with: None,
            may_wait: true,
            clock: Arc::new(UnixTime::now),
        }
    }

    /// What happens is told here.
    pub fn with_events(self, events: Events) -> Self {
        Self { events, ..self }
    }

    /// Transfers are told as those with this person.
    pub fn with_person(&self, user: &UserName) -> Self {
        Self { with: Some(user.as_str().to_owned()), ..self.clone() }
    }

    /// Whether a slot is waited for where others are served first; else that is a refusal.
    pub fn with_waiting(self, may_wait: bool) -> Self {
        Self { may_wait, ..self }
    }

    /// Receipts of what arrives are kept.
    pub fn with_receipts(self, receipts: Receipts) -> Self {
        Self { receipts: Some(receipts), ..self }
    }

    /// So much is served.
    pub fn with_allowance(self, allowance: Allowance) -> Self {
        Self { serving: Turns::new(allowance), ..self }
    }

    /// So much may be offered.
    pub fn with_offers(self, allowance: Allowance) -> Self {
        Self { receiving: Turns::new(allowance), ..self }
    }

    /// The time is this.
    pub fn with_clock(self, clock: impl Fn() -> UnixTime + Send + Sync + 'static) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }

    /// Who it is.
    pub fn identity(&self) -> &Arc<Identity> {
        &self.identity
    }

    /// What is served.
    pub fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    pub(super) fn now(&self) -> UnixTime {
        (self.clock)()
    }

    /// Seals for whoever is proven to be there.
    pub(super) async fn seal(
        &self,
        manifest: impl Into<Arc<Manifest>>,
        to: &crate::link::Proven,
        context: Context,
    ) -> Result<Sealer, Error> {
        let manifest = manifest.into();
        let (sharer, to) = (self.clone(), to.clone());
        Ok(spawn_blocking(move || sharer.seal_now(manifest, &to, context)).await??)
    }

    /// The same, on this thread. Blocks.
    pub(super) fn seal_now(
        &self,
        manifest: impl Into<Arc<Manifest>>,
        to: &crate::link::Proven,
        context: Context,
    ) -> Result<Sealer, SealError> {
        let now = self.now();
        let to = to.certificate(now)?;
        Sealer::new(manifest, &to, self.identity.signing(), context, now)
    }
}

impl fmt::Debug for Sharer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sharer({:?}, {:?})", self.identity.fingerprint(), self.shelf)
    }
}

/// What a transfer of these files is called.
pub(super) fn name_of(count: usize, first: &str) -> String {
    match count {
        1 => first.to_owned(),
        _ => format!("{count} files"),
    }
}
