//! A stream's header: who sends what to whom, the wrapped secret, and the signature over it all.
//!
//! What a receiver believes of it grows with the checks, and each step is a type of its own:
//!
//! ```text
//! bytes ──parse──▶ Header ──check──▶ CheckedHeader ──open──▶ ManifestOpener
//!         shape            signature,                private key, commitment
//!                          recipient, epoch,
//!                          context, sizes
//! ```

use super::secret::StreamSecret;
use super::{CHUNK_SIZE, MODULUS_BYTES, ManifestOpener, Refusal};
use crate::codec::{self, Closed, Reader, Writer, closed};
use crate::crypto::{
    Fingerprint, Label, SealingCertificate, SealingKey, Signature, SigningKey, UnixTime, Verified,
    VerifyingKey, random, sha256,
};
use crate::model::limits::{HEADER_BYTES, MANIFEST_BYTES, MANIFEST_ENTRIES};

/// The name of a stream: random, so that no two have the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StreamId([u8; 16]);

impl StreamId {
    /// A name for a new stream.
    pub(super) fn random() -> Self {
        Self(random())
    }

    /// The name's bytes.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// What binds a stream to its occasion, so that it cannot be played again on another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context([u8; 32]);

impl Context {
    /// The context of a live conversation: the receiver's challenge, fresh and used once, and the
    /// exporter of the channel.
    pub fn live(challenge: &[u8; 32], exporter: &[u8; 32]) -> Self {
        Self(sha256(Label::LiveContext, &[challenge, exporter]))
    }

    /// A context that both sides agreed on otherwise.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

/// The signed fields of a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Inner {
    pub(super) stream: StreamId,
    pub(super) sender: Fingerprint,
    pub(super) created: UnixTime,
    pub(super) context: Context,
    pub(super) manifest_length: u32,
    pub(super) entries: u32,
    pub(super) data_length: u64,
    pub(super) chunks: u32,
    pub(super) commitment: [u8; 32],
    pub(super) recipient: Recipient,
}

/// For whom a stream is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Recipient {
    pub(super) fingerprint: Fingerprint,
    pub(super) epoch: u32,
}

impl Recipient {
    pub(super) fn of(certificate: &Verified<SealingCertificate>) -> Self {
        Self { fingerprint: certificate.identity, epoch: certificate.epoch }
    }
}

impl Inner {
    /// The OAEP label of the wrap: it opens for this recipient of this stream only.
    fn wrap_label(bytes: &[u8], recipient: &Recipient) -> [u8; 32] {
        let epoch = recipient.epoch.to_be_bytes();
        sha256(Label::WrapLabel, &[bytes, recipient.fingerprint.as_bytes(), &epoch])
    }
}

impl Closed for Inner {
    fn write(&self, out: &mut Writer) {
        out.u16(VERSION).u16(SUITE).u8(LIVE).raw(&self.stream.0).value(&self.sender);
        out.u64(self.created.0).raw(&self.context.0).u32(CHUNK_SIZE);
        out.u32(self.manifest_length).u32(self.entries).u64(self.data_length).u32(self.chunks);
        out.raw(&self.commitment).u16(1).value(&self.recipient.fingerprint);
        out.u32(self.recipient.epoch);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, codec::Error> {
        demand(input.u16()? == VERSION, "another version of the header")?;
        demand(input.u16()? == SUITE, "another suite")?;
        demand(input.u8()? == LIVE, "not a live stream")?;
        let (stream, sender) = (StreamId(input.array()?), Fingerprint::read(input)?);
        let (created, context) = (UnixTime(input.u64()?), Context(input.array()?));
        demand(input.u32()? == CHUNK_SIZE, "another chunk size")?;
        let (manifest_length, entries) = (input.u32()?, input.u32()?);
        let (data_length, chunks, commitment) = (input.u64()?, input.u32()?, input.array()?);
        demand(input.u16()? == 1, "a live stream has one recipient")?;
        let recipient = Recipient { fingerprint: Fingerprint::read(input)?, epoch: input.u32()? };
        Ok(Self {
            stream,
            sender,
            created,
            context,
            manifest_length,
            entries,
            data_length,
            chunks,
            commitment,
            recipient,
        })
    }
}

/// A header of the right shape, of which nothing is believed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    inner: Inner,
    inner_bytes: Vec<u8>,
    wrap: Vec<u8>,
    signature: Signature,
}

/// What a receiver expects of a stream.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// Who sends: the key that the channel proved, and that is pinned and allowed.
    pub sender: &'a VerifyingKey,
    /// Who receives.
    pub receiver: Fingerprint,
    /// The epoch of the receiver's current sealing key.
    pub epoch: u32,
    /// The occasion.
    pub context: Context,
    /// The most bytes of data that the receiver takes.
    pub max_data: u64,
    /// The most bytes of a manifest that the receiver takes.
    pub max_manifest: u64,
}

impl Header {
    /// Wraps the stream's secret, and signs.
    pub(super) fn create(
        inner: Inner,
        to: &Verified<SealingCertificate>,
        secret: &StreamSecret,
        signing: &SigningKey,
    ) -> Result<Self, crate::crypto::Error> {
        let inner_bytes = closed::encode(&inner);
        let label = Inner::wrap_label(&inner_bytes, &Recipient::of(to));
        let wrap = to.key.wrap(&label, secret.to_wrap())?;
        let signature = signing.sign(Label::StreamHeader, &[&inner_bytes, &wraps_hash(&wrap)])?;
        Ok(Self { inner, inner_bytes, wrap, signature })
    }

    /// Reads a header; only its shape is checked.
    pub fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        if bytes.len() > HEADER_BYTES {
            return Err(Refusal::HeaderShape);
        }
        closed::decode(bytes).map_err(|_| Refusal::HeaderShape)
    }

    /// The header's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        closed::encode(self)
    }

    /// Who says that they send it.
    pub fn sender(&self) -> Fingerprint {
        self.inner.sender
    }

    /// Which stream it is.
    pub fn stream(&self) -> StreamId {
        self.inner.stream
    }

    pub(super) fn recipient(&self) -> Fingerprint {
        self.inner.recipient.fingerprint
    }

    pub(super) fn entries(&self) -> u32 {
        self.inner.entries
    }

    pub(super) fn manifest_length(&self) -> u32 {
        self.inner.manifest_length
    }

    pub(super) fn chunk_count(&self) -> u32 {
        self.inner.chunks
    }

    /// What the records of this stream refer to.
    pub(super) fn hash(&self) -> [u8; 32] {
        header_hash(&self.inner_bytes, &wraps_hash(&self.wrap))
    }

    pub(super) fn signed_part(&self) -> SignedHeader {
        SignedHeader {
            inner: self.inner_bytes.clone(),
            wraps_hash: wraps_hash(&self.wrap),
            signature: self.signature.clone(),
        }
    }

    /// Checks all that needs no private key, in the order of the protocol.
    pub fn check(self, expected: &Expected<'_>) -> Result<CheckedHeader, Refusal> {
        let inner = &self.inner;
        if inner.sender != expected.sender.fingerprint() {
            return Err(Refusal::Sender);
        }
        self.signed_part().verify(expected.sender)?;
        if inner.recipient.fingerprint != expected.receiver {
            return Err(Refusal::Recipient);
        }
        if inner.recipient.epoch != expected.epoch {
            return Err(Refusal::StaleKey);
        }
        if inner.context != expected.context {
            return Err(Refusal::Context);
        }
        let is_taken = inner.data_length <= expected.max_data
            && u64::from(inner.manifest_length) <= expected.max_manifest;
        if !inner.sizes_are_possible() || !is_taken {
            return Err(Refusal::Policy);
        }
        Ok(CheckedHeader { sender: expected.sender.clone(), header: self })
    }
}

impl Inner {
    fn sizes_are_possible(&self) -> bool {
        (1..=MANIFEST_BYTES as u64).contains(&u64::from(self.manifest_length))
            && (1..=MANIFEST_ENTRIES as u64).contains(&u64::from(self.entries))
    }
}

/// inner ‖ wrap block ‖ signature block
impl Closed for Header {
    fn write(&self, out: &mut Writer) {
        out.raw(&self.inner_bytes).block(&self.wrap).value(&self.signature);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, codec::Error> {
        let before = input.clone();
        let inner = Inner::read(input)?;
        let length = before.left().saturating_sub(input.left());
        let inner_bytes = before.clone().take(length)?.to_vec();
        let wrap = input.block("a wrap", MODULUS_BYTES[1])?.to_vec();
        let signature = Signature::read(input)?;
        let fits = |length: usize| MODULUS_BYTES.contains(&length);
        demand(fits(wrap.len()) && fits(signature.as_bytes().len()), "no RSA value is so short")?;
        Ok(Self { inner, inner_bytes, wrap, signature })
    }
}

/// What of a header its signature covers, and what a receipt keeps: never a wrap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SignedHeader {
    pub(super) inner: Vec<u8>,
    pub(super) wraps_hash: [u8; 32],
    pub(super) signature: Signature,
}

impl SignedHeader {
    pub(super) fn verify(&self, sender: &VerifyingKey) -> Result<(), Refusal> {
        sender
            .verify(Label::StreamHeader, &[&self.inner, &self.wraps_hash], &self.signature)
            .map_err(|_| Refusal::HeaderSignature)
    }

    pub(super) fn hash(&self) -> [u8; 32] {
        header_hash(&self.inner, &self.wraps_hash)
    }
}

/// A header that its sender signed for this receiver and this occasion. It cannot be cloned: a
/// stream is opened once.
#[derive(Debug)]
pub struct CheckedHeader {
    pub(super) header: Header,
    pub(super) sender: VerifyingKey,
}

impl CheckedHeader {
    /// Who sent it.
    pub fn sender(&self) -> Fingerprint {
        self.sender.fingerprint()
    }

    /// Which stream it is: whoever opens streams remembers them, and opens each once.
    pub fn stream(&self) -> StreamId {
        self.header.inner.stream
    }

    /// How many bytes of data it announces.
    pub fn data_length(&self) -> u64 {
        self.header.inner.data_length
    }

    /// How many entries it announces.
    pub fn entries(&self) -> u32 {
        self.header.inner.entries
    }

    /// Unwraps the secret. One answer to every failure, since a stranger may listen to it.
    pub fn open(self, key: &SealingKey) -> Result<ManifestOpener, Refusal> {
        let inner = &self.header.inner;
        let label = Inner::wrap_label(&self.header.inner_bytes, &inner.recipient);
        let secret =
            key.unwrap_secret(&label, &self.header.wrap).map_err(|_| Refusal::NotOpened)?;
        let secret = StreamSecret::unwrapped(secret);
        // Both are hashes that the sender knows; nothing secret is compared.
        if secret.commitment(&inner.stream) != inner.commitment {
            return Err(Refusal::NotOpened);
        }
        Ok(ManifestOpener::new(self, secret.into_keys()))
    }
}

fn wraps_hash(wrap: &[u8]) -> [u8; 32] {
    let mut blocks = Writer::default();
    blocks.block(wrap);
    sha256(Label::StreamWraps, &[blocks.as_bytes()])
}

fn header_hash(inner: &[u8], wraps_hash: &[u8; 32]) -> [u8; 32] {
    sha256(Label::HeaderHash, &[inner, wraps_hash])
}

fn demand(holds: bool, otherwise: &'static str) -> Result<(), codec::Error> {
    if holds { Ok(()) } else { Err(codec::Error::Invalid(otherwise)) }
}

const VERSION: u16 = 1;
const SUITE: u16 = 1;
const LIVE: u8 = 1;
