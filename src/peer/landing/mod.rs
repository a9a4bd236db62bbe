//! Where files from others get their names, or do not.
//!
//! ```text
//! downloads/                       the destination, held open
//!   .waxwing-5f0c…/                a batch: private, 0700, gone when it is dropped
//!     lock                         held as long as the batch lives
//!     0, 1, 2                      the entries of one stream, as they come
//!     journal                      what of them is there for good
//!   tree.jpg                       an entry with its name, once it was proven
//! ```
//!
//! Bytes are written to a private folder in the destination. A file gets its name only for an
//! [`EntryProof`](crate::seal::EntryProof), when it is durable, and never in the place of another unless
//! the person said so; then only of a regular file. Links are not followed on the way, so nothing
//! outside the destination is ever touched.
//!
//! What a killed program left is swept away when the folder is next used: a batch whose lock nobody
//! holds belongs to nobody. But where its journal says that parts of files are there for good, they
//! stay, and need not come again: [`Gathered`] holds what is taken up.

mod batch;
mod gathered;
mod journal;
mod keeper;
mod naming;
mod private;
mod reading;
mod rebase;
mod staying;
mod targets;

pub use batch::Batch;
pub use gathered::Gathered;
pub(crate) use gathered::PARTS_ASKED;
pub(crate) use journal::{Head, Origin, Sought};
pub(crate) use rebase::Lists;
pub(crate) use targets::Targets;
pub use targets::{Look, Target};

use self::targets::Aim;
use super::Error;
use super::disk::{self, open_regular};
use crate::model::content::{leaf_count, of_file};
use crate::model::{Content, EntryPath};
use cap_std::fs::Dir;
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A folder in which files land.
#[derive(Debug, Clone)]
pub struct Landing {
    path: PathBuf,
    dir: Arc<Dir>,
    rules: Rules,
}

/// What a landing may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rules {
    /// Replace regular files that are there.
    pub overwrite: bool,
    /// Believe the sender that a file is a program. Only of people whose words were compared.
    pub programs: bool,
}

/// How a file came to have its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Landed {
    /// Nothing was there.
    New,
    /// It replaced another.
    Replaced,
    /// It was there already, the same bytes.
    Already,
}

/// Why a file that came has no name.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LandError {
    /// Another file is there, and nobody said to replace it.
    #[error("another file is there already")]
    Taken,
    /// Something is there that is never replaced: a folder, a link, anything but a file.
    #[error("something is in the way that is not a file, and is not replaced")]
    InTheWay,
    /// The proof is not of this stream.
    #[error("the proof is not of this file")]
    Proof,
    /// What was here of it from an earlier try and what came now are not of one content.
    #[error("what was kept of it from an earlier try does not fit what came now")]
    Kept,
    /// The system refused.
    #[error(transparent)]
    Disk(#[from] io::Error),
}

/// What stands at the place of a file that may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing.
    Free,
    /// The same content.
    Same,
    /// Another file.
    Other,
    /// Something that is not a regular file.
    InTheWay,
}

impl Landing {
    /// The folder at `path`, which is made if it is not there. What killed programs left in it is
    /// swept away. Blocks.
    pub fn in_folder(path: &Path, rules: Rules) -> Result<Self, Error> {
        let at = |source| Error::Disk { path: path.to_owned(), source };
        let dir = disk::make_named(path).map_err(at)?;
        private::sweep(&dir, gathered::is_worth_keeping).map_err(at)?;
        Ok(Self { path: path.to_owned(), dir: Arc::new(dir), rules })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it may do.
    pub fn rules(&self) -> Rules {
        self.rules
    }

    /// What stands at a path. A file of the same size is read to know whether it is the same. Blocks.
    pub fn standing(&self, path: &EntryPath, content: Option<Content>) -> io::Result<Standing> {
        standing(&self.dir, path, content)
    }

    /// Takes up what is left here of these, each with the number that its part gets, from transfers that
    /// were cut off; and from now on, parts of them are kept. Blocks.
    pub(crate) fn gather(&self, sought: Head) -> Gathered {
        self.gather_changed(sought, &Lists::new())
    }

    /// The same, where of some the leaves are known: what parts of what they were before have in common
    /// with what they are now is taken up, too. Blocks.
    pub(crate) fn gather_changed(&self, sought: Head, lists: &Lists) -> Gathered {
        Gathered::new(&self.dir, sought, lists)
    }

    /// The numbers of those of which nothing is left here, but parts of what they were before. Blocks.
    pub(crate) fn changed(&self, sought: &[Sought]) -> Vec<u32> {
        rebase::changed(&self.dir, sought).unwrap_or_default()
    }

    /// Removes what is left here of what files were before that have landed now. Blocks.
    pub(crate) fn forget_before(&self, landed: &HashMap<EntryPath, Content>) {
        // What cannot be removed now goes when nobody has gone on with it for long.
        let _ = rebase::forget_before(&self.dir, landed);
    }

    /// Removes what is left here of these contents from transfers that were cut off. Blocks.
    pub(crate) fn forget(&self, contents: &[Content]) {
        // As above.
        let _ = gathered::forget(&self.dir, contents);
    }

    /// A place for the entries of one stream, in its order. Fails when there is no room. Blocks.
    pub fn begin(&self, targets: Vec<Target>) -> Result<Batch, Error> {
        self.resume(Targets::Listed((0..).zip(targets).collect()), Gathered::default())
    }

    /// The same, of which these parts are here already. Blocks.
    pub(crate) fn resume(&self, targets: Targets, gathered: Gathered) -> Result<Batch, Error> {
        if let Some(collision) = targets.collision() {
            return Err(Error::Together(collision.into()));
        }
        let missing = |aim: Aim<'_>| gathered.missing(aim.slot, aim.size).length();
        self.has_room(targets.iter().map(missing).fold(0, u64::saturating_add))?;
        let at = |source| Error::Disk { path: self.path.clone(), source };
        Batch::new(Arc::clone(&self.dir), self.rules, targets, gathered).map_err(at)
    }

    /// For how many bytes there is room, where the system says it. Some is left for others.
    pub fn room(&self) -> Result<u64, Error> {
        let at = |source| Error::Disk { path: self.path.clone(), source };
        let free = disk::free_space(&self.dir).map_err(at)?.unwrap_or(u64::MAX);
        Ok(free.saturating_sub((free / 20).min(MOST_LEFT_FREE)))
    }

    fn has_room(&self, needed: u64) -> Result<(), Error> {
        let free = self.room()?;
        if needed > free { Err(Error::NoSpace { needed, free }) } else { Ok(()) }
    }
}

/// How many leaves each entry of a journal has, and how many parts of it are said to be held: for a
/// fuzzer, since others may write to a folder on a shared disk.
#[doc(hidden)]
pub fn said_by_journal(bytes: &[u8]) -> Option<Vec<(u64, u64)>> {
    let entries = journal::Journal::read(bytes)?.entries.into_iter();
    let count = |(of, parts): (Sought, journal::Parts)| (leaf_count(of.of.size()), parts.count());
    Some(entries.map(count).collect())
}

pub(super) fn standing(
    root: &Dir,
    path: &EntryPath,
    content: Option<Content>,
) -> io::Result<Standing> {
    let (folder, name) = match disk::walk(root, path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Standing::Free),
        Err(error) if is_no_folder(&error) => return Ok(Standing::InTheWay),
        Err(error) => return Err(error),
    };
    standing_in(&folder, name, content)
}

fn standing_in(folder: &Dir, name: &str, content: Option<Content>) -> io::Result<Standing> {
    let about = match folder.symlink_metadata(name) {
        Ok(about) => about,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Standing::Free),
        Err(error) => return Err(error),
    };
    if !about.is_file() {
        return Ok(Standing::InTheWay);
    }
    let Some(content) = content.filter(|content| content.size() == about.len()) else {
        return Ok(Standing::Other);
    };
    // What cannot be read is not known to be the same.
    let Ok(file) = open_regular(folder, name) else { return Ok(Standing::Other) };
    let is_same = of_file(&file, content.size(), |_| {}).is_ok_and(|found| found == content);
    if is_same {
        file.sync_all()?;
        return Ok(Standing::Same);
    }
    Ok(Standing::Other)
}

/// Whether a step on the way is no folder: a file, or a link, which is not followed.
fn is_no_folder(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotADirectory || is_link(error)
}

#[cfg(unix)]
fn is_link(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
}

#[cfg(not(unix))]
fn is_link(_: &io::Error) -> bool {
    false
}

const MOST_LEFT_FREE: u64 = 64 << 20;
