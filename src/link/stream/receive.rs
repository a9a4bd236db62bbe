//! Receiving a stream: an offer is read, decided on, and taken in; what arrived is confirmed.

use super::frames::{admit, chunk, next, read};
use super::inbound::{Destination, Inbound};
use super::stall::until_stalled;
use super::taking::Taking;
use super::{Parting, StreamError, Streams};
use crate::codec::{Blob, List};
use crate::crypto::{Identity, SigningKey, UnixTime, VerifyingKey};
use crate::link::StreamFrames;
use crate::link::lane::Joint;
use crate::model::Task;
use crate::model::limits::{AGAIN_ENTRIES, HEADER_BYTES, OPEN_SEGMENTS};
use crate::seal::{
    Context, EntryProof, Expected, Header, Manifest, ManifestOpener, OpenedStream, Opener, Record,
    Refusal,
};
use crate::wire::{
    BegunSaid, Code, Explanation, Kind, Landed, Outcome, ReceiverState, SegmentVerified,
    StreamAgain, StreamDelivered, StreamEnd, StreamHeader, StreamRecord,
};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};

/// From whom a stream is awaited, for whom, and on which occasion.
pub struct Receiving {
    /// Who receives.
    pub identity: Arc<Identity>,
    /// What binds the stream to the challenge that its sender was given.
    pub context: Context,
    /// The most bytes of data that are taken.
    pub max_data: u64,
    /// The most bytes of a manifest that are taken: so many are held while it comes.
    pub max_manifest: u64,
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
    /// The sender took it back.
    is_gone: bool,
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
        let opener = self.read_in_time(&mut frames, &mut parting, receiving).await?;
        let streams = self.clone();
        Ok(Offer { opener, streams, frames, joint, parting, is_gone: false })
    }

    async fn read_in_time(
        &self,
        frames: &mut StreamFrames,
        parting: &mut Parting,
        receiving: Receiving,
    ) -> Result<Opener, StreamError> {
        let (deadlines, traffic) = (self.conversation.deadlines(), self.conversation.traffic());
        let least = deadlines.progress_bytes;
        let read = tokio::select! {
            read = self.read_offer(frames, receiving) => read,
            () = until_stalled(least, || deadlines.stalled, || traffic.came()) => {
                Err(StreamError::Stalled)
            }
        };
        let read = read.map_err(|error| self.or_ended(error));
        if read.is_err() {
            parting.settle(&read);
        }
        read
    }

    async fn read_offer(
        &self,
        frames: &mut StreamFrames,
        receiving: Receiving,
    ) -> Result<Opener, StreamError> {
        let frame = next(frames, |kind| ReceiverState::Granted.outcome(kind)).await?;
        let StreamHeader { header, .. } = read(&frame)?;
        let began = Instant::now();
        let offer = self.open_offer(frames, header, receiving).await;
        if matches!(offer, Err(StreamError::Sealed(Refusal::NotOpened))) {
            answer_late(began).await;
        }
        offer
    }

    async fn open_offer(
        &self,
        frames: &mut StreamFrames,
        header: Blob<HEADER_BYTES>,
        receiving: Receiving,
    ) -> Result<Opener, StreamError> {
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
        let mut records: Vec<Record> = Vec::new();
        loop {
            if manifest.is_complete() && !records.is_empty() {
                let opener = spawn_blocking(move || begin(manifest, &records)).await;
                let opener = opener.map_err(|_| StreamError::Stopped)??;
                let stream = frames.number();
                self.tell(&SegmentVerified { stream, segment: 0 })?;
                return Ok(opener);
            }
            let frame = next(frames, |kind| ReceiverState::Manifest.outcome(kind)).await?;
            match frame.kind {
                Kind::StreamChunk => {
                    let (head, mut data) = chunk(&frame)?;
                    manifest.chunk(&head, &mut data)?;
                }
                // Who was asked goes on at once, and records overtake chunks.
                Kind::StreamRecord if records.len() < OPEN_SEGMENTS as usize => {
                    records.push(read::<StreamRecord>(&frame)?.record);
                }
                _ => return Err(StreamError::Unexpected),
            }
        }
    }
}

/// Reads the manifest under the first record; the others are for what follows it.
fn begin(manifest: ManifestOpener, records: &[Record]) -> Result<Opener, Refusal> {
    let (first, others) = records.split_first().ok_or(Refusal::Cut)?;
    let mut opener = manifest.record(first)?;
    others.iter().try_for_each(|record| opener.record(record))?;
    Ok(opener)
}

/// Checks a header, and then unwraps its secret.
fn open(
    header: &[u8],
    sender: &VerifyingKey,
    receiving: &Receiving,
) -> Result<ManifestOpener, Refusal> {
    let Receiving { identity, context, max_data, max_manifest } = receiving;
    let expected = Expected {
        sender,
        receiver: identity.fingerprint(),
        epoch: identity.epoch(),
        context: *context,
        max_data: *max_data,
        max_manifest: *max_manifest,
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
    pub fn manifest(&self) -> &Arc<Manifest> {
        self.opener.manifest()
    }

    /// Waits until the sender takes it back, and says how; nothing else can come before it is taken.
    /// After that it cannot be taken any more. Not for what was asked for: its sender does not wait.
    pub async fn withdrawn(&mut self) -> StreamError {
        let gone = next(&mut self.frames, deciding).await.map(drop);
        self.parting.settle(&gone);
        self.is_gone = true;
        self.streams.or_ended(gone.err().unwrap_or(StreamError::Unexpected))
    }

    /// Has it begin again, on the occasion of `challenge`, for which `receiving` has the context: what
    /// is not in `begun` is here already. What comes then is to be compared with what came first.
    pub async fn again(
        mut self,
        challenge: [u8; 32],
        begun: List<BegunSaid, AGAIN_ENTRIES>,
        receiving: Receiving,
    ) -> Result<Self, StreamError> {
        self.nothing_came_yet()?;
        let Self { streams, frames, parting, .. } = &mut self;
        streams.tell(&StreamAgain { stream: frames.number(), challenge, begun })?;
        let opener = streams.read_in_time(frames, parting, receiving).await?;
        Ok(Self { opener, ..self })
    }

    /// A sender that waits for a word says nothing more.
    fn nothing_came_yet(&mut self) -> Result<(), StreamError> {
        if self.is_gone {
            return Err(StreamError::Stopped);
        }
        let Some(frame) = self.frames.try_next() else { return Ok(()) };
        let too_early = admit(frame, deciding).map(drop);
        self.parting.settle(&too_early);
        Err(too_early.err().unwrap_or(StreamError::Unexpected))
    }

    /// Does not take it.
    pub fn decline(mut self, code: Code, text: &str) {
        self.parting.says = None;
        let (stream, text) = (self.frames.number(), Explanation::new(text));
        // Over is over.
        let _ = self.streams.conversation.tell(&StreamEnd { stream, code, text });
    }

    /// Takes it all, to its final record. `destination` must be private: nothing in it is proven before
    /// this returns, and an entry's own proof is asked for.
    pub async fn accept(
        mut self,
        destination: Arc<dyn Destination>,
        decided: Decided,
        mut progress: Task,
    ) -> Result<Arrived, StreamError> {
        if decided == Decided::Now {
            self.nothing_came_yet()?;
        }
        let Self { streams, frames, joint, mut parting, opener, .. } = self;
        let stream = frames.number();
        let has_lanes = streams.has_lanes(opener.data_chunks());
        let (data_length, reading_time) = (opener.manifest().data_length(), reading_time(&opener));
        let meter = streams.conversation.side().meter_down();
        let desk = Arc::new(Inbound::new(opener, destination).with_meter(meter));
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
fn deciding(kind: Kind) -> Outcome {
    ReceiverState::Deciding.outcome(kind)
}

/// How long the sender may need, when all is sent, to read the entries of which it sends parts and
/// whose ids it does not know, and to look at all of them again.
fn reading_time(opener: &Opener) -> Duration {
    let entries = opener.manifest().entries().iter();
    let unknown = entries.filter(|listed| !listed.is_whole() && listed.entry.content().is_none());
    let bytes = unknown.fold(0, |sum: u64, listed| sum.saturating_add(listed.entry.size()));
    let looking = u64::from(opener.manifest().count()) / LOOKS_A_SECOND;
    Duration::from_secs((bytes / SLOW_DISK).saturating_add(looking)).min(LONGEST_READING)
}

impl fmt::Debug for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Offer({:?})", self.opener)
    }
}

/// Nothing is written any more, however the stream ends; also when it is dropped.
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

    /// Tells why it has no place here after all; nothing, when the sender knows.
    pub fn fail(mut self, code: Option<Code>) {
        self.parting.says = code;
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

/// What a sender's disk reads in a second, at least, and how many files it looks at.
const SLOW_DISK: u64 = 8 << 20;
const LOOKS_A_SECOND: u64 = 100;
/// However large it says that its files are.
const LONGEST_READING: Duration = Duration::from_secs(6 * 3600);
