//! SQLite, the first engine of the store: a file, or memory for tests.
//!
//! ```text
//!  many tasks ─▶ a bounded queue ─▶ the writer: takes what waits, one commit for all of it
//!             └▶ a bounded queue ─▶ readers, each with its own connection
//! ```
//!
//! The threads are the store's own, so no task of the program ever waits for a disk. In memory there
//! is one connection, the writer's, which reads as well.
//!
//! Each noun's file holds its SQL; [`migrations`] documents the tables.

mod accounts;
mod backup;
mod catalog;
mod check;
mod directory;
mod error;
mod face;
mod invitations;
mod migrations;
mod open;
mod owner;
mod people;
mod queue;
mod readers;
mod requests;
mod sessions;
mod sql;
mod work;
mod writer;

pub use backup::{restore, restore_was_cut_off};
pub use open::OpenError;

use super::{Result, StoreError};
use queue::{NotTaken, Queue};
use rusqlite::Connection;
use std::fmt;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tokio::sync::oneshot;
use work::{Task, Work};

/// Jobs that wait.
type Jobs = Queue<Box<dyn Work>>;

/// Where a database lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In a file, and two beside it while it is open. On a disk of this machine.
    File(PathBuf),
    /// In memory, gone when the store is.
    Memory,
}

impl Place {
    fn path(&self) -> &Path {
        match self {
            Self::File(path) => path,
            Self::Memory => Path::new(":memory:"),
        }
    }
}

/// How much a store takes on at once.
#[derive(Debug, Clone)]
pub struct Bounds {
    /// Changes that wait; another one is refused with [`StoreError::Busy`].
    pub writes_waiting: usize,
    /// Questions that wait; another one is refused likewise.
    pub reads_waiting: usize,
    /// Changes that are committed together.
    pub together: usize,
    /// Threads that read.
    pub readers: usize,
    /// Searches that wait; another one is refused likewise.
    pub searches_waiting: usize,
    /// Threads that search, so that nothing else waits for it.
    pub searchers: usize,
    /// How long one search takes. What it did not come to until then, its next page looks at.
    pub search_time: Duration,
    /// How many candidates are ranked together, and so how far the best of them comes first.
    pub candidates: usize,
    /// Pages of 4 KiB that the database may have; as many as the disk holds when there is no number.
    pub pages: Option<u32>,
}

impl Default for Bounds {
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(2, NonZero::get);
        Self {
            writes_waiting: 4096,
            reads_waiting: 4096,
            together: 256,
            readers: cores.max(2),
            searches_waiting: 1024,
            searchers: cores.max(2),
            search_time: Duration::from_millis(250),
            candidates: 1000,
            pages: None,
        }
    }
}

/// A store in SQLite. Cheap to clone; its threads end when the last clone is gone or one is closed.
#[derive(Clone)]
pub struct Sqlite {
    inner: Arc<Inner>,
}

struct Inner {
    place: Place,
    writes: Arc<Jobs>,
    /// The same queue as `writes` in memory.
    reads: Arc<Jobs>,
    /// Likewise.
    searches: Arc<Jobs>,
    effort: catalog::Effort,
    /// What the writer remembers of the words of the catalog.
    known: Arc<Mutex<catalog::Known>>,
    /// The writer, which ends last. None once somebody waits for it.
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Sqlite {
    /// Opens a database, makes it if it is not there, and checks it if it is. That may take a while:
    /// everything in it is read.
    pub fn open(place: Place) -> std::result::Result<Self, OpenError> {
        Self::open_with(place, &Bounds::default())
    }

    /// The same with other bounds.
    pub fn open_with(place: Place, bounds: &Bounds) -> std::result::Result<Self, OpenError> {
        let writes = Arc::new(Queue::new(bounds.writes_waiting));
        let (writer, readers, reads, searches) = match &place {
            Place::Memory => {
                (open::in_memory()?, Vec::new(), Arc::clone(&writes), Arc::clone(&writes))
            }
            Place::File(path) => {
                let writer = open::writer(path)?;
                let reads = Arc::new(Queue::new(bounds.reads_waiting));
                let searches = Arc::new(Queue::new(bounds.searches_waiting));
                let mut readers = Vec::new();
                for (queue, threads) in [(&reads, bounds.readers), (&searches, bounds.searchers)] {
                    for _ in 0..threads.max(1) {
                        readers.push((open::reader(path)?, Arc::clone(queue)));
                    }
                }
                (writer, readers, reads, searches)
            }
        };
        open::limit_pages(&writer, &place, bounds.pages)?;
        let effort = catalog::Effort::new(bounds.search_time, bounds.candidates);
        let (known, thread) = (Arc::default(), Mutex::default());
        let inner = Inner { place, writes, reads, searches, effort, known, thread };
        inner.start(writer, readers, bounds.together.max(1))?;
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Takes nothing more, does what waits, and ends the threads. Other clones are closed with it.
    pub async fn close(self) {
        self.inner.stop();
        let writer = self.inner.thread().take();
        let _ = tokio::task::spawn_blocking(move || join(writer)).await;
    }

    /// Writes all that the store holds at this moment to a new file, while it runs. A file that is
    /// there already is never replaced.
    pub async fn backup(&self, to: &Path) -> Result<()> {
        let Place::File(path) = self.inner.place.clone() else {
            return Err(StoreError::Failed("a store in memory has no backups".into()));
        };
        let to = to.to_owned();
        // Not on a reader's thread, which others wait for.
        let done = tokio::task::spawn_blocking(move || backup::write(&path, &to));
        done.await.unwrap_or_else(|_| Err(StoreError::Failed("the backup broke off".into())))
    }

    async fn read<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> error::Result<T> + Send + 'static,
    ) -> Result<T> {
        ask(&self.inner.reads, job).await
    }

    /// A question about the catalog, with what it may take.
    async fn look_up<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection, catalog::Effort) -> error::Result<T> + Send + 'static,
    ) -> Result<T> {
        let effort = self.inner.effort;
        ask(&self.inner.searches, move |db| job(db, effort)).await
    }

    /// A question that takes long, on a connection and a thread of its own: nobody waits for it,
    /// not even a program that stops.
    async fn look<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> error::Result<T> + Send + 'static,
    ) -> Result<T> {
        let Place::File(path) = self.inner.place.clone() else { return self.read(job).await };
        let (answer, answered) = oneshot::channel();
        let work = move || {
            let in_words = |error: OpenError| StoreError::Failed(error.to_string());
            let looked = open::reader(&path).map_err(in_words).and_then(|db| {
                // One state of the database, whatever is written meanwhile.
                let begun = db.execute_batch("BEGIN").map_err(|error| error::told(error.into()));
                begun.and_then(|()| job(&db).map_err(error::told))
            });
            let _ = answer.send(looked);
        };
        let broke_off = || StoreError::Failed("it broke off".into());
        thread::Builder::new().name("store check".into()).spawn(work).map_err(|_| broke_off())?;
        answered.await.unwrap_or_else(|_| Err(broke_off()))
    }

    async fn write<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> error::Result<T> + Send + 'static,
    ) -> Result<T> {
        ask(&self.inner.writes, job).await
    }

    /// A change of the catalog.
    async fn change<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection, &mut catalog::Known) -> error::Result<T> + Send + 'static,
    ) -> Result<T> {
        let known = Arc::clone(&self.inner.known);
        self.write(move |db| {
            // What a panic leaves there is not taken for true.
            job(db, &mut known.lock().unwrap_or_else(PoisonError::into_inner))
        })
        .await
    }
}

async fn ask<T: Send + 'static>(
    queue: &Jobs,
    job: impl FnOnce(&Connection) -> error::Result<T> + Send + 'static,
) -> Result<T> {
    let (waiting, answer) = oneshot::channel();
    let closed = || StoreError::Failed("the store is closed".into());
    queue.push(Task::boxed(job, waiting)).map_err(|why| match why {
        NotTaken::Full => StoreError::Busy,
        NotTaken::Closed => closed(),
    })?;
    answer.await.unwrap_or_else(|_| Err(closed()))
}

impl Inner {
    /// Starts the readers, and the writer, which ends after them.
    fn start(
        &self,
        writer: Connection,
        readers: Vec<(Connection, Arc<Jobs>)>,
        together: usize,
    ) -> std::result::Result<(), OpenError> {
        let readers = readers.into_iter().map(|(reader, questions)| {
            self.spawn("store reader", move || readers::read_all(&reader, &questions))
        });
        let readers = readers.collect::<std::result::Result<Vec<_>, _>>()?;
        let writes = Arc::clone(&self.writes);
        let work = move || {
            writer::write_all(&writer, &writes, together);
            join(readers);
            writer::finish(writer);
        };
        *self.thread() = Some(self.spawn("store writer", work)?);
        Ok(())
    }

    fn spawn(
        &self,
        name: &str,
        work: impl FnOnce() + Send + 'static,
    ) -> std::result::Result<JoinHandle<()>, OpenError> {
        let thread = thread::Builder::new().name(name.into()).spawn(work);
        thread.map_err(|error| OpenError::from_io(self.place.path(), &error))
    }

    fn stop(&self) {
        self.reads.close();
        self.searches.close();
        self.writes.close();
    }

    fn thread(&self) -> MutexGuard<'_, Option<JoinHandle<()>>> {
        self.thread.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn join(threads: impl IntoIterator<Item = JoinHandle<()>>) {
    for thread in threads {
        // Jobs catch their panics, so there is nothing to hear.
        let _ = thread.join();
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.stop();
    }
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqlite").field("place", &self.inner.place).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "../../../../test/unit/store_plans.rs"]
mod plans;
