//! What one shares: adding, removing, and looking at it again.

use super::User;
use crate::model::{Audience, EntryPath, Keyword, Keywords, Name, Share, ShareId};
use crate::node::Error;
use crate::node::got_files::GotFiles;
use crate::node::index::{self, Entries, IndexSession, Summary};
use crate::node::looks::{self, Figures, LastLook};
use crate::node::shared_folders::{
    Ended, SharedFolder, read_ended, read_shares, write_ended, write_shares,
};
use crate::peer::{self, LeftOut, PassedOver, Scan, ShareFolder};
use crate::wire::Code;
use std::io;
use std::path::Path;
use tokio::task::spawn_blocking;

/// What lies in a folder that could be shared.
#[derive(Debug)]
pub struct Preview {
    /// How many files.
    pub files: usize,
    /// How many bytes they have.
    pub bytes: u64,
    /// The first of them.
    pub first: Vec<EntryPath>,
    /// What cannot be shared.
    pub left_out: Vec<LeftOut>,
    /// What was passed over.
    pub passed_over: PassedOver,
}

/// A share that was looked at.
#[derive(Debug)]
pub struct Looked {
    /// The share.
    pub folder: SharedFolder,
    /// What lies in it.
    pub preview: Preview,
    /// What became different on the index by it; why nothing did, if so. What is to be published is
    /// served in any case, and published when the index is there.
    pub published: Result<Summary, Error>,
}

impl User {
    /// What lies in a folder that could be shared. Nothing is read.
    pub async fn preview(&self, path: &Path) -> Result<Preview, Error> {
        self.scan(path).await.map(Preview::of)
    }

    /// The files themselves. None is opened.
    pub async fn scan(&self, path: &Path) -> Result<Scan, Error> {
        let named = path.to_owned();
        let scan = spawn_blocking(move || ShareFolder::open(&named)?.scan()).await;
        scan.map_err(|_| Error::Stopped)?.map_err(|source| disk(path, source))
    }

    /// The same of a share: only what is shared of it.
    pub async fn scan_share(&self, folder: &SharedFolder) -> Result<Scan, Error> {
        let mut scan = self.scan(&folder.path).await?;
        if folder.only_got {
            let got = GotFiles::read(&self.inner.state)?;
            scan.files.retain(|file| got.has_path(&file.path));
        }
        Ok(scan)
    }

    /// What one shares, as this home remembers it.
    pub fn shares(&self) -> Result<Vec<SharedFolder>, Error> {
        Ok(read_shares(&self.inner.state)?)
    }

    /// Shares a file or folder from now on. It is found under its name and these keywords.
    /// [`User::look_at`] publishes it.
    pub fn add_share(
        &self,
        path: &Path,
        keywords: &[Keyword],
        audience: Audience,
    ) -> Result<SharedFolder, Error> {
        self.add_share_of(path, keywords, audience, false)
    }

    /// The same, of all files or only of those that one has got from others.
    pub(super) fn add_share_of(
        &self,
        path: &Path,
        keywords: &[Keyword],
        audience: Audience,
        only_got: bool,
    ) -> Result<SharedFolder, Error> {
        let path = std::path::absolute(path).map_err(|source| disk(path, source))?;
        let folder = ShareFolder::open(&path).map_err(|source| disk(&path, source))?;
        let file_name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let name = folder.name().cloned().map_or_else(|| Name::new(file_name), Ok)?;
        let keywords = with_name(&name, keywords)?;
        let share = Share { id: ShareId::random(), name, keywords, audience };
        let added = SharedFolder { share, path, only_got };
        let _changing = self.inner.state.changing()?;
        let mut shares = self.shares()?;
        if let Some(known) = shares.iter().find(|known| known.path == added.path) {
            return Err(Error::SharedAlready(known.share.name.clone()));
        }
        if shares.iter().any(|known| known.share.name == added.share.name) {
            return Err(Error::ShareNameTaken(added.share.name));
        }
        shares.push(added.clone());
        write_shares(&self.inner.state, &shares)?;
        Ok(added)
    }

    /// Gives a share other keywords, or another audience. Whoever is in it no longer gets nothing of it
    /// from now on, and does not see it as soon as the index is told; [`User::look_at`] serves it again.
    pub async fn change_share(
        &self,
        name: &Name,
        keywords: Option<&[Keyword]>,
        audience: Option<Audience>,
    ) -> Result<SharedFolder, Error> {
        let changed = {
            let _changing = self.inner.state.changing()?;
            let mut shares = self.shares()?;
            let folder = shares.iter_mut().find(|folder| folder.share.name == *name);
            let folder = folder.ok_or_else(|| Error::NoShare(name.clone()))?;
            if let Some(keywords) = keywords {
                folder.share.keywords = with_name(name, keywords)?;
            }
            folder.share.audience = audience.unwrap_or_else(|| folder.share.audience.clone());
            let changed = folder.clone();
            write_shares(&self.inner.state, &shares)?;
            changed
        };
        // Looks that are under way serve and publish it as it was.
        self.inner.looks.end(changed.share.id).await;
        self.sharer()?.shelf().remove(changed.share.id);
        let session = self.session()?;
        self.remember_published(&session, changed.share.id).await?;
        if let Some(published) = session.known().published(changed.share.id) {
            let published = self.publish(&session, &changed.share, published.entries).await;
            // After other errors the wish stays, and the next look tells.
            if let Err(error @ Error::NobodyInAudience(_)) = published {
                return Err(error);
            }
        }
        Ok(changed)
    }

    /// Publishes it; when the index is away, it is published later.
    pub(super) async fn publish(
        &self,
        session: &IndexSession,
        share: &Share,
        entries: impl Into<Entries> + Send + 'static,
    ) -> Result<Summary, Error> {
        // One of the same name may be among them.
        self.take_back_ended().await?;
        let published = self.wait(session, session.publish(share.clone(), entries)).await;
        published.map_err(|error| match error {
            Error::Index(index::Error::Refused { code: Code::NotFound, .. }) => {
                Error::NobodyInAudience(share.name.clone())
            }
            error => error,
        })
    }

    /// What a share was like when it was last looked at.
    pub fn figures(&self, folder: &SharedFolder) -> Option<Figures> {
        LastLook::read(&self.inner.state, folder.share.id).map(|last| last.figures)
    }

    /// Shares something no longer: it is served no more at once, and nobody sees it as soon as the
    /// index is told. While that is away it is not forgotten: it is told when anything is done with it.
    pub async fn remove_share(&self, name: &Name) -> Result<(), Error> {
        let removed = {
            let _changing = self.inner.state.changing()?;
            let (mut shares, mut ended) = (self.shares()?, read_ended(&self.inner.state)?);
            match shares.iter().position(|folder| folder.share.name == *name) {
                Some(at) => {
                    let removed = shares.remove(at);
                    // First of all: for whoever is killed in between it is there still, and that counts.
                    ended.push(Ended { id: removed.share.id, name: name.clone() });
                    write_ended(&self.inner.state, &ended)?;
                    write_shares(&self.inner.state, &shares)?;
                    Ok(removed)
                }
                None => Err(ended.into_iter().find(|ended| ended.name == *name)),
            }
        };
        let removed = match removed {
            Ok(removed) => removed,
            Err(Some(ended)) => return self.take_back(ended.id).await,
            Err(None) => return Err(Error::NoShare(name.clone())),
        };
        if removed.only_got {
            // Should it be shared again, what was got before is not meant.
            GotFiles::forget(&self.inner.state)?;
        }
        self.take_back(removed.share.id).await
    }

    /// Takes back all that was done for a share that is on the list no longer.
    pub(super) async fn take_back(&self, share: ShareId) -> Result<(), Error> {
        self.inner.looks.end(share).await;
        if let Ok(sharer) = self.sharer() {
            sharer.shelf().remove(share);
        }
        looks::forget(&self.inner.state, share)?;
        match self.session() {
            Ok(session) => self.wait(&session, session.unpublish(share)).await?,
            Err(Error::NoIndex | Error::UntrustedIndex(_)) => {}
            Err(error) => return Err(error),
        }
        let _changing = self.inner.state.changing()?;
        let mut ended = read_ended(&self.inner.state)?;
        let all = ended.len();
        ended.retain(|ended| ended.id != share);
        if ended.len() < all {
            write_ended(&self.inner.state, &ended)?;
        }
        Ok(())
    }

    /// Tells the index of shares that ended while it was away.
    pub(super) async fn take_back_ended(&self) -> Result<(), Error> {
        let shares = self.shares()?;
        for Ended { id, .. } in read_ended(&self.inner.state)? {
            if !shares.iter().any(|folder| folder.share.id == id) {
                self.take_back(id).await?;
            }
        }
        Ok(())
    }
}

impl Preview {
    pub(super) fn of(scan: Scan) -> Self {
        let bytes = scan.files.iter().fold(0, |sum: u64, file| sum.saturating_add(file.size));
        let Scan { files, left_out, passed_over } = scan;
        let first = files.iter().take(FEW).map(|file| file.path.clone()).collect();
        Self { files: files.len(), bytes, first, left_out, passed_over }
    }
}

/// A share is found by its name as well. What has no letter in it is no keyword.
fn with_name(name: &Name, keywords: &[Keyword]) -> Result<Keywords, Error> {
    let own = Keyword::as_spelled(name.as_str()).ok();
    Ok(Keywords::new(own.into_iter().chain(keywords.iter().cloned()))?)
}

pub(super) fn disk(path: &Path, source: io::Error) -> Error {
    Error::Peer(peer::Error::Disk { path: path.to_owned(), source })
}

/// So many files are named before all of them are shared.
const FEW: usize = 3;
