//! What transfers that were cut off left in a destination, and taking it up again.
//!
//! A part is found by the content that it belongs to, wherever it was meant to go and whoever sent
//! it; where that is not known, by its sender, its place, its size and its time. Its leaves are values of
//! ours, and what is pieced together lands only when they were found in it and merge to an id that a
//! sender signed.

use super::journal::{Head, Held, Journal, Origin, Parts, Sought};
use super::keeper::{self, JOURNAL};
use super::private::{self, Claimed, Private, claim_those};
use super::reading::{Pieced, Reading, leaf_at, parts_of, pieces};
use super::rebase::{self, Changed, Lists};
use crate::model::content::{PieceMerger, leaf_count};
use crate::model::limits::LEAF_BYTES;
use crate::model::{ByteRange, Content, EntryPath, Ranges};
use crate::peer::disk::open_regular;
use cap_std::fs::{Dir, Metadata};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

/// Parts of wanted files that were here already, in a private folder of their own.
#[derive(Debug, Default)]
pub struct Gathered {
    pub(super) private: Option<Arc<Private>>,
    pub(super) pieced: Arc<Pieced>,
    pub(super) reading: Option<Reading>,
    /// Of what parts are kept from now on.
    pub(super) head: Head,
}

/// A part in the folder of a transfer that was cut off.
pub(super) struct Found<'c> {
    pub(super) folder: &'c Claimed<'c>,
    pub(super) number: u32,
    pub(super) parts: Cow<'c, Parts>,
}

impl Gathered {
    /// Moves what is left of these into a new private folder; of those with a list of leaves, of which
    /// nothing is left, what is the same in what they were before. What cannot be had, because it is in
    /// use or damaged, has to come again. Blocks.
    pub(super) fn new(to: &Arc<Dir>, head: Head, lists: &Lists) -> Self {
        let (private, parts) = take_up(to, &head, lists).unwrap_or_default();
        let pieced = Arc::new(Pieced::new(parts));
        let reading = private.as_ref().map(|private| Reading::begin(private, &head, &pieced));
        // What cannot be read is not held.
        let Ok(reading) = reading.transpose() else {
            return Self { head, ..Self::default() };
        };
        reading.iter().for_each(Reading::wait_a_moment);
        Self { private, pieced, reading, head }
    }

    /// Without the least of what lies between more gaps than one request asks for: what comes is written
    /// over it.
    pub(crate) fn in_few_parts(self) -> Self {
        for sought in self.head.iter() {
            if let Some(parts) = parts_of(&self.pieced).get_mut(&sought.slot) {
                parts.cut_to_few(sought.of.size());
            }
        }
        self
    }

    /// What has to come of an entry of this size: all of it, when nothing is here.
    pub(crate) fn missing(&self, slot: u32, size: u64) -> Ranges {
        let pieced = parts_of(&self.pieced);
        pieced.get(&slot).map_or_else(|| Ranges::whole(size), |parts| parts.missing(size))
    }

    /// The entries of which something is here, with what has to come of each, in the order of their
    /// numbers.
    pub(crate) fn begun(&self) -> Vec<(u32, Ranges)> {
        let pieced = parts_of(&self.pieced);
        let of = |sought: Cow<'_, Sought>| {
            let parts = pieced.get(&sought.slot).filter(|parts| !parts.is_empty())?;
            Some((sought.slot, parts.missing(sought.of.size())))
        };
        self.head.iter().filter_map(of).collect()
    }
}

type Taken = (Option<Arc<Private>>, BTreeMap<u32, Parts>);

/// By what an entry is found.
type Key<'s> = (Origin, Option<&'s EntryPath>);

fn take_up(to: &Arc<Dir>, head: &Head, lists: &Lists) -> io::Result<Taken> {
    // Mostly nothing is left, and of very many files, nothing has to be set up to find that out.
    if private::all(to)?.next().is_none() {
        return Ok(Taken::default());
    }
    // Two files of one content are both wanted.
    let mut wanted: HashMap<Key<'_>, Vec<u32>> = HashMap::new();
    let entries: Vec<Cow<'_, Sought>> = head.iter().collect();
    for sought in &entries {
        wanted.entry(sought.key()).or_default().push(sought.slot);
    }
    let changed = Changed::new(&entries, lists);
    let is_of_use = |entry: &Sought| wanted.contains_key(&entry.key()) || changed.has(entry);
    let claimed = claim_with(to, is_of_use)?;
    let mut found: HashMap<Key<'_>, Vec<Found<'_>>> = HashMap::new();
    for (journal, folder) in &claimed {
        for (entry, parts) in &journal.entries {
            if wanted.contains_key(&entry.key()) && is_there(folder.dir(), entry, parts) {
                let (number, parts) = (entry.slot, Cow::Borrowed(parts));
                found.entry(entry.key()).or_default().push(Found { folder, number, parts });
            }
        }
    }
    let (mut taken, mut others) = (BTreeMap::new(), Vec::new());
    for (key, mut found) in found {
        found.sort_by_key(|found| std::cmp::Reverse(found.parts.count()));
        let slots = wanted.get(&key).map(Vec::as_slice).unwrap_or_default();
        others.extend(found.split_off(slots.len().min(found.len())));
        taken.extend(slots.iter().copied().zip(found));
    }
    changed.find(&claimed, &mut taken);
    if taken.is_empty() {
        return Ok(Taken::default());
    }
    let private = Arc::new(Private::new(to)?);
    move_in(&private, head, &taken)?;
    // Of what is held more often than it is wanted, the rest is of no use to anybody.
    for Found { folder, number, .. } in &others {
        folder.dir().remove_file(number.to_string())?;
    }
    let parts = taken.into_iter().map(|(slot, found)| (slot, found.parts.into_owned())).collect();
    remove_empty(claimed)?;
    Ok((Some(private), parts))
}

/// Moves parts into a private folder, each under the number that it is to have.
pub(super) fn move_in(
    private: &Private,
    head: &Head,
    taken: &BTreeMap<u32, Found<'_>>,
) -> io::Result<()> {
    let held: Vec<Held> = taken.iter().flat_map(|(slot, found)| found.parts.held(*slot)).collect();
    // Said before they are moved: what is said and not there is passed over.
    keeper::append(private, head, &held)?;
    for (slot, Found { folder, number, .. }) in taken {
        folder.dir().rename(number.to_string(), &private.dir, slot.to_string())?;
    }
    for sought in head.iter().filter(|it| taken.contains_key(&it.slot)) {
        rebase::cut(&private.dir, sought.slot, sought.of.size())?;
    }
    private.sync_names()
}

/// Removes what is left of these contents.
pub(super) fn forget(to: &Dir, contents: &[Content]) -> io::Result<()> {
    let contents: HashSet<&Content> = contents.iter().collect();
    let is_one = |of: &Origin| matches!(of, Origin::Content(content) if contents.contains(content));
    forget_those(to, |entry| is_one(&entry.of))
}

/// Removes what is left of those that are so.
pub(super) fn forget_those(to: &Dir, is_one: impl Fn(&Sought) -> bool) -> io::Result<()> {
    let claimed = claim_with(to, &is_one)?;
    for (journal, folder) in &claimed {
        for (entry, _) in journal.entries.iter().filter(|(entry, _)| is_one(entry)) {
            // Of many it may not be there.
            let _ = folder.dir().remove_file(entry.slot.to_string());
        }
    }
    remove_empty(claimed)
}

/// The folders of those who are gone that have any of these, with what their journals say. Of no use
/// here, a folder is not held up: others may look for it.
pub(super) fn claim_with(
    to: &Dir,
    is_of_use: impl Fn(&Sought) -> bool,
) -> io::Result<Vec<(Journal, Claimed<'_>)>> {
    let has_any = |dir: &Dir| {
        let journal = read_journal(dir).map(|journal| journal.entries).unwrap_or_default();
        journal.iter().any(|(entry, _)| is_of_use(entry))
    };
    let claimed = claim_those(to, has_any)?.into_iter();
    Ok(claimed.filter_map(|folder| Some((read_journal(folder.dir())?, folder))).collect())
}

/// Removes the folders in which nothing is left.
pub(super) fn remove_empty(claimed: Vec<(Journal, Claimed<'_>)>) -> io::Result<()> {
    for (journal, folder) in claimed {
        if !journal.entries.iter().any(|(entry, parts)| is_there(folder.dir(), entry, parts)) {
            folder.remove()?;
        }
    }
    Ok(())
}

impl Sought {
    /// What it is found by. What somebody sent belongs to its place: they may send two files of one
    /// size and time.
    fn key(&self) -> Key<'_> {
        let is_sent = matches!(self.of, Origin::Sent { .. });
        (self.of, is_sent.then_some(&self.path))
    }
}

/// Whether an entry has parts, in a file that is as long as they need.
pub(super) fn is_there(dir: &Dir, entry: &Sought, parts: &Parts) -> bool {
    let needed = match parts.leaves.last_key_value() {
        Some((number, _)) => leaf_at(*number, entry.of.size()).end,
        None if parts.whole.is_some() => entry.of.size(),
        None => return false,
    };
    let about = dir.symlink_metadata(entry.slot.to_string());
    about.is_ok_and(|about| about.is_file() && is_ours_alone(&about) && about.len() >= needed)
}

/// Where a file got its name in two steps, and the second was not done, its part is that file too: nothing is
/// written into it any more.
#[cfg(unix)]
fn is_ours_alone(about: &Metadata) -> bool {
    // Some file systems do not count them.
    cap_std::fs::MetadataExt::nlink(about) <= 1
}

#[cfg(not(unix))]
fn is_ours_alone(_: &Metadata) -> bool {
    true
}

pub(super) fn read_journal(dir: &Dir) -> Option<Journal> {
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

    /// The shortest runs between gaps go.
    fn cut_to_few(&mut self, size: u64) {
        let missing = self.missing(size);
        let gaps = missing.as_slice();
        let between = gaps.iter().zip(gaps.iter().skip(1));
        let mut runs: Vec<Range<u64>> =
            between.map(|(gap, next)| gap.end / LEAF..next.start / LEAF).collect();
        runs.sort_by_key(|run| run.end.saturating_sub(run.start));
        let too_many = gaps.len().saturating_sub(PARTS_ASKED);
        for number in runs.into_iter().take(too_many).flatten() {
            self.leaves.remove(&number);
        }
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

/// What comes is held in order, so a file that was cut off is seldom in more parts than one. Where it is,
/// a request must not grow by much.
pub(crate) const PARTS_ASKED: usize = 4;
const LEAF: u64 = LEAF_BYTES as u64;
/// Thirty days.
const LONGEST_KEPT: Duration = Duration::from_secs(30 * 24 * 3600);
/// A larger one is of no program of ours.
const JOURNAL_MOST: u64 = 256 << 20;
