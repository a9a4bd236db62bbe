//! Sending a stream: the header, the manifest, and then everything as the receiver lets it come.

use super::lanes::without_lanes;
use super::outbound::{Outbound, Paper};
use super::stall::until_stalled;
use super::{Parting, StreamError, Streams};
use crate::codec::Blob;
use crate::crypto::{UnixTime, Verified};
use crate::link::StreamFrames;
use crate::link::lane::Joint;
use crate::model::Task;
use crate::seal::{Delivery, Header, Record, Sealer, Source, Turn, UnsignedRecord};
use crate::wire::{
    ChunksMissing, Frame, Kind, Message, SegmentVerified, StreamAccept, StreamChunk,
    StreamDelivered, StreamEnd, StreamHeader, StreamRecord,
};
use std::fmt;
use std::future::pending;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::task::spawn_blocking;
use tokio::time::{interval, sleep, timeout};

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
        mut frames: StreamFrames,
        sending: Sending,
        mut progress: Task,
    ) -> Result<Sent, StreamError> {
        let Sending { mut sealer, source, consent } = sending;
        let stream = frames.number();
        let joint = self.join(stream);
        let mut parting = Parting::new(&self.conversation, stream, &joint);
        let sent = async {
            self.introduce(stream, &mut sealer, &*source).await?;
            if let Consent::AfterManifest(patience) = consent {
                let accepted = await_accept(&mut frames, &mut sealer);
                timeout(patience, accepted).await.map_err(|_| StreamError::Stalled)??;
            }
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

    /// Sends what comes before all data: the header and the manifest with its record.
    async fn introduce(
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
                    let record = sealer.take_record()?;
                    let record = sign(record).await?;
                    return self.tell(&StreamRecord { stream, record });
                }
                _ => return Err(StreamError::Unexpected),
            }
        }
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

/// Signs where computing holds up nobody.
async fn sign(record: UnsignedRecord) -> Result<Record, StreamError> {
    let signed = spawn_blocking(move || record.sign()).await;
    Ok(signed.map_err(|_| StreamError::Stopped)?.map_err(crate::seal::SealError::from)?)
}

/// Takes the receiver's word on the manifest.
async fn await_accept(frames: &mut StreamFrames, sealer: &mut Sealer) -> Result<(), StreamError> {
    loop {
        let frame = frames.next().await.ok_or(StreamError::Stopped)?;
        match frame.kind {
            Kind::SegmentVerified => {
                let SegmentVerified { segment, .. } = read(&frame)?;
                sealer.acknowledge(segment).map_err(|_| StreamError::Unexpected)?;
            }
            Kind::StreamAccept => return read::<StreamAccept>(&frame).map(drop),
            Kind::StreamEnd => return Err(ended(&frame)),
            _ => return Err(StreamError::Unexpected),
        }
    }
}

pub(super) fn read<M: Message>(frame: &Frame) -> Result<M, StreamError> {
    frame.decode().map_err(|_| StreamError::Unexpected)
}

/// Why the other side ended the stream.
pub(super) fn ended(frame: &Frame) -> StreamError {
    match frame.decode::<StreamEnd>() {
        Ok(StreamEnd { code, text, .. }) => StreamError::Refused { code, text },
        Err(_) => StreamError::Unexpected,
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
    /// How often the receiver said something.
    heard: AtomicU64,
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
        let desk = Arc::new(Outbound::new(sealer, source));
        let (last, heard) = (OnceLock::new(), AtomicU64::new(0));
        Self { streams, stream, joint, desk, header, last, heard, has_lanes }
    }

    async fn run(&self, frames: StreamFrames, progress: &mut Task) -> Result<Sent, StreamError> {
        let _end = EndOf(&self.desk);
        if self.has_lanes {
            self.joint.begin(Arc::clone(&self.desk) as Arc<_>);
        }
        tokio::select! {
            sent = self.listen(frames) => sent,
            error = self.desk.when(Outbound::failure) => Err(error),
            error = self.carry_on_channel() => Err(error),
            error = self.carry_again() => Err(error),
            error = self.keep_the_papers() => Err(error),
            error = self.find_ids() => Err(error),
            () = self.watch() => Err(StreamError::Stalled),
            () = self.end_segments_in_time() => Err(StreamError::Stopped),
            () = self.report(progress) => Err(StreamError::Stopped),
            () = self.keep_lanes() => Err(StreamError::Stopped),
        }
    }

    /// Takes what the receiver says, up to the proof of delivery.
    async fn listen(&self, mut frames: StreamFrames) -> Result<Sent, StreamError> {
        loop {
            let frame = frames.next().await.ok_or(StreamError::Stopped)?;
            self.heard.fetch_add(1, Ordering::Relaxed);
            match frame.kind {
                Kind::SegmentVerified => {
                    self.desk.acknowledge(read::<SegmentVerified>(&frame)?.segment)?;
                }
                Kind::ChunksMissing => {
                    let missing: ChunksMissing = read(&frame)?;
                    self.desk.send_again(missing.chunks.as_slice());
                }
                Kind::StreamDelivered => return self.delivered(&read(&frame)?),
                Kind::StreamEnd => return Err(ended(&frame)),
                _ => return Err(StreamError::Unexpected),
            }
        }
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
        let next = self.desk.when(Outbound::try_next);
        let index = tokio::select! {
            index = next => index,
            // A lane may have come up: then it carries.
            () = self.joint.changed() => return Ok(()),
        };
        self.carry(index).await
    }

    /// Carries what lanes lost. On the channel, where nothing is lost: lanes that all die young must
    /// not hold up the stream.
    async fn carry_again(&self) -> StreamError {
        loop {
            let index = self.desk.when(Outbound::try_again).await;
            if let Err(error) = self.carry(index).await {
                return error;
            }
        }
    }

    async fn carry(&self, index: u32) -> Result<(), StreamError> {
        let desk = Arc::clone(&self.desk);
        let sealed = spawn_blocking(move || desk.seal(index)).await;
        match sealed.map_err(|_| StreamError::Stopped)?? {
            Some((head, body)) => self.streams.send_chunk(self.stream, head, body).await,
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
        let record = sign(record).await?;
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
        let moved = || self.desk.moved_bytes().saturating_add(self.heard.load(Ordering::Relaxed));
        until_stalled(1, patience, moved).await;
    }

    async fn report(&self, progress: &mut Task) {
        let (mut ticks, mut told) = (interval(REPORT), 0);
        loop {
            ticks.tick().await;
            let sealed = self.desk.sealed_bytes();
            progress.advance(sealed.saturating_sub(told));
            told = sealed;
        }
    }

    async fn keep_lanes(&self) {
        match (self.has_lanes, self.streams.conversation.role()) {
            (true, crate::wire::Role::Dialler) => {
                self.streams.keep_lanes(self.stream, self.joint).await;
            }
            _ => pending().await,
        }
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
const REPORT: Duration = Duration::from_millis(50);
