//! What one shares: adding, removing, and looking at it again.

use super::User;
use crate::model::{Audience, Events, Foreign, Keyword, Keywords, Name, Share, ShareId, Work};
use crate::node::Error;
use crate::node::index::{self, Summary};
use crate::node::shared_folders::{LastLook, SharedFolder, read_shares, write_shares};
use crate::peer::{self, LeftOut, PassedOver, Scan, Scanned, ShareFolder, WhyLeftOut};
use crate::wire::Code;
use std::io;
use std::path::Path;
use std::sync::Arc;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

/// What lies in a folder that could be shared.
#[derive(Debug)]
pub struct Preview {
    /// How many files.
    pub files: usize,
    /// How many bytes they have.
    pub bytes: u64,
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
        let named = path.to_owned();
        let scan = spawn_blocking(move || ShareFolder::open(&named)?.scan()).await;
        let scan = scan.map_err(|_| Error::Stopped)?.map_err(|source| disk(path, source))?;
        Ok(Preview::of(scan))
    }

    /// What one shares, as this home remembers it.
    pub fn shares(&self) -> Result<Vec<SharedFolder>, Error> {
        Ok(read_shares(&self.0.state)?)
    }

    /// Shares a file or folder from now on. It is found under its name and these keywords.
    /// [`User::look_at`] publishes it.
    pub fn add_share(
        &self,
        path: &Path,
        keywords: &[Keyword],
        audience: Audience,
    ) -> Result<SharedFolder, Error> {
        let path = std::path::absolute(path).map_err(|source| disk(path, source))?;
        let folder = ShareFolder::open(&path).map_err(|source| disk(&path, source))?;
        let file_name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let name = folder.name().cloned().map_or_else(|| Name::new(file_name), Ok)?;
        // What has no letter in it is no keyword.
        let own = Keyword::as_spelled(name.as_str()).ok();
        let keywords = Keywords::new(own.into_iter().chain(keywords.iter().cloned()))?;
        let share = Share { id: ShareId::random(), name, keywords, audience };
        let added = SharedFolder { share, path };
        let _changing = self.0.state.changing()?;
        let mut shares = self.shares()?;
        if let Some(known) = shares.iter().find(|known| known.path == added.path) {
            return Err(Error::SharedAlready(known.share.name.clone()));
        }
        if shares.iter().any(|known| known.share.name == added.share.name) {
            return Err(Error::ShareNameTaken(added.share.name));
        }
        shares.push(added.clone());
        write_shares(&self.0.state, &shares)?;
        Ok(added)
    }

    /// Shares something no longer: it is served no more at once, and nobody sees it as soon as the
    /// index is told.
    pub async fn remove_share(&self, name: &Name) -> Result<(), Error> {
        let removed = {
            let _changing = self.0.state.changing()?;
            let mut shares = self.shares()?;
            let at = shares.iter().position(|folder| folder.share.name == *name);
            let removed = shares.remove(at.ok_or_else(|| Error::NoShare(name.clone()))?);
            write_shares(&self.0.state, &shares)?;
            removed
        };
        LastLook::forget(&self.0.state, removed.share.id)?;
        if let Ok(sharer) = self.sharer() {
            sharer.shelf().remove(removed.share.id);
        }
        match self.session() {
            Ok(session) => self.wait(&session, session.unpublish(removed.share.id)).await,
            Err(Error::NoIndex | Error::UntrustedIndex(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Looks at a share again, serves what is in it from now on, and publishes it. Files that are as
    /// they were are not read again. Dropped before its end, it reads no further.
    pub async fn look_at(&self, folder: &SharedFolder) -> Result<Looked, Error> {
        let (path, id) = (folder.path.clone(), folder.share.id);
        let before = LastLook::read(&self.0.state, id);
        let (events, session) = (self.events().clone(), self.session()?);
        if let Some(published) = before.published() {
            session.known().remember(id, published);
        }
        let (name, now) = (folder.share.name.as_str().to_owned(), self.now());
        let stop = CancellationToken::new();
        let _stops = stop.clone().drop_guard();
        let look = spawn_blocking(move || look(&path, &before, (&name, &events), &stop)).await;
        let look = look.map_err(|_| Error::Stopped)?;
        let Look { opened, files, preview } = look.map_err(|source| disk(&folder.path, source))?;
        let entries: Vec<_> = files.iter().map(|file| file.entry.clone()).collect();
        let looked = LastLook::new(&files, now, None);
        self.sharer()?.shelf().put(folder.share.clone(), Arc::new(opened), files);
        let publish = session.publish(folder.share.clone(), entries);
        let published = self.wait(&session, publish).await.map_err(|error| match error {
            Error::Index(index::Error::Refused { code: Code::NotFound, .. }) => {
                Error::NobodyInAudience(folder.share.name.clone())
            }
            error => error,
        });
        let state = session.known().published(id).map(|published| published.state);
        let state = state.filter(|_| published.is_ok());
        LastLook { state, ..looked }.write(&self.0.state, id)?;
        Ok(Looked { folder: folder.clone(), preview, published })
    }
}

impl Preview {
    fn of(scan: Scan) -> Self {
        let bytes = scan.files.iter().fold(0, |sum: u64, file| sum.saturating_add(file.size));
        let Scan { files, left_out, passed_over } = scan;
        Self { files: files.len(), bytes, left_out, passed_over }
    }
}

struct Look {
    opened: ShareFolder,
    files: Vec<peer::Published>,
    preview: Preview,
}

/// Reads what is new or has changed to learn what its bytes are called.
fn look(
    path: &Path,
    before: &LastLook,
    (name, events): (&str, &Events),
    stop: &CancellationToken,
) -> io::Result<Look> {
    let opened = ShareFolder::open(path)?;
    let mut scan = opened.scan()?;
    let known = |file: &Scanned| before.content(&file.path, &file.stamp);
    let fresh = scan.files.iter().filter(|file| known(file).is_none());
    let total = fresh.fold(0, |sum: u64, file| sum.saturating_add(file.size));
    let mut task = events.begin(Work::Hashing, name, total);
    let (mut files, mut unread) = (Vec::with_capacity(scan.files.len()), Vec::new());
    for file in &scan.files {
        if stop.is_cancelled() {
            return Err(io::Error::other("it was stopped"));
        }
        let content = match known(file) {
            Some(id) => Ok(id),
            None => {
                let content =
                    opened.hash(&file.path, &file.stamp, &mut task, &|| stop.is_cancelled());
                content.map(|content| content.id())
            }
        };
        let published = content.and_then(|id| {
            let entry = file.entry(None).map_err(io::Error::other)?;
            Ok(peer::Published { entry: entry.with_content(Some(id)), stamp: file.stamp })
        });
        match published {
            Ok(published) => files.push(published),
            Err(error) => {
                let (path, kind) = (Foreign::new(file.path.as_str()), error.kind());
                unread.push(LeftOut { path, why: WhyLeftOut::Unreadable(kind) });
            }
        }
    }
    task.complete();
    let sizes = files.iter().map(|file| file.entry.size());
    let bytes = sizes.fold(0, u64::saturating_add);
    scan.left_out.extend(unread);
    let Scan { left_out, passed_over, .. } = scan;
    let preview = Preview { files: files.len(), bytes, left_out, passed_over };
    Ok(Look { opened, files, preview })
}

fn disk(path: &Path, source: io::Error) -> Error {
    Error::Peer(peer::Error::Disk { path: path.to_owned(), source })
}
