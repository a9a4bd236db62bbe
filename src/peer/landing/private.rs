//! The private folder of a batch, and sweeping away those that nobody has any more.

use crate::crypto::random;
use crate::model::TEMPORARY_PREFIX;
use cap_fs_ext::{DirExt, FollowSymlinks, OpenOptionsFollowExt};
use cap_std::fs::{Dir, DirBuilder, OpenOptions};
use std::fs::{File, TryLockError};
use std::io;
use std::sync::Arc;

/// A new folder that is ours alone, gone when this is dropped.
#[derive(Debug)]
pub(super) struct Private {
    parent: Arc<Dir>,
    name: String,
    pub(super) dir: Dir,
    /// What the system leaves of the mode of a file made here.
    pub(super) allowed: u32,
    pub(super) lock: File,
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
                Ok(Some(Self { parent, name, dir, allowed, lock }))
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

impl Drop for Private {
    fn drop(&mut self) {
        // What is left is swept when the folder is next used.
        let _ = self.parent.remove_dir_all(&self.name);
    }
}

/// Removes the private folders that nobody holds.
pub(super) fn sweep(parent: &Dir) -> io::Result<()> {
    for entry in parent.entries()? {
        let entry = entry?;
        let name = entry.file_name();
        let is_ours = name.to_str().is_some_and(|name| name.starts_with(TEMPORARY_PREFIX));
        if is_ours && entry.file_type()?.is_dir() {
            // One that is not swept now, for whatever reason, is in nobody's way.
            let _ = sweep_one(parent, &name.to_string_lossy());
        }
    }
    Ok(())
}

fn sweep_one(parent: &Dir, name: &str) -> io::Result<()> {
    let dir = parent.open_dir_nofollow(name)?;
    let mut options = OpenOptions::new();
    options.write(true).follow(FollowSymlinks::No);
    match dir.open_with(LOCK, &options) {
        Ok(lock) => {
            let lock = lock.into_std();
            if lock.try_lock().is_ok() {
                // The lock's name goes while it is held: so its owner, should there be one yet, sees
                // that the folder is gone.
                dir.remove_file(LOCK)?;
                parent.remove_dir_all(name)?;
            }
            Ok(())
        }
        // Its owner may be about to make one, and then this fails, since the folder is not empty.
        Err(error) if error.kind() == io::ErrorKind::NotFound => parent.remove_dir(name),
        Err(error) => Err(error),
    }
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
