//! What is fuzzed: each function takes any bytes and must return.
//!
//! The fuzzer feeds them (`cargo fuzz run NAME`), and so does `test/fuzz_corpus.rs`, with the
//! committed corpus.

#[path = "directory.rs"]
mod directories;
#[path = "streams.rs"]
mod sealed_streams;

use bytes::{Bytes, BytesMut};
use minicbor::{Decode, Encode};
use std::io;
use std::path::{Component, Path};
use std::sync::LazyLock;
use waxwing::codec::{Blob, Charge, Closed, List, Reader, Text, Writer, closed, open};
use waxwing::crypto::key_file::{self, Protection};
use waxwing::crypto::{
    SealingCertificate, SealingKey, Secret, Signature, Signed, SignedRotation, SigningKey,
    Statement, UnixTime, VerifyingKey, WrappingKey,
};
use waxwing::model::{
    EntryPath, Events, IndexAddress, Ranges, Untrusted, UserName, Work, find_collision,
};
use waxwing::seal::{
    Context, Delivery, Expected, FileReceipt, FinalRecord, Header, Manifest, ManifestEntry,
    ManifestOpener, OpenedStream, SegmentRecord, Sink, open_behind_header,
};
use waxwing::wire::{
    ChunksMissing, Failure, Frame, FrameDecoder, FrameError, GetAsk, GetGrant, GetMore, GetWait,
    Goodbye, HeadAsk, HeadTold, Hello, Kind, LaneOpening, LanesAsk, LanesGrant, LeavesAsk,
    LeavesTold, Message as Said, Ping, Pong, Proof, SegmentVerified, SendAsk, SendGrant,
    StreamAccept, StreamAgain, StreamChunk, StreamDelivered, StreamEnd, StreamHeader, StreamRecord,
    index,
};

/// A message with every kind of field.
#[derive(Encode, Decode, Debug, PartialEq)]
#[cbor(map, context_bound = "Charge")]
struct Message {
    #[n(0)]
    number: u64,
    #[n(1)]
    text: Option<Text<64>>,
    #[n(2)]
    bytes: Option<Blob<64>>,
    #[n(4)]
    inner: Option<List<Inner, 1000>>,
}

#[derive(Encode, Decode, Debug, PartialEq)]
#[cbor(map, context_bound = "Charge")]
struct Inner {
    #[n(0)]
    flag: Option<bool>,
    #[n(1)]
    numbers: Option<List<i32, 8>>,
}

/// Open messages and closed layouts: what decodes, decodes again to the same.
pub(crate) fn codec(bytes: &[u8]) {
    if let Ok(message) = open::decode::<Message>(bytes) {
        assert_eq!(open::decode::<Message>(&open::encode(&message)), Ok(message));
    }
    if let Ok(signed) = closed::decode::<Signed<SealingCertificate>>(bytes) {
        assert_eq!(closed::encode(&signed), bytes);
    }
    if let Ok(certificate) = closed::decode::<SealingCertificate>(bytes) {
        assert_eq!(closed::encode(&certificate), bytes);
    }
    if let Ok(rotation) = closed::decode::<SignedRotation>(bytes) {
        assert_eq!(closed::encode(&rotation), bytes);
    }
}

/// What a journal says of parts that are held: no more of them than the files have.
pub(crate) fn journal(bytes: &[u8]) {
    for (leaves, held) in waxwing::peer::landing::said_by_journal(bytes).unwrap_or_default() {
        assert!(held <= leaves.max(1));
    }
}

/// Paths, names and addresses: what is accepted stays below its root and shows no control.
pub(crate) fn paths(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let shown = Untrusted::new(text).to_string();
    assert!(!shown.chars().any(char::is_control));
    let _ = text.parse::<UserName>();
    if let Ok(IndexAddress::Invited(invitation)) = text.parse() {
        assert!(invitation.reveal().parse::<IndexAddress>().is_ok());
    }
    let paths: Vec<_> = text.lines().flat_map(EntryPath::parse).collect();
    for path in &paths {
        let root = Path::new("/root/of/all");
        let joined = root.join(path.to_relative());
        let inside = joined.strip_prefix(root).expect("stays below its root");
        assert!(inside.components().all(|part| matches!(part, Component::Normal(_))));
        assert_eq!(inside.components().count(), path.components().count());
    }
    find_collision(&paths);
}

/// Key files: read without deriving anything, which a fuzzer could not afford.
pub(crate) fn key_files(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _ = key_file::is_encrypted(text);
    if let Ok(der) = key_file::decode(text, Protection::NoneAsked) {
        let _ = SigningKey::load(&der);
        let _ = SealingKey::load(&der);
    }
}

/// Public keys: what is accepted is in its one form, and can be used.
pub(crate) fn public_keys(bytes: &[u8]) {
    if let Ok(key) = VerifyingKey::from_spki(bytes) {
        assert_eq!(key.spki(), bytes);
        let signature = Signature::from_bytes(&bytes[..384]).expect("a length that one can have");
        let signed = closed::decode::<Signed<SealingCertificate>>(&[0; 8]);
        assert!(signed.expect("empty, not signed").verify(&key, UnixTime(0)).is_err());
        assert!(key.verify(waxwing::crypto::Label::SigningKey, &[], &signature).is_err());
    }
    if let Ok(key) = WrappingKey::from_spki(bytes) {
        let wrap = key.wrap(&[0; 32], &Secret::<80>::random()).expect("80 bytes fit");
        assert_eq!(wrap.len(), key.wrap_bytes());
    }
}

/// Headers of sealed streams: what parses is written as it came, and only the one that its sender
/// signed is believed. No other that she signed may stand in the corpus, not even nearly: a fuzzer
/// finds the bit that is missing.
pub(crate) fn header(bytes: &[u8]) {
    let Ok(header) = Header::parse(bytes) else { return };
    assert_eq!(header.to_bytes(), bytes);
    let checked = header.check(&STREAM.expected());
    assert_eq!(checked.is_ok(), bytes == STREAM.header);
}

/// Manifests: an entry is written as it came, and entries make a manifest or are refused.
pub(crate) fn manifest(bytes: &[u8]) {
    let (mut input, mut entries) = (Reader::new(bytes), Vec::new());
    while let Ok(entry) = ManifestEntry::read(&mut input) {
        let ranges = entry.ranges.as_slice().to_vec();
        assert_eq!(Ranges::new(entry.entry.size(), ranges), Ok(entry.ranges.clone()));
        entries.push(entry);
    }
    let mut again = Writer::default();
    entries.iter().for_each(|entry| entry.write(&mut again));
    assert!(bytes.starts_with(again.as_bytes()));
    if let Ok(manifest) = Manifest::new(entries) {
        let sizes = manifest.entries().iter().map(|listed| u128::from(listed.entry.size()));
        assert!(u128::from(manifest.data_length()) <= sizes.sum());
    }
}

/// Records and receipts: what decodes is written as it came, and only what was signed verifies.
pub(crate) fn records(bytes: &[u8]) {
    statement::<SegmentRecord>(bytes, STREAM.sender.verifying_key());
    statement::<FinalRecord>(bytes, STREAM.sender.verifying_key());
    statement::<Delivery>(bytes, STREAM.receiver.verifying_key());
    if let Ok(receipt) = FileReceipt::parse(bytes) {
        assert_eq!(receipt.to_bytes(), bytes);
        assert_eq!(receipt.verify().is_ok(), STREAM.receipts.iter().any(|good| good == bytes));
    }
}

fn statement<T: Statement>(bytes: &[u8], signer: &VerifyingKey) {
    let Ok(signed) = closed::decode::<Signed<T>>(bytes) else { return };
    assert_eq!(closed::encode(&signed), bytes);
    if let Ok(statement) = closed::decode::<T>(signed.body()) {
        assert_eq!(closed::encode(&statement), signed.body());
    }
    if signed.verify(signer, UnixTime(0)).is_ok() {
        let known = [STREAM.behind_header, DELIVERY];
        assert!(known.iter().any(|known| known.windows(bytes.len()).any(|part| part == bytes)));
    }
}

/// What follows a header: nothing but what the sender sealed is opened.
pub(crate) fn opener(bytes: &[u8]) {
    let (mut input, mut sink) = (bytes, Received::default());
    let opened = STREAM.open_behind_header(&mut input, &mut sink);
    assert_eq!(opened.is_some(), bytes == STREAM.behind_header);
    // Whatever came before a refusal is the beginning of what was sealed.
    assert!(STREAM.data.starts_with(&sink.0));
}

/// Streams of an honest sender: what is opened is what was sealed.
pub(crate) fn streams(bytes: &[u8]) {
    static PAIR: LazyLock<sealed_streams::Pair> = LazyLock::new(|| {
        let sender = SigningKey::load(&key(include_str!("../test/keys/alice-signing.pem")));
        let receiver = SigningKey::load(&key(include_str!("../test/keys/bob-signing.pem")));
        let sealing = SealingKey::load(&key(include_str!("../test/keys/bob-sealing.pem")));
        let [sender, receiver] = [sender, receiver].map(|key| key.expect("a key"));
        sealed_streams::Pair::new(sender, receiver, sealing.expect("a key"))
    });
    sealed_streams::run(&PAIR, bytes);
}

/// Frames: however the bytes are split, the same frames come, and the same error. The first byte
/// says in which phase, the second how the rest is split.
pub(crate) fn frames(bytes: &[u8]) {
    let [phase, split, rest @ ..] = bytes else { return };
    let whole = frames_of(*phase, std::iter::once(rest));
    let mut pieces = Vec::new();
    let (mut behind, mut size) = (rest, usize::from(*split));
    while !behind.is_empty() {
        let (piece, after) = behind.split_at(behind.len().min(1 + size % 97));
        pieces.push(piece);
        (behind, size) = (after, size.wrapping_mul(31).wrapping_add(7));
    }
    assert_eq!(frames_of(*phase, pieces.into_iter()), whole);
    for frame in &whole.0 {
        assert!(frame.body.len() < frame.kind.max_length());
    }
}

/// The frames that the pieces make, and the error that ended them, if one did.
fn frames_of<'a>(
    phase: u8,
    pieces: impl Iterator<Item = &'a [u8]>,
) -> (Vec<Frame>, Option<FrameError>) {
    let (mut decoder, mut input, mut frames) = (FrameDecoder::new(), BytesMut::new(), Vec::new());
    if phase % 2 == 1 {
        decoder.open();
    }
    for piece in pieces {
        input.extend_from_slice(piece);
        loop {
            match decoder.decode(&mut input) {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => return (frames, Some(error)),
            }
        }
    }
    (frames, decoder.finish(&input).err())
}

/// Messages: the first byte is the kind, the rest the body. What decodes, decodes again to the same.
pub(crate) fn messages(bytes: &[u8]) {
    let [tag, body @ ..] = bytes else { return };
    if let Ok(opening) = LaneOpening::parse(body) {
        assert_eq!(opening.to_bytes(), body);
    }
    if let Some(kind) = Kind::from_tag(*tag) {
        is_message(kind, body);
    }
}

/// Whether a body is a message of this kind.
pub(crate) fn is_message(kind: Kind, body: &[u8]) -> bool {
    let frame = Frame { kind, body: Bytes::copy_from_slice(body) };
    let number = frame.number();
    let is_message = match kind {
        Kind::Hello => comes_back::<Hello>(&frame),
        Kind::Proof => comes_back::<Proof>(&frame),
        Kind::Goodbye => comes_back::<Goodbye>(&frame),
        Kind::Ping => comes_back::<Ping>(&frame),
        Kind::Pong => comes_back::<Pong>(&frame),
        Kind::Failure => comes_back::<Failure>(&frame),
        Kind::SendAsk => comes_back::<SendAsk>(&frame),
        Kind::SendGrant => comes_back::<SendGrant>(&frame),
        Kind::StreamHeader => comes_back::<StreamHeader>(&frame),
        Kind::StreamChunk => comes_back::<StreamChunk>(&frame),
        Kind::StreamRecord => comes_back::<StreamRecord>(&frame),
        Kind::StreamAccept => comes_back::<StreamAccept>(&frame),
        Kind::SegmentVerified => comes_back::<SegmentVerified>(&frame),
        Kind::ChunksMissing => comes_back::<ChunksMissing>(&frame),
        Kind::StreamDelivered => comes_back::<StreamDelivered>(&frame),
        Kind::StreamEnd => comes_back::<StreamEnd>(&frame),
        Kind::StreamAgain => comes_back::<StreamAgain>(&frame),
        Kind::LanesAsk => comes_back::<LanesAsk>(&frame),
        Kind::LanesGrant => comes_back::<LanesGrant>(&frame),
        Kind::Join => comes_back::<index::Join>(&frame),
        Kind::Login => comes_back::<index::Login>(&frame),
        Kind::Resume => comes_back::<index::Resume>(&frame),
        Kind::SessionGrant => comes_back::<index::SessionGrant>(&frame),
        Kind::Logout => comes_back::<index::Logout>(&frame),
        Kind::Done => comes_back::<index::Done>(&frame),
        Kind::PasswordChange => comes_back::<index::PasswordChange>(&frame),
        Kind::Rotate => comes_back::<index::Rotate>(&frame),
        Kind::ContactChange => comes_back::<index::ContactChange>(&frame),
        Kind::AccountAsk => comes_back::<index::AccountAsk>(&frame),
        Kind::Account => comes_back::<index::Account>(&frame),
        Kind::KeysAsk => comes_back::<index::KeysAsk>(&frame),
        Kind::Keys => comes_back::<index::Keys>(&frame),
        Kind::ChainAsk => comes_back::<index::ChainAsk>(&frame),
        Kind::ChainPart => comes_back::<index::ChainPart>(&frame),
        Kind::Online => comes_back::<index::Online>(&frame),
        Kind::OnlineGrant => comes_back::<index::OnlineGrant>(&frame),
        Kind::PeopleAsk => comes_back::<index::PeopleAsk>(&frame),
        Kind::People => comes_back::<index::People>(&frame),
        Kind::Watch => comes_back::<index::Watch>(&frame),
        Kind::Reach => comes_back::<index::Reach>(&frame),
        Kind::News => comes_back::<index::News>(&frame),
        Kind::Noted => comes_back::<index::Noted>(&frame),
        Kind::ShareChange => comes_back::<index::ShareChange>(&frame),
        Kind::ShareEnd => comes_back::<index::ShareEnd>(&frame),
        Kind::SharesAsk => comes_back::<index::SharesAsk>(&frame),
        Kind::Shares => comes_back::<index::Shares>(&frame),
        Kind::Publish => comes_back::<index::Publish>(&frame),
        Kind::Search => comes_back::<index::Search>(&frame),
        Kind::Results => comes_back::<index::Results>(&frame),
        Kind::Browse => comes_back::<index::Browse>(&frame),
        Kind::Listing => comes_back::<index::Listing>(&frame),
        Kind::Locate => comes_back::<index::Locate>(&frame),
        Kind::Located => comes_back::<index::Located>(&frame),
        Kind::GetAsk => comes_back::<GetAsk>(&frame),
        Kind::GetGrant => comes_back::<GetGrant>(&frame),
        Kind::HeadAsk => comes_back::<HeadAsk>(&frame),
        Kind::HeadTold => comes_back::<HeadTold>(&frame),
        Kind::GetMore => comes_back::<GetMore>(&frame),
        Kind::LeavesAsk => comes_back::<LeavesAsk>(&frame),
        Kind::LeavesTold => comes_back::<LeavesTold>(&frame),
        Kind::GetWait => comes_back::<GetWait>(&frame),
    };
    // Whatever decodes has told before where it belongs.
    assert!(!is_message || number.is_ok());
    is_message
}

fn comes_back<M: Said>(frame: &Frame) -> bool {
    let Ok(message) = frame.decode::<M>() else { return false };
    let written = message.encode();
    let again = M::decode(&written).expect("what was written is read");
    assert_eq!(again.encode(), written);
    true
}

/// The key directory: as bytes that somebody kept, and as what an index appends.
pub(crate) fn directory(bytes: &[u8]) {
    directories::read(bytes);
    directories::walk(bytes);
}

/// A good stream, and what its receiver knows.
struct Stream {
    sender: SigningKey,
    receiver: SigningKey,
    header: &'static [u8],
    behind_header: &'static [u8],
    manifest: ManifestOpener,
    data: Vec<u8>,
    receipts: Vec<Vec<u8>>,
}

static STREAM: LazyLock<Stream> = LazyLock::new(|| {
    let sender = SigningKey::load(&key(include_str!("../test/keys/alice-signing.pem")));
    let receiver = SigningKey::load(&key(include_str!("../test/keys/bob-signing.pem")));
    let sealing = SealingKey::load(&key(include_str!("../test/keys/bob-sealing.pem")));
    let (sender, receiver) = (sender.expect("a key"), receiver.expect("a key"));
    let (length, rest) = SEALED.split_first_chunk().expect("a header's length");
    let (header, behind_header) = rest.split_at(u32::from_be_bytes(*length) as usize);
    let checked =
        Header::parse(header).and_then(|header| header.check(&expected(&sender, &receiver)));
    let manifest = checked.and_then(|checked| checked.open(&sealing.expect("a key")));
    let manifest = manifest.expect("a good header");
    let (data, receipts) = (Vec::new(), Vec::new());
    let stream = Stream { sender, receiver, header, behind_header, manifest, data, receipts };
    let mut received = Received::default();
    let opened = stream.open_behind_header(&mut &*behind_header, &mut received);
    let receipts = all_receipts(&opened.expect("a good stream"));
    Stream { data: received.0, receipts, ..stream }
});

impl Stream {
    fn expected(&self) -> Expected<'_> {
        expected(&self.sender, &self.receiver)
    }

    fn open_behind_header(&self, input: &mut &[u8], sink: &mut Received) -> Option<OpenedStream> {
        let mut silent = Events::ignored().begin(Work::Opening, "", 0);
        open_behind_header(input, self.manifest.again(), sink, &mut silent).ok()
    }
}

fn expected<'a>(sender: &'a SigningKey, receiver: &SigningKey) -> Expected<'a> {
    Expected {
        sender: sender.verifying_key(),
        receiver: receiver.fingerprint(),
        epoch: 1,
        context: Context::from_bytes(std::array::from_fn(|at| at as u8)),
        max_data: 1 << 20,
        max_manifest: 16 << 20,
    }
}

fn all_receipts(stream: &OpenedStream) -> Vec<Vec<u8>> {
    let proofs = (0..stream.manifest().count()).filter_map(|number| stream.proof(number));
    proofs.filter_map(|proof| Some(stream.receipt(&proof)?.to_bytes())).collect()
}

fn key(pem: &str) -> waxwing::crypto::SecretDer {
    key_file::decode(pem, Protection::NoneAsked).expect("a test key")
}

/// All data, in the order in which it came.
#[derive(Default)]
struct Received(Vec<u8>);

impl Sink for Received {
    fn begin(&mut self, _: &Manifest) -> io::Result<()> {
        Ok(())
    }

    fn write(&mut self, _: u32, _: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

/// A stream from Alice to Bob, sealed with the keys under `test/keys`.
const SEALED: &[u8] = include_bytes!("stream");
/// Bob's proof that it arrived.
const DELIVERY: &[u8] = include_bytes!("corpus/records/delivery");
