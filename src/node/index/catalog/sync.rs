//! A difference on its way to the index, part by part.

use super::entries::{Difference, Entries, Place, Summary};
use super::wishes::Published;
use crate::codec::List;
use crate::model::{ShareId, SyncId};
use crate::wire::index::Publish;

/// A sync that is not at its end.
#[derive(Clone)]
pub(super) struct Sync {
    pub(super) id: SyncId,
    /// The state of the share before it.
    pub(super) since: Option<SyncId>,
    /// The state from which it differs; none when it begins from nothing.
    pub(super) base: Option<SyncId>,
    pub(super) difference: Difference,
    pub(super) summary: Summary,
    /// The number of the next part, and where it begins.
    pub(super) part: u32,
    at: Place,
}

/// A part that can be sent, and the sync after it; none when it is the last one.
pub(super) struct Ready {
    pub(super) sync: Sync,
    pub(super) part: Publish,
    pub(super) rest: Option<Sync>,
}

impl Sync {
    /// From the entries that are known to be there; from nothing when it is not known what is there.
    pub(super) fn begin(since: Option<SyncId>, known: Option<Published>, to: Entries) -> Self {
        let known = known.filter(|known| Some(known.state) == since);
        let base = known.as_ref().map(|known| known.state);
        let from = known.map(|known| known.entries).unwrap_or_default();
        let difference = Difference { from, to };
        let (id, summary, at) = (SyncId::random(), difference.summary(), Place::default());
        Self { id, since, base, difference, summary, part: 0, at }
    }

    /// The sync from the part on for which the index waits, if it is this one.
    pub(super) fn going_on(&self, (id, part): (SyncId, u32)) -> Option<Self> {
        if id != self.id {
            return None;
        }
        let at = match part == self.part {
            true => self.at,
            false => self.difference.place(part)?,
        };
        Some(Self { part, at, ..self.clone() })
    }

    /// Whether the next part follows on nothing.
    pub(super) fn is_first_of_all(&self) -> bool {
        self.base.is_none() && self.part == 0
    }

    /// Whether there is nothing to be sent.
    pub(super) fn is_nothing(&self) -> bool {
        self.base == self.since && self.summary.differences() == 0
    }

    /// How many differences were told in the parts so far.
    pub(super) fn told(&self) -> usize {
        self.at.differences
    }

    /// Makes the next part.
    pub(super) fn ready(self, share: ShareId) -> Ready {
        let part = self.difference.part(self.at);
        let publish = Publish {
            id: 0,
            share: (*share.as_bytes()).into(),
            sync: (*self.id.as_bytes()).into(),
            base: self.base.map(|base| (*base.as_bytes()).into()),
            part: self.part,
            // A part is not longer than it may be.
            add: List::new(part.add).unwrap_or_default(),
            remove: List::new(part.remove).unwrap_or_default(),
            last: part.next.is_none(),
        };
        let number = self.part.saturating_add(1);
        let rest = part.next.map(|at| Self { part: number, at, ..self.clone() });
        Ready { sync: self, part: publish, rest }
    }
}
