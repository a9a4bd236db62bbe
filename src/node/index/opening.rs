//! The ways in which a session begins.

use super::Error;
use crate::link::{AskError, Conversation, Side};
use crate::model::{SessionToken, UserName};
use crate::wire::index::{Join, Login, Resume, Rotate, SessionGrant};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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
    /// What became of it.
    pub(super) fate: Fate,
    /// Closed when nobody waits any more.
    pub(super) answer: oneshot::Sender<Result<(), Error>>,
}

/// What became of a wish to begin, between who waits for it and who asks the index: either it was
/// asked, or who waits took it back, never both. Clones are the same.
#[derive(Clone, Default)]
pub(super) struct Fate(Arc<Mutex<State>>);

#[derive(Clone, Copy, Default, PartialEq)]
enum State {
    /// The index does not know of it; what it was asked before, it has refused.
    #[default]
    Waiting,
    /// The index is being asked, or was, and the answer is lost.
    Asked,
    /// It is not to be asked any more.
    Withdrawn,
}

impl Fate {
    /// Asks, unless it was taken back. What is refused has not happened; what was lost before may have.
    pub(super) async fn asking<T>(
        &self,
        ask: impl Future<Output = Result<T, AskError>>,
    ) -> Result<T, AskError> {
        let before = *self.state();
        if !self.turn(before, State::Asked) {
            return Err(AskError::Late);
        }
        let answer = ask.await;
        if let Err(AskError::Refused { .. }) = answer {
            self.turn(State::Asked, before);
        }
        answer
    }

    /// Takes it back. Gives whether the index may have been asked.
    pub(super) fn withdraw(&self) -> bool {
        let before = std::mem::replace(&mut *self.state(), State::Withdrawn);
        before == State::Asked
    }

    fn turn(&self, from: State, to: State) -> bool {
        let mut state = self.state();
        let is_so = *state == from && from != State::Withdrawn;
        if is_so {
            *state = to;
        }
        is_so
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
