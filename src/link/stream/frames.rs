//! Reading the frames of a stream, each in its turn.

use super::StreamError;
use crate::link::StreamFrames;
use crate::seal::ChunkHead;
use crate::wire::{Frame, Kind, Message, Outcome, StreamChunk, StreamEnd};

/// The next frame. One that does not come now is an error, and so is the end of the stream.
pub(super) async fn next(
    frames: &mut StreamFrames,
    outcome: impl Fn(Kind) -> Outcome,
) -> Result<Frame, StreamError> {
    let frame = frames.next().await.ok_or(StreamError::Stopped)?;
    admit(frame, outcome)
}

/// A frame that is here, likewise.
pub(super) fn admit(frame: Frame, outcome: impl Fn(Kind) -> Outcome) -> Result<Frame, StreamError> {
    match outcome(frame.kind) {
        Outcome::Accept if frame.kind == Kind::StreamEnd => Err(ended(&frame)),
        Outcome::Accept => Ok(frame),
        _ => Err(StreamError::Unexpected),
    }
}

pub(super) fn read<M: Message>(frame: &Frame) -> Result<M, StreamError> {
    frame.decode().map_err(|_| StreamError::Malformed)
}

/// A chunk off the channel, its ciphertext in memory of its own.
pub(super) fn chunk(frame: &Frame) -> Result<(ChunkHead, Vec<u8>), StreamError> {
    let chunk: StreamChunk = read(frame)?;
    Ok((chunk.head(), chunk.into_ciphertext().into()))
}

/// Why the other side ended the stream.
fn ended(frame: &Frame) -> StreamError {
    match frame.decode::<StreamEnd>() {
        Ok(StreamEnd { code, text, .. }) => StreamError::Refused { code, text },
        Err(_) => StreamError::Malformed,
    }
}
