//! A stream in one piece: in a file or in memory, in order, on one thread.
//!
//! [`seal_to`] and [`open_from`] are the loops around [`Sealer`] and [`Opener`]; [`seal_bytes`] and
//! [`open_bytes`] do it for data in memory in one call.

use super::chunk::ChunkHead;
use super::header::{Context, Expected, Header};
use super::manifest::{Manifest, ManifestEntry};
use super::opener::{ManifestOpener, Opener, VerifiedSegment};
use super::receipt::{EntryProof, OpenedStream};
use super::record::Record;
use super::sealer::{SealError, Sealer, Source, Turn};
use super::{CHUNK_BYTES, Refusal};
use crate::codec::{Closed, Writer, closed};
use crate::crypto::{
    MAX_MODULUS_BYTES, SealingCertificate, SealingKey, Signed, SigningKey, UnixTime, Verified,
};
use crate::model::content::ReadAt;
use crate::model::limits::HEADER_BYTES;
use crate::model::{Entry, Events, Task, Work};
use std::io::{self, Read, Write};
use std::sync::Arc;

/// Where the bytes of a stream's entries go: each to its place, in any order, and not believed
/// before the stream is at its end.
pub trait Sink {
    /// Prepares for what the manifest lists.
    fn begin(&mut self, manifest: &Manifest) -> io::Result<()>;

    /// Writes an entry's bytes from `offset` on.
    fn write(&mut self, entry: u32, offset: u64, bytes: &[u8]) -> io::Result<()>;
}

/// Why a stream was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It is not what it should be.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Why a stream was not sealed in one piece.
#[derive(Debug, thiserror::Error)]
pub enum SealToError {
    /// The sealing side gave up.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// It cannot be written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// For whom, from whom, and on which occasion.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<'a> {
    /// The receiver's sealing key.
    pub to: &'a Verified<SealingCertificate>,
    /// The sender.
    pub from: &'a Arc<SigningKey>,
    /// The occasion.
    pub context: Context,
    /// When.
    pub created: UnixTime,
}

/// Seals entries in one piece; all of an entry whose parts are listed must be announced by id.
/// Progress counts their bytes.
pub fn seal_to(
    out: &mut impl Write,
    manifest: Manifest,
    source: &(impl Source + ?Sized),
    envelope: Envelope<'_>,
    progress: &mut Task,
) -> Result<(), SealToError> {
    let Envelope { to, from, context, created } = envelope;
    let mut sealer = Sealer::new(manifest, to, from, context, created)?;
    let chunks = sealer.chunks();
    let mut buffer = vec![0; CHUNK_BYTES];
    let mut header = Writer::default();
    out.write_all(header.block(&sealer.header().to_bytes()).as_bytes())?;
    loop {
        match sealer.turn()? {
            Turn::Chunk(index) => {
                let (head, body) = chunks.seal(index, source, &mut buffer)?;
                out.write_all(&[CHUNK])?;
                out.write_all(&closed::encode(&head))?;
                out.write_all(body)?;
                if chunks.is_data(index) {
                    progress.advance(body.len() as u64);
                }
            }
            Turn::EndSegment => {
                let record = sealer.take_record()?;
                let segment = record.segment();
                write_record(out, &record.sign().map_err(SealError::from)?)?;
                // Whoever reads a file has every segment before the next.
                sealer.acknowledge(segment)?;
            }
            Turn::Finish => write_record(out, &sealer.finish(source)?)?,
            Turn::Done => return Ok(out.flush()?),
            Turn::Ids => return Err(SealError::OutOfTurn("an entry's id is not known").into()),
            Turn::Wait => return Err(SealError::OutOfTurn("every chunk was sealed").into()),
        }
    }
}

fn write_record(out: &mut impl Write, record: &Record) -> io::Result<()> {
    match record {
        Record::Segment(signed) => write_item(out, SEGMENT, signed),
        Record::Final(signed) => write_item(out, FINAL, signed),
    }
}

fn write_item(out: &mut impl Write, kind: u8, item: &impl Closed) -> io::Result<()> {
    let mut bytes = Writer::default();
    out.write_all(bytes.u8(kind).value(item).as_bytes())
}

/// Opens a stream in one piece. What reached the sink is to be thrown away unless this succeeds.
/// Progress counts the bytes of entries.
pub fn open_from(
    input: &mut impl Read,
    expected: &Expected<'_>,
    key: &SealingKey,
    sink: &mut impl Sink,
    progress: &mut Task,
) -> Result<OpenedStream, OpenError> {
    let header = Items { input: &mut *input }.header()?;
    let manifest = Header::parse(&header)?.check(expected)?.open(key)?;
    open_behind_header(input, manifest, sink, progress)
}

/// Opens what follows a header.
pub fn open_behind_header(
    input: &mut impl Read,
    manifest: ManifestOpener,
    sink: &mut impl Sink,
    progress: &mut Task,
) -> Result<OpenedStream, OpenError> {
    let mut items = Items { input };
    let mut buffer = vec![0; CHUNK_BYTES];
    let mut opener = open_manifest(&mut items, manifest, &mut buffer)?;
    sink.begin(opener.manifest())?;
    let chunks = opener.chunks();
    let mut next = opener.first_open();
    loop {
        match items.item()? {
            Item::Chunk(head) if head.index == next => {
                let data = items.body(&mut buffer, chunks.expect(&head)?)?;
                let opened = chunks.open(&head, data)?;
                for (piece, bytes) in opened.pieces() {
                    sink.write(piece.entry, piece.offset, bytes)?;
                    progress.advance(bytes.len() as u64);
                }
                opener.accept(opened.into_receipt())?;
                next = next.saturating_add(1);
            }
            Item::Chunk(_) => return Err(Refusal::ChunkShape.into()),
            Item::Record(record) => {
                if end_segment(&mut opener, &record, next)?.is_final {
                    break;
                }
            }
        }
    }
    items.end()?;
    Ok(opener.finish()?)
}

fn open_manifest<R: Read>(
    items: &mut Items<'_, R>,
    mut manifest: ManifestOpener,
    buffer: &mut [u8],
) -> Result<Opener, OpenError> {
    loop {
        match items.item()? {
            Item::Chunk(head) => {
                let length = manifest.expect(&head)?;
                manifest.chunk(&head, items.body(buffer, length)?)?;
            }
            Item::Record(record) => return Ok(manifest.record(&record)?),
        }
    }
}

/// In one piece a record stands right behind the chunks of its segment, no more and no fewer.
fn end_segment(
    opener: &mut Opener,
    record: &Record,
    next: u32,
) -> Result<VerifiedSegment, Refusal> {
    opener.record(record)?;
    let segment = opener.advance()?.ok_or(Refusal::RecordChain)?;
    if segment.end == next { Ok(segment) } else { Err(Refusal::RecordChain) }
}

/// Takes the items of a stream off a reader.
struct Items<'r, R> {
    input: &'r mut R,
}

enum Item {
    Chunk(ChunkHead),
    Record(Record),
}

impl<R: Read> Items<'_, R> {
    fn header(&mut self) -> Result<Vec<u8>, OpenError> {
        self.block(HEADER_BYTES, Refusal::HeaderShape)
    }

    fn item(&mut self) -> Result<Item, OpenError> {
        match self.array::<1>()? {
            [CHUNK] => {
                let head = closed::decode(&self.array::<{ ChunkHead::BYTES }>()?);
                Ok(Item::Chunk(head.map_err(|_| Refusal::ChunkShape)?))
            }
            [SEGMENT] => Ok(Item::Record(Record::Segment(self.signed()?))),
            [FINAL] => Ok(Item::Record(Record::Final(self.signed()?))),
            _ => Err(Refusal::LeftOver.into()),
        }
    }

    fn signed<T>(&mut self) -> Result<Signed<T>, OpenError> {
        let mut bytes = Writer::default();
        bytes.block(&self.block(MAX_RECORD_BYTES, Refusal::RecordShape)?);
        bytes.block(&self.block(MAX_MODULUS_BYTES, Refusal::RecordShape)?);
        Ok(closed::decode(bytes.as_bytes()).map_err(|_| Refusal::RecordShape)?)
    }

    fn body<'b>(&mut self, buffer: &'b mut [u8], length: usize) -> Result<&'b mut [u8], OpenError> {
        let body = buffer.get_mut(..length).ok_or(Refusal::ChunkShape)?;
        self.fill(body)?;
        Ok(body)
    }

    fn block(&mut self, max: usize, refusal: Refusal) -> Result<Vec<u8>, OpenError> {
        let length = usize::try_from(u32::from_be_bytes(self.array()?)).unwrap_or(usize::MAX);
        if length > max {
            return Err(refusal.into());
        }
        let mut bytes = vec![0; length];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], OpenError> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), OpenError> {
        self.input.read_exact(bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => Refusal::Cut.into(),
            _ => error.into(),
        })
    }

    /// Nothing may follow the final record.
    fn end(&mut self) -> Result<(), OpenError> {
        match self.fill(&mut [0]) {
            Err(OpenError::Refused(Refusal::Cut)) => Ok(()),
            Ok(()) => Err(Refusal::LeftOver.into()),
            Err(error) => Err(error),
        }
    }
}

/// Seals files that are in memory, in one call; each is as long as its entry says.
pub fn seal_bytes(files: &[(Entry, &[u8])], envelope: Envelope<'_>) -> Result<Vec<u8>, SealError> {
    let differs = |(entry, bytes): &(Entry, &[u8])| entry.size() != bytes.len() as u64;
    if let Some((entry, (listed, _))) = (0..).zip(files).find(|(_, file)| differs(file)) {
        return Err(SealError::SourceChanged { entry, path: listed.path().clone() });
    }
    let listed = files.iter().map(|(entry, _)| ManifestEntry::whole(entry.clone())).collect();
    let source: Vec<&[u8]> = files.iter().map(|(_, bytes)| *bytes).collect();
    let mut out = Vec::new();
    let mut silent = Events::ignored().begin(Work::Sealing, "", 0);
    match seal_to(&mut out, Manifest::new(listed)?, &source, envelope, &mut silent) {
        Ok(()) => Ok(out),
        Err(SealToError::Seal(error)) => Err(error),
        Err(SealToError::Io(_)) => Err(SealError::TooLarge),
    }
}

/// Opens a stream that is in memory, in one call: each file with the proof of what it is. A stream
/// that carries only parts of a file is refused.
pub fn open_bytes(
    bytes: &[u8],
    expected: &Expected<'_>,
    key: &SealingKey,
) -> Result<Vec<(EntryProof, Vec<u8>)>, OpenError> {
    let mut files = InMemory::default();
    let mut silent = Events::ignored().begin(Work::Opening, "", 0);
    let stream = open_from(&mut &*bytes, expected, key, &mut files, &mut silent)?;
    let proven = (0..).zip(files.0).map(|(number, bytes)| Some((stream.proof(number)?, bytes)));
    // Parts of a file are for whoever has the rest.
    Ok(proven.collect::<Option<_>>().ok_or(Refusal::Policy)?)
}

/// Files in memory do not change while they are sent: the borrow sees to it.
impl Source for Vec<&[u8]> {
    fn read(&self, entry: u32, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let bytes = usize::try_from(entry).ok().and_then(|entry| self.get(entry));
        bytes.ok_or(io::ErrorKind::NotFound)?.read_exact_at(buffer, offset)
    }

    fn is_unchanged(&self, _: u32) -> io::Result<bool> {
        Ok(true)
    }
}

/// Grows with what comes and never with what is announced.
#[derive(Default)]
struct InMemory(Vec<Vec<u8>>);

impl Sink for InMemory {
    fn begin(&mut self, manifest: &Manifest) -> io::Result<()> {
        self.0 = manifest.entries().iter().map(|_| Vec::new()).collect();
        Ok(())
    }

    /// In one piece, a file's bytes come in order.
    fn write(&mut self, entry: u32, _: u64, bytes: &[u8]) -> io::Result<()> {
        let file = usize::try_from(entry).ok().and_then(|entry| self.0.get_mut(entry));
        file.ok_or(io::ErrorKind::NotFound)?.extend_from_slice(bytes);
        Ok(())
    }
}

const CHUNK: u8 = 1;
const SEGMENT: u8 = 2;
const FINAL: u8 = 3;
const MAX_RECORD_BYTES: usize = 1024;
