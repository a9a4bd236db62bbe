//! Both sides on several threads: a few lanes carry chunks in whatever order they happen to.

use super::stage::{
    ALICE, CHUNK, Chunk, Computed, MIB, bytes_of, introduce, seal, sealer, small, whole,
};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, mpsc::RecvError};
use std::thread;
use waxwing::model::Content;
use waxwing::seal::{
    ChunkOpener, ChunkReceipt, ChunkSealer, ManifestEntry, OpenedStream, Opener, Record, Sealer,
    Turn,
};

#[test]
fn several_threads_open_what_several_threads_seal() {
    let mut listed = vec![whole("large", 9 * MIB + 1), whole("b", CHUNK), whole("empty", 0)];
    listed.extend(small(40));
    for _ in 0..3 {
        let (stream, files) = transfer(listed.clone());
        assert_eq!(stream.sender(), ALICE.fingerprint());
        for ((number, listed), file) in (0..).zip(&listed).zip(&files) {
            assert!(*file == bytes_of(number, 0..listed.entry.size()), "{number}");
            assert_eq!(stream.proof(number).unwrap().content(), Content::of(file));
        }
    }
}

/// What a lane or the sender tells the receiver's conversation.
enum News {
    Opened(ChunkReceipt),
    Record(Record),
}

type Files = Mutex<Vec<Vec<u8>>>;

fn transfer(listed: Vec<ManifestEntry>) -> (OpenedStream, Vec<Vec<u8>>) {
    let sizes = listed.iter().map(|listed| vec![0; listed.entry.size() as usize]);
    let files: Files = Mutex::new(sizes.collect());
    let mut sealer = sealer(listed);
    let opener = introduce(&mut sealer, &Computed);
    let (to_seal, indices) = sync_channel(2);
    let (tell_sealed, sealed) = sync_channel(ROOM);
    let (tell, news) = sync_channel(ROOM);
    let (acknowledge, acknowledged) = sync_channel(ROOM);
    let indices = Mutex::new(indices);
    let stream = thread::scope(|scope| {
        for _ in 0..LANES {
            let (to_lane, lane) = sync_channel(1);
            let (sealing, opening) = (sealer.chunks(), opener.chunks());
            let (tell_sealed, tell) = (tell_sealed.clone(), tell.clone());
            let (indices, files) = (&indices, &files);
            scope.spawn(move || seal_on_a_lane(&sealing, indices, &to_lane, &tell_sealed));
            scope.spawn(move || open_on_a_lane(&opening, &lane, files, &tell));
        }
        scope.spawn(move || send(&mut sealer, &to_seal, &sealed, &acknowledged, &tell));
        receive(opener, &news, &acknowledge)
    });
    (stream, files.into_inner().unwrap())
}

fn seal_on_a_lane(
    chunks: &ChunkSealer,
    indices: &Mutex<Receiver<u32>>,
    lane: &SyncSender<Chunk>,
    tell: &SyncSender<u32>,
) {
    let next = || indices.lock().unwrap().recv();
    while let Ok::<_, RecvError>(index) = next() {
        lane.send(seal(chunks, index, &Computed)).unwrap();
        tell.send(index).unwrap();
    }
}

fn open_on_a_lane(
    chunks: &ChunkOpener,
    lane: &Receiver<Chunk>,
    files: &Files,
    tell: &SyncSender<News>,
) {
    for mut chunk in lane {
        let opened = chunks.open(&chunk.head, &mut chunk.body).unwrap();
        for (piece, bytes) in opened.pieces() {
            let file = &mut files.lock().unwrap()[piece.entry as usize];
            file[piece.offset as usize..][..bytes.len()].copy_from_slice(bytes);
        }
        tell.send(News::Opened(opened.into_receipt())).unwrap();
    }
}

/// The sender's conversation: a record after seven chunks, and two segments open at most.
fn send(
    sealer: &mut Sealer,
    to_seal: &SyncSender<u32>,
    sealed: &Receiver<u32>,
    acknowledged: &Receiver<u32>,
    tell: &SyncSender<News>,
) {
    let mut handed_out = 0;
    let wait = |handed_out: &mut usize| sealed.iter().take(std::mem::take(handed_out)).count();
    loop {
        let record = match sealer.turn().unwrap() {
            Turn::Chunk(index) => {
                to_seal.send(index).unwrap();
                handed_out += 1;
                if handed_out < 7 {
                    continue;
                }
                wait(&mut handed_out);
                sealer.end_segment().ok()
            }
            // Either a chunk is not sealed yet, or two segments wait for the receiver.
            Turn::Wait => {
                if wait(&mut handed_out) == 0 {
                    sealer.acknowledge(acknowledged.recv().unwrap()).unwrap();
                }
                None
            }
            Turn::Finish => Some(sealer.finish(&Computed).unwrap()),
            Turn::Done => return,
            turn => unreachable!("{turn:?}"),
        };
        record.into_iter().for_each(|record| tell.send(News::Record(record)).unwrap());
    }
}

/// The receiver's conversation.
fn receive(
    mut opener: Opener,
    news: &Receiver<News>,
    acknowledge: &SyncSender<u32>,
) -> OpenedStream {
    for news in news {
        match news {
            News::Opened(receipt) => opener.accept(receipt).unwrap(),
            News::Record(record) => opener.record(&record).unwrap(),
        }
        while let Some(segment) = opener.advance().unwrap() {
            if segment.is_final {
                return opener.finish().unwrap();
            }
            // The sender may have said all it has to say.
            acknowledge.send(segment.number).ok();
        }
    }
    panic!("the news ended before the stream did");
}

const LANES: usize = 3;
/// More than is ever under way: nobody waits for room.
const ROOM: usize = 1024;
