//! The sealed stream: files on their way from one sender to one receiver, readable by nobody else,
//! signed, and whole or not at all.
//!
//! ```text
//! sender                                                      receiver
//! Sealer ── header ─────────────────────────────────────────▶ Header ─▶ CheckedHeader
//! ChunkSealer ── chunks: manifest │ data ... │ ids ─────────▶ ManifestOpener, ChunkOpener
//! Sealer ── records, a signature a segment ─────────────────▶ Opener ─▶ OpenedStream
//! ```
//!
//! This room knows bytes and values: no sockets, no files, no clocks. A [`Source`] gives the bytes
//! of entries, a [`Sink`] takes them; both are the only extension points. `protocol.md` section 4
//! has the layouts and formulas, and what a reader refuses.
//!
//! What the types promise:
//!
//! - a secret is made in one place, cannot be cloned, and is consumed by what uses it;
//! - a private key is used only on a [`CheckedHeader`], whose signature verified;
//! - plaintext is found only in an [`OpenedChunk`], whose tag verified;
//! - an [`EntryProof`], without which no file gets its name, comes only from an [`OpenedStream`],
//!   whose final record verified.
//!
//! So these do not compile, each for the reason that stands beside it:
//!
//! ```compile_fail,E0599
//! # use waxwing::{crypto::SealingKey, seal::Header};
//! fn unwrap_unchecked(header: Header, key: &SealingKey) {
//!     let _ = header.open(key); // only a CheckedHeader can
//! }
//! ```
//!
//! ```compile_fail,E0382
//! # use waxwing::{crypto::SealingKey, seal::CheckedHeader};
//! fn open_twice(header: CheckedHeader, key: &SealingKey) {
//!     let _ = (header.open(key), header.open(key)); // it is consumed
//! }
//! ```
//!
//! ```compile_fail,E0451
//! # use waxwing::{model::Content, seal::EntryProof};
//! fn make_another_proof(proof: EntryProof, content: Content) -> EntryProof {
//!     EntryProof { content, ..proof } // private
//! }
//! ```
//!
//! ```compile_fail,E0382
//! # use waxwing::seal::{OpenedStream, Opener};
//! fn finish_and_go_on(mut opener: Opener) -> Option<OpenedStream> {
//!     let stream = opener.finish().ok(); // an error before the final record verified
//!     opener.missing(); // it is consumed
//!     stream
//! }
//! ```
//!
//! What a stream takes in memory does not depend on the files' sizes (`test/allocation.rs`):
//!
//! - opening or sealing the manifest, at most three times its length, and so 48 MiB, beside the
//!   entries that the caller lists; once it has arrived, a sealer holds a third less;
//! - the ids at its end, about 110 bytes an entry more;
//! - each of at most 512 chunks under way, its tag and a value for each piece of a file in it.
//!
//! [`seal_bytes`] and [`open_bytes`] do it all for data in memory:
//!
//! ```no_run
//! use std::time::SystemTime;
//! use waxwing::crypto::{Identity, UnixTime};
//! use waxwing::model::{Entry, EntryPath, Modified};
//! use waxwing::seal::{Context, Envelope, Expected, open_bytes, seal_bytes};
//!
//! # fn example(alice: Identity, bob: Identity) -> Result<(), Box<dyn std::error::Error>> {
//! let (now, context) = (UnixTime::now(), Context::from_bytes([7; 32]));
//! let to = bob.certificate().verify(bob.signing().verifying_key(), now)?;
//! let modified = Modified::from_system(SystemTime::now());
//! let entry = Entry::new(EntryPath::parse("note.txt")?, 5, modified)?;
//! let envelope = Envelope { to: &to, from: alice.signing(), context, created: now };
//! let sealed = seal_bytes(&[(entry, b"hello")], envelope)?;
//!
//! let expected = Expected {
//!     sender: alice.signing().verifying_key(),
//!     receiver: bob.fingerprint(),
//!     epoch: bob.epoch(),
//!     context,
//!     max_data: 1 << 20,
//!     max_manifest: 1 << 20,
//! };
//! let files = open_bytes(&sealed, &expected, bob.sealing())?;
//! assert_eq!(files[0].1, b"hello");
//! # Ok(())
//! # }
//! ```

mod chunk;
mod chunk_sealer;
mod contents;
mod header;
mod ids;
mod layout;
mod manifest;
mod opener;
mod receipt;
mod record;
mod sealer;
mod secret;
mod whole;
mod window;

pub use chunk::ChunkHead;
pub use chunk_sealer::{ChunkSealer, LastLook, Unchanged};
pub use contents::{EntryLeaf, Passed};
pub use header::{CheckedHeader, Context, Expected, Header, StreamId};
pub use layout::{ChunkKind, Layout, PieceOf};
pub use manifest::{Manifest, ManifestEntry, ManifestProblem};
pub use opener::{ChunkOpener, ChunkReceipt, ManifestOpener, OpenedChunk, Opener, VerifiedSegment};
pub use receipt::{Delivery, EntryProof, FileReceipt, OpenedStream, SentFile};
pub use record::{FinalRecord, Record, SegmentRecord, UnsignedRecord};
pub use sealer::{SealError, Sealer, Source, Turn};
pub use whole::{
    Envelope, OpenError, SealToError, Sink, open_behind_header, open_bytes, open_from, seal_bytes,
    seal_to,
};

/// The most bytes of a chunk.
pub const CHUNK_BYTES: usize = CHUNK_SIZE as usize;

const CHUNK_SIZE: u32 = 256 * 1024;
/// The lengths that a signature or a wrap can have.
const MODULUS_BYTES: [usize; 2] = [384, 512];

/// What a reader refuses a stream for; `protocol.md` section 7 has the same table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// The bytes end before the stream does.
    #[error("the stream was cut off")]
    Cut,
    /// The header is too long, malformed, or of a version, suite or kind that is not ours.
    #[error("the stream's header is not one that we understand")]
    HeaderShape,
    /// The sender is not the one expected.
    #[error("the stream comes from somebody else")]
    Sender,
    /// The header's signature does not verify.
    #[error("the stream's header was not signed by its sender")]
    HeaderSignature,
    /// Sealed for somebody else.
    #[error("the stream is sealed for somebody else")]
    Recipient,
    /// Sealed for an earlier or later sealing key.
    #[error("the stream is sealed for another of your sealing keys")]
    StaleKey,
    /// The stream belongs to another occasion.
    #[error("the stream was made for another conversation")]
    Context,
    /// The sizes are beyond the limits.
    #[error("the stream carries more than is accepted")]
    Policy,
    /// The secret does not unwrap, is not the committed one, or the manifest is bad.
    #[error("the stream does not open")]
    NotOpened,
    /// A chunk is not one that the layout has here.
    #[error("a chunk came that does not belong there")]
    ChunkShape,
    /// A chunk's tag does not verify.
    #[error("a chunk was altered on its way")]
    Tag,
    /// Two different chunks of one number, both with a tag that verifies.
    #[error("the sender made two different chunks of one number")]
    Equivocation,
    /// A record is malformed.
    #[error("a record is not one that we understand")]
    RecordShape,
    /// A record's signature does not verify.
    #[error("a record was not signed by the sender")]
    RecordSignature,
    /// A record does not follow: stream, predecessor, number, chunks or tags.
    #[error("a record does not fit what came before")]
    RecordChain,
    /// The ids are not those signed, announced, or received.
    #[error("the content is not what the sender signed")]
    Ids,
    /// Something follows the final record, or stands where no item begins.
    #[error("something stands in the stream that does not belong to it")]
    LeftOver,
}

impl Refusal {
    /// All refusals.
    pub const ALL: [Self; 17] = [
        Self::Cut,
        Self::HeaderShape,
        Self::Sender,
        Self::HeaderSignature,
        Self::Recipient,
        Self::StaleKey,
        Self::Context,
        Self::Policy,
        Self::NotOpened,
        Self::ChunkShape,
        Self::Tag,
        Self::Equivocation,
        Self::RecordShape,
        Self::RecordSignature,
        Self::RecordChain,
        Self::Ids,
        Self::LeftOver,
    ];

    /// The refusal's name in the protocol.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cut => "cut",
            Self::HeaderShape => "header-shape",
            Self::Sender => "sender",
            Self::HeaderSignature => "header-signature",
            Self::Recipient => "recipient",
            Self::StaleKey => "stale-key",
            Self::Context => "context",
            Self::Policy => "policy",
            Self::NotOpened => "not-opened",
            Self::ChunkShape => "chunk-shape",
            Self::Tag => "tag",
            Self::Equivocation => "equivocation",
            Self::RecordShape => "record-shape",
            Self::RecordSignature => "record-signature",
            Self::RecordChain => "record-chain",
            Self::Ids => "ids",
            Self::LeftOver => "left-over",
        }
    }
}
