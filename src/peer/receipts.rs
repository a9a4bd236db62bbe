//! Receipts of what arrived: proofs of who sent what, which hold offline and against anyone.
//!
//! ```text
//! receipts/
//!   1800000000-5f0c….receipts      those of one stream: (id[32] length u32 receipt)...
//! ```
//!
//! A file of receipts is written once, whole or not at all: beside its name, under a lock, and what is found
//! there without one was left by a program that was killed. Nothing in it is believed: a receipt says what it
//! says only when it verifies.

use super::Error;
use super::disk;
use crate::crypto::{UnixTime, random};
use crate::model::content::of_file;
use crate::model::limits::RECEIPT_BYTES;
use crate::model::{Content, ContentId, TEMPORARY_PREFIX};
use crate::seal::{EntryProof, FileReceipt, OpenedStream, SentFile};
use cap_std::fs::{Dir, OpenOptions};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A folder of receipts. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Receipts {
    path: PathBuf,
    dir: Arc<Dir>,
}

impl Receipts {
    /// The folder at `path`, which is made if it is not there. Blocks.
    pub fn in_folder(path: &Path) -> Result<Self, Error> {
        let dir = disk::make_named(path);
        let dir = dir.map_err(|source| Error::Disk { path: path.to_owned(), source })?;
        let receipts = Self { path: path.to_owned(), dir: Arc::new(dir) };
        receipts.sweep().map_err(|source| receipts.at(source))?;
        Ok(receipts)
    }

    /// Removes what nobody writes any more.
    fn sweep(&self) -> io::Result<()> {
        for entry in self.dir.entries()? {
            let name = entry?.file_name();
            if let Some(name) = name.to_str().filter(|name| is_unfinished(name)) {
                // One that is not swept now, for whatever reason, is in nobody's way.
                let left = disk::open_regular(&self.dir, name);
                if left.is_ok_and(|left| left.try_lock().is_ok()) {
                    let _ = self.dir.remove_file(name);
                }
            }
        }
        Ok(())
    }

    /// Keeps the receipts of these entries of a stream. They are durable when this returns. Blocks.
    pub fn keep(
        &self,
        stream: &OpenedStream,
        proofs: &[EntryProof],
        now: UnixTime,
    ) -> Result<(), Error> {
        if proofs.is_empty() {
            return Ok(());
        }
        self.keep_early(stream, proofs, now).map(drop)
    }

    /// The same, before it is known which of the files get their names. Gives the name of what is kept. Blocks.
    pub(super) fn keep_early(
        &self,
        stream: &OpenedStream,
        proofs: &[EntryProof],
        now: UnixTime,
    ) -> Result<String, Error> {
        self.write(stream, proofs, now).map_err(|source| self.at(source))
    }

    /// Of what was kept early, only the receipts of these stay: those whose files have names. Blocks.
    pub(super) fn keep_only(
        &self,
        early: &str,
        stream: &OpenedStream,
        named: &[EntryProof],
        now: UnixTime,
    ) -> Result<(), Error> {
        self.keep(stream, named, now)?;
        self.take_back(early);
        Ok(())
    }

    /// Takes back what was kept early. What cannot be is a receipt of something that one has not. Blocks.
    pub(super) fn take_back(&self, early: &str) {
        let _ = self.dir.remove_file(early);
    }

    fn write(
        &self,
        stream: &OpenedStream,
        proofs: &[EntryProof],
        now: UnixTime,
    ) -> io::Result<String> {
        let name = format!("{:010}-{:032x}{ENDING}", now.0, u128::from_be_bytes(random()));
        let beside = format!("{TEMPORARY_PREFIX}{name}");
        let written = self.write_to(&beside, stream, proofs);
        let written = written.and_then(|_locked| self.dir.rename(&beside, &self.dir, &name));
        if written.is_err() {
            let _ = self.dir.remove_file(&beside);
        }
        written.and_then(|()| disk::sync_folder(&self.dir)).map(|()| name)
    }

    /// Gives the file, which is whole and durable, and still locked.
    fn write_to(
        &self,
        name: &str,
        stream: &OpenedStream,
        proofs: &[EntryProof],
    ) -> io::Result<File> {
        let mut out = BufWriter::new(self.create(name)?);
        for proof in proofs {
            let Some(receipt) = stream.receipt(proof) else { continue };
            let bytes = receipt.to_bytes();
            let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
            out.write_all(proof.content().id().as_bytes())?;
            out.write_all(&length.to_be_bytes())?;
            out.write_all(&bytes)?;
        }
        let file = out.into_inner()?;
        file.sync_all()?;
        Ok(file)
    }

    /// A new file, which nobody sweeps as long as it is open.
    fn create(&self, name: &str) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        cap_std::fs::OpenOptionsExt::mode(&mut options, 0o600);
        for _ in 0..TRIES {
            let file = self.dir.open_with(name, &options)?.into_std();
            // Where there are no locks, nothing is swept either.
            let _ = file.lock();
            // Whoever swept it before it was locked held the lock until its name was gone.
            if self.dir.try_exists(name)? {
                return Ok(file);
            }
        }
        Err(io::Error::other("a file was taken away again and again"))
    }

    /// Who sent the bytes of this file, as far as receipts say: those that verify, the latest first.
    /// Reads the file. Blocks.
    pub fn of_file(&self, path: &Path) -> Result<(Content, Vec<SentFile>), Error> {
        let content = content_at(path);
        let content = content.map_err(|source| Error::Disk { path: path.to_owned(), source })?;
        Ok((content, self.of_content(content)?))
    }

    /// Who sent this content. Blocks.
    pub fn of_content(&self, content: Content) -> Result<Vec<SentFile>, Error> {
        let receipts = self.find(Some(content.id())).map_err(|source| self.at(source))?;
        let verified = receipts.iter().filter_map(|receipt| receipt.verify().ok());
        let mut sent: Vec<_> = verified.filter(|sent| sent.content == content).collect();
        sent.sort_by_key(|sent| std::cmp::Reverse(sent.created.0));
        Ok(sent)
    }

    /// What was sent under this file name, be its content what it may. Blocks.
    pub fn of_name(&self, name: &str) -> Result<Vec<SentFile>, Error> {
        let receipts = self.find(None).map_err(|source| self.at(source))?;
        let verified = receipts.iter().filter_map(|receipt| receipt.verify().ok());
        let mut sent: Vec<_> = verified.filter(|sent| file_name(sent) == Some(name)).collect();
        sent.sort_by_key(|sent| std::cmp::Reverse(sent.created.0));
        Ok(sent)
    }

    /// The receipts that are filed under this id, or all; nothing of them is verified.
    fn find(&self, id: Option<ContentId>) -> io::Result<Vec<FileReceipt>> {
        let mut found = Vec::new();
        for entry in self.dir.entries()? {
            let name = entry?.file_name();
            if let Some(name) = name.to_str().filter(|name| is_of_receipts(name)) {
                let file = disk::open_regular(&self.dir, name)?;
                // One that is damaged keeps its whole part; the others are not touched by it.
                let _ = read_all(BufReader::new(file), id, &mut found);
            }
        }
        Ok(found)
    }

    fn at(&self, source: io::Error) -> Error {
        Error::Disk { path: self.path.clone(), source }
    }
}

fn content_at(path: &Path) -> io::Result<Content> {
    let about = std::fs::metadata(path)?;
    if !about.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    of_file(&File::open(path)?, about.len(), |_| {})
}

fn file_name(sent: &SentFile) -> Option<&str> {
    sent.entry.path().as_str().rsplit('/').next()
}

fn is_of_receipts(name: &str) -> bool {
    name.ends_with(ENDING) && !name.starts_with(TEMPORARY_PREFIX)
}

fn is_unfinished(name: &str) -> bool {
    name.ends_with(ENDING) && name.starts_with(TEMPORARY_PREFIX)
}

/// Collects the receipts of this content, or of all, up to the file's end or to what is none.
fn read_all(
    mut file: BufReader<File>,
    id: Option<ContentId>,
    found: &mut Vec<FileReceipt>,
) -> io::Result<()> {
    loop {
        let (mut of, mut length) = ([0; 32], [0; 4]);
        file.read_exact(&mut of)?;
        file.read_exact(&mut length)?;
        let length = u32::from_be_bytes(length);
        if u64::from(length) > RECEIPT_BYTES as u64 {
            return Err(io::ErrorKind::InvalidData.into());
        }
        if id.is_some_and(|id| of != *id.as_bytes()) {
            file.seek_relative(i64::from(length))?;
            continue;
        }
        let mut bytes = Vec::new();
        let read = Read::take(&mut file, u64::from(length)).read_to_end(&mut bytes)?;
        if read as u64 != u64::from(length) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        found.extend(FileReceipt::parse(&bytes).ok());
    }
}

const ENDING: &str = ".receipts";
const TRIES: usize = 5;
