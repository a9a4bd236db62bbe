//! What remains of a stream: proofs of what came, and the receipts of both sides.

use super::Refusal;
use super::header::{Inner, SignedHeader};
use super::ids::{IdTree, SaltedId, SaltedIds, root_of};
use super::manifest::{Manifest, ManifestEntry};
use super::record::{FinalRecord, Record, record_hash};
use crate::codec::{self, Closed, Reader, Writer, closed};
use crate::crypto::{
    Error, Fingerprint, Label, Signature, Signed, SigningKey, Statement, UnixTime, VerifyingKey,
    sha256,
};
use crate::model::content::PieceMerger;
use crate::model::limits::{ENTRY_RANGES, RECEIPT_BYTES};
use crate::model::{Content, ContentId, Entry, Modified};
use std::sync::Arc;

/// What a sender signed of a stream as a whole. All proofs and receipts of its entries stand on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Papers {
    sender: VerifyingKey,
    header: SignedHeader,
    header_hash: [u8; 32],
    final_record: Signed<FinalRecord>,
}

impl Papers {
    pub(super) fn new(
        sender: VerifyingKey,
        header: SignedHeader,
        final_record: Signed<FinalRecord>,
    ) -> Self {
        let header_hash = header.hash();
        Self { sender, header, header_hash, final_record }
    }
}

/// A stream whose final record verified.
#[derive(Debug)]
pub struct OpenedStream {
    pub(super) papers: Arc<Papers>,
    pub(super) manifest: Arc<Manifest>,
    pub(super) ids: SaltedIds,
    pub(super) tree: IdTree,
}

/// That an entry's content is the one which the sender signed. Only an [`OpenedStream`] makes one,
/// and whoever gives a file its final name asks for it. Of very many entries all are held at once, so it does
/// not repeat what the manifest says of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryProof {
    number: u32,
    is_executable: bool,
    modified: Modified,
    content: Content,
    papers: Arc<Papers>,
}

impl EntryProof {
    /// The number of the entry in its stream.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Whether the sender says that it is a program.
    pub fn is_executable(&self) -> bool {
        self.is_executable
    }

    /// When it last changed, as the sender says.
    pub fn modified(&self) -> Modified {
        self.modified
    }

    /// What its bytes are.
    pub fn content(&self) -> Content {
        self.content
    }

    /// Who sent it.
    pub fn sender(&self) -> Fingerprint {
        self.papers.sender.fingerprint()
    }
}

impl OpenedStream {
    /// What the stream carried.
    pub fn manifest(&self) -> &Arc<Manifest> {
        &self.manifest
    }

    /// Who sent it.
    pub fn sender(&self) -> Fingerprint {
        self.papers.sender.fingerprint()
    }

    /// The proof of an entry that came whole; none for one of which only parts came.
    pub fn proof(&self, number: u32) -> Option<EntryProof> {
        let listed = self.manifest.get(number)?;
        listed.is_whole().then(|| self.prove(number, listed))?
    }

    /// The proof of an entry that was pieced together, if its pieces merge to the signed id. It takes
    /// the merger, since an id would be somebody's word.
    pub fn proof_of_merged(&self, number: u32, merged: PieceMerger) -> Option<EntryProof> {
        let proof = self.prove(number, self.manifest.get(number)?)?;
        (Some(proof.content.id()) == merged.finish()).then_some(proof)
    }

    fn prove(&self, number: u32, listed: &ManifestEntry) -> Option<EntryProof> {
        let entry = &listed.entry;
        let content = Content::new(self.ids.get(number)?.id, entry.size()).ok()?;
        let (is_executable, modified) = (entry.is_executable(), entry.modified());
        let papers = Arc::clone(&self.papers);
        Some(EntryProof { number, is_executable, modified, content, papers })
    }

    /// The receipt of one file, which shows nothing of the others; none for the proof of another
    /// stream.
    pub fn receipt(&self, proof: &EntryProof) -> Option<FileReceipt> {
        if proof.papers.header_hash != self.papers.header_hash {
            return None;
        }
        Some(FileReceipt {
            papers: Arc::clone(&self.papers),
            number: proof.number,
            listed: self.manifest.get(proof.number)?.clone(),
            salted: self.ids.get(proof.number)?,
            path: self.tree.path(proof.number),
        })
    }

    /// The proof of delivery that the sender gets, signed by the receiver. Never before the files
    /// are durable.
    pub fn delivery(
        &self,
        landed: &[EntryProof],
        receiver: &SigningKey,
        now: UnixTime,
    ) -> Result<Signed<Delivery>, Error> {
        let papers = &self.papers;
        if landed.iter().any(|proof| proof.papers.header_hash != papers.header_hash) {
            return Err(Error::Statement("a file of another stream cannot be confirmed here"));
        }
        let inner: Inner = closed::decode(&papers.header.inner)?;
        if inner.recipient.fingerprint != receiver.fingerprint() {
            return Err(Error::Statement("only its receiver can confirm a stream"));
        }
        let mut numbers: Vec<u32> = landed.iter().map(EntryProof::number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let delivery = Delivery {
            header_hash: papers.header_hash,
            final_hash: record_hash(papers.final_record.body()),
            sender: self.sender(),
            receiver: receiver.fingerprint(),
            time: now,
            count: u32::try_from(numbers.len()).unwrap_or(u32::MAX),
            landed: landed_hash(&numbers),
        };
        Signed::sign(&delivery, receiver)
    }
}

/// The receiver's proof of one file: who sent it, to whom, and when by the sender's clock.
///
/// It holds offline and against anyone. It proves who *sent* the file, not who made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileReceipt {
    papers: Arc<Papers>,
    number: u32,
    listed: ManifestEntry,
    salted: SaltedId,
    path: Vec<[u8; 32]>,
}

/// What a file receipt proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentFile {
    /// Who sent it.
    pub sender: Fingerprint,
    /// For whom it was sealed.
    pub recipient: Fingerprint,
    /// When, by the sender's clock.
    pub created: UnixTime,
    /// The file as it was described.
    pub entry: Entry,
    /// Its bytes.
    pub content: Content,
}

impl FileReceipt {
    /// The receipt's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        closed::encode(self)
    }

    /// Reads a receipt; nothing of it is believed before [`FileReceipt::verify`].
    pub fn parse(bytes: &[u8]) -> Result<Self, codec::Error> {
        if bytes.len() > RECEIPT_BYTES {
            return Err(codec::Error::TooLong { what: "a receipt", max: RECEIPT_BYTES });
        }
        closed::decode(bytes)
    }

    /// Checks everything, with nothing but the receipt itself.
    pub fn verify(&self) -> Result<SentFile, Refusal> {
        let Papers { sender, header, header_hash, final_record } = &*self.papers;
        let inner: Inner = closed::decode(&header.inner).map_err(|_| Refusal::HeaderShape)?;
        if inner.sender != sender.fingerprint() {
            return Err(Refusal::Sender);
        }
        header.verify(sender)?;
        let record = Record::Final(final_record.clone()).check(sender)?;
        let is_last = record.segment.end() == inner.chunks;
        if record.segment.header_hash != *header_hash || !is_last {
            return Err(Refusal::RecordChain);
        }
        let leaf = self.salted.leaf(self.number, &self.listed);
        let root = root_of(leaf, self.number, inner.entries, &self.path);
        let announced = self.listed.entry.content();
        let agree = announced.is_none_or(|announced| announced == self.salted.id);
        if root.is_none() || root != record.root || !agree {
            return Err(Refusal::Ids);
        }
        let content = Content::new(self.salted.id, self.listed.entry.size());
        Ok(SentFile {
            sender: inner.sender,
            recipient: inner.recipient.fingerprint,
            created: inner.created,
            entry: self.listed.entry.clone(),
            content: content.map_err(|_| Refusal::Ids)?,
        })
    }
}

impl Closed for FileReceipt {
    fn write(&self, out: &mut Writer) {
        let Papers { sender, header, final_record, .. } = &*self.papers;
        out.u16(VERSION).block(sender.spki()).block(&header.inner);
        out.raw(&header.wraps_hash).value(&header.signature).value(final_record);
        out.u32(self.number).block(&closed::encode(&self.listed));
        out.raw(&self.salted.salt).raw(self.salted.id.as_bytes());
        out.u8(u8::try_from(self.path.len()).unwrap_or(u8::MAX));
        self.path.iter().for_each(|node| {
            out.raw(node);
        });
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, codec::Error> {
        if input.u16()? != VERSION {
            return Err(codec::Error::Invalid("another version of receipt"));
        }
        let spki = input.block("a public key", MAX_FIELD)?;
        let sender = VerifyingKey::from_spki(spki)
            .map_err(|_| codec::Error::Invalid("a public key that we do not accept"))?;
        let header = SignedHeader {
            inner: input.block("a header", MAX_FIELD)?.to_vec(),
            wraps_hash: input.array()?,
            signature: Signature::read(input)?,
        };
        let papers = Arc::new(Papers::new(sender, header, Signed::read(input)?));
        let number = input.u32()?;
        let listed = closed::decode(input.block("an entry", MAX_ENTRY)?)?;
        let salted = SaltedId { salt: input.array()?, id: ContentId::from_bytes(input.array()?) };
        let path = read_path(input)?;
        Ok(Self { papers, number, listed, salted, path })
    }
}

fn read_path(input: &mut Reader<'_>) -> Result<Vec<[u8; 32]>, codec::Error> {
    let count = usize::from(input.u8()?);
    if count > MAX_PATH {
        return Err(codec::Error::TooLong { what: "a path of nodes", max: MAX_PATH });
    }
    (0..count).map(|_| input.array()).collect()
}

/// The sender's proof that files arrived, signed by the receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    header_hash: [u8; 32],
    final_hash: [u8; 32],
    /// Who sent them.
    pub sender: Fingerprint,
    /// Who received them.
    pub receiver: Fingerprint,
    /// When they were durable, by the receiver's clock.
    pub time: UnixTime,
    /// How many landed.
    pub count: u32,
    landed: [u8; 32],
}

impl Delivery {
    /// Whether it is of the stream with this header and final record, by the one for whom that is
    /// sealed, and of these entries: numbers that ascend and that the stream has.
    pub fn is_of(&self, header: &super::Header, last: &Record, landed: &[u32]) -> bool {
        let Record::Final(last) = last else { return false };
        let ascend = landed.windows(2).all(|pair| pair.first() < pair.last());
        let exist = landed.last().is_none_or(|highest| *highest < header.entries());
        ascend
            && exist
            && self.header_hash == header.hash()
            && self.sender == header.sender()
            && self.receiver == header.recipient()
            && self.final_hash == record_hash(last.body())
            && usize::try_from(self.count) == Ok(landed.len())
            && self.landed == landed_hash(landed)
    }
}

impl Statement for Delivery {
    const LABEL: Label = Label::Delivery;

    fn holds(&self, signer: &VerifyingKey, _: UnixTime) -> Result<(), Error> {
        if self.receiver == signer.fingerprint() {
            Ok(())
        } else {
            Err(Error::Statement("somebody else received this"))
        }
    }
}

impl Closed for Delivery {
    fn write(&self, out: &mut Writer) {
        out.raw(&self.header_hash).raw(&self.final_hash).value(&self.sender).value(&self.receiver);
        out.u64(self.time.0).u32(self.count).raw(&self.landed);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, codec::Error> {
        Ok(Self {
            header_hash: input.array()?,
            final_hash: input.array()?,
            sender: Fingerprint::read(input)?,
            receiver: Fingerprint::read(input)?,
            time: UnixTime(input.u64()?),
            count: input.u32()?,
            landed: input.array()?,
        })
    }
}

fn landed_hash(numbers: &[u32]) -> [u8; 32] {
    let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_be_bytes()).collect();
    sha256(Label::LandedEntries, &[&bytes])
}

const VERSION: u16 = 1;
const MAX_FIELD: usize = 1024;
const MAX_ENTRY: usize = 2048 + ENTRY_RANGES * 16;
const MAX_PATH: usize = 17;
