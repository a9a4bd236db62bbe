//! The other side of one conversation, and why it is denied something.

use super::anonymous::Anonymous;
use super::happening::Person;
use super::hashing::TooBusy;
use super::positions::Question;
use super::seats::Seat;
use super::shared::{Shared, shown};
use super::store::{Asker, Position, Refusal, RequestKey, Shown, StoreError};
use crate::crypto::Fingerprint;
use crate::link::{Conversation, Origin};
use crate::model::UserName;
use crate::wire::Code;
use crate::wire::index::Change;
use std::future::pending;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::time::sleep_until;

/// The other side of one conversation.
pub(super) struct Visitor {
    pub(super) conversation: Conversation,
    pub(super) origin: Origin,
    pub(super) identity: Fingerprint,
    pub(super) seat: Option<Seat>,
    /// The keys that the conversation proved, once they were checked.
    pub(super) shown: Option<Shown>,
    /// A place among those who are not logged in, until somebody is.
    pub(super) anonymous: Option<Anonymous>,
}

/// Why a request is not done.
#[derive(Debug)]
pub(super) struct Denial {
    pub(super) code: Code,
    /// What the other side reads besides.
    pub(super) text: String,
    /// What the log says instead of the code's meaning.
    pub(super) told: Option<&'static str>,
}

impl Visitor {
    /// Who asks. Nobody does before a session was granted.
    pub(super) fn seat(&self) -> Result<&Seat, Denial> {
        self.seat.as_ref().ok_or_else(Denial::nobody)
    }

    /// The session that asks.
    pub(super) fn asker(&self) -> Result<Asker, Denial> {
        self.seat().map(|seat| seat.asker)
    }

    /// For the log.
    pub(super) fn person(&self, user: &UserName) -> Person {
        Person::new(user, &self.identity, shown(self.conversation.other_end()))
    }

    /// What makes the repetition of a request harmless.
    pub(super) fn request<A: Change>(&self, ask: &A) -> RequestKey {
        RequestKey { identity: self.identity, number: *ask.number(), asked: ask.asked() }
    }

    /// How far the search for this came that has this number.
    pub(super) fn position(&self, question: &Question, number: u32) -> Result<Position, Denial> {
        let over = || Denial::new(Code::NotFound, "that search is over; begin it anew");
        self.seat()?.positions.get(question, number).ok_or_else(over)
    }

    /// Keeps how far a search came, and gives it a number.
    pub(super) fn keep_position(&mut self, question: Question, position: Position) -> Option<u32> {
        self.seat.as_mut().map(|seat| seat.positions.keep(question, position))
    }

    /// Nobody is logged in here any more; somebody may be again, for a while.
    pub(super) fn stand_up(&mut self, shared: &Arc<Shared>) {
        if self.seat.take().is_some() {
            self.anonymous = Anonymous::new(shared, self.conversation.other_end());
        }
    }

    /// When the conversation must end: its session is over, or nobody logged in.
    pub(super) async fn is_over(&self) -> (Code, &'static str) {
        match (&self.seat, &self.anonymous) {
            (Some(seat), _) => {
                seat.over.cancelled().await;
                (Code::NoSession, "the session is over")
            }
            (None, Some(anonymous)) => {
                anonymous.is_over().await;
                (Code::NoSession, "nobody logged in")
            }
            (None, None) => (Code::Busy, "too many are here and not logged in"),
        }
    }

    /// When there may be news for this person.
    pub(super) async fn has_news(&self, changes: &mut watch::Receiver<u64>) {
        let Some(seat) = &self.seat else { return pending().await };
        let watches = async {
            match seat.watches_from() {
                Some(from) => {
                    sleep_until(seat.next_news).await;
                    // An error means that the index is gone, and so this task with it.
                    drop(changes.wait_for(|next| *next > from).await);
                }
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
        Self { code, text: text.into(), told: None }
    }

    /// Nobody is logged in.
    pub(super) fn nobody() -> Self {
        Self::new(Code::NoSession, "log in first")
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
            StoreError::Busy => {
                Self::new(Code::Busy, "the index has much to do; try again in a moment")
            }
            // Its owner reads the rest in the log; the other side has no use for it.
            StoreError::Full => Self::new(Code::Storage, "the index has no room left"),
            StoreError::Damaged(_) | StoreError::NotAllowed(_) | StoreError::Failed(_) => {
                Self::new(Code::Storage, "the database of the index has failed")
            }
        }
    }
}

impl From<Refusal> for Denial {
    fn from(refusal: Refusal) -> Self {
        let code = match refusal {
            Refusal::NoSession | Refusal::OtherHands => Code::NoSession,
            Refusal::PasswordChanged => Code::Credentials,
            Refusal::OtherIdentity => Code::OtherIdentity,
            Refusal::NameTaken => Code::NameTaken,
            Refusal::KeyTaken => Code::KeyTaken,
            Refusal::Invitation => Code::Invitation,
            Refusal::Certificate => Code::Certificate,
            Refusal::Reused => Code::Reused,
            Refusal::NotFound => Code::NotFound,
            Refusal::Base => Code::Base,
            Refusal::Quota => Code::Quota,
            Refusal::TooMany => Code::Throttled,
        };
        // The other side hears no difference; the owner reads that a token may be stolen.
        let stolen = "the token of a session of another identity";
        let told = (refusal == Refusal::OtherHands).then_some(stolen);
        Self { told, ..Self::new(code, "") }
    }
}
