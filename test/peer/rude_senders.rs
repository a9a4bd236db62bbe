//! Senders that answer a request with something else: nothing of it gets a name.

use crate::keys::NOW;
use crate::sandbox::Everything;
use crate::stage::{Answered, Fetched, MIB, Stage, bytes_of, identity, path, sharer, wanted};
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tempfile::tempdir;
use waxwing::codec::List;
use waxwing::link::{Consent, Request, Sending, StreamError, Streams};
use waxwing::model::limits::{ENTRY_SIZE, GET_WITHOUT};
use waxwing::model::{ByteRange, Content, Entry, Events, Modified, Ranges, Work};
use waxwing::peer::{Error, Wanted};
use waxwing::seal::{Manifest, ManifestEntry, Refusal, Sealer, Source};
use waxwing::wire::{Code, GetAsk, GetGrant, Without};

/// The byte 7, for ever; and how many were read.
#[derive(Default)]
struct Sevens(AtomicUsize);

impl Source for Sevens {
    fn read(&self, _: u32, _: u64, buffer: &mut [u8]) -> io::Result<()> {
        buffer.fill(7);
        self.0.fetch_add(buffer.len(), Ordering::Relaxed);
        Ok(())
    }

    fn is_unchanged(&self, _: u32) -> io::Result<bool> {
        Ok(true)
    }
}

fn whole(name: &str, size: u64) -> ManifestEntry {
    ManifestEntry::whole(Entry::new(path(name), size, Modified::from_nanos(0)).unwrap())
}

fn with_id(listed: ManifestEntry, content: Content) -> ManifestEntry {
    let entry = listed.entry.with_content(Some(content.id()));
    ManifestEntry { entry, ..listed }
}

/// Sends this, whatever was asked for.
async fn send(
    request: Request,
    streams: Streams,
    listed: Vec<ManifestEntry>,
    granted: Option<u64>,
) {
    send_from(Arc::default(), request, streams, listed, granted).await;
}

/// The five sevens, and says that these do not come.
async fn send_without(request: Request, streams: Streams, without: Option<Said>) {
    let (source, listed) = (Arc::default(), vec![whole("a", 5)]);
    send_granted(source, request, streams, listed, (None, without)).await;
}

type Said = List<Without, GET_WITHOUT>;

async fn send_from(
    source: Arc<Sevens>,
    request: Request,
    streams: Streams,
    listed: Vec<ManifestEntry>,
    granted: Option<u64>,
) {
    send_granted(source, request, streams, listed, (granted, None)).await;
}

async fn send_granted(
    source: Arc<Sevens>,
    request: Request,
    streams: Streams,
    listed: Vec<ManifestEntry>,
    (granted, without): (Option<u64>, Option<Said>),
) {
    let ask: GetAsk = request.decode().unwrap();
    let proven = streams.conversation().proven();
    let (to, context) = (proven.certificate(NOW).unwrap(), proven.context(&ask.challenge));
    let manifest = Manifest::new(listed).unwrap();
    let (entries, bytes) = (manifest.count(), manifest.data_length());
    let sealer = Sealer::new(manifest, &to, identity("bob").signing(), context, NOW).unwrap();
    let frames = request.open_stream().unwrap();
    let data_length = granted.unwrap_or(bytes);
    request.answer(GetGrant { id: 0, entries, data_length, without }).unwrap();
    let task = Events::ignored().begin(Work::Sending, "", 0);
    let sending = Sending { sealer, source, consent: Consent::Given };
    streams.send(frames, sending, task).await.unwrap_err();
}

/// A stage on which Bob answers like this.
async fn rudely<F: Future<Output = ()> + Send + 'static>(
    rude: impl Fn(Request, Streams) -> F + Clone + Send + Sync + 'static,
) -> Stage {
    let answer = move |request, streams| {
        let rude = rude(request, streams);
        async move {
            rude.await;
            None::<Answered>
        }
    };
    Stage::answering(tempdir().unwrap(), sharer("bob"), answer).await
}

/// All that is there before anything comes.
fn home(stage: &Stage) -> Everything {
    stage.write("downloads/mine", b"mine");
    stage.write("beside", b"beside");
    Everything::below(&stage.at(""))
}

/// What comes of asking such a sender for five sevens called `a`.
async fn fetched_from<F: Future<Output = ()> + Send + 'static>(
    rude: impl Fn(Request, Streams) -> F + Clone + Send + Sync + 'static,
) -> (Stage, Fetched) {
    let stage = rudely(rude).await;
    let before = home(&stage);
    let fetched = stage.fetch_all(vec![wanted("a", Some(Content::of(&[7; 5])))]).await;
    before.is_still(&stage.at(""), "something came");
    assert!(fetched.files.is_empty(), "{fetched:?}");
    assert!(stage.streams.conversation().ending().is_none(), "the conversation goes on");
    (stage, fetched)
}

async fn stopped_by(listed: Vec<ManifestEntry>, granted: Option<u64>) -> Error {
    let rude = move |request, streams| send(request, streams, listed.clone(), granted);
    fetched_from(rude).await.1.stopped.expect("it was taken")
}

#[tokio::test(flavor = "multi_thread")]
async fn another_manifest_than_asked_for_is_declined() {
    let right = Content::of(&[7; 5]);
    let large = MIB as u64 * 12;
    let parts = {
        let range = ByteRange { start: 0, end: MIB as u64 };
        let ranges = Ranges::new(2 * MIB as u64, vec![range]).unwrap();
        ManifestEntry { ranges, ..whole("a", 2 * MIB as u64) }
    };
    for (what, listed) in [
        ("another path", vec![whole("b", 5)]),
        ("another path in the folder", vec![whole("b/a", 5)]),
        ("another case", vec![whole("A", 5)]),
        ("one more", vec![whole("a", 5), whole("b", 5)]),
        ("one more, which is large", vec![whole("a", 5), whole("b", large)]),
        ("another size", vec![whole("a", 6)]),
        ("another content", vec![with_id(whole("a", 5), Content::of(b"other"))]),
        ("another size under the id", vec![with_id(whole("a", 6), right)]),
        ("a part", vec![parts]),
    ] {
        let error = stopped_by(listed, None).await;
        assert!(matches!(error, Error::NotAsked(_)), "{what}: {error:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_out_what_comes_or_was_not_asked_for_is_declined() {
    let run = |first, count| Without { first, count, code: Code::NotFound };
    for wrong in [vec![run(0, 1)], vec![run(1, 1)], vec![run(0, 0)]] {
        let rude = move |request: Request, streams: Streams| {
            let without = List::new(wrong.clone()).ok();
            send_without(request, streams, without)
        };
        let error = fetched_from(rude).await.1.stopped.expect("it was taken");
        assert!(matches!(error, Error::NotAsked(_)), "{error:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_bytes_than_those_asked_for_do_not_land_though_they_are_signed() {
    // Five bytes called `a`, whose id is not announced, and they are no zeros.
    let rude = |request, streams| send(request, streams, vec![whole("a", 5)], None);
    let stage = rudely(rude).await;
    let before = home(&stage);
    let fetched = stage.fetch_all(vec![wanted("a", Some(Content::of(&[0; 5])))]).await;
    assert!(matches!(fetched.stopped, Some(Error::NotAsked(_))), "{fetched:?}");
    before.is_still(&stage.at(""), "something came");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_announced_id_that_is_a_lie_lands_nothing() {
    let asked = Content::of(&bytes_of(1, 12 * MIB));
    let listed = vec![with_id(whole("a", asked.size()), asked)];
    let rude = move |request, streams| send(request, streams, listed.clone(), None);
    let stage = rudely(rude).await;
    let before = home(&stage);
    let fetched = stage.fetch_all(vec![wanted("a", Some(asked))]).await;
    // Our own sealer notices before it signs; who has another one is noticed by the receiver.
    let told = matches!(
        fetched.stopped,
        Some(
            Error::Refused { code: Code::SourceChanged, .. }
                | Error::Stream(StreamError::Sealed(Refusal::Ids))
        )
    );
    assert!(told, "{fetched:?}");
    before.is_still(&stage.at(""), "something came");
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_was_granted_is_refused_before_it_is_opened() {
    let error = stopped_by(vec![whole("a", 5)], Some(4)).await;
    let Error::Stream(StreamError::Sealed(refusal)) = error else { panic!("{error:?}") };
    assert_eq!(refusal, Refusal::Policy);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_larger_than_was_said_is_declined_whatever_is_in_it() {
    let rude = |request, streams| send(request, streams, vec![whole("a", 6)], None);
    let stage = rudely(rude).await;
    let before = home(&stage);
    let five = Wanted { most: 5, ..wanted("a", None) };
    let fetched = stage.fetch_all(vec![five]).await;
    assert!(matches!(fetched.stopped, Some(Error::NotAsked(_))), "{fetched:?}");
    before.is_still(&stage.at(""), "something came");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_larger_than_the_disk_is_declined() {
    let large = |request, streams| send(request, streams, vec![whole("a", ENTRY_SIZE)], None);
    let stage = rudely(large).await;
    let before = home(&stage);
    let fetched = stage.fetch_all(vec![wanted("a", None)]).await;
    assert!(matches!(fetched.stopped, Some(Error::NoSpace { .. })), "{fetched:?}");
    before.is_still(&stage.at(""), "something came");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_stops_half_way_leaves_nothing() {
    // It grants, and says no more than that it ends; or begins, and drops the stream.
    let (_, fetched) = fetched_from(|request: Request, _| async move {
        let frames = request.open_stream().unwrap();
        let number = frames.number();
        let conversation = request.conversation().clone();
        request.answer(GetGrant { id: 0, entries: 1, data_length: 5, without: None }).unwrap();
        let (code, text) = (Code::Cancelled, Default::default());
        conversation.tell(&waxwing::wire::StreamEnd { stream: number, code, text }).unwrap();
    })
    .await;
    let Some(Error::Refused { code, .. }) = fetched.stopped else { panic!("{fetched:?}") };
    assert_eq!(code, Code::Cancelled);

    let half = |request: Request, streams: Streams| async move {
        let (source, listed) = (Arc::<Sevens>::default(), vec![whole("large", 1 << 30)]);
        let sending = send_from(Arc::clone(&source), request, streams, listed, None);
        let megabytes_left = async {
            while source.0.load(Ordering::Relaxed) < 20 * MIB {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::select! { () = sending => panic!("it ended"), () = megabytes_left => {} }
    };
    let stage = rudely(half).await;
    let before = home(&stage);
    let fetched = stage.fetch_all(vec![wanted("large", None)]).await;
    let told = matches!(fetched.stopped, Some(Error::Refused { code: Code::Cancelled, .. }));
    assert!(told, "{fetched:?}");
    before.is_still(&stage.at(""), "something came");
}
