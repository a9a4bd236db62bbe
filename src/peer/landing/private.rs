//! The private folder of a batch: ours alone, and locked as long as somebody has it. One that nobody
//! has any more is swept away, unless its journal says that it holds parts of files.

use crate::crypto::random;
use crate::model::TEMPORARY_PREFIX;
use crate::peer::disk;
use cap_fs_ext::{DirExt, FollowSymlinks, OpenOptionsFollowExt};
use cap_std::fs::{Dir, DirBuilder, OpenOptions};
use std::fs::{File, TryLockError};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// A new folder that is ours alone, gone when this is dropped, unless it is worth keeping.
#[derive(Debug)]
pub(super) struct Private {
    parent: Arc<Dir>,
    name: String,
    pub(super) dir: Dir,
    /// What the system leaves of the mode of a file made here.
    pub(super) allowed: u32,
    lock: File,
    keeps: AtomicBool,
    /// Why the disk did not take what was to be written out, once it did not.
    unwritten: OnceLock<io::Error>,
}

impl Private {
    pub(super) fn new(parent: &Arc<Dir>) -> io::Result<Self> {
        for _ in 0..TRIES {
            if let Some(private) = Self::try_new(parent)? {
                return Ok(private);
            }
        }
        Err(io::Error::other("a private folder was taken away again and again"))
    }

    /// None when somebody swept it away before it was locked.
    fn try_new(parent: &Arc<Dir>) -> io::Result<Option<Self>> {
        let name = format!("{TEMPORARY_PREFIX}{:032x}", u128::from_be_bytes(random()));
        parent.create_dir_with(&name, &private_mode())?;
        let made = Self::lock(parent, &name);
        match made {
            Ok(Some((dir, lock))) => {
                let allowed = allowed_by(&lock)?;
                let parent = Arc::clone(parent);
                let (keeps, unwritten) = (AtomicBool::new(false), OnceLock::new());
                Ok(Some(Self { parent, name, dir, allowed, lock, keeps, unwritten }))
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(None),
        }
    }

    fn lock(parent: &Dir, name: &str) -> io::Result<Option<(Dir, File)>> {
        let dir = parent.open_dir_nofollow(name)?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).follow(FollowSymlinks::No);
        #[cfg(unix)]
        cap_std::fs::OpenOptionsExt::mode(&mut options, 0o777);
        let lock = dir.open_with(LOCK, &options)?.into_std();
        match lock.try_lock() {
            // Whoever swept held the lock until its name was gone.
            Ok(()) => Ok(dir.try_exists(LOCK)?.then_some((dir, lock))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

impl Private {
    /// It holds what should not be lost: it stays when it is dropped.
    pub(super) fn keep(&self) {
        self.keeps.store(true, Ordering::Relaxed);
    }

    /// Nothing in it is worth anything any more.
    pub(super) fn forget(&self) {
        self.keeps.store(false, Ordering::Relaxed);
    }

    /// The same, and it goes at once: a thread that still holds it may not come to drop it before the program ends.
    pub(super) fn remove(&self) {
        self.forget();
        let _ = self.parent.remove_dir_all(&self.name);
    }

    /// Writes something out, by a call that does nothing else. A system that could not says so once, throws it
    /// away, and is content the next time: so from the first time on nothing here counts as written out.
    pub(super) fn write_out<T>(&self, how: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        self.demand_written()?;
        how().map_err(|error| again(self.unwritten.get_or_init(|| error)))
    }

    /// Fails when something could not be written out.
    pub(super) fn demand_written(&self) -> io::Result<()> {
        self.unwritten.get().map_or(Ok(()), |error| Err(again(error)))
    }

    /// Writes out all of the folder's file system, in one call, where there is one. What failed to be
    /// written since the lock was opened is told here too, and it is older than all other files.
    pub(super) fn sync_all_at_once(&self) -> io::Result<bool> {
        self.write_out(|| disk::sync_all_at_once(&self.lock))
    }

    /// Makes the names in it durable, and its own.
    pub(super) fn sync_names(&self) -> io::Result<()> {
        disk::sync_folder(&self.dir)?;
        disk::sync_folder(&self.parent)
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        if !*self.keeps.get_mut() {
            // What is left is swept when the folder is next used.
            let _ = self.parent.remove_dir_all(&self.name);
        }
    }
}

/// The same error.
fn again(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(number) => io::Error::from_raw_os_error(number),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}

/// Removes the private folders that nobody holds and that are not worth keeping.
pub(super) fn sweep(parent: &Dir, is_worth_keeping: impl Fn(&Dir) -> bool) -> io::Result<()> {
    for name in names(parent)? {
        // One that is not swept now, for whatever reason, is in nobody's way.
        let _ = sweep_one(parent, name, &is_worth_keeping);
    }
    Ok(())
}

fn sweep_one(
    parent: &Dir,
    name: String,
    is_worth_keeping: impl Fn(&Dir) -> bool,
) -> io::Result<()> {
    match claim(parent, name.clone()) {
        Ok(Some(claimed)) if !is_worth_keeping(&claimed.dir) => claimed.remove(),
        Ok(_) => Ok(()),
        // Its owner may be about to make one, and then this fails, since the folder is not empty.
        Err(error) if error.kind() == io::ErrorKind::NotFound => parent.remove_dir(name),
        Err(error) => Err(error),
    }
}

/// A private folder that nobody else has.
#[derive(Debug)]
pub(super) struct Claimed<'p> {
    parent: &'p Dir,
    name: String,
    dir: Dir,
    _lock: File,
}

/// Those of use that can be had.
pub(super) fn claim_those(
    parent: &Dir,
    is_of_use: impl Fn(&Dir) -> bool,
) -> io::Result<Vec<Claimed<'_>>> {
    let is_of_use = |name: &String| parent.open_dir_nofollow(name).is_ok_and(|dir| is_of_use(&dir));
    let names = names(parent)?.into_iter().filter(is_of_use);
    let claim = |name: String| (0..PATIENCE).find_map(|_| claim_or_wait(parent, &name));
    Ok(names.filter_map(claim).collect())
}

/// The private folders that are there, whoever has them.
pub(super) fn all(parent: &Dir) -> io::Result<impl Iterator<Item = Dir> + '_> {
    Ok(names(parent)?.into_iter().filter_map(|name| parent.open_dir_nofollow(name).ok()))
}

impl Claimed<'_> {
    pub(super) fn dir(&self) -> &Dir {
        &self.dir
    }

    pub(super) fn remove(self) -> io::Result<()> {
        // The lock's name goes while it is held: so its owner, should there be one yet, sees that the
        // folder is gone.
        self.dir.remove_file(LOCK)?;
        self.parent.remove_dir_all(&self.name)
    }
}

/// Who was just cut off may be writing the last of it yet.
fn claim_or_wait<'p>(parent: &'p Dir, name: &str) -> Option<Claimed<'p>> {
    let claimed = claim(parent, name.to_owned()).ok().flatten();
    if claimed.is_none() {
        std::thread::sleep(Duration::from_millis(50));
    }
    claimed
}

/// None when somebody has it.
fn claim(parent: &Dir, name: String) -> io::Result<Option<Claimed<'_>>> {
    let dir = parent.open_dir_nofollow(&name)?;
    let mut options = OpenOptions::new();
    options.write(true).follow(FollowSymlinks::No);
    let lock = dir.open_with(LOCK, &options)?.into_std();
    let is_ours = lock.try_lock().is_ok();
    Ok(is_ours.then_some(Claimed { parent, name, dir, _lock: lock }))
}

fn names(parent: &Dir) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in parent.entries()? {
        let entry = entry?;
        let name = entry.file_name().to_str().map(str::to_owned);
        let name = name.filter(|name| name.starts_with(TEMPORARY_PREFIX));
        match name {
            Some(name) if entry.file_type()?.is_dir() => names.push(name),
            _ => {}
        }
    }
    Ok(names)
}

#[cfg_attr(not(unix), allow(unused_mut, reason = "only unix folders have a mode"))]
fn private_mode() -> DirBuilder {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    cap_std::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// The lock was made with every bit: what it has are those that the umask allows.
#[cfg(unix)]
fn allowed_by(lock: &File) -> io::Result<u32> {
    use std::os::unix::fs::PermissionsExt;
    Ok(lock.metadata()?.permissions().mode() & 0o777)
}

#[cfg(not(unix))]
fn allowed_by(_: &File) -> io::Result<u32> {
    Ok(0o777)
}

const LOCK: &str = "lock";
const TRIES: usize = 5;
/// Three seconds in all.
const PATIENCE: usize = 60;
