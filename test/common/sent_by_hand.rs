//! Somebody who seals as one should and sends by hand: so that they can say too much, the wrong thing, or all of
//! it a second time.

#![allow(dead_code, reason = "each file of tests uses some of these")]

use crate::raw_sender::{Sender, why_it_ended};
use crate::soon::soon;
use bytes::Bytes;
use std::io;
use std::sync::Arc;
use waxwing::codec::Blob;
use waxwing::crypto::{SealingCertificate, Tag, Verified};
use waxwing::link::{Conversation, StreamFrames};
use waxwing::model::{Entry, EntryPath, Modified};
use waxwing::seal::{ChunkHead, Manifest, ManifestEntry, Record, Sealer, Source, Turn};
use waxwing::wire::{Code, Kind, SendAsk, StreamChunk, StreamHeader, StreamRecord};

/// The byte 7, for ever.
struct Sevens;

impl Source for Sevens {
    fn read(&self, _: u32, _: u64, buffer: &mut [u8]) -> io::Result<()> {
        buffer.fill(7);
        Ok(())
    }

    fn is_unchanged(&self, _: u32) -> io::Result<bool> {
        Ok(true)
    }
}

/// Something that is said of a stream.
#[derive(Clone)]
pub(crate) enum Said {
    Header(StreamHeader),
    Chunk(StreamChunk),
    Record(StreamRecord),
}

impl Said {
    /// Says it, of whichever stream.
    pub(crate) fn tell(&self, bob: &Conversation, stream: u32) {
        let told = match self.clone() {
            Self::Header(header) => bob.tell(&StreamHeader { stream, ..header }),
            Self::Chunk(chunk) => {
                let head = chunk.head();
                bob.tell(&StreamChunk::new(stream, head, chunk.into_ciphertext()).unwrap())
            }
            Self::Record(record) => bob.tell(&StreamRecord { stream, ..record }),
        };
        told.unwrap();
    }
}

/// Somebody who offers Bob files and sends by hand.
pub(crate) struct ByHand {
    pub(crate) bob: Conversation,
    pub(crate) sealer: Sealer,
    pub(crate) frames: StreamFrames,
    sender: Sender,
    said: Vec<Said>,
}

impl ByHand {
    /// A file `a` of so many sevens, up to the record of the manifest.
    pub(crate) async fn offering_to(bob: &Conversation, sender: Sender, size: u64) -> Self {
        let path = EntryPath::parse("a").unwrap();
        let entry = Entry::new(path, size, Modified::from_nanos(0)).unwrap();
        let manifest = Manifest::new(vec![ManifestEntry::whole(entry)]).unwrap();
        Self::offering_all_to(bob, sender, manifest).await
    }

    /// All of this, likewise.
    pub(crate) async fn offering_all_to(
        bob: &Conversation,
        sender: Sender,
        manifest: Manifest,
    ) -> Self {
        let (entries, data_length) = (manifest.count(), manifest.data_length());
        let ask = SendAsk { id: 0, entries, data_length };
        let (grant, frames) = soon(bob.ask_stream(ask)).await.unwrap();
        let to = bob.proven().certificate(sender.now).unwrap();
        let sealer = seal(bob, &sender, Arc::new(manifest), &to, &grant.challenge);
        let mut sending = Self { bob: bob.clone(), sealer, frames, sender, said: Vec::new() };
        sending.say_header();
        let manifest = sending.next_chunk();
        sending.say(Said::Chunk(manifest));
        let record = sending.sealer.end_segment().unwrap();
        sending.say_record(record);
        sending
    }

    /// Says the header of a stream with the same files, sealed for this key and this occasion.
    pub(crate) fn begin_again(&mut self, to: &Verified<SealingCertificate>, challenge: &[u8; 32]) {
        let manifest = Arc::clone(self.sealer.manifest());
        self.sealer = seal(&self.bob, &self.sender, manifest, to, challenge);
        self.say_header();
    }

    pub(crate) async fn await_accept(&mut self) {
        for kind in [Kind::SegmentVerified, Kind::StreamAccept] {
            assert_eq!(soon(self.frames.next()).await.unwrap().kind, kind);
        }
        self.sealer.acknowledge(0).unwrap();
    }

    /// The next chunk, as it should be.
    pub(crate) fn next_chunk(&mut self) -> StreamChunk {
        let turn = self.sealer.turn().unwrap();
        let Turn::Chunk(index) = turn else { panic!("{turn:?}") };
        self.chunk(index)
    }

    /// Sends noise, from this number on, until Bob has had enough of it; gives how much, and what he said.
    pub(crate) async fn send_on(&mut self, from: u32) -> (usize, Code) {
        let (noise, mut sent) = (Bytes::from(vec![9; CHUNK]), 0);
        for index in from.. {
            let head = ChunkHead { index, length: CHUNK as u32, tag: Tag::from_bytes([9; 32]) };
            let chunk = StreamChunk::new(self.frames.number(), head, noise.clone()).unwrap();
            tokio::select! {
                biased;
                code = why_it_ended(&mut self.frames) => return (sent, code),
                told = self.bob.send_bulk(&chunk) => told.unwrap(),
            }
            sent += CHUNK;
        }
        panic!("there is always a next one");
    }

    /// Says all the rest, and waits until it has landed. Gives all that was said.
    pub(crate) async fn finish(mut self) -> Vec<Said> {
        loop {
            match self.sealer.turn().unwrap() {
                Turn::Chunk(index) => self.say(Said::Chunk(self.chunk(index))),
                Turn::Finish => break,
                turn => panic!("{turn:?}"),
            }
        }
        let record = self.sealer.finish(&Sevens).unwrap();
        self.say_record(record);
        while soon(self.frames.next()).await.unwrap().kind != Kind::StreamDelivered {}
        self.said
    }

    fn chunk(&self, index: u32) -> StreamChunk {
        let mut buffer = vec![0; CHUNK];
        let (head, body) = self.sealer.chunks().seal(index, &Sevens, &mut buffer).unwrap();
        StreamChunk::new(self.frames.number(), head, body.to_vec().into()).unwrap()
    }

    pub(crate) fn say_header(&mut self) {
        let header = Blob::new(self.sealer.header().to_bytes()).unwrap();
        self.say(Said::Header(StreamHeader { stream: self.frames.number(), header }));
    }

    fn say_record(&mut self, record: Record) {
        self.say(Said::Record(StreamRecord { stream: self.frames.number(), record }));
    }

    fn say(&mut self, said: Said) {
        said.tell(&self.bob, self.frames.number());
        self.said.push(said);
    }
}

fn seal(
    bob: &Conversation,
    sender: &Sender,
    manifest: Arc<Manifest>,
    to: &Verified<SealingCertificate>,
    challenge: &[u8; 32],
) -> Sealer {
    let context = bob.proven().context(challenge);
    Sealer::new(manifest, to, sender.identity.signing(), context, sender.now).unwrap()
}

const CHUNK: usize = 256 * 1024;
