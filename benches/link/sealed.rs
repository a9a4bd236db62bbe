//! Our way: a file as a sealed stream from Alice, who dials, to Bob.

use crate::files::{ReadFile, WrittenFile, create_target, open_source};
use crate::keys::NOW;
use crate::people::{Listening, dial, dialler, identity, serve};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use waxwing::crypto::{Identity, random};
use waxwing::link::{Consent, Decided, Destination, Receiving, Sending, Sent, Streams};
use waxwing::model::{ContentId, Events, Task, Work};
use waxwing::seal::{Manifest, Sealer};
use waxwing::wire::{SendAsk, SendGrant};

/// Waits for a sender and takes what it sends. A file whose id is known was asked for: the sender
/// then waits for no word.
pub(crate) fn receive(folder: &Path, is_asked_for: bool, tell: impl FnOnce(SocketAddr)) {
    Runtime::new().expect("a runtime").block_on(async {
        let bob = identity("bob");
        let mut listening = Listening::new(&bob).await;
        let place = Arc::new(WrittenFile(create_target(folder)));
        tell(listening.address);
        let (streams, mut requests) = listening.next().await;
        let request = requests.recv().await.expect("an offer");
        let (frames, challenge) = (request.open_stream().expect("a stream"), random());
        request.answer(SendGrant { id: 0, challenge }).expect("the sender waits");
        let context = streams.conversation().proven().context(&challenge);
        let receiving = Receiving {
            identity: Arc::clone(&bob),
            context,
            max_data: 1 << 40,
            max_manifest: 16 << 20,
        };
        let offer = streams.await_offer(frames, receiving).await.expect("a sealed stream");
        let decided = if is_asked_for { Decided::Before } else { Decided::Now };
        let arrived = offer.accept(place as Arc<dyn Destination>, decided, silent()).await;
        let mut arrived = arrived.expect("all of it");
        let proof = arrived.stream().proof(0).expect("a proof of the file");
        arrived.confirm(&[proof], bob.signing(), NOW).expect("the sender waits");
        streams.conversation().ended().await;
    });
}

/// Sends the file; gives the seconds from the offer to the proof of its delivery.
pub(crate) fn send(folder: &Path, lanes: u8, id: Option<ContentId>, to: SocketAddr) -> f64 {
    Runtime::new().expect("a runtime").block_on(async {
        let alice = identity("alice");
        let dialler = dialler(&alice);
        let (conversation, incoming) = dial(&dialler, to).await;
        let (streams, _) = serve(Streams::new(conversation, None).with_lanes(lanes), incoming);
        let start = Instant::now();
        let sent = offer(&streams, &alice, folder, id).await;
        let took = start.elapsed().as_secs_f64();
        assert_eq!(sent.landed, [0]);
        dialler.stop().await;
        took
    })
}

async fn offer(streams: &Streams, alice: &Identity, folder: &Path, id: Option<ContentId>) -> Sent {
    let conversation = streams.conversation();
    let source = ReadFile::new(open_source(folder)).expect("the file to send");
    let manifest = Manifest::new(vec![source.listed(id)]).expect("one file");
    let ask = SendAsk { id: 0, entries: manifest.count(), data_length: manifest.data_length() };
    let (grant, frames) = conversation.ask_stream(ask).await.expect("a grant");
    let proven = conversation.proven();
    let to = proven.certificate(NOW).expect("a certificate");
    let context = proven.context(&grant.challenge);
    let sealer = Sealer::new(manifest, &to, alice.signing(), context, NOW).expect("a stream");
    let consent = match id {
        Some(_) => Consent::Given,
        None => Consent::AfterManifest(Duration::from_secs(60)),
    };
    let sending = Sending { sealer, source: Arc::new(source), consent };
    streams.send(frames, sending, silent()).await.expect("the proof of delivery")
}

fn silent() -> Task {
    Events::ignored().begin(Work::Sealing, "", 0)
}
