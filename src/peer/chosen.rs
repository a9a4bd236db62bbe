//! What somebody asks for, looked up on the shelf page by page.

use super::shelf::{Shelved, Shown};
use super::sources::{Listed, Listing};
use crate::link::is_out_of_files;
use crate::model::limits::{GET_WITHOUT, MANIFEST_BYTES, MANIFEST_ENTRIES};
use crate::model::{ByteRange, Content, EntryPath, Ranges};
use crate::seal::{Manifest, ManifestEntry};
use crate::wire::{Code, Wanted, Without};
use std::borrow::Cow;
use std::collections::HashSet;
use std::io;
use std::sync::Arc;

/// Entries of a share that are asked for, and still are what was published.
#[derive(Debug)]
pub(super) struct Choosing {
    shelved: Arc<Shelved>,
    chosen: Vec<u32>,
    /// The same in no order: none is asked for twice.
    asked: HashSet<u32>,
    listed: Vec<ManifestEntry>,
    bytes: usize,
    /// How many were asked for, and which of them do not come.
    count: u32,
    without: Vec<Without>,
}

/// The files of a stream, by where they stand in their share.
#[derive(Debug, Clone)]
pub(super) struct Chosen {
    shelved: Arc<Shelved>,
    chosen: Arc<[u32]>,
}

impl Choosing {
    pub(super) fn new(shelved: Arc<Shelved>) -> Self {
        let (chosen, asked, listed) = (Vec::new(), HashSet::new(), Vec::new());
        Self { shelved, chosen, asked, listed, bytes: 0, count: 0, without: Vec::new() }
    }

    /// Adds a page, as long as one manifest holds all of it. Blocks.
    pub(super) fn add(&mut self, page: &[Wanted]) -> Result<(), Code> {
        let bytes = page.iter().map(listed_bytes).fold(self.bytes, usize::saturating_add);
        let before = usize::try_from(self.count).unwrap_or(usize::MAX);
        let entries = before.saturating_add(page.len());
        if page.is_empty() || entries > MANIFEST_ENTRIES || bytes > MANIFEST_BYTES {
            return Err(Code::Malformed);
        }
        self.bytes = bytes;
        for wanted in page {
            // When no more can be told apart, the rest is for another request.
            let added = if self.is_full() { Err(Code::Busy) } else { self.add_one(wanted) };
            match added {
                // Others come nevertheless.
                Err(code @ (Code::NotFound | Code::SourceChanged | Code::Busy)) => self.pass(code),
                added => added?,
            }
            self.count = self.count.saturating_add(1);
        }
        Ok(())
    }

    /// Whether there is room for one run more of what does not come: it is for all that follows.
    fn is_full(&self) -> bool {
        self.without.len() >= GET_WITHOUT.saturating_sub(1)
    }

    /// The next one does not come.
    fn pass(&mut self, code: Code) {
        let next = self.count;
        let follows =
            |run: &&mut Without| run.code == code && run.first.checked_add(run.count) == Some(next);
        if let Some(run) = self.without.last_mut().filter(follows) {
            run.count = run.count.saturating_add(1);
            return;
        }
        self.without.push(Without { first: next, count: 1, code });
    }

    fn reason(&self) -> Code {
        self.without.first().map_or(Code::Malformed, |run| run.code)
    }

    fn add_one(&mut self, wanted: &Wanted) -> Result<(), Code> {
        let not_there = || match self.shelved.is_unread(&wanted.path.0) {
            true => Code::Busy,
            false => Code::NotFound,
        };
        let at = self.shelved.find(&wanted.path.0).ok_or_else(not_there)?;
        let Shown { entry, stamp } = self.shelved.at(at).ok_or(Code::NotFound)?;
        let at = u32::try_from(at).map_err(|_| Code::Internal)?;
        if !self.asked.insert(at) {
            return Err(Code::Malformed);
        }
        let content = entry.content().and_then(|id| Content::new(id, entry.size()).ok());
        if wanted.content.as_ref().is_some_and(|wanted| content != wanted.content()) {
            return Err(Code::SourceChanged);
        }
        let ranges = ranges_of(wanted, entry.size()).ok_or(Code::Malformed)?;
        match self.shelved.folder.is_unchanged(entry.path(), stamp) {
            Ok(true) => {}
            // It is looked at once more when it is read.
            Err(error) if is_out_of_files(&error) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Code::NotFound),
            Ok(false) | Err(_) => return Err(Code::SourceChanged),
        }
        self.listed.push(ManifestEntry { entry: entry.clone(), ranges });
        self.chosen.push(at);
        Ok(())
    }

    /// What the stream will carry, and what of what was asked for it will not. Takes a moment.
    pub(super) fn finish(self) -> Result<(Manifest, Chosen, Vec<Without>), Code> {
        if self.listed.is_empty() {
            return Err(self.reason());
        }
        let manifest = Manifest::new(self.listed).map_err(|_| Code::Malformed)?;
        let chosen = Chosen { shelved: self.shelved, chosen: self.chosen.into() };
        Ok((manifest, chosen, self.without))
    }
}

impl Chosen {
    /// The paths of these of them.
    pub(super) fn paths(&self, numbers: &[u32]) -> Vec<EntryPath> {
        let file = |number: &u32| self.file(usize::try_from(*number).ok()?);
        numbers.iter().filter_map(file).map(|(_, path, _)| path.into_owned()).collect()
    }
}

impl Listing for Chosen {
    fn file(&self, number: usize) -> Option<Listed<'_>> {
        let at = usize::try_from(*self.chosen.get(number)?).ok()?;
        let Shown { entry, stamp } = self.shelved.at(at)?;
        Some((&self.shelved.folder, Cow::Borrowed(entry.path()), stamp))
    }
}

/// The bytes of an entry in a manifest.
pub(super) fn listed_bytes(wanted: &Wanted) -> usize {
    let parts = wanted.parts.as_ref().map_or(1, |parts| parts.len());
    let path = wanted.path.0.as_str().len();
    ManifestEntry::bytes(path, parts)
}

/// All of an entry, or the parts that are wanted of the content that it is known to have.
fn ranges_of(wanted: &Wanted, size: u64) -> Option<Ranges> {
    let Some(parts) = &wanted.parts else { return Some(Ranges::whole(size)) };
    wanted.content.as_ref()?;
    Ranges::new(size, parts.iter().map(ByteRange::from).collect()).ok()
}
