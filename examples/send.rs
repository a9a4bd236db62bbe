//! Sends files from one person to another over a real conversation, on this machine.
//!
//! `cargo run --example send -- FILE...` leaves in `send-example/`: two people's keys, and the files
//! that arrived. Bob listens and takes what Alice offers; large files travel on lanes.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that prints")]

#[path = "shared/files.rs"]
mod files;
#[allow(dead_code, reason = "the other example uses all of it")]
#[path = "shared/home.rs"]
mod home;

use files::{Files, Folder, open_sources};
use home::Home;
use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use waxwing::crypto::{Identity, UnixTime, random};
use waxwing::link::{
    Consent, Conversation, Deadlines, Decided, Dialler, Expected, Incoming, LaneBook, Listener,
    Receiving, Request, Sending, Side, Streams,
};
use waxwing::model::{Events, Work};
use waxwing::seal::{Manifest, ManifestEntry, Sealer, Sink};
use waxwing::wire::{Code, Features, Kind, Party, SendAsk, SendGrant};

type Failure = Box<dyn Error + Send + Sync>;

/// Alice: dials Bob, whom she knows by his fingerprint, offers the files, and waits for the proof of
/// their delivery.
async fn send(
    (conversation, _incoming): (Conversation, Incoming),
    alice: &Identity,
    (sources, listed): (Files, Vec<ManifestEntry>),
) -> Result<(), Failure> {
    let (manifest, begin) = (Manifest::new(listed)?, Instant::now());
    let bytes = manifest.data_length();
    let ask = SendAsk { id: 0, entries: manifest.count(), data_length: bytes };
    let (grant, frames) = conversation.ask_stream(ask).await?;
    let (bob, now) = (conversation.proven(), UnixTime::now());
    let (to, context) = (bob.certificate(now)?, bob.context(&grant.challenge));
    let sealer = Sealer::new(manifest, &to, alice.signing(), context, now)?;
    let consent = Consent::AfterManifest(Duration::from_secs(60));
    let sending = Sending { sealer, source: Arc::new(sources), consent };
    let task = Events::ignored().begin(Work::Sealing, "files", bytes);
    let sent = Streams::new(conversation, None).send(frames, sending, task).await?;
    println!(
        "bob signed that {} of them landed: {bytes} bytes, {:.2?}",
        sent.landed.len(),
        begin.elapsed()
    );
    Ok(())
}

/// Bob: answers what Alice asks.
async fn serve(bob: Arc<Identity>, streams: Streams, mut incoming: Incoming, into: PathBuf) {
    while let Some(request) = streams.next_request(&mut incoming).await {
        match request.kind() {
            Kind::SendAsk => {
                let (bob, streams, into) = (Arc::clone(&bob), streams.clone(), into.clone());
                tokio::spawn(async move {
                    if let Err(error) = receive(&bob, streams, request, into).await {
                        eprintln!("bob: {error}");
                    }
                });
            }
            _ => request.refuse(Code::NotAllowed, "this is an example"),
        }
    }
}

/// Takes an offer in, and confirms it when the files have their names.
async fn receive(
    bob: &Arc<Identity>,
    streams: Streams,
    request: Request,
    into: PathBuf,
) -> Result<(), Failure> {
    let (frames, challenge) = (request.open_stream().ok_or("the stream is open")?, random());
    request.answer(SendGrant { id: 0, challenge })?;
    let context = streams.conversation().proven().context(&challenge);
    let receiving =
        Receiving { identity: Arc::clone(bob), context, max_data: 1 << 40, max_manifest: 1 << 20 };
    let offer = streams.await_offer(frames, receiving).await?;
    let mut folder = Folder::at(into);
    folder.begin(offer.manifest())?;
    let (folder, task) = (Arc::new(folder), Events::ignored().begin(Work::Opening, "files", 0));
    let mut arrived = offer.accept(Arc::clone(&folder) as Arc<_>, Decided::Now, task).await?;
    folder.publish()?;
    let stream = arrived.stream();
    let proofs: Vec<_> = (0..stream.manifest().count()).filter_map(|n| stream.proof(n)).collect();
    for (proof, listed) in proofs.iter().zip(stream.manifest().entries()) {
        let path = listed.entry.path();
        println!("{}  {path}  sent by {}", proof.content().id(), proof.sender());
    }
    arrived.confirm(&proofs, bob.signing(), UnixTime::now())?;
    Ok(())
}

async fn run(files: &[PathBuf]) -> Result<(), Failure> {
    let told = |error: Box<dyn Error>| Failure::from(error.to_string());
    let (home, now) = (Home::open("send-example").map_err(told)?, UnixTime::now());
    let sources = open_sources(files).map_err(told)?;
    let person = |name| home.person(name, now).map(Arc::new).map_err(told);
    let (alice, bob, into) = (person("alice")?, person("bob")?, home.join("arrived"));
    let side = |of: &Arc<Identity>| {
        Side::new(Arc::clone(of), Party::Person, Features::ALL, Deadlines::default())
    };

    let sockets = TcpListener::bind("127.0.0.1:0").await?;
    let address = sockets.local_addr()?;
    let (book, stop) = (Arc::new(LaneBook::new(Duration::from_secs(30))), CancellationToken::new());
    let listener = Listener::new(sockets, side(&bob)?).with_lanes(Arc::clone(&book) as Arc<_>);
    let service = {
        let bob = Arc::clone(&bob);
        move |conversation, incoming| {
            let streams = Streams::new(conversation, Some(Arc::clone(&book)));
            serve(Arc::clone(&bob), streams, incoming, into.clone())
        }
    };
    let listening = tokio::spawn(listener.run(service, stop.clone()));

    let dialler = Dialler::new(side(&alice)?);
    let expected = Expected::Only(bob.fingerprint());
    let bob_there = dialler.dial(&address.into(), expected).await?;
    let sent = send(bob_there, &alice, sources).await;
    dialler.stop().await;
    stop.cancel();
    listening.await?;
    sent
}

#[tokio::main]
async fn main() {
    let files: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    if files.is_empty() || files.iter().any(|file| file.as_os_str() == "--help") {
        eprintln!("usage: cargo run --example send -- FILE...");
        std::process::exit(2);
    }
    if let Err(error) = run(&files).await {
        eprintln!("{error}");
        std::process::exit(1);
    }
}
