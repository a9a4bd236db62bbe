//! The sending side of a stream.
//!
//! [`Sealer`] is the conversation: it hands out chunk numbers and records to sign, and knows what was
//! acknowledged. Its [`ChunkSealer`], cheap to clone, does the work on as many threads as there are
//! lanes: it reads, encrypts and tags chunks in any order. A segment's last chunks may be under way
//! while those of the next are handed out, and its record is signed beside both, so no lane waits
//! for a signature.
//!
//! A position of the keystream encrypts one plaintext, ever. The tag of every chunk under way is
//! kept; sealing one again gives the same bytes or fails, and what a changed source would have
//! given never leaves the buffer.

use super::chunk_sealer::{ChunkSealer, LastLook, Shared, Unchanged, to_hash};
use super::contents::{Contents, EntryLeaf, Passed};
use super::header::{Context, Header, Inner, Recipient, StreamId};
use super::ids::SaltedIds;
use super::layout::Layout;
use super::manifest::{Manifest, ManifestProblem};
use super::record::{Chain, Record, UnsignedRecord, tags_hash};
use super::secret::StreamSecret;
use crate::crypto::{self, SealingCertificate, SigningKey, Tag, UnixTime, Verified};
use crate::model::limits::{OPEN_SEGMENTS, SEGMENT_CHUNKS};
use crate::model::{ContentId, EntryPath};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::{fmt, io};

/// Where the bytes of a stream's entries come from.
pub trait Source: Sync {
    /// Fills the buffer with an entry's bytes from `offset` on.
    fn read(&self, entry: u32, offset: u64, buffer: &mut [u8]) -> io::Result<()>;

    /// The same, of bytes that are not sent, only read for the id of their entry.
    fn read_for_id(&self, entry: u32, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.read(entry, offset, buffer)
    }

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
    #[error("{path} cannot be read: {error}")]
    Source {
        /// The number of the entry.
        entry: u32,
        /// Its path.
        path: EntryPath,
        /// What the system said.
        error: io::Error,
    },
    /// An entry is not any more what it was; the stream is over, and a new one may begin.
    #[error("{path} changed while it was sent")]
    SourceChanged {
        /// The number of the entry.
        entry: u32,
        /// Its path.
        path: EntryPath,
    },
    /// The caller asked for what is not its turn.
    #[error("{0}")]
    OutOfTurn(&'static str),
}

/// What a [`Sealer`] wants next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Seal this chunk.
    Chunk(u32),
    /// Sign the record of the oldest segment: it is full, or the manifest, and sealed.
    EndSegment,
    /// Nothing, until a chunk that was handed out is sealed or the receiver acknowledges a segment.
    Wait,
    /// Give the ids of the entries of which only parts are sent: [`Sealer::missing_ids`].
    Ids,
    /// Finish: all chunks are sealed.
    Finish,
    /// Nothing any more: the final record was made.
    Done,
}

/// The conversation of the sending side.
pub struct Sealer {
    shared: Arc<Shared>,
    signing: Arc<SigningKey>,
    header: Header,
    chain: Chain,
    next: u32,
    merged: u32,
    contents: Contents,
    given_ids: HashMap<u32, ContentId>,
    /// Where the segments end that are full, and whose records are not made.
    closed: VecDeque<u32>,
    /// Number and end of the segments that have a record and are not acknowledged.
    open: VecDeque<(u32, u32)>,
    finished: bool,
    on_leaf: Box<dyn FnMut(EntryLeaf) + Send>,
}

impl Sealer {
    /// Begins a stream: makes its secret, wraps it for the receiver, and signs the header.
    pub fn new(
        manifest: impl Into<Arc<Manifest>>,
        to: &Verified<SealingCertificate>,
        signing: &Arc<SigningKey>,
        context: Context,
        created: UnixTime,
    ) -> Result<Self, SealError> {
        let manifest = manifest.into();
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
        let shared = Shared::new(manifest, manifest_bytes, layout, secret.into_keys());
        Ok(Self {
            shared: Arc::new(shared),
            signing: Arc::clone(signing),
            chain: Chain::new(header.hash()),
            header,
            next: 0,
            merged: 0,
            contents,
            given_ids: HashMap::new(),
            closed: VecDeque::new(),
            open: VecDeque::new(),
            finished: false,
            on_leaf: Box::new(|_| {}),
        })
    }

    /// Tells each leaf of the entries whose ids were not known, in order: a later resume asks for
    /// ids by them.
    pub fn on_leaf(mut self, tell: impl FnMut(EntryLeaf) + Send + 'static) -> Self {
        self.on_leaf = Box::new(tell);
        self
    }

    /// The stream's header, to be sent first.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What the stream carries.
    pub fn manifest(&self) -> &Arc<Manifest> {
        &self.shared.manifest
    }

    /// How many chunks of data it has.
    pub fn data_chunks(&self) -> u32 {
        self.shared.layout.data_chunks()
    }

    /// What seals the chunks, on any thread.
    pub fn chunks(&self) -> ChunkSealer {
        ChunkSealer { shared: Arc::clone(&self.shared) }
    }

    /// Gives the id of the whole of an entry of which only parts are sent.
    pub fn give_id(&mut self, entry: u32, id: ContentId) {
        self.given_ids.insert(entry, id);
    }

    /// The entries whose ids [`Sealer::give_id`] has to give before the stream can end.
    pub fn missing_ids(&self) -> Vec<u32> {
        let of = |number: &u32| {
            let listed = self.shared.manifest.get(*number);
            listed.is_some_and(|listed| !listed.is_whole() && listed.entry.content().is_none())
        };
        let entries = 0..self.shared.manifest.count();
        entries.filter(of).filter(|number| !self.given_ids.contains_key(number)).collect()
    }

    /// What is to be done next. A chunk is handed out once.
    pub fn turn(&mut self) -> Result<Turn, SealError> {
        self.shared.still_unchanged()?;
        let (first_id, end) = (self.shared.layout.first_id(), self.shared.layout.chunk_count());
        Ok(if self.finished {
            Turn::Done
        } else if self.closed.front().is_some_and(|closed| self.is_sealed(*closed)) {
            Turn::EndSegment
        } else if self.next == end {
            if self.closed.is_empty() && self.is_sealed(end) { Turn::Finish } else { Turn::Wait }
        } else if self.is_window_full() {
            Turn::Wait
        } else if self.next == first_id && !self.prepare_ids()? {
            if self.merged < first_id { Turn::Wait } else { Turn::Ids }
        } else {
            Turn::Chunk(self.hand_out())
        })
    }

    /// Whether a chunk was handed out and its segment is not acknowledged yet: whether it may have
    /// to leave again.
    pub fn is_under_way(&self, index: u32) -> bool {
        index < self.next && self.shared.window().holds(index)
    }

    fn hand_out(&mut self) -> u32 {
        let index = self.next;
        self.next = index.saturating_add(1);
        let full = self.next.saturating_sub(self.segment_begin()) == SEGMENT_CHUNKS;
        if full || self.next == self.shared.layout.first_data() {
            self.close_segment();
        }
        index
    }

    /// Ends the segment under way early, so that a slow line gets its record soon; whatever is
    /// handed out from now on belongs to the next. Does nothing where no segment can end.
    pub fn close_segment(&mut self) {
        let layout = &self.shared.layout;
        let in_data = self.next >= layout.first_data() && self.next < layout.chunk_count();
        if in_data && self.next > self.segment_begin() {
            self.closed.push_back(self.next);
        }
    }

    fn segment_begin(&self) -> u32 {
        self.closed.back().copied().unwrap_or_else(|| self.chain.covered())
    }

    fn is_window_full(&self) -> bool {
        let ended = self.open.len().saturating_add(self.closed.len());
        ended >= OPEN_SEGMENTS as usize
    }

    /// Whether all chunks up to `end` that no record covers are sealed.
    fn is_sealed(&self, end: u32) -> bool {
        let window = self.shared.window();
        (self.chain.covered()..end).all(|index| window.get(index).is_some())
    }

    /// Makes and signs the record of the oldest segment: [`Sealer::take_record`].
    pub fn end_segment(&mut self) -> Result<Record, SealError> {
        Ok(self.take_record()?.sign()?)
    }

    /// The record of the oldest segment, to be signed and sent before any other; a segment under
    /// way ends here. All its chunks must be sealed, and it must not be the last: that one is for
    /// [`Sealer::finish`].
    pub fn take_record(&mut self) -> Result<UnsignedRecord, SealError> {
        if self.closed.is_empty() {
            self.close_segment();
        }
        let end = self.closed.front().copied();
        let end = end.ok_or(SealError::OutOfTurn("no segment can end here"))?;
        let record = self.record_up_to(end, None)?;
        self.closed.pop_front();
        Ok(record)
    }

    /// Looks at every entry again, and makes and signs the final record.
    pub fn finish(&mut self, source: &(impl Source + ?Sized)) -> Result<Record, SealError> {
        let unchanged = self.last_look()?.look(source)?;
        Ok(self.take_final_record(unchanged)?.sign()?)
    }

    /// When all chunks are sealed: what looks at every entry again, which takes a while.
    pub fn last_look(&self) -> Result<LastLook, SealError> {
        let end = self.shared.layout.chunk_count();
        if self.finished || self.next != end || !self.closed.is_empty() || !self.is_sealed(end) {
            return Err(SealError::OutOfTurn("chunks are left to seal"));
        }
        Ok(LastLook { shared: Arc::clone(&self.shared) })
    }

    /// The final record, to be signed and sent.
    pub fn take_final_record(&mut self, unchanged: Unchanged) -> Result<UnsignedRecord, SealError> {
        if self.finished {
            return Err(SealError::OutOfTurn("the final record was made"));
        }
        if !Arc::ptr_eq(&unchanged.shared, &self.shared) {
            return Err(SealError::OutOfTurn("another stream was looked at"));
        }
        let ids = self.shared.ids.get().and_then(|ids| ids.tree(&self.shared.manifest));
        let tree = ids.ok_or(SealError::OutOfTurn("the ids are not known"))?;
        let record = self.record_up_to(self.shared.layout.chunk_count(), Some(tree.root()))?;
        self.finished = true;
        Ok(record)
    }

    /// Takes note that the receiver has verified a segment, the oldest that has a record.
    pub fn acknowledge(&mut self, segment: u32) -> Result<(), SealError> {
        let oldest = self.open.front().filter(|(number, _)| *number == segment);
        let Some((_, end)) = oldest.copied() else {
            return Err(SealError::OutOfTurn("another segment is to be acknowledged"));
        };
        self.open.pop_front();
        if segment == 0 {
            self.shared.forget_manifest_bytes();
        }
        self.merge();
        let mut window = self.shared.window();
        while window.first() < end {
            window.take_first();
        }
        Ok(())
    }

    /// Makes the record of the chunks that none covers, up to `end`.
    fn record_up_to(
        &mut self,
        end: u32,
        root: Option<[u8; 32]>,
    ) -> Result<UnsignedRecord, SealError> {
        self.shared.still_unchanged()?;
        let window = self.shared.window();
        let chunks = self.chain.covered()..end;
        let tags: Option<Vec<Tag>> =
            chunks.map(|index| window.get(index).map(|sealed| sealed.tag)).collect();
        drop(window);
        let tags = tags.filter(|tags| !tags.is_empty());
        let tags = tags.ok_or(SealError::OutOfTurn("a chunk of the segment is not sealed"))?;
        let count = u16::try_from(tags.len()).map_err(|_| SealError::TooLarge)?;
        let segment = self.chain.next(count, tags_hash(tags.iter()));
        self.open.push_back((segment.number, end));
        Ok(UnsignedRecord::new(&mut self.chain, segment, root, Arc::clone(&self.signing)))
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
        let of = (&*self.shared.manifest, &self.shared.layout);
        let mut leaves = Vec::new();
        let window = self.shared.window();
        while let Some(sealed) = window.get(self.merged) {
            let keep = |passed| {
                if let Passed::Leaf(leaf) = passed {
                    leaves.push(leaf);
                }
            };
            self.contents.push_chunk(of, self.merged, &sealed.pieces, to_hash, keep);
            self.merged = self.merged.saturating_add(1);
        }
        // Told without the lock: whoever listens may take their time.
        drop(window);
        leaves.into_iter().for_each(&mut self.on_leaf);
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealer(chunk {} of {})", self.next, self.shared.layout.chunk_count())
    }
}
