//! What may go well when the same is tried again, and what is somebody's fault.

use super::Error;
use super::Exit;
use crate::link::StreamError;
use crate::peer;
use crate::seal::SealError;
use crate::wire::Code;

impl Error {
    /// Whether trying the same again in a moment may be of use.
    ///
    /// An index that is away is not among this: whoever waits for it has waited already, for as long
    /// as they want to.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Link(why) | Self::Unreached { why, .. } => !why.is_permanent(),
            Self::Peer(error) => error.may_pass(),
            Self::Of(error) => error.may_pass(),
            _ => false,
        }
    }

    /// Whether somebody takes from or gives to as many others as they do at once.
    pub(in crate::node) fn is_busy(&self) -> bool {
        matches!(self, Self::Peer(peer::Error::Refused { code: Code::Busy, .. }))
    }

    /// Whether something is not what it should be, so that it is told whatever else succeeds.
    pub(in crate::node) fn is_wrong(&self) -> bool {
        self.advice().exit == Exit::Verification
    }

    /// Whether it may be put right: a clock, here or there, or an address that somebody else has for now.
    pub(in crate::node) fn may_be_mended(&self) -> bool {
        use peer::Error::{Crypto, Refused, Stream};
        match self {
            Self::Peer(Crypto(_) | Stream(StreamError::Seal(SealError::Crypto(_)))) => true,
            Self::Peer(Refused { code, .. }) => *code == Code::Certificate,
            Self::Unreached { .. } => true,
            Self::Of(error) => error.may_be_mended(),
            _ => false,
        }
    }

    /// Whether somebody did in a transfer what they must not.
    pub(in crate::node) fn is_of_sender(&self) -> bool {
        matches!(self, Self::Peer(error) if error.is_of_sender())
    }
}
