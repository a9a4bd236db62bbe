//! Why something of this room did not come about.

use super::LandError;
use crate::link::{AskError, Ending, StreamError, is_out_of_files};
use crate::seal::{ManifestProblem, SealError};
use crate::wire::{Code, Explanation};
use std::io;
use std::path::PathBuf;

/// Why a transfer did not come about, or not to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The other side does not want to.
    #[error("the other side refuses: {}", .code.said(.text))]
    Refused {
        /// Why.
        code: Code,
        /// The same in its words.
        text: Explanation,
    },
    /// The other side does not answer.
    #[error("the other side does not answer")]
    Silent,
    /// The conversation is over.
    #[error("{0}")]
    Ended(Ending),
    /// The stream did not come to its end.
    #[error(transparent)]
    Stream(StreamError),
    /// This side does not do what was asked.
    #[error("this was not done for the other side: {0}")]
    Declined(Code),
    /// What was asked is no request.
    #[error("a request is malformed: {0}")]
    Malformed(#[from] crate::codec::Error),
    /// What came is not what was asked for: the sender's fault.
    #[error("the sender sent something else than it was asked for: {0}")]
    NotAsked(&'static str),
    /// A name or path that cannot be.
    #[error(transparent)]
    Name(#[from] crate::model::Error),
    /// Files that cannot be sent together.
    #[error(transparent)]
    Together(#[from] ManifestProblem),
    /// There is nothing to send.
    #[error("there is no file to send")]
    Nothing,
    /// What this person cannot make: a signature, a seal.
    #[error(transparent)]
    Crypto(#[from] crate::crypto::Error),
    /// The system refused.
    #[error("{}: {source}", path.display())]
    Disk {
        /// What was asked for.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is no room for what would come.
    #[error("{} MiB are needed, and {} MiB are free", .needed.div_ceil(1 << 20), .free >> 20)]
    NoSpace {
        /// How many would come.
        needed: u64,
        /// For how many there is room.
        free: u64,
    },
    /// What came has no name.
    #[error(transparent)]
    Landing(LandError),
    /// This side stopped.
    #[error("it was stopped")]
    Stopped,
}

impl Error {
    /// Whether the sender did what it must not, and is not to be asked again.
    pub fn is_of_sender(&self) -> bool {
        match self {
            Self::NotAsked(_) => true,
            Self::Stream(error) => error.is_senders_fault(),
            _ => false,
        }
    }

    /// Whether a file was not any more what it was listed as.
    pub fn is_source_changed(&self) -> bool {
        matches!(
            self,
            Self::Declined(Code::SourceChanged)
                | Self::Refused { code: Code::SourceChanged, .. }
                | Self::Stream(StreamError::Seal(SealError::SourceChanged { .. }))
        )
    }

    /// Whether trying the same again in a moment may be of use. What its owner has to look at again
    /// first is not the same again.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Silent | Self::Stream(StreamError::Stalled) => true,
            // Others close some files.
            Self::Disk { source, .. }
            | Self::Stream(StreamError::Place(source))
            | Self::Stream(StreamError::Seal(SealError::Source { error: source, .. }))
            | Self::Landing(LandError::Disk(source)) => is_out_of_files(source),
            Self::Refused { code, .. } => !code.is_permanent() && !self.is_source_changed(),
            Self::Ended(Ending::Theirs { code, .. } | Ending::Ours { code, .. }) => {
                !code.is_permanent()
            }
            Self::Ended(Ending::Broken(_)) => true,
            _ => false,
        }
    }
}

impl From<AskError> for Error {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Refused { code, text } => Self::Refused { code, text },
            AskError::Late => Self::Silent,
            AskError::Ended(ending) => Self::Ended(ending),
        }
    }
}

impl From<StreamError> for Error {
    fn from(error: StreamError) -> Self {
        match error {
            StreamError::Refused { code, text } => Self::Refused { code, text },
            StreamError::Ended(ending) => Self::Ended(ending),
            other => Self::Stream(other),
        }
    }
}

impl From<SealError> for Error {
    fn from(error: SealError) -> Self {
        Self::from(StreamError::Seal(error))
    }
}

impl From<tokio::task::JoinError> for Error {
    fn from(_: tokio::task::JoinError) -> Self {
        Self::Stopped
    }
}
