//! One part from one source, in a stream of its own.

use super::plan::JobId;
use super::{Inner, Signed, Source, Spread, merger};
use crate::crypto::random;
use crate::link::{Arrived, Decided, Destination, Receiving, StreamFrames, Word};
use crate::model::content::LeafList;
use crate::model::limits::LEAF_BYTES;
use crate::model::{ByteRange, Ranges};
use crate::peer::Error;
use crate::peer::requests::{check, most_manifest};
use crate::peer::telling::silently;
use crate::seal::{Passed, VerifiedSegment};
use crate::wire::{Code, GetGrant};
use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

/// Where the bytes of a job go, as far as they still are this job's.
struct JobPlace {
    /// Threads that carried a stream may outlive it for a moment.
    spread: Weak<Inner>,
    job: JobId,
    list: Arc<LeafList>,
    /// Once it is, nothing of this job is written or passes any more.
    is_wrong: AtomicBool,
}

/// A job that is under way. Dropped, what did not come is open for others.
pub(super) struct Claim<'s> {
    inner: &'s Inner,
    job: JobId,
    run: Range<usize>,
    is_taken_over: bool,
    is_signed: bool,
}

impl<'s> Claim<'s> {
    pub(super) fn new(
        Spread(inner): &'s Spread,
        (job, run): (JobId, Range<usize>),
        is_taken_over: bool,
    ) -> Self {
        Self { inner, job, run, is_taken_over, is_signed: false }
    }

    /// The parts of the file that it is.
    pub(super) fn missing(&self) -> Result<Ranges, crate::model::Error> {
        let (size, Range { start, end }) = (self.inner.content.size(), self.run.clone());
        let part = ByteRange { start: offset(start), end: offset(end).min(size) };
        Ranges::new(size, if start == end { Vec::new() } else { vec![part] })
    }
}

impl Spread {
    /// Fetches a part, or until it is another's. Where others are served first, the part is given to others,
    /// and what is left then is fetched when it is our turn.
    pub(super) async fn carry(
        &self,
        source: &Source,
        claim: Claim<'_>,
        list: &Arc<LeafList>,
    ) -> Result<(), Error> {
        let challenge = random();
        let Some((mut claim, granted)) = self.ask(source, claim, challenge).await? else {
            return Ok(());
        };
        if claim.is_taken_over {
            self.await_writers().await?;
        }
        let (spread, list) = (Arc::downgrade(&self.0), Arc::clone(list));
        let is_wrong = AtomicBool::new(false);
        let place = Arc::new(JobPlace { spread, job: claim.job, list, is_wrong });
        let came = tokio::select! {
            // Begun in any case, so that the sender hears of it when it is given up.
            biased;
            came = self.fetch(source, (&claim, challenge), granted, &place) => came.map(Some),
            () = self.settled(&place) => Ok(None),
        };
        if place.is_wrong() {
            return Err(Error::NotAsked("a part of the file has other bytes"));
        }
        if let Some(arrived) = came? {
            self.keep(source, arrived, &place.list).await?;
            claim.is_signed = true;
        }
        Ok(())
    }

    async fn fetch(
        &self,
        source: &Source,
        (claim, challenge): (&Claim<'_>, [u8; 32]),
        (grant, frames): (GetGrant, StreamFrames),
        place: &Arc<JobPlace>,
    ) -> Result<Arrived, Error> {
        let wanted = [self.wanted(source)];
        let missing = [Some(claim.missing()?)];
        let conversation = source.streams.conversation();
        let receiving = Receiving {
            identity: Arc::clone(&self.0.sharer.identity),
            context: conversation.proven().context(&challenge),
            max_data: grant.data_length,
            max_manifest: most_manifest(wanted.len()),
        };
        let offer = source.streams.await_offer(frames, receiving).await?;
        if let Err(what) = check(offer.manifest(), &wanted, (&missing, &BTreeMap::new())) {
            offer.decline(Code::Unexpected, "");
            return Err(Error::NotAsked(what));
        }
        let place = Arc::clone(place);
        Ok(offer.accept(place, Decided::Before, silently()).await?)
    }

    /// Waits until what is coming is of no use any more: it is wrong, or another's. When all is here,
    /// who has brought a part has a moment to sign it.
    async fn settled(&self, place: &JobPlace) {
        let mut changes = self.0.changed.subscribe();
        while !place.is_wrong() && !self.0.plan().is_settled(place.job) {
            if self.is_over() {
                return sleep(MOMENT).await;
            }
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    /// Keeps what a source has signed, if it is this content. None of it has landed when its sender is
    /// told that this stream is at its end.
    async fn keep(
        &self,
        source: &Source,
        mut arrived: Arrived,
        list: &Arc<LeafList>,
    ) -> Result<(), Error> {
        let (inner, list, number) = (Arc::clone(&self.0), Arc::clone(list), source.number);
        let work = move || {
            let stream = arrived.stream();
            let whole = stream.proof(0).filter(|proof| proof.content() == inner.content);
            let proof = whole.or_else(|| stream.proof_of_merged(0, merger(&list)));
            let proof = proof.ok_or(Error::NotAsked("a file has another content"))?;
            // Should the sender not hear of it any more, it has sent it nevertheless.
            let _ = arrived.confirm(&[], inner.sharer.identity.signing(), inner.sharer.now());
            let stream = arrived.into_stream();
            inner.signed().insert(number, Signed { stream, proof });
            Ok(())
        };
        spawn_blocking(work).await?
    }
}

impl JobPlace {
    fn is_wrong(&self) -> bool {
        self.is_wrong.load(Ordering::Acquire)
    }
}

impl Destination for JobPlace {
    fn put(&self, _: u32, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let inner = self.spread.upgrade().ok_or(io::ErrorKind::BrokenPipe)?;
        let _writing = inner.writing.read().unwrap_or_else(PoisonError::into_inner);
        let is_ours = {
            let (mut plan, now) = (inner.plan(), inner.now());
            let is_ours = plan.owns(self.job, offset / LEAF);
            plan.wrote(self.job, if is_ours { bytes.len() as u64 } else { 0 }, now);
            is_ours
        };
        if !is_ours {
            return Ok(());
        }
        // What is not written must not pass either.
        if self.is_wrong() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        inner.batch.put(0, offset, bytes)?;
        inner.telling.advance(0, bytes.len() as u64);
        Ok(())
    }

    fn passed(&self, passed: Passed) {
        let (Some(inner), Passed::Leaf(leaf)) = (self.spread.upgrade(), passed) else { return };
        if self.is_wrong() {
            return;
        }
        if self.list.has(leaf.number, leaf.leaf) {
            // Held until the batch knows it, too: when all is done, it knows all.
            let mut plan = inner.plan();
            if plan.done(self.job, leaf.number) {
                inner.batch.passed(passed);
            }
        } else {
            self.is_wrong.store(true, Ordering::Release);
        }
        inner.changed.send_replace(());
    }

    fn verified(&self, _: &VerifiedSegment, word: Word) {
        if let Some(inner) = self.spread.upgrade() {
            inner.batch.hold(Some(word));
        }
    }
}

impl Drop for Claim<'_> {
    /// What is of the list is right, although nobody has signed for it: it is held before the segment that it
    /// came in is at its end, which may be all that came.
    fn drop(&mut self) {
        if !self.is_signed {
            self.inner.batch.hold(None);
        }
        let now = self.inner.now();
        self.inner.plan().end(self.job, self.is_signed, now);
        self.inner.changed.send_replace(());
    }
}

/// Where a leaf begins.
fn offset(leaf: usize) -> u64 {
    (leaf as u64).saturating_mul(LEAF)
}

const LEAF: u64 = LEAF_BYTES as u64;
/// So long a signature is waited for when all is here.
const MOMENT: Duration = Duration::from_secs(2);

#[cfg(test)]
#[path = "../../../test/unit/spread_job.rs"]
mod tests;
