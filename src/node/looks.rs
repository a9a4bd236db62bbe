//! What a home remembers of the files of a share.
//!
//! ```text
//! hashes-ID   STAMP CONTENT                       a line a file, written as files are read
//! look-ID     {how it looked last, which state the index has}
//!             SIZE MODIFIED x|- CONTENT|- PATH    a line an entry that the index has in that state
//! ```
//!
//! Lines of hashes go behind what is there, each time after an empty line: one that a killed program
//! has not written to its end is none, and spoils no other. A hash is kept by the file's stamp alone,
//! so that folders may be moved. (A file that is itself renamed gets another time of change on most
//! systems, and is read again: one that was edited with its times put back looks the same.)

use super::home::{HomeError, Lines, StateFolder};
use super::index::Published;
use super::shared_folders::id16;
use crate::model::{ContentId, Entry, EntryPath, Modified, ShareId, SyncId};
use crate::peer::{self, Stamp};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::io::{self, Write as _};

/// What the bytes of a share's files are called, as far as they were read.
pub(super) struct Hashes {
    state: StateFolder,
    name: String,
    known: HashMap<Stamp, ContentId>,
    /// Lines that are not written yet.
    fresh: String,
}

impl Hashes {
    /// Those that are kept. What cannot be read is read anew from the files.
    pub(super) fn open(state: &StateFolder, share: ShareId) -> Self {
        let (state, name) = (state.clone(), hashes_name(share));
        let mut known = HashMap::new();
        if let Ok(Some((lines, length))) = state.lines(&name, MOST_BYTES) {
            // Room is made once: a map that grows is there twice.
            known.reserve(length / LINE);
            known.extend(lines.map_while(Result::ok).filter_map(|line| {
                let (stamp, id) = std::str::from_utf8(&line).ok()?.split_once(' ')?;
                Some((stamp.parse::<Stamp>().ok()?, id.parse::<ContentId>().ok()?))
            }));
        }
        Self { known, fresh: String::new(), state, name }
    }

    pub(super) fn get(&self, stamp: &Stamp) -> Option<ContentId> {
        self.known.get(stamp).copied()
    }

    /// A file was read. Only of one that was left alone for a while before that: what was changed
    /// right before it was read may have been changed right after, too, and still look the same.
    pub(super) fn add(&mut self, stamp: Stamp, id: ContentId) {
        // A text takes it.
        let _ = write!(self.fresh, "\n{stamp} {id}\n");
        self.known.insert(stamp, id);
    }

    /// Writes what is new.
    pub(super) fn keep(&mut self) -> Result<(), HomeError> {
        if !self.fresh.is_empty() {
            let _changing = self.state.changing()?;
            self.state.append(&self.name, self.fresh.as_bytes())?;
            self.fresh.clear();
        }
        Ok(())
    }

    /// Forgets files that are not there any more, when they are most of all; from now on nothing is
    /// known here.
    pub(super) fn close(&mut self, files: &[peer::Published]) -> Result<(), HomeError> {
        if self.known.len() > files.len().saturating_mul(2).saturating_add(SOME) {
            self.tidy(&files.iter().map(|file| file.stamp).collect())?;
        }
        self.known = HashMap::new();
        Ok(())
    }

    fn tidy(&mut self, there: &HashSet<Stamp>) -> Result<(), HomeError> {
        self.known.retain(|stamp, _| there.contains(stamp));
        let _changing = self.state.changing()?;
        self.state.write_as_made(&self.name, |file| {
            self.known.iter().try_for_each(|(stamp, id)| writeln!(file, "{stamp} {id}"))
        })
    }
}

/// How a share looked, in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// How many files are shared.
    pub files: u64,
    /// How many bytes they have.
    pub bytes: u64,
    /// How many cannot be shared.
    pub left_out: u64,
    /// How many were passed over.
    pub passed_over: u64,
}

/// What a share was like when it was last looked at, and what the index has of it: of that only the
/// difference is sent.
#[derive(Default, PartialEq, Eq)]
pub(super) struct LastLook {
    pub(super) figures: Figures,
    /// The number of the device on which it was.
    pub(super) device: u64,
    /// What the index acknowledged last.
    pub(super) published: Option<SyncId>,
}

#[derive(Serialize, Deserialize)]
struct HeadSaid {
    figures: Figures,
    device: u64,
    state: Option<String>,
}

impl LastLook {
    /// What is kept, or nothing: then all of it is sent to the index.
    pub(super) fn read(state: &StateFolder, share: ShareId) -> Option<Self> {
        Self::of(&look_lines(state, share)?.0.next()?.ok()?)
    }

    /// What the index acknowledged, with all its entries.
    pub(super) fn published(state: &StateFolder, share: ShareId) -> Option<Published> {
        let (mut lines, length) = look_lines(state, share)?;
        let state = Self::of(&lines.next()?.ok()?)?.published?;
        let mut entries = Vec::with_capacity(length / LINE);
        for line in lines {
            entries.push(entry_of(std::str::from_utf8(&line.ok()?).ok()?)?);
        }
        Some(Published { state, entries: entries.into() })
    }

    fn of(head: &[u8]) -> Option<Self> {
        let head: HeadSaid = serde_json::from_slice(head).ok()?;
        let published = head.state.and_then(|state| id16(&state)).map(SyncId::from_bytes);
        Some(Self { figures: head.figures, device: head.device, published })
    }

    /// Writes it, with what the index acknowledged. Called while state is being changed.
    pub(super) fn write(
        &self,
        state: &StateFolder,
        share: ShareId,
        published: Option<&Published>,
    ) -> Result<(), HomeError> {
        let acknowledged = published.map(|published| HEXLOWER.encode(published.state.as_bytes()));
        let head = HeadSaid { figures: self.figures, device: self.device, state: acknowledged };
        state.write_as_made(&look_name(share), |file| {
            serde_json::to_writer(&mut *file, &head)?;
            let mut entries = published.iter().flat_map(|published| published.entries.iter());
            entries.try_for_each(|entry| say(entry, file))
        })
    }
}

/// Forgets a share.
pub(super) fn forget(state: &StateFolder, share: ShareId) -> Result<(), HomeError> {
    state.remove(&look_name(share))?;
    state.remove(&hashes_name(share))
}

fn look_lines(state: &StateFolder, share: ShareId) -> Option<(Lines, usize)> {
    state.lines(&look_name(share), MOST_BYTES).ok().flatten()
}

/// No path has a line break in it.
fn say(entry: &Entry, file: &mut impl io::Write) -> io::Result<()> {
    let program = if entry.is_executable() { 'x' } else { '-' };
    let content = entry.content().map_or_else(|| "-".to_owned(), |id| id.to_string());
    let (size, modified) = (entry.size(), entry.modified().as_nanos());
    write!(file, "\n{size} {modified} {program} {content} {}", entry.path())
}

fn entry_of(line: &str) -> Option<Entry> {
    let mut words = line.splitn(5, ' ');
    let (size, modified) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let is_program = words.next()? == "x";
    let content = match words.next()? {
        "-" => None,
        id => Some(id.parse().ok()?),
    };
    let path = EntryPath::parse(words.next()?).ok()?;
    let entry = Entry::new(path, size, Modified::from_nanos(modified)).ok()?;
    Some(entry.executable(is_program).with_content(content))
}

fn hashes_name(share: ShareId) -> String {
    format!("hashes-{}", HEXLOWER.encode(share.as_bytes()))
}

fn look_name(share: ShareId) -> String {
    format!("look-{}", HEXLOWER.encode(share.as_bytes()))
}

/// Millions of files.
const MOST_BYTES: u64 = 1 << 30;
/// About as many bytes has a line that is short.
const LINE: usize = 110;
/// So many lines too many are never worth writing all anew.
const SOME: usize = 1000;
