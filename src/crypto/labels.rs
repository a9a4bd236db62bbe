//! Every label and every derivation, on this one page.
//!
//! Whatever is signed, hashed, derived or sealed begins with a label of its own, so that bytes made
//! for one purpose never pass for another. A label is 32 bytes: ASCII, filled up with zeros; all
//! have one length, so none is the beginning of another.
//!
//! | what | formula |
//! |---|---|
//! | fingerprint of an identity | SHA-256(`SigningKey` ‖ SPKI of the signing key) |
//! | id of a sealing key | SHA-256(`SealingKey` ‖ SPKI of the sealing key) |
//! | words of a pair | the first 132 bits of SHA-256(`PairWords` ‖ lower fingerprint ‖ higher one) |
//! | signature of a statement | RSASSA-PSS(its label ‖ its closed layout) |
//! | signature of a header | RSASSA-PSS(`StreamHeader` ‖ inner ‖ wraps hash) |
//! | wraps hash, header hash | SHA-256(`StreamWraps` ‖ wraps), SHA-256(`HeaderHash` ‖ inner ‖ wraps hash) |
//! | OAEP label of a wrap | SHA-256(`WrapLabel` ‖ inner ‖ recipient's fingerprint ‖ epoch) |
//! | key commitment | SHA-256(`KeyCommitment` ‖ stream id ‖ secret) |
//! | context of a live stream | SHA-256(`LiveContext` ‖ challenge ‖ TLS exporter) |
//! | tags of a segment | SHA-256(`ChunkTags` ‖ tags) |
//! | hash of a record | SHA-256(`RecordHash` ‖ body) |
//! | leaf of the id tree | SHA-256(00 ‖ `EntryId` ‖ salt ‖ number ‖ entry ‖ id), see [`entry_leaf`] |
//! | node of the id tree | SHA-256(01 ‖ left ‖ right), see [`id_node`] |
//! | landed entries | SHA-256(`LandedEntries` ‖ numbers) |
//! | proof of an identity | RSASSA-PSS(`DiallerProof` or `ListenerProof` ‖ transcript) |
//! | head of a directory | SHA-256(`DirectoryEntry` ‖ entry), which holds the head before |
//! | documents of a binding | SHA-256(`DirectoryDocuments` ‖ key block ‖ certificate block ‖ rotation block) |
//! | what an index stores of a token | SHA-256(`SessionToken` or `JoinToken` ‖ token) |
//! | a request to an index, known again | SHA-256(`IndexRequest` ‖ kind ‖ body with the id 0 and no passwords) |
//! | MAC that opens a lane | BLAKE3 keyed with the ticket(`LaneProof` ‖ role ‖ lane id) |
//!
//! Three things do not begin with a label: a content id, which is the plain BLAKE3 hash that any tool
//! computes; a chunk's tag, whose key is fresh for each stream and used for nothing else; and the tree
//! of ids, whose leaves begin with a byte 00 and then a label, and whose nodes begin with 01.

use sha2::{Digest, Sha256};

/// What some bytes are made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Label {
    /// Hashing a signing key into the fingerprint of its identity.
    SigningKey,
    /// Hashing a sealing key into its id.
    SealingKey,
    /// Hashing two fingerprints into the words that both people compare.
    PairWords,
    /// Signing a sealing certificate.
    SealingCertificate,
    /// Signing a rotation with the old signing key.
    RotationByOld,
    /// Signing a rotation with the new signing key.
    RotationByNew,
    /// Signing a stream's header.
    StreamHeader,
    /// Hashing the wraps of a header.
    StreamWraps,
    /// Deriving the OAEP label of a stream's wrap.
    WrapLabel,
    /// Hashing a header, for its records.
    HeaderHash,
    /// Committing to a stream's secret.
    KeyCommitment,
    /// Binding a stream to a live conversation.
    LiveContext,
    /// Hashing the tags of a segment.
    ChunkTags,
    /// Signing a segment's record.
    SegmentRecord,
    /// Signing a stream's final record.
    FinalRecord,
    /// Hashing a record, for the next one.
    RecordHash,
    /// Hashing an entry and its content into a leaf of the id tree.
    EntryId,
    /// Hashing the list of landed entries.
    LandedEntries,
    /// Signing that files were delivered.
    Delivery,
    /// Proving the identity of the side that dialled.
    DiallerProof,
    /// Proving the identity of the side that was dialled.
    ListenerProof,
    /// Showing that one knows a lane's ticket.
    LaneProof,
    /// Hashing an entry of an index's key directory into the chain's next head.
    DirectoryEntry,
    /// Hashing the keys and certificates that an entry of the directory stands for.
    DirectoryDocuments,
    /// Hashing a session's token, for whoever stores it.
    SessionToken,
    /// Hashing an invitation's join token, for whoever stores it.
    JoinToken,
    /// Hashing what a request to an index asks, to know it again.
    IndexRequest,
}

impl Label {
    /// All labels.
    pub const ALL: [Self; 27] = [
        Self::SigningKey,
        Self::SealingKey,
        Self::PairWords,
        Self::SealingCertificate,
        Self::RotationByOld,
        Self::RotationByNew,
        Self::StreamHeader,
        Self::StreamWraps,
        Self::WrapLabel,
        Self::HeaderHash,
        Self::KeyCommitment,
        Self::LiveContext,
        Self::ChunkTags,
        Self::SegmentRecord,
        Self::FinalRecord,
        Self::RecordHash,
        Self::EntryId,
        Self::LandedEntries,
        Self::Delivery,
        Self::DiallerProof,
        Self::ListenerProof,
        Self::LaneProof,
        Self::DirectoryEntry,
        Self::DirectoryDocuments,
        Self::SessionToken,
        Self::JoinToken,
        Self::IndexRequest,
    ];

    /// The label's text, at most 32 bytes of ASCII.
    pub const fn text(self) -> &'static str {
        match self {
            Self::SigningKey => "waxwing 1 signing key",
            Self::SealingKey => "waxwing 1 sealing key",
            Self::PairWords => "waxwing 1 pair words",
            Self::SealingCertificate => "waxwing 1 sealing certificate",
            Self::RotationByOld => "waxwing 1 rotation by old key",
            Self::RotationByNew => "waxwing 1 rotation by new key",
            Self::StreamHeader => "waxwing 1 stream header",
            Self::StreamWraps => "waxwing 1 stream wraps",
            Self::WrapLabel => "waxwing 1 wrap label",
            Self::HeaderHash => "waxwing 1 header hash",
            Self::KeyCommitment => "waxwing 1 key commitment",
            Self::LiveContext => "waxwing 1 live context",
            Self::ChunkTags => "waxwing 1 chunk tags",
            Self::SegmentRecord => "waxwing 1 segment record",
            Self::FinalRecord => "waxwing 1 final record",
            Self::RecordHash => "waxwing 1 record hash",
            Self::EntryId => "waxwing 1 entry id",
            Self::LandedEntries => "waxwing 1 landed entries",
            Self::Delivery => "waxwing 1 delivery",
            Self::DiallerProof => "waxwing 1 dialler proof",
            Self::ListenerProof => "waxwing 1 listener proof",
            Self::LaneProof => "waxwing 1 lane proof",
            Self::DirectoryEntry => "waxwing 1 directory entry",
            Self::DirectoryDocuments => "waxwing 1 directory documents",
            Self::SessionToken => "waxwing 1 session token",
            Self::JoinToken => "waxwing 1 join token",
            Self::IndexRequest => "waxwing 1 index request",
        }
    }

    /// The label as it is hashed and signed: its text, filled up with zeros.
    pub fn bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (to, from) in bytes.iter_mut().zip(self.text().bytes()) {
            *to = from;
        }
        bytes
    }
}

/// SHA-256 over a label and what follows it.
///
/// The parts are hashed one after the other; all but the last must have a length that the label's
/// layout fixes.
pub fn sha256(label: Label, parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(label.bytes());
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// The leaf of an entry in the tree of ids.
pub(crate) fn entry_leaf(salt: &[u8; 32], number: u32, entry: &[u8], id: &[u8; 32]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update([0]);
    hash.update(Label::EntryId.bytes());
    hash.update(salt);
    hash.update(number.to_be_bytes());
    hash.update(entry);
    hash.update(id);
    hash.finalize().into()
}

/// A node of the tree of ids. Its first byte tells it from a leaf.
pub(crate) fn id_node(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update([1]);
    hash.update(left);
    hash.update(right);
    hash.finalize().into()
}

/// The bytes that a signature covers: its label, then the parts.
pub(super) fn signed_bytes(label: Label, parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = label.bytes().to_vec();
    for part in parts {
        bytes.extend_from_slice(part);
    }
    bytes
}
