//! What goes wrong between a person and their index.

use crate::link::{self, AskError, Ending};
use crate::model::UserName;
use crate::model::directory::ChainError;
use crate::wire::{Code, Explanation};

/// Why a call was not answered.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// Nobody is logged in: the password is to be asked for, and [`login`] to be called.
    ///
    /// [`login`]: super::IndexSession::login
    #[error("nobody is logged in on the index: {0}")]
    LoggedOut(LoggedOut),
    /// The index could not be asked, so nothing has happened.
    #[error("{}{}", away(.0), .0)]
    Away(Trouble),
    /// The index was asked and did not answer.
    #[error("the index did not answer in time; whether it did what was asked is not known")]
    Late,
    /// The index does not do it.
    #[error("the index refuses: {}", .code.said(.text))]
    Refused {
        /// Why.
        code: Code,
        /// The same in its words.
        text: Explanation,
    },
    /// The session is over for good.
    #[error("the session with the index has ended: {0}")]
    Stopped(Trouble),
    /// The index was found out: its key directory is not believed any more.
    #[error("the index is not trusted with keys any more: {0}")]
    Alarm(ChainError),
    /// The key directory has nobody of that name.
    #[error("the index knows nobody of that name")]
    Unknown,
    /// An answer that cannot be.
    #[error("the index answered what makes no sense: {0}")]
    Nonsense(&'static str),
    /// What is searched for cannot be searched for.
    #[error("{0}")]
    Query(crate::model::Error),
    /// The program has unpublished the share while it was published.
    #[error("the share was unpublished meanwhile")]
    Unpublished,
    /// What was to be said is longer than may be said.
    #[error("{0}")]
    TooLong(crate::codec::Error),
}

impl Error {
    /// Whether the index could not be asked now, and may be later.
    pub fn is_away(&self) -> bool {
        matches!(self, Self::Away(_) | Self::Late)
    }

    /// Whether the index refused for this reason.
    pub(super) fn is(&self, reason: Code) -> bool {
        matches!(self, Self::Refused { code, .. } if *code == reason)
    }
}

/// Who is somebody else is not away.
fn away(trouble: &Trouble) -> &'static str {
    match trouble {
        Trouble::Link(link::Error::Identity { .. } | link::Error::Proof) | Trouble::NotAnIndex => {
            "the index is not the one that it should be: "
        }
        _ => "the index is away: ",
    }
}

/// Why nobody is logged in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoggedOut {
    /// No session was begun yet.
    #[error("no session was begun yet")]
    NotYet,
    /// The session is over: not used for too long, or ended by its owner or by the index's.
    #[error("the session is over")]
    Over,
    /// The index does not go on with the session.
    #[error("{}", .code.said(.text))]
    Refused {
        /// Why.
        code: Code,
        /// The same in its words.
        text: Explanation,
    },
}

/// What stands between a session and its index.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Trouble {
    /// There is no conversation.
    #[error(transparent)]
    Link(#[from] link::Error),
    /// The conversation ended.
    #[error(transparent)]
    Ended(Ending),
    /// The index does not begin a session now.
    #[error(transparent)]
    Ask(AskError),
    /// Whoever answers there is no index.
    #[error("what answers there is not an index")]
    NotAnIndex,
    /// The index let us in under another name than the one that was asked for.
    #[error("the index let us in as {0}, whom nobody asked for")]
    OtherName(UserName),
    /// The program ended the session.
    #[error("this program ended it")]
    Closed,
}

impl Trouble {
    /// Whether coming back is of no use. Before both sides have proven who they are, anybody on the
    /// way may have spoken, and so only a fault of our own is.
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::Link(error) => is_our_fault(error),
            Self::Ended(Ending::Ours { code, .. } | Ending::Theirs { code, .. }) => {
                code.is_permanent()
            }
            Self::Ask(AskError::Refused { code, .. }) => code.is_permanent(),
            Self::Ended(Ending::Broken(_)) | Self::Ask(_) => false,
            Self::NotAnIndex | Self::OtherName(_) | Self::Closed => true,
        }
    }

    /// Whether it does not look as if it passed soon: it is tried again with the longest pause.
    pub(super) fn is_lasting(&self) -> bool {
        matches!(self, Self::Link(error) if error.is_permanent())
    }
}

fn is_our_fault(error: &link::Error) -> bool {
    use link::Error::{Certificate, Signing, Stopping};
    matches!(error, Certificate | Signing(_) | Stopping)
}
