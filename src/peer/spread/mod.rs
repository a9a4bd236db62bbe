//! One file from several people at once.
//!
//! ```text
//! source ─ work ─┐          ┌─ the list of leaves, from any of them: it merges to the id, or is none
//! source ─ work ─┼─ Plan ───┤
//! source ─ work ─┘    │     └─ a job: one part, asked for in a stream of its own, signed by its sender
//!                     ▼
//!               one private folder with one journal ─▶ the file, when all is there and somebody's final
//!                                                      record signs the content
//! ```
//!
//! Each leaf that comes is compared with the list at once. Who sends another is not asked any more, and
//! what they had is given to others. What was here before is compared with it, too, and so is what was
//! here of the file before it changed. A leaf has one owner at a time, and nobody else writes to it: so
//! what passed is what lies there, whoever else sends the same or something else.

mod job;
mod plan;
mod wish;

use self::job::Claim;
use self::plan::{Next, Plan, SourceId};
use super::landing::{
    Batch, Head, LandError, Landed, Landing, Origin, Sought, Standing, Target, Targets,
};
use super::telling::{Names, Telling};
use super::{Error, Sharer};
use crate::link::{StreamError, Streams};
use crate::model::content::{LeafList, PieceMerger};
use crate::model::limits::{LEAF_BYTES, LEAF_LIST};
use crate::model::{Content, EntryPath, Ranges, ShareId, Work};
use crate::seal::{EntryProof, OpenedStream};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::{OnceCell, watch};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};

/// A file that comes from several people at once. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub struct Spread(Arc<Inner>);

struct Inner {
    sharer: Sharer,
    content: Content,
    to: EntryPath,
    landing: Landing,
    batch: Arc<Batch>,
    telling: Arc<Telling>,
    list: OnceCell<Arc<LeafList>>,
    /// Held by who is asked for it.
    asking: tokio::sync::Mutex<()>,
    plan: Mutex<Plan>,
    /// Held while something is written, and for a moment by whoever takes a part over.
    writing: RwLock<()>,
    /// Rings when anything of the plan changed.
    changed: watch::Sender<()>,
    signed: Mutex<BTreeMap<SourceId, Signed>>,
    begun: Instant,
}

/// A stream whose final record signs the content.
struct Signed {
    stream: OpenedStream,
    proof: EntryProof,
}

/// Somebody who has the file.
#[derive(Debug, Clone)]
pub struct Source {
    /// By which this source is told from the others.
    pub number: usize,
    /// What they are called.
    pub name: String,
    /// The conversation with them.
    pub streams: Streams,
    /// In which of their shares it is.
    pub share: ShareId,
    /// Where in it.
    pub path: EntryPath,
}

/// A file that came from several people.
#[derive(Debug)]
pub struct Gathering {
    /// Whether it has its name.
    pub landed: Landed,
    /// The numbers of those who signed that it is this content, and how many bytes came from each.
    pub signed: Vec<(usize, u64)>,
    /// Why no receipts are kept, if so.
    pub unkept: Option<Error>,
}

impl Sharer {
    /// Begins to fetch a file from several people. None when it is not worth it: it is here already, or
    /// most of it, or something is in its place. `names` are those of the people.
    pub async fn spread(
        &self,
        content: Content,
        to: &EntryPath,
        landing: &Landing,
        names: &str,
    ) -> Result<Option<Spread>, Error> {
        if !is_worth_spreading(content) {
            return Ok(None);
        }
        let (looking, at) = (landing.clone(), to.clone());
        let begun = spawn_blocking(move || begin(&looking, at, content)).await??;
        let Some((batch, missing)) = begun else { return Ok(None) };
        let mut named = self.clone();
        named.with = Some(names.to_owned());
        let mut name = Names::default();
        name.push(to.as_str());
        let telling = Telling::new(&named, Work::Receiving, name, content.size());
        telling.size(0, content.size());
        telling.begin();
        let leaves = usize::try_from(content.leaf_count()).unwrap_or(usize::MAX);
        Ok(Some(Spread(Arc::new(Inner {
            sharer: self.clone(),
            content,
            to: to.clone(),
            landing: landing.clone(),
            batch: Arc::new(batch),
            telling,
            list: OnceCell::new(),
            asking: tokio::sync::Mutex::new(()),
            plan: Mutex::new(Plan::new(leaves, &missing)),
            writing: RwLock::new(()),
            changed: watch::Sender::new(()),
            signed: Mutex::default(),
            begun: Instant::now(),
        }))))
    }
}

/// Whether a content is large enough to be fetched from several people.
pub fn is_worth_spreading(content: Content) -> bool {
    content.size() > SMALL && content.leaf_count() <= LEAF_LIST as u64
}

/// A place for the file, and what of it is not there yet.
fn begin(
    landing: &Landing,
    path: EntryPath,
    content: Content,
) -> Result<Option<(Batch, Ranges)>, Error> {
    let at = |source| Error::Disk { path: landing.path().to_owned(), source };
    let standing = landing.standing(&path, Some(content)).map_err(at)?;
    let may_land = match standing {
        Standing::Free => true,
        Standing::Other => landing.rules().overwrite,
        Standing::Same | Standing::InTheWay => false,
    };
    if !may_land {
        return Ok(None);
    }
    let sought = Sought { slot: 0, path: path.clone(), of: Origin::Content(content) };
    let gathered = landing.gather(Head::Listed(vec![sought]));
    let missing = gathered.missing(0, content.size());
    if missing.length() <= SMALL {
        return Ok(None);
    }
    let target = Target { path, size: content.size(), look: None };
    Ok(Some((landing.resume(Targets::Listed(vec![(0, target)]), gathered)?, missing)))
}

impl Spread {
    /// Fetches from a source what others do not, until all is here. Fails when the source does; what it
    /// brought until then is kept, if it is right.
    pub async fn work(&self, source: &Source) -> Result<(), Error> {
        let _here = Here::new(self, source.number);
        let list = &self.list(source).await?;
        let mut changes = self.0.changed.subscribe();
        loop {
            let next = self.0.plan().next(source.number, self.0.now());
            match next {
                Next::Over => return Ok(()),
                Next::Fetch { job, run, is_taken_over } => {
                    self.carry(source, Claim::new(self, (job, run), is_taken_over), list).await?;
                }
                Next::Wait => tokio::select! {
                    _ = changes.changed() => {}
                    () = sleep(LOOK) => {}
                },
            }
        }
    }

    /// Whether a list of leaves came that is the content's: without one, nothing is fetched together.
    pub fn has_list(&self) -> bool {
        self.0.list.get().is_some()
    }

    /// Whether all is here, and somebody has signed for it.
    pub fn is_over(&self) -> bool {
        self.0.plan().is_over()
    }

    /// Waits until that is so.
    pub async fn over(&self) {
        let mut changes = self.0.changed.subscribe();
        while !self.is_over() && changes.changed().await.is_ok() {}
    }

    /// How many bytes came from a source, and were right.
    pub fn came_from(&self, source: usize) -> u64 {
        self.0.came_from(source)
    }

    /// Gives the file its name, and keeps the receipts of all who signed.
    pub async fn land(self) -> Result<Gathering, Error> {
        let inner = self.0;
        spawn_blocking(move || inner.land()).await?
    }

    /// No more comes. What is here is kept for a later try.
    pub async fn break_off(self) {
        let batch = Arc::clone(&self.0.batch);
        // What cannot be noted now comes again.
        let _ = spawn_blocking(move || batch.break_off()).await;
    }

    /// The list, from this source or from another. One is asked at a time, unless it lets the others
    /// wait.
    async fn list(&self, source: &Source) -> Result<Arc<LeafList>, Error> {
        let _turn = tokio::select! {
            turn = self.0.asking.lock() => Some(turn),
            () = sleep(LIST_TAKES) => None,
        };
        let place = (source.share, &source.path);
        let asked = self.0.sharer.ask_leaves(&source.streams, place, self.0.content);
        let mut changes = self.0.changed.subscribe();
        let known = async { while !self.has_list() && changes.changed().await.is_ok() {} };
        tokio::select! {
            biased;
            () = known => {}
            list = asked => {
                let list = Arc::new(list?);
                // Another's may have come in this moment: it is the same.
                self.0.list.get_or_try_init(|| self.compare(list)).await?;
                self.0.changed.send_replace(());
            }
        }
        self.0.list.get().cloned().ok_or(Error::Stopped)
    }

    /// What was here already was compared with nothing: it may be of a sender who lied and was cut off
    /// before the end. What is not of the list has to come again.
    async fn compare(&self, list: Arc<LeafList>) -> Result<Arc<LeafList>, Error> {
        let (batch, of) = (Arc::clone(&self.0.batch), Arc::clone(&list));
        let missing = spawn_blocking(move || batch.keep_those_of(0, &of)).await?;
        let missing = missing.map_err(|error| Error::from(StreamError::Place(error)))?;
        self.0.plan().set_missing(&missing);
        self.0.telling.advance(0, self.0.content.size().saturating_sub(missing.length()));
        Ok(list)
    }

    /// Whoever was writing a moment ago, and owned it then, has written.
    async fn await_writers(&self) -> Result<(), Error> {
        let inner = Arc::clone(&self.0);
        let wait = move || drop(inner.writing.write().unwrap_or_else(PoisonError::into_inner));
        Ok(spawn_blocking(wait).await?)
    }
}

impl Inner {
    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn signed(&self) -> MutexGuard<'_, BTreeMap<SourceId, Signed>> {
        self.signed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Duration {
        self.begun.elapsed()
    }

    fn came_from(&self, source: SourceId) -> u64 {
        self.plan().came(source).saturating_mul(LEAF_BYTES as u64).min(self.content.size())
    }

    /// Blocks.
    fn land(&self) -> Result<Gathering, Error> {
        let (signed, now) = (self.signed(), self.sharer.now());
        let first = signed.values().next().ok_or(Error::Stopped)?;
        // Who signed has sent parts of it. Here, the values of all that is there have to be the file's.
        if self.batch.merger(0).and_then(PieceMerger::finish) != Some(self.content.id()) {
            // Of what was here before, something is not there: without that, the rest is held.
            self.batch.land(&[], now).map_err(|error| Error::from(StreamError::Place(error)))?;
            return Err(Error::Landing(LandError::Kept));
        }
        let place = |error| Error::from(StreamError::Place(error));
        let (receipts, mut early) = (self.sharer.receipts.as_ref(), Vec::new());
        let keep = |it: &Signed| {
            let proofs = std::slice::from_ref(&it.proof);
            receipts.map(|to| (to, to.keep_early(&it.stream, proofs, now)))
        };
        let keep_all = || early = signed.values().filter_map(keep).collect();
        let proofs = std::slice::from_ref(&first.proof);
        let landed = self.batch.land_after(proofs, now, keep_all).map_err(place)?;
        let landed = landed.into_iter().next().ok_or(Error::Stopped)?;
        if landed.is_err() {
            // What has no name was not got from anybody.
            let kept = early.iter().filter_map(|(to, kept)| Some((to, kept.as_ref().ok()?)));
            kept.for_each(|(to, kept)| to.take_back(kept));
        }
        let landed = landed.map_err(Error::Landing)?;
        let unkept = early.into_iter().filter_map(|(_, kept)| kept.err()).last();
        self.landing.forget_before(&HashMap::from([(self.to.clone(), self.content)]));
        self.telling.end(true);
        let signed = signed.keys().map(|source| (*source, self.came_from(*source))).collect();
        Ok(Gathering { landed, signed, unkept })
    }
}

/// A source that is there, as long as this is held.
struct Here<'s>(&'s Spread, SourceId);

impl<'s> Here<'s> {
    fn new(spread: &'s Spread, source: SourceId) -> Self {
        spread.0.plan().set_here(source, true);
        Self(spread, source)
    }
}

impl Drop for Here<'_> {
    fn drop(&mut self) {
        self.0.0.plan().set_here(self.1, false);
    }
}

/// What all leaves of a list merge to.
fn merger(list: &LeafList) -> PieceMerger {
    let mut merger = PieceMerger::new(list.content().size());
    (0..).zip(list.leaves()).for_each(|(number, leaf)| merger.push_leaf(number, *leaf));
    merger
}

impl fmt::Debug for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Spread({:?})", self.0.content)
    }
}

/// Of less it is not worth it to ask several people.
const SMALL: u64 = 8 << 20;
/// After so long without a list, another source is asked for it.
const LIST_TAKES: Duration = Duration::from_secs(3);
/// So often it is looked whether somebody has become slow.
const LOOK: Duration = Duration::from_millis(250);
