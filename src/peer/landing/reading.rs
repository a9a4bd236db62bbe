//! Reading what is held, once, while the rest comes: whatever became of the machine, or who was here,
//! what counts is what lies there now.
//!
//! What is asked for goes by the journal, so that the first byte waits for no disk. What is found not to
//! be there is not held any more: soon, it is asked for with the rest; later, at the next try, and it
//! alone. Nothing gets its name before all that was held has been read.

use super::journal::{Head, Lost, NO_LEAVES, Parts};
use super::private::Private;
use crate::model::content::{Leaf, Piece, of_file};
use crate::model::limits::{LEAF_BYTES, PIECE_BYTES};
use crate::model::{ByteRange, ContentId};
use crate::peer::disk::open_regular;
use crate::peer::folder::read_exact;
use cap_std::fs::Dir;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::ops::RangeInclusive;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

/// Of each entry that was begun, what is held.
pub(super) type Pieced = Mutex<BTreeMap<u32, Parts>>;

/// A thread that reads what is held. Dropped, it stops.
#[derive(Debug)]
pub(super) struct Reading {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Shared {
    pieced: Arc<Pieced>,
    state: Mutex<State>,
    bell: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// What is not there, though the journal said so.
    lost: Vec<Lost>,
    is_done: bool,
    is_over: bool,
}

/// What of one entry is to be read: leaves that follow each other, or all of what has none.
struct Run {
    entry: u32,
    size: u64,
    numbers: RangeInclusive<u64>,
}

impl Reading {
    /// Begins to read all that is held of these.
    pub(super) fn begin(private: &Private, head: &Head, pieced: &Arc<Pieced>) -> io::Result<Self> {
        let (dir, runs) = (private.dir.try_clone()?, runs(head, &parts_of(pieced)));
        let (state, bell) = (Mutex::default(), Condvar::new());
        let shared = Arc::new(Shared { pieced: Arc::clone(pieced), state, bell });
        let of_thread = Arc::clone(&shared);
        let read = move || of_thread.read(&dir, &runs);
        let thread = Builder::new().name("what is held".to_owned()).spawn(read)?;
        Ok(Self { shared, thread: Mutex::new(Some(thread)) })
    }

    /// Waits until it is done, or it takes longer than nobody notices.
    pub(super) fn wait_a_moment(&self) {
        let state = self.shared.state();
        drop(self.shared.bell.wait_timeout_while(state, MOMENT, |state| !state.is_done));
    }

    /// Waits until all is read, and gives what was not there. Blocks.
    pub(super) fn end(&self) -> Vec<Lost> {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        thread.map(JoinHandle::join);
        self.shared.state().lost.clone()
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.shared.state().is_over = true;
    }
}

impl Shared {
    fn read(&self, dir: &Dir, runs: &[Run]) {
        for run in runs {
            let file = open_regular(dir, &run.entry.to_string());
            for number in run.numbers.clone() {
                if self.state().is_over {
                    return;
                }
                match number {
                    NO_LEAVES => self.read_whole(run, &file),
                    _ => self.read_leaf((run, number), &file),
                }
            }
        }
        self.state().is_done = true;
        self.bell.notify_all();
    }

    /// What another leaf took the place of meanwhile is not lost.
    fn read_leaf(&self, (run, number): (&Run, u64), file: &io::Result<File>) {
        let said = |parts: &Parts| parts.leaves.get(&number).copied();
        let Some(leaf) = parts_of(&self.pieced).get(&run.entry).and_then(said) else { return };
        let found = file.as_ref().ok().and_then(|file| leaf_in(file, number, run.size).ok()?);
        if found == Some(leaf) {
            return;
        }
        let mut pieced = parts_of(&self.pieced);
        let parts = pieced.get_mut(&run.entry).filter(|parts| said(parts) == Some(leaf));
        if let Some(parts) = parts {
            parts.leaves.remove(&number);
            self.state().lost.push(Lost { entry: run.entry, number });
        }
    }

    fn read_whole(&self, run: &Run, file: &io::Result<File>) {
        let said = |parts: &Parts| parts.whole;
        let Some(id) = parts_of(&self.pieced).get(&run.entry).and_then(said) else { return };
        let found: Option<ContentId> = file.as_ref().ok().and_then(|file| {
            let found = of_file(file, run.size, |_| {});
            found.ok().map(|found| found.id())
        });
        if found == Some(id) {
            return;
        }
        if let Some(parts) = parts_of(&self.pieced).get_mut(&run.entry) {
            parts.whole = None;
            self.state().lost.push(Lost { entry: run.entry, number: NO_LEAVES });
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn parts_of(pieced: &Pieced) -> MutexGuard<'_, BTreeMap<u32, Parts>> {
    pieced.lock().unwrap_or_else(PoisonError::into_inner)
}

fn runs(head: &Head, pieced: &BTreeMap<u32, Parts>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for sought in head.iter() {
        let Some(parts) = pieced.get(&sought.slot) else { continue };
        let (entry, size) = (sought.slot, sought.of.size());
        for number in parts.leaves.keys().copied().chain(parts.whole.map(|_| NO_LEAVES)) {
            let last = runs.last_mut().filter(|run| run.entry == entry);
            match last.filter(|run| run.numbers.end().checked_add(1) == Some(number)) {
                Some(run) => run.numbers = *run.numbers.start()..=number,
                None => runs.push(Run { entry, size, numbers: number..=number }),
            }
        }
    }
    runs
}

/// The bytes of a leaf of a file of this size.
pub(super) fn leaf_at(number: u64, size: u64) -> ByteRange {
    let start = number.saturating_mul(LEAF_BYTES as u64);
    ByteRange { start, end: start.saturating_add(LEAF_BYTES as u64).min(size) }
}

pub(super) fn leaf_in(file: &File, number: u64, size: u64) -> io::Result<Option<Leaf>> {
    let ByteRange { start, end } = leaf_at(number, size);
    let pieces: Vec<Piece> =
        pieces(file, start, end, size)?.into_iter().map(|(_, piece)| piece).collect();
    Ok(Leaf::of_pieces(&pieces))
}

/// The pieces of a part of a file.
pub(super) fn pieces(
    file: &File,
    start: u64,
    end: u64,
    size: u64,
) -> io::Result<Vec<(u64, Piece)>> {
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

/// So long a request waits for what is held to be read: what is small is known before it is asked for.
const MOMENT: Duration = Duration::from_millis(250);
