//! The people and the ground of these tests: Bob listens, Alice dials, and either sends.

use crate::keys::{NOW, person};
use crate::panics::NoPanics;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::{advance, pause, resume};
use tokio_util::sync::CancellationToken;
use waxwing::crypto::{Identity, SealingCertificate, Verified, random};
use waxwing::link::{
    Arrived, Backoff, Connect, Consent, Conversation, Deadlines, Decided, Destination, Dialler,
    Expected, Incoming, LaneBook, Listener, Offer, Receiving, Request, Sending, Sent, Side,
    StreamError, StreamFrames, Streams, Tcp,
};
use waxwing::model::{Entry, EntryPath, Events, Modified, Task, Work};
use waxwing::seal::{Context, EntryProof, Manifest, ManifestEntry, OpenedStream, Sealer, Source};
use waxwing::wire::{
    Code, Features, Kind, Party, SegmentVerified, SendAsk, SendGrant, StreamAccept,
};

pub(crate) const CHUNK: usize = 256 * 1024;
pub(crate) const MIB: usize = 1 << 20;
/// More is not taken.
pub(crate) const MOST_DATA: u64 = 1 << 40;

/// Loading keys takes time; each person is loaded once.
pub(crate) fn identity(name: &'static str) -> Arc<Identity> {
    static PEOPLE: [OnceLock<Arc<Identity>>; 2] = [const { OnceLock::new() }; 2];
    let at = ["alice", "bob"].iter().position(|known| *known == name).unwrap();
    Arc::clone(PEOPLE[at].get_or_init(|| Arc::new(person(name))))
}

/// Bob's program: what he is asked goes into `asked`.
pub(crate) struct Ground {
    pub(crate) address: SocketAddr,
    pub(crate) book: Arc<LaneBook>,
    deadlines: Deadlines,
    stop: CancellationToken,
    conversations: mpsc::Receiver<(Conversation, Incoming)>,
    _no_panics: NoPanics,
}

impl Ground {
    pub(crate) async fn new() -> Self {
        Self::with(Deadlines::default()).await
    }

    pub(crate) async fn with(deadlines: Deadlines) -> Self {
        let _no_panics = NoPanics::begin();
        let sockets = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = sockets.local_addr().unwrap();
        let book = Arc::new(LaneBook::new(Duration::from_secs(30)));
        let (tell, conversations) = mpsc::channel(8);
        let service = move |conversation: Conversation, incoming: Incoming| {
            let tell = tell.clone();
            async move {
                let ended = conversation.ended();
                tell.send((conversation, incoming)).await.ok();
                ended.await;
            }
        };
        let stop = CancellationToken::new();
        let listener = Listener::new(sockets, side("bob", &deadlines));
        let listener = listener.with_lanes(Arc::clone(&book) as Arc<_>);
        tokio::spawn(listener.run(service, stop.clone()));
        Self { address, book, deadlines, stop, conversations, _no_panics }
    }

    /// Alice dials Bob, at this address; both serve each other's requests for lanes, and hand on
    /// the others.
    pub(crate) async fn dial(&mut self, at: SocketAddr) -> (Person, Person) {
        self.dial_over(Tcp, at).await
    }

    /// The same in another way.
    pub(crate) async fn dial_over<C: Connect>(
        &mut self,
        sockets: C,
        at: SocketAddr,
    ) -> (Person, Person) {
        let dialler = Dialler::over(sockets, side("alice", &self.deadlines));
        let dialler = dialler.with_backoff(Backoff::never());
        let expected = Expected::Only(identity("bob").fingerprint());
        let (alice, alice_incoming) = dialler.dial(&at.into(), expected).await.unwrap();
        let (bob, bob_incoming) = self.conversations.recv().await.unwrap();
        let alice = Person::new("alice", Streams::new(alice, None), alice_incoming);
        let bob = Streams::new(bob, Some(Arc::clone(&self.book)));
        (alice, Person::new("bob", bob, bob_incoming))
    }

    pub(crate) async fn pair(&mut self) -> (Person, Person) {
        self.dial(self.address).await
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn side(name: &'static str, deadlines: &Deadlines) -> Side {
    Side::new(identity(name), Party::Person, Features::ALL, deadlines.clone()).unwrap()
}

/// One of the two, in their conversation.
pub(crate) struct Person {
    pub(crate) name: &'static str,
    pub(crate) streams: Streams,
    requests: mpsc::Receiver<Request>,
}

impl Person {
    fn new(name: &'static str, streams: Streams, mut incoming: Incoming) -> Self {
        let (tell, requests) = mpsc::channel(64);
        let to_answer = streams.clone();
        tokio::spawn(async move {
            while let Some(request) = to_answer.next_request(&mut incoming).await {
                drop(tell.send(request).await);
            }
        });
        Self { name, streams, requests }
    }

    pub(crate) fn with_lanes(self, lanes: u8) -> Self {
        Self { streams: self.streams.with_lanes(lanes), ..self }
    }

    /// Sends files to the other person.
    pub(crate) async fn send(
        &self,
        listed: Vec<ManifestEntry>,
        source: Arc<dyn Source + Send + Sync>,
    ) -> Result<Sent, StreamError> {
        let (sealer, frames) = self.ask(listed).await;
        self.send_sealed(sealer, frames, source).await
    }

    pub(crate) async fn send_sealed(
        &self,
        sealer: Sealer,
        frames: StreamFrames,
        source: Arc<dyn Source + Send + Sync>,
    ) -> Result<Sent, StreamError> {
        let consent = Consent::AfterManifest(Duration::from_secs(60));
        self.streams.send(frames, Sending { sealer, source, consent }, silent()).await
    }

    /// Asks to send files, and is allowed to.
    pub(crate) async fn ask(&self, listed: Vec<ManifestEntry>) -> (Sealer, StreamFrames) {
        let proven = self.streams.conversation().proven();
        let to = proven.certificate(NOW).unwrap();
        self.ask_for(listed, &to, |challenge| proven.context(&challenge)).await
    }

    /// The same, sealed for somebody and some occasion.
    pub(crate) async fn ask_for(
        &self,
        listed: Vec<ManifestEntry>,
        to: &Verified<SealingCertificate>,
        context: impl FnOnce([u8; 32]) -> Context,
    ) -> (Sealer, StreamFrames) {
        let manifest = Manifest::new(listed).unwrap();
        let ask = SendAsk { id: 0, entries: manifest.count(), data_length: manifest.data_length() };
        let (grant, frames) = self.streams.conversation().ask_stream(ask).await.unwrap();
        let (context, me) = (context(grant.challenge), identity(self.name));
        (Sealer::new(manifest, to, me.signing(), context, NOW).unwrap(), frames)
    }

    /// Awaits the other person's offer.
    pub(crate) async fn offer(&mut self) -> Result<Offer, StreamError> {
        let (frames, context) = self.grant().await;
        self.await_offer(frames, context).await
    }

    pub(crate) async fn await_offer(
        &self,
        frames: StreamFrames,
        context: Context,
    ) -> Result<Offer, StreamError> {
        let receiving = Receiving {
            identity: identity(self.name),
            context,
            max_data: MOST_DATA,
            max_manifest: 16 << 20,
        };
        self.streams.await_offer(frames, receiving).await
    }

    /// What the other person asks for next, and the frames that belong to it.
    pub(crate) async fn asked(&mut self) -> (Request, StreamFrames) {
        let request = self.requests.recv().await.unwrap();
        let frames = request.open_stream().unwrap();
        (request, frames)
    }

    /// Lets the other person send.
    pub(crate) async fn grant(&mut self) -> (StreamFrames, Context) {
        let request = self.requests.recv().await.unwrap();
        request.decode::<SendAsk>().unwrap();
        let (frames, challenge) = (request.open_stream().unwrap(), random());
        let context = self.streams.conversation().proven().context(&challenge);
        request.answer(SendGrant { id: 0, challenge }).unwrap();
        (frames, context)
    }

    /// Takes what is offered, all of it.
    pub(crate) async fn receive(
        &mut self,
        place: &Arc<Memory>,
    ) -> Result<OpenedStream, StreamError> {
        let offer = self.offer().await?;
        self.take(offer, place).await
    }

    pub(crate) async fn take(
        &self,
        offer: Offer,
        place: &Arc<Memory>,
    ) -> Result<OpenedStream, StreamError> {
        place.begin(offer.manifest());
        let arrived = offer.accept(Arc::clone(place) as Arc<_>, Decided::Now, silent()).await?;
        self.confirm(arrived)
    }

    pub(crate) fn confirm(&self, arrived: Arrived) -> Result<OpenedStream, StreamError> {
        let numbers = 0..arrived.stream().manifest().count();
        let proofs: Vec<_> = numbers.filter_map(|number| arrived.stream().proof(number)).collect();
        self.confirm_these(arrived, &proofs)
    }

    pub(crate) fn confirm_these(
        &self,
        mut arrived: Arrived,
        proofs: &[EntryProof],
    ) -> Result<OpenedStream, StreamError> {
        arrived.confirm(proofs, identity(self.name).signing(), NOW)?;
        Ok(arrived.into_stream())
    }

    /// Takes a stream of one segment by hand, up to its end, and gives what came.
    pub(crate) async fn take_by_hand(&self, frames: &mut StreamFrames) -> Vec<Kind> {
        let (stream, mut kinds) = (frames.number(), Vec::new());
        while kinds.last().is_none_or(|kind| *kind != Kind::StreamEnd) {
            let frame = frames.next().await.unwrap();
            if frame.kind == Kind::StreamRecord && !kinds.contains(&Kind::StreamRecord) {
                let conversation = self.streams.conversation();
                conversation.tell(&SegmentVerified { stream, segment: 0 }).unwrap();
                conversation.tell(&StreamAccept { stream }).unwrap();
            }
            kinds.push(frame.kind);
        }
        kinds
    }
}

pub(crate) fn silent() -> Task {
    Events::ignored().begin(Work::Sealing, "", 0)
}

/// Files in memory that lanes write to.
#[derive(Default)]
pub(crate) struct Memory {
    files: Mutex<Vec<Vec<u8>>>,
    taken: AtomicUsize,
}

impl Memory {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    pub(crate) fn begin(&self, manifest: &Manifest) {
        let sizes = manifest.entries().iter().map(|listed| listed.entry.size() as usize);
        *self.files.lock().unwrap() = sizes.map(|size| vec![0; size]).collect();
    }

    /// How many bytes came, those that came twice counted twice.
    pub(crate) fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    pub(crate) fn file(&self, entry: usize) -> Vec<u8> {
        self.files.lock().unwrap()[entry].clone()
    }
}

impl Destination for Memory {
    fn put(&self, entry: u32, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut files = self.files.lock().unwrap();
        files[entry as usize][offset as usize..][..bytes.len()].copy_from_slice(bytes);
        self.taken.fetch_add(bytes.len(), Ordering::Relaxed);
        Ok(())
    }
}

/// Entries whose bytes are computed when they are read, and never change.
pub(crate) struct Computed;

impl Source for Computed {
    fn read(&self, entry: u32, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        for (word, bytes) in (offset / 8..).zip(buffer.chunks_mut(8)) {
            let mixed = (word ^ u64::from(entry) << 40).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            bytes.copy_from_slice(&(mixed ^ mixed >> 29).to_le_bytes()[..bytes.len()]);
        }
        Ok(())
    }

    fn is_unchanged(&self, _: u32) -> io::Result<bool> {
        Ok(true)
    }
}

/// What [`Computed`] reads there.
pub(crate) fn bytes_of(entry: u32, size: usize) -> Vec<u8> {
    let mut bytes = vec![0; size];
    Computed.read(entry, 0, &mut bytes).unwrap();
    bytes
}

pub(crate) fn whole(path: &str, size: usize) -> ManifestEntry {
    let modified = Modified::from_nanos(1_700_000_000_000_000_000);
    ManifestEntry::whole(
        Entry::new(EntryPath::parse(path).unwrap(), size as u64, modified).unwrap(),
    )
}

/// The reason that the other side gave.
pub(crate) fn refused<T: std::fmt::Debug>(result: Result<T, StreamError>) -> Code {
    match result {
        Err(StreamError::Refused { code, .. }) => code,
        other => panic!("not refused: {other:?}"),
    }
}

/// A test must not hang; on a busy machine much may take long.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), what).await.expect("it hangs")
}

/// Lets time pass, where nothing real has to happen meanwhile.
pub(crate) async fn pass(time: Duration) {
    pause();
    advance(time).await;
    resume();
}
