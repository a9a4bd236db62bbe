//! The receiving side's desk: what may come, what came, what is verified.

use super::StreamError;
use super::untold::{Next, Untold, Word};
use crate::codec::closed;
use crate::link::flow::Meter;
use crate::link::lane::{Desk, LaneEnd, Pipe};
use crate::seal::{
    CHUNK_BYTES, ChunkHead, ChunkOpener, OpenedChunk, OpenedStream, Opener, Passed, Record,
    Refusal, VerifiedSegment,
};
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;
use tokio::time::sleep_until;

/// Where the bytes of entries go, from many threads at once: private places, since nothing is
/// proven before the stream is at its end.
pub trait Destination: Send + Sync + 'static {
    /// Writes an entry's bytes from `offset` on. Blocks a thread, and must not need the runtime: the
    /// end of a stream waits for it.
    fn put(&self, entry: u32, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// This became whole, and it is part of a segment whose verification is about to be told. Must
    /// not block.
    fn passed(&self, _passed: Passed) {}

    /// All that was told to have passed is verified. Its sender goes on when the word is dropped: at
    /// once, or when what passed is durable, so that no more is lost than what is open. Must not block.
    fn verified(&self, _segment: &VerifiedSegment, _word: Word) {}
}

/// What all who carry chunks of a stream share.
pub(super) struct Inbound {
    state: Mutex<State>,
    chunks: ChunkOpener,
    destination: Arc<dyn Destination>,
    untold: Arc<Untold>,
    meter: Meter,
    opened_bytes: AtomicU64,
    heard_bytes: AtomicU64,
    is_over: RwLock<bool>,
}

struct State {
    opener: Option<Opener>,
    failed: Option<StreamError>,
}

/// Whose fault it is that a chunk is not taken.
enum Fault {
    /// That of whoever brought it, which may be anybody.
    Bearer(Refusal),
    /// That of the sender, or our own.
    Stream(StreamError),
}

impl Inbound {
    pub(super) fn new(opener: Opener, destination: Arc<dyn Destination>) -> Self {
        let told = Arc::clone(&destination);
        let opener = opener.on_passed(move |passed| told.passed(passed));
        let chunks = opener.chunks();
        let state = State { opener: Some(opener), failed: None };
        Self {
            state: Mutex::new(state),
            chunks,
            destination,
            untold: Arc::default(),
            meter: Meter::free(),
            opened_bytes: AtomicU64::new(0),
            heard_bytes: AtomicU64::new(0),
            is_over: RwLock::new(false),
        }
    }

    /// It comes as this lets it.
    pub(super) fn with_meter(self, meter: Meter) -> Self {
        Self { meter, ..self }
    }

    /// Waits until so many bytes of the channel may be taken. What is held back does not stand still.
    pub(super) async fn pass(&self, bytes: usize) {
        self.meter.pass(bytes, || self.hear(HELD)).await;
    }

    /// Takes a chunk off the channel, where whatever is wrong with it is the sender's fault.
    pub(super) fn take_from_channel(
        &self,
        head: &ChunkHead,
        data: &mut [u8],
    ) -> Result<(), StreamError> {
        if self.chunks.settled(head).is_some() {
            return Ok(());
        }
        self.hear(data.len());
        self.take(head, data).map_err(|fault| match fault {
            Fault::Bearer(refusal) => refusal.into(),
            Fault::Stream(error) => error,
        })
    }

    /// Takes a record.
    pub(super) fn record(&self, record: &Record) -> Result<(), StreamError> {
        self.hear(CHUNK_BYTES);
        let mut state = self.state();
        let opener = state.opener.as_mut().ok_or(StreamError::Unexpected)?;
        opener.record(record)?;
        self.advance(&mut state)
    }

    /// What is held back does not stand still, as long as it is wanted.
    fn is_held(&self) -> bool {
        self.hear(HELD);
        !*self.is_over.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_awaited(&self, index: u32) -> bool {
        self.state().opener.as_ref().is_some_and(|opener| opener.is_awaited(index))
    }

    /// The chunks that a record covers and that have not come.
    pub(super) fn missing(&self) -> Vec<u32> {
        self.state().opener.as_ref().map(Opener::missing).unwrap_or_default()
    }

    /// Ends the stream, behind its final record.
    pub(super) fn finish(&self) -> Result<OpenedStream, StreamError> {
        let opener = self.state().opener.take();
        Ok(opener.ok_or(Refusal::Cut)?.finish()?)
    }

    /// Waits for a segment of which the sender is to be told: it verified, and is held or has waited for
    /// so long.
    pub(super) async fn next_told(
        &self,
        longest: Duration,
    ) -> Result<VerifiedSegment, StreamError> {
        loop {
            if let Some(error) = self.state().failed.take() {
                return Err(error);
            }
            match self.untold.next(longest) {
                Next::Tell(segment) => return Ok(segment),
                Next::NotBefore(until) => tokio::select! {
                    () = self.untold.bell.notified() => {}
                    () = sleep_until(until) => {}
                },
                Next::Nothing => self.untold.bell.notified().await,
            }
        }
    }

    /// How many bytes of data were taken.
    pub(super) fn opened_bytes(&self) -> u64 {
        self.opened_bytes.load(Ordering::Relaxed)
    }

    /// How many bytes came of chunks that are still wanted, those of the chunks under way too; a record
    /// counts as a chunk.
    pub(super) fn heard_bytes(&self) -> u64 {
        self.heard_bytes.load(Ordering::Relaxed)
    }

    fn hear(&self, bytes: usize) {
        self.heard_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    fn take(&self, head: &ChunkHead, data: &mut [u8]) -> Result<(), Fault> {
        let opened = match self.chunks.open(head, data) {
            Ok(opened) => opened,
            // Its other copy was verified in this moment.
            Err(Refusal::ChunkShape) if self.chunks.settled(head).is_some() => return Ok(()),
            Err(refusal) => return Err(Fault::of(refusal)),
        };
        let length = self.put(&opened)?;
        let mut state = self.state();
        let opener = state.opener.as_mut().ok_or(Fault::Stream(StreamError::Stopped))?;
        if opener.is_awaited(head.index) {
            self.opened_bytes.fetch_add(length, Ordering::Relaxed);
        }
        opener.accept(opened.into_receipt()).map_err(|refusal| Fault::Stream(refusal.into()))?;
        self.advance(&mut state).map_err(Fault::Stream)
    }

    /// Writes the pieces of a chunk, unless the stream is over; gives their length.
    fn put(&self, opened: &OpenedChunk<'_>) -> Result<u64, Fault> {
        let mut length: u64 = 0;
        let is_over = self.is_over.read().unwrap_or_else(PoisonError::into_inner);
        if *is_over {
            return Err(Fault::Stream(StreamError::Stopped));
        }
        for (piece, bytes) in opened.pieces() {
            let put = self.destination.put(piece.entry, piece.offset, bytes);
            put.map_err(|error| Fault::Stream(StreamError::Place(error)))?;
            length = length.saturating_add(bytes.len() as u64);
        }
        Ok(length)
    }

    /// Nothing is written from now on: what lies in a lane must not reach a place that the next
    /// stream writes to, or a file that has its name. Waits for the writes under way.
    pub(super) fn end(&self) {
        *self.is_over.write().unwrap_or_else(PoisonError::into_inner) = true;
    }

    /// Verifies the segments that are complete.
    fn advance(&self, state: &mut State) -> Result<(), StreamError> {
        while let Some(segment) = state.opener.as_mut().map(Opener::advance).transpose()?.flatten()
        {
            self.destination.verified(&segment, self.untold.push(segment));
        }
        Ok(())
    }

    fn fail(&self, error: StreamError) {
        self.state().failed.get_or_insert(error);
        self.untold.bell.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads all of `bytes`, and counts what comes while it comes, if it is wanted: on a slow line a
    /// chunk takes long.
    fn read(
        &self,
        pipe: &mut dyn Pipe,
        mut bytes: &mut [u8],
        is_wanted: bool,
    ) -> Result<(), LaneEnd> {
        let mut may_come = 0_usize;
        while !bytes.is_empty() {
            if may_come == 0 {
                may_come = self.meter.slice(bytes.len());
                if !self.meter.pass_or_stop(may_come, || self.is_held()) {
                    return Err(LaneEnd::Over);
                }
            }
            let room = may_come.min(bytes.len());
            match pipe.read(bytes.get_mut(..room).unwrap_or_default()) {
                Ok(0) => return Err(LaneEnd::Broken),
                Ok(count) => {
                    may_come = may_come.saturating_sub(count);
                    self.hear(if is_wanted { count } else { 0 });
                    bytes = bytes.get_mut(count..).unwrap_or_default();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Err(LaneEnd::Broken),
            }
        }
        Ok(())
    }

    /// Reads one chunk off a lane; its bytes only if it may come.
    fn take_from_lane(&self, pipe: &mut dyn Pipe, buffer: &mut [u8]) -> Result<(), LaneEnd> {
        let mut head = [0; ChunkHead::BYTES];
        self.read(pipe, &mut head, false)?;
        let condemned = LaneEnd::Condemned;
        let head: ChunkHead = closed::decode(&head).map_err(|_| condemned)?;
        let settled = self.chunks.settled(&head);
        let length = settled.map_or_else(|| self.chunks.expect(&head), Ok);
        let data = buffer.get_mut(..length.map_err(|_| condemned)?).ok_or(condemned)?;
        let is_wanted = settled.is_none() && self.is_awaited(head.index);
        self.read(pipe, data, is_wanted)?;
        if settled.is_some() {
            return Ok(());
        }
        self.take(&head, data).map_err(|fault| match fault {
            Fault::Bearer(_) => condemned,
            Fault::Stream(error) => {
                self.fail(error);
                LaneEnd::Over
            }
        })
    }
}

impl Desk for Inbound {
    fn carry(&self, pipe: &mut dyn Pipe) -> LaneEnd {
        let mut buffer = vec![0; CHUNK_BYTES];
        loop {
            if let Err(end) = self.take_from_lane(pipe, &mut buffer) {
                return end;
            }
        }
    }
}

impl Fault {
    /// A chunk that is out of place or altered may be anybody's; two that verify are the sender's.
    fn of(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Tag | Refusal::ChunkShape => Self::Bearer(refusal),
            other => Self::Stream(other.into()),
        }
    }
}

impl fmt::Debug for Inbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Inbound")
    }
}

/// What a wait for a limit of ours counts as.
const HELD: usize = 4096;
