//! Senders that declare little and send much, or declare what no disk holds.

use crate::canary::Canary;
use crate::keys::NOW;
use crate::raw_offers::{is_still_served, sandbox};
use crate::raw_sender::why_it_ended;
use crate::sandbox::Everything;
use crate::stage::{CHUNK, Stage, identity, path, soon};
use bytes::Bytes;
use std::io;
use waxwing::codec::Blob;
use waxwing::crypto::Tag;
use waxwing::link::{Conversation, StreamError, StreamFrames};
use waxwing::model::limits::ENTRY_SIZE;
use waxwing::model::{Entry, Modified};
use waxwing::peer::Error;
use waxwing::seal::{ChunkHead, Manifest, ManifestEntry, Refusal, Sealer, Source, Turn};
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

/// Alice, who offers a file of so many bytes and sends by hand.
struct ByHand {
    bob: Conversation,
    sealer: Sealer,
    frames: StreamFrames,
}

impl ByHand {
    /// Up to the record of the manifest.
    async fn offering(stage: &Stage, size: u64) -> Self {
        let bob = stage.streams.conversation().clone();
        let ask = SendAsk { id: 0, entries: 1, data_length: size };
        let (grant, frames) = soon(bob.ask_stream(ask)).await.unwrap();
        let (to, me) = (bob.proven().certificate(NOW).unwrap(), identity("alice"));
        let context = bob.proven().context(&grant.challenge);
        let entry = Entry::new(path("a"), size, Modified::from_nanos(0)).unwrap();
        let manifest = Manifest::new(vec![ManifestEntry::whole(entry)]).unwrap();
        let sealer = Sealer::new(manifest, &to, me.signing(), context, NOW).unwrap();
        let mut alice = Self { bob, sealer, frames };
        let stream = alice.frames.number();
        let header = Blob::new(alice.sealer.header().to_bytes()).unwrap();
        alice.bob.tell(&StreamHeader { stream, header }).unwrap();
        let manifest = alice.next_chunk();
        alice.bob.tell(&manifest).unwrap();
        let record = alice.sealer.end_segment().unwrap();
        alice.bob.tell(&StreamRecord { stream, record }).unwrap();
        alice
    }

    async fn await_accept(&mut self) {
        for kind in [Kind::SegmentVerified, Kind::StreamAccept] {
            assert_eq!(soon(self.frames.next()).await.unwrap().kind, kind);
        }
        self.sealer.acknowledge(0).unwrap();
    }

    /// The next chunk, as it should be.
    fn next_chunk(&mut self) -> StreamChunk {
        let turn = self.sealer.turn().unwrap();
        let Turn::Chunk(index) = turn else { panic!("{turn:?}") };
        let mut buffer = vec![0; CHUNK];
        let (head, body) = self.sealer.chunks().seal(index, &Sevens, &mut buffer).unwrap();
        StreamChunk::new(self.frames.number(), head, body.to_vec().into()).unwrap()
    }

    /// Sends noise, from this number on, until Bob has had enough of it; gives how much, and what he said.
    async fn send_on(&mut self, from: u32) -> (usize, Code) {
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
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sends_more_than_was_declared_is_stopped_at_the_first_chunk() {
    // Ten bytes were declared. A longer chunk comes in their place, or others behind them.
    for comes_first in [false, true] {
        let mut stage = sandbox().await;
        let canary = Canary::begin(&stage).await;
        let before = Everything::below(&stage.at(""));
        let mut alice = ByHand::offering(&stage, 10).await;
        alice.await_accept().await;
        let mut next = 1;
        if comes_first {
            let right = alice.next_chunk();
            alice.bob.send_bulk(&right).await.unwrap();
            next += 1;
        }
        let (sent, code) = alice.send_on(next).await;
        assert_eq!(code, Refusal::ChunkShape.into());
        // What lay between the two when he said it, and not a gigabyte.
        assert!(sent < 64 << 20, "{sent}");
        let error = stage.received().await.unwrap_err();
        let is_told = matches!(error, Error::Stream(StreamError::Sealed(Refusal::ChunkShape)));
        assert!(is_told, "{error:?}");
        before.is_still(&stage.at(""), "more than was declared");
        canary.sings().await;
        is_still_served(&mut stage, "note").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_disk_holds_is_declined_before_any_of_it_comes() {
    let mut stage = sandbox().await;
    let before = Everything::below(&stage.at(""));
    let mut alice = ByHand::offering(&stage, ENTRY_SIZE).await;
    assert_eq!(why_it_ended(&mut alice.frames).await, Code::NoSpace);
    let error = stage.received().await.unwrap_err();
    let Error::NoSpace { needed, free } = error else { panic!("{error:?}") };
    assert!(needed == ENTRY_SIZE && free < needed, "{needed} of {free}");
    before.is_still(&stage.at(""), "more than the disk");
    is_still_served(&mut stage, "note").await;
}
