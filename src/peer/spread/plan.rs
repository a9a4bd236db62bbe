//! Who fetches which part of a file: plain data, to which the time is handed in.
//!
//! ```text
//! leaves   done  done  taken  taken  taken  open  open  open
//!                      └─ job of one source ─┘
//! ```
//!
//! A leaf that is taken belongs to one job, and nobody else may write to it. A job is a run of leaves that
//! lasts some seconds by what its source did before, so that slow ones get less. When nothing is open,
//! who is idle takes over the end of the job that would last longest.

use crate::model::Ranges;
use crate::model::limits::LEAF_BYTES;
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

/// A job among all of one file's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct JobId(u64);

/// The number of a source.
pub(super) type SourceId = usize;

/// What is there, what is under way, and what is left.
#[derive(Debug)]
pub(super) struct Plan {
    leaves: Vec<Leaf>,
    /// How many leaves are not done.
    left: usize,
    jobs: BTreeMap<JobId, Job>,
    sources: BTreeMap<SourceId, Known>,
    next: u64,
    /// Whether somebody has signed that this is the content.
    is_signed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leaf {
    Open,
    Taken(JobId),
    Done,
}

/// What is known of a source.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    is_here: bool,
    /// How long a leaf took last.
    pace: Option<Duration>,
    /// How many leaves came.
    came: u64,
}

#[derive(Debug)]
struct Job {
    source: SourceId,
    run: Range<usize>,
    begun: Duration,
    wrote: u64,
    /// When it wrote last.
    last: Duration,
    /// Whether others took over some of what was asked for.
    is_cut: bool,
}

/// What a source is to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    /// Fetch these leaves. None at all: all are here, and the content has to be signed.
    Fetch {
        /// The job.
        job: JobId,
        /// The leaves.
        run: Range<usize>,
        /// Whether another job had them a moment ago, and may be writing to them yet.
        is_taken_over: bool,
    },
    /// Others work on what is left, and are quick enough.
    Wait,
    /// All is here, and signed.
    Over,
}

impl Plan {
    /// Of a file with so many leaves, of which these parts have to come.
    pub(super) fn new(leaves: usize, missing: &Ranges) -> Self {
        let (leaves, jobs, sources) = (vec![Leaf::Done; leaves], BTreeMap::new(), BTreeMap::new());
        let mut plan = Self { leaves, left: 0, jobs, sources, next: 0, is_signed: false };
        plan.set_missing(missing);
        plan
    }

    /// Only these parts have to come. To be said before anybody is asked for one.
    pub(super) fn set_missing(&mut self, missing: &Ranges) {
        self.leaves.fill(Leaf::Done);
        self.left = 0;
        for range in missing.as_slice() {
            let run = leaf_of(range.start)..leaf_of(range.end.saturating_add(LEAF - 1));
            let run = self.leaves.get_mut(run).unwrap_or_default();
            run.fill(Leaf::Open);
            self.left = self.left.saturating_add(run.len());
        }
    }

    /// A source is there, or not any more.
    pub(super) fn set_here(&mut self, source: SourceId, is_here: bool) {
        self.sources.entry(source).or_default().is_here = is_here;
    }

    /// What a source that has nothing to do does next.
    pub(super) fn next(&mut self, source: SourceId, now: Duration) -> Next {
        if self.is_over() {
            return Next::Over;
        }
        if let Some(run) = self.first_open(self.share_of(source)) {
            return self.give(source, run, false, now);
        }
        if let Some(run) = self.take_over(source, now) {
            return self.give(source, run, true, now);
        }
        match self.left == 0 && self.jobs.is_empty() {
            true => self.give(source, 0..0, false, now),
            false => Next::Wait,
        }
    }

    /// Whether all is here, and signed.
    pub(super) fn is_over(&self) -> bool {
        self.left == 0 && self.is_signed
    }

    /// Whether a job may write to a leaf.
    pub(super) fn owns(&self, job: JobId, leaf: u64) -> bool {
        let leaf = usize::try_from(leaf).ok().and_then(|leaf| self.leaves.get(leaf));
        leaf == Some(&Leaf::Taken(job))
    }

    /// A job wrote so many bytes.
    pub(super) fn wrote(&mut self, job: JobId, bytes: u64, now: Duration) {
        if let Some(job) = self.jobs.get_mut(&job) {
            job.wrote = job.wrote.saturating_add(bytes);
            job.last = now;
        }
    }

    /// A leaf of a job is here for good. Gives whether it still was this job's.
    pub(super) fn done(&mut self, job: JobId, leaf: u64) -> bool {
        if !self.owns(job, leaf) {
            return false;
        }
        let leaf = usize::try_from(leaf).ok().and_then(|leaf| self.leaves.get_mut(leaf));
        leaf.into_iter().for_each(|leaf| *leaf = Leaf::Done);
        self.left = self.left.saturating_sub(1);
        let source = self.jobs.get(&job).and_then(|job| self.sources.get_mut(&job.source));
        source.into_iter().for_each(|source| source.came = source.came.saturating_add(1));
        true
    }

    /// Whether what is still coming for a job is another's by now.
    pub(super) fn is_settled(&self, job: JobId) -> bool {
        self.jobs.get(&job).is_some_and(|it| it.is_cut && self.left_of(job, it) == 0)
    }

    /// A job ended: what of it is not done is open again.
    pub(super) fn end(&mut self, id: JobId, is_signed: bool, now: Duration) {
        let Some(job) = self.jobs.remove(&id) else { return };
        for leaf in self.leaves.get_mut(job.run.clone()).unwrap_or_default() {
            if *leaf == Leaf::Taken(id) {
                *leaf = Leaf::Open;
            }
        }
        if let (Some(known), true) = (self.sources.get_mut(&job.source), job.wrote > 0) {
            known.pace = Some(job.pace(now));
        }
        self.is_signed |= is_signed;
    }

    /// How many leaves came from a source.
    pub(super) fn came(&self, source: SourceId) -> u64 {
        self.sources.get(&source).map_or(0, |known| known.came)
    }

    fn give(
        &mut self,
        source: SourceId,
        run: Range<usize>,
        is_taken_over: bool,
        now: Duration,
    ) -> Next {
        let job = JobId(self.next);
        self.next = self.next.saturating_add(1);
        self.leaves.get_mut(run.clone()).unwrap_or_default().fill(Leaf::Taken(job));
        let of_source =
            Job { source, run: run.clone(), begun: now, wrote: 0, last: now, is_cut: false };
        self.jobs.insert(job, of_source);
        Next::Fetch { job, run, is_taken_over }
    }

    /// As many leaves as a source fetches in some seconds, and not more than its part of what is open.
    fn share_of(&self, source: SourceId) -> usize {
        let open = self.leaves.iter().filter(|leaf| **leaf == Leaf::Open).count();
        let here = self.sources.values().filter(|known| known.is_here).count().max(1);
        let pace = self.sources.get(&source).and_then(|known| known.pace);
        let by_pace = pace.map_or(FIRST, |pace| {
            let leaves = JOB_LASTS.as_micros().checked_div(pace.as_micros().max(1));
            leaves.and_then(|leaves| usize::try_from(leaves).ok()).unwrap_or(FIRST)
        });
        by_pace.min(open.div_ceil(here)).max(LEAST)
    }

    fn first_open(&self, most: usize) -> Option<Range<usize>> {
        let start = self.leaves.iter().position(|leaf| *leaf == Leaf::Open)?;
        let open = self.leaves.iter().skip(start).take(most);
        let length = open.take_while(|leaf| **leaf == Leaf::Open).count();
        Some(start..start.saturating_add(length))
    }

    /// Takes the end of the job that would last longest, so that both end together.
    fn take_over(&mut self, source: SourceId, now: Duration) -> Option<Range<usize>> {
        let others = self.jobs.iter().filter(|(_, job)| job.source != source);
        let lasting = others.map(|(id, job)| {
            let (left, pace) = (self.ahead_of(*id, job, now), self.pace_of(job, now));
            (pace.saturating_mul(u32::try_from(left).unwrap_or(u32::MAX)), *id, left, pace)
        });
        let (lasts, id, left, theirs) = lasting.max()?;
        let mine = self.sources.get(&source).and_then(|known| known.pace).unwrap_or(theirs);
        let taken = part(left, theirs, mine);
        if lasts < WORTH_IT || taken == 0 {
            return None;
        }
        let job = self.jobs.get_mut(&id)?;
        let start = job.run.end.saturating_sub(taken);
        let run = start..job.run.end;
        (job.run.end, job.is_cut) = (start, true);
        Some(run)
    }

    /// How many leaves of a job are not done. They come in order, so these are its last.
    fn left_of(&self, id: JobId, job: &Job) -> usize {
        let run = self.leaves.get(job.run.clone()).unwrap_or_default();
        run.iter().filter(|leaf| **leaf == Leaf::Taken(id)).count()
    }

    /// How many leaves a job has ahead of it. What it wrote is done when the segment that it is in is
    /// verified: who would take that over fetched it again. Whoever does not come to that end loses all.
    fn ahead_of(&self, id: JobId, job: &Job, now: Duration) -> usize {
        let left = self.left_of(id, job);
        if now.saturating_sub(job.last) > SEGMENT_LASTS {
            return left;
        }
        let written = usize::try_from(job.wrote / LEAF).unwrap_or(usize::MAX);
        left.min(job.run.len().saturating_sub(written).max(1))
    }

    /// How long a leaf of a job takes. As long as nothing came, it is as its source was before, or
    /// slower.
    fn pace_of(&self, job: &Job, now: Duration) -> Duration {
        let known = self.sources.get(&job.source).and_then(|known| known.pace).unwrap_or_default();
        if job.wrote == 0 { job.pace(now).max(known) } else { job.pace(now) }
    }
}

impl Job {
    fn pace(&self, now: Duration) -> Duration {
        let lasted = now.saturating_sub(self.begun).as_micros();
        let pace = lasted.saturating_mul(LEAF.into()).checked_div(self.wrote.max(LEAF / 4).into());
        let micros = pace.and_then(|pace| u64::try_from(pace).ok());
        Duration::from_micros(micros.unwrap_or(u64::MAX))
    }
}

/// How many of so many leaves who takes `mine` for each does, while another who takes `theirs` does the
/// rest. Of equals, neither takes the other's last.
fn part(left: usize, theirs: Duration, mine: Duration) -> usize {
    let (theirs, mine) = (theirs.as_micros(), mine.as_micros());
    let both = theirs.saturating_add(mine).max(1);
    let twice = (left as u128).saturating_mul(theirs).saturating_mul(2);
    let rounded = twice.saturating_add(both).saturating_sub(1).checked_div(both.saturating_mul(2));
    rounded.and_then(|part| usize::try_from(part).ok()).unwrap_or(left).min(left)
}

fn leaf_of(offset: u64) -> usize {
    usize::try_from(offset / LEAF).unwrap_or(usize::MAX)
}

const LEAF: u64 = LEAF_BYTES as u64;
/// Longer than a segment goes on, and its record is under way.
const SEGMENT_LASTS: Duration = Duration::from_secs(5);
/// So long a job is to last.
const JOB_LASTS: Duration = Duration::from_secs(4);
/// The first job of a source of which nothing is known, in leaves.
const FIRST: usize = 8;
/// The smallest, where there is more.
const LEAST: usize = 4;
/// What lasts shorter is not taken over.
const WORTH_IT: Duration = Duration::from_secs(1);

#[cfg(test)]
#[path = "../../../test/unit/spread_plan.rs"]
mod tests;
