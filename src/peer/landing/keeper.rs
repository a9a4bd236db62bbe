//! Keeping the journal: what verified is made durable, and then said to be held.
//!
//! A thread of its own does it, so that the network does not wait for the disk. The sender hears of a
//! segment when it is held: what the journal does not say yet is never more than what may be open. A
//! stream of one segment never comes this far: it lands, or comes again.

use super::journal::{Head, Held, Lost, RECORD_MOST, held_record, lost_record};
use super::private::Private;
use crate::link::Word;
use crate::peer::disk::{self, open_regular};
use crate::seal::Passed;
use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt};
use cap_std::fs::OpenOptions;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};

/// Keeps the journal of one private folder.
#[derive(Debug)]
pub(super) struct Keeper {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    bell: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// What passed, in order; of these, the first so many are verified.
    passed: Vec<Held>,
    verified: usize,
    /// For those who sent what is verified, when it is held.
    words: Vec<Word>,
    is_over: bool,
    /// Nothing can be held: nobody waits for it.
    has_failed: bool,
}

impl Keeper {
    /// Keeps what verifies from now on, behind what the journal says already.
    pub(super) fn start(private: &Arc<Private>, head: Arc<Head>) -> Self {
        let shared = Arc::new(Shared { state: Mutex::default(), bell: Condvar::new() });
        let (of_thread, private) = (Arc::clone(&shared), Arc::clone(private));
        let keep = move || of_thread.keep(&private, &head);
        // Without the thread nothing is kept, and all else goes on.
        let thread = Builder::new().name("journal".to_owned()).spawn(keep).ok();
        shared.state().has_failed |= thread.is_none();
        Self { shared, thread }
    }

    pub(super) fn passed(&self, held: Held) {
        self.shared.state().passed.push(held);
    }

    /// All that passed is verified. The word, if somebody waits for one, goes out when it is held, or at once
    /// if it cannot be.
    pub(super) fn verified(&self, word: Option<Word>) {
        let mut state = self.shared.state();
        state.verified = state.passed.len();
        if !state.has_failed {
            state.words.extend(word);
        }
        self.shared.bell.notify_one();
    }

    /// Nobody waits for the journal any more.
    pub(super) fn tell_all(&self) {
        self.shared.state().words.clear();
    }

    /// Nothing more is written from now on, but what verified already. Blocks until it is.
    pub(super) fn finish(mut self) {
        self.end();
        self.join();
    }

    /// Nothing more is written from now on. Gives what passed and was not. Blocks for what is being
    /// written.
    pub(super) fn stop(mut self) -> Vec<Held> {
        self.shared.state().verified = 0;
        self.end();
        self.join();
        std::mem::take(&mut self.shared.state().passed)
    }

    fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }

    fn end(&self) {
        self.shared.state().is_over = true;
        self.shared.bell.notify_one();
    }
}

impl Drop for Keeper {
    /// What verified is still written, by the thread, which holds the folder until then.
    fn drop(&mut self) {
        self.end();
    }
}

impl Shared {
    fn keep(&self, private: &Private, head: &Head) {
        let mut named = BTreeSet::new();
        while let Some((held, words)) = self.next() {
            let is_held = write(private, head, &held, &mut named).is_ok();
            let mut state = self.state();
            state.has_failed = !is_held;
            if !is_held {
                // A journal that says less than is there is true. With the next segment it is tried again, and
                // nobody waits for it meanwhile. Where parts were not written out, that fails again.
                state.words.clear();
                state.passed.splice(..0, held);
            }
            drop(state);
            drop(words);
        }
    }

    /// Waits for what verified; none when there will be no more.
    fn next(&self) -> Option<(Vec<Held>, Vec<Word>)> {
        let mut state = self.state();
        while state.verified == 0 && state.words.is_empty() {
            if state.is_over {
                return None;
            }
            state = self.bell.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let verified = std::mem::take(&mut state.verified).min(state.passed.len());
        Some((state.passed.drain(..verified).collect(), std::mem::take(&mut state.words)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes parts durable, those that are new with their names, and then says that they are held. Blocks.
pub(super) fn write(
    private: &Private,
    head: &Head,
    held: &[Held],
    named: &mut BTreeSet<u32>,
) -> io::Result<()> {
    if held.is_empty() {
        return Ok(());
    }
    let entries: BTreeSet<u32> = held.iter().map(Held::entry).collect();
    private.demand_written()?;
    if entries.len() <= WORTH_ONE_SYNC || !private.sync_all_at_once()? {
        for entry in &entries {
            let part = open_regular(&private.dir, &entry.to_string())?;
            private.write_out(|| part.sync_data())?;
        }
        if !entries.is_subset(named) {
            disk::sync_folder(&private.dir)?;
        }
    }
    named.extend(entries);
    append(private, head, held)
}

/// Says that parts are held, which are durable. Blocks.
pub(super) fn append(private: &Private, head: &Head, held: &[Held]) -> io::Result<()> {
    let mut journal = open(private)?;
    let before = journal.metadata()?.len();
    let is_new = before == 0;
    let mut records = if is_new { head.record() } else { Vec::new() };
    held.chunks(RECORD_MOST).for_each(|held| records.extend(held_record(held)));
    let said = journal.write_all(&records).and_then(|()| journal.sync_data());
    if said.is_err() {
        // Behind half a record nothing would be read.
        let _ = journal.set_len(before);
    }
    said?;
    if is_new {
        private.sync_names()?;
    }
    private.keep();
    Ok(())
}

/// How long the journal is; nothing where there is none.
pub(super) fn length(private: &Private) -> u64 {
    private.dir.symlink_metadata(JOURNAL).map_or(0, |about| about.len())
}

/// Takes back what the journal says behind so many bytes. Blocks.
pub(super) fn take_back(private: &Private, length: u64) -> io::Result<()> {
    let journal = open(private)?;
    journal.set_len(length)?;
    journal.sync_data()
}

/// Says that parts are not held any more. Blocks.
pub(super) fn append_lost(private: &Private, lost: &[Lost]) -> io::Result<()> {
    let mut journal = open(private)?;
    for lost in lost.chunks(RECORD_MOST) {
        journal.write_all(&lost_record(lost))?;
    }
    journal.sync_data()
}

fn open(private: &Private) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true).follow(FollowSymlinks::No);
    #[cfg(unix)]
    cap_std::fs::OpenOptionsExt::mode(&mut options, 0o600);
    Ok(private.dir.open_with(JOURNAL, &options)?.into_std())
}

/// The journal's name in a private folder.
pub(super) const JOURNAL: &str = "journal";
/// So many waits for the disk are as bad as one for everything on it.
pub(super) const WORTH_ONE_SYNC: usize = 16;

/// What passed, as the journal says it.
impl Held {
    pub(super) fn of(passed: Passed, slot: u32) -> Self {
        match passed {
            Passed::Leaf(leaf) => Self::Leaf { entry: slot, number: leaf.number, leaf: leaf.leaf },
            Passed::Small { id, .. } => Self::Small { entry: slot, id },
        }
    }
}

#[cfg(test)]
#[path = "../../../test/unit/keeper.rs"]
mod tests;
