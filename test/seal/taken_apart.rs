//! Headers and chunks, taken apart and put together by somebody who knows the layouts.

use super::people::Person;
use super::stage::Chunk;
use waxwing::codec::{Reader, Writer};
use waxwing::crypto::{Label, Secret, Tag, sha256};
use waxwing::seal::{ChunkHead, Header, Refusal};

pub(crate) const STREAM_ID: std::ops::Range<usize> = 5..21;
pub(crate) const SENDER: std::ops::Range<usize> = 21..53;
pub(crate) const CONTEXT: std::ops::Range<usize> = 61..93;
pub(crate) const COMMITMENT: std::ops::Range<usize> = 117..149;
pub(crate) const RECIPIENT: std::ops::Range<usize> = 151..183;
const EPOCH: std::ops::Range<usize> = 183..187;

/// A header's parts.
#[derive(Clone)]
pub(crate) struct HeaderParts {
    pub(crate) inner: Vec<u8>,
    pub(crate) wrap: Vec<u8>,
    pub(crate) signature: Vec<u8>,
}

impl HeaderParts {
    pub(crate) fn of(header: &Header) -> Self {
        let bytes = header.to_bytes();
        let mut rest = Reader::new(&bytes);
        let inner = rest.take(EPOCH.end).unwrap().to_vec();
        let mut block = || rest.block("a part", 512).unwrap().to_vec();
        Self { inner, wrap: block(), signature: block() }
    }

    pub(crate) fn put_together(&self) -> Result<Header, Refusal> {
        let mut out = Writer::default();
        out.raw(&self.inner).block(&self.wrap).block(&self.signature);
        Header::parse(out.as_bytes())
    }

    /// The same, in the name of somebody and signed by them.
    pub(crate) fn signed_by(mut self, person: &Person) -> Self {
        self.inner[SENDER].copy_from_slice(person.fingerprint().as_bytes());
        let mut wraps = Writer::default();
        let wraps_hash = sha256(Label::StreamWraps, &[wraps.block(&self.wrap).as_bytes()]);
        let signature = person.signing().sign(Label::StreamHeader, &[&self.inner, &wraps_hash]);
        self.signature = signature.unwrap().as_bytes().to_vec();
        self
    }

    /// The same, for somebody else and wrapped for them, by somebody who knows the secret.
    pub(crate) fn wrapped_for(mut self, person: &Person, secret: &Secret<80>) -> Self {
        self.inner[RECIPIENT].copy_from_slice(person.fingerprint().as_bytes());
        self.wrap = person.sealing().wrapping_key().wrap(&self.wrap_label(), secret).unwrap();
        self
    }

    /// The secret, which the receiver learns like this.
    pub(crate) fn secret(&self, receiver: &Person) -> Secret<80> {
        receiver.sealing().unwrap_secret(&self.wrap_label(), &self.wrap).unwrap()
    }

    fn wrap_label(&self) -> [u8; 32] {
        let inner = &self.inner;
        sha256(Label::WrapLabel, &[inner, &inner[RECIPIENT], &inner[EPOCH]])
    }
}

/// A chunk of the same number with another plaintext, and a tag that verifies.
pub(crate) fn another(chunk: &Chunk, secret: &Secret<80>) -> Chunk {
    let mut body = chunk.body.clone();
    body[0] ^= 1;
    let (index, length) = (chunk.head.index, chunk.head.length);
    let mut tag = blake3::Hasher::new_keyed(secret.expose().last_chunk().unwrap());
    tag.update(&body).update(&index.to_be_bytes()).update(&length.to_be_bytes());
    let tag = Tag::from_bytes(*tag.finalize().as_bytes());
    Chunk { head: ChunkHead { index, length, tag }, body }
}

/// The bytes with one of them changed.
pub(crate) fn flipped(bytes: &[u8], at: usize, by: u8) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    changed[at] ^= by;
    changed
}
