//! What people can do with streams that are not theirs: forward them, sign them as their own, play
//! them again, or put pieces of one into another.

use super::people::{Person, expected};
use super::stage::{
    ALICE, BOB, CHUNK, Chunk, MALLORY, Wire, manifest_opener, open, sealed, sealed_in_segments_of,
    take, take_all, whole,
};
use super::taken_apart::{COMMITMENT, CONTEXT, HeaderParts, RECIPIENT, another};
use waxwing::seal::{ChunkHead, Context, Expected, Header, ManifestOpener, Opener, Refusal};

#[test]
fn a_stream_opens_for_its_receiver_only() {
    let wire = sealed_file();
    assert_eq!(opens_for(&MALLORY, &ALICE, &wire.header), Err(Refusal::Recipient));
    assert_eq!(opens_for(&ALICE, &ALICE, &wire.header), Err(Refusal::Recipient));
    for key in [MALLORY.sealing(), ALICE.sealing()] {
        let checked = wire.header.clone().check(&expected(&ALICE, &BOB)).unwrap();
        assert_eq!(checked.open(key).unwrap_err(), Refusal::NotOpened);
    }
    assert_eq!(opens_for(&BOB, &ALICE, &wire.header), Ok(()));
}

/// Bob knows the secret, and cannot make Mallory believe that Alice wrote to her.
#[test]
fn the_receiver_cannot_pass_a_stream_on_in_its_senders_name() {
    let wire = sealed_file();
    let parts = HeaderParts::of(&wire.header);
    let rewrapped = parts.clone().wrapped_for(&MALLORY, &parts.secret(&BOB));
    let in_alices_name = rewrapped.put_together().unwrap();
    assert_eq!(opens_for(&MALLORY, &ALICE, &in_alices_name), Err(Refusal::HeaderSignature));

    let in_his_own = parts.clone().signed_by(&BOB).wrapped_for(&MALLORY, &parts.secret(&BOB));
    let in_his_own = in_his_own.signed_by(&BOB).put_together().unwrap();
    assert_eq!(opens_for(&MALLORY, &ALICE, &in_his_own), Err(Refusal::Sender));
    let mut manifest = opener(&MALLORY, &BOB, &in_his_own).unwrap();
    manifest.chunk(&wire.chunk(0).head, &mut wire.chunk(0).body.clone()).unwrap();
    let refused = manifest.record(wire.record(0)).unwrap_err();
    assert_eq!(refused, Refusal::RecordSignature, "Alice's records stay Alice's");
}

/// He may put his own data into the stream, as far as nobody else has to believe it.
#[test]
fn the_receiver_cannot_add_to_what_the_sender_signed() {
    let wire = sealed_file();
    let secret = HeaderParts::of(&wire.header).secret(&BOB);
    let mut opener = wire.begun();
    take(&mut opener, &another(wire.chunk(1), &secret)).unwrap();
    take_all(&mut opener, &wire.segments[1].chunks[1..]);
    opener.record(wire.record(1)).unwrap();
    assert_eq!(opener.advance(), Err(Refusal::RecordChain));

    let mut manifest = manifest_opener(&wire.header);
    let mut other = another(wire.chunk(0), &secret);
    manifest.chunk(&other.head, &mut other.body).unwrap();
    assert_eq!(manifest.record(wire.record(0)).unwrap_err(), Refusal::RecordChain);
}

/// Mallory takes Alice's signature off and puts her own there: the wrap is bound to the sender.
#[test]
fn nobody_can_sign_as_their_own_what_they_cannot_open() {
    let wire = sealed_file();
    let stolen = HeaderParts::of(&wire.header).signed_by(&MALLORY);
    let header = stolen.put_together().unwrap();
    assert_eq!(opens_for(&BOB, &ALICE, &header), Err(Refusal::Sender));
    assert_eq!(opens_for(&BOB, &MALLORY, &header), Err(Refusal::NotOpened));
    let mut named = stolen;
    named.inner[RECIPIENT].copy_from_slice(MALLORY.fingerprint().as_bytes());
    let header = named.signed_by(&MALLORY).put_together().unwrap();
    assert_eq!(opens_for(&MALLORY, &MALLORY, &header), Err(Refusal::NotOpened));
}

#[test]
fn a_wrap_opens_for_the_very_header_that_it_was_made_for() {
    let wire = sealed_file();
    let parts = HeaderParts::of(&wire.header);
    for at in 5..parts.inner.len() {
        let mut other = parts.clone();
        other.inner[at] ^= 1;
        let other = other.signed_by(&ALICE);
        let Ok(header) = other.put_together() else { continue };
        let expectation = Expected {
            context: Context::from_bytes(other.inner[CONTEXT].try_into().unwrap()),
            ..expected(&ALICE, &BOB)
        };
        let opened = header.check(&expectation).and_then(|checked| checked.open(BOB.sealing()));
        assert_eq!(opened.is_ok(), other.inner == parts.inner, "byte {at}");
    }
}

#[test]
fn a_wrap_of_another_stream_does_not_open() {
    let (one, other) = (sealed_file(), sealed_file());
    let (one, other) = (HeaderParts::of(&one.header), HeaderParts::of(&other.header));
    let mixed = HeaderParts { wrap: other.wrap.clone(), ..one.clone() };
    assert_eq!(opens_for(&BOB, &ALICE, &mixed.put_together().unwrap()), NOT_SIGNED);
    let signed = mixed.signed_by(&ALICE).put_together().unwrap();
    assert_eq!(opens_for(&BOB, &ALICE, &signed), Err(Refusal::NotOpened));

    let mut committed = HeaderParts { signature: one.signature.clone(), ..one };
    committed.inner[COMMITMENT].copy_from_slice(&other.inner[COMMITMENT]);
    assert_eq!(opens_for(&BOB, &ALICE, &committed.put_together().unwrap()), NOT_SIGNED);
}

#[test]
fn a_stream_that_is_played_again_on_another_occasion_is_refused() {
    let wire = sealed_file();
    let again = |context| {
        let expected = Expected { context, ..expected(&ALICE, &BOB) };
        wire.header.clone().check(&expected).map(drop)
    };
    for byte in 0..32 {
        let mut other = super::people::CONTEXT;
        other[byte] ^= 0x80;
        assert_eq!(again(Context::from_bytes(other)), Err(Refusal::Context));
    }
    let live = Context::live(&[1; 32], &[2; 32]);
    assert_eq!(again(live), Err(Refusal::Context));
    assert_eq!(again(Context::from_bytes(super::people::CONTEXT)), Ok(()));
}

#[test]
fn chunks_of_another_stream_are_refused() {
    let (wire, other) = (sealed_file(), sealed_file());
    let mut opener = wire.begun();
    for index in 1..=LAST {
        let foreign = other.chunk(index);
        assert_eq!(take(&mut opener, foreign), Err(Refusal::Tag), "{index}");
        let tagged_as_ours = Chunk { head: wire.chunk(index).head, ..foreign.clone() };
        assert_eq!(take(&mut opener, &tagged_as_ours), Err(Refusal::Tag), "{index}");
        let head = ChunkHead { tag: foreign.head.tag, ..wire.chunk(index).head };
        let tagged_as_theirs = Chunk { head, body: wire.chunk(index).body.clone() };
        assert_eq!(take(&mut opener, &tagged_as_theirs), Err(Refusal::Tag), "{index}");
    }
    let mut manifest = manifest_opener(&wire.header);
    let foreign = other.chunk(0);
    let refused = manifest.chunk(&foreign.head, &mut foreign.body.clone());
    assert_eq!(refused, Err(Refusal::Tag));
}

#[test]
fn records_of_another_stream_are_refused_wherever_they_come() {
    let (wire, other) = (in_small_segments(), in_small_segments());
    assert!(wire.segments.len() > 3);
    for foreign in &other.segments {
        let mut opener = wire.begun();
        for segment in 1..wire.segments.len() {
            let mut failed = wire.begun();
            (1..segment).for_each(|before| give(&mut failed, &wire, before));
            assert_eq!(failed.record(&foreign.record), Err(Refusal::RecordChain));
            assert_eq!(failed.record(wire.record(segment)), Err(Refusal::RecordChain), "for good");
            assert_eq!(failed.finish().unwrap_err(), Refusal::RecordChain);
            give(&mut opener, &wire, segment);
        }
        assert!(opener.finish().is_ok());
    }
    let mut manifest = manifest_opener(&wire.header);
    let chunk = wire.chunk(0);
    manifest.chunk(&chunk.head, &mut chunk.body.clone()).unwrap();
    assert_eq!(manifest.record(other.record(0)).unwrap_err(), Refusal::RecordChain);
}

/// A caller who mixes up two conversations gets an error, and no file.
#[test]
fn a_chunk_opened_by_another_stream_is_no_chunk_of_this_one() {
    let (wire, other) = (in_small_segments(), in_small_segments());
    let (mut opener, stranger) = (wire.begun(), other.begun());
    opener.accept(open(&stranger, other.chunk(1)).unwrap()).unwrap();
    take_all(&mut opener, &wire.segments[1].chunks[1..]);
    opener.record(wire.record(1)).unwrap();
    assert_eq!(opener.advance(), Err(Refusal::RecordChain));

    let mut opener = wire.begun();
    opener.accept(open(&stranger, other.chunk(1)).unwrap()).unwrap();
    assert_eq!(take(&mut opener, wire.chunk(1)), Err(Refusal::Equivocation));
}

fn give(opener: &mut Opener, wire: &Wire, segment: usize) {
    take_all(opener, &wire.segments[segment].chunks);
    opener.record(wire.record(segment)).unwrap();
    opener.advance().unwrap().unwrap();
}

fn opens_for(reader: &Person, from: &Person, header: &Header) -> Result<(), Refusal> {
    opener(reader, from, header).map(drop)
}

fn opener(reader: &Person, from: &Person, header: &Header) -> Result<ManifestOpener, Refusal> {
    header.clone().check(&expected(from, reader))?.open(reader.sealing())
}

fn sealed_file() -> Wire {
    sealed(vec![whole("file", 3 * CHUNK)])
}

fn in_small_segments() -> Wire {
    sealed_in_segments_of(2, vec![whole("file", 6 * CHUNK)])
}

const LAST: u32 = 4;
const NOT_SIGNED: Result<(), Refusal> = Err(Refusal::HeaderSignature);
