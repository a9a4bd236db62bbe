//! Frames: a length, a kind, a body.
//!
//! ```text
//! length u32 (of kind and body, at least 1)   kind u8   body
//! ```
//!
//! The decoder takes bytes as they come. It compares the length with the phase's largest maximum as
//! soon as it is there, and with the kind's own as soon as that is there, and reserves only as much
//! as has come already: an announced frame costs its sender as many bytes as it costs its reader.

use super::kind::{Kind, Names, Phase};
use super::message::{FirstField, Message};
use crate::codec::{self, Reader};
use bytes::{Buf, Bytes, BytesMut};

/// A frame that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// What it is.
    pub kind: Kind,
    /// The message's bytes.
    pub body: Bytes,
}

impl Frame {
    /// The request or the stream that the frame names; none for one that names neither.
    pub fn number(&self) -> Result<Option<u32>, codec::Error> {
        match self.kind {
            Kind::StreamChunk | Kind::StreamRecord => Reader::new(&self.body).u32().map(Some),
            kind if kind.names() == Names::Nothing => Ok(None),
            _ => FirstField::of(&self.body).map(Some),
        }
    }
}

/// The bytes of a message's frame.
pub fn encode<M: Message>(message: &M) -> Bytes {
    let mut out = vec![0, 0, 0, 0, M::KIND.tag()];
    message.write(&mut out);
    // Every message keeps to its kind's maximum, which is far below 4 GiB.
    let length = u32::try_from(out.len().saturating_sub(LENGTH_BYTES)).unwrap_or(u32::MAX);
    for (to, from) in out.iter_mut().zip(length.to_be_bytes()) {
        *to = from;
    }
    out.into()
}

/// Cuts frames off the front of what came.
#[derive(Debug)]
pub struct FrameDecoder {
    phase: Phase,
}

impl FrameDecoder {
    /// Starts before the greeting.
    pub fn new() -> Self {
        Self { phase: Phase::Greeting }
    }

    /// Takes the frames of an open conversation from now on. Only after both proofs.
    pub fn open(&mut self) {
        self.phase = Phase::Open;
    }

    /// The next frame, if it is there wholly; if not, room for more of it is reserved.
    ///
    /// After an error the conversation is over: what follows cannot be told into frames.
    pub fn decode(&mut self, input: &mut BytesMut) -> Result<Option<Frame>, FrameError> {
        let Some(length) = self.length(input)? else { return Ok(None) };
        let Some(kind) = self.kind(input, length)? else { return Ok(None) };
        let whole = LENGTH_BYTES.saturating_add(length);
        if input.len() < whole {
            reserve(input, whole);
            return Ok(None);
        }
        let mut frame = input.split_to(whole).freeze();
        frame.advance(HEAD_BYTES);
        Ok(Some(Frame { kind, body: frame }))
    }

    /// Whether the input may end here: between two frames.
    pub fn finish(&self, input: &BytesMut) -> Result<(), FrameError> {
        if input.is_empty() { Ok(()) } else { Err(FrameError::Cut) }
    }

    fn length(&self, input: &BytesMut) -> Result<Option<usize>, FrameError> {
        let Some(length) = input.first_chunk() else { return Ok(None) };
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        match length {
            0 => Err(FrameError::Empty),
            _ => within(length, self.phase.max_length()).map(Some),
        }
    }

    fn kind(&self, input: &BytesMut, length: usize) -> Result<Option<Kind>, FrameError> {
        let Some(tag) = input.get(LENGTH_BYTES) else { return Ok(None) };
        let kind = Kind::from_tag(*tag).ok_or(FrameError::Kind(*tag))?;
        if !kind.is_allowed_in(self.phase) {
            return Err(FrameError::Unexpected(kind));
        }
        within(length, kind.max_length())?;
        Ok(Some(kind))
    }
}

impl Default for FrameDecoder {
    fn default() -> Self {
        Self::new()
    }
}

fn within(length: usize, max: usize) -> Result<usize, FrameError> {
    if length > max { Err(FrameError::TooLong { length, max }) } else { Ok(length) }
}

/// Makes room for what is missing of a frame, when there is none: as much as has come, or one step.
fn reserve(input: &mut BytesMut, whole: usize) {
    let missing = whole.saturating_sub(input.len());
    let room = input.capacity().saturating_sub(input.len());
    if room < missing.min(LEAST_ROOM) {
        input.reserve(missing.min(input.len().max(STEP_BYTES)));
    }
}

/// Why bytes are no frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// A frame without a kind.
    #[error("an empty frame")]
    Empty,
    /// A frame beyond the maximum of its phase or kind.
    #[error("a frame of {length} bytes, where at most {max} may come")]
    TooLong {
        /// What was announced.
        length: usize,
        /// What is accepted.
        max: usize,
    },
    /// A kind that this version does not have.
    #[error("a frame of the unknown kind {0:#04x}")]
    Kind(u8),
    /// A kind that does not come in this phase.
    #[error("a frame that does not belong here now: {0}")]
    Unexpected(Kind),
    /// The input ended inside a frame.
    #[error("the connection ended inside a frame")]
    Cut,
}

const LENGTH_BYTES: usize = 4;
const HEAD_BYTES: usize = 5;
const STEP_BYTES: usize = 16 * 1024;
/// With less room than this, too little would be read at once.
const LEAST_ROOM: usize = 1024;
