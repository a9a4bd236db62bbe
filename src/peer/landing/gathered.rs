//! What transfers that were cut off left in a destination, and taking it up again.
//!
//! A part is found by the content that it belongs to, wherever it was meant to go and whoever sent
//! it: its leaves are values of ours, and what is pieced together lands only when it merges to an id
//! that a sender signed.

use super::journal::{Head, HeadEntry, Held, Journal, Parts};
use super::keeper::{self, JOURNAL};
use super::private::{Claimed, Private, claim_those};
use crate::model::content::{Leaf, Piece, PieceMerger, of_file};
use crate::model::limits::{LEAF_BYTES, PIECE_BYTES};
use crate::model::{ByteRange, Content, EntryPath, Ranges};
use crate::peer::disk::open_regular;
use crate::peer::folder::read_exact;
use cap_std::fs::Dir;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

/// Parts of wanted files that were here already, in a private folder of their own.
#[derive(Debug, Default)]
pub struct Gathered {
    pub(super) private: Option<Arc<Private>>,
    pub(super) parts: BTreeMap<u32, Parts>,
}

/// An entry that is wanted, and the number that its part will have.
#[derive(Debug, Clone)]
pub(crate) struct Sought {
    pub(crate) slot: u32,
    pub(crate) path: EntryPath,
    pub(crate) content: Content,
}

/// A part in the folder of a transfer that was cut off.
struct Found {
    at: usize,
    number: u32,
    sought: Sought,
    parts: Parts,
}

impl Gathered {
    /// Moves what is left of these contents into a new private folder. What cannot be had, because it
    /// is in use or damaged, has to come again. Blocks.
    pub(super) fn new(to: &Arc<Dir>, sought: Vec<Sought>) -> io::Result<Self> {
        let head = head(sought.iter());
        let mut wanted: HashMap<Content, Sought> =
            sought.into_iter().map(|sought| (sought.content, sought)).collect();
        let mut claimed = Vec::new();
        let mut found = Vec::new();
        // Of no use here, a folder is not held up: others may look for it.
        let is_of_use = |dir: &Dir| {
            let journal = read_journal(dir).map(|journal| journal.entries).unwrap_or_default();
            journal.iter().any(|(entry, _)| wanted.contains_key(&entry.content))
        };
        for folder in claim_those(to, is_of_use)? {
            let Some(journal) = read_journal(folder.dir()) else { continue };
            let at = claimed.len();
            found.extend(find(&folder, at, &journal, &mut wanted));
            claimed.push((folder, journal));
        }
        if found.is_empty() {
            return Ok(Self::default());
        }
        let private = Arc::new(Private::new(to)?);
        let held: Vec<Held> =
            found.iter().flat_map(|found| found.parts.held(found.sought.slot)).collect();
        // Said before they are moved: what is said and not there is passed over.
        keeper::append(&private, &head, &held)?;
        for found in &found {
            let Some((folder, _)) = claimed.get(found.at) else { continue };
            let (from, to) = (found.number.to_string(), found.sought.slot.to_string());
            folder.dir().rename(from, &private.dir, to)?;
        }
        private.sync_names()?;
        for (folder, journal) in claimed {
            if !journal.entries.iter().any(|(entry, parts)| is_there(folder.dir(), entry, parts)) {
                folder.remove()?;
            }
        }
        let parts = found.into_iter().map(|found| (found.sought.slot, found.parts)).collect();
        Ok(Self { private: Some(private), parts })
    }

    /// What of a content has to come: all of it, when nothing is here.
    pub(crate) fn missing(&self, slot: u32, content: Content) -> Ranges {
        let whole = Ranges::whole(content.size());
        self.parts.get(&slot).map_or(whole, |parts| parts.missing(content))
    }
}

/// The entries of these that have parts in a folder, each at most once.
fn find(
    folder: &Claimed,
    at: usize,
    journal: &Journal,
    wanted: &mut HashMap<Content, Sought>,
) -> Vec<Found> {
    let mut found = Vec::new();
    for (entry, parts) in &journal.entries {
        if !wanted.contains_key(&entry.content) || !is_there(folder.dir(), entry, parts) {
            continue;
        }
        let name = entry.number.to_string();
        let Ok(file) = open_regular(folder.dir(), &name) else { continue };
        // Whatever became of the machine, or who was here: what counts is what is read now.
        let sound = parts.still_sound(&file, entry.content).in_few_parts(entry.content);
        if sound.is_empty() {
            continue;
        }
        if let Some(sought) = wanted.remove(&entry.content) {
            found.push(Found { at, number: entry.number, sought, parts: sound });
        }
    }
    found
}

/// Whether an entry has parts, in a file that is as long as they need.
fn is_there(dir: &Dir, entry: &HeadEntry, parts: &Parts) -> bool {
    let needed = match parts.leaves.last_key_value() {
        Some((number, _)) => leaf_at(*number, entry.content.size()).end,
        None if parts.is_whole => entry.content.size(),
        None => return false,
    };
    let about = dir.symlink_metadata(entry.number.to_string());
    about.is_ok_and(|about| about.is_file() && about.len() >= needed)
}

/// A head for these entries.
pub(super) fn head<'s>(entries: impl Iterator<Item = &'s Sought>) -> Head {
    let entry = |sought: &Sought| {
        let Sought { slot, path, content } = sought.clone();
        HeadEntry { number: slot, path, content }
    };
    Head { entries: entries.map(entry).collect() }
}

fn read_journal(dir: &Dir) -> Option<Journal> {
    let file = open_regular(dir, JOURNAL).ok()?;
    let mut bytes = Vec::new();
    (&file).take(JOURNAL_MOST).read_to_end(&mut bytes).ok()?;
    Journal::read(&bytes)
}

/// Whether a private folder that nobody holds is worth keeping.
pub(super) fn is_worth_keeping(dir: &Dir) -> bool {
    let journal = read_journal(dir).map(|journal| journal.entries).unwrap_or_default();
    !is_old(dir) && journal.iter().any(|(entry, parts)| is_there(dir, entry, parts))
}

/// Whether nobody has gone on for so long that nobody will.
fn is_old(dir: &Dir) -> bool {
    let modified = dir.symlink_metadata(JOURNAL).and_then(|about| about.modified());
    let age = modified.ok().and_then(|at| at.into_std().elapsed().ok());
    age.is_some_and(|age| age > LONGEST_KEPT)
}

impl Parts {
    fn missing(&self, content: Content) -> Ranges {
        let (size, leaves) = (content.size(), content.leaf_count());
        if self.is_whole {
            return Ranges::none();
        }
        let mut ranges: Vec<ByteRange> = Vec::new();
        for number in (0..leaves).filter(|number| !self.leaves.contains_key(number)) {
            let leaf = leaf_at(number, size);
            match ranges.last_mut() {
                Some(last) if last.end == leaf.start => last.end = leaf.end,
                _ => ranges.push(leaf),
            }
        }
        Ranges::new(size, ranges).unwrap_or_else(|_| Ranges::whole(size))
    }

    /// Without those behind more gaps than are asked for: what comes is written over them, so they are
    /// not held any more.
    fn in_few_parts(mut self, content: Content) -> Self {
        let missing = self.missing(content);
        let gaps = missing.as_slice();
        if let (true, Some(last)) = (gaps.len() > PARTS_ASKED, gaps.get(PARTS_ASKED - 1)) {
            self.leaves.retain(|number, _| leaf_at(*number, content.size()).start < last.start);
        }
        self
    }

    /// Those that a file still holds.
    fn still_sound(&self, file: &File, content: Content) -> Self {
        if self.is_whole {
            let is_whole =
                of_file(file, content.size(), |_| {}).is_ok_and(|found| found == content);
            return Self { is_whole, ..Self::default() };
        }
        let is_sound = |(number, leaf): &(&u64, &Leaf)| {
            read_leaf(file, **number, content.size()).is_ok_and(|found| found == Some(**leaf))
        };
        let leaves = self.leaves.iter().filter(is_sound).map(|(number, leaf)| (*number, *leaf));
        Self { leaves: leaves.collect(), is_whole: false }
    }

    /// What a file that was pieced together merges to.
    pub(super) fn merger(&self, file: &File, size: u64) -> io::Result<PieceMerger> {
        let mut merger = PieceMerger::new(size);
        if merger.is_small() {
            for (offset, piece) in pieces(file, 0, size, size)? {
                merger.push(offset, piece);
            }
        } else {
            self.leaves.iter().for_each(|(number, leaf)| merger.push_leaf(*number, *leaf));
        }
        Ok(merger)
    }
}

fn leaf_at(number: u64, size: u64) -> ByteRange {
    let start = number.saturating_mul(LEAF_BYTES as u64);
    ByteRange { start, end: start.saturating_add(LEAF_BYTES as u64).min(size) }
}

fn read_leaf(file: &File, number: u64, size: u64) -> io::Result<Option<Leaf>> {
    let ByteRange { start, end } = leaf_at(number, size);
    let pieces: Vec<Piece> =
        pieces(file, start, end, size)?.into_iter().map(|(_, piece)| piece).collect();
    Ok(Leaf::of_pieces(&pieces))
}

/// The pieces of a part of a file.
fn pieces(file: &File, start: u64, end: u64, size: u64) -> io::Result<Vec<(u64, Piece)>> {
    let (mut pieces, mut at) = (Vec::new(), start);
    let mut buffer = vec![0; PIECE_BYTES];
    while at < end {
        let length =
            usize::try_from(end.saturating_sub(at)).unwrap_or(PIECE_BYTES).min(PIECE_BYTES);
        let bytes = buffer.get_mut(..length).unwrap_or_default();
        read_exact(file, bytes, at)?;
        let piece = Piece::of_content(size, at, bytes).ok_or(io::ErrorKind::InvalidData)?;
        pieces.push((at, piece));
        at = at.saturating_add(length as u64);
    }
    Ok(pieces)
}

/// What comes is held in order, so a file that was cut off is seldom in more parts than one. Where it is,
/// a request must not grow by much.
pub(crate) const PARTS_ASKED: usize = 4;
/// Thirty days.
const LONGEST_KEPT: Duration = Duration::from_secs(30 * 24 * 3600);
/// A larger one is of no program of ours.
const JOURNAL_MOST: u64 = 256 << 20;
