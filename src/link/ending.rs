//! How conversations and requests end.

use super::Error;
use crate::wire::{Code, Explanation, Goodbye};
use std::io;

/// The conversation is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the conversation is over")]
pub struct Ended;

/// Why a conversation ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Ending {
    /// This side ended it.
    #[error("this side ended the conversation: {}", .code.said(.text))]
    Ours {
        /// Why.
        code: Code,
        /// The same in words.
        text: Explanation,
    },
    /// The other side ended it.
    #[error("the other side ended the conversation: {}", .code.said(.text))]
    Theirs {
        /// Why.
        code: Code,
        /// The same in its words.
        text: Explanation,
    },
    /// The connection broke without a word.
    #[error("the connection broke: {0}")]
    Broken(io::ErrorKind),
}

impl Ending {
    pub(super) fn ours(code: Code) -> Self {
        Self::Ours { code, text: Explanation::default() }
    }

    /// What an error makes of a conversation.
    pub(super) fn of(error: &Error) -> Self {
        match (error, error.code()) {
            (Error::Line(kind), _) => Self::Broken(*kind),
            (_, Some(code)) => Self::ours(code),
            (_, None) => Self::Broken(io::ErrorKind::UnexpectedEof),
        }
    }

    /// What is said in the end: nothing, when the other side has ended it.
    pub(super) fn goodbye(&self) -> Option<Goodbye> {
        match self {
            Self::Ours { code, text } => Some(Goodbye { code: *code, text: text.clone() }),
            Self::Theirs { .. } | Self::Broken(_) => None,
        }
    }
}

/// Why a request has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// The other side does not do it.
    #[error("the other side refuses: {}", .code.said(.text))]
    Refused {
        /// Why.
        code: Code,
        /// The same in its words.
        text: Explanation,
    },
    /// It did not answer in time.
    #[error("the other side does not answer")]
    Late,
    /// The conversation is over.
    #[error(transparent)]
    Ended(Ending),
}
