//! The sending side of a stream.
//!
//! [`Sealer`] is the conversation: it hands out chunk numbers, signs records, and knows what was
//! acknowledged. [`ChunkSealer`], cheap to clone, does the work on as many threads as there are
//! lanes: it reads, encrypts and tags chunks in any order.
//!
//! A position of the keystream encrypts one plaintext, ever. The tag of every chunk under way is
//! kept; sealing one again gives the same bytes or fails, and what a changed source would have
//! given never leaves the buffer.

use super::chunk::{ChunkHead, piece_values};
use super::contents::{Contents, EntryLeaf};
use super::header::{Context, Header, Inner, Recipient, StreamId};
use super::ids::SaltedIds;
use super::layout::{ChunkKind, Layout};
use super::manifest::{Manifest, ManifestProblem};
use super::record::{Chain, FinalRecord, Record, Segment, SegmentRecord, tags_hash};
use super::secret::{StreamKeys, StreamSecret};
use super::window::Window;
use crate::crypto::{
    self, SealingCertificate, Signed, SigningKey, Statement, Tag, UnixTime, Verified,
};
use crate::model::ContentId;
use crate::model::content::Piece;
use crate::model::limits::{OPEN_SEGMENTS, SEGMENT_CHUNKS};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::{fmt, io};
use zeroize::Zeroize;

/// Where the bytes of a stream's entries come from.
pub trait Source: Sync {
    /// Fills the buffer with an entry's bytes from `offset` on.
    fn read(&self, entry: u32, offset: u64, buffer: &mut [u8]) -> io::Result<()>;

    /// Looks at an entry again: whether it is still the file that was listed.
    fn is_unchanged(&self, entry: u32) -> io::Result<bool>;
}

/// Why a stream cannot be sealed any further.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The manifest is not one that a stream can have.
    #[error(transparent)]
    Manifest(#[from] ManifestProblem),
    /// More data than chunks can be numbered for.
    #[error("this is more than one stream can carry")]
    TooLarge,
    /// A key operation failed.
    #[error(transparent)]
    Crypto(#[from] crypto::Error),
    /// An entry cannot be read.
    #[error("entry {entry} cannot be read: {error}")]
    Source {
        /// The number of the entry.
        entry: u32,
        /// What the system said.
        error: io::Error,
    },
    /// An entry is not any more what it was; the stream is over, and a new one may begin.
    #[error("entry {0} changed while it was sent")]
    SourceChanged(u32),
    /// The caller asked for what is not its turn.
    #[error("{0}")]
    OutOfTurn(&'static str),
}

/// What a [`Sealer`] wants next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Seal this chunk.
    Chunk(u32),
    /// End the segment; it is full, or it is the manifest.
    EndSegment,
    /// Wait until the receiver acknowledged a segment.
    Acknowledge,
    /// Give the ids of the entries of which only parts are sent, and wait until all chunks that
    /// were handed out are sealed.
    Ids,
    /// All chunks were handed out: finish when they are sealed.
    Finish,
    /// The final record is signed.
    Done,
}

/// The conversation of the sending side.
pub struct Sealer<'k> {
    shared: Arc<Shared>,
    signing: &'k SigningKey,
    header: Header,
    chain: Chain,
    next: u32,
    merged: u32,
    contents: Contents,
    given_ids: HashMap<u32, ContentId>,
    open_ends: VecDeque<u32>,
    finished: bool,
    on_leaf: Box<dyn FnMut(EntryLeaf) + Send + 'k>,
}

/// What both halves of the sending side know.
struct Shared {
    manifest: Manifest,
    manifest_bytes: Vec<u8>,
    layout: Layout,
    keys: StreamKeys,
    ids: OnceLock<SaltedIds>,
    window: Mutex<Window<Sealed>>,
    changed: OnceLock<u32>,
}

/// What is remembered of a chunk under way.
struct Sealed {
    tag: Tag,
    pieces: Vec<Piece>,
}

impl<'k> Sealer<'k> {
    /// Begins a stream: makes its secret, wraps it for the receiver, and signs the header.
    pub fn new(
        manifest: Manifest,
        to: &Verified<SealingCertificate>,
        signing: &'k SigningKey,
        context: Context,
        created: UnixTime,
    ) -> Result<Self, SealError> {
        let manifest_bytes = manifest.encode()?;
        let layout =
            Layout::new(&manifest, manifest_bytes.len() as u64).ok_or(SealError::TooLarge)?;
        let (secret, stream) = (StreamSecret::fresh(), StreamId::random());
        let inner = Inner {
            stream,
            sender: signing.fingerprint(),
            created,
            context,
            manifest_length: u32::try_from(manifest_bytes.len())
                .map_err(|_| SealError::TooLarge)?,
            entries: manifest.count(),
            data_length: manifest.data_length(),
            chunks: layout.chunk_count(),
            commitment: secret.commitment(&stream),
            recipient: Recipient::of(to),
        };
        let header = Header::create(inner, to, &secret, signing)?;
        let contents = Contents::new(&manifest);
        let shared = Shared {
            manifest,
            manifest_bytes,
            layout,
            keys: secret.into_keys(),
            ids: OnceLock::new(),
            window: Mutex::new(Window::starting_at(0)),
            changed: OnceLock::new(),
        };
        Ok(Self {
            shared: Arc::new(shared),
            signing,
            chain: Chain::new(header.hash()),
            header,
            next: 0,
            merged: 0,
            contents,
            given_ids: HashMap::new(),
            open_ends: VecDeque::new(),
            finished: false,
            on_leaf: Box::new(|_| {}),
        })
    }

    /// Tells each leaf of what is sent, in order: a later resume asks for ids by them.
    pub fn on_leaf(mut self, tell: impl FnMut(EntryLeaf) + Send + 'k) -> Self {
        self.on_leaf = Box::new(tell);
        self
    }

    /// The stream's header, to be sent first.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What seals the chunks, on any thread.
    pub fn chunks(&self) -> ChunkSealer {
        ChunkSealer { shared: Arc::clone(&self.shared) }
    }

    /// Gives the id of the whole of an entry of which only parts are sent.
    pub fn give_id(&mut self, entry: u32, id: ContentId) {
        self.given_ids.insert(entry, id);
    }

    /// What is to be done next. A chunk is handed out once.
    pub fn turn(&mut self) -> Result<Turn, SealError> {
        self.shared.still_unchanged()?;
        let layout = &self.shared.layout;
        let in_segment = self.next.saturating_sub(self.chain.covered());
        let manifest_done = self.next == layout.first_data() && in_segment > 0;
        let manifest_open = self.chain.covered() < layout.first_data();
        Ok(if self.finished {
            Turn::Done
        } else if self.next == layout.chunk_count() {
            Turn::Finish
        } else if in_segment == SEGMENT_CHUNKS || manifest_open && manifest_done {
            Turn::EndSegment
        } else if self.open_ends.len() >= OPEN_SEGMENTS as usize {
            Turn::Acknowledge
        } else if self.next == layout.first_id() && !self.prepare_ids()? {
            Turn::Ids
        } else {
            let index = self.next;
            self.next = index.saturating_add(1);
            Turn::Chunk(index)
        })
    }

    /// Signs the record of the segment that is under way. All its chunks must be sealed, and it
    /// must not be the last: that one is for [`Sealer::finish`].
    pub fn end_segment(&mut self) -> Result<Record, SealError> {
        if self.next == self.shared.layout.chunk_count() {
            return Err(SealError::OutOfTurn("the last segment is ended by the final record"));
        }
        if self.next < self.shared.layout.first_data() {
            return Err(SealError::OutOfTurn("the manifest is one segment"));
        }
        let segment = self.segment()?;
        self.sign(SegmentRecord(segment.clone()), &segment).map(Record::Segment)
    }

    /// Looks at every source again, and signs the final record.
    pub fn finish(&mut self, source: &impl Source) -> Result<Record, SealError> {
        if self.finished || self.next != self.shared.layout.chunk_count() {
            return Err(SealError::OutOfTurn("the stream is not at its end"));
        }
        for entry in 0..self.shared.manifest.count() {
            match source.is_unchanged(entry) {
                Ok(true) => {}
                Ok(false) => return Err(self.shared.end_as_changed(entry)),
                Err(error) => return Err(SealError::Source { entry, error }),
            }
        }
        let tree = self.shared.ids.get().and_then(|ids| ids.tree(&self.shared.manifest));
        let root = tree.ok_or(SealError::OutOfTurn("the ids are not known"))?.root();
        let segment = self.segment()?;
        let record = FinalRecord { segment: segment.clone(), root };
        let signed = self.sign(record, &segment)?;
        self.finished = true;
        Ok(Record::Final(signed))
    }

    /// The receiver has verified the oldest open segment: its chunks are not sent again.
    pub fn acknowledge(&mut self) -> Result<(), SealError> {
        let end = self.open_ends.pop_front();
        let end = end.ok_or(SealError::OutOfTurn("no segment is open"))?;
        self.merge();
        let mut window = self.shared.window();
        while window.first() < end {
            window.take_first();
        }
        Ok(())
    }

    /// The segment from the last record up to the last chunk handed out.
    fn segment(&self) -> Result<Segment, SealError> {
        self.shared.still_unchanged()?;
        let (first, end) = (self.chain.covered(), self.next);
        let window = self.shared.window();
        let tags: Option<Vec<Tag>> =
            (first..end).map(|index| window.get(index).map(|sealed| sealed.tag)).collect();
        let tags = tags.filter(|tags| !tags.is_empty());
        let tags = tags.ok_or(SealError::OutOfTurn("a chunk of the segment is not sealed"))?;
        let count = u16::try_from(tags.len()).map_err(|_| SealError::TooLarge)?;
        Ok(self.chain.next(count, tags_hash(tags.iter())))
    }

    fn sign<T: Statement>(&mut self, record: T, segment: &Segment) -> Result<Signed<T>, SealError> {
        let signed = self.chain.sign(&record, segment, self.signing)?;
        self.open_ends.push_back(segment.end());
        Ok(signed)
    }

    /// Makes the id chunks, if all ids are known.
    fn prepare_ids(&mut self) -> Result<bool, SealError> {
        self.merge();
        if self.merged < self.shared.layout.first_id() {
            return Ok(false);
        }
        let mut ids = Vec::new();
        let passed = self.contents.ids();
        for ((number, listed), passed) in (0..).zip(self.shared.manifest.entries()).zip(passed) {
            let announced = listed.entry.content();
            let given = self.given_ids.get(&number).copied();
            let Some(id) = passed.or(given).or(announced) else { return Ok(false) };
            if announced.is_some_and(|announced| announced != id) {
                return Err(self.shared.end_as_changed(number));
            }
            ids.push(id);
        }
        let _ = self.shared.ids.set(SaltedIds::fresh(&ids));
        Ok(true)
    }

    /// Merges what was sealed since, as far as it has no gap.
    fn merge(&mut self) {
        let of = (&self.shared.manifest, &self.shared.layout);
        let mut leaves = Vec::new();
        let window = self.shared.window();
        while let Some(sealed) = window.get(self.merged) {
            let on_leaf = |leaf| leaves.push(leaf);
            self.contents.push_chunk(of, self.merged, &sealed.pieces, on_leaf);
            self.merged = self.merged.saturating_add(1);
        }
        // Told without the lock: whoever listens may take their time.
        drop(window);
        leaves.into_iter().for_each(&mut self.on_leaf);
    }
}

impl fmt::Debug for Sealer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealer(chunk {} of {})", self.next, self.shared.layout.chunk_count())
    }
}

/// Seals chunks, on any thread and in any order.
#[derive(Clone)]
pub struct ChunkSealer {
    shared: Arc<Shared>,
}

impl ChunkSealer {
    /// Reads, encrypts and tags a chunk that is under way. `buffer` has room for a chunk.
    ///
    /// Sealing a chunk again gives the same bytes. If the source gives others now, nothing is
    /// given out, and the stream is over.
    pub fn seal<'b>(
        &self,
        index: u32,
        source: &impl Source,
        buffer: &'b mut [u8],
    ) -> Result<(ChunkHead, &'b [u8]), SealError> {
        let shared = &self.shared;
        shared.still_unchanged()?;
        let length = shared.layout.length(index).filter(|_| shared.window().holds(index));
        let data = length.and_then(|length| buffer.get_mut(..length));
        let data = data.ok_or(SealError::OutOfTurn("this chunk is not under way"))?;
        shared.fill(index, source, data)?;
        let pieces = piece_values(&shared.manifest, &shared.layout, index, data);
        let pieces = pieces.ok_or(SealError::TooLarge)?;
        let head = shared.keys.seal(index, data).map_err(|_| SealError::TooLarge)?;
        match shared.remember(index, Sealed { tag: head.tag, pieces }) {
            Ok(()) => Ok((head, data)),
            Err(error) => {
                data.zeroize();
                Err(error)
            }
        }
    }
}

impl fmt::Debug for ChunkSealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChunkSealer")
    }
}

impl Shared {
    fn window(&self) -> MutexGuard<'_, Window<Sealed>> {
        // What the lock guards is whole after every step, so a panic elsewhere spoils nothing.
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn still_unchanged(&self) -> Result<(), SealError> {
        match self.changed.get() {
            Some(entry) => Err(SealError::SourceChanged(*entry)),
            None => Ok(()),
        }
    }

    fn end_as_changed(&self, entry: u32) -> SealError {
        SealError::SourceChanged(*self.changed.get_or_init(|| entry))
    }

    /// Reads a chunk's plaintext.
    fn fill(&self, index: u32, source: &impl Source, data: &mut [u8]) -> Result<(), SealError> {
        match self.layout.kind(index) {
            Some(ChunkKind::Manifest(from)) => copy_part(&self.manifest_bytes, from, data),
            Some(ChunkKind::Ids(from)) => {
                let ids = self.ids.get();
                copy_part(ids.map(SaltedIds::as_bytes).unwrap_or_default(), from, data)
            }
            _ => self.read_pieces(index, source, data),
        }
    }

    fn read_pieces(
        &self,
        index: u32,
        source: &impl Source,
        mut data: &mut [u8],
    ) -> Result<(), SealError> {
        for piece in self.layout.pieces(index) {
            let entry = piece.entry;
            let (now, later) =
                data.split_at_mut_checked(piece.length).ok_or(SealError::TooLarge)?;
            source.read(entry, piece.offset, now).map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => self.end_as_changed(entry),
                _ => SealError::Source { entry, error },
            })?;
            data = later;
        }
        Ok(())
    }

    /// Keeps a chunk's tag, or compares it with the one that was kept.
    fn remember(&self, index: u32, sealed: Sealed) -> Result<(), SealError> {
        let mut window = self.window();
        match window.get(index) {
            Some(before) if before.tag == sealed.tag => Ok(()),
            Some(before) => {
                Err(self.end_as_changed(self.differing(index, &before.pieces, &sealed.pieces)))
            }
            None if window.holds(index) => {
                window.set(index, sealed);
                Ok(())
            }
            None => Err(SealError::OutOfTurn("this chunk is not under way")),
        }
    }

    /// The first entry of a chunk whose bytes were others before.
    fn differing(&self, index: u32, before: &[Piece], now: &[Piece]) -> u32 {
        let values = self.layout.pieces(index).zip(before.iter().zip(now));
        let mut differing = values.filter(|(_, (before, now))| before != now);
        differing.next().map_or(0, |(piece, _)| piece.entry)
    }
}

fn copy_part(whole: &[u8], from: u64, data: &mut [u8]) -> Result<(), SealError> {
    let part = usize::try_from(from).ok().and_then(|from| whole.get(from..));
    match part.and_then(|part| part.get(..data.len())) {
        Some(part) => {
            data.copy_from_slice(part);
            Ok(())
        }
        None => Err(SealError::OutOfTurn("the ids are not known")),
    }
}
