//! The sealed stream: what is foreign in it, and a large one as a whole.

use super::alloc::allocated_by;
use super::people::{self, Person};
use super::within_bound;
use std::io;
use std::sync::LazyLock;
use waxwing::codec::{Writer, closed};
use waxwing::crypto::Signed;
use waxwing::model::{Events, Work};
use waxwing::seal::{
    CHUNK_BYTES, Context, Delivery, Envelope, FileReceipt, FinalRecord, Header, Manifest,
    ManifestEntry, ManifestOpener, Opener, Record, Sealer, SegmentRecord, Sink, Source, Turn,
    open_from, seal_bytes,
};

#[test]
fn a_header_with_any_byte_changed() {
    let good = good_header();
    assert!(within_bound(&good, Header::parse).is_ok());
    with_any_byte_changed(&good, |bytes| drop(within_bound(bytes, Header::parse)));
    let long = [good.as_slice(), &vec![0; 1 << 20]].concat();
    assert!(within_bound(&long, Header::parse).is_err());
}

#[test]
fn records_and_receipts_with_any_byte_changed() {
    let (segment, last, receipt) = good_remains();
    assert!(decoded(&segment)[0]);
    assert!(decoded(&last)[1]);
    assert!(within_bound(&receipt, FileReceipt::parse).is_ok());
    for good in [&segment, &last, &receipt] {
        with_any_byte_changed(good, |bytes| {
            decoded(bytes);
        });
    }
}

#[test]
fn entries_of_a_manifest_with_any_byte_changed() {
    let deep = vec!["Ä"; 64].join("/");
    let wide = ["x".repeat(255), "y".repeat(255), "z".repeat(255)].join("/");
    for path in ["a", &deep, &wide] {
        let good = closed::encode(&ManifestEntry::whole(people::entry(path, 5)));
        assert!(within_bound(&good, closed::decode::<ManifestEntry>).is_ok());
        with_any_byte_changed(&good, |bytes| {
            drop(within_bound(bytes, closed::decode::<ManifestEntry>));
        });
    }
}

/// Lengths are announced before what they are of; only what may be is made room for.
#[test]
fn a_stream_that_announces_more_than_there_is() {
    let behind_header = good_header().len() + 4;
    let good = seal_bytes(&[(people::entry("a", 5), b"hello")], envelope()).unwrap();
    for at in [0, behind_header + 5] {
        for announced in [0, 1, 262_144, 262_145, u32::MAX] {
            let mut stream = good.clone();
            stream[at..at + 4].copy_from_slice(&announced.to_be_bytes());
            for length in [at + 4, good.len()] {
                let (spent, opened) = allocated_by(|| open(&stream[..length]));
                assert!(!opened && spent < 1 << 20, "{spent} for {announced} at {at}");
            }
        }
    }
}

/// Chunk by chunk in one buffer, whatever the size: what is kept of a chunk is its tag and hash.
#[test]
fn a_stream_of_64_mib_costs_less_than_one_of_them() {
    let small = sealed_and_opened(1 << 20);
    let large = sealed_and_opened(64 << 20);
    assert!(large < 1 << 20, "{large} bytes");
    assert!(large < small + (256 << 10), "{large} bytes, and {small} for a small one");
}

/// How much both sides ask for; the buffer is the caller's.
fn sealed_and_opened(size: usize) -> usize {
    let mut buffer = vec![0; CHUNK_BYTES];
    let listed = vec![ManifestEntry::whole(people::entry("large", size))];
    let manifest = Manifest::new(listed).unwrap();
    LazyLock::force(&ALICE);
    LazyLock::force(&BOB);
    let (spent, ()) = allocated_by(|| {
        let (context, to) = (Context::from_bytes(people::CONTEXT), BOB.certificate());
        let mut sealer = Sealer::new(manifest, to, ALICE.signing(), context, people::NOW).unwrap();
        let opener = introduce(&mut sealer, &mut buffer);
        converse(&mut sealer, opener, &mut buffer);
    });
    spent
}

fn introduce(sealer: &mut Sealer, buffer: &mut [u8]) -> Opener {
    let mut manifest = behind_header(sealer.header());
    while let Turn::Chunk(index) = sealer.turn().unwrap() {
        let (head, body) = sealer.chunks().seal(index, &Zeros, buffer).unwrap();
        let length = body.len();
        manifest.chunk(&head, &mut buffer[..length]).unwrap();
    }
    let opener = manifest.record(&sealer.end_segment().unwrap()).unwrap();
    sealer.acknowledge(0).unwrap();
    opener
}

fn converse(sealer: &mut Sealer, mut opener: Opener, buffer: &mut [u8]) {
    let (sealing, opening) = (sealer.chunks(), opener.chunks());
    loop {
        let record = match sealer.turn().unwrap() {
            Turn::Chunk(index) => {
                let (head, body) = sealing.seal(index, &Zeros, buffer).unwrap();
                let length = body.len();
                let opened = opening.open(&head, &mut buffer[..length]).unwrap();
                opener.accept(opened.into_receipt()).unwrap();
                continue;
            }
            Turn::EndSegment => sealer.end_segment().unwrap(),
            Turn::Finish => sealer.finish(&Zeros).unwrap(),
            Turn::Done => return drop(opener.finish().unwrap()),
            turn => panic!("{turn:?}"),
        };
        opener.record(&record).unwrap();
        let segment = opener.advance().unwrap().unwrap();
        sealer.acknowledge(segment.number).unwrap();
    }
}

pub(super) fn behind_header(header: &Header) -> ManifestOpener {
    let checked = header.clone().check(&people::expected(&ALICE, &BOB)).unwrap();
    checked.open(BOB.sealing()).unwrap()
}

fn good_header() -> Vec<u8> {
    let sealed = seal_bytes(&[(people::entry("a", 5), b"hello")], envelope()).unwrap();
    let length = u32::from_be_bytes(sealed[..4].try_into().unwrap()) as usize;
    sealed[4..4 + length].to_vec()
}

/// The records of a stream, and a receipt.
fn good_remains() -> (Vec<u8>, Vec<u8>, Vec<u8>) {
    let manifest = Manifest::new(vec![ManifestEntry::whole(people::entry("a", 5))]).unwrap();
    let (context, to) = (Context::from_bytes(people::CONTEXT), BOB.certificate());
    let mut sealer = Sealer::new(manifest, to, ALICE.signing(), context, people::NOW).unwrap();
    let (mut manifest, mut buffer) = (behind_header(sealer.header()), vec![0; CHUNK_BYTES]);
    assert_eq!(sealer.turn().unwrap(), Turn::Chunk(0));
    let (head, body) = sealer.chunks().seal(0, &Zeros, &mut buffer).unwrap();
    manifest.chunk(&head, &mut body.to_vec()).unwrap();
    let first = sealer.end_segment().unwrap();
    let mut opener = manifest.record(&first).unwrap();
    while let Turn::Chunk(index) = sealer.turn().unwrap() {
        let (head, body) = sealer.chunks().seal(index, &Zeros, &mut buffer).unwrap();
        let mut body = body.to_vec();
        let receipt = opener.chunks().open(&head, &mut body).unwrap().into_receipt();
        opener.accept(receipt).unwrap();
    }
    let last = sealer.finish(&Zeros).unwrap();
    opener.record(&last).unwrap();
    opener.advance().unwrap().unwrap();
    let stream = opener.finish().unwrap();
    let receipt = stream.receipt(&stream.proof(0).unwrap()).unwrap().to_bytes();
    (record_bytes(&first), record_bytes(&last), receipt)
}

fn record_bytes(record: &Record) -> Vec<u8> {
    let mut out = Writer::default();
    match record {
        Record::Segment(signed) => out.value(signed),
        Record::Final(signed) => out.value(signed),
    };
    out.into_bytes()
}

/// Which of the layouts the bytes are.
fn decoded(bytes: &[u8]) -> [bool; 4] {
    [
        within_bound(bytes, closed::decode::<Signed<SegmentRecord>>)
            .is_ok_and(|signed| closed::decode::<SegmentRecord>(signed.body()).is_ok()),
        within_bound(bytes, closed::decode::<Signed<FinalRecord>>)
            .is_ok_and(|signed| closed::decode::<FinalRecord>(signed.body()).is_ok()),
        within_bound(bytes, closed::decode::<Signed<Delivery>>).is_ok(),
        within_bound(bytes, FileReceipt::parse).is_ok(),
    ]
}

fn with_any_byte_changed(good: &[u8], mut check: impl FnMut(&[u8])) {
    let mut mutated = good.to_vec();
    for at in 0..good.len() {
        for change in [0x01, 0x80, 0xff] {
            mutated[at] = good[at] ^ change;
            check(&mutated);
        }
        mutated[at] = good[at];
    }
}

fn open(mut stream: &[u8]) -> bool {
    let mut silent = Events::ignored().begin(Work::Opening, "", 0);
    let expected = people::expected(&ALICE, &BOB);
    open_from(&mut stream, &expected, BOB.sealing(), &mut Nowhere, &mut silent).is_ok()
}

fn envelope() -> Envelope<'static> {
    let (to, context) = (BOB.certificate(), Context::from_bytes(people::CONTEXT));
    Envelope { to, from: ALICE.signing(), context, created: people::NOW }
}

pub(super) struct Zeros;

impl Source for Zeros {
    fn read(&self, _: u32, _: u64, buffer: &mut [u8]) -> io::Result<()> {
        buffer.fill(0);
        Ok(())
    }

    fn is_unchanged(&self, _: u32) -> io::Result<bool> {
        Ok(true)
    }
}

struct Nowhere;

impl Sink for Nowhere {
    fn begin(&mut self, _: &Manifest) -> io::Result<()> {
        Ok(())
    }

    fn write(&mut self, _: u32, _: u64, _: &[u8]) -> io::Result<()> {
        Ok(())
    }
}

pub(super) static ALICE: LazyLock<Person> = LazyLock::new(people::alice);
pub(super) static BOB: LazyLock<Person> = LazyLock::new(people::bob);
