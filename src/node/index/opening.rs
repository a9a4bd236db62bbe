//! The ways in which a session begins.

use super::Error;
use crate::link::{AskError, Conversation, Side};
use crate::model::{SessionToken, UserName};
use crate::wire::index::{Join, Login, Resume, Rotate, SessionGrant};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio::sync::oneshot;

/// What handles ask of the standing task.
pub(super) enum Command {
    /// A session is to begin.
    Begin(Beginning),
    /// The session has another token now; answered when it is kept.
    Token(SessionToken, oneshot::Sender<()>),
}

/// A session that begins by the program's wish.
pub(super) struct Beginning {
    pub(super) opening: Opening,
    /// With another identity than until now.
    pub(super) side: Option<Side>,
    /// Whether the index was asked.
    pub(super) was_asked: Arc<AtomicBool>,
    /// Closed when nobody waits any more.
    pub(super) answer: oneshot::Sender<Result<(), Error>>,
}

/// How a session begins by the program's wish. Repeated, it is the same request.
pub(super) enum Opening {
    Join(Join),
    Login(Login),
    Rotate(Rotate),
}

impl Opening {
    /// The name that it is for.
    pub(super) fn user(&self) -> &UserName {
        match self {
            Self::Join(ask) => &ask.user.0,
            Self::Login(ask) => &ask.user.0,
            Self::Rotate(ask) => &ask.user.0,
        }
    }

    pub(super) async fn ask(&self, conversation: &Conversation) -> Result<SessionGrant, AskError> {
        match self {
            Self::Join(ask) => conversation.ask(ask.clone()).await,
            Self::Login(ask) => conversation.ask(ask.clone()).await,
            Self::Rotate(ask) => conversation.ask(ask.clone()).await,
        }
    }
}

/// Goes on with a session.
pub(super) async fn resume(
    conversation: &Conversation,
    token: &SessionToken,
) -> Result<SessionGrant, AskError> {
    let token = SessionToken::take_from(&mut token.expose().to_owned());
    conversation.ask(Resume { id: 0, token }).await
}
