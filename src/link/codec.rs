//! Frames over bytes that come and go: `wire`'s decoder as tokio's codec, and a line that holds
//! both directions of a connection.

use super::{Deadlines, Error};
use crate::wire::{Frame, FrameDecoder, Kind, Message, Names, frame};
use bytes::{Buf, Bytes, BytesMut};
use futures_util::StreamExt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf, split};
use tokio::time::timeout;
use tokio_util::codec::{Decoder, FramedRead};

/// Cuts frames, and knows how far the one under way has come.
#[derive(Debug, Default)]
pub(super) struct FrameCodec {
    decoder: FrameDecoder,
    arrival: Arrival,
    traffic: Arc<Traffic>,
    /// Bytes of the frame under way that are counted as traffic.
    counted: usize,
}

/// How many bytes of streams came, and how many of bulk left, for whoever wonders whether anything
/// moves: pings and refusals are no movement.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    came: AtomicU64,
    left: AtomicU64,
}

impl Traffic {
    pub(super) fn came(&self) -> u64 {
        self.came.load(Ordering::Relaxed)
    }

    pub(super) fn left(&self) -> u64 {
        self.left.load(Ordering::Relaxed)
    }
}

/// What has arrived so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Arrival {
    /// Bytes in all.
    pub(super) bytes: u64,
    /// Frames that are whole.
    pub(super) frames: u64,
    /// Bytes of the frame that is not.
    pub(super) begun: usize,
}

impl FrameCodec {
    /// From now on, frames of an open conversation.
    pub(super) fn open(&mut self) {
        self.decoder.open();
    }

    pub(super) fn arrival(&self) -> Arrival {
        self.arrival
    }

    /// Counts what came of a stream's frame, if it is one: `frame`, or what `rest` begins with.
    fn count(&mut self, frame: Option<&Frame>, rest: &[u8]) {
        let (kind, length) = match frame {
            Some(frame) => (Some(frame.kind), frame.body.len()),
            None => (rest.get(4).and_then(|tag| Kind::from_tag(*tag)), rest.len()),
        };
        let is_of_a_stream = kind.is_some_and(|kind| kind.names() == Names::Stream);
        let fresh = if is_of_a_stream { length.saturating_sub(self.counted) } else { 0 };
        self.traffic.came.fetch_add(fresh as u64, Ordering::Relaxed);
        self.counted = if frame.is_some() { 0 } else { self.counted.saturating_add(fresh) };
    }
}

impl Decoder for FrameCodec {
    type Item = Frame;
    type Error = Error;

    fn decode(&mut self, input: &mut BytesMut) -> Result<Option<Frame>, Error> {
        let fresh = input.len().saturating_sub(self.arrival.begun);
        self.arrival.bytes = self.arrival.bytes.saturating_add(fresh as u64);
        let frame = self.decoder.decode(input)?;
        self.count(frame.as_ref(), input);
        self.arrival.frames = self.arrival.frames.saturating_add(u64::from(frame.is_some()));
        self.arrival.begun = input.len();
        Ok(frame)
    }

    fn decode_eof(&mut self, input: &mut BytesMut) -> Result<Option<Frame>, Error> {
        match self.decode(input)? {
            Some(frame) => Ok(Some(frame)),
            None => Ok(self.decoder.finish(input).map(|()| None)?),
        }
    }
}

/// A connection as frames.
#[derive(Debug)]
pub(super) struct Line<IO> {
    pub(super) frames: FramedRead<ReadHalf<IO>, FrameCodec>,
    pub(super) out: Out<WriteHalf<IO>>,
}

impl<IO: AsyncRead + AsyncWrite> Line<IO> {
    /// A line over a connection; a write that does not move on in time fails.
    pub(super) fn new(io: IO, deadlines: &Deadlines) -> Self {
        let (read, write) = split(io);
        let codec = FrameCodec::default();
        let traffic = Arc::clone(&codec.traffic);
        let frames = FramedRead::with_capacity(read, codec, FIRST_BYTES);
        let least = usize::try_from(deadlines.progress_bytes).unwrap_or(usize::MAX);
        Self { frames, out: Out { write, progress: deadlines.progress, least, traffic } }
    }

    pub(super) fn traffic(&self) -> Arc<Traffic> {
        Arc::clone(&self.out.traffic)
    }

    /// The next frame; the end of the connection is an error.
    pub(super) async fn next(&mut self) -> Result<Frame, Error> {
        let frame = self.frames.next().await;
        frame.unwrap_or(Err(Error::Line(io::ErrorKind::UnexpectedEof)))
    }

    /// Waits for the other side to close as well, for the time of a farewell: closing on bytes that
    /// nobody read would take our goodbye back.
    pub(super) async fn linger(&mut self, deadlines: &Deadlines) {
        let drained = async {
            let mut discarded = BytesMut::with_capacity(DRAIN_BYTES);
            while self.frames.get_mut().read_buf(&mut discarded).await? > 0 {
                discarded.clear();
            }
            io::Result::Ok(())
        };
        // Whether they closed, broke off, or went on and on: this side is done.
        let _ = timeout(deadlines.farewell, drained).await;
    }
}

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Load {
    /// Messages.
    Words,
    /// Chunks.
    Bulk,
}

/// The way out.
#[derive(Debug)]
pub(super) struct Out<W> {
    write: W,
    progress: Duration,
    /// So many bytes leave within that time, unless fewer are left: who takes one byte now and then
    /// does not keep us for ever.
    least: usize,
    traffic: Arc<Traffic>,
}

impl<W: AsyncWrite + Unpin> Out<W> {
    /// Sends a message at once.
    pub(super) async fn say<M: Message>(&mut self, message: &M) -> Result<(), Error> {
        self.send(frame::encode(message)).await
    }

    /// Sends frames at once.
    pub(super) async fn send(&mut self, frames: Bytes) -> Result<(), Error> {
        self.write(frames, Load::Words).await?;
        self.flush().await
    }

    /// Hands frames over; they leave with the next [`Out::flush`], if not before.
    pub(super) async fn write(&mut self, mut frames: Bytes, load: Load) -> Result<(), Error> {
        while frames.has_remaining() {
            let before = frames.len();
            let written = timeout(self.progress, self.write_some(&mut frames)).await;
            written.map_err(|_| Error::Late(A_WRITE))??;
            if load == Load::Bulk {
                let count = before.saturating_sub(frames.len()) as u64;
                self.traffic.left.fetch_add(count, Ordering::Relaxed);
            }
        }
        Ok(())
    }

    /// Writes as much as must leave within one deadline.
    async fn write_some(&mut self, frames: &mut Bytes) -> io::Result<()> {
        let enough = frames.len().saturating_sub(self.least.max(1));
        while frames.len() > enough {
            if self.write.write_buf(frames).await? == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
        }
        Ok(())
    }

    pub(super) async fn flush(&mut self) -> Result<(), Error> {
        let flushed = timeout(self.progress, self.write.flush()).await;
        Ok(flushed.map_err(|_| Error::Late(A_WRITE))??)
    }

    /// Says that nothing more comes.
    pub(super) async fn shut(&mut self) -> Result<(), Error> {
        let shut = timeout(self.progress, self.write.shutdown()).await;
        Ok(shut.map_err(|_| Error::Late(A_WRITE))??)
    }
}

const A_WRITE: &str = "a write";
/// Room for what small frames need; it grows with what comes.
const FIRST_BYTES: usize = 1024;
const DRAIN_BYTES: usize = 1024;
