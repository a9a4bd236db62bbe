//! Two desks over anything that reads and writes, without a conversation.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test")]

use super::inbound::{Destination, Inbound};
use super::outbound::{Outbound, Paper};
use crate::crypto::key_file::{self, Protection};
use crate::crypto::{SealingCertificate, SealingKey, SecretDer, SigningKey, UnixTime};
use crate::link::lane::Desk;
use crate::model::{Entry, EntryPath, Modified};
use crate::seal::{
    CHUNK_BYTES, Context, Expected, Header, Manifest, ManifestEntry, Opener, Sealer, Source, Turn,
};
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

const NOW: UnixTime = UnixTime(1_790_000_000);
const SIZE: usize = 5 * 1024 * 1024 + 11;

#[test]
fn chunks_pass_through_socket_pairs_and_through_a_straw() {
    for sip in [usize::MAX, 997] {
        let (sealer, opener) = pair();
        let place = Arc::new(Memory(Mutex::new(vec![0; SIZE])));
        let outbound = Arc::new(Outbound::new(sealer, Arc::new(Counting)));
        let inbound = Arc::new(Inbound::new(opener, Arc::clone(&place) as Arc<_>));
        let ends: Vec<_> = (0..2).map(|_| UnixStream::pair().unwrap()).collect();
        thread::scope(|scope| {
            for (near, far) in &ends {
                let (outbound, inbound) = (Arc::clone(&outbound), Arc::clone(&inbound));
                scope.spawn(move || outbound.carry(&mut Straw(near, sip)));
                scope.spawn(move || inbound.carry(&mut Straw(far, sip)));
            }
            converse(&outbound, &inbound);
            outbound.end();
            ends.iter().for_each(|(near, _)| near.shutdown(std::net::Shutdown::Both).unwrap());
        });
        assert!(inbound.finish().unwrap().proof(0).is_some());
        let mut expected = vec![0; SIZE];
        Counting.read(0, 0, &mut expected).unwrap();
        assert!(*place.0.lock().unwrap() == expected);
    }
}

/// What goes over the channel otherwise: records one way, what verified the other.
fn converse(outbound: &Outbound, inbound: &Inbound) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        loop {
            tokio::select! {
                paper = outbound.when(Outbound::paper) => {
                    let record = match paper {
                        Paper::Sign(record) => record,
                        Paper::Finish => outbound.finish().unwrap(),
                    };
                    inbound.record(&record.sign().unwrap()).unwrap();
                }
                verified = inbound.next_told(Duration::MAX) => {
                    let verified = verified.unwrap();
                    outbound.acknowledge(verified.number).unwrap();
                    if verified.is_final {
                        return;
                    }
                }
            }
        }
    });
}

/// A sender and a receiver who has the manifest.
fn pair() -> (Sealer, Opener) {
    let signing = SigningKey::load(&key(include_str!("../keys/alice-signing.pem"))).unwrap();
    let receiver = SigningKey::load(&key(include_str!("../keys/bob-signing.pem"))).unwrap();
    let sealing = SealingKey::load(&key(include_str!("../keys/bob-sealing.pem"))).unwrap();
    let to = SealingCertificate::issue(&receiver, sealing.wrapping_key(), 1, NOW).unwrap();
    let to = to.verify(receiver.verifying_key(), NOW).unwrap();
    let path = EntryPath::parse("a file").unwrap();
    let modified = Modified::from_nanos(1_700_000_000_000_000_000);
    let entry = Entry::new(path, SIZE as u64, modified).unwrap();
    let manifest = Manifest::new(vec![ManifestEntry::whole(entry)]).unwrap();
    let (signing, context) = (Arc::new(signing), Context::from_bytes([3; 32]));
    let mut sealer = Sealer::new(manifest, &to, &signing, context, NOW).unwrap();
    let expected = Expected {
        sender: signing.verifying_key(),
        receiver: receiver.fingerprint(),
        epoch: 1,
        context,
        max_data: SIZE as u64,
        max_manifest: 16 << 20,
    };
    let header = Header::parse(&sealer.header().to_bytes()).unwrap();
    let mut manifest = header.check(&expected).unwrap().open(&sealing).unwrap();
    while let Turn::Chunk(index) = sealer.turn().unwrap() {
        let mut buffer = vec![0; CHUNK_BYTES];
        let (head, body) = sealer.chunks().seal(index, &Counting, &mut buffer).unwrap();
        manifest.chunk(&head, &mut body.to_vec()).unwrap();
    }
    let opener = manifest.record(&sealer.end_segment().unwrap()).unwrap();
    sealer.acknowledge(0).unwrap();
    (sealer, opener)
}

fn key(pem: &str) -> SecretDer {
    key_file::decode(pem, Protection::NoneAsked).unwrap()
}

/// Takes and gives no more than so many bytes at once.
struct Straw<'s>(&'s UnixStream, usize);

impl Read for Straw<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(self.1);
        (&*self.0).read(&mut buffer[..most])
    }
}

impl Write for Straw<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self.0).write(&bytes[..bytes.len().min(self.1)])
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Counting;

impl Source for Counting {
    fn read(&self, _: u32, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        for (at, byte) in (offset..).zip(buffer) {
            *byte = (at ^ at >> 8 ^ at >> 16).to_le_bytes()[0];
        }
        Ok(())
    }

    fn is_unchanged(&self, _: u32) -> io::Result<bool> {
        Ok(true)
    }
}

struct Memory(Mutex<Vec<u8>>);

impl Destination for Memory {
    fn put(&self, _: u32, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let from = usize::try_from(offset).unwrap();
        self.0.lock().unwrap()[from..from + bytes.len()].copy_from_slice(bytes);
        Ok(())
    }
}
