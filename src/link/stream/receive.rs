//! Receiving a stream: an offer is read, decided on, and taken in; what arrived is confirmed.

use super::inbound::{Inbound, Place};
use super::send::{ended, read};
use super::stall::until_stalled;
use super::{Parting, StreamError, Streams};
use crate::crypto::{Identity, SigningKey, UnixTime, VerifyingKey};
use crate::link::StreamFrames;
use crate::link::lane::Joint;
use crate::model::Task;
use crate::model::limits::MISSING_CHUNKS;
use crate::seal::{
    Context, EntryProof, Expected, Header, Manifest, ManifestOpener, OpenedStream, Opener, Record,
    Refusal, VerifiedSegment,
};
use crate::wire::{
    ChunksMissing, Code, Explanation, Frame, Kind, Landed, MissingChunks, Role, SegmentVerified,
    StreamAccept, StreamChunk, StreamDelivered, StreamEnd, StreamHeader, StreamRecord,
};
use std::fmt;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, interval, sleep};

/// From whom a stream is awaited, for whom, and on which occasion.
pub struct Receiving {
    /// Who receives.
    pub identity: Arc<Identity>,
    /// What binds the stream to the challenge that its sender was given.
    pub context: Context,
    /// The most bytes of data that are taken.
    pub max_data: u64,
}

impl fmt::Debug for Receiving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Receiving({:?})", self.identity.fingerprint())
    }
}

/// A stream whose manifest is read. Dropped, it is declined.
pub struct Offer {
    streams: Streams,
    frames: StreamFrames,
    joint: Arc<Joint>,
    parting: Parting,
    opener: Opener,
}

/// Whether a word says so, or it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decided {
    /// The sender waits for a word, and gets it now.
    Now,
    /// The sender was asked for this, and does not wait.
    Before,
}

impl Streams {
    /// Awaits a stream up to the end of its manifest. Its sender is whoever is proven to be there;
    /// whether they may send anything is the caller's to have decided.
    pub async fn await_offer(
        &self,
        mut frames: StreamFrames,
        receiving: Receiving,
    ) -> Result<Offer, StreamError> {
        let stream = frames.number();
        let joint = self.join(stream);
        let mut parting = Parting::new(&self.conversation, stream, &joint);
        let (deadlines, began) = (self.conversation.deadlines(), Instant::now());
        let traffic = self.conversation.traffic();
        let least = deadlines.progress_bytes;
        let read = tokio::select! {
            read = self.read_offer(&mut frames, receiving) => read,
            () = until_stalled(least, || deadlines.stalled, || traffic.came()) => {
                Err(StreamError::Stalled)
            }
        };
        let read = read.map_err(|error| self.or_ended(error));
        if matches!(read, Err(StreamError::Sealed(Refusal::NotOpened))) {
            answer_late(began).await;
        }
        if read.is_err() {
            parting.settle(&read);
        }
        Ok(Offer { opener: read?, streams: self.clone(), frames, joint, parting })
    }

    async fn read_offer(
        &self,
        frames: &mut StreamFrames,
        receiving: Receiving,
    ) -> Result<Opener, StreamError> {
        let frame = next(frames).await?;
        let StreamHeader { header, .. } = expect(&frame, Kind::StreamHeader)?;
        let sender = self.conversation.proven().key().clone();
        let opened = self.conversation.side().compute(move || open(&header, &sender, &receiving));
        self.read_manifest(frames, opened.await.map_err(|_| StreamError::Stopped)??).await
    }

    /// Takes the manifest's chunks and its record, which may overtake them.
    async fn read_manifest(
        &self,
        frames: &mut StreamFrames,
        mut manifest: ManifestOpener,
    ) -> Result<Opener, StreamError> {
        let mut record: Option<Record> = None;
        loop {
            if let Some(record) = record.take_if(|_| manifest.is_complete()) {
                let opener = spawn_blocking(move || manifest.record(&record)).await;
                let opener = opener.map_err(|_| StreamError::Stopped)??;
                let stream = frames.number();
                self.tell(&SegmentVerified { stream, segment: 0 })?;
                return Ok(opener);
            }
            let frame = next(frames).await?;
            match frame.kind {
                Kind::StreamChunk => {
                    let (head, mut data) = chunk(&frame)?;
                    manifest.chunk(&head, &mut data)?;
                }
                Kind::StreamRecord if record.is_none() => {
                    record = Some(read::<StreamRecord>(&frame)?.record);
                }
                _ => return Err(StreamError::Unexpected),
            }
        }
    }
}

/// Checks a header, and then unwraps its secret.
fn open(
    header: &[u8],
    sender: &VerifyingKey,
    receiving: &Receiving,
) -> Result<ManifestOpener, Refusal> {
    let Receiving { identity, context, max_data } = receiving;
    let expected = Expected {
        sender,
        receiver: identity.fingerprint(),
        epoch: identity.epoch(),
        context: *context,
        max_data: *max_data,
    };
    Header::parse(header)?.check(&expected)?.open(identity.sealing())
}

/// Whoever sends bad wraps learns nothing from how long it took to refuse them.
async fn answer_late(began: Instant) {
    let took = began.elapsed().as_millis();
    let [random] = crate::crypto::random::<1>();
    let to_border = 50_u128.saturating_sub(took % 50);
    let wait = u64::try_from(to_border).unwrap_or(50).saturating_add(u64::from(random) % 50);
    sleep(Duration::from_millis(wait)).await;
}

impl Offer {
    /// What the stream carries.
    pub fn manifest(&self) -> &Manifest {
        self.opener.manifest()
    }

    /// Waits until the sender takes it back, and says how; nothing else can come before it is taken.
    pub async fn withdrawn(&mut self) -> StreamError {
        let error = next(&mut self.frames).await.err().unwrap_or(StreamError::Unexpected);
        self.streams.or_ended(error)
    }

    /// Does not take it.
    pub fn decline(mut self, code: Code, text: &str) {
        self.parting.says = None;
        let (stream, text) = (self.frames.number(), Explanation::new(text));
        // Over is over.
        let _ = self.streams.conversation.tell(&StreamEnd { stream, code, text });
    }

    /// Takes it all, to its final record. `place` must be private: nothing in it is proven before
    /// this returns, and an entry's own proof is asked for.
    pub async fn accept(
        self,
        place: Arc<dyn Place>,
        decided: Decided,
        mut progress: Task,
    ) -> Result<Arrived, StreamError> {
        let Self { streams, mut frames, joint, mut parting, opener } = self;
        let too_early = match decided {
            Decided::Now => nothing_came(&mut frames),
            Decided::Before => Ok(()),
        };
        if too_early.is_err() {
            parting.settle(&too_early);
        }
        too_early?;
        let stream = frames.number();
        let has_lanes = streams.has_lanes(opener.data_chunks());
        let (data_length, reading_time) = (opener.manifest().data_length(), reading_time(&opener));
        let desk = Arc::new(Inbound::new(opener, place));
        let taking = Taking {
            streams: &streams,
            stream,
            joint: &joint,
            desk: Arc::clone(&desk),
            has_lanes,
            data_length,
            reading_time,
        };
        let end = EndOf(&desk);
        let taken = taking.run(frames, decided, &mut progress).await;
        drop(end);
        let taken = taken.and_then(|()| desk.finish());
        let taken = taken.map_err(|error| streams.or_ended(error));
        joint.end();
        match &taken {
            Ok(_) => progress.complete(),
            Err(_) => parting.settle(&taken),
        }
        Ok(Arrived { stream: taken?, number: stream, streams, parting })
    }
}

/// Before it is told to go on, a sender says nothing more, unless that it does not want to any more.
fn nothing_came(frames: &mut StreamFrames) -> Result<(), StreamError> {
    match frames.try_next() {
        Some(frame) if frame.kind == Kind::StreamEnd => Err(ended(&frame)),
        Some(_) => Err(StreamError::Unexpected),
        None => Ok(()),
    }
}

/// How long the sender may need to read the entries of which it sends parts and whose ids it does
/// not know.
fn reading_time(opener: &Opener) -> Duration {
    let entries = opener.manifest().entries().iter();
    let unknown = entries.filter(|listed| !listed.is_whole() && listed.entry.content().is_none());
    let bytes = unknown.fold(0, |sum: u64, listed| sum.saturating_add(listed.entry.size()));
    Duration::from_secs(bytes / SLOW_DISK).min(LONGEST_READING)
}

impl fmt::Debug for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Offer({:?})", self.opener)
    }
}

/// Nothing is written any more, however the stream ends.
struct EndOf<'d>(&'d Inbound);

impl Drop for EndOf<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// A stream that came to its end. Its sender waits for the word that files are durable.
#[derive(Debug)]
pub struct Arrived {
    stream: OpenedStream,
    number: u32,
    streams: Streams,
    parting: Parting,
}

impl Arrived {
    /// What came, with its proofs.
    pub fn stream(&self) -> &OpenedStream {
        &self.stream
    }

    /// The same, to keep.
    pub fn into_stream(self) -> OpenedStream {
        self.stream
    }

    /// Confirms the files that landed. Never before they are durable. Should the sender not hear of
    /// it any more, they have landed nevertheless.
    pub fn confirm(
        &mut self,
        landed: &[EntryProof],
        receiver: &SigningKey,
        now: UnixTime,
    ) -> Result<(), StreamError> {
        let delivery = self.stream.delivery(landed, receiver, now);
        let delivery = delivery.map_err(|_| StreamError::Delivery)?;
        let mut numbers: Vec<u32> = landed.iter().map(EntryProof::number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let landed = Landed::new(&numbers).map_err(|_| StreamError::Delivery)?;
        let told = StreamDelivered::new(self.number, &delivery, landed);
        self.parting.says = None;
        let told = self.streams.tell(&told.map_err(|_| StreamError::Delivery)?);
        told.map_err(|error| self.streams.or_ended(error))
    }
}

/// A stream whose data comes.
struct Taking<'s> {
    streams: &'s Streams,
    stream: u32,
    joint: &'s Arc<Joint>,
    desk: Arc<Inbound>,
    has_lanes: bool,
    data_length: u64,
    reading_time: Duration,
}

impl Taking<'_> {
    async fn run(
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
        tokio::select! {
            done = self.tell_what_verified() => done,
            error = self.listen(frames) => Err(error),
            error = self.ask_for_the_missing() => Err(error),
            error = self.watch() => Err(error),
            () = self.report(progress) => Err(StreamError::Stopped),
            () = self.keep_lanes() => Err(StreamError::Stopped),
        }
    }

    /// Tells of each segment, up to the last.
    async fn tell_what_verified(&self) -> Result<(), StreamError> {
        loop {
            let VerifiedSegment { number, is_final, .. } = self.desk.next_verified().await?;
            self.streams.tell(&SegmentVerified { stream: self.stream, segment: number })?;
            if is_final {
                return Ok(());
            }
        }
    }

    /// Takes what the sender says and the chunks that ride the channel.
    async fn listen(&self, mut frames: StreamFrames) -> StreamError {
        loop {
            if let Err(error) = self.take(next(&mut frames).await).await {
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

    /// When a record is there and chunks are not: asks for them if a lane ended, which may have lost
    /// them, or if almost nothing came for a while. Whoever sits on a lane may swallow one chunk and
    /// let the others pass: the one that holds up all others is asked for in any case, in the end.
    async fn ask_for_the_missing(&self) -> StreamError {
        let least = self.streams.conversation.deadlines().progress_bytes;
        let longest =
            self.streams.conversation.deadlines().stalled.checked_div(2).unwrap_or_default();
        let (mut ended, mut heard, mut lowest) = (0, 0, None);
        let (mut quiet, mut stuck) = (Instant::now(), Instant::now());
        loop {
            sleep(LOOK).await;
            let (now, tally, missing) = (Instant::now(), self.joint.tally(), self.desk.missing());
            if self.desk.heard_bytes().saturating_sub(heard) >= least {
                (heard, quiet) = (self.desk.heard_bytes(), now);
            }
            if missing.first().copied() != lowest {
                (lowest, stuck) = (missing.first().copied(), now);
            }
            // A line that does not end loses nothing; only then is a short silence suspicious.
            let suspicious = if tally.ended > 0 { QUIET_AFTER_LOSS } else { QUIET };
            let is_lost = tally.ended != ended && now.duration_since(stuck) >= SETTLING;
            let asked = if is_lost || now.duration_since(quiet) >= suspicious {
                self.ask_for(missing)
            } else if now.duration_since(stuck) >= longest {
                self.ask_for(lowest.into_iter().collect())
            } else {
                Ok(false)
            };
            match asked {
                Ok(true) => (ended, quiet, stuck) = (tally.ended, now, now),
                Ok(false) => {}
                Err(error) => return error,
            }
        }
    }

    /// Asks for chunks, unless there are none to ask for.
    fn ask_for(&self, mut missing: Vec<u32>) -> Result<bool, StreamError> {
        missing.truncate(MISSING_CHUNKS);
        if missing.is_empty() {
            return Ok(false);
        }
        let chunks = MissingChunks::new(missing).map_err(|_| StreamError::Unexpected)?;
        self.streams.tell(&ChunksMissing { stream: self.stream, chunks })?;
        Ok(true)
    }

    /// Ends a stream in which nothing moves. When all data is there, its sender may still be reading
    /// the rest of the entries of which it sent parts, for their ids.
    async fn watch(&self) -> StreamError {
        let deadlines = self.streams.conversation.deadlines();
        let patience = || match self.desk.opened_bytes() < self.data_length {
            true => deadlines.stalled,
            false => deadlines.stalled.saturating_add(self.reading_time),
        };
        // On the channel a chunk may be long on its way, so what came of it counts already.
        let traffic = self.streams.conversation.traffic();
        let moved = || self.desk.heard_bytes().saturating_add(traffic.came());
        until_stalled(deadlines.progress_bytes, patience, moved).await;
        StreamError::Stalled
    }

    async fn report(&self, progress: &mut Task) {
        let (mut ticks, mut told) = (interval(REPORT), 0);
        loop {
            ticks.tick().await;
            let opened = self.desk.opened_bytes();
            progress.advance(opened.saturating_sub(told));
            told = opened;
        }
    }

    async fn keep_lanes(&self) {
        match (self.has_lanes, self.streams.conversation.role()) {
            (true, Role::Dialler) => self.streams.keep_lanes(self.stream, self.joint).await,
            _ => pending().await,
        }
    }
}

async fn next(frames: &mut StreamFrames) -> Result<Frame, StreamError> {
    let frame = frames.next().await.ok_or(StreamError::Stopped)?;
    if frame.kind == Kind::StreamEnd { Err(ended(&frame)) } else { Ok(frame) }
}

fn expect<M: crate::wire::Message>(frame: &Frame, kind: Kind) -> Result<M, StreamError> {
    if frame.kind == kind { read(frame) } else { Err(StreamError::Unexpected) }
}

/// A chunk off the channel, its ciphertext in memory of its own.
fn chunk(frame: &Frame) -> Result<(crate::seal::ChunkHead, Vec<u8>), StreamError> {
    let chunk: StreamChunk = read(frame)?;
    Ok((chunk.head(), chunk.into_ciphertext().into()))
}

const LOOK: Duration = Duration::from_millis(100);
/// What is on its way down the other lanes comes within so long.
const SETTLING: Duration = Duration::from_millis(300);
const QUIET: Duration = Duration::from_secs(10);
const QUIET_AFTER_LOSS: Duration = Duration::from_secs(1);
/// What a sender's disk reads in a second, at least.
const SLOW_DISK: u64 = 8 << 20;
/// However large it says that its files are.
const LONGEST_READING: Duration = Duration::from_secs(6 * 3600);
const REPORT: Duration = Duration::from_millis(50);
