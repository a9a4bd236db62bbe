//! Alice, sending by hand, so that she can say what no program of ours says.

use crate::stage::{CHUNK, Computed, MIB, Person, whole};
use waxwing::codec::Blob;
use waxwing::link::StreamFrames;
use waxwing::seal::{CHUNK_BYTES, ChunkHead, ManifestEntry, Record, Sealer, Turn};
use waxwing::wire::{Code, Kind, Message, StreamChunk, StreamEnd, StreamHeader, StreamRecord};

/// Alice, sending by hand.
pub(crate) struct ByHand<'a> {
    pub(crate) alice: &'a Person,
    pub(crate) sealer: Sealer,
    pub(crate) frames: StreamFrames,
}

impl<'a> ByHand<'a> {
    pub(crate) async fn ask(alice: &'a Person, listed: Vec<ManifestEntry>) -> Self {
        let (sealer, frames) = alice.ask(listed).await;
        Self { alice, sealer, frames }
    }

    pub(crate) fn tell(&self, message: &impl Message) {
        self.alice.streams.conversation().tell(message).unwrap();
    }

    pub(crate) fn header(&self) {
        let header = Blob::new(self.sealer.header().to_bytes()).unwrap();
        self.tell(&StreamHeader { stream: self.frames.number(), header });
    }

    /// The next chunk, not sent yet.
    pub(crate) fn chunk(&mut self) -> (ChunkHead, Vec<u8>) {
        let turn = self.sealer.turn().unwrap();
        let Turn::Chunk(index) = turn else { panic!("{turn:?}") };
        let mut buffer = vec![0; CHUNK_BYTES];
        let (head, body) = self.sealer.chunks().seal(index, &Computed, &mut buffer).unwrap();
        (head, body.to_vec())
    }

    pub(crate) fn send_chunk(&self, head: ChunkHead, body: Vec<u8>) {
        let chunk = StreamChunk::new(self.frames.number(), head, body.into()).unwrap();
        self.tell(&chunk);
    }

    pub(crate) fn send_record(&self, record: Record) {
        self.tell(&StreamRecord { stream: self.frames.number(), record });
    }

    /// Header, manifest and its record.
    pub(crate) fn introduce(&mut self) {
        self.header();
        let (head, body) = self.chunk();
        self.send_chunk(head, body);
        let record = self.sealer.end_segment().unwrap();
        self.send_record(record);
    }

    pub(crate) async fn next(&mut self) -> Kind {
        self.frames.next().await.unwrap().kind
    }

    pub(crate) async fn await_accept(&mut self) {
        assert_eq!(self.next().await, Kind::SegmentVerified);
        self.sealer.acknowledge(0).unwrap();
        assert_eq!(self.next().await, Kind::StreamAccept);
    }

    /// What Bob says in the end.
    pub(crate) async fn why_it_ended(&mut self) -> Code {
        loop {
            let frame = self.frames.next().await.expect("the conversation is over");
            if frame.kind == Kind::StreamEnd {
                return frame.decode::<StreamEnd>().unwrap().code;
            }
        }
    }
}

pub(crate) fn small() -> Vec<ManifestEntry> {
    vec![whole("small", 2 * CHUNK)]
}

/// More than the window is wide.
pub(crate) fn large() -> Vec<ManifestEntry> {
    vec![whole("large", 200 * MIB)]
}
