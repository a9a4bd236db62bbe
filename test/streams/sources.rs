//! Files that change, cannot be read, are sent in parts, or find no room.

use crate::lanes::{Sender, Stage};
use crate::proxy::Rule;
use crate::stage::{CHUNK, Computed, Ground, MIB, Memory, bytes_of, refused, soon, whole};
use std::collections::HashSet;
use std::io;
use std::sync::{Arc, Mutex};
use waxwing::link::{Decided, Destination, StreamError};
use waxwing::model::content::{Piece, PieceMerger};
use waxwing::model::limits::PIECE_BYTES;
use waxwing::model::{ByteRange, Ranges};
use waxwing::seal::{ManifestEntry, SealError, Source};
use waxwing::wire::{Code, Kind};

/// What is read a second time is not what it was.
#[derive(Default)]
struct Fickle(Mutex<HashSet<u64>>);

impl Source for Fickle {
    fn read(&self, entry: u32, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        Computed.read(entry, offset, buffer)?;
        if !self.0.lock().unwrap().insert(offset) {
            buffer[17] ^= 1;
        }
        Ok(())
    }

    fn is_unchanged(&self, _: u32) -> io::Result<bool> {
        Ok(true)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_chunk_that_reads_otherwise_now_ends_the_stream() {
    for sender in [Sender::Dialler, Sender::Listener] {
        let mut stage = Stage::new(|lane| match lane {
            0 => Rule::Cut(CHUNK / 2),
            _ => Rule::Await(3),
        })
        .await;
        let (from, to) = match sender {
            Sender::Dialler => (&stage.alice, &mut stage.bob),
            Sender::Listener => (&stage.bob, &mut stage.alice),
        };
        let (listed, place) = (vec![whole("fickle", 24 * MIB)], Memory::new());
        let sending = from.send(listed, Arc::new(Fickle::default()));
        let (sent, received) = soon(async { tokio::join!(sending, to.receive(&place)) }).await;
        let Err(StreamError::Seal(SealError::SourceChanged { entry: 0, .. })) = sent else {
            panic!("{sender:?} {sent:?}");
        };
        assert_eq!(refused(received), Code::SourceChanged, "{sender:?}");
        assert!(stage.proxy.seen().tags.values().all(|tags| tags.len() == 1), "{sender:?}");
        let (came, first) = (place.file(0), bytes_of(0, 24 * MIB));
        let mut chunks = came.chunks(CHUNK).zip(first.chunks(CHUNK));
        let is_first = |(came, first): (&[u8], &[u8])| came == first || came == [0; CHUNK];
        assert!(chunks.all(is_first), "{sender:?}: bytes that were not the first ones");
    }
}

/// Fails, or is found changed when all is sent.
struct Faulty {
    read: Option<io::ErrorKind>,
    look: Result<bool, io::ErrorKind>,
}

impl Source for Faulty {
    fn read(&self, entry: u32, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        match self.read {
            Some(kind) if offset > 0 => Err(kind.into()),
            _ => Computed.read(entry, offset, buffer),
        }
    }

    fn is_unchanged(&self, _: u32) -> io::Result<bool> {
        Ok(self.look?)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_fail_end_the_stream_and_the_receiver_is_told_why() {
    use io::ErrorKind::{PermissionDenied, UnexpectedEof};
    let unreadable = |kind| Faulty { read: Some(kind), look: Ok(true) };
    let looks = |look| Faulty { read: None, look };
    let mut ground = Ground::new().await;
    let (alice, mut bob) = ground.pair().await;
    for size in [2 * CHUNK, 12 * MIB] {
        for (source, code) in [
            (unreadable(PermissionDenied), Code::Internal),
            (unreadable(UnexpectedEof), Code::SourceChanged),
            (looks(Ok(false)), Code::SourceChanged),
            (looks(Err(PermissionDenied)), Code::Internal),
        ] {
            let (listed, place) = (vec![whole("faulty", size)], Memory::new());
            let both =
                async { tokio::join!(alice.send(listed, Arc::new(source)), bob.receive(&place)) };
            let (sent, received) = soon(both).await;
            match (code, &sent) {
                (Code::SourceChanged, Err(StreamError::Seal(SealError::SourceChanged { .. }))) => {}
                (Code::Internal, Err(StreamError::Seal(SealError::Source { .. }))) => {}
                _ => panic!("{size} {code}: {sent:?}"),
            }
            assert_eq!(refused(received), code, "{size}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_found_changed_in_the_end_gets_no_final_record() {
    let mut ground = Ground::new().await;
    let (alice, mut bob) = ground.pair().await;
    let source = Arc::new(Faulty { read: None, look: Ok(false) });
    let sending = alice.send(vec![whole("changed", CHUNK)], source);
    let by_hand = async {
        let (mut frames, _) = bob.grant().await;
        let kinds = bob.take_by_hand(&mut frames).await;
        let count = |of| kinds.iter().filter(|kind| **kind == of).count();
        // Records overtake chunks, and so does the end.
        assert_eq!(count(Kind::StreamRecord), 1, "that of the manifest: {kinds:?}");
        assert_eq!((count(Kind::StreamHeader), kinds.last()), (1, Some(&Kind::StreamEnd)));
    };
    soon(async { tokio::join!(sending, by_hand) }).await.0.unwrap_err();
}

/// Takes so many bytes, and then fails.
struct Failing {
    memory: Arc<Memory>,
    room: usize,
    kind: io::ErrorKind,
}

impl Destination for Failing {
    fn put(&self, entry: u32, offset: u64, bytes: &[u8]) -> io::Result<()> {
        if self.memory.taken() >= self.room {
            return Err(self.kind.into());
        }
        self.memory.put(entry, offset, bytes)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_room_is_left_the_sender_is_told() {
    use io::ErrorKind::{NotFound, QuotaExceeded, StorageFull};
    let mut ground = Ground::new().await;
    let (alice, mut bob) = ground.pair().await;
    for size in [MIB, 12 * MIB] {
        for (kind, code) in [
            (StorageFull, Code::NoSpace),
            (QuotaExceeded, Code::NoSpace),
            (NotFound, Code::Internal),
        ] {
            let sending = alice.send(vec![whole("large", size)], Arc::new(Computed));
            let receiving = async {
                let offer = bob.offer().await.unwrap();
                let memory = Memory::new();
                memory.begin(offer.manifest());
                let place = Failing { memory, room: size / 2, kind };
                offer.accept(Arc::new(place), Decided::Now, crate::stage::silent()).await
            };
            let (sent, received) = soon(async { tokio::join!(sending, receiving) }).await;
            let Err(StreamError::Place(error)) = received else { panic!("{received:?}") };
            assert_eq!(error.kind(), kind, "{size}");
            assert_eq!(refused(sent), code, "{size} {kind}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_are_delivered_with_the_id_of_the_whole() {
    let size = 60 * MIB + 5;
    let parts = [(MIB, 3 * MIB), (30 * MIB, 34 * MIB), (59 * MIB, size)];
    let listed = parts_of("a large one", size, &parts);
    let all = bytes_of(0, size);
    for lanes in [0, 2] {
        let mut ground = Ground::new().await;
        let (alice, mut bob) = ground.pair().await;
        let (alice, place) = (alice.with_lanes(lanes), Memory::new());
        let sending = alice.send(vec![listed.clone()], Arc::new(Computed));
        let receiving = async {
            let offer = bob.offer().await.unwrap();
            place.begin(offer.manifest());
            let into = Arc::clone(&place) as Arc<_>;
            let arrived = offer.accept(into, Decided::Now, crate::stage::silent()).await.unwrap();
            assert!(arrived.stream().proof(0).is_none(), "a part is proven as a whole");
            let other = merged(&bytes_of(1, size));
            assert!(arrived.stream().proof_of_merged(0, other).is_none());
            let proof = arrived.stream().proof_of_merged(0, merged(&all));
            let proof = proof.expect("the id of the whole");
            bob.confirm_these(arrived, &[proof]).unwrap();
        };
        let (sent, ()) = soon(async { tokio::join!(sending, receiving) }).await;
        assert_eq!(sent.unwrap().landed, [0]);
        let mut expected = vec![0; size];
        for (from, to) in parts {
            expected[from..to].copy_from_slice(&all[from..to]);
        }
        assert!(place.file(0) == expected, "other parts arrived");
    }
}

/// All pieces of a file.
fn merged(bytes: &[u8]) -> PieceMerger {
    let size = bytes.len() as u64;
    let mut merger = PieceMerger::new(size);
    for (offset, piece) in (0..).step_by(PIECE_BYTES).zip(bytes.chunks(PIECE_BYTES)) {
        merger.push(offset, Piece::of_content(size, offset, piece).unwrap());
    }
    merger
}

fn parts_of(path: &str, size: usize, parts: &[(usize, usize)]) -> ManifestEntry {
    let ranges =
        parts.iter().map(|(start, end)| ByteRange { start: *start as u64, end: *end as u64 });
    let ranges = Ranges::new(size as u64, ranges.collect()).unwrap();
    ManifestEntry { ranges, ..whole(path, size) }
}
