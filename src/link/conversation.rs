//! A typed conversation over any connection.
//!
//! ```text
//!  program                                  task of the connection
//!  ask, tell ──▶ control queue ──┐
//!  send_bulk ──▶ bulk queue ─────┴▶ writer ──▶ frames
//!  ask       ◀── answers ◀───────┐
//!  StreamFrames ◀── a queue each ┼─ reader ◀── frames
//!  Incoming  ◀── requests ◀──────┘
//! ```
//!
//! How it is used:
//!
//! - [`Conversation`] is a cheap handle. The conversation goes on as long as one is held, by the
//!   program or by a [`Request`]; after that it says goodbye and ends.
//! - [`Conversation::ask`] sends a request and waits for its answer; requests overlap freely, and
//!   answers come in any order. [`Conversation::tell`] sends a message that is not answered. Neither
//!   waits for the other side to read: when too much lies there, the conversation ends.
//! - [`Conversation::send_bulk`] waits for its turn behind everything else; those who wait are
//!   served in the order in which they came.
//! - A stream has the number of the request that began it. Who asks gets its frames with
//!   [`Conversation::ask_stream`]; who answers calls [`Request::open_stream`] **before** answering.
//!   Frames that nobody takes hold up the whole connection, so take them or drop the
//!   [`StreamFrames`], and never wait for `send_bulk` where nobody else takes them.
//! - [`Incoming::next`] gives the requests of the other side. Each wants an answer; one that is
//!   dropped is answered with a failure.
//! - [`Conversation::role`], [`Conversation::lanes_to`] and [`Conversation::proven`] tell who dialled,
//!   where to, and who is there: lanes need all three.

use super::codec::{Line, Traffic};
use super::driver::{Driver, Queues};
use super::ending::{AskError, Ended, Ending};
use super::handshake::{AwaitHello, Expected, Proven, greet};
use super::incoming::{Incoming, StreamFrames};
use super::table::Table;
use super::tls::Exporter;
use super::{Deadlines, Error, Side};
use crate::wire::{Ask, Code, Explanation, Failure, Frame, Kind, Message, Numbered, Role, frame};
use bytes::Bytes;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// A conversation that has begun. The driver must run for anything to happen.
#[derive(Debug)]
pub struct Begun<D> {
    /// To speak.
    pub conversation: Conversation,
    /// What the other side asks.
    pub incoming: Incoming,
    /// Moves the bytes; gives why the conversation ended.
    pub driver: D,
}

/// Begins a conversation over a connection that nobody else can read, whose ends share `exporter`.
///
/// Both sides prove who they are; `stop` ends the conversation with a goodbye. Dialling and
/// listening call this; so does who has a connection of another sort.
pub async fn converse<IO: AsyncRead + AsyncWrite + Send>(
    io: IO,
    side: &Side,
    role: Role,
    expected: Expected,
    exporter: Exporter,
    stop: CancellationToken,
) -> Result<Begun<impl Future<Output = Ending> + Send + use<IO>>, Error> {
    let mut line = Line::new(io, side.deadlines());
    let await_hello = AwaitHello::new(role, side.hello(), expected, exporter);
    let proven = greet(&mut line, side, await_hello).await?;
    Ok(begin(line, proven, side, Ways::default(), stop))
}

/// A conversation over a line on which both sides have proven who they are.
pub(super) fn begin<IO: AsyncRead + AsyncWrite + Send>(
    line: Line<IO>,
    proven: Proven,
    side: &Side,
    ways: Ways,
    stop: CancellationToken,
) -> Begun<impl Future<Output = Ending> + Send + use<IO>> {
    let deadlines = side.deadlines();
    let (control, control_out) = mpsc::channel(deadlines.control_queue.max(1));
    let (bulk, bulk_out) = mpsc::channel(deadlines.bulk_queue.max(1));
    let (requests, requests_in) = mpsc::channel(deadlines.requests.max(1));
    let shared = Arc::new(Shared {
        table: Mutex::new(Table::new(proven.role())),
        proven,
        ways,
        side: side.clone(),
        waiting_bytes: AtomicUsize::new(0),
        traffic: line.traffic(),
        unanswered: AtomicUsize::new(0),
        unanswered_bytes: AtomicUsize::new(0),
        ahead: Arc::new(Semaphore::new(deadlines.request_bytes.min(Semaphore::MAX_PERMITS))),
        ending: OnceLock::new(),
        over: CancellationToken::new(),
    });
    let conversation = Conversation { shared: Arc::clone(&shared), control, bulk };
    let handle = conversation.downgrade();
    let queues = Queues { control: control_out, bulk: bulk_out, requests };
    let driver = Driver::new(line, shared, handle, queues).run(stop);
    Begun { conversation, incoming: Incoming::new(requests_in), driver }
}

/// What is known of the connection under a conversation.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ways {
    /// Its other end.
    pub(super) other_end: Option<SocketAddr>,
    /// Where lanes are dialled.
    pub(super) lanes_to: Option<SocketAddr>,
}

/// A conversation, to speak in. Cheap to clone.
#[derive(Clone)]
pub struct Conversation {
    shared: Arc<Shared>,
    control: mpsc::Sender<Bytes>,
    bulk: mpsc::Sender<Bytes>,
}

/// What all handles of a conversation and its driver share.
pub(super) struct Shared {
    pub(super) proven: Proven,
    side: Side,
    ways: Ways,
    table: Mutex<Table>,
    /// Bytes in the control queue.
    waiting_bytes: AtomicUsize,
    traffic: Arc<Traffic>,
    /// Requests of the other side that wait for an answer.
    pub(super) unanswered: AtomicUsize,
    /// The bytes of these requests.
    pub(super) unanswered_bytes: AtomicUsize,
    /// Room, in bytes, for what follows on these requests before anybody has looked at them.
    pub(super) ahead: Arc<Semaphore>,
    ending: OnceLock<Ending>,
    over: CancellationToken,
}

impl Conversation {
    /// Who is there.
    pub fn proven(&self) -> &Proven {
        &self.shared.proven
    }

    /// Which end **we** are: whether we dialled.
    pub fn role(&self) -> Role {
        self.shared.proven.role()
    }

    /// How long this side waits for what.
    pub fn deadlines(&self) -> &Deadlines {
        self.shared.deadlines()
    }

    /// Why the conversation ended, if it is over.
    pub fn ending(&self) -> Option<Ending> {
        // Known before anybody is told of it: who hears that all is over finds out why.
        self.shared.ending.get().cloned()
    }

    /// Where this side dials lanes; nowhere when it was dialled, or reached the other in a way that
    /// lanes cannot take.
    pub fn lanes_to(&self) -> Option<SocketAddr> {
        self.shared.ways.lanes_to
    }

    /// The other end of the connection, as this side sees it: where a listener was dialled from, or
    /// what a dialler reached. None where the connection was handed in.
    pub fn other_end(&self) -> Option<SocketAddr> {
        self.shared.ways.other_end
    }

    /// Asks, and waits for the answer. The id is filled in.
    pub async fn ask<A: Ask>(&self, ask: A) -> Result<A::Answer, AskError> {
        let asked = self.send_ask(ask, false)?;
        self.answer_to(asked.0).await
    }

    /// Asks for a stream: its frames come to the caller from the moment of asking.
    pub async fn ask_stream<A: Ask>(&self, ask: A) -> Result<(A::Answer, StreamFrames), AskError> {
        let (asked, frames) = self.begin_stream(ask)?;
        Ok((self.answer_to(asked).await?, frames))
    }

    /// The same, for who hears and says more of it before the answer.
    pub(super) fn begin_stream<A: Ask>(&self, ask: A) -> Result<(Asked, StreamFrames), AskError> {
        let (asked, frames) = self.send_ask(ask, true)?;
        Ok((asked, frames.ok_or_else(|| self.over())?))
    }

    /// Says something that is not answered. Does not wait.
    pub fn tell<M: Message>(&self, message: &M) -> Result<(), Ended> {
        self.control(frame::encode(message))
    }

    /// Says something long, when everything else is said. Those who wait are served in order.
    pub async fn send_bulk<M: Message>(&self, message: &M) -> Result<(), Ended> {
        let frame = frame::encode(message);
        tokio::select! {
            sent = self.bulk.send(frame) => sent.map_err(|_| Ended),
            () = self.shared.over.cancelled() => Err(Ended),
        }
    }

    /// Ends the conversation: what was told and asked before still leaves, then a goodbye.
    pub fn end(&self, code: Code, text: &str) {
        self.shared.end(Ending::Ours { code, text: Explanation::new(text) });
    }

    /// Waits until the conversation is over, and says why. Waiting does not keep it going.
    pub fn ended(&self) -> impl Future<Output = Ending> + Send + 'static {
        let shared = Arc::clone(&self.shared);
        async move {
            shared.over.cancelled().await;
            shared.why_it_ended()
        }
    }

    /// How many bytes came and left.
    pub(super) fn traffic(&self) -> &Traffic {
        &self.shared.traffic
    }

    pub(super) fn side(&self) -> &Side {
        &self.shared.side
    }

    fn why_it_ended(&self) -> Ending {
        self.shared.why_it_ended()
    }

    /// Gives a request its id and sends it. Ids grow in the order in which requests leave, so one
    /// lock is held over both.
    fn send_ask<A: Ask>(
        &self,
        mut ask: A,
        with_stream: bool,
    ) -> Result<(Asked, Option<StreamFrames>), AskError> {
        let mut table = self.shared.table();
        let id = table.next_id().map_err(|_| AskError::Ended(self.why_it_ended()))?;
        ask.set_id(id);
        let answer = table.await_answer(id, A::Answer::KIND);
        let size = self.shared.deadlines().stream_queue;
        let frames = with_stream.then(|| table.open_stream(id, size)).flatten();
        let sent = self.enqueue(frame::encode(&ask));
        drop(table);
        let asked = Asked { shared: Arc::clone(&self.shared), id, answer };
        let frames = frames.map(|frames| StreamFrames::new(Arc::clone(&self.shared), id, frames));
        self.unless_it_overflows(sent).map_err(|_| AskError::Ended(self.why_it_ended()))?;
        Ok((asked, frames))
    }

    async fn answer_to<A: Numbered>(&self, mut asked: Asked) -> Result<A, AskError> {
        let answer = timeout(self.shared.deadlines().answer, &mut asked.answer).await;
        let answer = answer.map_err(|_| AskError::Late)?;
        self.read_answer(&answer.map_err(|_| AskError::Ended(self.why_it_ended()))?)
    }

    /// Why nothing is asked any more.
    pub(super) fn over(&self) -> AskError {
        AskError::Ended(self.why_it_ended())
    }

    pub(super) fn read_answer<A: Numbered>(&self, frame: &Frame) -> Result<A, AskError> {
        let read = match frame.kind {
            Kind::Failure => frame
                .decode()
                .map(|Failure { code, text, .. }| Err(AskError::Refused { code, text })),
            _ => frame.decode().map(Ok),
        };
        read.unwrap_or_else(|_| {
            self.end(Code::Malformed, "");
            Err(AskError::Ended(self.why_it_ended()))
        })
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Puts frames into the control queue. Never waits: who does not read must not cost memory.
    pub(super) fn control(&self, frames: Bytes) -> Result<(), Ended> {
        let sent = self.enqueue(frames);
        self.unless_it_overflows(sent)
    }

    fn enqueue(&self, frames: Bytes) -> Result<(), Overflow> {
        if self.shared.over.is_cancelled() {
            return Err(Overflow);
        }
        let (length, max) = (frames.len(), self.shared.deadlines().control_bytes);
        let before = self.shared.waiting_bytes.fetch_add(length, Ordering::Relaxed);
        if before.saturating_add(length) > max {
            return Err(Overflow);
        }
        self.control.try_send(frames).map_err(|_| Overflow)
    }

    fn unless_it_overflows(&self, sent: Result<(), Overflow>) -> Result<(), Ended> {
        sent.map_err(|Overflow| {
            // Says nothing when the conversation is over already.
            self.end(Code::Slow, "what is said is not read");
            Ended
        })
    }

    fn downgrade(&self) -> WeakConversation {
        let (control, bulk) = (self.control.downgrade(), self.bulk.downgrade());
        WeakConversation { shared: Arc::clone(&self.shared), control, bulk }
    }
}

impl fmt::Debug for Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Conversation({:?})", self.shared.proven)
    }
}

/// A handle that does not keep the conversation going.
pub(super) struct WeakConversation {
    shared: Arc<Shared>,
    control: mpsc::WeakSender<Bytes>,
    bulk: mpsc::WeakSender<Bytes>,
}

impl WeakConversation {
    pub(super) fn upgrade(&self) -> Result<Conversation, Ended> {
        let (control, bulk) = (self.control.upgrade(), self.bulk.upgrade());
        let (control, bulk) = (control.ok_or(Ended)?, bulk.ok_or(Ended)?);
        Ok(Conversation { shared: Arc::clone(&self.shared), control, bulk })
    }
}

impl Shared {
    pub(super) fn deadlines(&self) -> &Deadlines {
        self.side.deadlines()
    }

    pub(super) fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the conversation, if nothing has yet.
    pub(super) fn end(&self, why: Ending) {
        if self.ending.set(why).is_ok() {
            self.table().end();
            self.over.cancel();
        }
    }

    pub(super) fn over(&self) -> &CancellationToken {
        &self.over
    }

    pub(super) fn why_it_ended(&self) -> Ending {
        let unknown = || Ending::Broken(io::ErrorKind::Other);
        self.ending.get().cloned().unwrap_or_else(unknown)
    }

    /// Frames have left the control queue.
    pub(super) fn left(&self, bytes: usize) {
        self.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// A request that was made; awaited no longer when this is dropped.
pub(super) struct Asked {
    shared: Arc<Shared>,
    id: u32,
    answer: oneshot::Receiver<Frame>,
}

impl Asked {
    /// The answer, unread; none when the conversation is over. May be dropped while it waits.
    pub(super) async fn frame(&mut self) -> Option<Frame> {
        (&mut self.answer).await.ok()
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.shared.table().give_up(self.id);
    }
}

struct Overflow;
