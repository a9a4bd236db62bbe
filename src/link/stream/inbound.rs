//! The receiving side's desk: what may come, what came, what is verified.

use super::StreamError;
use crate::codec::closed;
use crate::link::lane::{Desk, LaneEnd, Pipe};
use crate::seal::{
    CHUNK_BYTES, ChunkHead, ChunkOpener, OpenedStream, Opener, Record, Refusal, VerifiedSegment,
};
use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Where the bytes of entries go, from many threads at once: private places, since nothing is
/// proven before the stream is at its end.
pub trait Place: Send + Sync + 'static {
    /// Writes an entry's bytes from `offset` on.
    fn put(&self, entry: u32, offset: u64, bytes: &[u8]) -> io::Result<()>;
}

/// What all who carry chunks of a stream share.
pub(super) struct Inbound {
    state: Mutex<State>,
    chunks: ChunkOpener,
    place: Arc<dyn Place>,
    bell: Notify,
    opened_bytes: AtomicU64,
    heard_bytes: AtomicU64,
}

struct State {
    opener: Option<Opener>,
    /// Segments that verified, of which the sender is to be told.
    verified: VecDeque<VerifiedSegment>,
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
    pub(super) fn new(opener: Opener, place: Arc<dyn Place>) -> Self {
        let chunks = opener.chunks();
        let state = State { opener: Some(opener), verified: VecDeque::new(), failed: None };
        let (bell, opened_bytes, heard_bytes) =
            (Notify::new(), AtomicU64::new(0), AtomicU64::new(0));
        Self { state: Mutex::new(state), chunks, place, bell, opened_bytes, heard_bytes }
    }

    /// Takes a chunk off the channel, where whatever is wrong with it is the sender's fault.
    pub(super) fn take_from_channel(
        &self,
        head: &ChunkHead,
        data: &mut [u8],
    ) -> Result<(), StreamError> {
        self.hear(data.len());
        if self.chunks.settled(head).is_some() {
            return Ok(());
        }
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

    fn verified(&self) -> Result<Option<VerifiedSegment>, StreamError> {
        let mut state = self.state();
        match state.failed.take() {
            Some(error) => Err(error),
            None => Ok(state.verified.pop_front()),
        }
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

    /// Waits for a segment that verified.
    pub(super) async fn next_verified(&self) -> Result<VerifiedSegment, StreamError> {
        loop {
            match self.verified().transpose() {
                Some(news) => return news,
                None => self.bell.notified().await,
            }
        }
    }

    /// How many bytes of chunks were taken.
    pub(super) fn opened_bytes(&self) -> u64 {
        self.opened_bytes.load(Ordering::Relaxed)
    }

    /// How many bytes came, those of chunks that are not complete too; a record counts as a chunk.
    pub(super) fn heard_bytes(&self) -> u64 {
        self.heard_bytes.load(Ordering::Relaxed)
    }

    fn hear(&self, bytes: usize) {
        self.heard_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    fn take(&self, head: &ChunkHead, data: &mut [u8]) -> Result<(), Fault> {
        let opened = self.chunks.open(head, data).map_err(Fault::of)?;
        for (piece, bytes) in opened.pieces() {
            let put = self.place.put(piece.entry, piece.offset, bytes);
            put.map_err(|error| Fault::Stream(StreamError::Place(error)))?;
        }
        self.opened_bytes.fetch_add(u64::from(head.length), Ordering::Relaxed);
        let mut state = self.state();
        let opener = state.opener.as_mut().ok_or(Fault::Stream(StreamError::Stopped))?;
        opener.accept(opened.into_receipt()).map_err(|refusal| Fault::Stream(refusal.into()))?;
        self.advance(&mut state).map_err(Fault::Stream)
    }

    /// Verifies the segments that are complete.
    fn advance(&self, state: &mut State) -> Result<(), StreamError> {
        while let Some(segment) = state.opener.as_mut().map(Opener::advance).transpose()?.flatten()
        {
            state.verified.push_back(segment);
            self.bell.notify_one();
        }
        Ok(())
    }

    fn fail(&self, error: StreamError) {
        self.state().failed.get_or_insert(error);
        self.bell.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads all of `bytes`, and counts what comes while it comes: on a slow line a chunk takes long.
    fn read(&self, pipe: &mut dyn Pipe, mut bytes: &mut [u8]) -> Result<(), LaneEnd> {
        while !bytes.is_empty() {
            match pipe.read(bytes) {
                Ok(0) => return Err(LaneEnd::Broken),
                Ok(count) => {
                    self.hear(count);
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
        self.read(pipe, &mut head)?;
        let condemned = LaneEnd::Condemned(Refusal::ChunkShape);
        let head: ChunkHead = closed::decode(&head).map_err(|_| condemned)?;
        let settled = self.chunks.settled(&head);
        let length = settled.map_or_else(|| self.chunks.expect(&head), Ok);
        let data = buffer.get_mut(..length.map_err(LaneEnd::Condemned)?).ok_or(condemned)?;
        self.read(pipe, data)?;
        if settled.is_some() {
            return Ok(());
        }
        self.take(&head, data).map_err(|fault| match fault {
            Fault::Bearer(refusal) => LaneEnd::Condemned(refusal),
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
