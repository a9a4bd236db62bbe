//! The sending side's desk: what is sealed next, what leaves again, which records are to be signed.

use super::StreamError;
use crate::codec::closed;
use crate::link::flow::Meter;
use crate::link::lane::{Desk, LaneEnd, Pipe};
use crate::seal::{
    CHUNK_BYTES, ChunkHead, ChunkSealer, SealError, Sealer, Source, Turn, UnsignedRecord,
};
use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// What all who carry chunks of a stream share.
pub(super) struct Outbound {
    state: Mutex<State>,
    /// Threads of lanes wait here for work.
    work: Condvar,
    /// The channel's task waits here for the same.
    bell: Notify,
    chunks: ChunkSealer,
    source: Arc<dyn Source + Send + Sync>,
    meter: Meter,
    /// Of data, each chunk once.
    sealed_bytes: AtomicU64,
    moved_bytes: AtomicU64,
}

struct State {
    sealer: Sealer,
    /// Chunks that the receiver misses: for the channel, since lanes may lose them again.
    again: BTreeSet<u32>,
    /// Records that wait for their signature, in order.
    records: VecDeque<UnsignedRecord>,
    end: End,
    failed: Option<StreamError>,
    is_over: bool,
    /// Threads that wait for work.
    waiting: u32,
}

/// Whether all is sealed, so that the final record can be made; the clerk is told once.
#[derive(PartialEq, Eq)]
enum End {
    Ahead,
    Reached,
    Told,
}

/// A chunk on its way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outgoing {
    /// For the first time.
    First(u32),
    /// Since a lane may have lost it.
    Again(u32),
}

/// What the clerk of the channel does next.
pub(super) enum Paper {
    /// Signs and sends this.
    Sign(UnsignedRecord),
    /// Looks at the sources again, and makes the final record.
    Finish,
}

enum Next {
    Chunk(u32),
    Wait,
    Over,
}

impl Outbound {
    pub(super) fn new(sealer: Sealer, source: Arc<dyn Source + Send + Sync>) -> Self {
        let chunks = sealer.chunks();
        let state = State {
            sealer,
            again: BTreeSet::new(),
            records: VecDeque::new(),
            end: End::Ahead,
            failed: None,
            is_over: false,
            waiting: 0,
        };
        Self {
            state: Mutex::new(state),
            work: Condvar::new(),
            bell: Notify::new(),
            chunks,
            source,
            meter: Meter::free(),
            sealed_bytes: AtomicU64::new(0),
            moved_bytes: AtomicU64::new(0),
        }
    }

    /// It leaves as this lets it.
    pub(super) fn with_meter(self, meter: Meter) -> Self {
        Self { meter, ..self }
    }

    /// Waits until so many bytes may leave on the channel. What is held back does not stand still.
    pub(super) async fn pass(&self, bytes: usize) {
        self.meter.pass(bytes, || self.move_by(A_LOOK)).await;
    }

    /// A chunk to seal now, if there is one.
    pub(super) fn try_next(&self) -> Option<Outgoing> {
        match self.next(&mut self.state()) {
            Next::Chunk(index) => Some(Outgoing::First(index)),
            Next::Wait | Next::Over => None,
        }
    }

    /// A chunk that leaves again, on the channel.
    pub(super) fn try_again(&self) -> Option<Outgoing> {
        let mut state = self.state();
        while let Some(index) = state.again.pop_first() {
            if state.sealer.is_under_way(index) {
                return Some(Outgoing::Again(index));
            }
        }
        None
    }

    /// Waits for something that may come to be with any news.
    pub(super) async fn when<T>(&self, mut ready: impl FnMut(&Self) -> Option<T>) -> T {
        loop {
            // Made before looking: news in between is not missed.
            let rung = self.bell.notified();
            if let Some(found) = ready(self) {
                return found;
            }
            rung.await;
        }
    }

    /// What ended the stream on a lane's thread.
    pub(super) fn failure(&self) -> Option<StreamError> {
        let mut state = self.state();
        let failed = state.failed.take();
        state.is_over |= failed.is_some();
        failed
    }

    /// Seals a chunk, ready for the channel; nothing when the receiver got it meanwhile.
    pub(super) fn seal(
        &self,
        chunk: Outgoing,
    ) -> Result<Option<(ChunkHead, Vec<u8>)>, StreamError> {
        let mut buffer = vec![0; CHUNK_BYTES];
        let sealed = self.seal_at(chunk, &mut buffer)?;
        Ok(sealed.map(|(head, length)| {
            buffer.truncate(length);
            (head, buffer)
        }))
    }

    /// What there is to sign or to finish.
    pub(super) fn paper(&self) -> Option<Paper> {
        let mut state = self.state();
        let record = state.records.pop_front().map(Paper::Sign);
        if record.is_some() || state.end != End::Reached {
            return record;
        }
        state.end = End::Told;
        Some(Paper::Finish)
    }

    /// Makes the final record. Looks at every source first, without the lock.
    pub(super) fn finish(&self) -> Result<UnsignedRecord, StreamError> {
        let last_look = self.state().sealer.last_look()?;
        let unchanged = last_look.look(&WhileNeeded(self))?;
        Ok(self.state().sealer.take_final_record(unchanged)?)
    }

    /// Ends the segment under way, so that a slow line has a record every few seconds.
    pub(super) fn close_segment(&self) {
        self.state().sealer.close_segment();
        self.ring();
    }

    /// The receiver verified a segment.
    pub(super) fn acknowledge(&self, segment: u32) -> Result<(), StreamError> {
        let acknowledged = self.state().sealer.acknowledge(segment);
        if acknowledged.is_ok() {
            self.move_by(CHUNK_BYTES);
        }
        self.ring();
        match acknowledged {
            Err(SealError::OutOfTurn(_)) => Err(StreamError::Unexpected),
            other => Ok(other?),
        }
    }

    /// The receiver misses chunks: they leave again, once each, if they ever left and it has not
    /// got them meanwhile.
    pub(super) fn send_again(&self, chunks: &[u32]) {
        let mut state = self.state();
        for index in chunks {
            if state.sealer.is_under_way(*index) {
                state.again.insert(*index);
            }
        }
        drop(state);
        self.ring();
    }

    /// Gives the ids of entries of which only parts are sent: reads all of each.
    pub(super) fn find_ids(&self) -> Result<(), StreamError> {
        let missing = self.state().sealer.missing_ids();
        for entry in missing {
            let id = self.chunks.content_id(entry, &WhileNeeded(self))?;
            self.state().sealer.give_id(entry, id);
        }
        self.ring();
        Ok(())
    }

    /// How many bytes of data were sealed.
    pub(super) fn sealed_bytes(&self) -> u64 {
        self.sealed_bytes.load(Ordering::Relaxed)
    }

    /// How many bytes lanes took or were read for their ids; a segment that was verified counts as a
    /// chunk.
    pub(super) fn moved_bytes(&self) -> u64 {
        self.moved_bytes.load(Ordering::Relaxed)
    }

    pub(super) fn move_by(&self, bytes: usize) {
        self.moved_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// What is held back does not stand still, as long as it is needed.
    fn is_held(&self) -> bool {
        self.move_by(A_LOOK);
        self.still_needed().is_ok()
    }

    fn still_needed(&self) -> io::Result<()> {
        if self.state().is_over { Err(io::ErrorKind::Interrupted.into()) } else { Ok(()) }
    }

    /// Nobody carries any more.
    pub(super) fn end(&self) {
        self.state().is_over = true;
        self.ring();
    }

    fn next(&self, state: &mut State) -> Next {
        if state.is_over || state.failed.is_some() {
            return Next::Over;
        }
        loop {
            let turn = state.sealer.turn().and_then(|turn| {
                if turn == Turn::EndSegment {
                    let record = state.sealer.take_record()?;
                    state.records.push_back(record);
                }
                Ok(turn)
            });
            return match turn {
                Ok(Turn::Chunk(index)) => Next::Chunk(index),
                Ok(Turn::EndSegment) => {
                    self.bell.notify_waiters();
                    continue;
                }
                Ok(Turn::Finish) => {
                    // Whoever is woken by this asks again, so it must not ring each time.
                    if state.end == End::Ahead {
                        state.end = End::Reached;
                        self.bell.notify_waiters();
                    }
                    Next::Wait
                }
                Ok(Turn::Wait | Turn::Ids | Turn::Done) => Next::Wait,
                Err(error) => {
                    state.failed = Some(error.into());
                    self.bell.notify_waiters();
                    Next::Over
                }
            };
        }
    }

    /// Waits on a thread of its own for the next chunk; none when the stream is over.
    fn wait_for_next(&self) -> Option<u32> {
        let mut state = self.state();
        loop {
            match self.next(&mut state) {
                Next::Chunk(index) => {
                    if state.waiting > 0 {
                        self.work.notify_one();
                    }
                    return Some(index);
                }
                Next::Over => return None,
                Next::Wait => {
                    state.waiting = state.waiting.saturating_add(1);
                    state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
                    state.waiting = state.waiting.saturating_sub(1);
                }
            }
        }
    }

    fn fail(&self, error: StreamError) {
        self.state().failed.get_or_insert(error);
        self.ring();
    }

    /// A chunk that is sealed may be the last that a segment lacked; whoever waits finds out, while
    /// the one that sealed it writes.
    fn wake_one(&self) {
        if self.state().waiting > 0 {
            self.work.notify_one();
        }
    }

    fn ring(&self) {
        self.work.notify_all();
        self.bell.notify_waiters();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Seals a chunk in a buffer; nothing when the receiver got it meanwhile, which happens to
    /// chunks that were to leave again.
    fn seal_at(
        &self,
        chunk: Outgoing,
        buffer: &mut [u8],
    ) -> Result<Option<(ChunkHead, usize)>, StreamError> {
        let (Outgoing::First(index) | Outgoing::Again(index)) = chunk;
        match self.chunks.seal(index, &*self.source, buffer) {
            Ok((head, sealed)) => {
                let length = sealed.len();
                self.wake_one();
                if matches!(chunk, Outgoing::First(_)) && self.chunks.is_data(index) {
                    self.sealed_bytes.fetch_add(length as u64, Ordering::Relaxed);
                }
                Ok(Some((head, length)))
            }
            Err(SealError::OutOfTurn(_)) if !self.state().sealer.is_under_way(index) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Seals a chunk behind room for its head, and puts the head there; empty when it is not needed.
    fn seal_into<'b>(&self, index: u32, buffer: &'b mut [u8]) -> Result<&'b [u8], StreamError> {
        let (room, body) = buffer.split_at_mut_checked(ChunkHead::BYTES).unwrap_or_default();
        let sealed = self.seal_at(Outgoing::First(index), body)?;
        let Some((head, length)) = sealed else { return Ok(&[]) };
        room.copy_from_slice(&closed::encode(&head));
        Ok(buffer.get(..length.saturating_add(ChunkHead::BYTES)).unwrap_or_default())
    }
}

impl Outbound {
    /// Writes all of a chunk, and counts what the pipe takes while it takes it: a slow line is not a
    /// still one.
    fn write(&self, pipe: &mut dyn Pipe, mut chunk: &[u8]) -> io::Result<()> {
        let mut may_leave = 0_usize;
        while !chunk.is_empty() {
            if may_leave == 0 {
                may_leave = self.meter.slice(chunk.len());
                if !self.meter.pass_or_stop(may_leave, || self.is_held()) {
                    return Err(io::ErrorKind::Interrupted.into());
                }
            }
            match pipe.write(chunk.get(..may_leave).unwrap_or(chunk)) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    self.move_by(count);
                    may_leave = may_leave.saturating_sub(count);
                    chunk = chunk.get(count..).unwrap_or_default();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// The source of a stream, as long as that goes on: reading a large file to its end must not
/// outlive it.
struct WhileNeeded<'d>(&'d Outbound);

impl Source for WhileNeeded<'_> {
    fn read(&self, entry: u32, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.read_for_id(entry, offset, buffer)
    }

    fn read_for_id(&self, entry: u32, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let Self(desk) = self;
        desk.still_needed()?;
        desk.source.read_for_id(entry, offset, buffer)?;
        desk.move_by(buffer.len());
        Ok(())
    }

    fn is_unchanged(&self, entry: u32) -> io::Result<bool> {
        let Self(desk) = self;
        desk.still_needed()?;
        desk.move_by(A_LOOK);
        desk.source.is_unchanged(entry)
    }
}

impl Desk for Outbound {
    fn carry(&self, pipe: &mut dyn Pipe) -> LaneEnd {
        let mut buffer = vec![0; ChunkHead::BYTES + CHUNK_BYTES];
        while let Some(index) = self.wait_for_next() {
            match self.seal_into(index, &mut buffer) {
                Ok(chunk) => {
                    if self.write(pipe, chunk).is_err() {
                        self.send_again(&[index]);
                        return LaneEnd::Broken;
                    }
                }
                Err(error) => {
                    self.fail(error);
                    return LaneEnd::Over;
                }
            }
        }
        LaneEnd::Over
    }
}

impl fmt::Debug for Outbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outbound")
    }
}

/// What looking at a file counts as: with 100,000 of them on a slow disk, it takes a while.
const A_LOOK: usize = 4096;
