//! What is told of a file.

use super::limits::ENTRY_SIZE;
use super::{ContentId, EntryPath, Error, UnixTime};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// One file: where it lies, how large it is, when it changed, and what its bytes are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    path: EntryPath,
    size: u64,
    executable: bool,
    modified: Modified,
    content: Option<ContentId>,
}

impl Entry {
    /// An entry whose content is not known yet; sizes beyond the limit are refused.
    pub fn new(path: EntryPath, size: u64, modified: Modified) -> Result<Self, Error> {
        if size > ENTRY_SIZE {
            return Err(Error::Size(size));
        }
        Ok(Self { path, size, executable: false, modified, content: None })
    }

    /// The same entry, a program or not.
    pub fn executable(self, executable: bool) -> Self {
        Self { executable, ..self }
    }

    /// The same entry, its content known or not.
    pub fn with_content(self, content: Option<ContentId>) -> Self {
        Self { content, ..self }
    }

    /// Where it lies below its share.
    pub fn path(&self) -> &EntryPath {
        &self.path
    }

    /// The same, when nothing else of it is needed any more.
    pub(crate) fn into_path(self) -> EntryPath {
        self.path
    }

    /// How many bytes it has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Whether it is a program. A receiver believes it only from people whom they verified.
    pub fn is_executable(&self) -> bool {
        self.executable
    }

    /// When it last changed.
    pub fn modified(&self) -> Modified {
        self.modified
    }

    /// What its bytes are called, if that is known.
    pub fn content(&self) -> Option<ContentId> {
        self.content
    }
}

/// When a file last changed: nanoseconds since 1970, from 1980 on.
///
/// A sender's claim is not believed beyond that: [`Modified::clamped`] keeps it from being before
/// 1980, which some systems cannot store, and from lying in the future.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Modified(u64);

impl Modified {
    /// The time of a file here.
    pub fn from_system(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::from_nanos(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
    }

    /// A foreign number of nanoseconds since 1970.
    pub fn from_nanos(nanos: u64) -> Self {
        Self(nanos.max(YEAR_1980.saturating_mul(NANOS)))
    }

    /// The time, or a day from now when it claims to be later than that. It stays from 1980 on,
    /// even where the clock says an earlier year.
    pub fn clamped(self, now: UnixTime) -> Self {
        Self::from_nanos(self.0.min(now.plus(DAY).0.saturating_mul(NANOS)))
    }

    /// Nanoseconds since 1970.
    pub fn as_nanos(self) -> u64 {
        self.0
    }

    /// Whole seconds since 1970.
    pub fn to_unix(self) -> UnixTime {
        UnixTime(self.0 / NANOS)
    }

    /// The time in the system's form.
    pub fn to_system(self) -> SystemTime {
        UNIX_EPOCH.checked_add(Duration::from_nanos(self.0)).unwrap_or(UNIX_EPOCH)
    }
}

const NANOS: u64 = 1_000_000_000;
const DAY: u64 = 24 * 3600;
const YEAR_1980: u64 = 315_532_800;
