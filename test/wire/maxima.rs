//! Every collection at its maximum, and one above.

use crate::samples::{lane, largest, signed};
use minicbor::Encoder;
use waxwing::codec::Error;
use waxwing::model::limits::MANIFEST_ENTRIES;
use waxwing::wire::{
    ChunksMissing, Explanation, Goodbye, Hello, Kind, Landed, LaneIds, LanesGrant, Message,
    MissingChunks, Proof, StreamAgain, StreamDelivered, StreamHeader,
};

#[test]
fn the_longest_message_of_each_kind_fits_its_frame() {
    for sample in largest() {
        let (kind, length) = (sample.kind, sample.frame.len() - 4);
        assert!(length <= kind.max_length(), "{kind}: {length}");
        // Room for what newer programs add.
        let room = kind.max_length() - length;
        assert_eq!(room == 0, kind == Kind::StreamChunk, "{kind}: {room} left");
    }
}

#[test]
fn lists_of_a_hello() {
    let hello = |versions: u64, features: u64| {
        let mut e = Encoder::new(Vec::new());
        e.map(4).unwrap().u8(0).unwrap();
        numbers(&mut e, versions);
        e.u8(1).unwrap();
        numbers(&mut e, features);
        e.u8(2).unwrap().u8(2).unwrap().u8(3).unwrap().bytes(&[0; 32]).unwrap();
        Hello::decode(&e.into_writer().into())
    };
    assert!(hello(8, 32).is_ok());
    assert_eq!(hello(9, 32), too_long("a list", 8));
    assert_eq!(hello(8, 33), too_long("a list", 32));
    assert!(hello(0, 0).is_ok(), "with nothing in common, but well-formed");
}

#[test]
fn fields_of_a_proof() {
    let proof = |key: usize, certificate: usize, signature: usize| {
        let mut e = Encoder::new(Vec::new());
        e.map(3).unwrap();
        for (field, length) in (0u8..).zip([key, certificate, signature]) {
            e.u8(field).unwrap().bytes(&vec![0; length]).unwrap();
        }
        Proof::decode(&e.into_writer().into())
    };
    assert!(proof(550, 2048, 512).is_ok());
    assert_eq!(proof(551, 2048, 512), too_long("a byte string", 550));
    assert_eq!(proof(550, 2049, 512), too_long("a byte string", 2048));
    assert_eq!(proof(550, 2048, 513), too_long("a byte string", 512));
}

#[test]
fn a_text_that_explains() {
    let goodbye = |length: usize| {
        let mut e = Encoder::new(Vec::new());
        e.map(2).unwrap().u8(0).unwrap().u8(1).unwrap();
        e.u8(1).unwrap().str(&"x".repeat(length)).unwrap();
        Goodbye::decode(&e.into_writer().into())
    };
    assert_eq!(goodbye(256).unwrap().text, Explanation::new(&"x".repeat(256)));
    assert_eq!(goodbye(257), too_long("a text", 256));
}

#[test]
fn the_header_of_a_stream() {
    let header = |length: usize| {
        let mut e = Encoder::new(Vec::new());
        e.map(2).unwrap().u8(0).unwrap().u8(3).unwrap();
        e.u8(1).unwrap().bytes(&vec![0; length]).unwrap();
        StreamHeader::decode(&e.into_writer().into())
    };
    assert!(header(163_840).is_ok());
    assert_eq!(header(163_841), too_long("a byte string", 163_840));
}

#[test]
fn missing_chunks() {
    let missing = |chunks: &[u32]| {
        let mut e = Encoder::new(Vec::new());
        e.map(2).unwrap().u8(0).unwrap().u8(3).unwrap();
        e.u8(1).unwrap().encode(chunks).unwrap();
        ChunksMissing::decode(&e.into_writer().into())
    };
    let many: Vec<u32> = (0..513).collect();
    assert_eq!(missing(&many[..512]).unwrap().chunks.as_slice(), &many[..512]);
    assert_eq!(missing(&many), too_long("a list", 512));
    let wrong: [&[u32]; 4] = [&[], &[2, 1], &[1, 1], &[1, 5, 5]];
    for chunks in wrong {
        let refused = Error::Invalid("missing chunks that do not ascend");
        assert_eq!(missing(chunks), Err(refused), "{chunks:?}");
        assert_eq!(MissingChunks::new(chunks.to_vec()), Err(refused));
    }
}

#[test]
fn entries_that_were_begun() {
    let begun = |entries: &[u32], parts: usize| {
        let mut e = Encoder::new(Vec::new());
        e.map(3).unwrap().u8(0).unwrap().u8(3).unwrap().u8(1).unwrap().bytes(&[1; 32]).unwrap();
        e.u8(2).unwrap().array(entries.len() as u64).unwrap();
        for entry in entries {
            e.map(2).unwrap().u8(0).unwrap().u32(*entry).unwrap();
            e.u8(1).unwrap().array(parts as u64).unwrap();
            for _ in 0..parts {
                e.map(2).unwrap().u8(0).unwrap().u8(0).unwrap().u8(1).unwrap().u8(5).unwrap();
            }
        }
        StreamAgain::decode(&e.into_writer().into()).map(|again| again.begun.len())
    };
    let many: Vec<u32> = (0..2049).collect();
    assert_eq!(begun(&many[..2048], 0), Ok(2048));
    assert_eq!(begun(&many, 0), too_long("a list", 2048));
    assert_eq!(begun(&[7], 4096), Ok(1));
    assert_eq!(begun(&[7], 4097), too_long("a list", 4096));
    assert_eq!(begun(&[], 0), Ok(0));
    for entries in [[2, 1], [1, 1]] {
        assert!(begun(&entries, 0).is_err(), "{entries:?}");
    }
}

#[test]
fn landed_entries() {
    let most: Vec<[u32; 2]> = (0..50_000).map(|at| [2 * at, 1]).collect();
    assert_eq!(landed(&most).unwrap().numbers().len(), 50_000);
    let more: Vec<[u32; 2]> = (0..50_001).map(|at| [at, 1]).collect();
    assert_eq!(landed(&more), too_long("a list", 50_000));
    let entries = MANIFEST_ENTRIES as u32;
    let all: Vec<u32> = (0..entries).collect();
    assert_eq!(landed(&[[0, entries]]).unwrap().numbers(), all);
    assert_eq!(Landed::new(&all), landed(&[[0, entries]]));
    assert_eq!(landed(&[]), Ok(Landed::default()), "a stream of which nothing landed");
    let wrong: [&[[u32; 2]]; 8] = [
        &[[0, 0]],
        &[[0, entries + 1]],
        &[[entries, 1]],
        &[[0, u32::MAX], [5, u32::MAX]],
        &[[u32::MAX, u32::MAX]],
        &[[0, 2], [2, 1]],
        &[[0, 2], [1, 3]],
        &[[5, 1], [0, 1]],
    ];
    for runs in wrong {
        assert!(landed(runs).is_err(), "{runs:?}");
    }
    for numbers in [&[1, 1][..], &[2, 1], &[entries], &[u32::MAX]] {
        assert!(Landed::new(numbers).is_err(), "{numbers:?}");
    }
    assert_eq!(Landed::new(&[0, 1, 2, 5]), landed(&[[0, 3], [5, 1]]));
}

#[test]
fn a_delivery() {
    let fits = StreamDelivered::new(3, &signed(1024 - 8 - 512, 512), Landed::default()).unwrap();
    assert_eq!(fits.delivery(), Ok(signed(1024 - 8 - 512, 512)));
    let delivery = signed(1025 - 8 - 512, 512);
    let refused = StreamDelivered::new(3, &delivery, Landed::default());
    assert_eq!(refused, too_long("a byte string", 1024));
    let mut e = Encoder::new(Vec::new());
    e.map(3).unwrap().u8(0).unwrap().u8(3).unwrap().u8(1).unwrap().bytes(&[0; 1025]).unwrap();
    e.u8(2).unwrap().array(0).unwrap();
    assert_eq!(StreamDelivered::decode(&e.into_writer().into()), too_long("a byte string", 1024));
}

#[test]
fn lanes_of_a_grant() {
    let grant = |lanes: &[u8]| {
        let mut e = Encoder::new(Vec::new());
        e.map(3).unwrap().u8(0).unwrap().u8(3).unwrap().u8(1).unwrap().bytes(&[0; 32]).unwrap();
        e.u8(2).unwrap().array(lanes.len() as u64).unwrap();
        for number in lanes {
            e.bytes(&[*number; 16]).unwrap();
        }
        LanesGrant::decode(&e.into_writer().into()).map(|grant| grant.lanes)
    };
    let eight = LaneIds::new((0..8).map(lane).collect());
    assert_eq!(grant(&[0, 1, 2, 3, 4, 5, 6, 7]), eight);
    assert_eq!(grant(&[0, 1, 2, 3, 4, 5, 6, 7, 8]), too_long("a list", 8));
    assert_eq!(grant(&[]), Err(Error::Invalid("a grant of no lanes")));
    for twice in [&[1, 1][..], &[1, 2, 3, 1], &[1, 2, 2]] {
        assert_eq!(grant(twice), Err(Error::Invalid("a lane is named twice")));
    }
    assert!(LaneIds::new(Vec::new()).is_err());
}

#[test]
fn byte_strings_of_a_fixed_length() {
    for kind in [Kind::Hello, Kind::SendGrant, Kind::LanesGrant] {
        let sample =
            crate::samples::small().into_iter().find(|sample| sample.kind == kind).unwrap();
        let at = sample.body.windows(2).position(|head| head == [0x58, 32]).unwrap();
        for (length, more) in [(31, None), (33, Some(0))] {
            let mut body = sample.body.to_vec();
            body[at + 1] = length;
            match more {
                Some(byte) => body.insert(at + 2, byte),
                None => drop(body.remove(at + 2)),
            }
            assert!((sample.again)(&body.into()).is_err(), "{kind}: {length}");
        }
    }
}

fn landed(runs: &[[u32; 2]]) -> Result<Landed, Error> {
    let mut e = Encoder::new(Vec::new());
    e.map(3).unwrap().u8(0).unwrap().u8(3).unwrap().u8(1).unwrap().bytes(&[]).unwrap();
    e.u8(2).unwrap().encode(runs).unwrap();
    StreamDelivered::decode(&e.into_writer().into()).map(|delivered| delivered.landed)
}

fn numbers(e: &mut Encoder<Vec<u8>>, count: u64) {
    e.array(count).unwrap();
    for number in 0..count {
        e.u64(number).unwrap();
    }
}

fn too_long<T>(what: &'static str, max: usize) -> Result<T, Error> {
    Err(Error::TooLong { what, max })
}
