//! Sending a stream: the header, the manifest, and then everything as the receiver lets it come.

use super::frames::{next, read};
use super::lanes::without_lanes;
use super::outbound::{Outbound, Outgoing, Paper};
use super::report::Report;
use super::stall::until_stalled;
use super::{Parting, StreamError, Streams};
use crate::codec::Blob;
use crate::crypto::{UnixTime, Verified};
use crate::link::StreamFrames;
use crate::link::lane::Joint;
use crate::model::Task;
use crate::seal::{Delivery, Header, Manifest, Record, Sealer, Source, Turn, UnsignedRecord};
use crate::wire::{
    ChunksMissing, Code, Kind, Message, Outcome, SegmentVerified, SenderState, StreamAccept,
    StreamAgain, StreamChunk, StreamDelivered, StreamHeader, StreamRecord,
};
use std::fmt;
use std::future::pending;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

/// How the receiver agrees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// By a word, when it has seen the manifest; for which it has so long.
    AfterManifest(Duration),
    /// It asked for this.
    Given,
}

/// What is to be sent, and how.
pub struct Sending {
    /// The stream, at its beginning.
    pub sealer: Sealer,
    /// Where the entries' bytes come from.
    pub source: Arc<dyn Source + Send + Sync>,
    /// How the receiver agrees.
    pub consent: Consent,
}

impl fmt::Debug for Sending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sending({:?})", self.sealer)
    }
}

/// What the receiver signed that it has.
#[derive(Debug)]
pub struct Sent {
    /// The proof of delivery.
    pub delivery: Verified<Delivery>,
    /// The numbers of the entries that landed.
    pub landed: Vec<u32>,
}

impl Streams {
    /// Sends a stream whose frames come from `frames`, and waits for the proof of its delivery.
    pub async fn send(
        &self,
        frames: StreamFrames,
        sending: Sending,
        progress: Task,
    ) -> Result<Sent, StreamError> {
        let never = |_: &Manifest, _: &StreamAgain| Err(StreamError::Unexpected);
        self.send_or_again(frames, sending, never, progress).await
    }

    /// The same; should the receiver have parts already, `again` makes the stream that carries the others.
    pub async fn send_or_again<A>(
        &self,
        mut frames: StreamFrames,
        sending: Sending,
        again: A,
        mut progress: Task,
    ) -> Result<Sent, StreamError>
    where
        A: FnOnce(&Manifest, &StreamAgain) -> Result<Sealer, StreamError> + Send + 'static,
    {
        let Sending { mut sealer, source, consent } = sending;
        let stream = frames.number();
        let joint = self.join(stream);
        let mut parting = Parting::new(&self.conversation, stream, &joint);
        let sent = async {
            self.introduce(&mut frames, &mut sealer, &*source).await?;
            if let Consent::AfterManifest(patience) = consent
                && let Some(asked) = await_word(&mut frames, &mut sealer, patience).await?
            {
                let make = move || again(sealer.manifest(), &asked);
                sealer = spawn_blocking(make).await.map_err(|_| StreamError::Stopped)??;
                self.introduce(&mut frames, &mut sealer, &*source).await?;
                // It begins again once.
                if await_word(&mut frames, &mut sealer, patience).await?.is_some() {
                    return Err(StreamError::Unexpected);
                }
            }
            self.followed.carries(sealer.manifest().data_length());
            let carrying = Carrying::new(self, stream, &joint, sealer, source);
            carrying.run(frames, &mut progress).await
        }
        .await;
        let sent = sent.map_err(|error| self.or_ended(error));
        parting.settle(&sent);
        if sent.is_ok() {
            progress.complete();
        }
        sent
    }

    /// Sends what comes before all data.
    async fn introduce(
        &self,
        frames: &mut StreamFrames,
        sealer: &mut Sealer,
        source: &(dyn Source + Send + Sync),
    ) -> Result<(), StreamError> {
        let stream = frames.number();
        tokio::select! {
            biased;
            said = self.say_manifest(stream, sealer, source) => said,
            // Whoever refuses the header wants no manifest.
            frame = next(frames, too_early) => Err(frame.err().unwrap_or(StreamError::Unexpected)),
            error = self.give_way(|| self.conversation.traffic().left()) => Err(error),
        }
    }

    /// The header, and the manifest with its record.
    async fn say_manifest(
        &self,
        stream: u32,
        sealer: &mut Sealer,
        source: &(dyn Source + Send + Sync),
    ) -> Result<(), StreamError> {
        let header = Blob::new(sealer.header().to_bytes()).map_err(|_| StreamError::Unexpected)?;
        self.tell(&StreamHeader { stream, header })?;
        loop {
            match sealer.turn()? {
                Turn::Chunk(index) => {
                    let mut buffer = vec![0; crate::seal::CHUNK_BYTES];
                    let (head, body) = sealer.chunks().seal(index, source, &mut buffer)?;
                    let length = body.len();
                    buffer.truncate(length);
                    self.send_chunk(stream, head, buffer).await?;
                }
                Turn::EndSegment => {
                    let record = self.sign(sealer.take_record()?).await?;
                    return self.tell(&StreamRecord { stream, record });
                }
                _ => return Err(StreamError::Unexpected),
            }
        }
    }

    /// Signs where computing holds up nobody.
    async fn sign(&self, record: UnsignedRecord) -> Result<Record, StreamError> {
        let signed = self.conversation.side().compute(move || record.sign()).await;
        Ok(signed.map_err(|_| StreamError::Stopped)?.map_err(crate::seal::SealError::from)?)
    }

    async fn send_chunk(
        &self,
        stream: u32,
        head: crate::seal::ChunkHead,
        body: Vec<u8>,
    ) -> Result<(), StreamError> {
        let chunk = StreamChunk::new(stream, head, body.into());
        let chunk = chunk.map_err(|_| StreamError::Unexpected)?;
        self.conversation.send_bulk(&chunk).await.map_err(|_| StreamError::Stopped)
    }

    pub(super) fn tell(&self, message: &impl Message) -> Result<(), StreamError> {
        self.conversation.tell(message).map_err(|_| StreamError::Stopped)
    }

    /// If the conversation is over, that is why.
    pub(super) fn or_ended(&self, error: StreamError) -> StreamError {
        match (self.conversation.ending(), &error) {
            (Some(ending), StreamError::Stopped) => StreamError::Ended(ending),
            _ => error,
        }
    }
}

/// Waits for the receiver's word on the manifest: it is accepted, or is to come again like this.
async fn await_word(
    frames: &mut StreamFrames,
    sealer: &mut Sealer,
    patience: Duration,
) -> Result<Option<StreamAgain>, StreamError> {
    timeout(patience, take_word(frames, sealer)).await.map_err(|_| StreamError::Undecided)?
}

async fn take_word(
    frames: &mut StreamFrames,
    sealer: &mut Sealer,
) -> Result<Option<StreamAgain>, StreamError> {
    loop {
        let frame = next(frames, |kind| SenderState::Announced.outcome(kind)).await?;
        match frame.kind {
            Kind::SegmentVerified => {
                let SegmentVerified { segment, .. } = read(&frame)?;
                sealer.acknowledge(segment).map_err(|_| StreamError::Unexpected)?;
            }
            Kind::StreamAccept => return read::<StreamAccept>(&frame).map(|_| None),
            Kind::StreamAgain => return read(&frame).map(Some),
            _ => return Err(StreamError::Unexpected),
        }
    }
}

/// While header and manifest go out, only that the receiver does not want them.
fn too_early(kind: Kind) -> Outcome {
    match kind {
        Kind::StreamEnd => Outcome::Accept,
        _ => Outcome::Refuse(Code::Unexpected),
    }
}

/// A stream whose data is on its way.
struct Carrying<'s> {
    streams: &'s Streams,
    stream: u32,
    joint: &'s Arc<Joint>,
    desk: Arc<Outbound>,
    header: Header,
    last: OnceLock<Record>,
    has_lanes: bool,
}

impl<'s> Carrying<'s> {
    fn new(
        streams: &'s Streams,
        stream: u32,
        joint: &'s Arc<Joint>,
        sealer: Sealer,
        source: Arc<dyn Source + Send + Sync>,
    ) -> Self {
        let has_lanes = streams.has_lanes(sealer.data_chunks());
        let header = sealer.header().clone();
        let meter = streams.conversation.side().meter_up();
        let desk = Arc::new(Outbound::new(sealer, source).with_meter(meter));
        Self { streams, stream, joint, desk, header, last: OnceLock::new(), has_lanes }
    }

    async fn run(&self, frames: StreamFrames, progress: &mut Task) -> Result<Sent, StreamError> {
        let _end = EndOf(&self.desk);
        if self.has_lanes {
            self.joint.begin(Arc::clone(&self.desk) as Arc<_>);
        }
        let mut report = Report::of(progress);
        let sent = tokio::select! {
            sent = self.listen(frames) => sent,
            error = self.carry_on_channel() => Err(error),
            error = self.carry_again() => Err(error),
            error = self.keep_the_papers() => Err(error),
            error = self.find_ids() => Err(error),
            error = self.desk.when(Outbound::failure) => Err(error),
            () = self.watch() => Err(StreamError::Stalled),
            error = self.streams.give_way(|| self.desk.moved_bytes()) => Err(error),
            () = self.end_segments_in_time() => Err(StreamError::Stopped),
            () = report.follow(|| self.desk.sealed_bytes()) => Err(StreamError::Stopped),
            () = self.streams.keep_lanes(self.stream, self.joint, self.has_lanes) => {
                Err(StreamError::Stopped)
            }
        };
        report.tell(self.desk.sealed_bytes());
        sent
    }

    /// Takes what the receiver says, up to the proof of delivery.
    async fn listen(&self, mut frames: StreamFrames) -> Result<Sent, StreamError> {
        loop {
            let frame = next(&mut frames, |kind| self.state().outcome(kind)).await?;
            match frame.kind {
                Kind::SegmentVerified => {
                    let SegmentVerified { segment, .. } = read(&frame)?;
                    self.desk.acknowledge(segment)?;
                }
                Kind::ChunksMissing => {
                    let missing: ChunksMissing = read(&frame)?;
                    self.desk.send_again(missing.chunks.as_slice());
                }
                Kind::StreamDelivered => return self.delivered(&read(&frame)?),
                _ => return Err(StreamError::Unexpected),
            }
        }
    }

    fn state(&self) -> SenderState {
        self.last.get().map_or(SenderState::Running, |_| SenderState::Finished)
    }

    fn delivered(&self, told: &StreamDelivered) -> Result<Sent, StreamError> {
        let receiver = self.streams.conversation.proven().key();
        let signed = told.delivery().map_err(|_| StreamError::Delivery)?;
        // A delivery says when it was; any time will do.
        let delivery = signed.verify(receiver, UnixTime(0)).map_err(|_| StreamError::Delivery)?;
        let last = self.last.get().ok_or(StreamError::Delivery)?;
        let landed = told.landed.numbers();
        if !delivery.is_of(&self.header, last, &landed) {
            return Err(StreamError::Delivery);
        }
        Ok(Sent { delivery, landed })
    }

    /// Carries chunks on the channel whenever that is the way.
    async fn carry_on_channel(&self) -> StreamError {
        loop {
            if self.has_lanes {
                without_lanes(self.joint).await;
            }
            if let Err(error) = self.carry_one().await {
                return error;
            }
        }
    }

    async fn carry_one(&self) -> Result<(), StreamError> {
        let chunk = tokio::select! {
            chunk = self.desk.when(Outbound::try_next) => chunk,
            // A lane may have come up: then it carries.
            () = self.joint.changed() => return Ok(()),
        };
        self.carry(chunk).await
    }

    /// Carries what lanes lost. On the channel, where nothing is lost: lanes that all die young must
    /// not hold up the stream.
    async fn carry_again(&self) -> StreamError {
        loop {
            let chunk = self.desk.when(Outbound::try_again).await;
            if let Err(error) = self.carry(chunk).await {
                return error;
            }
        }
    }

    async fn carry(&self, chunk: Outgoing) -> Result<(), StreamError> {
        let desk = Arc::clone(&self.desk);
        let sealed = spawn_blocking(move || desk.seal(chunk)).await;
        match sealed.map_err(|_| StreamError::Stopped)?? {
            Some((head, body)) => {
                let length = body.len();
                self.desk.pass(length).await;
                self.streams.send_chunk(self.stream, head, body).await?;
                self.desk.move_by(length);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Signs records in order and sends them.
    async fn keep_the_papers(&self) -> StreamError {
        loop {
            let paper = self.desk.when(Outbound::paper).await;
            if let Err(error) = self.do_paper(paper).await {
                return error;
            }
        }
    }

    async fn do_paper(&self, paper: Paper) -> Result<(), StreamError> {
        let (record, is_last) = match paper {
            Paper::Sign(record) => (record, false),
            Paper::Finish => {
                let desk = Arc::clone(&self.desk);
                let made = spawn_blocking(move || desk.finish()).await;
                (made.map_err(|_| StreamError::Stopped)??, true)
            }
        };
        let record = self.streams.sign(record).await?;
        if is_last {
            // There is one final record.
            let _ = self.last.set(record.clone());
        }
        self.streams.tell(&StreamRecord { stream: self.stream, record })
    }

    /// Reads to their ends the entries of which only parts are sent and whose ids nobody knows.
    async fn find_ids(&self) -> StreamError {
        let desk = Arc::clone(&self.desk);
        match spawn_blocking(move || desk.find_ids()).await {
            Ok(Ok(())) => pending().await,
            Ok(Err(error)) => error,
            Err(_) => StreamError::Stopped,
        }
    }

    async fn end_segments_in_time(&self) {
        loop {
            sleep(SEGMENT_TIME).await;
            self.desk.close_segment();
        }
    }

    /// Ends a stream in which nothing moves, though its receiver may need long to make files durable.
    async fn watch(&self) {
        let deadlines = self.streams.conversation.deadlines();
        let patience = || match self.last.get() {
            Some(_) => deadlines.durable,
            None => deadlines.stalled,
        };
        // Chunks leave one after the other: between this stream's and the line there may be a long
        // queue. When all has left, only what the receiver verified counts.
        let (traffic, left) = (self.streams.conversation.traffic(), AtomicU64::new(0));
        let moved = || {
            if self.last.get().is_none() {
                left.store(traffic.left(), Ordering::Relaxed);
            }
            self.desk.moved_bytes().saturating_add(left.load(Ordering::Relaxed))
        };
        until_stalled(deadlines.progress_bytes, patience, moved).await;
    }
}

/// Lets the threads of a desk go, however the stream ends.
struct EndOf<'d>(&'d Outbound);

impl Drop for EndOf<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// A segment ends after so long, however little it holds.
const SEGMENT_TIME: Duration = Duration::from_secs(2);
