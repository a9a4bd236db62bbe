//! A sender that is none of ours: it makes a stream from the bytes of a manifest, whatever they are,
//! signs it, and sends it by hand.

use crate::soon::soon;
use aes::Aes256;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher};
use std::sync::Arc;
use waxwing::codec::{Blob, Writer, closed};
use waxwing::crypto::{Identity, Label, Secret, Signed, Tag, UnixTime, random, sha256};
use waxwing::link::{Conversation, StreamFrames};
use waxwing::model::{Entry, EntryPath, Modified};
use waxwing::seal::{ChunkHead, Manifest, ManifestEntry, Record, Sealer, SegmentRecord};
use waxwing::wire::{Code, Kind, SendAsk, StreamChunk, StreamEnd, StreamHeader, StreamRecord};

/// Who sends, and when that is.
#[derive(Clone)]
pub(crate) struct Sender {
    pub(crate) identity: Arc<Identity>,
    pub(crate) now: UnixTime,
}

/// A stream up to the record of its manifest, ready to be sent.
#[derive(Clone)]
pub(crate) struct Introduction {
    header: Vec<u8>,
    head: ChunkHead,
    body: Vec<u8>,
    record: Record,
}

/// An entry of one byte, at these components.
pub(crate) fn entry(names: &[&[u8]]) -> Vec<u8> {
    let mut out = Writer::default();
    out.u8(names.len() as u8);
    for name in names {
        out.u8(name.len() as u8).raw(name);
    }
    out.u64(1).u8(0).u64(1_700_000_000_000_000_000).raw(&[0; 32]).u16(1).u64(0).u64(1);
    out.into_bytes()
}

/// Asks Bob to take a stream, and gives what he wants to find in it.
pub(crate) async fn ask(bob: &Conversation, entries: u32) -> ([u8; 32], StreamFrames) {
    let ask = SendAsk { id: 0, entries, data_length: u64::from(entries) };
    let (grant, frames) = soon(bob.ask_stream(ask)).await.unwrap();
    (grant.challenge, frames)
}

impl Introduction {
    /// Of a stream for Bob, whose manifest has these entries.
    pub(crate) fn of(
        sender: &Sender,
        bob: &Conversation,
        challenge: &[u8; 32],
        entries: &[Vec<u8>],
    ) -> Self {
        Self::altered(sender, (bob, challenge), entries, |_| {})
    }

    /// The same, and something is done to the wrap before it is signed.
    pub(crate) fn altered(
        Sender { identity: alice, now }: &Sender,
        (bob, challenge): (&Conversation, &[u8; 32]),
        entries: &[Vec<u8>],
        alter: impl FnOnce(&mut Vec<u8>),
    ) -> Self {
        let to = bob.proven().certificate(*now).unwrap();
        let (manifest, count) = (entries.concat(), entries.len() as u32);
        // The fields that are no lie are those of a stream that a sealer of ours makes.
        let path = EntryPath::parse("a").unwrap();
        let honest = Entry::new(path, 1, Modified::from_nanos(0)).unwrap();
        let honest = Manifest::new(vec![ManifestEntry::whole(honest)]).unwrap();
        let context = bob.proven().context(challenge);
        let honest = Sealer::new(honest, &to, alice.signing(), context, *now).unwrap();
        let honest = honest.header().to_bytes();

        let (secret, stream): (_, [u8; 16]) = (Secret::<80>::random(), random());
        let keys = secret.expose();
        let mut inner = Writer::default();
        inner.raw(&honest[..5]).raw(&stream).raw(&honest[21..97]);
        inner.u32(manifest.len() as u32).u32(count).u64(u64::from(count)).u32(3);
        inner.raw(&sha256(Label::KeyCommitment, &[&stream, keys]));
        inner.raw(&honest[149..187]);
        let inner = inner.into_bytes();
        let label = sha256(Label::WrapLabel, &[&inner, &inner[151..]]);
        let mut wrap = to.key.wrap(&label, &secret).unwrap();
        alter(&mut wrap);
        let mut wraps = Writer::default();
        wraps.block(&wrap);
        let wraps_hash = sha256(Label::StreamWraps, &[wraps.as_bytes()]);
        let signature = alice.signing().sign(Label::StreamHeader, &[&inner, &wraps_hash]).unwrap();
        let mut header = Writer::default();
        header.raw(&inner).raw(wraps.as_bytes()).block(signature.as_bytes());

        let mut body = manifest;
        let (key, nonce) = (keys[..32].try_into().unwrap(), keys[32..48].try_into().unwrap());
        Ctr128BE::<Aes256>::new(key, nonce).apply_keystream(&mut body);
        let length = body.len() as u32;
        let mut tag = blake3::Hasher::new_keyed(keys[48..].try_into().unwrap());
        tag.update(&body).update(&0_u32.to_be_bytes()).update(&length.to_be_bytes());
        let tag = Tag::from_bytes(*tag.finalize().as_bytes());
        let mut record = Writer::default();
        record.u8(1).raw(&sha256(Label::HeaderHash, &[&inner, &wraps_hash])).raw(&[0; 32]);
        record.u32(0).u32(0).u16(1).raw(&sha256(Label::ChunkTags, &[tag.as_bytes()]));
        let record: SegmentRecord = closed::decode(record.as_bytes()).unwrap();
        let record = Record::Segment(Signed::sign(&record, alice.signing()).unwrap());
        let head = ChunkHead { index: 0, length, tag };
        Self { header: header.into_bytes(), head, body, record }
    }

    /// Sends it.
    pub(crate) fn send(&self, bob: &Conversation, frames: &StreamFrames) {
        let Self { header, head, body, record } = self.clone();
        let stream = frames.number();
        bob.tell(&StreamHeader { stream, header: Blob::new(header).unwrap() }).unwrap();
        bob.tell(&StreamChunk::new(stream, head, body.into()).unwrap()).unwrap();
        bob.tell(&StreamRecord { stream, record }).unwrap();
    }
}

/// What Bob says of a stream in the end.
pub(crate) async fn why_it_ended(frames: &mut StreamFrames) -> Code {
    loop {
        let frame = soon(frames.next()).await.expect("the conversation is over");
        if frame.kind == Kind::StreamEnd {
            return frame.decode::<StreamEnd>().unwrap().code;
        }
    }
}
