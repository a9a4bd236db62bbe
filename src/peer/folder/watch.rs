//! The system's word that something below a folder has changed.
//!
//! It is a hint and no more: file systems of other machines tell nothing, queues overflow, and a
//! system watches so many folders and no more. Whoever wants to know looks again, and now and then
//! without a hint.

use super::passing::{RULES, by_name};
use notify::{Config, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::fmt;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::Notify;

/// Watches a folder and all below, or a file. Dropped, it does not any more. Each share has one of its
/// own: what two have in common is watched for the one when the other is gone.
pub struct FolderWatch {
    _watcher: RecommendedWatcher,
    changes: Arc<Changes>,
}

/// When something below has changed, since it was last asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Changed {
    /// First.
    pub first: Instant,
    /// Last.
    pub last: Instant,
}

struct Changes {
    root: PathBuf,
    changed: Mutex<Option<Changed>>,
    told: Arc<Notify>,
}

impl FolderWatch {
    /// Begins, which walks through all of it. Who waits is told when something changes that had not.
    /// It counts as changed at once: what happened right before is not told by anybody.
    pub fn begin(path: &Path, told: Arc<Notify>) -> io::Result<Self> {
        let (root, now) = (std::fs::canonicalize(path)?, Instant::now());
        let changed = Mutex::new(Some(Changed { first: now, last: now }));
        let changes = Arc::new(Changes { root, changed, told });
        let heard = Arc::clone(&changes);
        let config = Config::default().with_follow_symlinks(false);
        let watcher = RecommendedWatcher::new(move |event| heard.hear(event), config);
        let (mut watcher, root) = (watcher.map_err(into_io)?, &changes.root);
        let watched = match root.is_dir() {
            true => watcher.watch(root, RecursiveMode::Recursive),
            // A file that is replaced by another one is told of by its folder.
            false => match root.parent() {
                Some(folder) => watcher.watch(folder, RecursiveMode::NonRecursive),
                None => Ok(()),
            },
        };
        watched.map_err(into_io)?;
        Ok(Self { _watcher: watcher, changes })
    }

    /// When it has changed since this was last [taken](Self::take), if it has.
    pub fn changed(&self) -> Option<Changed> {
        *self.changes.lock()
    }

    /// What has changed until now is known from now on.
    pub fn take(&self) {
        *self.changes.lock() = None;
    }
}

impl Changes {
    fn hear(&self, event: Result<Event, notify::Error>) {
        match event {
            // Some of it was lost.
            Err(_) => self.mark(),
            Ok(event) if event.need_rescan() => self.mark(),
            // We read files, too.
            Ok(Event { kind: EventKind::Access(_), .. }) => {}
            Ok(event) if event.paths.iter().any(|path| concerns(&self.root, path)) => self.mark(),
            Ok(_) => {}
        }
    }

    fn mark(&self) {
        let now = Instant::now();
        let mut changed = self.lock();
        if changed.is_none() {
            self.told.notify_one();
        }
        let first = changed.map_or(now, |changed| changed.first);
        *changed = Some(Changed { first, last: now });
    }

    fn lock(&self) -> MutexGuard<'_, Option<Changed>> {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a change there is one of what is shared: not of what is passed over by its name, such as
/// files that arrive beside it.
fn concerns(root: &Path, path: &Path) -> bool {
    let Ok(below) = path.strip_prefix(root) else { return false };
    below.components().all(|component| match component {
        Component::Normal(name) => {
            name.to_str().is_none_or(|name| name == RULES || by_name(name).is_none())
        }
        _ => true,
    })
}

fn into_io(error: notify::Error) -> io::Error {
    match error.kind {
        notify::ErrorKind::Io(error) => error,
        notify::ErrorKind::MaxFilesWatch => io::Error::other(TOO_MANY),
        kind => io::Error::other(format!("{kind:?}")),
    }
}

impl fmt::Debug for FolderWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FolderWatch({})", self.changes.root.display())
    }
}

const TOO_MANY: &str = "it has more folders than this system watches for one user";
