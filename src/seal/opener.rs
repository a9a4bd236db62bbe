//! The receiving side of a stream.
//!
//! ```text
//! CheckedHeader ──open──▶ ManifestOpener ──record──▶ Opener ──finish──▶ OpenedStream
//!                         manifest chunks            chunks, records    proofs, receipts
//! ```
//!
//! [`Opener`] is the conversation: it keeps what was verified and which records came.
//! [`ChunkOpener`], cheap to clone, does the work on as many threads as there are lanes. The
//! plaintext of a chunk exists only inside an [`OpenedChunk`], which is made after its tag
//! verified; an entry's content is proven only by an [`OpenedStream`], which is made after the
//! final record verified.

use super::chunk::{ChunkHead, piece_values};
use super::contents::{Contents, Passed};
use super::header::{CheckedHeader, SignedHeader};
use super::ids::{IdTree, SaltedIds};
use super::layout::{ChunkKind, Layout, PieceOf};
use super::manifest::Manifest;
use super::receipt::Papers;
use super::record::{Chain, CheckedRecord, FinalRecord, Record, tags_hash};
use super::secret::StreamKeys;
use super::window::Window;
use super::{CHUNK_BYTES, OpenedStream, Refusal};
use crate::crypto::{Signed, Tag, VerifyingKey};
use crate::model::content::Piece;
use crate::model::limits::OPEN_SEGMENTS;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// Waits for the manifest: its chunks in order, then the record of segment 0.
///
/// There is one for each stream, since what one has admitted another does not know.
#[derive(Debug)]
pub struct ManifestOpener {
    checked: Arc<CheckedHeader>,
    keys: Arc<StreamKeys>,
    bytes: Vec<u8>,
    tags: Vec<Tag>,
}

impl ManifestOpener {
    pub(super) fn new(checked: CheckedHeader, keys: StreamKeys) -> Self {
        Self {
            checked: Arc::new(checked),
            keys: Arc::new(keys),
            bytes: Vec::new(),
            tags: Vec::new(),
        }
    }

    /// A second one, for tests that open one stream over and over: unwrapping takes long.
    #[doc(hidden)]
    pub fn again(&self) -> Self {
        let Self { checked, keys, bytes, tags } = self;
        let (checked, keys) = (Arc::clone(checked), Arc::clone(keys));
        Self { checked, keys, bytes: bytes.clone(), tags: tags.clone() }
    }

    /// How many bytes the chunk behind this head must have; refuses a chunk whose turn it is not.
    pub fn expect(&self, head: &ChunkHead) -> Result<usize, Refusal> {
        let whole = usize::try_from(self.checked.header.manifest_length()).unwrap_or(usize::MAX);
        let length = whole.saturating_sub(self.bytes.len()).min(CHUNK_BYTES);
        let in_turn = usize::try_from(head.index) == Ok(self.tags.len()) && length > 0;
        let fits = usize::try_from(head.length) == Ok(length);
        if in_turn && fits { Ok(length) } else { Err(Refusal::ChunkShape) }
    }

    /// Whether all chunks of the manifest have come.
    pub fn is_complete(&self) -> bool {
        self.bytes.len() as u64 == u64::from(self.checked.header.manifest_length())
    }

    /// Takes the next chunk of the manifest.
    pub fn chunk(&mut self, head: &ChunkHead, data: &mut [u8]) -> Result<(), Refusal> {
        if self.expect(head)? != data.len() {
            return Err(Refusal::ChunkShape);
        }
        self.keys.open(head, data, || Ok(()))?;
        self.bytes.extend_from_slice(data);
        self.tags.push(head.tag);
        Ok(())
    }

    /// Takes the record of segment 0, and reads the manifest.
    pub fn record(self, record: &Record) -> Result<Opener, Refusal> {
        let Self { checked, keys, mut bytes, tags } = self;
        let record = record.check(&checked.sender)?;
        let mut chain = Chain::new(checked.header.hash());
        let count = u16::try_from(tags.len()).map_err(|_| Refusal::RecordChain)?;
        let is_manifest = bytes.len() as u64 == u64::from(checked.header.manifest_length());
        let follows = record.segment == chain.next(count, tags_hash(tags.iter()));
        if !is_manifest || !follows || record.root.is_some() {
            return Err(Refusal::RecordChain);
        }
        chain.advance(&record.segment, record.hash);
        // What grew chunk by chunk has room for up to twice as much.
        bytes.shrink_to_fit();
        let length = bytes.len() as u64;
        let manifest = Manifest::decode(bytes, checked.entries())?;
        let layout = Layout::new(&manifest, length).ok_or(Refusal::NotOpened)?;
        let manifest = Arc::new(manifest);
        if manifest.data_length() != checked.data_length()
            || layout.chunk_count() != checked.header.chunk_count()
        {
            return Err(Refusal::NotOpened);
        }
        // The manifest's chunks are settled.
        let admitted = Mutex::new(Window::starting_at(layout.first_data()));
        Ok(Opener::new(
            &checked,
            chain,
            OpenShared { manifest, layout, keys, admitted, failed: OnceLock::new() },
        ))
    }
}

/// The conversation of the receiving side.
pub struct Opener {
    shared: Arc<OpenShared>,
    sender: VerifyingKey,
    header: SignedHeader,
    chain: Chain,
    window: Window<Received>,
    records: VecDeque<CheckedRecord>,
    final_record: Option<Signed<FinalRecord>>,
    contents: Contents,
    ids: SaltedIds,
    tree: Option<IdTree>,
    on_passed: Box<dyn FnMut(Passed) + Send>,
}

/// What both halves of the receiving side know.
struct OpenShared {
    manifest: Arc<Manifest>,
    layout: Layout,
    keys: Arc<StreamKeys>,
    /// The tags of the chunks under way that were opened.
    admitted: Mutex<Window<Tag>>,
    /// The first thing that its sender did wrong: nothing is right after it.
    failed: OnceLock<Refusal>,
}

impl OpenShared {
    fn still_sound(&self) -> Result<(), Refusal> {
        self.failed.get().map_or(Ok(()), |refusal| Err(*refusal))
    }

    /// Fails the stream for good, with what failed it first.
    fn fail(&self, refusal: Refusal) -> Refusal {
        *self.failed.get_or_init(|| refusal)
    }

    fn admitted(&self) -> MutexGuard<'_, Window<Tag>> {
        // What the lock guards is whole after every step, so a panic elsewhere spoils nothing.
        self.admitted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Admits one plaintext of a chunk, ever: of two that both verify, the sender made both, and
    /// the second could take the place of the first after that was verified.
    fn admit(&self, head: &ChunkHead) -> Result<(), Refusal> {
        let mut admitted = self.admitted();
        match admitted.get(head.index) {
            Some(before) if *before == head.tag => Ok(()),
            None if admitted.holds(head.index) => {
                admitted.set(head.index, head.tag);
                Ok(())
            }
            Some(_) => Err(self.fail(Refusal::Equivocation)),
            None => Err(Refusal::ChunkShape),
        }
    }
}

/// A segment whose record and chunks agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifiedSegment {
    /// Its number.
    pub number: u32,
    /// Its first chunk.
    pub first: u32,
    /// The chunk behind its last.
    pub end: u32,
    /// Whether it is the last.
    pub is_final: bool,
}

impl Opener {
    fn new(checked: &CheckedHeader, chain: Chain, shared: OpenShared) -> Self {
        let window = Window::starting_at(shared.layout.first_data());
        Self {
            contents: Contents::new(&shared.manifest),
            shared: Arc::new(shared),
            header: checked.header.signed_part(),
            sender: checked.sender.clone(),
            chain,
            window,
            records: VecDeque::new(),
            final_record: None,
            ids: SaltedIds::default(),
            tree: None,
            on_passed: Box::new(|_| {}),
        }
    }

    /// Tells each leaf of what is verified, and each entry that has none, in order, for the journal.
    pub fn on_passed(mut self, tell: impl FnMut(Passed) + Send + 'static) -> Self {
        self.on_passed = Box::new(tell);
        self
    }

    /// What the stream carries.
    pub fn manifest(&self) -> &Arc<Manifest> {
        &self.shared.manifest
    }

    /// How many chunks of data it has.
    pub fn data_chunks(&self) -> u32 {
        self.shared.layout.data_chunks()
    }

    /// What opens the chunks, on any thread.
    pub fn chunks(&self) -> ChunkOpener {
        ChunkOpener { shared: Arc::clone(&self.shared) }
    }

    /// The first chunk that is not settled.
    pub fn first_open(&self) -> u32 {
        self.window.first()
    }

    /// Whether a chunk may come now; before its bytes are read.
    pub fn is_open(&self, index: u32) -> bool {
        self.window.holds(index) && index < self.shared.layout.chunk_count()
    }

    /// Whether a chunk is under way and has not come.
    pub fn is_awaited(&self, index: u32) -> bool {
        self.is_open(index) && self.window.get(index).is_none()
    }

    /// Takes note of a chunk that was opened. The same chunk twice, which two lanes may bring, does
    /// no harm, not even after its segment was verified.
    pub fn accept(&mut self, chunk: ChunkReceipt) -> Result<(), Refusal> {
        if chunk.index < self.window.first() {
            return Ok(());
        }
        if !self.is_open(chunk.index) {
            return Err(Refusal::ChunkShape);
        }
        match self.window.get(chunk.index) {
            // Two chunks of one number that both verify: the sender made both.
            Some(before) if before.tag != chunk.received.tag => {
                Err(self.shared.fail(Refusal::Equivocation))
            }
            Some(_) => Ok(()),
            None => {
                self.window.set(chunk.index, chunk.received);
                Ok(())
            }
        }
    }

    /// Takes the next record; its chunks may come later. A record that is refused, and whatever else
    /// only the sender can have done, fails the stream for good.
    pub fn record(&mut self, record: &Record) -> Result<(), Refusal> {
        self.shared.still_sound()?;
        self.take_record(record).map_err(|refusal| self.shared.fail(refusal))
    }

    fn take_record(&mut self, record: &Record) -> Result<(), Refusal> {
        let checked = record.check(&self.sender)?;
        let end = checked.segment.end();
        let at_end = end == self.shared.layout.chunk_count();
        let is_final = checked.root.is_some();
        let follows = self.chain.is_followed_by(&checked.segment) && self.final_record.is_none();
        let has_room = self.records.len() < OPEN_SEGMENTS as usize;
        if !follows || !has_room || at_end != is_final || end > self.shared.layout.chunk_count() {
            return Err(Refusal::RecordChain);
        }
        if let Record::Final(signed) = record {
            self.final_record = Some(signed.clone());
        }
        self.chain.advance(&checked.segment, checked.hash);
        self.records.push_back(checked);
        Ok(())
    }

    /// The chunks that records cover and that have not come, ascending.
    pub fn missing(&self) -> Vec<u32> {
        let end = self.records.back().map_or(0, |record| record.segment.end());
        self.window.missing(end).collect()
    }

    /// Verifies the oldest open segment; none when its record or a chunk has not come yet.
    pub fn advance(&mut self) -> Result<Option<VerifiedSegment>, Refusal> {
        self.shared.still_sound()?;
        self.verify_segment().map_err(|refusal| self.shared.fail(refusal))
    }

    fn verify_segment(&mut self) -> Result<Option<VerifiedSegment>, Refusal> {
        let Some(record) = self.records.front() else { return Ok(None) };
        let end = record.segment.end();
        if self.window.missing(end).next().is_some() {
            return Ok(None);
        }
        if tags_hash(self.window.up_to(end).map(|chunk| &chunk.tag)) != record.segment.tags {
            return Err(Refusal::RecordChain);
        }
        let Some(CheckedRecord { segment, root, .. }) = self.records.pop_front() else {
            return Ok(None);
        };
        self.settle(end);
        if let Some(root) = root {
            self.tree = Some(self.check_ids(root)?);
        }
        let (number, first) = (segment.number, segment.first);
        Ok(Some(VerifiedSegment { number, first, end, is_final: root.is_some() }))
    }

    /// Ends the stream; refused before its final record verified.
    pub fn finish(self) -> Result<OpenedStream, Refusal> {
        self.shared.still_sound()?;
        let (Some(tree), Some(final_record)) = (self.tree, self.final_record) else {
            return Err(Refusal::Cut);
        };
        Ok(OpenedStream {
            papers: Arc::new(Papers::new(self.sender, self.header, final_record)),
            manifest: Arc::clone(&self.shared.manifest),
            ids: self.ids,
            tree,
        })
    }

    /// Merges what the chunks up to `end` held, and forgets them.
    fn settle(&mut self, end: u32) {
        let shared = Arc::clone(&self.shared);
        let of = (&*shared.manifest, &shared.layout);
        while self.window.first() < end {
            let index = self.window.first();
            shared.admitted().take_first();
            match self.window.take_first().map(|chunk| chunk.held) {
                Some(Held::Pieces(pieces)) => {
                    self.contents.push_chunk(of, index, &pieces, |_| true, &mut self.on_passed);
                }
                Some(Held::Ids(bytes)) => {
                    self.ids.append(&bytes, self.shared.manifest.entries().len())
                }
                None => {}
            }
        }
    }

    /// The ids are those that the final record signed, the manifest announced, and the data gave.
    fn check_ids(&mut self, root: [u8; 32]) -> Result<IdTree, Refusal> {
        let manifest = &self.shared.manifest;
        let tree = self.ids.tree(manifest).ok_or(Refusal::Ids)?;
        let mut agree = tree.root() == root;
        let passed = self.contents.ids();
        for ((number, listed), passed) in (0..).zip(manifest.entries()).zip(passed) {
            let signed = self.ids.get(number).map(|salted| salted.id);
            let announced = listed.entry.content();
            agree &= announced.is_none() || announced == signed;
            agree &= !listed.is_whole() || *passed == signed;
        }
        if agree { Ok(tree) } else { Err(Refusal::Ids) }
    }
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = self.shared.layout.chunk_count();
        write!(f, "Opener(chunk {} of {of})", self.window.first())
    }
}

/// Opens chunks, on any thread and in any order.
#[derive(Clone)]
pub struct ChunkOpener {
    shared: Arc<OpenShared>,
}

impl ChunkOpener {
    /// How many bytes the chunk behind this head must have, before any of them is read; refuses
    /// one that is not under way.
    pub fn expect(&self, head: &ChunkHead) -> Result<usize, Refusal> {
        let length = self.shared.layout.length(head.index).ok_or(Refusal::ChunkShape)?;
        let fits = usize::try_from(head.length) == Ok(length);
        let may_come = self.shared.admitted().holds(head.index);
        if fits && may_come { Ok(length) } else { Err(Refusal::ChunkShape) }
    }

    /// How many bytes a chunk has that is settled already, which a slow lane may still bring: it is
    /// read past, and nothing of it is used.
    pub fn settled(&self, head: &ChunkHead) -> Option<usize> {
        let length = self.shared.layout.length(head.index)?;
        let fits = usize::try_from(head.length) == Ok(length);
        (fits && head.index < self.shared.admitted().first()).then_some(length)
    }

    /// Verifies a chunk and decrypts it in place; the same one twice gives the same bytes. When
    /// its tag does not verify, or another chunk of its number was opened, it is left as it came.
    pub fn open<'b>(
        &'b self,
        head: &ChunkHead,
        data: &'b mut [u8],
    ) -> Result<OpenedChunk<'b>, Refusal> {
        if self.expect(head)? != data.len() {
            return Err(Refusal::ChunkShape);
        }
        let OpenShared { manifest, layout, keys, .. } = &*self.shared;
        keys.open(head, data, || self.shared.admit(head))?;
        let held = match layout.kind(head.index) {
            Some(ChunkKind::Ids(_)) => Held::Ids(data.to_vec()),
            _ => Held::Pieces(
                piece_values(manifest, layout, head.index, data, |_| true)
                    .ok_or(Refusal::ChunkShape)?,
            ),
        };
        let receipt =
            ChunkReceipt { index: head.index, received: Received { tag: head.tag, held } };
        Ok(OpenedChunk { layout, data, receipt })
    }
}

impl fmt::Debug for ChunkOpener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChunkOpener")
    }
}

/// A chunk whose tag verified: the only way to its plaintext.
pub struct OpenedChunk<'b> {
    layout: &'b Layout,
    data: &'b [u8],
    receipt: ChunkReceipt,
}

impl<'b> OpenedChunk<'b> {
    /// The pieces of entries in it, each with where it belongs; none in a chunk of ids.
    pub fn pieces(&self) -> impl Iterator<Item = (PieceOf, &'b [u8])> {
        let mut rest = self.data;
        self.layout.pieces(self.receipt.index).map_while(move |piece| {
            let (bytes, behind) = rest.split_at_checked(piece.length)?;
            rest = behind;
            Some((piece, bytes))
        })
    }

    /// What [`Opener::accept`] takes note of, once the pieces are written.
    pub fn into_receipt(self) -> ChunkReceipt {
        self.receipt
    }
}

impl fmt::Debug for OpenedChunk<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpenedChunk({})", self.receipt.index)
    }
}

/// That a chunk was opened, and what was learned of it.
#[derive(Debug)]
pub struct ChunkReceipt {
    index: u32,
    received: Received,
}

/// What is remembered of a chunk under way.
#[derive(Debug)]
struct Received {
    tag: Tag,
    held: Held,
}

#[derive(Debug)]
enum Held {
    Pieces(Vec<Piece>),
    Ids(Vec<u8>),
}
