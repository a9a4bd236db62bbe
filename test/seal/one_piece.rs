//! A stream in one piece, in memory and through readers and writers that fail.

use super::people::{self, Person, entry, expected, noise};
use super::stage::{ALICE, BOB, CHUNK, Computed, MALLORY, MIB, bytes_of, id_of, parts, whole};
use std::io::{self, Read};
use waxwing::model::{Content, Events, Task, Work};
use waxwing::seal::{
    CHUNK_BYTES, Context, Envelope, Manifest, ManifestEntry, OpenError, Refusal, SealError,
    SealToError, Sink, open_bytes, open_from, seal_bytes, seal_to,
};

#[test]
fn what_is_sealed_opens_for_the_receiver() {
    let sizes = [0, 1, 5, 4096, 262_143, 262_144, 262_145, 1 << 20, (1 << 20) + 1, 3_000_000];
    let files: Vec<_> = sizes.iter().map(|size| noise(*size)).collect();
    let listed: Vec<_> =
        (0..).zip(&files).map(|(n, f)| (entry(&format!("d/{n}"), f.len()), f.as_slice())).collect();
    let sealed = seal_bytes(&listed, envelope()).unwrap();
    let opened = open_bytes(&sealed, &expected(&ALICE, &BOB), BOB.sealing()).unwrap();
    assert_eq!(opened.len(), files.len());
    for ((proof, bytes), file) in opened.iter().zip(&files) {
        assert!(bytes == file);
        assert_eq!(proof.content(), Content::of(file));
        assert_eq!(proof.sender(), ALICE.fingerprint());
    }
    assert!(open_bytes(&sealed, &expected(&ALICE, &MALLORY), MALLORY.sealing()).is_err());
}

#[test]
fn parts_arrive_in_their_places() {
    let (size, ranges) = (5 * MIB + 9, [MIB..2 * MIB, 4 * MIB..5 * MIB + 9]);
    let mut listed = parts("parts", size, &ranges);
    listed.entry = listed.entry.with_content(Some(id_of(0, size)));
    let sealed = seal(vec![listed, whole("b", CHUNK - 9)]);
    let mut sink = Places::default();
    let stream = open(&sealed, &mut sink).unwrap();
    for range in ranges {
        let got = sink.bytes(0, range.start, (range.end - range.start) as usize);
        assert!(got == bytes_of(0, range));
    }
    assert!(sink.bytes(1, 0, CHUNK_BYTES - 9) == bytes_of(1, 0..CHUNK - 9));
    assert_eq!(sink.written(), MIB + MIB + 9 + CHUNK - 9, "and nothing elsewhere");
    assert!(stream.proof(0).is_none() && stream.proof(1).is_some());
}

/// Whatever is missing from memory is not shown as if it were the file, nor left out in silence.
#[test]
fn what_did_not_come_whole_is_not_opened_in_memory() {
    let mut listed = parts("parts", 2 * MIB, &[0..MIB]);
    listed.entry = listed.entry.with_content(Some(id_of(0, 2 * MIB)));
    let sealed = seal(vec![listed, whole("b", 3)]);
    let refused = open_bytes(&sealed, &expected(&ALICE, &BOB), BOB.sealing()).unwrap_err();
    assert!(matches!(refused, OpenError::Refused(Refusal::Policy)), "{refused}");
}

#[test]
fn files_of_another_length_than_was_listed_are_not_sealed() {
    for listed in [0, 4, 6, CHUNK_BYTES + 1] {
        let files = [(entry("a", 1), b"a".as_slice()), (entry("b", listed), b"hello".as_slice())];
        let error = seal_bytes(&files, envelope()).unwrap_err();
        assert!(matches!(error, SealError::SourceChanged { entry: 1, .. }), "{listed}: {error}");
    }
}

#[test]
fn a_reader_that_gives_a_byte_at_a_time_is_enough() {
    let sealed = seal(vec![whole("a", 3000), whole("b", 70)]);
    let mut sink = Places::default();
    open_from(&mut Slow(&sealed), &expected(&ALICE, &BOB), BOB.sealing(), &mut sink, &mut silent())
        .unwrap();
    assert!(sink.bytes(0, 0, 3000) == bytes_of(0, 0..3000));
}

#[test]
fn a_reader_that_fails_is_not_a_stream_that_was_cut() {
    let sealed = seal(vec![whole("a", 3000)]);
    for at in [0, 3, 500, 1200, sealed.len() - 1, sealed.len()] {
        let mut reader = sealed[..at].chain(Broken);
        let mut sink = Places::default();
        let (expected, key) = (expected(&ALICE, &BOB), BOB.sealing());
        let result = open_from(&mut reader, &expected, key, &mut sink, &mut silent());
        assert!(matches!(result, Err(OpenError::Io(_))), "{at}");
    }
}

#[test]
fn a_sink_that_is_full_ends_it() {
    let sealed = seal(vec![whole("a", 3000)]);
    let result = open(&sealed, &mut Full { begins: false });
    assert!(matches!(result, Err(OpenError::Io(error)) if error.kind() == FULL));
    let result = open(&sealed, &mut Full { begins: true });
    assert!(matches!(result, Err(OpenError::Io(error)) if error.kind() == FULL));
}

#[test]
fn a_writer_that_is_full_ends_it() {
    let manifest = || Manifest::new(vec![whole("a", 3000)]).unwrap();
    let whole = seal(vec![whole("a", 3000)]).len();
    for room in [0, 100, 971, 1500, 4000, whole - 1] {
        let mut out = vec![0; room];
        let result =
            seal_to(&mut out.as_mut_slice(), manifest(), &Computed, envelope(), &mut silent());
        assert!(matches!(result, Err(SealToError::Io(_))), "{room}");
        let opened = open_bytes(&out, &expected(&ALICE, &BOB), BOB.sealing());
        assert!(matches!(opened, Err(OpenError::Refused(_))));
    }
}

#[test]
fn more_data_than_the_reader_takes_is_refused_by_the_header_alone() {
    let sealed = seal(vec![whole("a", 3000)]);
    let take = |max_data| {
        let expected = waxwing::seal::Expected { max_data, ..expected(&ALICE, &BOB) };
        open_bytes(&sealed[..971], &expected, BOB.sealing()).map(drop).unwrap_err().to_string()
    };
    assert_eq!(take(2999), Refusal::Policy.to_string());
    assert_eq!(take(3000), Refusal::Cut.to_string());
}

fn seal(listed: Vec<ManifestEntry>) -> Vec<u8> {
    let mut out = Vec::new();
    let manifest = Manifest::new(listed).unwrap();
    seal_to(&mut out, manifest, &Computed, envelope(), &mut silent()).unwrap();
    out
}

fn open(mut sealed: &[u8], sink: &mut impl Sink) -> Result<waxwing::seal::OpenedStream, OpenError> {
    open_from(&mut sealed, &expected(&ALICE, &BOB), BOB.sealing(), sink, &mut silent())
}

fn envelope() -> Envelope<'static> {
    let (to, from): (&Person, &Person) = (&BOB, &ALICE);
    Envelope {
        to: to.certificate(),
        from: from.signing(),
        context: Context::from_bytes(people::CONTEXT),
        created: people::NOW,
    }
}

fn silent() -> Task {
    Events::ignored().begin(Work::Opening, "", 0)
}

/// Remembers what was written where.
#[derive(Default)]
struct Places(Vec<(u32, u64, Vec<u8>)>);

impl Places {
    fn bytes(&self, entry: u32, start: u64, length: usize) -> Vec<u8> {
        let mut got = vec![0; length];
        let inside = start..start + length as u64;
        for (_, offset, bytes) in
            self.0.iter().filter(|(e, offset, _)| *e == entry && inside.contains(offset))
        {
            got[(offset - start) as usize..][..bytes.len()].copy_from_slice(bytes);
        }
        got
    }

    fn written(&self) -> u64 {
        self.0.iter().map(|(_, _, bytes)| bytes.len() as u64).sum()
    }
}

impl Sink for Places {
    fn begin(&mut self, _: &Manifest) -> io::Result<()> {
        assert!(self.0.is_empty(), "nothing comes before the manifest");
        Ok(())
    }

    fn write(&mut self, entry: u32, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.push((entry, offset, bytes.to_vec()));
        Ok(())
    }
}

/// Takes nothing, or not even begins.
struct Full {
    begins: bool,
}

impl Sink for Full {
    fn begin(&mut self, _: &Manifest) -> io::Result<()> {
        if self.begins { Ok(()) } else { Err(FULL.into()) }
    }

    fn write(&mut self, _: u32, _: u64, _: &[u8]) -> io::Result<()> {
        Err(FULL.into())
    }
}

struct Slow<'a>(&'a [u8]);

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(1);
        self.0.read(&mut buffer[..most])
    }
}

struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::ConnectionReset.into())
    }
}

const FULL: io::ErrorKind = io::ErrorKind::StorageFull;
