//! How far a transfer and each of its files have come, told by whoever carries their bytes.
//!
//! Bytes are carried by many threads, which must not wait for whoever listens: what is told of a file
//! says all there is to say of it, and may be lost when the next such word says it better.

use super::Sharer;
use super::sharer::name_of;
use crate::link::{Destination, Word};
use crate::model::{Events, Task, Transfer, Work};
use crate::seal::{Manifest, Passed, Source, VerifiedSegment};
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// A transfer as it is told: one task, and the files that it is made of.
#[derive(Debug)]
pub(super) struct Telling {
    teller: Mutex<Teller>,
    files: Vec<Told>,
    names: Names,
    ended: AtomicU32,
    events: Events,
    name: String,
    with: Option<String>,
    /// How many bytes have to be read for ids.
    for_ids: AtomicU64,
    came: AtomicU64,
}

#[derive(Debug)]
struct Teller {
    /// What is told when it begins, until then.
    beginning: Option<Beginning>,
    task: Option<Task>,
    untold: u64,
    last: Instant,
}

#[derive(Debug)]
struct Beginning {
    work: Work,
    total: u64,
}

#[derive(Debug)]
struct Told {
    total: AtomicU64,
    done: AtomicU64,
}

/// The names of many files.
#[derive(Debug)]
pub(super) enum Names {
    /// In one text, with where each ends.
    Text { text: String, ends: Vec<u32> },
    /// Those of a manifest, which is there anyway.
    Listed(Arc<Manifest>),
}

impl Default for Names {
    fn default() -> Self {
        Self::Text { text: String::new(), ends: Vec::new() }
    }
}

impl Names {
    pub(super) fn push(&mut self, name: &str) {
        if let Self::Text { text, ends } = self {
            text.push_str(name);
            ends.push(u32::try_from(text.len()).unwrap_or(u32::MAX));
        }
    }

    fn count(&self) -> usize {
        match self {
            Self::Text { ends, .. } => ends.len(),
            Self::Listed(manifest) => manifest.entries().len(),
        }
    }

    fn get(&self, at: usize) -> &str {
        match self {
            Self::Text { text, ends } => {
                let end = |at: usize| ends.get(at).and_then(|end| usize::try_from(*end).ok());
                let start = at.checked_sub(1).and_then(end).unwrap_or_default();
                end(at).and_then(|end| text.get(start..end)).unwrap_or_default()
            }
            Self::Listed(manifest) => {
                let listed = manifest.entries().get(at);
                listed.map(|listed| listed.entry.path().as_str()).unwrap_or_default()
            }
        }
    }
}

impl Telling {
    /// Files of these names, which have so many bytes in all, or it is not known how many.
    pub(super) fn new(sharer: &Sharer, work: Work, names: Names, total: u64) -> Arc<Self> {
        let name = name_of(names.count(), names.get(0));
        let told = |_| Told { total: AtomicU64::new(0), done: AtomicU64::new(0) };
        let beginning = Some(Beginning { work, total });
        let teller = Mutex::new(Teller { beginning, task: None, untold: 0, last: Instant::now() });
        Arc::new(Self {
            teller,
            files: (0..names.count()).map(told).collect(),
            names,
            ended: AtomicU32::new(0),
            events: sharer.events.clone(),
            name,
            with: sharer.with.clone(),
            for_ids: AtomicU64::new(0),
            came: AtomicU64::new(0),
        })
    }

    /// What a manifest carries of its files.
    pub(super) fn of_manifest(sharer: &Sharer, work: Work, manifest: &Arc<Manifest>) -> Arc<Self> {
        let telling = Self::new(sharer, work, Names::Listed(Arc::clone(manifest)), 0);
        telling.carries(manifest);
        telling
    }

    /// This manifest carries its files. Too late when it has begun.
    pub(super) fn carries(&self, manifest: &Manifest) {
        self.total(manifest.data_length());
        self.ended.store(0, Ordering::Relaxed);
        let in_part = manifest.entries().iter().filter(|listed| !listed.is_whole());
        let for_ids = in_part.map(|listed| listed.entry.size()).fold(0, u64::saturating_add);
        self.for_ids.store(for_ids, Ordering::Relaxed);
        for (file, listed) in manifest.entries().iter().enumerate() {
            self.size(file, listed.ranges.length());
        }
    }

    /// How many files there are.
    pub(super) fn count(&self) -> usize {
        self.files.len()
    }

    /// They have so many bytes in all. Too late when it has begun.
    pub(super) fn total(&self, total: u64) {
        if let Some(beginning) = &mut self.teller().beginning {
            beginning.total = total;
        }
    }

    /// It begins, unless it has begun.
    pub(super) fn begin(&self) {
        let mut teller = self.teller();
        if let Some(Beginning { work, total }) = teller.beginning.take() {
            teller.task = Some(self.task(work, total));
        }
    }

    /// What is read for ids, and how many bytes that are.
    fn begin_ids(&self) -> (Task, u64) {
        let bytes = self.for_ids.load(Ordering::Relaxed);
        (self.task(Work::Hashing, bytes), bytes)
    }

    fn task(&self, work: Work, total: u64) -> Task {
        let files = u32::try_from(self.files.len()).unwrap_or(u32::MAX);
        let transfer = Transfer { name: &self.name, total, files, with: self.with.as_deref() };
        self.events.begin_transfer(work, &transfer)
    }

    /// A file has so many bytes, of which none has come, if that was not said before. An empty one is at
    /// its end.
    pub(super) fn size(&self, file: usize, bytes: u64) {
        if let Some(told) = self.files.get(file) {
            if told.total.swap(bytes, Ordering::Relaxed) == bytes && bytes > 0 {
                return;
            }
            told.done.store(0, Ordering::Relaxed);
            self.ended.fetch_add(u32::from(bytes == 0), Ordering::Relaxed);
        }
    }

    /// So many bytes more of a file are done. What is done twice counts once.
    pub(super) fn advance(&self, file: usize, bytes: u64) {
        let Some(told) = self.files.get(file) else { return };
        let total = told.total.load(Ordering::Relaxed);
        let before = told.done.fetch_add(bytes, Ordering::Relaxed).min(total);
        let done = before.saturating_add(bytes).min(total);
        if done == before {
            return;
        }
        let is_end = done == total;
        let ended = self.ended.fetch_add(u32::from(is_end), Ordering::Relaxed);
        let ended = ended.saturating_add(u32::from(is_end));
        let mut teller = self.teller();
        let is_due = teller.advance(done.saturating_sub(before));
        // Small ones come and go faster than anybody reads.
        let is_told = self.files.len() > 1 && (is_due || is_end && total > LARGE);
        if let Some(task) = teller.task.as_ref().filter(|_| is_told) {
            let number = u32::try_from(file).unwrap_or(u32::MAX);
            task.file(number, self.names.get(file), (done, total), ended);
        }
    }

    /// How many parts of it came and are verified.
    pub(super) fn came(&self) -> u64 {
        self.came.load(Ordering::Relaxed)
    }

    /// It is over.
    pub(super) fn end(&self, complete: bool) {
        let mut teller = self.teller();
        teller.tell();
        let task = teller.task.take();
        drop(teller);
        task.filter(|_| complete).into_iter().for_each(Task::complete);
    }

    /// The place that tells what is written to it, if its entries are these files.
    pub(super) fn place(
        self: &Arc<Self>,
        place: Arc<dyn Destination>,
        files: Vec<usize>,
    ) -> Arc<dyn Destination> {
        self.begin();
        let (telling, passed) = (Arc::downgrade(self), AtomicU64::new(0));
        Arc::new(TellingPlace { place, telling, files, passed })
    }

    /// The source that tells what is read of it. What is waited for before that ends when it begins.
    pub(super) fn source<S: Source + Send + 'static>(
        self: &Arc<Self>,
        source: S,
        waiting: Option<Task>,
    ) -> Arc<TellingSource<S>> {
        if waiting.is_none() {
            self.begin();
        }
        let (telling, waiting) = (Arc::downgrade(self), Mutex::new(waiting));
        Arc::new(TellingSource { source, telling, waiting, for_ids: Mutex::default() })
    }

    fn teller(&self) -> MutexGuard<'_, Teller> {
        self.teller.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Teller {
    /// Tells now and then; gives whether it did.
    fn advance(&mut self, bytes: u64) -> bool {
        self.untold = self.untold.saturating_add(bytes);
        let is_due = self.last.elapsed() >= EVERY;
        if is_due {
            self.tell();
        }
        is_due
    }

    /// Before it begins, nobody listens.
    fn tell(&mut self) {
        if let Some(task) = self.task.as_mut().filter(|_| self.untold > 0) {
            task.advance(std::mem::take(&mut self.untold));
        }
        self.last = Instant::now();
    }
}

impl Sharer {
    /// What takes longer than a moment with so many files is told.
    pub(super) async fn told_if_long<T>(
        &self,
        work: Work,
        files: usize,
        doing: impl Future<Output = T>,
    ) -> T {
        let with = self.with.as_deref();
        let transfer = Transfer { name: &name_of(files, "a file"), total: 0, files: 1, with };
        told_if_long((&self.events, work), &transfer, doing).await
    }
}

/// What takes longer than a moment, and whose end nobody knows, is told for as long as it takes.
pub(crate) async fn told_if_long<T>(
    (events, work): (&Events, Work),
    transfer: &Transfer<'_>,
    doing: impl Future<Output = T>,
) -> T {
    let mut doing = pin!(doing);
    if let Ok(done) = timeout(MOMENT, &mut doing).await {
        return done;
    }
    let task = events.begin_transfer(work, transfer);
    let done = doing.await;
    task.complete();
    done
}

/// For what tells nobody how far it has come: somebody else does.
pub(super) fn silently() -> Task {
    Events::ignored().begin(Work::Receiving, "", 0)
}

/// A place that tells what is written to it. What it tells goes with its owner: threads that carried
/// a stream may outlive it for a moment.
struct TellingPlace {
    place: Arc<dyn Destination>,
    telling: Weak<Telling>,
    /// For each entry, which file of the transfer it is.
    files: Vec<usize>,
    /// How many parts came since the last segment that was verified.
    passed: AtomicU64,
}

impl Destination for TellingPlace {
    fn put(&self, entry: u32, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.place.put(entry, offset, bytes)?;
        let file = usize::try_from(entry).ok().and_then(|entry| self.files.get(entry));
        if let (Some(telling), Some(file)) = (self.telling.upgrade(), file) {
            telling.advance(*file, bytes.len() as u64);
        }
        Ok(())
    }

    fn passed(&self, passed: Passed) {
        self.passed.fetch_add(1, Ordering::Relaxed);
        self.place.passed(passed);
    }

    fn verified(&self, segment: &VerifiedSegment, word: Word) {
        // What has passed stays only when its sender has signed for it.
        if let Some(telling) = self.telling.upgrade() {
            telling.came.fetch_add(self.passed.swap(0, Ordering::Relaxed), Ordering::Relaxed);
        }
        self.place.verified(segment, word);
    }
}

/// A source that tells what is read from it, and ends the waiting for it when that begins.
pub(super) struct TellingSource<S> {
    source: S,
    telling: Weak<Telling>,
    waiting: Mutex<Option<Task>>,
    /// The reading for ids, once it has begun, and how many bytes of it are left.
    for_ids: Mutex<Option<(Task, u64)>>,
}

impl<S> TellingSource<S> {
    fn begin(&self) {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(waiting) = waiting {
            waiting.complete();
            self.telling.upgrade().into_iter().for_each(|telling| telling.begin());
        }
    }

    /// So many bytes were read for an id.
    fn tell_for_id(&self, bytes: u64) {
        let Some(telling) = self.telling.upgrade() else { return };
        let mut for_ids = self.for_ids.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut task, left) = for_ids.take().unwrap_or_else(|| telling.begin_ids());
        task.advance(bytes);
        match left.saturating_sub(bytes) {
            0 => task.complete(),
            left => *for_ids = Some((task, left)),
        }
    }
}

impl<S: Source> Source for TellingSource<S> {
    fn read(&self, entry: u32, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.begin();
        self.source.read(entry, offset, buffer)?;
        if let (Some(telling), Ok(file)) = (self.telling.upgrade(), usize::try_from(entry)) {
            telling.advance(file, buffer.len() as u64);
        }
        Ok(())
    }

    fn read_for_id(&self, entry: u32, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.begin();
        self.source.read_for_id(entry, offset, buffer)?;
        self.tell_for_id(buffer.len() as u64);
        Ok(())
    }

    fn is_unchanged(&self, entry: u32) -> io::Result<bool> {
        self.source.is_unchanged(entry)
    }
}

/// What is over sooner is not told.
pub(super) const MOMENT: Duration = Duration::from_millis(500);
/// Between two words.
const EVERY: Duration = Duration::from_millis(50);
/// The end of a file that is larger is always told.
const LARGE: u64 = 1 << 20;
