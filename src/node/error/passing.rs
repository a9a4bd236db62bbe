//! What may go well when the same is tried again.

use super::Error;

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
}
