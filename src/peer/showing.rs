//! Showing: who asks what a person shares is told what they may have of it, page by page.
//!
//! It is asked of the person when the index, of which it is asked otherwise, is away.

use super::shelf::Shelved;
use super::{Error, Sharer};
use crate::codec::List;
use crate::link::Request;
use crate::model::limits::{FRAME_CATALOG, LISTING_PAGE};
use crate::model::{Share, UserName};
use crate::wire::Code;
use crate::wire::index::{
    Browse, EntrySaid, EntrySeen, KeywordSaid, Listing, NameSaid, Named, PersonSeen, ShareSeen,
};
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
        let mut page = Page { room: FRAME_CATALOG.saturating_sub(RESERVE), ..Page::default() };
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
#[derive(Default)]
struct Page {
    shares: Vec<ShareSeen>,
    entries: Vec<EntrySeen>,
    room: usize,
    /// Whether something is left that has no room.
    is_full: bool,
}

impl Page {
    /// Takes what of a share is asked for, as far as it has room.
    fn take(&mut self, shelved: &Shelved, ask: &Browse) {
        let Share { name, .. } = shelved.share();
        let behind = ask.after.as_ref().map(|after| (&after.share.0, &after.path.0));
        if behind.is_some_and(|(share, _)| name < share) {
            return;
        }
        let behind = behind.filter(|(share, _)| *share == name).map(|(_, path)| path);
        let (mut seen, below) = (None, ask.below.as_ref().map(|below| &below.0));
        for file in shelved.files_from(behind, below) {
            let share = match seen {
                Some(share) => share,
                None => match self.share(shelved, &ask.user.0) {
                    Some(share) => share,
                    None => return,
                },
            };
            seen = Some(share);
            let bytes = EntrySaid::most_bytes(&file.entry).saturating_add(BESIDES_ENTRY);
            if self.entries.len() >= LISTING_PAGE || !self.has_room(bytes) {
                self.is_full = true;
                return;
            }
            self.entries.push(EntrySeen { share, entry: EntrySaid::from(&file.entry) });
        }
    }

    fn share(&mut self, shelved: &Shelved, owner: &UserName) -> Option<u16> {
        let Share { id, name, keywords, .. } = shelved.share();
        let spelled = keywords.iter().map(|keyword| keyword.as_str().len().saturating_add(3));
        let bytes = spelled.fold(name.as_str().len().saturating_add(160), usize::saturating_add);
        // A share without an entry says nothing.
        if self.is_full || self.entries.len() >= LISTING_PAGE || !self.has_room(bytes) {
            self.is_full = true;
            return None;
        }
        let at = u16::try_from(self.shares.len()).ok();
        self.shares.push(ShareSeen {
            user: Named(owner.clone()),
            share: (*id.as_bytes()).into(),
            name: NameSaid(name.clone()),
            keywords: List::new(keywords.iter().cloned().map(KeywordSaid).collect()).ok()?,
        });
        at
    }

    fn has_room(&mut self, bytes: usize) -> bool {
        let left = self.room.checked_sub(bytes);
        self.room = left.unwrap_or(0);
        left.is_some()
    }
}

/// For what stands around an entry.
const BESIDES_ENTRY: usize = 24;
/// For what is in the frame besides.
const RESERVE: usize = 1024;
