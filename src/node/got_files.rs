//! Which files one has got while what one gets is shared: these are, and nothing else that lies there.
//!
//! What others sent unasked lands in the same folder, and was meant for one alone. So does what one puts
//! there. Each file that was got is remembered by its place and its content: one that was changed since is
//! not what was got.

use super::home::{HomeError, StateFolder};
use crate::model::{Content, ContentId, Entry, EntryPath};
use std::collections::HashMap;
use std::fmt::Write;

/// Files that were got, by where they lie below the folder for downloads.
pub(super) struct GotFiles(HashMap<EntryPath, ContentId>);

impl GotFiles {
    pub(super) fn read(state: &StateFolder) -> Result<Self, HomeError> {
        let bytes = state.read(GOT, MOST_BYTES)?.unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        // A line that is cut off names nothing.
        let lines = text.split_inclusive('\n').filter_map(|line| {
            let (id, path) = line.strip_suffix('\n')?.split_once(' ')?;
            Some((EntryPath::parse(path).ok()?, id.parse().ok()?))
        });
        Ok(Self(lines.collect()))
    }

    /// Whether this is a file that was got.
    pub(super) fn has(&self, entry: &Entry) -> bool {
        self.has_path(entry.path()) && self.0.get(entry.path()) == entry.content().as_ref()
    }

    /// Whether a file was got that lay there.
    pub(super) fn has_path(&self, path: &EntryPath) -> bool {
        self.0.contains_key(path)
    }

    /// These were got now.
    pub(super) fn add<'f>(
        state: &StateFolder,
        files: impl Iterator<Item = (&'f EntryPath, Content)>,
    ) -> Result<(), HomeError> {
        let mut text = String::from(END_OF_WHAT_WAS_CUT_OFF);
        for (path, content) in files {
            let _ = writeln!(text, "{} {path}", content.id());
        }
        if text == END_OF_WHAT_WAS_CUT_OFF {
            return Ok(());
        }
        let _changing = state.changing()?;
        state.append(GOT, text.as_bytes())
    }

    /// From now on, what was got before is shared no more.
    pub(super) fn forget(state: &StateFolder) -> Result<(), HomeError> {
        state.remove(GOT)
    }
}

const GOT: &str = "got";
/// A line that was not written to its end names nothing with this behind it.
const END_OF_WHAT_WAS_CUT_OFF: &str = "\0\n";
/// Of hundreds of thousands of files.
const MOST_BYTES: u64 = 256 << 20;

#[cfg(test)]
#[path = "../../test/unit/got_files.rs"]
mod tests;
