//! The other side of one conversation, and why it is denied something.

use super::happening::Person;
use super::hashing::TooBusy;
use super::origin::{Origin, shown};
use super::seats::Seat;
use super::store::{Asker, Refusal, RequestKey, StoreError};
use crate::crypto::Fingerprint;
use crate::link::Conversation;
use crate::model::UserName;
use crate::wire::Code;
use crate::wire::index::Change;
use std::future::pending;
use tokio::sync::watch;

/// The other side of one conversation.
pub(super) struct Visitor {
    pub(super) conversation: Conversation,
    pub(super) origin: Origin,
    pub(super) identity: Fingerprint,
    pub(super) seat: Option<Seat>,
}

/// Why a request is not done.
#[derive(Debug)]
pub(super) struct Denial {
    pub(super) code: Code,
    pub(super) text: String,
}

impl Visitor {
    /// Who asks. Nobody does before a session was granted.
    pub(super) fn seat(&self) -> Result<&Seat, Denial> {
        self.seat.as_ref().ok_or_else(|| Denial::new(Code::NoSession, "log in first"))
    }

    /// The session that asks.
    pub(super) fn asker(&self) -> Result<Asker, Denial> {
        self.seat().map(|seat| seat.asker)
    }

    /// For the log.
    pub(super) fn person(&self, user: &UserName) -> Person {
        Person::new(user, &self.identity, shown(self.conversation.other_end(), self.origin))
    }

    /// What makes the repetition of a request harmless.
    pub(super) fn request<A: Change>(&self, ask: &A) -> RequestKey {
        RequestKey { identity: self.identity, number: *ask.number(), asked: ask.asked() }
    }

    pub(super) async fn is_over(&self) {
        match &self.seat {
            Some(seat) => seat.over.cancelled().await,
            None => pending().await,
        }
    }

    pub(super) async fn has_news(&self, changes: &mut watch::Receiver<u64>) {
        let Some(seat) = &self.seat else { return pending().await };
        let watches = async {
            match seat.watches_from {
                // An error means that the index is gone, and so this task with it.
                Some(from) => drop(changes.wait_for(|next| *next > from).await),
                None => pending().await,
            }
        };
        tokio::select! {
            () = seat.desk.bell.notified() => {}
            () = watches => {}
        }
    }
}

impl Denial {
    pub(super) fn new(code: Code, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }
}

impl From<TooBusy> for Denial {
    fn from(TooBusy: TooBusy) -> Self {
        Self::new(Code::Busy, "many people log in at once; try again in a moment")
    }
}

impl From<StoreError> for Denial {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Refused(refusal) => refusal.into(),
            StoreError::Busy => Self::new(Code::Busy, "the index has much to write; try again"),
            // Its owner reads the rest in the log; the other side has no use for it.
            StoreError::Full => Self::new(Code::Storage, "the index has no room left"),
            StoreError::Failed(_) => Self::new(Code::Storage, "the index could not write it down"),
        }
    }
}

impl From<Refusal> for Denial {
    fn from(refusal: Refusal) -> Self {
        let code = match refusal {
            Refusal::NoSession => Code::NoSession,
            Refusal::PasswordChanged => Code::Credentials,
            Refusal::OtherIdentity => Code::OtherIdentity,
            Refusal::NameTaken => Code::NameTaken,
            Refusal::KeyTaken => Code::KeyTaken,
            Refusal::Invitation => Code::Invitation,
            Refusal::Certificate => Code::Certificate,
            Refusal::Reused => Code::Reused,
            Refusal::NotFound => Code::NotFound,
            Refusal::TooMany => Code::Throttled,
        };
        Self::new(code, "")
    }
}
