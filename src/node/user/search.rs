//! Finding what others share.

use super::User;
use super::results::{KeptResult, KeptResults};
use crate::model::{Content, ContentId, Foreign, UserName};
use crate::node::index::{Found, IndexSession, Listing, More, Query, Section, Seen};
use crate::node::{Error, Object};

/// What a search found, each with its number.
#[derive(Debug, Clone)]
pub struct Results {
    /// The results and their numbers, the best first.
    pub found: Vec<(usize, Found)>,
    /// When nothing was found: the words of which there is nothing by themselves.
    pub nothing: Vec<Foreign>,
    /// Whether [`User::more`] gives more.
    pub more: bool,
}

/// The last search of this program.
pub(super) struct Searching {
    more: Option<More>,
    /// How many results it has given.
    count: usize,
    kept: KeptResults,
}

impl User {
    /// Searches. The results are numbered from 1 on, and each can be fetched by its number until the
    /// next search, from another program of the same home, too.
    pub async fn search(&self, query: &Query) -> Result<Seen<Results>, Error> {
        let mut searching = self.inner.searching.lock().await;
        let session = self.session()?;
        let Seen { value, age } = self.wait(&session, session.search(query)).await?;
        let mut kept = KeptResults::default();
        kept.add(&value.results);
        kept.write(&self.inner.state)?;
        let more = value.more.is_some();
        *searching = Some(Searching { more: value.more, count: value.results.len(), kept });
        let results = Results { found: numbered(value.results, 0), nothing: value.nothing, more };
        Ok(Seen { value: results, age })
    }

    /// Whether this program has searched: [`User::more`] goes on with that, and with no other program's.
    pub async fn has_searched(&self) -> bool {
        self.inner.searching.lock().await.is_some()
    }

    /// The next results of the last search of this program.
    pub async fn more(&self) -> Result<Results, Error> {
        let mut searching = self.inner.searching.lock().await;
        let searching = searching.as_mut().ok_or(Error::NoMore)?;
        let more = searching.more.as_mut().ok_or(Error::NoMore)?;
        let session = self.session()?;
        let found = self.wait(&session, session.more(more)).await?;
        let is_over = more.is_over();
        searching.more.take_if(|_| is_over);
        searching.kept.add(&found);
        searching.kept.write(&self.inner.state)?;
        let before = searching.count;
        searching.count = before.saturating_add(found.len());
        Ok(Results { found: numbered(found, before), nothing: Vec::new(), more: !is_over })
    }

    /// The result of this number: of this program's last search, else of the last one of this home.
    pub(super) async fn result(&self, number: usize) -> Result<KeptResult, Error> {
        let searching = self.inner.searching.lock().await;
        let result = match searching.as_ref() {
            Some(searching) => searching.kept.get(number),
            None => KeptResults::read(&self.inner.state)?.get(number),
        };
        result.ok_or(Error::NoResult(number))
    }

    /// Where the result of this number is, by its name.
    pub async fn numbered(&self, number: usize) -> Option<Object> {
        let place = self.result(number).await.ok()?.places.into_iter().next()?;
        let (user, share) = (place.of.owner.clone(), place.of.share_name.clone());
        Some(Object { user, share, path: Some(place.path) })
    }

    /// The size of a content, when the last search has found it.
    pub(super) async fn size_of(&self, id: &ContentId) -> Option<u64> {
        let searching = self.inner.searching.lock().await;
        match searching.as_ref() {
            Some(searching) => searching.kept.size_of(id),
            None => KeptResults::read(&self.inner.state).ok()?.size_of(id),
        }
    }

    /// What a person shares with one, or a part of it: at most so many entries. When the index is away,
    /// the person is asked, if they were met; who cannot be reached either is no reason not to try the
    /// index again.
    pub async fn browse(
        &self,
        user: &UserName,
        section: Section<'_>,
        most: usize,
    ) -> Result<Listing, Error> {
        let session = self.session()?;
        let listing = match self.pin(user)? {
            Some(_) => self.browse_or_ask(&session, user, section, most).await?,
            None => self.wait(&session, session.browse(user, section, most)).await?,
        };
        listing.ok_or_else(|| not_shared(user, section))
    }

    async fn browse_or_ask(
        &self,
        session: &IndexSession,
        user: &UserName,
        section: Section<'_>,
        most: usize,
    ) -> Result<Option<Listing>, Error> {
        match self.wait_or_else(session, session.browse(user, section, most)).await {
            Err(Error::Index(error)) if error.is_away() => {}
            listing => return listing,
        }
        // It reaches somebody, for which listings mostly need no room.
        match Box::pin(self.ask_for_shares(user, section, most)).await {
            Err(why) if is_not_there(&why) => {
                let browse = self.wait(session, session.browse(user, section, most));
                browse.await.map_err(|_| why)
            }
            asked => asked,
        }
    }

    /// Who shares a content with one.
    pub async fn locate(&self, content: &Content) -> Result<Found, Error> {
        let session = self.session()?;
        let found = self.wait(&session, session.locate(content)).await?;
        found.ok_or(Error::NobodyHas(content.id()))
    }
}

/// Whether somebody is not there to be asked, so far as is known.
fn is_not_there(why: &Error) -> bool {
    matches!(why, Error::Offline(_)) || why.may_pass()
}

/// There is nobody, or no such share of theirs.
pub(super) fn not_shared(user: &UserName, section: Section<'_>) -> Error {
    match section.share {
        None => Error::Nobody(user.clone()),
        Some(share) => Error::NoShareOf { user: user.clone(), share: share.clone() },
    }
}

/// Numbered from behind so many on.
fn numbered(found: Vec<Found>, before: usize) -> Vec<(usize, Found)> {
    (before.saturating_add(1)..).zip(found).collect()
}
