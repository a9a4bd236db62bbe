//! What the program wants published, and what has come of it.

use super::super::Error;
use super::super::state::Shared;
use super::entries::{Entries, Summary};
use super::sync::Sync;
use crate::model::{Name, Share, ShareId, SyncId};
use crate::wire::index::ShareChange;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::watch::{Receiver, Ref, Sender};
use tokio::time::timeout;

/// What the index acknowledged of a share: the state in which it is, and the entries of that state.
///
/// Kept from one run of the program to the next, it spares sending everything again:
/// [`Known::remember`](super::super::Known::remember).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The state.
    pub state: SyncId,
    /// The entries.
    pub entries: Entries,
}

/// All wishes of a session.
pub(in super::super) struct Publishing(Sender<Wishes>);

#[derive(Default)]
pub(super) struct Wishes {
    pub(super) of: BTreeMap<ShareId, Wish>,
    /// Counts them: what has come of an old one says nothing of a new one.
    pub(super) number: u64,
}

/// What is wished for a share.
#[derive(Clone)]
pub(super) struct Wish {
    pub(super) number: u64,
    /// That this is published; that nothing is, when there is none.
    pub(super) aim: Option<Aim>,
    /// What has come of it.
    outcome: Option<Result<Summary, Error>>,
    /// Why nothing has come of it so far.
    hindrance: Option<Error>,
    /// The sync that is not at its end. It may lead to what an earlier wish was.
    pub(super) sync: Option<Sync>,
}

/// What is to be published.
#[derive(Clone)]
pub(super) struct Aim {
    pub(super) share: Share,
    /// By which it is seen whether the index has the share so.
    pub(super) about: [u8; 32],
    pub(super) entries: Entries,
}

impl Wish {
    /// What the share is to be called.
    pub(super) fn name(&self) -> Option<&Name> {
        self.aim.as_ref().map(|aim| &aim.share.name)
    }

    /// Whether nothing has come of it so far, and the program was told.
    pub(super) fn was_refused(&self) -> bool {
        matches!(self.outcome, Some(Err(_)))
    }

    /// Whether a sync leads there.
    pub(super) fn is_met_by(&self, sync: &Sync) -> bool {
        self.aim.as_ref().is_some_and(|aim| aim.entries.is(&sync.difference.to))
    }
}

impl Aim {
    pub(super) fn new(share: Share, entries: Entries) -> Self {
        let about = ShareChange::new([0; 16].into(), &share).about();
        Self { share, about, entries }
    }
}

impl Default for Publishing {
    fn default() -> Self {
        Self(Sender::new(Wishes::default()))
    }
}

impl Publishing {
    /// Wishes this from now on.
    pub(super) fn make(&self, share: ShareId, aim: Option<Aim>) {
        self.0.send_modify(|wishes| {
            wishes.number = wishes.number.wrapping_add(1);
            let sync = wishes.of.remove(&share).and_then(|before| before.sync);
            let (number, outcome, hindrance) = (wishes.number, None, None);
            wishes.of.insert(share, Wish { number, aim, outcome, hindrance, sync });
        });
    }

    /// Waits for what comes of a wish, and not longer than this without that anything moves.
    pub(super) async fn outcome(
        &self,
        share: ShareId,
        shared: &Shared,
        patience: Duration,
    ) -> Result<(Summary, bool), Error> {
        let mut wishes = self.0.subscribe();
        loop {
            let wish = wishes.borrow_and_update().of.get(&share).cloned();
            if let Some(Wish { outcome: Some(outcome), aim, .. }) = wish {
                return outcome.map(|summary| (summary, aim.is_some()));
            }
            let moved = tokio::select! {
                moved = timeout(patience, wishes.changed()) => moved,
                why = shared.nobody() => return Err(why),
            };
            if moved.is_err() {
                let wishes = self.0.borrow();
                let hindrance = wishes.of.get(&share).and_then(|wish| wish.hindrance.clone());
                return Err(hindrance.unwrap_or_else(|| shared.late(false)));
            }
        }
    }

    pub(super) fn subscribe(&self) -> Receiver<Wishes> {
        self.0.subscribe()
    }

    pub(super) fn now(&self) -> Ref<'_, Wishes> {
        self.0.borrow()
    }

    /// This has come of a wish, unless there is another one meanwhile.
    pub(super) fn became(&self, share: ShareId, number: u64, outcome: Result<Summary, Error>) {
        self.0.send_if_modified(|wishes| {
            let wish = wishes.of.get_mut(&share).filter(|wish| wish.number == number);
            wish.map(|wish| wish.outcome = Some(outcome)).is_some()
        });
    }

    /// The index has the entries that are wished: they are held once.
    pub(super) fn are(&self, share: ShareId, number: u64, entries: Entries) {
        self.0.send_if_modified(|wishes| {
            let wish = wishes.of.get_mut(&share).filter(|wish| wish.number == number);
            if let Some(aim) = wish.and_then(|wish| wish.aim.as_mut()) {
                aim.entries = entries;
            }
            false
        });
    }

    /// Nothing has come of a wish so far, for this reason.
    pub(super) fn hinder(&self, share: ShareId, hindrance: Error) {
        self.0.send_if_modified(|wishes| {
            if let Some(wish) = wishes.of.get_mut(&share) {
                wish.hindrance = Some(hindrance);
            }
            false
        });
    }

    /// So far a sync has come, or there is none any more.
    pub(super) fn keep_sync(&self, share: ShareId, sync: Option<Sync>) {
        self.0.send_if_modified(|wishes| {
            if let Some(wish) = wishes.of.get_mut(&share) {
                wish.sync = sync;
            }
            false
        });
    }

    /// The index has taken something: who waits is patient again.
    pub(super) fn moved(&self, share: ShareId) {
        self.0.send_modify(|wishes| {
            if let Some(wish) = wishes.of.get_mut(&share) {
                wish.hindrance = None;
            }
        });
    }
}
