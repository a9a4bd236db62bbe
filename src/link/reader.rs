//! The other direction: frames find their way, and the time is watched.

use super::codec::FrameCodec;
use super::conversation::{Conversation, Shared, WeakConversation};
use super::ending::{Ended, Ending};
use super::incoming::Request;
use super::table::{Kept, Way};
use super::watch::{Due, Watch};
use crate::wire::{
    ChannelState, Code, Explanation, Frame, Goodbye, Kind, Names, Outcome, Ping, Pong, StreamEnd,
};
use futures_util::StreamExt;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, ReadHalf};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::{Instant, Sleep, sleep_until, timeout};
use tokio_util::codec::FramedRead;
use tokio_util::sync::CancellationToken;

/// Reads.
pub(super) struct Reader<'a, IO> {
    frames: &'a mut FramedRead<ReadHalf<IO>, FrameCodec>,
    shared: &'a Shared,
    handle: &'a WeakConversation,
    requests: mpsc::Sender<Request>,
    watch: Watch,
}

impl<'a, IO: AsyncRead> Reader<'a, IO> {
    pub(super) fn new(
        frames: &'a mut FramedRead<ReadHalf<IO>, FrameCodec>,
        shared: &'a Shared,
        handle: &'a WeakConversation,
        requests: mpsc::Sender<Request>,
    ) -> Self {
        let watch = Watch::new(frames.decoder().arrival());
        Self { frames, shared, handle, requests, watch }
    }

    pub(super) async fn read_until_the_end(mut self, stop: CancellationToken) {
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
                Some(Err(error)) => Err(Ending::of(&error)),
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
            let _ = conversation.tell(&Ping { token: self.watch.pings() });
        }
    }

    async fn take(&mut self, frame: Frame) -> Result<(), Ending> {
        let number = frame.number().map_err(malformed)?.unwrap_or_default();
        let is_request = frame.kind.names() == Names::Request;
        match ChannelState::Open.outcome(self.shared.proven.role(), frame.kind) {
            Outcome::Accept if is_request => self.take_request(frame, number),
            Outcome::Accept => self.take_own(&frame),
            Outcome::Answer => self.take_answer(frame, number),
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

    /// Whoever is granted a stream that nobody here wants any more must not wait for it.
    fn take_answer(&self, frame: Frame, id: u32) -> Result<(), Ending> {
        let grants_a_stream = matches!(frame.kind, Kind::SendGrant | Kind::GetGrant);
        let is_awaited = self.shared.table().answer(id, frame).map_err(Ending::ours)?;
        if is_awaited || !grants_a_stream || self.shared.table().has_stream(id) {
            return Ok(());
        }
        let (code, text) = (Code::Cancelled, Explanation::default());
        let told = self.speaker()?.tell(&StreamEnd { stream: id, code, text });
        told.map_err(|Ended| self.over())
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

    /// Waits until the frame can be handed on. Meanwhile nothing is read, and nobody looks at the
    /// watch; at its next look it hears of this frame, as if it came then.
    async fn take_of_stream(&mut self, frame: Frame, number: u32) -> Result<(), Ending> {
        let way = self.shared.table().way(number).map_err(Ending::ours)?;
        let (to, room) = match way {
            Way::To(to) => (to, None),
            Way::Ahead(to) => (to, Some(frame.body.len())),
            Way::Nowhere => return Ok(()),
        };
        let patience = self.shared.deadlines().ping;
        let found = loop {
            match timeout(patience, place(self.shared, &to, room)).await {
                Ok(found) => break found,
                // The other side hears nothing else from us.
                Err(_) => self.ping(),
            }
        };
        // Nobody takes them any more: the stream ended in this moment.
        if let Some((place, room)) = found {
            place.send((frame, room));
        }
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

/// A place in the queue, and so much room if any is to be found. None if nobody takes frames there.
async fn place<'t>(
    shared: &Shared,
    to: &'t mpsc::Sender<Kept>,
    room: Option<usize>,
) -> Option<(mpsc::Permit<'t, Kept>, Option<OwnedSemaphorePermit>)> {
    let place = to.reserve().await.ok()?;
    let Some(bytes) = room else { return Some((place, None)) };
    let bytes = u32::try_from(bytes.min(shared.deadlines().request_bytes)).unwrap_or(u32::MAX);
    tokio::select! {
        room = Arc::clone(&shared.ahead).acquire_many_owned(bytes) => Some((place, room.ok())),
        () = to.closed() => None,
    }
}

fn malformed(_: crate::codec::Error) -> Ending {
    Ending::ours(Code::Malformed)
}
