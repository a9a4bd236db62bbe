//! Files of this disk as the source of a stream.

use super::disk::Handles;
use super::folder::{ShareFolder, Stamp, read_exact};
use crate::model::EntryPath;
use crate::seal::Source;
use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::sync::Arc;

/// Which files a stream carries, in the order of its manifest.
pub(super) trait Listing: Send + Sync + 'static {
    /// The file of this number.
    fn file(&self, number: usize) -> Option<Listed<'_>>;
}

/// A file: its folder, its path there, and what it was like.
pub(super) type Listed<'l> = (&'l ShareFolder, Cow<'l, EntryPath>, &'l Stamp);

/// The files of a stream. Each is opened when it is read, and only if it is still the file that was
/// listed.
#[derive(Debug)]
pub(super) struct Sources<L> {
    listing: L,
    handles: Handles,
}

impl<L: Listing> Sources<L> {
    pub(super) fn new(listing: L) -> Self {
        Self { listing, handles: Handles::default() }
    }

    fn listed(&self, entry: u32) -> io::Result<Listed<'_>> {
        let listed = usize::try_from(entry).ok().and_then(|entry| self.listing.file(entry));
        listed.ok_or_else(|| io::ErrorKind::InvalidInput.into())
    }

    fn open(&self, entry: u32) -> io::Result<Arc<File>> {
        let (folder, path, stamp) = self.listed(entry)?;
        self.handles.get(entry, || folder.open_unchanged(&path, stamp))
    }
}

impl<L: Listing> Source for Sources<L> {
    fn read(&self, entry: u32, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let file = self.open(entry)?;
        read_exact(&file, buffer, offset)
    }

    /// The open file is looked at where it is still open: under its name may stand another by now,
    /// and what was sent is what was listed.
    fn is_unchanged(&self, entry: u32) -> io::Result<bool> {
        let (folder, path, stamp) = self.listed(entry)?;
        match self.handles.opened(entry) {
            Some(file) => Ok(Stamp::of_file(&file)? == *stamp),
            None => folder.is_unchanged(&path, stamp),
        }
    }
}
