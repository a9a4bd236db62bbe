//! What is done below the handle of a folder: walking in, opening, and keeping few files open.
//!
//! Every step is one name below an open handle and follows no link, so nothing that is moved or
//! planted meanwhile leads anywhere else. Paths are [`EntryPath`]s, which cannot climb.

use crate::model::EntryPath;
use cap_fs_ext::{DirExt, FollowSymlinks, OpenOptionsFollowExt, OpenOptionsSyncExt};
use cap_std::fs::{Dir, OpenOptions};
use cap_std::{AmbientAuthority, ambient_authority};
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::ops::Deref;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// The folder that a person named; how they named it may lead over links.
pub(super) fn open_named(path: &Path) -> io::Result<Dir> {
    Dir::open_ambient_dir(path, authority())
}

/// The same, made when it is not there.
pub(super) fn make_named(path: &Path) -> io::Result<Dir> {
    let is_missing = |at: &&Path| !at.as_os_str().is_empty() && open_named(at).is_err();
    let made: Vec<_> = path.ancestors().take_while(is_missing).collect();
    if made.is_empty() {
        return open_named(path);
    }
    Dir::create_ambient_dir_all(path, authority())?;
    for above in made.into_iter().filter_map(Path::parent) {
        let above = if above.as_os_str().is_empty() { Path::new(".") } else { above };
        // One may have made something in a folder that one may not read.
        let _ = open_named(above).and_then(|above| sync_folder(&above));
    }
    open_named(path)
}

/// The only place where a path of the whole machine becomes a handle.
fn authority() -> AmbientAuthority {
    ambient_authority()
}

/// A folder at or below another.
pub(super) enum Below<'d> {
    Itself(&'d Dir),
    Inside(Dir),
}

impl Deref for Below<'_> {
    type Target = Dir;
    fn deref(&self) -> &Dir {
        match self {
            Self::Itself(folder) => folder,
            Self::Inside(folder) => folder,
        }
    }
}

/// The folder in which a path's last name stands, and that name.
pub(super) fn walk<'d, 'p>(root: &'d Dir, path: &'p EntryPath) -> io::Result<(Below<'d>, &'p str)> {
    let (mut at, mut names) = (Below::Itself(root), path.components());
    let last = names.next_back().unwrap_or_default();
    for name in names {
        at = Below::Inside(at.open_dir_nofollow(name)?);
    }
    Ok((at, last))
}

/// Walks to one path after the other, and makes the folders that are not there. Where the next path lies
/// in the folder of the last one, there is nothing to walk, as long as that folder is where it was: most of
/// very many files follow each other so.
pub(super) struct Walker<'d, 'p> {
    root: &'d Dir,
    last: Option<(&'p str, Dir)>,
}

impl<'d, 'p> Walker<'d, 'p> {
    pub(super) fn from(root: &'d Dir) -> Self {
        Self { root, last: None }
    }

    /// The folder in which a path's last name stands, and that name. `made` gets the path of each folder
    /// in which one was made.
    pub(super) fn walk(
        &mut self,
        path: &'p EntryPath,
        made: impl FnMut(&'p str),
    ) -> io::Result<(&Dir, &'p str)> {
        let (folder, name) = path.as_str().rsplit_once('/').unwrap_or(("", path.as_str()));
        let (at, dir) = match self.last.take() {
            _ if folder.is_empty() => return Ok((self.root, name)),
            Some(last) if last.0 == folder && is_still_at(self.root, &last) => last,
            _ => (folder, make_all(self.root, folder, made)?),
        };
        let (_, dir) = self.last.insert((at, dir));
        Ok((dir, name))
    }
}

/// Whether a folder is still the one at its path: somebody may move it away while files land in it, and
/// what comes then belongs to where it was asked for. This is only to be known, and nothing is opened by it.
#[cfg(unix)]
fn is_still_at(root: &Dir, (path, folder): &(&str, Dir)) -> bool {
    use rustix::fs::{AtFlags, fstat, statat};
    let (Ok(there), Ok(ours)) = (statat(root, *path, AtFlags::SYMLINK_NOFOLLOW), fstat(folder))
    else {
        return false;
    };
    (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)
}

/// A folder that is open cannot be moved there.
#[cfg(not(unix))]
fn is_still_at(_: &Dir, _: &(&str, Dir)) -> bool {
    true
}

/// The folder at a path, made with all above it that are not there.
fn make_all<'p>(root: &Dir, folder: &'p str, mut made: impl FnMut(&'p str)) -> io::Result<Dir> {
    let (mut at, mut length) = (Below::Itself(root), 0_usize);
    for name in folder.split('/') {
        let next = match at.open_dir_nofollow(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                match at.create_dir(name) {
                    Ok(()) => made(folder.get(..length.saturating_sub(1)).unwrap_or_default()),
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                    Err(error) => return Err(error),
                }
                at.open_dir_nofollow(name)?
            }
            opened => opened?,
        };
        at = Below::Inside(next);
        length = length.saturating_add(name.len()).saturating_add(1);
    }
    match at {
        Below::Inside(folder) => Ok(folder),
        Below::Itself(root) => root.try_clone(),
    }
}

/// Opens a regular file to be read; anything else is refused, and a pipe is not waited for.
pub(super) fn open_regular(folder: &Dir, name: &str) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).follow(FollowSymlinks::No).nonblock(true);
    let file = folder.open_with(name, &options)?.into_std();
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    Ok(file)
}

/// Writes all of a buffer at a position, by many threads at once.
#[cfg(unix)]
pub(super) fn write_all_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

/// The same, in as many steps as the system takes.
#[cfg(windows)]
pub(super) fn write_all_at(file: &File, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match std::os::windows::fs::FileExt::seek_write(file, bytes, offset)? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            count => {
                bytes = bytes.get(count..).unwrap_or_default();
                offset = offset.saturating_add(count as u64);
            }
        }
    }
    Ok(())
}

/// How many bytes there is room for, where that can be known.
#[cfg(unix)]
pub(super) fn free_space(folder: &Dir) -> io::Result<Option<u64>> {
    let about = rustix::fs::fstatvfs(folder)?;
    Ok(Some(about.f_bavail.saturating_mul(about.f_frsize)))
}

/// Not asked on other systems: they say it when it is full.
#[cfg(not(unix))]
pub(super) fn free_space(_: &Dir) -> io::Result<Option<u64>> {
    Ok(None)
}

/// Makes the names in a folder durable.
#[cfg(unix)]
pub(super) fn sync_folder(folder: &Dir) -> io::Result<()> {
    use rustix::fs::{Mode, OFlags, fsync, openat};
    // A handle to walk from is not one to work with.
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(fsync(openat(folder, ".", flags, Mode::empty())?)?)
}

/// Other systems have no call for it.
#[cfg(not(unix))]
pub(super) fn sync_folder(_: &Dir) -> io::Result<()> {
    Ok(())
}

/// Writes out all of a file's file system. What failed to be written since the file was opened is
/// told here too, so it is one that was opened before all others.
#[cfg(target_os = "linux")]
pub(super) fn sync_all_at_once(file: &File) -> io::Result<bool> {
    rustix::fs::syncfs(file)?;
    Ok(true)
}

#[cfg(not(target_os = "linux"))]
pub(super) fn sync_all_at_once(_: &File) -> io::Result<bool> {
    Ok(false)
}

/// Files that are open, by number: as many as are used at once, however many there are in all.
#[derive(Debug, Default)]
pub(super) struct Handles(Mutex<VecDeque<(u32, Arc<File>)>>);

impl Handles {
    /// The file of this number; opened unless it is open.
    pub(super) fn get(
        &self,
        number: u32,
        open: impl FnOnce() -> io::Result<File>,
    ) -> io::Result<Arc<File>> {
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, file)) = files.iter().find(|(of, _)| *of == number) {
            return Ok(Arc::clone(file));
        }
        let file = Arc::new(open()?);
        if files.len() >= OPEN_AT_ONCE {
            files.pop_front();
        }
        files.push_back((number, Arc::clone(&file)));
        Ok(file)
    }

    /// The file of this number, if it is open.
    pub(super) fn opened(&self, number: u32) -> Option<Arc<File>> {
        let files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        files.iter().find(|(of, _)| *of == number).map(|(_, file)| Arc::clone(file))
    }
}

/// Beyond what lanes use at once; far below what a program may have open.
const OPEN_AT_ONCE: usize = 32;
