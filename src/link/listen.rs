//! The side that waits: one port, one task a connection, and nobody waits for anybody else.
//!
//! ```text
//!            first byte                     both proofs
//! socket ──▶ 16 TLS handshake ──▶ hellos ──▶ conversation ──▶ the program's service
//!            57 opening of a lane ──▶ lane door
//!            anything else: closed
//! ```
//!
//! The handshake runs in the connection's own task and under its own deadlines, so that whoever
//! drips bytes holds up no one but himself. Who comes in, and who goes when there is no room, is
//! decided by [`Counts`]. Accepting goes on when the system runs out of descriptors.

use super::codec::Line;
use super::conversation::{Begun, Conversation, Ending, Incoming, begin};
use super::counts::{Admitted, ConnectionId, Counts, Full, Limits};
use super::handshake::{AwaitHello, Expected, Proven, greet, refuse};
use super::tls::Exporter;
use super::{Error, Side};
use crate::crypto::Fingerprint;
use crate::wire::{Code, LaneOpening, Role};
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What a conversation runs over.
pub trait Socket: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Socket for S {}

/// Where sockets come from.
pub trait Listen: Send + 'static {
    /// What comes.
    type Socket: Socket;

    /// Waits for the next one. May be dropped while it waits.
    fn accept(&mut self) -> impl Future<Output = io::Result<(Self::Socket, SocketAddr)>> + Send;
}

impl Listen for TcpListener {
    type Socket = TcpStream;

    async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        let (socket, from) = TcpListener::accept(self).await?;
        // A small frame must not wait for company. Where it cannot be said, it is only slower.
        let _ = socket.set_nodelay(true);
        Ok((socket, from))
    }
}

/// Takes sockets that open as lanes, each with the bytes of its opening, not yet looked at.
pub trait LaneDoor<S>: Send + Sync + 'static {
    /// Takes one over. Must not block.
    fn enter(&self, socket: S, opening: [u8; LaneOpening::BYTES], from: SocketAddr);
}

/// The program's side of the conversations that come in.
pub trait Service: Send + Sync + 'static {
    /// Holds one conversation. When this returns, the conversation ends; when the conversation
    /// ends, this has the time of a farewell to return, and is then dropped.
    fn serve(
        &self,
        conversation: Conversation,
        incoming: Incoming,
    ) -> impl Future<Output = ()> + Send;
}

impl<F, Served> Service for F
where
    F: Fn(Conversation, Incoming) -> Served + Send + Sync + 'static,
    Served: Future<Output = ()> + Send,
{
    fn serve(&self, told: Conversation, incoming: Incoming) -> impl Future<Output = ()> + Send {
        self(told, incoming)
    }
}

/// What a listener tells its program, for a log.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Notice {
    /// Sockets cannot be accepted; told once, until it works again.
    AcceptFails(io::ErrorKind),
    /// Sockets can be accepted again.
    AcceptsAgain,
    /// Somebody came no further than the handshake.
    Refused {
        /// From where.
        from: SocketAddr,
        /// Why.
        why: Error,
    },
    /// Somebody proved who they are.
    Proven {
        /// From where.
        from: SocketAddr,
        /// Who.
        who: Fingerprint,
    },
    /// A conversation ended.
    Ended {
        /// From where it came.
        from: SocketAddr,
        /// Why.
        why: Ending,
    },
    /// A task panicked; the others go on.
    Panicked {
        /// Whose it was.
        from: SocketAddr,
    },
}

type Notices = Arc<dyn Fn(Notice) + Send + Sync>;

/// A port that is listened on.
pub struct Listener<L: Listen> {
    sockets: L,
    side: Side,
    limits: Limits,
    lanes: Option<Arc<dyn LaneDoor<L::Socket>>>,
    notices: Notices,
}

impl<L: Listen> fmt::Debug for Listener<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Listener({:?}, {:?})", self.side, self.limits)
    }
}

impl<L: Listen> Listener<L> {
    /// Listens with the usual limits, without lanes, and tells nobody.
    pub fn new(sockets: L, side: Side) -> Self {
        let (limits, notices) = (Limits::default(), Arc::new(|_| ()));
        Self { sockets, side, limits, lanes: None, notices }
    }

    /// With other limits.
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Lanes go through this door.
    pub fn with_lanes(self, door: Arc<dyn LaneDoor<L::Socket>>) -> Self {
        Self { lanes: Some(door), ..self }
    }

    /// Notices go there, from many tasks at once; it must not block.
    pub fn with_notices(self, notices: impl Fn(Notice) + Send + Sync + 'static) -> Self {
        Self { notices: Arc::new(notices), ..self }
    }

    /// Serves until `stop`; then says goodbye to everyone, and returns when all tasks have ended.
    pub async fn run(mut self, service: impl Service, stop: CancellationToken) {
        let tasks = TaskTracker::new();
        let shared = Arc::new(Shared {
            side: self.side,
            service,
            lanes: self.lanes,
            notices: self.notices,
            places: Mutex::new(Places { counts: Counts::new(self.limits), tasks: HashMap::new() }),
            stop: stop.clone(),
        });
        let mut failing = false;
        while let Some(accepted) = stop.run_until_cancelled(self.sockets.accept()).await {
            match accepted {
                Ok((socket, from)) => {
                    if std::mem::take(&mut failing) {
                        (shared.notices)(Notice::AcceptsAgain);
                    }
                    shared.admit(socket, from, &tasks);
                }
                Err(error) if concerns_one_socket(error.kind()) => {}
                Err(error) => {
                    if !std::mem::replace(&mut failing, true) {
                        (shared.notices)(Notice::AcceptFails(error.kind()));
                    }
                    // Most likely there are no descriptors left, and only time brings some back.
                    stop.run_until_cancelled(sleep(ACCEPT_PAUSE)).await;
                }
            }
        }
        drop(self.sockets);
        tasks.close();
        tasks.wait().await;
    }
}

/// Whoever connected was gone before we looked.
fn concerns_one_socket(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(kind, ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// What all connections of a listener share.
struct Shared<S, V> {
    side: Side,
    service: V,
    lanes: Option<Arc<dyn LaneDoor<S>>>,
    notices: Notices,
    places: Mutex<Places>,
    stop: CancellationToken,
}

/// Who is there, and how to end those who have not proven themselves.
struct Places {
    counts: Counts,
    tasks: HashMap<ConnectionId, AbortHandle>,
}

impl<S: Socket, V: Service> Shared<S, V> {
    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn admit(self: &Arc<Self>, socket: S, from: SocketAddr, tasks: &TaskTracker) {
        let admitted = match self.places().counts.admit(from.ip()) {
            Ok(admitted) => admitted,
            Err(full) => return (self.notices)(Notice::Refused { from, why: full.into() }),
        };
        let place = Place { shared: Arc::clone(self), id: admitted.id, from, is_told: false };
        let task = tasks.spawn(place.hold(socket)).abort_handle();
        let gone = self.places().remember(admitted, task);
        if let Some(gone) = gone {
            gone.abort();
        }
    }

    /// What a new connection is, once it has shown it.
    async fn open(&self, socket: S, from: SocketAddr) -> Result<Opened<S>, Error> {
        let deadlines = self.side.deadlines();
        let tls = timeout(deadlines.tls, self.open_tls(socket, from)).await;
        let tls = tls.map_err(|_| Error::Late("the TLS handshake"))??;
        let Some((stream, exporter)) = tls else { return Ok(None) };
        let mut line = Line::new(stream, deadlines.progress);
        let hello = self.side.hello();
        let await_hello = AwaitHello::new(Role::Listener, hello, Expected::Anyone, exporter);
        let proven = greet(&mut line, &self.side, await_hello).await?;
        Ok(Some((line, proven)))
    }

    async fn open_tls(&self, mut socket: S, from: SocketAddr) -> Result<Option<Tls<S>>, Error> {
        let first = socket.read_u8().await?;
        match (first, &self.lanes) {
            (TLS_BYTE, _) => self.side.tls().accept(Replayed::new(first, socket)).await.map(Some),
            (LANE_BYTE, Some(door)) => {
                let mut opening = [LANE_BYTE; LaneOpening::BYTES];
                let [_, rest @ ..] = &mut opening;
                socket.read_exact(rest).await?;
                door.enter(socket, opening, from);
                Ok(None)
            }
            _ => Err(Error::NotOurs),
        }
    }
}

impl Places {
    /// Keeps how to end a newcomer, unless it is gone or proven already. Gives how to end the one
    /// that goes for it.
    fn remember(&mut self, admitted: Admitted, task: AbortHandle) -> Option<AbortHandle> {
        if self.counts.is_unproven(admitted.id) {
            self.tasks.insert(admitted.id, task);
        }
        admitted.closes.and_then(|id| self.tasks.remove(&id))
    }

    fn prove(&mut self, id: ConnectionId, who: Fingerprint) -> Result<(), Full> {
        self.tasks.remove(&id);
        self.counts.prove(id, who)
    }

    fn leave(&mut self, id: ConnectionId) {
        self.tasks.remove(&id);
        self.counts.leave(id);
    }
}

type Tls<S> = (TlsStream<Replayed<S>>, Exporter);

/// A conversation that may begin; nothing when a lane was handed on.
type Opened<S> = Option<(Line<TlsStream<Replayed<S>>>, Proven)>;

/// A connection's place among all, given back when it ends, however it ends.
struct Place<S: Socket, V: Service> {
    shared: Arc<Shared<S, V>>,
    id: ConnectionId,
    from: SocketAddr,
    is_told: bool,
}

impl<S: Socket, V: Service> Place<S, V> {
    async fn hold(mut self, socket: S) {
        let shared = Arc::clone(&self.shared);
        // On the heap, so that a conversation does not carry the room of its handshake along.
        let opening = Box::pin(shared.open(socket, self.from));
        match shared.stop.run_until_cancelled(opening).await {
            None => self.refused(Error::Stopping),
            Some(Err(why)) => self.refused(why),
            Some(Ok(None)) => self.is_told = true,
            Some(Ok(Some((line, proven)))) => self.converse(line, proven).await,
        }
    }

    async fn converse(&mut self, mut line: Line<TlsStream<Replayed<S>>>, proven: Proven) {
        let shared = Arc::clone(&self.shared);
        let who = proven.fingerprint();
        let has_place = shared.places().prove(self.id, who);
        if let Err(full) = has_place {
            let why = Error::from(full);
            refuse(&mut line, &shared.side, &why).await;
            return self.refused(why);
        }
        (shared.notices)(Notice::Proven { from: self.from, who });
        let begun = begin(line, proven, &shared.side, None, shared.stop.clone());
        let Begun { conversation, incoming, driver } = begun;
        let mut driver = pin!(driver);
        let mut served = pin!(shared.service.serve(conversation.clone(), incoming));
        let early = tokio::select! {
            () = &mut served => None,
            why = &mut driver => Some(why),
        };
        let why = match early {
            None => {
                conversation.end(Code::Done, "");
                driver.await
            }
            Some(why) => {
                // The service hears of the end through its conversation, and puts its work down.
                let _ = timeout(shared.side.deadlines().farewell, served).await;
                why
            }
        };
        self.is_told = true;
        (shared.notices)(Notice::Ended { from: self.from, why });
    }

    fn refused(&mut self, why: Error) {
        self.is_told = true;
        (self.shared.notices)(Notice::Refused { from: self.from, why });
    }
}

impl<S: Socket, V: Service> Drop for Place<S, V> {
    fn drop(&mut self) {
        self.shared.places().leave(self.id);
        if std::thread::panicking() {
            (self.shared.notices)(Notice::Panicked { from: self.from });
        } else if !self.is_told {
            (self.shared.notices)(Notice::Refused { from: self.from, why: Error::GaveWay });
        }
    }
}

/// A socket whose first byte was read already, and is read again.
struct Replayed<S> {
    first: Option<u8>,
    socket: S,
}

impl<S> Replayed<S> {
    fn new(first: u8, socket: S) -> Self {
        Self { first: Some(first), socket }
    }
}

impl<S: Socket> AsyncRead for Replayed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.first {
            Some(first) if buffer.remaining() > 0 => {
                buffer.put_slice(&[first]);
                self.first = None;
                Poll::Ready(Ok(()))
            }
            _ => Pin::new(&mut self.socket).poll_read(cx, buffer),
        }
    }
}

impl<S: Socket> AsyncWrite for Replayed<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

/// With what a TLS connection begins.
const TLS_BYTE: u8 = 0x16;
/// With what a lane begins.
const LANE_BYTE: u8 = b'W';
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
