//! Looking at a share: what is in it, reading what is new, and publishing it.
//!
//! ```text
//! scan ─▶ known by its stamp ──────────────┐
//!    └──▶ new: read, the smallest first, ──┴─▶ shelf ─▶ index
//!         in portions that double              after each portion
//! ```
//!
//! So a small share is there at once, and of one whose files take an hour to be read most are there
//! soon. What was read is remembered as it is read: no file is read twice because a program ended.

use super::User;
use super::shares::{Looked, Preview, disk};
use crate::link::is_out_of_files;
use crate::model::{Entry, EntryPath, Events, Foreign, ShareId, Task, Work, given_back};
use crate::node::Error;
use crate::node::got_files::GotFiles;
use crate::node::index::{Entries, IndexSession, Summary};
use crate::node::looks::{Figures, Hashes, LastLook};
use crate::node::shared_folders::SharedFolder;
use crate::peer::{LeftOut, Published, Scanned, ShareFolder, Shelf, Stamp, WhyLeftOut};
use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio_util::sync::{CancellationToken, DropGuard};

/// A look at a share that is under way. Dropped, it ends; what was read until then is not read again.
#[derive(Debug)]
pub struct Looking {
    share: SharedFolder,
    reached: watch::Receiver<Reached>,
    task: JoinHandle<Result<Looked, Error>>,
    _stops: DropGuard,
}

impl Looking {
    /// What is looked at.
    pub fn share(&self) -> &SharedFolder {
        &self.share
    }

    /// Waits until a first portion is read, served and published. Gives whether there is more.
    pub async fn goes_on(&mut self) -> bool {
        // Its end ends the waiting as well.
        self.reached.wait_for(|reached| *reached != Reached::Nothing).await.is_ok()
    }

    /// Whether the index has taken what was read until now.
    pub fn is_published(&self) -> bool {
        *self.reached.borrow() == Reached::Published
    }

    /// Waits for its end.
    pub async fn end(self) -> Result<Looked, Error> {
        let Self { task, _stops, .. } = self;
        task.await.map_err(|_| Error::Stopped)?
    }
}

/// How far a look has come that goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reached {
    Nothing,
    /// A portion is read and served, and the index has not taken it.
    Served,
    /// The index has taken it, too.
    Published,
}

/// The shares that are looked at: each by one look at a time, all of which end when it is removed.
#[derive(Default)]
pub(super) struct Looks(Mutex<HashMap<ShareId, Turns>>);

/// Whose turn it is, and the end of all of them.
type Turns = (Arc<tokio::sync::Mutex<()>>, CancellationToken);

impl Looks {
    fn of(&self, share: ShareId) -> Turns {
        let mut looks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        looks.entry(share).or_default().clone()
    }

    /// Ends all looks at a share, and waits until they have ended.
    pub(super) async fn end(&self, share: ShareId) {
        let (turn, stop) = self.of(share);
        stop.cancel();
        drop(turn.lock().await);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&share);
    }
}

impl User {
    /// Looks at a share again, serves what is in it from now on, and publishes it. Files that are as
    /// they were are not read again. Dropped before its end, it reads no further.
    pub async fn look_at(&self, folder: &SharedFolder) -> Result<Looked, Error> {
        self.begin_look(folder).end().await
    }

    /// The same, without waiting for its end.
    pub fn begin_look(&self, folder: &SharedFolder) -> Looking {
        let (turn, removed) = self.inner.looks.of(folder.share.id);
        let (stop, (tell, reached)) = (removed.child_token(), watch::channel(Reached::Nothing));
        let (me, share, stopped) = (self.clone(), folder.clone(), stop.clone());
        let task = tokio::spawn(async move {
            let look = async {
                let _turn = turn.lock().await;
                Look::begin(&me, &share, &stopped).await?.run(&tell).await
            };
            stopped.run_until_cancelled(look).await.unwrap_or(Err(Error::Stopped))
        });
        Looking { share: folder.clone(), reached, task, _stops: stop.drop_guard() }
    }

    /// Keeps what the index has of a share by now: in the next run only the difference is sent.
    pub(super) async fn keep_published(&self, share: ShareId) -> Result<(), Error> {
        let Some(published) = self.session()?.known().published(share) else { return Ok(()) };
        let keep = move |me: &Self| {
            // A look that ends now is not undone by what was read before.
            let _changing = me.inner.state.changing()?;
            let mut last = LastLook::read(&me.inner.state, share).unwrap_or_default();
            let is_shared = me.shares()?.iter().any(|known| known.share.id == share);
            if is_shared && last.published != Some(published.state) {
                last.published = Some(published.state);
                last.write(&me.inner.state, share, Some(&published))?;
            }
            Ok(())
        };
        self.on_disk(keep).await
    }
}

/// A look that is under way.
struct Look<'a> {
    me: &'a User,
    folder: &'a SharedFolder,
    stop: &'a CancellationToken,
    session: IndexSession,
    last: LastLook,
    opened: Arc<ShareFolder>,
    files: Vec<Published>,
    /// What has to be read, the largest first: it is taken from behind.
    unread: Vec<Scanned>,
    /// Those of its files that are shared, if not all are.
    got: Option<GotFiles>,
    reading: Reading,
    preview: Preview,
}

/// What goes to the thread that reads, and comes back.
struct Reading {
    hashes: Hashes,
    task: Task,
    /// Of what was read right now.
    files: Vec<Published>,
    left_out: Vec<LeftOut>,
}

impl<'a> Look<'a> {
    async fn begin(
        me: &'a User,
        folder: &'a SharedFolder,
        stop: &'a CancellationToken,
    ) -> Result<Self, Error> {
        me.check_shared(folder)?;
        let (session, id) = (me.session()?, folder.share.id);
        let (state, path) = (me.inner.state.clone(), folder.path.clone());
        let look = spawn_blocking(move || {
            let (last, hashes) = (LastLook::read(&state, id), Hashes::open(&state, id));
            (last.unwrap_or_default(), hashes, ShareFolder::open(&path))
        });
        let (last, mut hashes, opened) = look.await.map_err(|_| Error::Stopped)?;
        let opened = Arc::new(opened.map_err(|source| me.is_gone(folder, source))?);
        let looking = Arc::clone(&opened);
        let scan = spawn_blocking(move || looking.scan()).await.map_err(|_| Error::Stopped)?;
        let mut scan = scan.map_err(|source| me.is_gone(folder, source))?;
        // Where a disk was taken out, an empty folder is left.
        let is_elsewhere = last.figures.files > 0 && last.device != opened.device();
        if scan.files.is_empty() && is_elsewhere {
            return Err(me.is_gone(folder, io::ErrorKind::NotFound.into()));
        }
        let got = folder.only_got.then(|| GotFiles::read(&me.inner.state)).transpose()?;
        if let Some(got) = &got {
            scan.files.retain(|file| got.has_path(&file.path));
        }
        let mut files = Vec::with_capacity(scan.files.len());
        let mut unread = Vec::new();
        for file in given_back(std::mem::take(&mut scan.files)) {
            match hashes.get(&file.stamp) {
                Some(id) => files.extend(published(&file, id).ok()),
                None => unread.push(file),
            }
        }
        // Of very many files, what was needed before is gone when what is needed next is read.
        if unread.is_empty() {
            hashes.close(&files)?;
        }
        me.remember_published(&session, id).await?;
        // What is served meanwhile as it was is not so for long.
        let shelf = me.sharer()?.shelf().clone();
        let is_served = |file: &Scanned| shelf.find(shelf.owner(), id, &file.path).is_some();
        unread.sort_by_cached_key(|file| (is_served(file), std::cmp::Reverse(file.size)));
        let total = unread.iter().fold(0, |sum: u64, file| sum.saturating_add(file.size));
        let events = if unread.is_empty() { &Events::ignored() } else { me.events() };
        let task = events.begin(Work::Hashing, folder.share.name.as_str(), total);
        let reading = Reading { hashes, task, files: Vec::new(), left_out: Vec::new() };
        let preview = Preview::of(scan);
        let mut look =
            Self { me, folder, stop, session, last, opened, files, unread, got, reading, preview };
        look.keep_to_got();
        Ok(look)
    }

    /// What was changed since it was got is not shared.
    fn keep_to_got(&mut self) {
        if let Some(got) = &self.got {
            self.files.retain(|file| got.has(&file.entry));
        }
    }

    async fn run(mut self, tell: &watch::Sender<Reached>) -> Result<Looked, Error> {
        let (mut sum, mut room) = (Summary::default(), FIRST_PORTION);
        loop {
            self = self.read(room).await?;
            self.me.check_shared(self.folder)?;
            let is_over = self.unread.is_empty();
            if is_over {
                self.reading.hashes.close(&self.files)?;
            }
            let shelf = self.me.sharer()?.shelf().clone();
            let (share, opened) = (self.folder.share.clone(), Arc::clone(&self.opened));
            let entries = if is_over {
                let (entries, stamps) = self.take_all();
                shelf.put_all(share, opened, (entries.shared(), stamps));
                entries
            } else {
                let entries = self.entries();
                let unread = self.unread.iter().map(|file| file.path.clone()).collect();
                shelf.put_part(share, opened, (self.served_meanwhile(&shelf), unread));
                entries
            };
            // What has nothing to show yet is not there yet.
            let is_nothing = entries.is_empty() && !is_over;
            let published = match is_nothing {
                true => Ok(Summary::default()),
                false => self.me.publish(&self.session, &self.folder.share, entries).await,
            };
            // Whether more is read or not: nobody of its audience is there.
            if is_over || matches!(published, Err(Error::NobodyInAudience(_))) {
                return self.end(published.map(|now| added(sum, now))).await;
            }
            let reached = match published {
                Ok(now) => {
                    sum = added(sum, now);
                    self.me.keep_published(self.folder.share.id).await?;
                    if is_nothing { Reached::Served } else { Reached::Published }
                }
                Err(_) => Reached::Served,
            };
            tell.send_replace(reached);
            room = room.saturating_mul(2).min(LAST_PORTION);
        }
    }

    /// Reads a portion of so many bytes, or of one file; of the first one nobody waits for that.
    async fn read(mut self, room: u64) -> Result<Self, Error> {
        let portion = self.portion(room);
        if portion.is_empty() {
            return Ok(self);
        }
        let (opened, stop, mut reading) =
            (Arc::clone(&self.opened), self.stop.clone(), self.reading);
        let now = self.me.now().0.saturating_mul(1_000_000_000);
        let read =
            spawn_blocking(move || reading.read(&opened, portion, now, &stop).map(|()| reading));
        self.reading = read.await.map_err(|_| Error::Stopped)??;
        self.files.append(&mut self.reading.files);
        self.keep_to_got();
        Ok(self)
    }

    fn portion(&mut self, room: u64) -> Vec<Scanned> {
        let (mut portion, mut bytes) = (Vec::new(), 0_u64);
        while let Some(file) = self.unread.pop() {
            bytes = bytes.saturating_add(file.size);
            if bytes > room && (!portion.is_empty() || room == FIRST_PORTION) {
                self.unread.push(file);
                break;
            }
            portion.push(file);
        }
        portion
    }

    /// What the index has.
    fn published(&self) -> Entries {
        let published = self.session.known().published(self.folder.share.id);
        published.map(|published| published.entries).unwrap_or_default()
    }

    /// What there is by now. What the index has of files that are still to be read stays, if they look
    /// the same: where all is read anew, a share does not shrink to what was read first.
    fn entries(&self) -> Entries {
        let published = self.published();
        let mut entries: Vec<_> = self.files.iter().map(|file| file.entry.clone()).collect();
        let unread: HashMap<_, _> =
            self.unread.iter().map(|file| (&file.path, (file.size, file.modified))).collect();
        let looks_the_same =
            |entry: &&Entry| unread.get(entry.path()) == Some(&(entry.size(), entry.modified()));
        entries.extend(published.iter().filter(looks_the_same).cloned());
        entries.into()
    }

    /// What is served as long as not all is read: what is read, and what was served before and is as it
    /// was. Where a file is read once more, nobody who asks for it hears that it is not there.
    fn served_meanwhile(&self, shelf: &Shelf) -> Vec<Published> {
        let (owner, share) = (shelf.owner(), self.folder.share.id);
        let before = |file: &Scanned| {
            shelf.find(owner, share, &file.path).filter(|before| before.stamp == file.stamp)
        };
        let is_shared = |file: &Published| self.got.as_ref().is_none_or(|got| got.has(&file.entry));
        let unread = self.unread.iter().filter_map(before).filter(is_shared);
        self.files.iter().cloned().chain(unread).collect()
    }

    /// All that there is, in the order of the paths, and what it was like. Of very many files, what the index
    /// has already is not there twice.
    fn take_all(&mut self) -> (Entries, Vec<Stamp>) {
        let mut files = std::mem::take(&mut self.files);
        files.sort_unstable_by(|one, other| one.entry.path().cmp(other.entry.path()));
        self.preview.files = files.len();
        let sizes = files.iter().map(|file| file.entry.size());
        self.preview.bytes = sizes.fold(0, u64::saturating_add);
        let stamps = files.iter().map(|file| file.stamp).collect();
        let published = self.published();
        let entries = match published.iter().eq(files.iter().map(|file| &file.entry)) {
            true => published,
            false => files.into_iter().map(|file| file.entry).collect(),
        };
        (entries, stamps)
    }

    async fn end(self, published: Result<Summary, Error>) -> Result<Looked, Error> {
        let Self { me, folder, last, opened, mut reading, mut preview, .. } = self;
        preview.left_out.append(&mut reading.left_out);
        let figures = Figures {
            files: preview.files as u64,
            bytes: preview.bytes,
            left_out: preview.left_out.len() as u64,
            passed_over: preview.passed_over.all(),
        };
        let (session, shared) = (self.session, folder.clone());
        let keep = move |me: &User| {
            let _changing = me.inner.state.changing()?;
            // What was removed leaves nothing behind.
            me.check_shared(&shared)?;
            let now = session.known().published(shared.share.id);
            let published = now.as_ref().map(|published| published.state);
            let look = LastLook { figures, device: opened.device(), published };
            if look != last {
                look.write(&me.inner.state, shared.share.id, now.as_ref())?;
            }
            Ok(())
        };
        me.on_disk(keep).await?;
        reading.task.complete();
        Ok(Looked { folder: folder.clone(), preview, published })
    }
}

impl User {
    /// Takes up what the index acknowledged in an earlier run of the program.
    pub(super) async fn remember_published(
        &self,
        session: &IndexSession,
        share: ShareId,
    ) -> Result<(), Error> {
        if session.known().published(share).is_some() {
            return Ok(());
        }
        let state = self.inner.state.clone();
        let kept = spawn_blocking(move || LastLook::published(&state, share));
        if let Some(published) = kept.await.map_err(|_| Error::Stopped)? {
            session.known().remember(share, published);
        }
        Ok(())
    }

    /// Another program of the same person may have taken it off the list, or given it another audience,
    /// also while it is read.
    fn check_shared(&self, folder: &SharedFolder) -> Result<(), Error> {
        match self.shares()?.iter().find(|known| known.share.id == folder.share.id) {
            Some(known) if known.share == folder.share => Ok(()),
            Some(_) => Err(Error::Stopped),
            None => Err(Error::NoShare(folder.share.name.clone())),
        }
    }

    /// A share is not there, or nobody knows what of it is to be kept back: it is served no more, and
    /// stays published until its owner says.
    fn is_gone(&self, folder: &SharedFolder, source: io::Error) -> Error {
        // It is there, and looked at again soon.
        if is_out_of_files(&source) {
            return disk(&folder.path, source);
        }
        if let Ok(sharer) = self.sharer() {
            sharer.shelf().remove(folder.share.id);
        }
        match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                Error::ShareGone { name: folder.share.name.clone(), path: folder.path.clone() }
            }
            _ => disk(&folder.path, source),
        }
    }
}

impl Reading {
    fn read(
        &mut self,
        opened: &ShareFolder,
        portion: Vec<Scanned>,
        now: u64,
        stop: &CancellationToken,
    ) -> Result<(), Error> {
        let mut unkept = 0_u64;
        for file in portion {
            let read =
                opened.hash(&file.path, &file.stamp, &mut self.task, &|| stop.is_cancelled());
            if stop.is_cancelled() {
                self.hashes.keep()?;
                return Err(Error::Stopped);
            }
            let read = read.and_then(|content| Ok((content.id(), published(&file, content.id())?)));
            match read {
                Ok((id, published)) => {
                    if file.stamp.is_settled(now) {
                        self.hashes.add(file.stamp, id);
                    }
                    self.files.push(published);
                }
                // What cannot be opened just now is no file that is left out.
                Err(error) if is_out_of_files(&error) => {
                    self.hashes.keep()?;
                    return Err(disk(Path::new(file.path.as_str()), error));
                }
                Err(error) => self.left_out.push(unreadable(&file.path, &error)),
            }
            unkept = unkept.saturating_add(file.size).saturating_add(FILE_COSTS);
            if unkept >= KEEP_AFTER {
                self.hashes.keep()?;
                unkept = 0;
            }
        }
        Ok(self.hashes.keep()?)
    }
}

fn published(file: &Scanned, id: crate::model::ContentId) -> io::Result<Published> {
    let entry = file.entry(None).map_err(io::Error::other)?.with_content(Some(id));
    Ok(Published { entry, stamp: file.stamp })
}

fn unreadable(path: &EntryPath, error: &io::Error) -> LeftOut {
    LeftOut { path: Foreign::new(path.as_str()), why: WhyLeftOut::Unreadable(error.kind()) }
}

fn added(before: Summary, now: Summary) -> Summary {
    Summary {
        added: before.added.saturating_add(now.added),
        changed: before.changed.saturating_add(now.changed),
        removed: before.removed.saturating_add(now.removed),
        ..now
    }
}

/// A moment's reading; and some minutes'.
const FIRST_PORTION: u64 = 256 << 20;
const LAST_PORTION: u64 = 16 << 30;
/// What was read is written down after so many bytes, where a file counts as so many at least.
const KEEP_AFTER: u64 = 64 << 20;
const FILE_COSTS: u64 = 64 << 10;
