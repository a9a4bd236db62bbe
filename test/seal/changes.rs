//! Sources that change while they are sent. A position of the keystream encrypts one plaintext,
//! ever: whoever saw two ciphertexts of one position would have the difference of the plaintexts.

use super::stage::{
    CHUNK, Computed, MIB, id_of, introduce, parts, seal, sealed, sealer, take_all, whole,
};
use std::io;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use waxwing::model::ContentId;
use waxwing::seal::{
    CHUNK_BYTES, ChunkHead, ChunkSealer, ManifestEntry, Opener, Record, Refusal, SealError, Sealer,
    Source, Turn,
};

#[test]
fn a_chunk_read_again_with_other_bytes_ends_the_stream() {
    let source = Answers::different();
    let (mut sealer, chunks) = begun(vec![whole("a", 3 * CHUNK)], &source);
    assert_eq!(sealer.turn().unwrap(), Turn::Chunk(1));
    assert_eq!(sealer.turn().unwrap(), Turn::Chunk(2));
    seal(&chunks, 1, &source);
    seal(&chunks, 2, &source);
    let mut buffer = buffer();
    assert_eq!(changed(chunks.seal(1, &source, &mut buffer)), 0);
    assert_wiped(&buffer);
    is_over(&mut sealer, 0);
}

#[test]
fn the_entry_that_changed_is_named() {
    let listed = vec![whole("a", 5), whole("b", 0), whole("c", 7), whole("d", 9)];
    let source = Answers { of: 2, ..Answers::different() };
    let (mut sealer, chunks) = begun(listed, &source);
    assert_eq!(sealer.turn().unwrap(), Turn::Chunk(1));
    seal(&chunks, 1, &source);
    assert_eq!(changed(chunks.seal(1, &source, &mut buffer())), 2);
    is_over(&mut sealer, 2);
}

#[test]
fn the_smallest_difference_is_noticed_wherever_it_is() {
    for at in [0, 1, CHUNK - 1, CHUNK, 2 * CHUNK] {
        let (listed, before) = (vec![whole("a", 2 * CHUNK + 1)], Flipped { at: u64::MAX });
        let (_sealer, chunks) = begun(listed, &before);
        let index = 1 + (at / CHUNK) as u32;
        seal(&chunks, index, &before);
        let mut buffer = buffer();
        assert_eq!(changed(chunks.seal(index, &Flipped { at }, &mut buffer)), 0, "{at}");
        assert_wiped(&buffer);
    }
}

#[test]
fn the_id_of_an_entry_is_that_of_all_of_it() {
    let sizes = [0, 1, MIB - 1, MIB, 3 * MIB + 5];
    let sealer = sealer(sizes.iter().map(|size| whole(&format!("{size}"), *size)).collect());
    for (entry, size) in (0..).zip(sizes) {
        let id = sealer.chunks().content_id(entry, &Computed);
        assert_eq!(id.unwrap(), id_of(entry, size), "{size}");
    }
}

/// The lane that lost the race must not be left with a ciphertext of its own.
#[test]
fn threads_that_read_one_chunk_differently_give_out_one_ciphertext() {
    for round in 0..300 {
        let listed = vec![whole("a", if round % 2 == 0 { 100 } else { CHUNK })];
        let (source, start) = (Answers::different(), Barrier::new(3));
        let sealer = sealer(listed);
        let given_out = thread::scope(|scope| {
            let lanes = [(); 3].map(|()| {
                let chunks = sealer.chunks();
                let (source, start) = (&source, &start);
                scope.spawn(move || {
                    start.wait();
                    one_try(&chunks, 1, source)
                })
            });
            lanes.map(|lane| lane.join().unwrap()).into_iter().flatten().count()
        });
        assert_eq!(given_out, 1, "round {round}");
    }
}

/// As above, while the conversation acknowledges the segment: its tags are forgotten then.
#[test]
fn an_acknowledged_chunk_under_way_elsewhere_gives_out_no_second_ciphertext() {
    for round in 0..100 {
        let source = Answers::different();
        let (mut sealer, chunks) = begun(vec![whole("a", 2 * CHUNK)], &source);
        assert_eq!(sealer.turn().unwrap(), Turn::Chunk(1));
        seal(&chunks, 1, &source);
        sealer.end_segment().unwrap();
        let start = Barrier::new(2);
        thread::scope(|scope| {
            let lane = scope.spawn(|| {
                start.wait();
                one_try(&chunks, 1, &source)
            });
            start.wait();
            sealer.acknowledge(1).unwrap();
            assert!(lane.join().unwrap().is_none(), "round {round}");
        });
    }
}

#[test]
fn a_source_that_shrinks_has_changed() {
    let source = Failing { of: 1, with: io::ErrorKind::UnexpectedEof };
    let (mut sealer, chunks) = begun(vec![whole("a", 5), whole("b", 5)], &Computed);
    assert_eq!(sealer.turn().unwrap(), Turn::Chunk(1));
    assert_eq!(changed(chunks.seal(1, &source, &mut buffer())), 1);
    assert_eq!(changed(chunks.seal(1, &Computed, &mut buffer())), 1, "and that stays so");
    is_over(&mut sealer, 1);
}

#[test]
fn a_source_that_is_not_what_was_listed_gets_no_final_record() {
    let source = Looks { at: 1, like: || Ok(false) };
    let mut sealer = at_the_end(vec![whole("a", 5), whole("b", 5)]);
    assert_eq!(changed(sealer.finish(&source)), 1);
    assert_eq!(changed(sealer.finish(&Computed)), 1, "not even when it looks as before again");
    is_over(&mut sealer, 1);
}

#[test]
fn a_source_that_cannot_be_looked_at_gets_no_final_record_yet() {
    let source = Looks { at: 0, like: || Err(io::ErrorKind::PermissionDenied.into()) };
    let mut sealer = at_the_end(vec![whole("a", 5)]);
    let error = sealer.finish(&source).unwrap_err();
    assert!(matches!(error, SealError::Source { entry: 0, .. }), "{error}");
    assert!(matches!(sealer.finish(&Computed), Ok(Record::Final(_))));
}

/// The sender does not hash what it knows the id of; the receiver does.
#[test]
fn an_announced_id_that_the_data_does_not_have_never_lands() {
    let other = ContentId::from_bytes([9; 32]);
    for size in [5, CHUNK, CHUNK + 1, MIB, MIB + 1] {
        let mut listed = vec![whole("good", 7), whole("a", size), whole("b", 9)];
        listed[1].entry = listed[1].entry.clone().with_content(Some(id_of(1, size)));
        assert!(sealed(listed.clone()).opened().proof(1).is_some(), "{size}");
        listed[1].entry = listed[1].entry.clone().with_content(Some(other));
        let wire = sealed(listed);
        let (mut opener, last) = (wire.begun(), &wire.segments[1]);
        take_all(&mut opener, &last.chunks);
        opener.record(&last.record).unwrap();
        assert_eq!(opener.advance().unwrap_err(), Refusal::Ids, "{size}");
    }
}

#[test]
fn an_announced_id_of_which_another_was_given_ends_the_stream() {
    let size = 2 * MIB;
    let mut listed = parts("a", size, &[0..MIB]);
    listed.entry = listed.entry.with_content(Some(id_of(0, size)));
    let (mut sealer, chunks) = begun(vec![listed], &Computed);
    sealer.give_id(0, ContentId::from_bytes([9; 32]));
    for index in 1..=4 {
        assert_eq!(sealer.turn().unwrap(), Turn::Chunk(index));
        seal(&chunks, index, &Computed);
    }
    assert_eq!(changed(sealer.turn()), 0);
    is_over(&mut sealer, 0);
}

/// A disk that hiccups is not a file that changed.
#[test]
fn a_source_that_cannot_be_read_may_be_read_later() {
    let (mut sealer, chunks) = begun(vec![whole("a", 5), whole("b", 5)], &Computed);
    assert_eq!(sealer.turn().unwrap(), Turn::Chunk(1));
    let source = Failing { of: 1, with: io::ErrorKind::PermissionDenied };
    let error = chunks.seal(1, &source, &mut buffer()).unwrap_err();
    assert!(matches!(error, SealError::Source { entry: 1, .. }), "{error}");
    seal(&chunks, 1, &Computed);
    assert_eq!(sealer.turn().unwrap(), Turn::Chunk(2));
    seal(&chunks, 2, &Computed);
    assert!(sealer.finish(&Computed).is_ok());
}

/// Where only parts are sent, all is read for the id: there as well, a shorter file is another one, and one that
/// cannot be read may be read later.
#[test]
fn a_source_that_is_read_for_its_id_has_changed_when_it_ends_early() {
    let of = [MIB..2 * MIB];
    let (mut sealer, chunks) = begun(vec![parts("a", 2 * MIB, &of)], &Computed);
    let failing = |with| Failing { of: 0, with };
    let error = chunks.content_id(0, &failing(io::ErrorKind::PermissionDenied)).unwrap_err();
    assert!(matches!(error, SealError::Source { entry: 0, .. }), "{error}");
    assert_eq!(sealer.turn().unwrap(), Turn::Chunk(1));
    assert_eq!(chunks.content_id(0, &Computed).unwrap(), id_of(0, 2 * MIB));
    assert_eq!(changed(chunks.content_id(0, &failing(io::ErrorKind::UnexpectedEof))), 0);
    is_over(&mut sealer, 0);
}

/// Every later call fails, and nothing is left in a buffer.
fn is_over(sealer: &mut Sealer, entry: u32) {
    let chunks = sealer.chunks();
    for index in 0..4 {
        let mut buffer = buffer();
        assert_eq!(changed(chunks.seal(index, &Computed, &mut buffer)), entry);
        assert_wiped(&buffer);
    }
    assert_eq!(changed(sealer.turn()), entry);
    assert!(sealer.end_segment().is_err());
    assert!(sealer.finish(&Computed).is_err());
}

/// Seals in a buffer of its own; what did not come out is not in the buffer either.
fn one_try(chunks: &ChunkSealer, index: u32, source: &impl Source) -> Option<(ChunkHead, Vec<u8>)> {
    let mut buffer = buffer();
    match chunks.seal(index, source, &mut buffer) {
        Ok((head, body)) => Some((head, body.to_vec())),
        Err(_) => {
            assert_wiped(&buffer);
            None
        }
    }
}

fn begun(listed: Vec<ManifestEntry>, source: &impl Source) -> (Sealer, ChunkSealer) {
    let mut sealer = sealer(listed);
    let _: Opener = introduce(&mut sealer, source);
    let chunks = sealer.chunks();
    (sealer, chunks)
}

/// All is sealed but the final record.
fn at_the_end(listed: Vec<ManifestEntry>) -> Sealer {
    let (mut sealer, chunks) = begun(listed, &Computed);
    while let Turn::Chunk(index) = sealer.turn().unwrap() {
        seal(&chunks, index, &Computed);
    }
    sealer
}

fn changed<T>(result: Result<T, SealError>) -> u32 {
    match result {
        Err(SealError::SourceChanged { entry, .. }) => entry,
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("nothing changed"),
    }
}

fn assert_wiped(buffer: &[u8]) {
    assert!(buffer.iter().all(|byte| *byte == 0));
}

fn buffer() -> Vec<u8> {
    vec![0; CHUNK_BYTES]
}

/// Answers each reading of an entry with other bytes than the one before.
struct Answers {
    of: u32,
    next: AtomicU64,
}

impl Answers {
    fn different() -> Self {
        Self { of: 0, next: AtomicU64::new(1) }
    }
}

impl Source for Answers {
    fn read(&self, entry: u32, _: u64, buffer: &mut [u8]) -> io::Result<()> {
        buffer.fill(0x55);
        if entry == self.of {
            let answer = self.next.fetch_add(1, Ordering::Relaxed).to_le_bytes();
            buffer[..4].copy_from_slice(&answer[..4]);
        }
        Ok(())
    }

    fn is_unchanged(&self, entry: u32) -> io::Result<bool> {
        Ok(entry != self.of)
    }
}

/// Computed bytes, but for one bit.
struct Flipped {
    at: u64,
}

impl Source for Flipped {
    fn read(&self, entry: u32, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        Computed.read(entry, offset, buffer)?;
        if let Some(byte) = self.at.checked_sub(offset).and_then(|at| buffer.get_mut(at as usize)) {
            *byte ^= 4;
        }
        Ok(())
    }

    fn is_unchanged(&self, _: u32) -> io::Result<bool> {
        Ok(true)
    }
}

/// One of the entries cannot be read.
struct Failing {
    of: u32,
    with: io::ErrorKind,
}

impl Source for Failing {
    fn read(&self, entry: u32, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        if entry == self.of {
            return Err(self.with.into());
        }
        Computed.read(entry, offset, buffer)
    }

    fn is_unchanged(&self, _: u32) -> io::Result<bool> {
        Ok(true)
    }
}

/// One of the entries looks different when the stream is at its end.
struct Looks {
    at: u32,
    like: fn() -> io::Result<bool>,
}

impl Source for Looks {
    fn read(&self, entry: u32, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        Computed.read(entry, offset, buffer)
    }

    fn is_unchanged(&self, entry: u32) -> io::Result<bool> {
        if entry == self.at { (self.like)() } else { Ok(true) }
    }
}
