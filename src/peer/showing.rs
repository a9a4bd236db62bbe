//! Showing: who asks what a person shares is told what they may have of it, page by page.
//!
//! It is asked of the person when the index, of which it is asked otherwise, is away.

use super::shelf::Shelved;
use super::{Error, Sharer};
use crate::codec::List;
use crate::link::Request;
use crate::model::limits::{FRAME_CATALOG, LISTING_PAGE};
use crate::model::{Share, UserName};
use crate::wire::index::{
    Browse, EntrySaid, EntrySeen, KeywordSaid, Listing, NameSaid, Named, PersonSeen, ShareSeen,
};
use crate::wire::{Code, Room};
use std::sync::Arc;

impl Sharer {
    /// Answers a [`Browse`] of this person: whoever is proven to be there, by the name that they have
    /// on the index. Nothing is told of what is not for them.
    pub fn show(&self, request: Request, asker: &UserName) -> Result<(), Error> {
        let ask: Browse = match request.decode() {
            Ok(ask) => ask,
            Err(error) => {
                request.refuse(Code::Malformed, "");
                return Err(error.into());
            }
        };
        let shown = match ask.user.0 == *self.shelf.owner() {
            true => self.page(&ask, self.shelf.shares_for(asker)),
            false => None,
        };
        match shown {
            Some(page) => request.answer(page).map_err(|_| Error::Stopped),
            None => {
                request.refuse(Code::NotFound, "");
                Err(Error::Declined(Code::NotFound))
            }
        }
    }

    /// Nothing where a share is asked for that is not there.
    fn page(&self, ask: &Browse, mut shares: Vec<Arc<Shelved>>) -> Option<Listing> {
        if let Some(name) = &ask.share {
            shares.retain(|shelved| shelved.share().name == name.0);
            shares.first()?;
        }
        shares.sort_by(|one, other| one.share().name.cmp(&other.share().name));
        let mut page = Page {
            shares: Vec::new(),
            entries: Vec::new(),
            room: Room::new(FRAME_CATALOG, RESERVE),
            is_full: false,
        };
        for shelved in &shares {
            page.take(shelved, ask);
        }
        let person = PersonSeen {
            user: Named(self.shelf.owner().clone()),
            identity: self.identity.fingerprint(),
            online: true,
            addresses: List::default(),
            last_online: None,
            contact: None,
        };
        let (shares, entries) = (List::new(page.shares).ok()?, List::new(page.entries).ok()?);
        Some(Listing { id: 0, person, shares, entries, more: page.is_full })
    }
}

/// A page, as far as it is filled.
struct Page {
    shares: Vec<ShareSeen>,
    entries: Vec<EntrySeen>,
    room: Room,
    /// Whether something is left that has no room.
    is_full: bool,
}

impl Page {
    /// Takes what of a share is asked for, as far as it has room.
    fn take(&mut self, shelved: &Shelved, ask: &Browse) {
        let Share { name, .. } = shelved.share();
        let behind = ask.after.as_ref().map(|after| (&after.share.0, &after.path.0));
        if self.is_full || behind.is_some_and(|(share, _)| name < share) {
            return;
        }
        let behind = behind.filter(|(share, _)| *share == name).map(|(_, path)| path);
        let (mut seen, below) = (None, ask.below.as_ref().map(|below| &below.0));
        for entry in shelved.files_from(behind, below) {
            let share = match seen {
                Some(share) => share,
                None => match self.share(shelved, &ask.user.0) {
                    Some(share) => share,
                    None => return,
                },
            };
            seen = Some(share);
            if !self.takes(EntrySeen::most_bytes(entry)) {
                return;
            }
            self.entries.push(EntrySeen { share, entry: EntrySaid::from(entry) });
        }
    }

    fn share(&mut self, shelved: &Shelved, owner: &UserName) -> Option<u16> {
        let Share { id, name, keywords, .. } = shelved.share();
        let share = ShareSeen {
            user: Named(owner.clone()),
            share: (*id.as_bytes()).into(),
            name: NameSaid(name.clone()),
            keywords: List::new(keywords.iter().cloned().map(KeywordSaid).collect()).ok()?,
        };
        // A share without an entry says nothing.
        if !self.takes(share.most_bytes()) {
            return None;
        }
        let at = u16::try_from(self.shares.len()).ok();
        self.shares.push(share);
        at
    }

    /// Whether one more of that length comes here.
    fn takes(&mut self, bytes: usize) -> bool {
        let fits = self.entries.len() < LISTING_PAGE && self.room.take(bytes);
        self.is_full = !fits;
        fits
    }
}

/// For what is in the frame besides.
const RESERVE: usize = 1024;
