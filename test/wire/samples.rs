//! Messages to try things on: of each kind a small one, and the largest that there is.

use crate::people::alice;
use crate::{catalog_samples as catalog, index_samples as index};
use bytes::Bytes;
use std::sync::LazyLock;
use waxwing::codec::{Blob, Error, List, closed};
use waxwing::crypto::{Signed, Tag, Ticket};
use waxwing::model::EntryPath;
use waxwing::model::content::Leaf;
use waxwing::model::limits::{
    DELIVERY_BYTES, DIRECTORY_ENTRIES, EXPLANATION_BYTES, GET_WITHOUT, HEADER_BYTES, LEAF_LIST,
};
use waxwing::seal::{CHUNK_BYTES, ChunkHead, Record};
use waxwing::wire::index::{PathSaid, SizeSaid};
use waxwing::wire::{
    BegunSaid, ChunksMissing, Code, ContentSaid, Explanation, Failure, Features, GetAsk, GetGrant,
    GetMore, GetWait, Goodbye, HeadAsk, HeadTold, Hello, Kind, Landed, LaneId, LaneIds, LanesAsk,
    LanesGrant, LeavesAsk, LeavesTold, Message, MissingChunks, PartSaid, Party, Ping, Pong, Proof,
    Role, SegmentVerified, SendAsk, SendGrant, StreamAccept, StreamAgain, StreamChunk,
    StreamDelivered, StreamEnd, StreamHeader, StreamRecord, Transcript, Wanted, Without, frame,
};

/// A message of which only the bytes are known, and how to read and write it again.
#[derive(Clone)]
pub(crate) struct Sample {
    pub(crate) kind: Kind,
    pub(crate) body: Bytes,
    pub(crate) frame: Bytes,
    /// The bytes of the message that a body is.
    pub(crate) again: fn(&Bytes) -> Result<Bytes, Error>,
}

pub(crate) fn of<M: Message>(message: &M) -> Sample {
    let again = |body: &Bytes| M::decode(body).map(|message| message.encode());
    Sample { kind: M::KIND, body: message.encode(), frame: frame::encode(message), again }
}

/// One of each kind, none of them long.
pub(crate) fn small() -> Vec<Sample> {
    static SMALL: LazyLock<Vec<Sample>> = LazyLock::new(make_small);
    SMALL.clone()
}

fn make_small() -> Vec<Sample> {
    let text = Explanation::new("why");
    let landed = Landed::new(&[0, 1, 2, 5]).unwrap();
    let missing = MissingChunks::new(vec![7, 300]).unwrap();
    let lanes = LaneIds::new(vec![lane(1), lane(2)]).unwrap();
    let mut samples = vec![
        of(&hello()),
        of(&transcript().prove(Role::Dialler, alice().signing(), Some(&[1; 9])).unwrap()),
        of(&Goodbye { code: Code::Stopping, text: text.clone() }),
        of(&Ping { token: 7 }),
        of(&Pong { token: u64::MAX }),
        of(&Failure { id: 3, code: Code::Busy, text: text.clone() }),
        of(&SendAsk { id: 3, entries: 2, data_length: 1 << 40 }),
        of(&SendGrant { id: 3, challenge: [1; 32] }),
        of(&StreamHeader { stream: 3, header: Blob::new(*b"header").unwrap() }),
        of(&chunk(7)),
        of(&StreamRecord { stream: 3, record: segment_record() }),
        of(&StreamAccept { stream: 3 }),
        of(&SegmentVerified { stream: 3, segment: 1 }),
        of(&ChunksMissing { stream: 3, chunks: missing }),
        of(&StreamDelivered::new(3, &signed(5, 5), landed).unwrap()),
        of(&StreamEnd { stream: 3, code: Code::Declined, text }),
        of(&stream_again(3, &[0, 7], 1)),
        of(&LanesAsk { id: 5, stream: 3, count: 2 }),
        of(&LanesGrant { id: 5, ticket: ticket(), lanes }),
    ];
    samples.extend(index::small());
    samples.extend(catalog::small());
    samples.push(of(&get_ask("koala/tree.jpg", 1)));
    samples.push(of(&GetGrant { id: 3, entries: 1, data_length: 5, without: None }));
    samples.push(of(&HeadAsk { id: 3, index: [9; 32], length: 0, hash: [0; 32] }));
    samples.push(of(&HeadTold { id: 3, length: 2, hash: [4; 32] }));
    samples.push(of(&get_more("koala/egg", 1)));
    samples.push(of(&leaves_ask("koala/tree.jpg", 1)));
    samples.push(of(&leaves_told(3, 2)));
    samples.push(of(&GetWait { stream: 3, place: 2, of: 5 }));
    samples
}

/// The longest message of each kind.
pub(crate) fn largest() -> Vec<Sample> {
    let (text, code) = (Explanation::new(&"x".repeat(EXPLANATION_BYTES)), Code::Unknown(u16::MAX));
    let (id, stream) = (u32::MAX, u32::MAX);
    let every_second: Vec<u32> = (0..50_000).map(|at| 2 * at).collect();
    let missing = MissingChunks::new((u32::MAX - 511..=u32::MAX).collect()).unwrap();
    let lanes = LaneIds::new((0..8).map(lane).collect()).unwrap();
    let landed = Landed::new(&every_second).unwrap();
    let mut samples = vec![
        of(&largest_hello()),
        of(&largest_proof()),
        of(&Goodbye { code, text: text.clone() }),
        of(&Ping { token: u64::MAX }),
        of(&Pong { token: u64::MAX }),
        of(&Failure { id, code, text: text.clone() }),
        of(&SendAsk { id, entries: u32::MAX, data_length: u64::MAX }),
        of(&SendGrant { id, challenge: [0xff; 32] }),
        of(&StreamHeader { stream, header: Blob::new(vec![1; HEADER_BYTES]).unwrap() }),
        of(&chunk(CHUNK_BYTES)),
        of(&StreamRecord { stream, record: Record::Final(signed(139, 512)) }),
        of(&StreamAccept { stream }),
        of(&SegmentVerified { stream, segment: u32::MAX }),
        of(&ChunksMissing { stream, chunks: missing }),
        of(&StreamDelivered::new(stream, &signed(DELIVERY_BYTES - 8 - 512, 512), landed).unwrap()),
        of(&StreamEnd { stream, code, text }),
        of(&stream_again(stream, &(u32::MAX - 2047..=u32::MAX).collect::<Vec<_>>(), 4)),
        of(&LanesAsk { id, stream, count: u8::MAX }),
        of(&LanesGrant { id, ticket: ticket(), lanes }),
    ];
    samples.extend(index::largest());
    samples.extend(catalog::largest());
    let path = [&"x".repeat(255)[..]; 4].join("/");
    samples.push(of(&get_ask(&path, 225)));
    let run = |at: usize| Without { first: u32::MAX - 4096 + at as u32, count: u32::MAX, code };
    let without = List::new((0..GET_WITHOUT).map(run).collect()).ok();
    samples.push(of(&GetGrant { id, entries: u32::MAX, data_length: u64::MAX, without }));
    let length = DIRECTORY_ENTRIES as u64;
    samples.push(of(&HeadAsk { id, index: [0xff; 32], length, hash: [0xff; 32] }));
    samples.push(of(&HeadTold { id, length, hash: [0xff; 32] }));
    samples.push(of(&GetMore { stream, ..get_more(&path, 225) }));
    samples.push(of(&LeavesAsk { id, ..leaves_ask(&path, LEAF_LIST as u32 - 1) }));
    samples.push(of(&leaves_told(id, 5000)));
    samples.push(of(&GetWait { stream, place: u32::MAX, of: u32::MAX }));
    samples
}

fn get_ask(path: &str, count: usize) -> GetAsk {
    let content = ContentSaid { id: [5; 32].into(), size: SizeSaid(5) };
    let path = PathSaid(EntryPath::parse(path).unwrap());
    let part = PartSaid { start: SizeSaid(0), end: SizeSaid(5) };
    let parts = (count == 1).then(|| List::new(vec![part]).unwrap());
    let wanted = List::new(vec![Wanted { path, content: Some(content), parts }; count]).unwrap();
    GetAsk {
        id: 3,
        challenge: [1; 32],
        share: [7; 16].into(),
        wanted,
        more: true,
        waits: Some(true),
    }
}

fn stream_again(stream: u32, entries: &[u32], parts: usize) -> StreamAgain {
    let part = PartSaid { start: SizeSaid(1 << 40), end: SizeSaid(1 << 41) };
    let parts = List::new(vec![part; parts]).unwrap();
    let begun = entries.iter().map(|entry| BegunSaid { entry: *entry, parts: parts.clone() });
    StreamAgain { stream, challenge: [1; 32], begun: List::new(begun.collect()).unwrap() }
}

fn leaves_ask(path: &str, first: u32) -> LeavesAsk {
    let content = ContentSaid { id: [5; 32].into(), size: SizeSaid(1 << 38) };
    let path = PathSaid(EntryPath::parse(path).unwrap());
    LeavesAsk { id: 3, share: [7; 16].into(), path, content, first }
}

fn leaves_told(id: u32, count: usize) -> LeavesTold {
    LeavesTold { id, ..LeavesTold::new(&vec![Leaf::from_bytes([4; 32]); count]) }
}

fn get_more(path: &str, count: usize) -> GetMore {
    let GetAsk { wanted, .. } = get_ask(path, count);
    GetMore { stream: 3, wanted, more: false, anew: Some(true) }
}

pub(crate) fn hello() -> Hello {
    Hello::new(Party::Person, alice().fingerprint(), Features::ALL)
}

/// No program of today says as much as one may say.
fn largest_hello() -> Hello {
    let mut e = minicbor::Encoder::new(Vec::new());
    e.map(4).unwrap().u8(0).unwrap().encode([u16::MAX; 8]).unwrap();
    e.u8(1).unwrap().encode([u16::MAX; 32]).unwrap();
    e.u8(2).unwrap().u8(1).unwrap().u8(3).unwrap().bytes(&[9; 32]).unwrap();
    Hello::decode(&e.into_writer().into()).unwrap()
}

fn largest_proof() -> Proof {
    let mut e = minicbor::Encoder::new(Vec::new());
    e.map(3).unwrap().u8(0).unwrap().bytes(&[1; 550]).unwrap();
    e.u8(1).unwrap().bytes(&[2; 2048]).unwrap().u8(2).unwrap().bytes(&[3; 512]).unwrap();
    Proof::decode(&e.into_writer().into()).unwrap()
}

pub(crate) fn transcript() -> Transcript {
    let (alice, bob) = (alice(), crate::people::bob());
    Transcript {
        dialler_hello: hello().encode(),
        listener_hello: Hello::new(Party::Index, bob.fingerprint(), Features::default()).encode(),
        dialler: alice.fingerprint(),
        listener: bob.fingerprint(),
        exporter: [2; 32],
    }
}

pub(crate) fn ticket() -> Ticket {
    Ticket::take_from(&mut [8; 32])
}

pub(crate) fn lane(number: u8) -> LaneId {
    LaneId::from_bytes([number; 16])
}

pub(crate) fn chunk(length: usize) -> StreamChunk {
    let head = ChunkHead { index: 5, length: length as u32, tag: Tag::from_bytes([6; 32]) };
    StreamChunk::new(3, head, vec![7; length].into()).unwrap()
}

pub(crate) fn segment_record() -> Record {
    Record::Segment(signed(107, 384))
}

/// A statement of so many bytes, and a signature of so many, neither of which would hold.
pub(crate) fn signed<T: waxwing::crypto::Statement>(body: usize, signature: usize) -> Signed<T> {
    let block = |length: usize| [&(length as u32).to_be_bytes()[..], &vec![1; length]].concat();
    closed::decode(&[block(body), block(signature)].concat()).unwrap()
}
