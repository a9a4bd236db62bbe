//! A fuzzed stream of an honest sender: any manifest, sealed and opened in any order.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use waxwing::codec::{Closed, Reader};
use waxwing::crypto::{SealingCertificate, SealingKey, SigningKey, UnixTime, Verified};
use waxwing::seal::{
    CHUNK_BYTES, ChunkHead, Context, Expected, Header, Manifest, ManifestEntry, Opener, Record,
    Refusal, SealError, Sealer, Source, Turn,
};

const NOW: UnixTime = UnixTime(1_790_000_000);
const CONTEXT: [u8; 32] = [5; 32];
/// More would only be slow.
const MOST_DATA: u64 = 4 << 20;

/// Who seals and who opens.
pub(crate) struct Pair {
    sender: Arc<SigningKey>,
    receiver: SigningKey,
    sealing: SealingKey,
    certificate: Verified<SealingCertificate>,
}

impl Pair {
    pub(crate) fn new(sender: SigningKey, receiver: SigningKey, sealing: SealingKey) -> Self {
        let certificate = SealingCertificate::issue(&receiver, sealing.wrapping_key(), 1, NOW);
        let certificate = certificate.and_then(|it| it.verify(receiver.verifying_key(), NOW));
        let certificate = certificate.expect("a certificate of a test key");
        Self { sender: Arc::new(sender), receiver, sealing, certificate }
    }
}

/// The first byte says how many follow that tell the order; entries are the rest. What is opened is
/// what was sealed, whatever comes twice, altered, late or in another order.
pub(crate) fn run(pair: &Pair, bytes: &[u8]) {
    let Some((count, rest)) = bytes.split_first() else { return };
    let (script, entries) = rest.split_at(rest.len().min(usize::from(*count)));
    let (mut input, mut listed) = (Reader::new(entries), Vec::new());
    while let Ok(entry) = ManifestEntry::read(&mut input) {
        listed.push(entry);
    }
    let claims_an_id = listed.iter().any(|listed| listed.entry.content().is_some());
    let Ok(manifest) = Manifest::new(listed) else { return };
    let whole = manifest.entries().iter().map(|listed| u128::from(listed.entry.size()));
    if manifest.data_length() > MOST_DATA || whole.sum::<u128>() > u128::from(4 * MOST_DATA) {
        return;
    }
    let sealer = Sealer::new(manifest, &pair.certificate, &pair.sender, context(), NOW);
    let mut line = Line::begin(pair, sealer.expect("a good manifest"));
    let mut result = line.play(script);
    if result.is_ok() {
        result = line.opener.finish().map_err(Ended::Refused).map(|stream| {
            for (number, listed) in (0..).zip(stream.manifest().entries()) {
                assert_eq!(stream.proof(number).is_some(), listed.is_whole());
            }
        });
    }
    // A sender that claims an id may claim a wrong one. Who reads all of the entry finds that before the
    // receiver does: the file is not what was listed.
    let claimed_wrongly = matches!(result, Err(Ended::Changed | Ended::Refused(Refusal::Ids)));
    assert!(result.is_ok() || claims_an_id && claimed_wrongly, "{result:?}");
}

/// Why a stream came to no end.
#[derive(Debug)]
enum Ended {
    Changed,
    Refused(Refusal),
}

impl From<Refusal> for Ended {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

fn context() -> Context {
    Context::from_bytes(CONTEXT)
}

/// A sender, a receiver, and what is on its way between them.
struct Line {
    sealer: Sealer,
    opener: Opener,
    chunks: VecDeque<(ChunkHead, Vec<u8>)>,
    records: VecDeque<Record>,
    is_done: bool,
}

impl Line {
    fn begin(pair: &Pair, mut sealer: Sealer) -> Self {
        let expected = Expected {
            sender: pair.sender.verifying_key(),
            receiver: pair.receiver.fingerprint(),
            epoch: 1,
            context: context(),
            max_data: MOST_DATA,
            max_manifest: 16 << 20,
        };
        let header = Header::parse(&sealer.header().to_bytes()).expect("a header");
        let checked = header.check(&expected).expect("a good header");
        let mut manifest = checked.open(&pair.sealing).expect("a good header");
        while let Turn::Chunk(index) = sealer.turn().expect("a turn") {
            let (head, mut body) = sealed(&sealer, index);
            manifest.chunk(&head, &mut body).expect("a chunk of the manifest");
        }
        let opener = manifest.record(&sealer.end_segment().expect("a record"));
        let opener = opener.expect("a good manifest");
        sealer.acknowledge(0).expect("a segment to acknowledge");
        let (chunks, records) = (VecDeque::new(), VecDeque::new());
        Self { sealer, opener, chunks, records, is_done: false }
    }

    /// Does what the script says, and then the rest in order.
    fn play(&mut self, script: &[u8]) -> Result<(), Ended> {
        for byte in script {
            let which = usize::from(byte >> 3);
            match byte % 8 {
                0..=2 => self.seal()?,
                3 => self.tell_record()?,
                4 => self.deliver(which, true)?,
                5 => self.deliver(which, false)?,
                6 => self.deliver_altered(which),
                _ => self.sealer.close_segment(),
            }
        }
        while !self.is_done {
            self.seal()?;
            self.tell_record()?;
            self.deliver(0, true)?;
        }
        Ok(())
    }

    fn seal(&mut self) -> Result<(), Ended> {
        let turn = match self.sealer.turn() {
            Err(SealError::SourceChanged { .. }) => return Err(Ended::Changed),
            turn => turn.expect("a turn"),
        };
        match turn {
            Turn::Chunk(index) => self.chunks.push_back(sealed(&self.sealer, index)),
            Turn::EndSegment => {
                self.records.push_back(self.sealer.end_segment().expect("a record"));
            }
            Turn::Ids => {
                for entry in self.sealer.missing_ids() {
                    let id = self.sealer.chunks().content_id(entry, &Computed).expect("an id");
                    self.sealer.give_id(entry, id);
                }
            }
            Turn::Finish => {
                self.records.push_back(self.sealer.finish(&Computed).expect("a record"));
            }
            Turn::Wait | Turn::Done => {}
        }
        Ok(())
    }

    fn tell_record(&mut self) -> Result<(), Refusal> {
        match self.records.pop_front() {
            Some(record) => self.opener.record(&record).and_then(|()| self.advance()),
            None => Ok(()),
        }
    }

    /// Delivers a chunk that is on its way, and perhaps leaves it there, to come again.
    fn deliver(&mut self, which: usize, takes: bool) -> Result<(), Refusal> {
        let Some(at) = which.checked_rem(self.chunks.len()) else { return Ok(()) };
        let (head, mut body) = self.chunks[at].clone();
        if takes {
            self.chunks.remove(at);
        }
        let opening = self.opener.chunks();
        if opening.settled(&head).is_some() {
            return Ok(());
        }
        let opened = opening.open(&head, &mut body).expect("a good chunk");
        for (piece, bytes) in opened.pieces() {
            let mut expected = vec![0; bytes.len()];
            Computed.read(piece.entry, piece.offset, &mut expected).expect("computed");
            assert!(bytes == expected);
        }
        let receipt = opened.into_receipt();
        self.opener.accept(receipt).and_then(|()| self.advance())
    }

    fn deliver_altered(&mut self, which: usize) {
        let Some(at) = which.checked_rem(self.chunks.len()) else { return };
        let (head, mut body) = self.chunks[at].clone();
        let Some(byte) = body.first_mut() else { return };
        *byte ^= 1;
        assert!(self.opener.chunks().open(&head, &mut body).is_err());
    }

    fn advance(&mut self) -> Result<(), Refusal> {
        while let Some(segment) = self.opener.advance()? {
            self.sealer.acknowledge(segment.number).expect("the oldest segment");
            self.is_done |= segment.is_final;
        }
        Ok(())
    }
}

fn sealed(sealer: &Sealer, index: u32) -> (ChunkHead, Vec<u8>) {
    let mut buffer = vec![0; CHUNK_BYTES];
    let (head, body) = sealer.chunks().seal(index, &Computed, &mut buffer).expect("a chunk");
    let body = body.to_vec();
    (head, body)
}

struct Computed;

impl Source for Computed {
    fn read(&self, entry: u32, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        for (at, byte) in (offset..).zip(buffer) {
            *byte = (at ^ at >> 8 ^ at >> 18 ^ u64::from(entry)) as u8;
        }
        Ok(())
    }

    fn is_unchanged(&self, _: u32) -> io::Result<bool> {
        Ok(true)
    }
}
