//! The catalog, as its people change it.

use super::service::{Handle, Index};
use super::store::{AccountId, Asker, OwnShareRow, Part, Prepared, Store, StoreError};
use super::turns::Doing;
use super::visitor::{Denial, Visitor};
use crate::codec::List;
use crate::link::Request;
use crate::model::limits::SHARES_PAGE;
use crate::model::{ShareId, SyncId};
use crate::wire::Code;
use crate::wire::index::{
    Done, NameSaid, OwnShare, Publish, ShareChange, ShareEnd, Shares, SharesAsk, UnderWay,
};

impl<S: Store> Handle<ShareChange> for Index<S> {
    async fn handle(&self, visitor: &mut Visitor, ask: ShareChange) -> Result<Done, Denial> {
        let (asker, now) = (visitor.asker()?, self.shared.now());
        let share = ask.share().map_err(malformed)?;
        let request = visitor.request(&ask);
        let set = self.store.set_share(asker, request, share, now).await;
        set.map_err(|error| match self.storage(error) {
            denial if denial.code == Code::NotFound => {
                Denial::new(Code::NotFound, "nobody here has one of the names in the audience")
            }
            denial if denial.code == Code::NameTaken => {
                Denial::new(Code::NameTaken, "another share of yours is called so")
            }
            denial => denial,
        })?;
        self.shared.catalog_changed.notify_one();
        Ok(Done { id: 0 })
    }
}

impl<S: Store> Handle<ShareEnd> for Index<S> {
    async fn handle(&self, visitor: &mut Visitor, ask: ShareEnd) -> Result<Done, Denial> {
        let (asker, now) = (visitor.asker()?, self.shared.now());
        let share = ShareId::from_bytes(*ask.share);
        let ended = self.store.end_share(asker, share, now).await;
        ended.map_err(|error| self.storage(error))?;
        self.shared.catalog_changed.notify_one();
        Ok(Done { id: 0 })
    }
}

impl<S: Store> Handle<SharesAsk> for Index<S> {
    async fn handle(&self, visitor: &mut Visitor, ask: SharesAsk) -> Result<Shares, Denial> {
        let (asker, now) = (visitor.asker()?, self.shared.now());
        let after = ask.after.map(|share| ShareId::from_bytes(*share));
        // One more than fits tells whether there are more.
        let rows = self.store.own_shares(asker, after, SHARES_PAGE.saturating_add(1), now).await;
        let mut rows = rows.map_err(|error| self.storage(error))?;
        let more = rows.len() > SHARES_PAGE;
        rows.truncate(SHARES_PAGE);
        let shares = rows.into_iter().map(own_share).collect();
        Ok(Shares { id: 0, shares: List::new(shares).unwrap_or_default(), more })
    }
}

impl<S: Store> Index<S> {
    /// Takes a part of a sync.
    pub(super) async fn publish(
        &self,
        (asker, account): (Asker, AccountId),
        part: Prepared,
    ) -> Result<Done, Denial> {
        let (most, now) = (self.shared.rules.entries_of_person, self.shared.now());
        // The first part may abandon another sync, the last one leaves what it replaced.
        let leaves_something = part.part().number == 0 || part.part().is_last;
        let _turn = self.shared.take_turn(Doing::Publishing, account)?;
        let taken = self.store.publish(asker, part, most, now).await;
        // Whoever has to wait until something is cleared up does not wait for nothing.
        if leaves_something || taken == Err(StoreError::Busy) {
            self.shared.catalog_changed.notify_one();
        }
        taken.map(|()| Done { id: 0 }).map_err(|error| self.storage(error))
    }
}

/// The part of a sync that a request says.
pub(super) fn prepared(request: &Request) -> Result<Prepared, Denial> {
    let ask = request.decode::<Publish>();
    let ask = ask.map_err(|error| Denial::new(Code::Malformed, error.to_string()))?;
    part(ask).map(Prepared::from)
}

fn part(ask: Publish) -> Result<Part, Denial> {
    let add = ask.add.into_inner().into_iter().map(|entry| entry.into_entry());
    let remove = ask.remove.into_inner().into_iter().map(|path| path.0);
    Ok(Part {
        share: ShareId::from_bytes(*ask.share),
        sync: SyncId::from_bytes(*ask.sync),
        base: ask.base.map(|base| SyncId::from_bytes(*base)),
        number: ask.part,
        add: add.collect::<Result<_, _>>().map_err(malformed)?,
        remove: remove.collect(),
        is_last: ask.last,
    })
}

fn own_share(row: OwnShareRow) -> OwnShare {
    let under_way =
        |(sync, next): (SyncId, u32)| UnderWay { sync: (*sync.as_bytes()).into(), next };
    OwnShare {
        share: (*row.id.as_bytes()).into(),
        name: NameSaid(row.name),
        about: row.about.into(),
        state: row.state.map(|state| (*state.as_bytes()).into()),
        entries: row.entries,
        under_way: row.under_way.map(under_way),
    }
}

fn malformed(error: crate::model::Error) -> Denial {
    Denial::new(Code::Malformed, error.to_string())
}
