//! What a share holds, and what leads from one such set to another, part by part.

use crate::model::limits::{FRAME_CATALOG, PUBLISH_ENTRIES};
use crate::model::{Entry, EntryPath};
use crate::wire::Room;
use crate::wire::index::{EntrySaid, PathSaid};
use std::cmp::Ordering;
use std::fmt;
use std::future::pending;
use std::panic::resume_unwind;
use std::sync::Arc;
use tokio::task::spawn_blocking;

/// The entries of a share, in the order of their paths, each path once. Cheap to clone.
///
/// ```
/// use waxwing::model::{Entry, EntryPath, Modified};
/// use waxwing::node::index::Entries;
///
/// let file = |path: &str| {
///     Entry::new(EntryPath::parse(path).unwrap(), 1000, Modified::from_nanos(0)).unwrap()
/// };
/// let entries = Entries::from(vec![file("zoo/koala.jpg"), file("tree.jpg")]);
/// assert_eq!(entries.iter().next().unwrap().path().file_name(), "tree.jpg");
/// ```
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Entries(Arc<Vec<Entry>>);

impl Entries {
    /// The entries, in the order of their paths.
    pub fn iter(&self) -> std::slice::Iter<'_, Entry> {
        self.0.iter()
    }

    /// The same, for who needs them for as long, and not once more.
    pub(in crate::node) fn shared(&self) -> Arc<Vec<Entry>> {
        Arc::clone(&self.0)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it is not only the same, but there once.
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl From<Vec<Entry>> for Entries {
    /// Of two entries with the same path, the later one counts.
    fn from(mut entries: Vec<Entry>) -> Self {
        entries.sort_by(|one, other| one.path().cmp(other.path()));
        entries.dedup_by(|later, kept| {
            let is_same = later.path() == kept.path();
            if is_same {
                std::mem::swap(later, kept);
            }
            is_same
        });
        Self(Arc::new(entries))
    }
}

impl FromIterator<Entry> for Entries {
    fn from_iter<I: IntoIterator<Item = Entry>>(entries: I) -> Self {
        Self::from(entries.into_iter().collect::<Vec<_>>())
    }
}

impl fmt::Debug for Entries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Entries({})", self.len())
    }
}

/// What has come of publishing a share: how many of its entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Are new.
    pub added: usize,
    /// Took the place of others under the same paths.
    pub changed: usize,
    /// Are gone.
    pub removed: usize,
    /// Are what they were.
    pub unchanged: usize,
}

impl Summary {
    /// How many differences there are.
    pub(super) fn differences(&self) -> usize {
        self.added.saturating_add(self.changed).saturating_add(self.removed)
    }
}

/// What leads from one set of entries to another. It holds both and copies nothing but the part that
/// is asked for.
#[derive(Clone)]
pub(super) struct Difference {
    pub(super) from: Entries,
    pub(super) to: Entries,
}

/// How many entries of each set lie before, and how many differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Place {
    from: usize,
    to: usize,
    pub(super) differences: usize,
}

/// A part that fits into one frame.
pub(super) struct Part {
    pub(super) add: Vec<EntrySaid>,
    pub(super) remove: Vec<PathSaid>,
    /// Where the next part begins; nowhere when this is the last one.
    pub(super) next: Option<Place>,
}

impl Difference {
    pub(super) fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        if self.from.is(&self.to) {
            return Summary { unchanged: self.to.len(), ..summary };
        }
        for step in self.walk(Place::default()) {
            let count = match step {
                Step::Same => &mut summary.unchanged,
                Step::Add(_) => &mut summary.added,
                Step::Change(_) => &mut summary.changed,
                Step::Remove(_) => &mut summary.removed,
            };
            *count = count.saturating_add(1);
        }
        summary
    }

    /// The part that begins there.
    pub(super) fn part(&self, at: Place) -> Part {
        let (mut walk, mut room) = (self.walk(at), Room::new(FRAME_CATALOG, BESIDES));
        let (mut add, mut remove) = (Vec::new(), Vec::new());
        loop {
            let before = walk.place;
            let fits = match walk.next() {
                None => return Part { add, remove, next: None },
                Some(Step::Same) => true,
                Some(Step::Add(entry) | Step::Change(entry)) => {
                    let fits =
                        add.len() < PUBLISH_ENTRIES && room.take(EntrySaid::most_bytes(entry));
                    add.extend(fits.then(|| EntrySaid::from(entry)));
                    fits
                }
                Some(Step::Remove(path)) => {
                    let fits =
                        remove.len() < PUBLISH_ENTRIES && room.take(PathSaid::most_bytes(path));
                    remove.extend(fits.then(|| PathSaid(path.clone())));
                    fits
                }
            };
            if !fits {
                return Part { add, remove, next: Some(before) };
            }
        }
    }

    /// Where the part of this number begins, if there is one.
    pub(super) fn place(&self, number: u32) -> Option<Place> {
        (0..number).try_fold(Place::default(), |place, _| self.part(place).next)
    }

    fn walk(&self, place: Place) -> Walk<'_> {
        Walk { from: &self.from.0, to: &self.to.0, place }
    }
}

/// Goes through both sets at once.
struct Walk<'a> {
    from: &'a [Entry],
    to: &'a [Entry],
    place: Place,
}

enum Step<'a> {
    Same,
    Add(&'a Entry),
    Change(&'a Entry),
    Remove(&'a EntryPath),
}

impl<'a> Iterator for Walk<'a> {
    type Item = Step<'a>;

    fn next(&mut self) -> Option<Step<'a>> {
        let Place { from, to, differences } = &mut self.place;
        let (old, new) = (self.from.get(*from), self.to.get(*to));
        let (step, old_goes, new_comes) = match (old, new) {
            (None, None) => return None,
            (Some(old), None) => (Step::Remove(old.path()), 1, 0),
            (None, Some(new)) => (Step::Add(new), 0, 1),
            (Some(old), Some(new)) => match old.path().cmp(new.path()) {
                Ordering::Less => (Step::Remove(old.path()), 1, 0),
                Ordering::Greater => (Step::Add(new), 0, 1),
                Ordering::Equal if old == new => (Step::Same, 1, 1),
                Ordering::Equal => (Step::Change(new), 1, 1),
            },
        };
        *from = from.saturating_add(old_goes);
        *to = to.saturating_add(new_comes);
        *differences = differences.saturating_add(usize::from(!matches!(step, Step::Same)));
        Some(step)
    }
}

/// Does what takes long with very many entries, while others go on.
pub(super) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match spawn_blocking(work).await.map_err(|error| error.try_into_panic()) {
        Ok(done) => done,
        Err(Ok(panic)) => resume_unwind(panic),
        // The runtime is going down.
        Err(Err(_)) => pending().await,
    }
}

/// For what is in the frame besides entries and paths.
const BESIDES: usize = 256;
