//! Taking in the data of a stream whose offer was accepted.

use super::frames::{chunk, next, read};
use super::inbound::Inbound;
use super::missing::Missing;
use super::receive::Decided;
use super::report::Report;
use super::stall::until_stalled;
use super::{StreamError, Streams};
use crate::link::StreamFrames;
use crate::link::lane::Joint;
use crate::model::Task;
use crate::model::limits::MISSING_CHUNKS;
use crate::seal::VerifiedSegment;
use crate::wire::{
    ChunksMissing, Frame, Kind, MissingChunks, Outcome, ReceiverState, SegmentVerified,
    StreamAccept, StreamRecord,
};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};

/// A stream whose data comes.
pub(super) struct Taking<'s> {
    pub(super) streams: &'s Streams,
    pub(super) stream: u32,
    pub(super) joint: &'s Arc<Joint>,
    pub(super) desk: Arc<Inbound>,
    pub(super) has_lanes: bool,
    pub(super) data_length: u64,
    pub(super) reading_time: Duration,
}

impl Taking<'_> {
    pub(super) async fn run(
        &self,
        frames: StreamFrames,
        decided: Decided,
        progress: &mut Task,
    ) -> Result<(), StreamError> {
        // Whether or not this side wants lanes, the other may have dialled some.
        self.joint.begin(Arc::clone(&self.desk) as Arc<_>);
        if decided == Decided::Now {
            self.streams.tell(&StreamAccept { stream: self.stream })?;
        }
        let mut report = Report::of(progress);
        let taken = tokio::select! {
            done = self.tell_what_is_held() => done,
            error = self.listen(frames) => Err(error),
            error = self.ask_for_the_missing() => Err(error),
            error = self.watch() => Err(error),
            () = report.follow(|| self.desk.opened_bytes()) => Err(StreamError::Stopped),
            () = self.streams.keep_lanes(self.stream, self.joint, self.has_lanes) => {
                Err(StreamError::Stopped)
            }
        };
        report.tell(self.desk.opened_bytes());
        // What lanes still write must not hold up a thread that others need.
        let desk = Arc::clone(&self.desk);
        spawn_blocking(move || desk.end()).await.map_err(|_| StreamError::Stopped)?;
        taken
    }

    /// Tells of each segment that verified, up to the last, when the place holds it. A sender that hears
    /// nothing gives up after `stalled`: a disk that takes long does not let it wait for all of that.
    async fn tell_what_is_held(&self) -> Result<(), StreamError> {
        let deadlines = self.streams.conversation.deadlines();
        let longest = deadlines.stalled.checked_div(2).unwrap_or_default();
        loop {
            let VerifiedSegment { number, is_final, .. } = self.desk.next_told(longest).await?;
            self.streams.tell(&SegmentVerified { stream: self.stream, segment: number })?;
            if is_final {
                return Ok(());
            }
        }
    }

    /// Takes what the sender says and the chunks that ride the channel.
    async fn listen(&self, mut frames: StreamFrames) -> StreamError {
        loop {
            if let Err(error) = self.take(next(&mut frames, in_turn).await).await {
                return error;
            }
        }
    }

    async fn take(&self, frame: Result<Frame, StreamError>) -> Result<(), StreamError> {
        let frame = frame?;
        let desk = Arc::clone(&self.desk);
        let taken = match frame.kind {
            Kind::StreamChunk => {
                let (head, mut data) = chunk(&frame)?;
                desk.pass(data.len()).await;
                spawn_blocking(move || desk.take_from_channel(&head, &mut data)).await
            }
            Kind::StreamRecord => {
                let StreamRecord { record, .. } = read(&frame)?;
                spawn_blocking(move || desk.record(&record)).await
            }
            _ => return Err(StreamError::Unexpected),
        };
        taken.unwrap_or(Err(StreamError::Stopped))
    }

    /// When a record is there and chunks are not: asks for them when they must be lost.
    async fn ask_for_the_missing(&self) -> StreamError {
        let deadlines = self.streams.conversation.deadlines();
        let longest = deadlines.stalled.checked_div(2).unwrap_or_default();
        let mut rule = Missing::new(Instant::now(), deadlines.progress_bytes, longest);
        loop {
            sleep(LOOK).await;
            let (tally, missing) = (self.joint.tally(), self.desk.missing());
            let chosen = rule.ask_now(Instant::now(), &tally, self.desk.heard_bytes(), &missing);
            for chunks in chosen.chunks(MISSING_CHUNKS) {
                if let Err(error) = self.ask_for(chunks) {
                    return error;
                }
            }
        }
    }

    fn ask_for(&self, chunks: &[u32]) -> Result<(), StreamError> {
        let chunks = MissingChunks::new(chunks.to_vec()).map_err(|_| StreamError::Unexpected)?;
        self.streams.tell(&ChunksMissing { stream: self.stream, chunks })
    }

    /// How many bytes came that are wanted. On the channel a chunk may be long on its way, so what
    /// came of it counts already.
    fn came(&self) -> u64 {
        self.desk.heard_bytes().saturating_add(self.streams.conversation.traffic().came())
    }

    /// Ends a stream in which nothing moves. When all data is there, its sender may still be reading
    /// the rest of the entries of which it sent parts, for their ids.
    async fn watch(&self) -> StreamError {
        let deadlines = self.streams.conversation.deadlines();
        let patience = || match self.desk.opened_bytes() < self.data_length {
            true => deadlines.stalled,
            false => deadlines.stalled.saturating_add(self.reading_time),
        };
        until_stalled(deadlines.progress_bytes, patience, || self.came()).await;
        StreamError::Stalled
    }
}

fn in_turn(kind: Kind) -> Outcome {
    ReceiverState::Running.outcome(kind)
}

const LOOK: Duration = Duration::from_millis(100);
