//! What the index has of one's own shares.

use super::super::Error;
use crate::model::limits::PERSON_SHARES;
use crate::model::{Name, ShareId, SyncId};
use crate::wire::index::{self, SharesAsk};

/// A share of one's own, as the index has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnShare {
    /// Its id.
    pub id: ShareId,
    /// Its name.
    pub name: Name,
    /// How many entries others see.
    pub entries: u64,
    /// Which state of it others see; none when nothing was published wholly yet.
    pub state: Option<SyncId>,
    /// A hash of its name, keywords and audience.
    pub(super) about: [u8; 32],
    /// The sync that is not at its end, and the part that it waits for.
    pub(super) under_way: Option<(SyncId, u32)>,
}

impl From<&index::OwnShare> for OwnShare {
    fn from(said: &index::OwnShare) -> Self {
        let under_way = said.under_way.map(|sync| (SyncId::from_bytes(*sync.sync), sync.next));
        Self {
            id: ShareId::from_bytes(*said.share),
            name: said.name.0.clone(),
            entries: said.entries,
            state: said.state.map(|state| SyncId::from_bytes(*state)),
            about: *said.about,
            under_way,
        }
    }
}

/// All of them, page by page.
#[derive(Default)]
pub(super) struct Gathering(Vec<OwnShare>);

impl Gathering {
    /// The next question.
    pub(super) fn ask(&self) -> SharesAsk {
        SharesAsk { id: 0, after: self.0.last().map(|share| (*share.id.as_bytes()).into()) }
    }

    /// Takes the answer. Gives whether there are more.
    pub(super) fn take(&mut self, page: &index::Shares) -> Result<bool, Error> {
        let (last, next) = (self.0.last(), page.shares.first());
        if last.zip(next).is_some_and(|(last, next)| *last.id.as_bytes() >= *next.share) {
            return Err(Error::Nonsense("shares are not in the order of their ids"));
        }
        self.0.extend(page.shares.iter().map(OwnShare::from));
        if self.0.len() > PERSON_SHARES {
            return Err(Error::Nonsense("there are more shares than there may be"));
        }
        Ok(page.more)
    }

    pub(super) fn into_shares(self) -> Vec<OwnShare> {
        self.0
    }
}
