//! The calls by which a program publishes.

use super::super::{Error, IndexSession};
use super::entries::{Entries, Summary, aside};
use super::shares::{Gathering, OwnShare};
use super::wishes::Aim;
use crate::model::{Share, ShareId};

impl IndexSession {
    /// Publishes a share with these entries, and nothing else of it, from now on: the wish stays, and
    /// whenever the index is there it is brought to have this. Gives what has become different by it.
    ///
    /// A large share takes longer than [`Setup::patience`](super::super::Setup::patience); the call
    /// waits as long as the index goes on taking something, and
    /// [`News::Publishing`](super::super::News::Publishing) tells how far it is. After an error the wish stays, too:
    /// [`News::Published`](super::super::News::Published) tells when it is fulfilled. What the index
    /// refuses for good is tried again in the next conversation.
    ///
    /// ```no_run
    /// use waxwing::model::{Audience, Entry, Keywords, Name, Share, ShareId};
    /// use waxwing::node::index::{Error, IndexSession};
    ///
    /// # async fn publish(session: &IndexSession, files: Vec<Entry>) -> Result<(), Error> {
    /// let share = Share {
    ///     id: ShareId::random(),
    ///     name: Name::new("photos").unwrap(),
    ///     keywords: Keywords::default(),
    ///     audience: Audience::Everyone,
    /// };
    /// let summary = session.publish(share, files).await?;
    /// println!("{} files are new", summary.added);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn publish(
        &self,
        share: Share,
        entries: impl Into<Entries> + Send + 'static,
    ) -> Result<Summary, Error> {
        let (id, shared) = (share.id, self.shared());
        let entries = aside(|| entries.into()).await;
        shared.publishing.make(id, Some(Aim::new(share, entries)));
        match shared.publishing.outcome(id, shared, shared.patience).await? {
            (summary, true) => Ok(summary),
            (_, false) => Err(Error::Unpublished),
        }
    }

    /// Publishes a share no longer. Nobody sees it as soon as the index is told; when it cannot be
    /// told in time, the wish stays, and it is told later.
    pub async fn unpublish(&self, share: ShareId) -> Result<(), Error> {
        let shared = self.shared();
        shared.publishing.make(share, None);
        shared.publishing.outcome(share, shared, shared.patience).await.map(|_| ())
    }

    /// What the index has of one's own shares, also those that nobody wished for in this session.
    pub async fn shares(&self) -> Result<Vec<OwnShare>, Error> {
        let (shared, mut gathering) = (self.shared(), Gathering::default());
        let until = shared.until();
        while gathering.take(&shared.ask(gathering.ask(), until).await?)? {}
        Ok(gathering.into_shares())
    }
}
