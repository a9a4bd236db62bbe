//! Bob, who listens, and Alice, who dials.

use crate::keys::person;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use waxwing::crypto::Identity;
use waxwing::link::{
    Backoff, Conversation, Deadlines, Dialler, Expected, Incoming, LaneBook, Listener, Request,
    Side, Streams,
};
use waxwing::wire::{Features, Party};

pub(crate) fn identity(name: &str) -> Arc<Identity> {
    Arc::new(person(name))
}

fn side(identity: &Arc<Identity>) -> Side {
    let deadlines = Deadlines::default();
    Side::new(Arc::clone(identity), Party::Person, Features::ALL, deadlines).expect("a side")
}

/// A listener at work.
pub(crate) struct Listening {
    pub(crate) address: SocketAddr,
    book: Arc<LaneBook>,
    conversations: mpsc::Receiver<(Conversation, Incoming)>,
    stop: CancellationToken,
}

impl Listening {
    pub(crate) async fn new(who: &Arc<Identity>) -> Self {
        let sockets = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = sockets.local_addr().expect("bound");
        let book = Arc::new(LaneBook::new(Duration::from_secs(30)));
        let (tell, conversations) = mpsc::channel(64);
        let service = move |conversation: Conversation, incoming: Incoming| {
            let tell = tell.clone();
            async move {
                let ended = conversation.ended();
                tell.send((conversation, incoming)).await.ok();
                ended.await;
            }
        };
        let stop = CancellationToken::new();
        let listener = Listener::new(sockets, side(who)).with_lanes(Arc::clone(&book) as Arc<_>);
        tokio::spawn(listener.run(service, stop.clone()));
        Self { address, book, conversations, stop }
    }

    /// Whoever comes next.
    pub(crate) async fn next(&mut self) -> (Streams, mpsc::Receiver<Request>) {
        let (conversation, incoming) = self.conversations.recv().await.expect("somebody");
        serve(Streams::new(conversation, Some(Arc::clone(&self.book))), incoming)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

pub(crate) fn dialler(who: &Arc<Identity>) -> Dialler {
    Dialler::new(side(who)).with_backoff(Backoff::never())
}

pub(crate) async fn dial(dialler: &Dialler, to: SocketAddr) -> (Conversation, Incoming) {
    dialler.dial(&to.into(), Expected::Anyone).await.expect("a conversation")
}

/// Answers requests for lanes, and hands on the others.
pub(crate) fn serve(
    streams: Streams,
    mut incoming: Incoming,
) -> (Streams, mpsc::Receiver<Request>) {
    let (tell, requests) = mpsc::channel(1);
    let to_answer = streams.clone();
    tokio::spawn(async move {
        while let Some(request) = to_answer.next_request(&mut incoming).await {
            drop(tell.send(request).await);
        }
    });
    (streams, requests)
}
