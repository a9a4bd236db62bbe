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

use super::conversation::Conversation;
use super::counts::{Counts, Limits};
use super::ending::Ending;
use super::incoming::Incoming;
use super::place::{Places, Shared};
use super::{Error, Side};
use crate::crypto::Fingerprint;
use crate::wire::LaneOpening;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
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
    AcceptFails(Error),
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

pub(super) type Notices = Arc<dyn Fn(Notice) + Send + Sync>;

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
            places: Mutex::new(Places::new(Counts::new(self.limits))),
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
                        (shared.notices)(Notice::AcceptFails(error.into()));
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

const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
