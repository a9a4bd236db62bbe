//! The side that begins: one function, with every way to reach somebody behind it.
//!
//! Today the ways are the host's addresses, one after the other; a way through an index comes later
//! and changes nothing for the caller. What fails and may succeed later is tried again, and each
//! new try is told.

use super::codec::Line;
use super::conversation::{Begun, Conversation, Ways, begin};
use super::handshake::{AwaitHello, Expected, greet};
use super::incoming::Incoming;
use super::listen::Socket;
use super::{Backoff, Error, Side};
use crate::crypto::random;
use crate::model::HostPort;
use crate::wire::Role;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Where connections come from.
pub trait Connect: Send + Sync {
    /// What comes.
    type Socket: Socket;

    /// The addresses of a host.
    fn resolve(&self, host: &HostPort) -> impl Future<Output = io::Result<Vec<SocketAddr>>> + Send;

    /// Connects to one.
    fn connect(&self, to: SocketAddr) -> impl Future<Output = io::Result<Self::Socket>> + Send;

    /// Where the lanes of a conversation are dialled that reached this address: nowhere, unless a
    /// plain TCP connection leads there as well. Then the channel carries everything.
    fn lanes_to(&self, _reached: SocketAddr) -> Option<SocketAddr> {
        None
    }
}

/// The system's sockets.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tcp;

impl Connect for Tcp {
    type Socket = TcpStream;

    async fn resolve(&self, host: &HostPort) -> io::Result<Vec<SocketAddr>> {
        match host.to_socket_addr() {
            Some(address) => Ok(vec![address]),
            None => Ok(lookup_host((host.host(), host.port())).await?.collect()),
        }
    }

    async fn connect(&self, to: SocketAddr) -> io::Result<TcpStream> {
        let socket = TcpStream::connect(to).await?;
        // A small frame must not wait for company. Where it cannot be said, it is only slower.
        let _ = socket.set_nodelay(true);
        Ok(socket)
    }

    fn lanes_to(&self, reached: SocketAddr) -> Option<SocketAddr> {
        Some(reached)
    }
}

/// A try that failed, and after which pause the next one comes.
#[derive(Debug)]
pub struct Retry<'a> {
    /// How many tries have failed.
    pub failed: u32,
    /// Why the last one did.
    pub why: &'a Error,
    /// How long from now the next one begins.
    pub pause: Duration,
}

/// Dials.
#[derive(Debug, Clone)]
pub struct Dialler<C = Tcp> {
    side: Side,
    sockets: C,
    backoff: Backoff,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Dialler {
    /// Dials over the system's sockets.
    pub fn new(side: Side) -> Self {
        Self::over(Tcp, side)
    }
}

impl<C: Connect> Dialler<C> {
    /// Dials over these sockets.
    pub fn over(sockets: C, side: Side) -> Self {
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        Self { side, sockets, backoff: Backoff::default(), stop, tasks }
    }

    /// As somebody else; what was begun before goes on.
    pub fn with_side(self, side: Side) -> Self {
        Self { side, ..self }
    }

    /// With other pauses between tries.
    pub fn with_backoff(self, backoff: Backoff) -> Self {
        Self { backoff, ..self }
    }

    /// All conversations that this dialler began say goodbye; returns when they have.
    pub async fn stop(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Begins a conversation with whom is expected there.
    pub async fn dial(
        &self,
        to: &HostPort,
        expected: Expected,
    ) -> Result<(Conversation, Incoming), Error> {
        self.dial_telling(to, expected, |_| ()).await
    }

    /// The same; `on_retry` hears of each new try.
    pub async fn dial_telling(
        &self,
        to: &HostPort,
        expected: Expected,
        mut on_retry: impl FnMut(Retry<'_>),
    ) -> Result<(Conversation, Incoming), Error> {
        let mut failed = 0_u32;
        loop {
            let why = match self.try_all_ways(to, expected).await {
                Ok(begun) => return Ok(begun),
                Err(why) if why.is_permanent() => return Err(why),
                Err(why) => why,
            };
            failed = failed.saturating_add(1);
            let random = u32::from_be_bytes(random());
            let Some(pause) = self.backoff.pause(failed, random) else { return Err(why) };
            on_retry(Retry { failed, why: &why, pause });
            sleep(pause).await;
        }
    }

    /// The first way that leads there. Whoever answers is asked no second time in another way: a
    /// refusal holds for all.
    async fn try_all_ways(
        &self,
        to: &HostPort,
        expected: Expected,
    ) -> Result<(Conversation, Incoming), Error> {
        let addresses = timeout(self.side.deadlines().connect, self.sockets.resolve(to)).await;
        let addresses = addresses.map_err(|_| Error::Late("finding the host"))?;
        let unknown = |error| match Error::from(error) {
            Error::OutOfFiles => Error::OutOfFiles,
            _ => Error::Host,
        };
        let mut why = Error::Host;
        for address in addresses.map_err(unknown)? {
            match self.connect(address).await {
                Ok(socket) => return self.begin(socket, address, expected).await,
                Err(error) => why = error,
            }
        }
        Err(why)
    }

    async fn connect(&self, to: SocketAddr) -> Result<C::Socket, Error> {
        let socket = timeout(self.side.deadlines().connect, self.sockets.connect(to)).await;
        Ok(socket.map_err(|_| Error::Late("connecting"))??)
    }

    async fn begin(
        &self,
        socket: C::Socket,
        to: SocketAddr,
        expected: Expected,
    ) -> Result<(Conversation, Incoming), Error> {
        let deadlines = self.side.deadlines();
        let tls = timeout(deadlines.tls, self.side.tls().dial(socket)).await;
        let (stream, exporter) = tls.map_err(|_| Error::Late("the TLS handshake"))??;
        let mut line = Line::new(stream, deadlines);
        let await_hello = AwaitHello::new(Role::Dialler, self.side.hello(), expected, exporter);
        let proven = greet(&mut line, &self.side, await_hello).await?;
        let ways = Ways { other_end: Some(to), lanes_to: self.sockets.lanes_to(to) };
        let begun = begin(line, proven, &self.side, ways, self.stop.clone());
        let Begun { conversation, incoming, driver } = begun;
        self.tasks.spawn(driver);
        Ok((conversation, incoming))
    }
}
