//! What transfers that were cut off left in a destination, and taking it up again.
//!
//! A part is found by the content that it belongs to, wherever it was meant to go and whoever sent
//! it; where that is not known, by its sender, its place, its size and its time. Its leaves are values of
//! ours, and what is pieced together lands only when it merges to an id that a sender signed.

use super::journal::{Head, Held, Journal, Origin, Parts, Sought};
use super::keeper::{self, JOURNAL};
use super::private::{Claimed, Private, claim_those};
use crate::model::content::{Leaf, Piece, PieceMerger, leaf_count, of_file};
use crate::model::limits::{LEAF_BYTES, PIECE_BYTES};
use crate::model::{ByteRange, EntryPath, Ranges};
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
    /// Of what parts are kept from now on.
    pub(super) head: Head,
}

/// A part in the folder of a transfer that was cut off.
struct Found<'c> {
    folder: &'c Claimed<'c>,
    number: u32,
    slot: u32,
    parts: Parts,
}

impl Gathered {
    /// Moves what is left of these into a new private folder. What cannot be had, because it is in use
    /// or damaged, has to come again. Blocks.
    pub(super) fn new(to: &Arc<Dir>, sought: Vec<Sought>) -> Self {
        let head = Head { entries: sought };
        let (private, parts) = take_up(to, &head).unwrap_or_default();
        Self { private, parts, head }
    }

    /// Without what lies behind more gaps than one request asks for: what comes is written over it.
    pub(crate) fn in_few_parts(mut self) -> Self {
        for Sought { slot, of, .. } in &self.head.entries {
            if let Some(parts) = self.parts.get_mut(slot) {
                parts.cut_to_few(of.size());
            }
        }
        self
    }

    /// What has to come of an entry of this size: all of it, when nothing is here.
    pub(crate) fn missing(&self, slot: u32, size: u64) -> Ranges {
        self.parts.get(&slot).map_or_else(|| Ranges::whole(size), |parts| parts.missing(size))
    }

    /// The entries of which something is here, with what has to come of each, in the order of their
    /// numbers.
    pub(crate) fn begun(&self) -> Vec<(u32, Ranges)> {
        let of = |sought: &Sought| Some((sought.slot, self.parts.get(&sought.slot)?, sought.of));
        let begun = self.head.entries.iter().filter_map(of);
        begun.map(|(slot, parts, of)| (slot, parts.missing(of.size()))).collect()
    }
}

type Taken = (Option<Arc<Private>>, BTreeMap<u32, Parts>);

fn take_up(to: &Arc<Dir>, head: &Head) -> io::Result<Taken> {
    let mut wanted: HashMap<_, _> =
        head.entries.iter().map(|sought| (sought.key(), sought.slot)).collect();
    // Of no use here, a folder is not held up: others may look for it.
    let is_of_use = |dir: &Dir| {
        let journal = read_journal(dir).map(|journal| journal.entries).unwrap_or_default();
        journal.iter().any(|(entry, _)| wanted.contains_key(&entry.key()))
    };
    let mut claimed = Vec::new();
    for folder in claim_those(to, is_of_use)? {
        claimed.extend(read_journal(folder.dir()).map(|journal| (journal, folder)));
    }
    let mut found = Vec::new();
    for (journal, folder) in &claimed {
        for (entry, parts) in &journal.entries {
            let Some(slot) = wanted.get(&entry.key()).copied() else { continue };
            if let Some(parts) = sound(folder, entry, parts) {
                wanted.remove(&entry.key());
                found.push(Found { folder, number: entry.slot, slot, parts });
            }
        }
    }
    if found.is_empty() {
        return Ok(Taken::default());
    }
    let private = Arc::new(Private::new(to)?);
    let held: Vec<Held> = found.iter().flat_map(|found| found.parts.held(found.slot)).collect();
    // Said before they are moved: what is said and not there is passed over.
    keeper::append(&private, head, &held)?;
    for Found { folder, number, slot, .. } in &found {
        folder.dir().rename(number.to_string(), &private.dir, slot.to_string())?;
    }
    private.sync_names()?;
    let parts = found.into_iter().map(|found| (found.slot, found.parts)).collect();
    for (journal, folder) in claimed {
        if !journal.entries.iter().any(|(entry, parts)| is_there(folder.dir(), entry, parts)) {
            folder.remove()?;
        }
    }
    Ok((Some(private), parts))
}

impl Sought {
    /// What it is found by. What somebody sent belongs to its place: they may send two files of one
    /// size and time.
    fn key(&self) -> (Origin, Option<&EntryPath>) {
        let is_sent = matches!(self.of, Origin::Sent { .. });
        (self.of, is_sent.then_some(&self.path))
    }
}

/// What a folder holds of an entry, if anything. Whatever became of the machine, or who was here: what
/// counts is what is read now.
fn sound(folder: &Claimed<'_>, entry: &Sought, parts: &Parts) -> Option<Parts> {
    if !is_there(folder.dir(), entry, parts) {
        return None;
    }
    let file = open_regular(folder.dir(), &entry.slot.to_string()).ok()?;
    let size = entry.of.size();
    let sound = parts.still_sound(&file, size);
    (!sound.is_empty()).then_some(sound)
}

/// Whether an entry has parts, in a file that is as long as they need.
fn is_there(dir: &Dir, entry: &Sought, parts: &Parts) -> bool {
    let needed = match parts.leaves.last_key_value() {
        Some((number, _)) => leaf_at(*number, entry.of.size()).end,
        None if parts.whole.is_some() => entry.of.size(),
        None => return false,
    };
    let about = dir.symlink_metadata(entry.slot.to_string());
    about.is_ok_and(|about| about.is_file() && about.len() >= needed)
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
    pub(super) fn missing(&self, size: u64) -> Ranges {
        let leaves = leaf_count(size);
        if self.whole.is_some() {
            return Ranges::none();
        }
        if leaves == 0 {
            return Ranges::whole(size);
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

    fn cut_to_few(&mut self, size: u64) {
        let missing = self.missing(size);
        let gaps = missing.as_slice();
        if let (true, Some(last)) = (gaps.len() > PARTS_ASKED, gaps.get(PARTS_ASKED - 1)) {
            self.leaves.retain(|number, _| leaf_at(*number, size).start < last.start);
        }
    }

    /// Those that a file still holds.
    fn still_sound(&self, file: &File, size: u64) -> Self {
        if let Some(id) = self.whole {
            let is_whole = of_file(file, size, |_| {}).is_ok_and(|found| found.id() == id);
            return Self { whole: is_whole.then_some(id), ..Self::default() };
        }
        let is_sound = |(number, leaf): &(&u64, &Leaf)| {
            read_leaf(file, **number, size).is_ok_and(|found| found == Some(**leaf))
        };
        let leaves = self.leaves.iter().filter(is_sound).map(|(number, leaf)| (*number, *leaf));
        Self { leaves: leaves.collect(), whole: None }
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
