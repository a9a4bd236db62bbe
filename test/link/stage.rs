//! The people and the ground of these tests.

use crate::keys::person;
use crate::panics::NoPanics;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use waxwing::crypto::Identity;
use waxwing::link::{
    AskError, Backoff, Begun, Conversation, Deadlines, Dialler, Ending, Error, Expected, Incoming,
    Listen, Listener, Notice, Service, Side, converse,
};
use waxwing::wire::{Features, Party, Role, SendAsk, SendGrant};

/// What the ends of a private pipe share.
pub(crate) const EXPORTER: [u8; 32] = [9; 32];

/// Loading keys takes time; each person is loaded once.
pub(crate) fn identity(name: &'static str) -> Arc<Identity> {
    static PEOPLE: [OnceLock<Arc<Identity>>; 3] = [const { OnceLock::new() }; 3];
    let at = ["alice", "bob", "mallory"].iter().position(|known| *known == name).unwrap();
    Arc::clone(PEOPLE[at].get_or_init(|| Arc::new(person(name))))
}

pub(crate) fn side(name: &'static str) -> Side {
    side_with(name, Deadlines::default())
}

pub(crate) fn side_with(name: &'static str, deadlines: Deadlines) -> Side {
    Side::new(identity(name), Party::Person, Features::ALL, deadlines).unwrap()
}

pub(crate) fn expect(name: &'static str) -> Expected {
    Expected::Only(identity(name).fingerprint())
}

/// One end of a conversation, its driver running as a task.
pub(crate) struct End {
    pub(crate) conversation: Conversation,
    pub(crate) incoming: Incoming,
    pub(crate) driver: JoinHandle<Ending>,
}

/// Alice dials Bob over a pipe that holds so many bytes.
pub(crate) async fn pair(pipe: usize) -> (End, End) {
    pair_with(pipe, Deadlines::default()).await
}

pub(crate) async fn pair_with(pipe: usize, deadlines: Deadlines) -> (End, End) {
    let (near, far) = duplex(pipe);
    let (alice, bob) = (side_with("alice", deadlines.clone()), side_with("bob", deadlines));
    let (dialler, listener) = tokio::join!(
        end(near, &alice, Role::Dialler, expect("bob")),
        end(far, &bob, Role::Listener, Expected::Anyone),
    );
    (dialler.unwrap(), listener.unwrap())
}

/// Converses over a pipe with the usual exporter.
pub(crate) async fn end<IO>(
    io: IO,
    side: &Side,
    role: Role,
    expected: Expected,
) -> Result<End, Error>
where
    IO: AsyncRead + AsyncWrite + Send + 'static,
{
    let never = CancellationToken::new();
    let begun = converse(io, side, role, expected, EXPORTER, never).await?;
    let Begun { conversation, incoming, driver } = begun;
    Ok(End { conversation, incoming, driver: tokio::spawn(driver) })
}

/// Bob, listening on a port of loopback.
pub(crate) struct Ground {
    pub(crate) address: SocketAddr,
    pub(crate) stop: CancellationToken,
    pub(crate) listener: JoinHandle<()>,
    notices: Receiver<Notice>,
    _no_panics: NoPanics,
}

impl Ground {
    /// Bob grants every request to send.
    pub(crate) async fn new() -> Self {
        Self::with(Deadlines::default(), |listener| listener, grant_everything).await
    }

    pub(crate) async fn with(
        deadlines: Deadlines,
        change: impl FnOnce(Listener<TcpListener>) -> Listener<TcpListener>,
        service: impl Service,
    ) -> Self {
        let sockets = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = sockets.local_addr().unwrap();
        Self::over(sockets, address, deadlines, change, service)
    }

    /// Bob, listening for other sockets.
    pub(crate) fn over<L: Listen>(
        sockets: L,
        address: SocketAddr,
        deadlines: Deadlines,
        change: impl FnOnce(Listener<L>) -> Listener<L>,
        service: impl Service,
    ) -> Self {
        let (_no_panics, (tell, notices)) = (NoPanics::begin(), sync_channel(100_000));
        let listener = Listener::new(sockets, side_with("bob", deadlines))
            .with_notices(move |notice| tell.try_send(notice).unwrap_or_default());
        let stop = CancellationToken::new();
        let listener = tokio::spawn(change(listener).run(service, stop.clone()));
        Self { address, stop, listener, notices, _no_panics }
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Alice dials.
    pub(crate) async fn dial(&self) -> Result<(Conversation, Incoming), Error> {
        self.dial_as(side("alice")).await
    }

    pub(crate) async fn dial_as(&self, side: Side) -> Result<(Conversation, Incoming), Error> {
        let dialler = Dialler::new(side).with_backoff(Backoff::never());
        dialler.dial(&self.address.into(), expect("bob")).await
    }

    /// Alice dials, and asks once.
    pub(crate) async fn dial_and_ask(&self) -> Result<SendGrant, AskError> {
        let (conversation, _incoming) = self.dial().await.map_err(|_| AskError::Late)?;
        conversation.ask(ask()).await
    }

    /// What the listener told so far.
    pub(crate) fn notices(&self) -> Vec<Notice> {
        self.notices.try_iter().collect()
    }

    /// Stops the listener, waits for all of its tasks, and gives what it told.
    pub(crate) async fn stop(self) -> Vec<Notice> {
        self.stop.cancel();
        soon(self.listener).await.unwrap();
        self.notices.try_iter().collect()
    }
}

pub(crate) async fn grant_everything(_: Conversation, mut incoming: Incoming) {
    while let Some(request) = incoming.next().await {
        // The other side may be gone by now.
        let _ = request.answer(SendGrant { id: 0, challenge: [3; 32] });
    }
}

pub(crate) fn ask() -> SendAsk {
    SendAsk { id: 0, entries: 1, data_length: 5 }
}

/// Fails a test that hangs; the machine may be busy with others.
pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(600), future).await.expect("it does not hang")
}
