//! The sending side: whose turn it is, and that a call out of turn is an error and no more.

use super::people::{CONTEXT, NOW};
use super::stage::{
    ALICE, BOB, CHUNK, Computed, MIB, Wire, bytes_of, id_of, introduce, merged, parts, seal,
    seal_all, sealer, small, take, whole,
};
use std::sync::{Arc, Mutex};
use std::thread;
use waxwing::model::{Content, Events, Work};
use waxwing::seal::{
    CHUNK_BYTES, Context, EntryLeaf, Envelope, Manifest, ManifestEntry, Record, SealError,
    SealToError, Sealer, Turn, seal_to,
};

#[test]
fn a_stream_goes_manifest_data_ids_end() {
    let mut sealer = sealer(vec![whole("a", CHUNK + 1), whole("b", 2)]);
    let chunks = sealer.chunks();
    let turns = [
        Turn::Chunk(0),
        Turn::EndSegment,
        Turn::Chunk(1),
        Turn::Chunk(2),
        Turn::Chunk(3),
        Turn::Finish,
        Turn::Done,
    ];
    for expected in turns {
        assert_eq!(sealer.turn().unwrap(), expected);
        match expected {
            Turn::Chunk(index) => drop(seal(&chunks, index, &Computed)),
            Turn::EndSegment => drop(sealer.end_segment().unwrap()),
            Turn::Finish => assert!(matches!(sealer.finish(&Computed), Ok(Record::Final(_)))),
            _ => {}
        }
    }
    assert_eq!(sealer.turn().unwrap(), Turn::Done, "and stays so");
}

#[test]
fn a_segment_is_full_at_256_chunks_and_two_are_open_at_most() {
    let mut sealer = sealer(vec![whole("large", 70 * MIB)]);
    assert_eq!(chunks_until(&mut sealer, Turn::EndSegment), [0]);
    sealer.end_segment().unwrap();
    let full: Vec<u32> = (1..257).collect();
    assert_eq!(chunks_until(&mut sealer, Turn::EndSegment), full);
    assert_eq!(sealer.turn().unwrap(), Turn::EndSegment, "until it is ended");
    sealer.end_segment().unwrap();
    assert_eq!(sealer.turn().unwrap(), Turn::Wait);
    assert_eq!(sealer.turn().unwrap(), Turn::Wait, "until the receiver verified one");
    sealer.acknowledge(0).unwrap();
    let rest: Vec<u32> = (257..282).collect();
    assert_eq!(chunks_until(&mut sealer, Turn::Finish), rest);
    sealer.finish(&Computed).unwrap();
    assert_eq!(out_of_turn(sealer.acknowledge(2)), ANOTHER, "they are verified in order");
    sealer.acknowledge(1).unwrap();
    sealer.acknowledge(2).unwrap();
    assert_eq!(out_of_turn(sealer.acknowledge(3)), ANOTHER);
}

/// No lane stands still while another seals the last chunk of a segment, or while its record is
/// signed.
#[test]
fn the_next_segment_begins_while_the_one_before_is_sealed() {
    let mut sealer = sealer(vec![whole("large", 300 * CHUNK)]);
    let mut opener = introduce(&mut sealer, &Computed);
    let chunks = sealer.chunks();
    for index in 1..=258 {
        assert_eq!(sealer.turn().unwrap(), Turn::Chunk(index));
        if index != 256 {
            take(&mut opener, &seal(&chunks, index, &Computed)).unwrap();
        }
    }
    assert_eq!(out_of_turn(sealer.take_record()), "a chunk of the segment is not sealed");
    take(&mut opener, &seal(&chunks, 256, &Computed)).unwrap();
    assert_eq!(sealer.turn().unwrap(), Turn::EndSegment);
    let first = sealer.take_record().unwrap();
    assert_eq!((first.segment(), first.chunks()), (1, 1..257));
    assert_eq!(sealer.turn().unwrap(), Turn::Chunk(259), "though the record is not signed");
    take(&mut opener, &seal(&chunks, 259, &Computed)).unwrap();
    sealer.close_segment();
    let second = sealer.take_record().unwrap();
    assert_eq!((second.segment(), second.chunks()), (2, 257..260));
    sealer.close_segment();
    assert_eq!(sealer.turn().unwrap(), Turn::Wait, "two are open");
    for record in [first, second] {
        opener.record(&record.sign().unwrap()).unwrap();
        assert!(opener.advance().unwrap().is_some());
    }
}

#[test]
fn a_manifest_of_several_chunks_is_one_segment() {
    let mut sealer = sealer(small(5000));
    assert_eq!(chunks_until(&mut sealer, Turn::EndSegment), [0, 1]);
    sealer.end_segment().unwrap();
    assert!(matches!(sealer.turn().unwrap(), Turn::Chunk(2)));
}

#[test]
fn ids_are_asked_for_where_only_parts_are_sent() {
    let size = 2 * MIB + 5;
    let listed = vec![
        parts("unknown", size, &[MIB..2 * MIB]),
        whole("a", 9),
        parts("nothing of it", size, &[]),
    ];
    let mut sealer = sealer(listed);
    sealer.give_id(2, id_of(2, size));
    let mut opener = introduce(&mut sealer, &Computed);
    let chunks = sealer.chunks();
    for index in 1..=5 {
        assert_eq!(sealer.turn().unwrap(), Turn::Chunk(index));
        take(&mut opener, &seal(&chunks, index, &Computed)).unwrap();
    }
    assert_eq!(sealer.turn().unwrap(), Turn::Ids);
    assert_eq!(sealer.missing_ids(), [0]);
    assert_eq!(out_of_turn(sealer.finish(&Computed)), LEFT);
    sealer.give_id(0, id_of(0, size));
    assert!(sealer.missing_ids().is_empty());
    assert_eq!(sealer.turn().unwrap(), Turn::Chunk(6));
    take(&mut opener, &seal(&chunks, 6, &Computed)).unwrap();
    opener.record(&sealer.finish(&Computed).unwrap()).unwrap();
    assert!(opener.advance().unwrap().unwrap().is_final);
    let stream = opener.finish().unwrap();
    assert!(stream.proof_of_merged(0, merged(0, size)).is_some());
    assert!(stream.proof_of_merged(2, merged(2, size)).is_some());
}

#[test]
fn ids_wait_until_the_data_is_sealed() {
    let mut sealer = sealer(vec![whole("a", 2 * CHUNK)]);
    introduce(&mut sealer, &Computed);
    let chunks = sealer.chunks();
    for index in [1, 2] {
        assert_eq!(sealer.turn().unwrap(), Turn::Chunk(index));
    }
    seal(&chunks, 2, &Computed);
    assert_eq!(sealer.turn().unwrap(), Turn::Wait);
    assert_eq!(
        out_of_turn(sealer.chunks().seal(3, &Computed, &mut buffer())),
        "the ids are not known"
    );
    seal(&chunks, 1, &Computed);
    assert_eq!(sealer.turn().unwrap(), Turn::Chunk(3));
}

#[test]
fn calls_out_of_turn_are_errors_and_spoil_nothing() {
    let listed = vec![whole("large", 4 * CHUNK), whole("b", 3)];
    let mut sealer = sealer(listed.clone());
    assert_eq!(out_of_turn(sealer.end_segment()), NO_END);
    assert_eq!(out_of_turn(sealer.acknowledge(0)), ANOTHER);
    assert_eq!(out_of_turn(sealer.finish(&Computed)), LEFT);
    for index in [7, 512, u32::MAX] {
        assert_eq!(
            out_of_turn(sealer.chunks().seal(index, &Computed, &mut buffer())),
            NOT_UNDER_WAY
        );
    }
    let short = &mut [0; 10];
    assert_eq!(out_of_turn(sealer.chunks().seal(1, &Computed, short)), NOT_UNDER_WAY);
    let wire = seal_all(sealer, &Computed, 2);
    assert_eq!(wire.segments.len(), 4);
    opens_to(&wire, &listed);
}

#[test]
fn nothing_but_done_follows_the_final_record() {
    let mut sealer = sealer(small(2));
    assert_eq!(chunks_until(&mut sealer, Turn::EndSegment), [0]);
    sealer.end_segment().unwrap();
    assert_eq!(chunks_until(&mut sealer, Turn::Finish), [1, 2]);
    assert_eq!(out_of_turn(sealer.end_segment()), NO_END);
    sealer.finish(&Computed).unwrap();
    assert_eq!(out_of_turn(sealer.finish(&Computed)), LEFT);
    assert_eq!(out_of_turn(sealer.end_segment()), NO_END);
    assert_eq!(sealer.turn().unwrap(), Turn::Done);
}

#[test]
fn a_segment_with_an_unsealed_chunk_does_not_end() {
    let mut sealer = sealer(vec![whole("large", 4 * CHUNK)]);
    let chunks = sealer.chunks();
    let unsealed = "a chunk of the segment is not sealed";
    assert_eq!(sealer.turn().unwrap(), Turn::Chunk(0));
    assert_eq!(out_of_turn(sealer.end_segment()), unsealed);
    seal(&chunks, 0, &Computed);
    sealer.end_segment().unwrap();
    assert_eq!(out_of_turn(sealer.end_segment()), NO_END, "a segment has a chunk at least");
    for index in 1..=3 {
        assert_eq!(sealer.turn().unwrap(), Turn::Chunk(index));
    }
    seal(&chunks, 1, &Computed);
    seal(&chunks, 3, &Computed);
    assert_eq!(out_of_turn(sealer.end_segment()), unsealed);
    seal(&chunks, 2, &Computed);
    assert!(sealer.end_segment().is_ok());
}

#[test]
fn the_final_record_waits_for_every_chunk() {
    let mut sealer = sealer(small(2));
    introduce(&mut sealer, &Computed);
    let chunks = sealer.chunks();
    assert_eq!(sealer.turn().unwrap(), Turn::Chunk(1));
    seal(&chunks, 1, &Computed);
    assert_eq!(sealer.turn().unwrap(), Turn::Chunk(2));
    assert_eq!(out_of_turn(sealer.finish(&Computed)), LEFT);
    seal(&chunks, 2, &Computed);
    assert!(sealer.finish(&Computed).is_ok());
}

#[test]
fn sealing_a_chunk_again_gives_the_same_bytes() {
    let mut sealer = sealer(vec![whole("large", 3 * CHUNK)]);
    introduce(&mut sealer, &Computed);
    let again = |sealer: &Sealer, index| {
        let chunks = sealer.chunks();
        let elsewhere = thread::spawn(move || seal(&chunks, index, &Computed)).join().unwrap();
        (elsewhere.head, elsewhere.body)
    };
    for index in 1..=3 {
        assert_eq!(sealer.turn().unwrap(), Turn::Chunk(index));
        let first = seal(&sealer.chunks(), index, &Computed);
        assert!(again(&sealer, index) == (first.head, first.body));
    }
    let before = again(&sealer, 2);
    sealer.end_segment().unwrap();
    assert!(again(&sealer, 2) == before, "also when the record is signed: a lane may lose it");
    assert_eq!(sealer.turn().unwrap(), Turn::Chunk(4));
    let ids = seal(&sealer.chunks(), 4, &Computed);
    assert!(again(&sealer, 4) == (ids.head, ids.body), "salts are made once");
    sealer.finish(&Computed).unwrap();
    assert!(again(&sealer, 2) == before, "also when the stream is at its end");
}

/// Its tag is forgotten, so nothing could tell that the bytes are still the same.
#[test]
fn a_chunk_that_was_acknowledged_is_not_sealed_again() {
    let mut sealer = sealer(vec![whole("large", 3 * CHUNK)]);
    introduce(&mut sealer, &Computed);
    let mut buffer = buffer();
    assert_eq!(out_of_turn(sealer.chunks().seal(0, &Computed, &mut buffer)), NOT_UNDER_WAY);
    assert_eq!(sealer.turn().unwrap(), Turn::Chunk(1));
    seal(&sealer.chunks(), 1, &Computed);
    sealer.end_segment().unwrap();
    sealer.acknowledge(1).unwrap();
    assert_eq!(out_of_turn(sealer.chunks().seal(1, &Computed, &mut buffer)), NOT_UNDER_WAY);
    assert!(buffer.iter().all(|byte| *byte == 0), "not even in the buffer");
}

/// Who sends asks before a chunk leaves again: what was not handed out, or is verified, does not.
#[test]
fn a_chunk_is_under_way_from_its_turn_until_its_segment_is_verified() {
    let mut sealer = sealer(vec![whole("large", 3 * CHUNK)]);
    let under_way =
        |sealer: &Sealer| (0..6).filter(|index| sealer.is_under_way(*index)).collect::<Vec<_>>();
    assert_eq!(under_way(&sealer), [0_u32; 0]);
    assert_eq!(sealer.turn().unwrap(), Turn::Chunk(0));
    assert_eq!(under_way(&sealer), [0], "before it is sealed");
    seal(&sealer.chunks(), 0, &Computed);
    sealer.end_segment().unwrap();
    assert_eq!(under_way(&sealer), [0], "until it is verified");
    sealer.acknowledge(0).unwrap();
    assert_eq!(under_way(&sealer), [0_u32; 0]);
    for index in [1, 2] {
        assert_eq!(sealer.turn().unwrap(), Turn::Chunk(index));
        assert!(sealer.is_under_way(index));
        assert!(!sealer.is_under_way(index + 1), "its turn has not come");
    }
    assert_eq!(under_way(&sealer), [1, 2]);
}

/// The manifest before it and the ids behind it are none.
#[test]
fn the_chunks_of_data_are_told_from_the_others() {
    let mut sealer = sealer(vec![whole("a", 3 * CHUNK + 1)]);
    let opener = introduce(&mut sealer, &Computed);
    assert_eq!((sealer.data_chunks(), opener.data_chunks()), (4, 4));
    let chunks = sealer.chunks();
    let data: Vec<u32> = (0..8).filter(|index| chunks.is_data(*index)).collect();
    assert_eq!(data, [1, 2, 3, 4]);
    assert_eq!(format!("{chunks:?}"), "ChunkSealer", "no key is shown");
}

#[test]
fn the_sender_is_told_the_leaves_of_what_it_sends() {
    let (size, told) = (3 * MIB + 1, Arc::new(Mutex::new(Vec::new())));
    let telling = Arc::clone(&told);
    let tell = move |leaf| telling.lock().unwrap().push(leaf);
    let listed = vec![whole("small", 8), parts("a", size, &[MIB..2 * MIB, 3 * MIB..size])];
    let mut sealer = sealer(listed).on_leaf(tell);
    sealer.give_id(1, id_of(1, size));
    let wire = seal_all(sealer, &Computed, 2);
    opens_to(&wire, &[whole("small", 8)]);
    let told: Vec<EntryLeaf> = std::mem::take(&mut *told.lock().unwrap());
    assert_eq!(
        told.iter().map(|leaf| (leaf.entry, leaf.number)).collect::<Vec<_>>(),
        [(1, 1), (1, 3)]
    );
}

#[test]
fn in_one_piece_the_ids_of_parts_are_announced() {
    let size = MIB + 1;
    let unknown = parts("a", size, &[0..MIB]);
    assert_eq!(out_of_turn(seal_in_one_piece(unknown.clone())), "an entry's id is not known");
    let known = unknown.entry.clone().with_content(Some(id_of(0, size)));
    assert!(seal_in_one_piece(ManifestEntry { entry: known, ..unknown }).is_ok());
}

fn seal_in_one_piece(listed: ManifestEntry) -> Result<(), SealError> {
    let context = Context::from_bytes(CONTEXT);
    let envelope = Envelope { to: BOB.certificate(), from: ALICE.signing(), context, created: NOW };
    let mut silent = Events::ignored().begin(Work::Sealing, "", 0);
    let manifest = Manifest::new(vec![listed]).unwrap();
    match seal_to(&mut Vec::new(), manifest, &Computed, envelope, &mut silent) {
        Err(SealToError::Seal(error)) => Err(error),
        other => {
            other.unwrap();
            Ok(())
        }
    }
}

/// Seals what is handed out, until it is that turn.
fn chunks_until(sealer: &mut Sealer, end: Turn) -> Vec<u32> {
    let (chunks, mut handed_out) = (sealer.chunks(), Vec::new());
    loop {
        match sealer.turn().unwrap() {
            Turn::Chunk(index) => {
                seal(&chunks, index, &Computed);
                handed_out.push(index);
            }
            turn => {
                assert_eq!(turn, end);
                return handed_out;
            }
        }
    }
}

/// The stream opens, and its first entries are these.
fn opens_to(wire: &Wire, listed: &[ManifestEntry]) {
    let stream = wire.opened();
    for (number, listed) in (0..).zip(listed) {
        let content = Content::of(&bytes_of(number, 0..listed.entry.size()));
        assert_eq!(stream.proof(number).unwrap().content(), content);
    }
}

fn out_of_turn<T>(result: Result<T, SealError>) -> &'static str {
    match result {
        Err(SealError::OutOfTurn(what)) => what,
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it was done"),
    }
}

fn buffer() -> Vec<u8> {
    vec![0; CHUNK_BYTES]
}

const NOT_UNDER_WAY: &str = "this chunk is not under way";
const ANOTHER: &str = "another segment is to be acknowledged";
const LEFT: &str = "chunks are left to seal";
const NO_END: &str = "no segment can end here";
