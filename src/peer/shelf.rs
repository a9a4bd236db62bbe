//! What a person serves: their shares, and who may have what.

use super::folder::{ShareFolder, Stamp};
use crate::model::{Entry, EntryPath, Share, ShareId, UserName};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The shares of a person that are served. Cheap to clone; all clones are the same shelf.
///
/// What is not on the shelf and what is not for the asker cannot be told apart.
#[derive(Clone)]
pub struct Shelf(Arc<Inner>);

struct Inner {
    owner: UserName,
    shares: RwLock<HashMap<ShareId, Arc<Shelved>>>,
}

/// A file that is served: what is told of it, and what it was like then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// What is told of it.
    pub entry: Entry,
    /// What it was like.
    pub stamp: Stamp,
}

/// A share on the shelf.
#[derive(Debug)]
pub(super) struct Shelved {
    share: Share,
    pub(super) folder: Arc<ShareFolder>,
    /// In the order of their paths.
    entries: Arc<Vec<Entry>>,
    /// What each of them was like.
    stamps: Vec<Stamp>,
    /// What is still to be read.
    unread: HashSet<EntryPath>,
}

/// A file on the shelf.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown<'s> {
    pub(super) entry: &'s Entry,
    pub(super) stamp: &'s Stamp,
}

impl Shelf {
    /// The shelf of this person, who is in the audience of all that is theirs. It is empty.
    pub fn new(owner: UserName) -> Self {
        Self(Arc::new(Inner { owner, shares: RwLock::default() }))
    }

    /// Puts a share there, in the place of what it was before.
    pub fn put(&self, share: Share, folder: Arc<ShareFolder>, files: Vec<Published>) {
        self.put_part(share, folder, (files, HashSet::new()));
    }

    /// The same as long as some of its files are not read yet: who asks for them does so again later.
    pub fn put_part(
        &self,
        share: Share,
        folder: Arc<ShareFolder>,
        (mut files, unread): (Vec<Published>, HashSet<EntryPath>),
    ) {
        files.sort_unstable_by(|one, other| one.entry.path().cmp(other.entry.path()));
        let (entries, stamps) = files.into_iter().map(|file| (file.entry, file.stamp)).unzip();
        self.insert(Shelved { share, folder, entries: Arc::new(entries), stamps, unread });
    }

    /// The same of all files, in the order of their paths, each with what it was like. Whoever else has the
    /// entries may keep them: of very many, they are there once.
    pub fn put_all(
        &self,
        share: Share,
        folder: Arc<ShareFolder>,
        (entries, stamps): (Arc<Vec<Entry>>, Vec<Stamp>),
    ) {
        self.insert(Shelved { share, folder, entries, stamps, unread: HashSet::new() });
    }

    fn insert(&self, shelved: Shelved) {
        self.write().insert(shelved.share.id, Arc::new(shelved));
    }

    /// Takes a share away. What is on its way goes on.
    pub fn remove(&self, share: ShareId) {
        self.write().remove(&share);
    }

    /// The shares that are there.
    pub fn shares(&self) -> Vec<Share> {
        self.read().values().map(|shelved| shelved.share.clone()).collect()
    }

    /// What a person finds at a path of a share: nothing also where something is that is not for them.
    pub fn find(&self, asker: &UserName, share: ShareId, path: &EntryPath) -> Option<Published> {
        let shelved = self.share_for(asker, share)?;
        let Shown { entry, stamp } = shelved.get(path)?;
        Some(Published { entry: entry.clone(), stamp: *stamp })
    }

    /// Whose shelf it is.
    pub fn owner(&self) -> &UserName {
        &self.0.owner
    }

    /// All shares, for somebody in their audiences.
    pub(super) fn shares_for(&self, asker: &UserName) -> Vec<Arc<Shelved>> {
        let ids: Vec<_> = self.read().keys().copied().collect();
        ids.into_iter().filter_map(|id| self.share_for(asker, id)).collect()
    }

    /// A share, for somebody in its audience.
    pub(super) fn share_for(&self, asker: &UserName, share: ShareId) -> Option<Arc<Shelved>> {
        let shelved = Arc::clone(self.read().get(&share)?);
        let may = *asker == self.0.owner || shelved.share.audience.admits(asker);
        may.then_some(shelved)
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<ShareId, Arc<Shelved>>> {
        self.0.shares.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<ShareId, Arc<Shelved>>> {
        self.0.shares.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelved {
    pub(super) fn share(&self) -> &Share {
        &self.share
    }

    /// What is told of the files behind a path, and of them those at or below another one, in their order.
    pub(super) fn files_from(
        &self,
        behind: Option<&EntryPath>,
        below: Option<&EntryPath>,
    ) -> impl Iterator<Item = &Entry> {
        let place = |path: &str| self.entries.partition_point(|entry| entry.path().as_str() < path);
        let stretches = match below.map(EntryPath::as_str) {
            None => [0..self.entries.len(), 0..0],
            // A file of this name, and what is in a folder of this name; what comes right behind `/` ends that.
            Some(path) => [
                place(path)..place(&format!("{path}\0")),
                place(&format!("{path}/"))..place(&format!("{path}0")),
            ],
        };
        let first = behind.map_or(0, |behind| place(&format!("{behind}\0")));
        stretches.into_iter().flat_map(move |stretch| {
            let from = stretch.start.max(first);
            self.entries.get(from..stretch.end).unwrap_or_default()
        })
    }

    pub(super) fn get(&self, path: &EntryPath) -> Option<Shown<'_>> {
        self.at(self.find(path)?)
    }

    /// Where a file stands in the share.
    pub(super) fn find(&self, path: &EntryPath) -> Option<usize> {
        self.entries.binary_search_by(|entry| entry.path().cmp(path)).ok()
    }

    /// Whether a file is there that is still to be read.
    pub(super) fn is_unread(&self, path: &EntryPath) -> bool {
        self.unread.contains(path)
    }

    /// The file that stands there.
    pub(super) fn at(&self, at: usize) -> Option<Shown<'_>> {
        Some(Shown { entry: self.entries.get(at)?, stamp: self.stamps.get(at)? })
    }
}

impl fmt::Debug for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Shelf({}, {} shares)", self.0.owner, self.read().len())
    }
}
