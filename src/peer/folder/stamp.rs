//! What a file was like when it was looked at.

use cap_std::fs::Metadata;
use std::fmt;
use std::fs::File;
use std::io;
use std::str::FromStr;

/// Which file it is, how large, and when it changed: whatever is done to a file, one of these moves.
///
/// As text it is the five numbers with `_` between them, to be kept beside a content id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: i64,
    changed: i64,
}

impl Stamp {
    /// How many bytes the file had.
    pub fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn device(&self) -> u64 {
        self.device
    }

    /// Whether the file was left alone for a while before `nanos` after 1970: a change right after a
    /// look may leave all times as they were.
    pub fn is_settled(&self, nanos: u64) -> bool {
        let latest = self.modified.max(self.changed);
        i128::from(nanos).saturating_sub(latest.into()) >= SETTLED_AFTER
    }

    pub(in crate::peer) fn of_file(file: &File) -> io::Result<Self> {
        Metadata::from_file(file).map(|about| Self::of(&about))
    }

    #[cfg(unix)]
    pub(super) fn of(about: &Metadata) -> Self {
        use cap_std::fs::MetadataExt;
        let nanos =
            |seconds: i64, nanos: i64| seconds.saturating_mul(1_000_000_000).saturating_add(nanos);
        Self {
            device: about.dev(),
            inode: about.ino(),
            size: about.len(),
            modified: nanos(about.mtime(), about.mtime_nsec()),
            changed: nanos(about.ctime(), about.ctime_nsec()),
        }
    }

    /// Where files have no numbers, size and time must do.
    #[cfg(not(unix))]
    pub(super) fn of(about: &Metadata) -> Self {
        let modified = about.modified().ok().map(|time| time.into_std());
        let since = modified.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
        let modified = since.map_or(0, |since| i64::try_from(since.as_nanos()).unwrap_or(0));
        Self { device: 0, inode: 0, size: about.len(), modified, changed: 0 }
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { device, inode, size, modified, changed } = self;
        write!(f, "{device}_{inode}_{size}_{modified}_{changed}")
    }
}

impl FromStr for Stamp {
    type Err = NotAStamp;

    fn from_str(text: &str) -> Result<Self, NotAStamp> {
        let mut numbers = text.split('_').map(|number| number.parse::<i128>().ok());
        let mut next = || numbers.next().flatten().ok_or(NotAStamp);
        let (device, inode, size) = (next()?, next()?, next()?);
        let time = |number: i128| i64::try_from(number).map_err(|_| NotAStamp);
        let (modified, changed) = (time(next()?)?, time(next()?)?);
        let small = |number: i128| u64::try_from(number).map_err(|_| NotAStamp);
        if numbers.next().is_some() {
            return Err(NotAStamp);
        }
        let (device, inode, size) = (small(device)?, small(inode)?, small(size)?);
        Ok(Self { device, inode, size, modified, changed })
    }
}

/// A text that is no stamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not the stamp of a file")]
pub struct NotAStamp;

/// Two seconds: some systems write times no finer.
const SETTLED_AFTER: i128 = 2_000_000_000;
