//! What moves a conversation: a reader and a writer, joined in the one task of the connection.
//!
//! The reader hands frames on and watches the time; the writer empties the control queue before it
//! looks at the bulk. Neither waits for the other, so a full queue in one direction never stops the
//! other direction.

use super::codec::{Arrival, FrameCodec, Line, Out};
use super::conversation::{Conversation, Ended, Ending, Request, Shared, WeakConversation};
use super::table::Way;
use super::{Deadlines, Error};
use crate::wire::{ChannelState, Code, Frame, Goodbye, Kind, Names, Outcome, Ping, Pong, frame};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadHalf, WriteHalf};
use tokio::sync::mpsc;
use tokio::time::{Instant, Sleep, sleep_until, timeout};
use tokio_util::codec::FramedRead;
use tokio_util::sync::CancellationToken;

/// The driver's ends of the queues.
pub(super) struct Queues {
    pub(super) control: mpsc::Receiver<Bytes>,
    pub(super) bulk: mpsc::Receiver<Bytes>,
    pub(super) requests: mpsc::Sender<Request>,
}

/// Moves one conversation.
pub(super) struct Driver<IO> {
    line: Line<IO>,
    shared: Arc<Shared>,
    handle: WeakConversation,
    queues: Queues,
}

impl<IO: AsyncRead + AsyncWrite> Driver<IO> {
    pub(super) fn new(
        line: Line<IO>,
        shared: Arc<Shared>,
        handle: WeakConversation,
        queues: Queues,
    ) -> Self {
        Self { line, shared, handle, queues }
    }

    /// Runs until the conversation is over and its last words are out.
    pub(super) async fn run(self, stop: CancellationToken) -> Ending {
        let Self { mut line, shared, handle, queues } = self;
        let Queues { control, bulk, requests } = queues;
        {
            let reader = Reader::new(&mut line.frames, &shared, &handle, requests);
            let mut reader = pin!(reader.read_until_the_end(stop));
            let writer = Writer { out: &mut line.out, shared: &shared, control, bulk };
            let mut writer = pin!(writer.write_until_the_end());
            tokio::select! {
                () = &mut reader => writer.await,
                () = &mut writer => {}
            }
        }
        let ending = shared.why_it_ended();
        if ending.goodbye().is_some() {
            let linger = drain(line.frames.get_mut());
            // Closing on bytes that nobody read would take our goodbye back.
            let _ = timeout(shared.deadlines().farewell, linger).await;
        }
        ending
    }
}

/// Reads until the other side has closed as well.
async fn drain<R: AsyncRead + Unpin>(read: &mut R) -> io::Result<()> {
    let mut discarded = BytesMut::with_capacity(DRAIN_BYTES);
    while read.read_buf(&mut discarded).await? > 0 {
        discarded.clear();
    }
    Ok(())
}

/// One direction: frames find their way.
struct Reader<'a, IO> {
    frames: &'a mut FramedRead<ReadHalf<IO>, FrameCodec>,
    shared: &'a Shared,
    handle: &'a WeakConversation,
    requests: mpsc::Sender<Request>,
    watch: Watch,
}

impl<'a, IO: AsyncRead> Reader<'a, IO> {
    fn new(
        frames: &'a mut FramedRead<ReadHalf<IO>, FrameCodec>,
        shared: &'a Shared,
        handle: &'a WeakConversation,
        requests: mpsc::Sender<Request>,
    ) -> Self {
        let watch = Watch::new(frames.decoder().arrival());
        Self { frames, shared, handle, requests, watch }
    }

    async fn read_until_the_end(mut self, stop: CancellationToken) {
        let shared = self.shared;
        tokio::select! {
            why = self.read() => shared.end(why),
            () = stop.cancelled() => shared.end(Ending::ours(Code::Stopping)),
            () = shared.over().cancelled() => {}
        }
    }

    async fn read(&mut self) -> Ending {
        let mut timer = pin!(sleep_until(Instant::now()));
        loop {
            let heard = poll_fn(|cx| self.poll_frame(cx, timer.as_mut())).await;
            let handled = match heard {
                Ok(frame) => self.take(frame).await,
                Err(why) => return why,
            };
            if let Err(why) = handled {
                return why;
            }
        }
    }

    /// The next frame, or why there will be none. The timer runs to whatever is due first.
    fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
        mut timer: Pin<&mut Sleep>,
    ) -> Poll<Result<Frame, Ending>> {
        if let Poll::Ready(next) = self.frames.poll_next_unpin(cx) {
            return Poll::Ready(match next {
                Some(Ok(frame)) => Ok(frame),
                Some(Err(error)) => Err(ending(&error)),
                None => Err(Ending::Broken(io::ErrorKind::UnexpectedEof)),
            });
        }
        loop {
            let arrival = self.frames.decoder().arrival();
            let due = match self.watch.look(Instant::now(), arrival, self.shared.deadlines()) {
                Due::At(due) => due,
                Due::Ping => {
                    self.ping();
                    continue;
                }
                Due::End(code) => return Poll::Ready(Err(Ending::ours(code))),
            };
            if timer.deadline() != due {
                timer.as_mut().reset(due);
            }
            ready!(timer.as_mut().poll(cx));
        }
    }

    fn ping(&self) {
        if let Ok(conversation) = self.handle.upgrade() {
            // Should it overflow, the conversation ends by itself.
            let _ = conversation.tell(&Ping { token: self.watch.pings });
        }
    }

    async fn take(&mut self, frame: Frame) -> Result<(), Ending> {
        let number = frame.number().map_err(malformed)?.unwrap_or_default();
        let is_request = frame.kind.names() == Names::Request;
        match ChannelState::Open.outcome(self.shared.proven.role(), frame.kind) {
            Outcome::Accept if is_request => self.take_request(frame, number),
            Outcome::Accept => self.take_own(&frame),
            Outcome::Answer => self.shared.table().answer(number, frame).map_err(Ending::ours),
            Outcome::Stream => self.take_of_stream(frame, number).await,
            Outcome::Ignore => Ok(()),
            Outcome::Refuse(code) if is_request => self.refuse_request(frame, number, code),
            Outcome::Refuse(code) => Err(Ending::ours(code)),
        }
    }

    /// Frames that are for the conversation itself.
    fn take_own(&self, frame: &Frame) -> Result<(), Ending> {
        match frame.kind {
            Kind::Ping => {
                let Ping { token } = frame.decode().map_err(malformed)?;
                self.speaker()?.tell(&Pong { token }).map_err(|Ended| self.over())
            }
            Kind::Pong => frame.decode::<Pong>().map(|_| ()).map_err(malformed),
            Kind::Goodbye => {
                let Goodbye { code, text } = frame.decode().map_err(malformed)?;
                Err(Ending::Theirs { code, text })
            }
            _ => Err(Ending::ours(Code::Unexpected)),
        }
    }

    fn refuse_request(&self, frame: Frame, id: u32, code: Code) -> Result<(), Ending> {
        self.admit(frame, id).map(|request| request.into_iter().for_each(|it| it.refuse(code, "")))
    }

    fn admit(&self, frame: Frame, id: u32) -> Result<Option<Request>, Ending> {
        self.shared.table().take_request(id).map_err(Ending::ours)?;
        Ok(Request::admit(self.speaker()?, frame, id))
    }

    fn take_request(&self, frame: Frame, id: u32) -> Result<(), Ending> {
        let Some(request) = self.admit(frame, id)? else { return Ok(()) };
        // There is room: no more requests are admitted than the queue holds.
        if let Err(unwanted) = self.requests.try_send(request) {
            unwanted.into_inner().refuse(Code::NotAllowed, "");
        }
        Ok(())
    }

    /// Waits until the frame can be handed on: meanwhile nothing is read.
    async fn take_of_stream(&mut self, frame: Frame, number: u32) -> Result<(), Ending> {
        let way = self.shared.table().way(number).map_err(Ending::ours)?;
        let Way::To(to) = way else { return Ok(()) };
        let patience = self.shared.deadlines().ping;
        let place = loop {
            match timeout(patience, to.reserve()).await {
                Ok(place) => break place,
                // The other side hears nothing else from us.
                Err(_) => self.ping(),
            }
        };
        // Nobody takes them any more: the stream ended in this moment.
        if let Ok(place) = place {
            place.send(frame);
        }
        self.watch.begin_anew(Instant::now());
        Ok(())
    }

    fn speaker(&self) -> Result<Conversation, Ending> {
        self.handle.upgrade().map_err(|Ended| self.over())
    }

    /// Nobody holds the conversation any more.
    fn over(&self) -> Ending {
        Ending::ours(Code::Done)
    }
}

fn malformed(_: crate::codec::Error) -> Ending {
    Ending::ours(Code::Malformed)
}

fn ending(error: &Error) -> Ending {
    match (error, error.code()) {
        (Error::Line(kind), _) => Ending::Broken(*kind),
        (_, Some(code)) => Ending::ours(code),
        (_, None) => Ending::Broken(io::ErrorKind::UnexpectedEof),
    }
}

/// When something was last heard, and how the frame under way moves on.
struct Watch {
    arrival: Arrival,
    heard: Instant,
    has_pinged: bool,
    pings: u64,
    begun: Option<Mark>,
}

/// Where the frame under way stood.
struct Mark {
    at: Instant,
    arrival: Arrival,
}

/// What the watch wants.
enum Due {
    /// To look again then.
    At(Instant),
    /// To ask whether the other side is there.
    Ping,
    /// To end.
    End(Code),
}

impl Watch {
    fn new(arrival: Arrival) -> Self {
        Self { arrival, heard: Instant::now(), has_pinged: false, pings: 0, begun: None }
    }

    fn look(&mut self, now: Instant, arrival: Arrival, deadlines: &Deadlines) -> Due {
        if arrival.bytes != self.arrival.bytes {
            (self.heard, self.has_pinged) = (now, false);
        }
        self.mark(now, arrival, deadlines.progress_bytes);
        self.arrival = arrival;
        let silent = self.heard.checked_add(deadlines.silence);
        let stuck = self.begun.as_ref().and_then(|mark| mark.at.checked_add(deadlines.progress));
        let ping = self.heard.checked_add(deadlines.ping).filter(|_| !self.has_pinged);
        let is_due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        if is_due(stuck) {
            return Due::End(Code::Slow);
        }
        if is_due(silent) {
            return Due::End(Code::Idle);
        }
        if is_due(ping) {
            self.has_pinged = true;
            self.pings = self.pings.wrapping_add(1);
            return Due::Ping;
        }
        let next = [silent, stuck, ping].into_iter().flatten().min();
        Due::At(next.unwrap_or(now))
    }

    /// Sets the mark anew when another frame has begun, or enough of this one has come.
    fn mark(&mut self, now: Instant, arrival: Arrival, enough: u64) {
        let is_standing = self.begun.as_ref().is_some_and(|mark| {
            let came = arrival.bytes.saturating_sub(mark.arrival.bytes);
            mark.arrival.frames == arrival.frames && came < enough
        });
        if arrival.begun == 0 {
            self.begun = None;
        } else if !is_standing {
            self.begun = Some(Mark { at: now, arrival });
        }
    }

    /// While nothing was read, nothing could be heard.
    fn begin_anew(&mut self, now: Instant) {
        (self.heard, self.has_pinged, self.begun) = (now, false, None);
    }
}

/// The other direction: what waits leaves.
struct Writer<'a, IO> {
    out: &'a mut Out<WriteHalf<IO>>,
    shared: &'a Shared,
    control: mpsc::Receiver<Bytes>,
    bulk: mpsc::Receiver<Bytes>,
}

impl<IO: AsyncWrite> Writer<'_, IO> {
    async fn write_until_the_end(mut self) {
        if let Err(error) = self.write().await {
            return self.shared.end(ending(&error));
        }
        let farewell = timeout(self.shared.deadlines().farewell, self.say_goodbye()).await;
        // Who does not listen any more misses nothing.
        let _ = farewell;
    }

    /// Writes until the conversation is over.
    async fn write(&mut self) -> Result<(), Error> {
        let over = self.shared.over().clone();
        while !over.is_cancelled() {
            let Some(frames) = self.waiting() else {
                self.out.flush().await?;
                self.wait().await?;
                continue;
            };
            self.out.write(frames).await?;
        }
        Ok(())
    }

    /// Waits for something to write, and writes it.
    async fn wait(&mut self) -> Result<(), Error> {
        let frames = tokio::select! {
            biased;
            () = self.shared.over().cancelled() => return Ok(()),
            frames = self.control.recv() => frames.inspect(|frames| self.shared.left(frames.len())),
            frames = self.bulk.recv() => frames,
        };
        match frames {
            Some(frames) => self.out.write(frames).await,
            // Nobody holds the conversation any more.
            None => {
                self.shared.end(Ending::ours(Code::Done));
                Ok(())
            }
        }
    }

    /// What waits to be written: messages before bulk, small ones together.
    fn waiting(&mut self) -> Option<Bytes> {
        let Some(first) = self.message() else { return self.bulk.try_recv().ok() };
        if first.len() >= BATCH_BYTES {
            return Some(first);
        }
        let Some(second) = self.message() else { return Some(first) };
        let mut batch = BytesMut::with_capacity(BATCH_BYTES);
        batch.extend_from_slice(&first);
        batch.extend_from_slice(&second);
        while batch.len() < BATCH_BYTES {
            let Some(next) = self.message() else { break };
            batch.extend_from_slice(&next);
        }
        Some(batch.freeze())
    }

    fn message(&mut self) -> Option<Bytes> {
        let message = self.control.try_recv().ok()?;
        self.shared.left(message.len());
        Some(message)
    }

    /// What was said before the end still leaves, and then why it is the end.
    async fn say_goodbye(&mut self) -> Result<(), Error> {
        let Some(goodbye) = self.shared.why_it_ended().goodbye() else {
            return self.out.shut().await;
        };
        while let Some(message) = self.message() {
            self.out.write(message).await?;
        }
        self.out.send(frame::encode(&goodbye)).await?;
        self.out.shut().await
    }
}

/// About one record of TLS.
const BATCH_BYTES: usize = 16 * 1024;
const DRAIN_BYTES: usize = 1024;
