//! The disk of a share, which is only read.
//!
//! A [`ShareFolder`] is a folder, or one file, that a person chose. It is held open, and all below it
//! is reached through that handle: no link is followed, and nothing but regular files is opened.
//!
//! ```text
//! ShareFolder::open ─▶ scan ─▶ Scanned (path, size, stamp) ─▶ hash ─▶ Content
//!                        └───▶ LeftOut (name, why)
//! ```
//!
//! A [`Stamp`] is what a file was like when it was scanned. Whoever opens it later sees whether it
//! is still that file.

mod passing;
mod scan;
mod stamp;
mod watch;

pub use passing::PassedOver;
pub use scan::{LeftOut, Scan, Scanned, WhyLeftOut};
pub use stamp::Stamp;
pub use watch::{Changed, FolderWatch};

use super::disk::{open_named, open_regular, walk};
use crate::model::content::{ReadAt, of_file};
use crate::model::limits::LEAF_BYTES;
use crate::model::{Content, EntryPath, Name, Task};
use cap_std::fs::Dir;
use std::fs::File;
use std::io;
use std::path::Path;

/// A file that is read no further once it is not wanted any more.
pub(super) struct UntilOver<'a> {
    pub(super) file: &'a File,
    pub(super) is_over: &'a (dyn Fn() -> bool + Sync),
}

impl ReadAt for UntilOver<'_> {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        if (self.is_over)() {
            return Err(io::Error::other("it was stopped"));
        }
        ReadAt::read_at(self.file, buffer, offset)
    }
}

/// A folder, or one file, that a person shares or sends.
#[derive(Debug)]
pub struct ShareFolder {
    dir: Dir,
    name: Option<Name>,
    only: Option<EntryPath>,
}

impl ShareFolder {
    /// The folder or file at `path`, which may itself be reached over links: it is what the person
    /// named.
    pub fn open(path: &Path) -> io::Result<Self> {
        let path = std::fs::canonicalize(path)?;
        let file_name = path.file_name().and_then(|name| name.to_str());
        let name = file_name.and_then(|name| Name::new(name).ok());
        let about = std::fs::metadata(&path)?;
        if about.is_dir() {
            return Ok(Self { dir: open_named(&path)?, name, only: None });
        }
        if !about.is_file() {
            return Err(io::Error::other("it is neither a folder nor a regular file"));
        }
        let only = EntryPath::parse(file_name.unwrap_or_default());
        let only = only.map_err(|error| io::Error::new(io::ErrorKind::InvalidFilename, error))?;
        let dir = open_named(path.parent().unwrap_or(Path::new("/")))?;
        Ok(Self { dir, name, only: Some(only) })
    }

    /// What the folder or file is called, if that can be said on the wire.
    pub fn name(&self) -> Option<&Name> {
        self.name.as_ref()
    }

    /// Whether it is one file.
    pub fn is_one_file(&self) -> bool {
        self.only.is_some()
    }

    /// The number of the device that it is on; the same one everywhere on systems that do not number
    /// them.
    pub fn device(&self) -> u64 {
        self.dir.dir_metadata().map_or(0, |about| Stamp::of(&about).device())
    }

    /// Looks at everything below.
    pub fn scan(&self) -> io::Result<Scan> {
        scan::scan(&self.dir, self.only.as_ref())
    }

    /// Reads a file to learn what its bytes are called. Fails when it is not any more what was
    /// scanned, also if it changes meanwhile, and when `is_over` says
    /// so.
    pub fn hash(
        &self,
        path: &EntryPath,
        stamp: &Stamp,
        task: &mut Task,
        is_over: &(dyn Fn() -> bool + Sync),
    ) -> io::Result<Content> {
        let file = self.open_unchanged(path, stamp)?;
        let (size, mut told) = (stamp.size(), 0_u64);
        let content = of_file(&UntilOver { file: &file, is_over }, size, |_| {
            let leaf = (LEAF_BYTES as u64).min(size.saturating_sub(told));
            told = told.saturating_add(leaf);
            task.advance(leaf);
        })?;
        task.advance(size.saturating_sub(told));
        match Stamp::of_file(&file)? == *stamp {
            true => Ok(content),
            false => Err(changed()),
        }
    }

    /// Opens a file that is still the one of this stamp.
    pub(super) fn open_unchanged(&self, path: &EntryPath, stamp: &Stamp) -> io::Result<File> {
        let (folder, name) = self.walk(path)?;
        let file = open_regular(&folder, name)?;
        match Stamp::of_file(&file)? == *stamp {
            true => Ok(file),
            false => Err(changed()),
        }
    }

    /// Whether the file of this name is still the one of this stamp.
    pub(super) fn is_unchanged(&self, path: &EntryPath, stamp: &Stamp) -> io::Result<bool> {
        let (folder, name) = self.walk(path)?;
        let about = folder.symlink_metadata(name)?;
        Ok(about.is_file() && Stamp::of(&about) == *stamp)
    }

    fn walk<'p>(&self, path: &'p EntryPath) -> io::Result<(super::disk::Below<'_>, &'p str)> {
        // Beside a file that is shared alone lie others that are not.
        if self.only.as_ref().is_some_and(|only| only != path) {
            return Err(io::ErrorKind::NotFound.into());
        }
        walk(&self.dir, path)
    }
}

/// What a stream understands as a change of its source.
fn changed() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the file is not what it was")
}

/// Reads all of a buffer, or says that the file is shorter now.
pub(super) fn read_exact(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    ReadAt::read_exact_at(file, buffer, offset)
}
