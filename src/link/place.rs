//! One connection that came in: from its first byte to its end, and its place among all.

use super::codec::Line;
use super::conversation::{Begun, Ways, begin};
use super::counts::{Admitted, ConnectionId, Counts, Full};
use super::handshake::{AwaitHello, Expected, Proven, greet, refuse};
use super::listen::{LaneDoor, Notice, Notices, Service, Socket};
use super::replayed::Replayed;
use super::tls::Exporter;
use super::{Error, Side};
use crate::crypto::Fingerprint;
use crate::wire::{Code, LaneOpening, Role};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::AsyncReadExt;
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What all connections of a listener share.
pub(super) struct Shared<S, V> {
    pub(super) side: Side,
    pub(super) service: V,
    pub(super) lanes: Option<Arc<dyn LaneDoor<S>>>,
    pub(super) notices: Notices,
    pub(super) places: Mutex<Places>,
    pub(super) stop: CancellationToken,
}

/// Who is there, and how to end those who have not proven themselves.
pub(super) struct Places {
    counts: Counts,
    tasks: HashMap<ConnectionId, AbortHandle>,
}

impl<S: Socket, V: Service> Shared<S, V> {
    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn admit(self: &Arc<Self>, socket: S, from: SocketAddr, tasks: &TaskTracker) {
        let admitted = self.places().counts.admit(from.ip());
        let admitted = match admitted {
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
        let mut line = Line::new(stream, deadlines);
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
    pub(super) fn new(counts: Counts) -> Self {
        Self { counts, tasks: HashMap::new() }
    }

    /// Keeps how to end a newcomer, unless it is gone or proven already. Gives how to end the one
    /// that goes for it.
    fn remember(&mut self, admitted: Admitted, task: AbortHandle) -> Option<AbortHandle> {
        if self.counts.is_unproven(admitted.id) {
            self.tasks.insert(admitted.id, task);
        }
        admitted.closes.and_then(|id| self.tasks.remove(&id))
    }

    /// Keeps a place that no newcomer takes. Who gets none may still have to go for one.
    fn prove(&mut self, id: ConnectionId, who: Fingerprint) -> Result<(), Full> {
        self.counts.prove(id, who)?;
        self.tasks.remove(&id);
        Ok(())
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
            // They believe that they are in, and may have spoken already.
            line.linger(shared.side.deadlines()).await;
            return self.refused(why);
        }
        (shared.notices)(Notice::Proven { from: self.from, who });
        let ways = Ways { other_end: Some(self.from), lanes_to: None };
        let begun = begin(line, proven, &shared.side, ways, shared.stop.clone());
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

/// With what a TLS connection begins.
const TLS_BYTE: u8 = 0x16;
/// With what a lane begins.
const LANE_BYTE: u8 = b'W';
