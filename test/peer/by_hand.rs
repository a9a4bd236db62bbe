//! Alice, who seals as she should and sends by hand: so that she can say too much, the wrong thing, or all of it
//! a second time.

use crate::keys::NOW;
use crate::stage::{CHUNK, Stage, identity, path, soon};
use std::io;
use std::sync::Arc;
use waxwing::codec::Blob;
use waxwing::crypto::{SealingCertificate, Verified};
use waxwing::link::{Conversation, StreamFrames};
use waxwing::model::{Entry, Modified};
use waxwing::seal::{Manifest, ManifestEntry, Record, Sealer, Source, Turn};
use waxwing::wire::{Kind, SendAsk, StreamChunk, StreamHeader, StreamRecord};

/// The byte 7, for ever.
pub(crate) struct Sevens;

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

/// Alice, who offers files and sends by hand.
pub(crate) struct ByHand {
    pub(crate) bob: Conversation,
    pub(crate) sealer: Sealer,
    pub(crate) frames: StreamFrames,
    said: Vec<Said>,
}

impl ByHand {
    /// A file of so many bytes, up to the record of the manifest.
    pub(crate) async fn offering(stage: &Stage, size: u64) -> Self {
        let entry = Entry::new(path("a"), size, Modified::from_nanos(0)).unwrap();
        let manifest = Manifest::new(vec![ManifestEntry::whole(entry)]).unwrap();
        Self::offering_all(stage, manifest).await
    }

    /// All of this, likewise.
    pub(crate) async fn offering_all(stage: &Stage, manifest: Manifest) -> Self {
        let bob = stage.streams.conversation().clone();
        let (entries, data_length) = (manifest.count(), manifest.data_length());
        let ask = SendAsk { id: 0, entries, data_length };
        let (grant, frames) = soon(bob.ask_stream(ask)).await.unwrap();
        let to = bob.proven().certificate(NOW).unwrap();
        let sealer = seal(&bob, Arc::new(manifest), &to, &grant.challenge);
        let mut alice = Self { bob, sealer, frames, said: Vec::new() };
        alice.say_header();
        let manifest = alice.next_chunk();
        alice.say(Said::Chunk(manifest));
        let record = alice.sealer.end_segment().unwrap();
        alice.say_record(record);
        alice
    }

    /// Says the header of a stream with the same files, sealed for this key and this occasion.
    pub(crate) fn begin_again(&mut self, to: &Verified<SealingCertificate>, challenge: &[u8; 32]) {
        let manifest = Arc::clone(self.sealer.manifest());
        self.sealer = seal(&self.bob, manifest, to, challenge);
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

    fn say_header(&mut self) {
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
    manifest: Arc<Manifest>,
    to: &Verified<SealingCertificate>,
    challenge: &[u8; 32],
) -> Sealer {
    let context = bob.proven().context(challenge);
    Sealer::new(manifest, to, identity("alice").signing(), context, NOW).unwrap()
}
