//! The system's word that something below a folder has changed.
//!
//! It is a hint and no more: file systems of other machines tell nothing, queues overflow, and a
//! system watches so many folders and no more. Whoever wants to know looks again, and now and then
//! without a hint.

use super::passing::{RULES, by_name};
use notify::{Config, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::HashMap;
use std::fmt;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::Notify;

/// Watches folders and files. Dropped, it does not any more.
pub struct FolderWatch {
    watcher: RecommendedWatcher,
    changes: Arc<Changes>,
}

/// When something below each of the watched has changed, since it was last asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Changed {
    /// First.
    pub first: Instant,
    /// Last.
    pub last: Instant,
}

#[derive(Default)]
struct Changes {
    watched: Mutex<HashMap<PathBuf, Option<Changed>>>,
    told: Notify,
}

impl FolderWatch {
    /// Watches nothing yet.
    pub fn new() -> io::Result<Self> {
        let changes = Arc::new(Changes::default());
        let heard = Arc::clone(&changes);
        let config = Config::default().with_follow_symlinks(false);
        let watcher = RecommendedWatcher::new(move |event| heard.hear(event), config);
        Ok(Self { watcher: watcher.map_err(into_io)?, changes })
    }

    /// Watches a folder and all below, or a file; gives by which name to ask for it. It counts as
    /// changed at once: what happened right before is not told by anybody.
    pub fn watch(&mut self, path: &Path) -> io::Result<PathBuf> {
        let path = std::fs::canonicalize(path)?;
        let now = Instant::now();
        self.changes.lock().insert(path.clone(), Some(Changed { first: now, last: now }));
        let watched = match path.is_dir() {
            true => self.watcher.watch(&path, RecursiveMode::Recursive),
            // A file that is replaced by another one is told of by its folder.
            false => match path.parent() {
                Some(folder) => self.watcher.watch(folder, RecursiveMode::NonRecursive),
                None => Ok(()),
            },
        };
        watched.map_err(into_io).inspect_err(|_| self.unwatch(&path)).map(|()| path)
    }

    /// Watches it no longer.
    pub fn unwatch(&mut self, path: &Path) {
        self.changes.lock().remove(path);
        // One that is gone was watched no longer.
        let _ = self.watcher.unwatch(path);
    }

    /// When it has changed since this was last [taken](Self::take), if it has.
    pub fn changed(&self, path: &Path) -> Option<Changed> {
        self.changes.lock().get(path).copied().flatten()
    }

    /// What has changed until now is known from now on.
    pub fn take(&self, path: &Path) {
        if let Some(changed) = self.changes.lock().get_mut(path) {
            *changed = None;
        }
    }

    /// Waits until something changes that had not.
    pub fn wait(&self) -> impl Future<Output = ()> + Send + 'static {
        let changes = Arc::clone(&self.changes);
        async move { changes.told.notified().await }
    }
}

impl Changes {
    fn hear(&self, event: Result<Event, notify::Error>) {
        match event {
            // Some of it was lost.
            Err(_) => self.mark(|_| true),
            Ok(event) if event.need_rescan() => self.mark(|_| true),
            // We read files, too.
            Ok(Event { kind: EventKind::Access(_), .. }) => {}
            Ok(event) => self.mark(|root| event.paths.iter().any(|path| concerns(root, path))),
        }
    }

    fn mark(&self, is_changed: impl Fn(&Path) -> bool) {
        let now = Instant::now();
        let mut is_new = false;
        for (_, changed) in self.lock().iter_mut().filter(|(root, _)| is_changed(root)) {
            let first = changed.map_or(now, |changed| changed.first);
            is_new |= changed.is_none();
            *changed = Some(Changed { first, last: now });
        }
        if is_new {
            self.told.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<PathBuf, Option<Changed>>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
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
        write!(f, "FolderWatch({} watched)", self.changes.lock().len())
    }
}

const TOO_MANY: &str = "it has more folders than this system watches for one user";
