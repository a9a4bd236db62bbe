//! Every stream has a secret of its own: nothing of two streams is alike, whatever they carry.

use super::people::{CONTEXT, NOW, Person};
use super::stage::{ALICE, BOB, CHUNK, Wire, sealed, small, whole};
use super::taken_apart::{COMMITMENT, HeaderParts, STREAM_ID};
use std::collections::HashSet;
use std::thread;
use waxwing::seal::{Context, Manifest, Sealer};

#[test]
fn the_same_file_sealed_twice_is_alike_in_nothing() {
    let file = || sealed(vec![whole("file", 3 * CHUNK + 100)]);
    let (one, other) = (file(), file());
    let (header, other_header) = (HeaderParts::of(&one.header), HeaderParts::of(&other.header));
    assert_ne!(header.inner[STREAM_ID], other_header.inner[STREAM_ID]);
    assert_ne!(header.inner[COMMITMENT], other_header.inner[COMMITMENT]);
    assert_ne!(header.wrap, other_header.wrap);
    assert_ne!(header.signature, other_header.signature);
    assert_ne!(header.secret(&BOB).expose(), other_header.secret(&BOB).expose());
    for (one, other) in chunks(&one).zip(chunks(&other)) {
        assert_eq!((one.head.index, one.head.length), (other.head.index, other.head.length));
        assert_ne!(one.head.tag, other.head.tag);
        assert!(alike(&one.body, &other.body) < one.body.len() / 100 + 10);
    }
}

#[test]
fn no_part_of_a_secret_is_that_of_another() {
    let secret = || HeaderParts::of(&sealed(small(1)).header).secret(&BOB);
    let (one, other) = (secret(), secret());
    for (one, other) in one.expose().chunks(8).zip(other.expose().chunks(8)) {
        assert_ne!(one, other);
    }
}

/// Were a keystream used twice within a stream, two chunks of one plaintext would be the same.
#[test]
fn chunks_of_the_same_bytes_have_nothing_alike() {
    let wire = super::stage::seal_all(
        super::stage::sealer(vec![whole("zeros", 8 * CHUNK)]),
        &Zeros,
        usize::MAX,
    );
    let bodies: Vec<_> = chunks(&wire).map(|chunk| &chunk.body).collect();
    for (at, one) in bodies.iter().enumerate() {
        for other in &bodies[..at] {
            assert!(alike(one, other) < CHUNK as usize / 100);
        }
    }
    let tags: HashSet<_> = chunks(&wire).map(|chunk| *chunk.head.tag.as_bytes()).collect();
    assert_eq!(tags.len(), bodies.len());
}

/// The secrets themselves are looked at, as their receiver learns them: id and randomness of the wrap would make
/// commitments and wraps of one secret differ, too.
#[test]
fn two_thousand_streams_have_as_many_ids_keys_and_nonces() {
    let manifest = Manifest::new(small(1)).unwrap();
    let (alice, bob): (&Person, &Person) = (&ALICE, &BOB);
    let sealed = |count: usize| {
        let sealed = |_| {
            let context = Context::from_bytes(CONTEXT);
            let (to, from) = (bob.certificate(), alice.signing());
            let sealer = Sealer::new(manifest.clone(), to, from, context, NOW).unwrap();
            let header = HeaderParts::of(sealer.header());
            let secret = *header.secret(bob).expose();
            (header, secret)
        };
        (0..count).map(sealed).collect::<Vec<_>>()
    };
    let all = thread::scope(|scope| {
        let half = scope.spawn(|| sealed(1000));
        let mut all = sealed(1000);
        all.extend(half.join().unwrap());
        all
    });
    let distinct = |part: fn(&(HeaderParts, [u8; 80])) -> &[u8]| {
        all.iter().map(part).collect::<HashSet<_>>().len()
    };
    assert_eq!(distinct(|(header, _)| &header.inner[STREAM_ID]), 2000);
    assert_eq!(distinct(|(header, _)| &header.inner[COMMITMENT]), 2000);
    assert_eq!(distinct(|(header, _)| &header.wrap), 2000);
    for part in [0..32, 32..48, 48..80] {
        let parts = all.iter().map(|(_, secret)| &secret[part.clone()]);
        assert_eq!(parts.collect::<HashSet<_>>().len(), 2000, "{part:?}");
    }
}

fn chunks(wire: &Wire) -> impl Iterator<Item = &super::stage::Chunk> {
    wire.segments.iter().flat_map(|segment| &segment.chunks)
}

/// How many bytes are the same in the same place; of random ones, one in 256 is.
fn alike(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).filter(|(one, other)| one == other).count()
}

struct Zeros;

impl waxwing::seal::Source for Zeros {
    fn read(&self, _: u32, _: u64, buffer: &mut [u8]) -> std::io::Result<()> {
        buffer.fill(0);
        Ok(())
    }

    fn is_unchanged(&self, _: u32) -> std::io::Result<bool> {
        Ok(true)
    }
}
