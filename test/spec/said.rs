//! Sections 9 to 17: their examples, computed anew.

use super::people::Person;
use super::{alice, bob, hex, secret};
use bytes::Bytes;
use waxwing::codec::{Blob, List, closed};
use waxwing::crypto::{Keystream, Label, Signed, TagKey, Ticket, sha256};
use waxwing::model::content::{ContentHasher, Leaf};
use waxwing::model::{Content, EntryPath};
use waxwing::seal::{ChunkHead, Record};
use waxwing::wire::index::{PathSaid, SizeSaid};
use waxwing::wire::{
    BegunSaid, ChunksMissing, Code, ContentSaid, Explanation, Failure, Features, GetAsk, GetGrant,
    GetMore, GetWait, Goodbye, HeadAsk, HeadTold, Hello, Kind, Landed, LaneId, LaneIds,
    LaneOpening, LanesAsk, LanesGrant, LeavesAsk, LeavesTold, Message, MissingChunks, PartSaid,
    Party, Ping, Pong, Role, SegmentVerified, SendAsk, SendGrant, StreamAccept, StreamAgain,
    StreamChunk, StreamDelivered, StreamEnd, StreamHeader, StreamRecord, Transcript, Wanted,
    Without, frame,
};

/// The examples of these sections.
pub(super) fn examples() -> Vec<(&'static str, String)> {
    let bodies = bodies();
    let of = |kind| bodies.iter().find(|(of, _)| *of == kind).map(|(_, body)| body).unwrap();
    let first = |count: usize, bytes: &[u8]| hex(&bytes[..count]);
    let transcript = transcript();
    let (alices, bobs) = (transcript.bytes(Role::Dialler), transcript.bytes(Role::Listener));
    let opening = LaneOpening::new(lane(), &ticket());
    vec![
        ("frame of a ping", hex(&frame::encode(&Ping { token: 7 }))),
        ("goodbye", hex(of(Kind::Goodbye))),
        ("pong", hex(of(Kind::Pong))),
        ("failure", hex(of(Kind::Failure))),
        ("send ask", hex(of(Kind::SendAsk))),
        ("send grant", hex(of(Kind::SendGrant))),
        ("stream header", hex(of(Kind::StreamHeader))),
        ("stream chunk", hex(of(Kind::StreamChunk))),
        ("stream record, its first nine bytes", first(9, of(Kind::StreamRecord))),
        ("stream accept", hex(of(Kind::StreamAccept))),
        ("segment verified", hex(of(Kind::SegmentVerified))),
        ("chunks missing", hex(of(Kind::ChunksMissing))),
        ("stream delivered", hex(of(Kind::StreamDelivered))),
        ("stream end", hex(of(Kind::StreamEnd))),
        ("stream again", hex(of(Kind::StreamAgain))),
        ("lanes ask", hex(of(Kind::LanesAsk))),
        ("lanes grant", hex(of(Kind::LanesGrant))),
        ("get ask", hex(&get_ask().encode())),
        ("get more", hex(&get_more().encode())),
        ("get grant", hex(&get_grant().encode())),
        ("get wait", hex(&get_wait().encode())),
        ("leaves ask", hex(&leaves_ask().encode())),
        ("leaves told", hex(&leaves_told().encode())),
        ("head ask", hex(&head_ask().encode())),
        ("head told", hex(&head_told().encode())),
        ("hello", hex(of(Kind::Hello))),
        ("alice's transcript, its first 37 bytes", first(37, &alices)),
        ("H(DiallerProof, alice's transcript)", hex(&sha256(Label::DiallerProof, &[&alices]))),
        ("H(ListenerProof, bob's transcript)", hex(&sha256(Label::ListenerProof, &[&bobs]))),
        ("proof, its first 5 bytes", first(5, of(Kind::Proof))),
        ("opening", hex(&opening.to_bytes())),
        ("answer", hex(opening.verify(&ticket()).unwrap().as_bytes())),
    ]
}

/// The messages of the examples, one of each kind.
pub(super) fn bodies() -> Vec<(Kind, Bytes)> {
    fn body<M: Message>(message: &M) -> (Kind, Bytes) {
        (M::KIND, message.encode())
    }
    let mut ciphertext = *b"waxwing";
    Keystream::new(&secret(0), [0xff; 16]).apply(5 * 262_144, &mut ciphertext).unwrap();
    let tag = TagKey::new(secret(32)).tag(&ciphertext, 5, 7);
    let ciphertext = Bytes::copy_from_slice(&ciphertext);
    let chunk = StreamChunk::new(3, ChunkHead { index: 5, length: 7, tag }, ciphertext).unwrap();
    let record = [&107u32.to_be_bytes()[..], &[0; 107], &384u32.to_be_bytes(), &[0; 384]].concat();
    let record = Record::Segment(closed::decode(&record).unwrap());
    let landed = Landed::new(&[0, 1, 2, 5]).unwrap();
    let delivery: Signed<_> = closed::decode(b"\0\0\0\x03abc\0\0\0\0").unwrap();
    let missing = MissingChunks::new(vec![7, 300]).unwrap();
    let (alice, text) = (alice(), |text| Explanation::new(text));
    let certificate = [0; 100];
    vec![
        body(&hello(&alice)),
        body(&transcript().prove(Role::Dialler, alice.signing(), Some(&certificate)).unwrap()),
        body(&Goodbye { code: Code::Stopping, text: text("restart") }),
        body(&Ping { token: 7 }),
        body(&Pong { token: 7 }),
        body(&Failure { id: 3, code: Code::Busy, text: text("") }),
        body(&SendAsk { id: 3, entries: 2, data_length: 1_000_000 }),
        body(&SendGrant { id: 3, challenge: [1; 32] }),
        body(&StreamHeader { stream: 3, header: Blob::new(*b"abc").unwrap() }),
        body(&chunk),
        body(&StreamRecord { stream: 3, record }),
        body(&StreamAccept { stream: 3 }),
        body(&SegmentVerified { stream: 3, segment: 1 }),
        body(&ChunksMissing { stream: 3, chunks: missing }),
        body(&StreamDelivered::new(3, &delivery, landed).unwrap()),
        body(&StreamEnd { stream: 3, code: Code::Declined, text: text("no") }),
        body(&stream_again()),
        body(&LanesAsk { id: 5, stream: 3, count: 2 }),
        body(&LanesGrant { id: 5, ticket: ticket(), lanes: LaneIds::new(vec![lane()]).unwrap() }),
    ]
}

/// Those between people.
pub(super) fn of_fetching() -> Vec<(Kind, Bytes)> {
    vec![
        (Kind::GetAsk, get_ask().encode()),
        (Kind::GetGrant, get_grant().encode()),
        (Kind::HeadAsk, head_ask().encode()),
        (Kind::HeadTold, head_told().encode()),
        (Kind::GetMore, get_more().encode()),
        (Kind::LeavesAsk, leaves_ask().encode()),
        (Kind::LeavesTold, leaves_told().encode()),
        (Kind::GetWait, get_wait().encode()),
    ]
}

fn head_ask() -> HeadAsk {
    HeadAsk { id: 1, index: [9; 32], length: 2, hash: [4; 32] }
}

fn head_told() -> HeadTold {
    HeadTold { id: 1, length: 0, hash: [0; 32] }
}

fn stream_again() -> StreamAgain {
    let part = PartSaid { start: SizeSaid(1 << 20), end: SizeSaid(3_000_000) };
    let parts = List::new(vec![part]).unwrap();
    let all_is_here = BegunSaid { entry: 4, parts: List::default() };
    let begun = List::new(vec![BegunSaid { entry: 1, parts }, all_is_here]).unwrap();
    StreamAgain { stream: 3, challenge: [2; 32], begun }
}

fn get_ask() -> GetAsk {
    let content = ContentSaid { id: [5; 32].into(), size: SizeSaid(5) };
    let path = PathSaid(EntryPath::parse("koala/tree.jpg").unwrap());
    let part = PartSaid { start: SizeSaid(0), end: SizeSaid(5) };
    let parts = Some(List::new(vec![part]).unwrap());
    let wanted = List::new(vec![Wanted { path, content: Some(content), parts }]).unwrap();
    GetAsk {
        id: 3,
        challenge: [1; 32],
        share: [7; 16].into(),
        wanted,
        more: true,
        waits: Some(true),
    }
}

fn leaves_ask() -> LeavesAsk {
    let (content, _) = two_leaves();
    let content =
        ContentSaid { id: (*content.id().as_bytes()).into(), size: SizeSaid(content.size()) };
    let path = PathSaid(EntryPath::parse("koala/tree.jpg").unwrap());
    LeavesAsk { id: 3, share: [7; 16].into(), path, content, first: 0 }
}

fn leaves_told() -> LeavesTold {
    LeavesTold { id: 3, ..LeavesTold::new(&two_leaves().1) }
}

/// The content of section 3, and its leaves.
fn two_leaves() -> (Content, Vec<Leaf>) {
    let bytes: Vec<u8> = (0..1_048_577_u32).map(|at| (at % 251) as u8).collect();
    let mut leaves = Vec::new();
    let mut hasher = ContentHasher::new(|leaf| leaves.push(leaf));
    hasher.update(&bytes);
    (hasher.finish(), leaves)
}

fn get_more() -> GetMore {
    let path = PathSaid(EntryPath::parse("koala/egg").unwrap());
    let wanted = List::new(vec![Wanted { path, content: None, parts: None }]).unwrap();
    GetMore { stream: 3, wanted, more: false, anew: Some(true) }
}

fn get_wait() -> GetWait {
    GetWait { stream: 3, place: 2, of: 5 }
}

fn get_grant() -> GetGrant {
    let without = Without { first: 1, count: 1, code: Code::NotFound };
    GetGrant { id: 3, entries: 2, data_length: 8, without: List::new(vec![without]).ok() }
}

fn hello(person: &Person) -> Hello {
    Hello::new(Party::Person, person.fingerprint(), Features::ALL)
}

fn transcript() -> Transcript {
    let (alice, bob) = (alice(), bob());
    Transcript {
        dialler_hello: hello(&alice).encode(),
        listener_hello: hello(&bob).encode(),
        dialler: alice.fingerprint(),
        listener: bob.fingerprint(),
        exporter: [2; 32],
    }
}

fn ticket() -> Ticket {
    Ticket::take_from(&mut std::array::from_fn(|at| at as u8))
}

fn lane() -> LaneId {
    LaneId::from_bytes(std::array::from_fn(|at| 16 + at as u8))
}
