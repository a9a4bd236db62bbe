//! Files of this disk as the source of a stream.

use super::disk::Handles;
use super::folder::{ShareFolder, Stamp, read_exact};
use crate::model::EntryPath;
use crate::seal::Source;
use std::fs::File;
use std::io;
use std::sync::Arc;

/// The files of a stream, in the order of its manifest. Each is opened when it is read, and only if
/// it is still the file that was listed.
#[derive(Debug, Default)]
pub(super) struct Sources {
    files: Vec<Listed>,
    handles: Handles,
}

#[derive(Debug)]
struct Listed {
    folder: Arc<ShareFolder>,
    path: EntryPath,
    stamp: Stamp,
}

impl Sources {
    pub(super) fn add(&mut self, folder: Arc<ShareFolder>, path: EntryPath, stamp: Stamp) {
        self.files.push(Listed { folder, path, stamp });
    }

    /// Whether all of them are what they were.
    pub(super) fn are_unchanged(&self) -> io::Result<bool> {
        for listed in &self.files {
            if !listed.folder.is_unchanged(&listed.path, &listed.stamp)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn listed(&self, entry: u32) -> io::Result<&Listed> {
        let listed = usize::try_from(entry).ok().and_then(|entry| self.files.get(entry));
        listed.ok_or_else(|| io::ErrorKind::InvalidInput.into())
    }

    fn open(&self, entry: u32) -> io::Result<Arc<File>> {
        let listed = self.listed(entry)?;
        self.handles.get(entry, || listed.folder.open_unchanged(&listed.path, &listed.stamp))
    }
}

impl Source for Sources {
    fn read(&self, entry: u32, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let file = self.open(entry)?;
        read_exact(&file, buffer, offset)
    }

    /// The open file is looked at where it is still open: under its name may stand another by now,
    /// and what was sent is what was listed.
    fn is_unchanged(&self, entry: u32) -> io::Result<bool> {
        let listed = self.listed(entry)?;
        match self.handles.opened(entry) {
            Some(file) => Ok(Stamp::of_file(&file)? == listed.stamp),
            None => listed.folder.is_unchanged(&listed.path, &listed.stamp),
        }
    }
}
