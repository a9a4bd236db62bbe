//! Chunks and records come in other orders than they were made, twice, or from somewhere else.

use super::stage::{
    CHUNK, Chunk, MIB, Wire, bytes_of, open, sealed, sealed_in_segments_of, take, take_all, whole,
};
use super::taken_apart::{HeaderParts, another, flipped};
use super::{people::entry, stage::BOB};
use std::sync::{Arc, Mutex};
use waxwing::model::Content;
use waxwing::model::content::LeafList;
use waxwing::seal::{ChunkHead, EntryLeaf, Opener, Passed, Refusal, VerifiedSegment};

#[test]
fn chunks_open_in_any_order_within_the_window() {
    let wire = large_in_segments_of_4();
    let mut opener = wire.begun();
    let mut got = vec![0; SIZE as usize];
    for two in wire.segments[1..].chunks(2) {
        for chunk in two.iter().flat_map(|segment| &segment.chunks).rev() {
            let mut body = chunk.body.clone();
            let chunks = opener.chunks();
            let opened = chunks.open(&chunk.head, &mut body).unwrap();
            for (piece, bytes) in opened.pieces() {
                got[piece.offset as usize..][..bytes.len()].copy_from_slice(bytes);
            }
            opener.accept(opened.into_receipt()).unwrap();
        }
        for segment in two {
            opener.record(&segment.record).unwrap();
        }
        for _ in two {
            assert!(opener.advance().unwrap().is_some());
        }
    }
    let proof = opener.finish().unwrap().proof(0).unwrap();
    assert!(got == bytes_of(0, 0..SIZE));
    assert_eq!(proof.content(), Content::of(&got));
}

#[test]
fn leaves_are_told_in_order_whatever_the_order_of_the_chunks() {
    let wire = large_in_segments_of_4();
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let mut opener = wire.begun().on_passed(move |passed| {
        if let Passed::Leaf(leaf) = passed {
            tell.lock().unwrap().push(leaf);
        }
    });
    for (before, segment) in wire.segments[1..].iter().enumerate() {
        take_all(&mut opener, segment.chunks.iter().rev());
        assert_eq!(told.lock().unwrap().len(), before, "a leaf a segment, once it is verified");
        opener.record(&segment.record).unwrap();
        opener.advance().unwrap().unwrap();
    }
    let told: Vec<EntryLeaf> = told.lock().unwrap().clone();
    assert!((0..).zip(&told).all(|(n, leaf)| (leaf.entry, leaf.number) == (0, n)));
    let leaves = told.iter().map(|told| told.leaf).collect();
    assert!(LeafList::verify(Content::of(&bytes_of(0, 0..SIZE)), leaves).is_ok());
}

#[test]
fn a_chunk_512_ahead_is_refused_though_its_tag_verifies() {
    let wire = sealed(vec![whole("large", 520 * CHUNK)]);
    let mut opener = wire.begun();
    let (first, near, ahead) = (1, wire.chunk(512), wire.chunk(513));
    assert_eq!(opener.first_open(), first);
    assert!(opener.is_open(512) && !opener.is_open(513));
    assert_eq!(take(&mut opener, ahead), Err(Refusal::ChunkShape));
    assert_eq!(take(&mut opener, near), Ok(()));
    take_all(&mut opener, &wire.segments[1].chunks);
    opener.record(wire.record(1)).unwrap();
    assert!(!opener.is_open(513), "the window moves when a segment is verified, not before");
    opener.advance().unwrap().unwrap();
    assert!(opener.is_open(513));
    assert_eq!(take(&mut opener, ahead), Ok(()));
}

#[test]
fn chunks_of_verified_segments_and_beyond_the_end_are_not_open() {
    let wire = large_in_segments_of_4();
    let mut opener = wire.begun();
    give(&mut opener, &wire, 1);
    assert!(!opener.is_open(0) && !opener.is_open(1) && !opener.is_open(4));
    assert!(opener.is_open(5) && opener.is_open(LAST) && !opener.is_open(LAST + 1));
    assert_eq!(take(&mut opener, wire.chunk(4)), Err(Refusal::ChunkShape));
    let manifest = &wire.chunk(0).head;
    assert_eq!(opener.chunks().expect(manifest), Err(Refusal::ChunkShape));
}

#[test]
fn a_chunk_is_awaited_while_it_is_open_and_has_not_come() {
    let wire = large_in_segments_of_4();
    let mut opener = wire.begun();
    let awaited =
        |opener: &Opener| Vec::from_iter((0..=LAST + 1).filter(|at| opener.is_awaited(*at)));
    assert_eq!(awaited(&opener), Vec::from_iter(1..=LAST));
    take(&mut opener, wire.chunk(2)).unwrap();
    assert_eq!(awaited(&opener)[..2], [1, 3]);
    give(&mut opener, &wire, 1);
    assert_eq!(awaited(&opener), Vec::from_iter(5..=LAST));
}

#[test]
fn another_length_is_refused_before_any_byte_is_read() {
    let wire = large_in_segments_of_4();
    let chunks = wire.begun().chunks();
    let head = wire.chunk(1).head;
    assert_eq!(chunks.expect(&head), Ok(CHUNK as usize));
    for length in [0, 1, head.length - 1, head.length + 1, u32::MAX] {
        let other = ChunkHead { length, ..head };
        assert_eq!(chunks.expect(&other), Err(Refusal::ChunkShape), "{length}");
    }
    let short = &mut wire.chunk(1).body.clone()[1..];
    assert_eq!(chunks.open(&head, short).unwrap_err(), Refusal::ChunkShape);
}

#[test]
fn the_same_chunk_twice_does_no_harm() {
    let wire = large_in_segments_of_4();
    let mut opener = wire.begun();
    let late = open(&opener, wire.chunk(2)).unwrap();
    take_all(&mut opener, &wire.segments[1].chunks);
    take_all(&mut opener, wire.segments[1].chunks.iter().rev());
    opener.record(wire.record(1)).unwrap();
    take_all(&mut opener, &wire.segments[1].chunks);
    assert!(opener.advance().unwrap().is_some());
    assert_eq!(opener.accept(late), Ok(()), "a lane may tell of it when all is verified");
    (2..wire.segments.len()).for_each(|segment| give(&mut opener, &wire, segment));
    assert!(opener.finish().is_ok());
}

/// Only the sender can make one, and whoever knows the secret. Bob does, and could show nobody the
/// record that covers it.
#[test]
fn two_chunks_of_one_number_are_refused_whichever_comes_first() {
    let wire = large_in_segments_of_4();
    let other = another(wire.chunk(2), &HeaderParts::of(&wire.header).secret(&BOB));
    let mut opener = wire.begun();
    take(&mut opener, wire.chunk(2)).unwrap();
    assert_eq!(take(&mut opener, &other), Err(Refusal::Equivocation));
    assert_eq!(opener.record(wire.record(1)), Err(Refusal::Equivocation), "it is failed for good");
    assert_eq!(opener.finish().unwrap_err(), Refusal::Equivocation);

    let mut opener = wire.begun();
    take(&mut opener, &other).unwrap();
    assert_eq!(take(&mut opener, wire.chunk(2)), Err(Refusal::Equivocation));
    assert_eq!(opener.advance(), Err(Refusal::Equivocation));

    let mut opener = wire.begun();
    take(&mut opener, &other).unwrap();
    for index in [1, 3, 4] {
        take(&mut opener, wire.chunk(index)).unwrap();
    }
    opener.record(wire.record(1)).unwrap();
    assert_eq!(opener.advance(), Err(Refusal::RecordChain));
    assert_eq!(opener.advance(), Err(Refusal::RecordChain), "and it stays so");
    assert_eq!(opener.first_open(), 1);
}

/// What a lane opened it writes at once, and tells the conversation later. Were there a second
/// plaintext, it could take the place of the first after that was verified.
#[test]
fn of_one_number_one_plaintext_comes_out_ever() {
    let wire = large_in_segments_of_4();
    let other = another(wire.chunk(2), &HeaderParts::of(&wire.header).secret(&BOB));
    let mut opener = wire.begun();
    let lane = opener.chunks();
    let refused = |chunk: &Chunk, why: Refusal| {
        let mut body = chunk.body.clone();
        assert_eq!(lane.open(&chunk.head, &mut body).unwrap_err(), why);
        assert!(body == chunk.body, "not a byte of it was decrypted");
    };
    let not_yet_told = open(&opener, wire.chunk(2)).unwrap();
    refused(&other, Refusal::Equivocation);
    opener.accept(not_yet_told).unwrap();
    refused(&other, Refusal::Equivocation);

    let mut opener = wire.begun();
    let lane = opener.chunks();
    give(&mut opener, &wire, 1);
    for late in [&other, wire.chunk(2)] {
        let mut body = late.body.clone();
        assert_eq!(lane.open(&late.head, &mut body).unwrap_err(), Refusal::ChunkShape);
        assert_eq!(lane.expect(&late.head), Err(Refusal::ChunkShape), "nor need it be read");
    }
}

#[test]
fn a_chunk_that_was_altered_is_left_as_it_came_and_may_come_again() {
    let wire = large_in_segments_of_4();
    let mut opener = wire.begun();
    let good = wire.chunk(3);
    for at in [0, 1000, good.body.len() - 1] {
        let came = flipped(&good.body, at, 0x10);
        let mut body = came.clone();
        let refused = opener.chunks().open(&good.head, &mut body).unwrap_err();
        assert_eq!(refused, Refusal::Tag);
        assert!(body == came, "not a byte of it was decrypted");
    }
    let elsewhere = Chunk { head: ChunkHead { index: 2, ..good.head }, body: good.body.clone() };
    assert_eq!(take(&mut opener, &elsewhere), Err(Refusal::Tag));
    give(&mut opener, &wire, 1);
}

#[test]
fn a_record_before_its_chunks_names_those_that_are_missing() {
    let wire = large_in_segments_of_4();
    let mut opener = wire.begun();
    take(&mut opener, wire.chunk(3)).unwrap();
    take(&mut opener, wire.chunk(6)).unwrap();
    assert!(opener.missing().is_empty(), "without a record nothing is known to be missing");
    assert_eq!(opener.advance(), Ok(None));
    opener.record(wire.record(1)).unwrap();
    opener.record(wire.record(2)).unwrap();
    for (missing, next) in [(vec![1, 2, 4], 2), (vec![1, 4], 4), (vec![1], 1)] {
        assert_eq!(opener.missing(), [missing, vec![5, 7, 8]].concat());
        assert_eq!(opener.advance(), Ok(None));
        take(&mut opener, wire.chunk(next)).unwrap();
    }
    let verified = VerifiedSegment { number: 1, first: 1, end: 5, is_final: false };
    assert_eq!(opener.missing(), [5, 7, 8]);
    assert_eq!(opener.advance(), Ok(Some(verified)));
    assert_eq!(opener.missing(), [5, 7, 8]);
    assert_eq!(opener.advance(), Ok(None));
}

#[test]
fn of_two_open_segments_the_older_is_verified_first() {
    let wire = large_in_segments_of_4();
    let mut opener = wire.begun();
    take_all(&mut opener, &wire.segments[2].chunks);
    opener.record(wire.record(1)).unwrap();
    opener.record(wire.record(2)).unwrap();
    assert_eq!(opener.advance(), Ok(None));
    take_all(&mut opener, &wire.segments[1].chunks);
    let numbers = [opener.advance(), opener.advance()].map(|done| done.unwrap().unwrap().number);
    assert_eq!(numbers, [1, 2]);
    assert_eq!(opener.advance(), Ok(None));
}

#[test]
fn a_third_record_while_two_wait_is_refused() {
    let wire = large_in_segments_of_4();
    let two_wait = || {
        let mut opener = wire.begun();
        opener.record(wire.record(1)).unwrap();
        opener.record(wire.record(2)).unwrap();
        take_all(&mut opener, &wire.segments[1].chunks);
        opener
    };
    assert_eq!(two_wait().record(wire.record(3)), Err(Refusal::RecordChain), "not yet verified");
    let mut opener = two_wait();
    opener.advance().unwrap().unwrap();
    assert_eq!(opener.record(wire.record(3)), Ok(()));
}

#[test]
fn a_segment_has_one_record() {
    let wire = large_in_segments_of_4();
    for unfit in [0, 1, 3] {
        let mut opener = wire.begun();
        opener.record(wire.record(1)).unwrap();
        assert_eq!(opener.record(wire.record(unfit)), Err(Refusal::RecordChain), "{unfit}");
    }
    let verified = || {
        let mut opener = wire.begun();
        give(&mut opener, &wire, 1);
        opener
    };
    assert_eq!(verified().record(wire.record(1)), Err(Refusal::RecordChain));
    assert_eq!(verified().record(wire.record(2)), Ok(()));
}

#[test]
fn a_segment_may_end_after_one_chunk() {
    let wire = sealed_in_segments_of(1, vec![whole("a", 3 * CHUNK), whole("b", 5)]);
    assert!(wire.segments.iter().all(|segment| segment.chunks.len() == 1));
    let stream = wire.opened();
    assert_eq!(stream.proof(1).unwrap().content(), Content::of(&bytes_of(1, 0..5)));
}

#[test]
fn a_stream_is_not_at_its_end_before_its_final_record_has_verified() {
    let wire = large_in_segments_of_4();
    let last = wire.segments.len() - 1;
    let behind = |segments: usize| {
        let mut opener = wire.begun();
        (1..=segments).for_each(|segment| give(&mut opener, &wire, segment));
        opener
    };
    for segments in 0..last {
        assert_eq!(behind(segments).finish().unwrap_err(), Refusal::Cut, "{segments}");
    }
    let mut without_chunks = behind(last - 1);
    without_chunks.record(wire.final_record()).unwrap();
    assert_eq!(without_chunks.advance(), Ok(None));
    assert_eq!(without_chunks.finish().unwrap_err(), Refusal::Cut);

    let mut not_compared = behind(last - 1);
    not_compared.record(wire.final_record()).unwrap();
    take_all(&mut not_compared, &wire.segments[last].chunks);
    assert_eq!(not_compared.finish().unwrap_err(), Refusal::Cut);
    assert!(behind(last).finish().is_ok());
}

#[test]
fn a_chunk_that_is_printed_does_not_show_what_it_holds() {
    let wire = large_in_segments_of_4();
    let (chunks, mut body) = (wire.begun().chunks(), wire.chunk(7).body.clone());
    let opened = chunks.open(&wire.chunk(7).head, &mut body).unwrap();
    assert_eq!(format!("{opened:?}"), "OpenedChunk(7)");
}

#[test]
fn what_a_chunk_holds_is_told_with_its_place() {
    let listed = vec![whole("a", CHUNK + 7), whole("b", 0), whole("c", 9)];
    let wire = sealed(listed);
    let opener = wire.begun();
    let chunks = opener.chunks();
    let mut body = wire.chunk(2).body.clone();
    let opened = chunks.open(&wire.chunk(2).head, &mut body).unwrap();
    let told: Vec<_> = opened.pieces().map(|(of, bytes)| (of.entry, of.offset, bytes)).collect();
    let (tail, small) = (bytes_of(0, CHUNK..CHUNK + 7), bytes_of(2, 0..9));
    assert_eq!(told, [(0, CHUNK, tail.as_slice()), (2, 0, small.as_slice())]);
    let mut ids = wire.chunk(3).body.clone();
    assert_eq!(chunks.open(&wire.chunk(3).head, &mut ids).unwrap().pieces().count(), 0);
    assert_eq!(opener.manifest().entries()[2].entry, entry("c", 9));
    assert!(open(&opener, wire.chunk(3)).is_ok(), "though its turn comes later");
}

/// A segment's chunks and record, and then it is verified.
fn give(opener: &mut Opener, wire: &Wire, segment: usize) {
    take_all(opener, &wire.segments[segment].chunks);
    opener.record(wire.record(segment)).unwrap();
    assert_eq!(opener.advance().unwrap().unwrap().number as usize, segment);
}

/// Chunk 0 is the manifest, 1 to 21 are data, and the last one holds the id.
fn large_in_segments_of_4() -> Wire {
    sealed_in_segments_of(4, vec![whole("large", SIZE)])
}

const SIZE: u64 = 5 * MIB + 3;
const LAST: u32 = 22;
