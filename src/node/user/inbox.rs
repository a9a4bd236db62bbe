//! What others offer without being asked, and who decides about it.

use super::User;
use super::visits::{Visit, Visitor};
use crate::crypto::Fingerprint;
use crate::model::{Entry, UserName};
use crate::node::{Error, Receive};
use crate::peer::{Decision, Policy, Proposal, Rules};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// An offer that waits for the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its number, for [`User::decide`].
    pub number: u64,
    /// Who offers.
    pub from: UserName,
    /// Whether their words were compared.
    pub verified: bool,
    /// The files. What is said of them is not proven yet.
    pub entries: Vec<Entry>,
    /// How many bytes they have in all.
    pub bytes: u64,
}

/// The offers that wait.
#[derive(Default)]
pub(super) struct Inbox {
    next: u64,
    waiting: BTreeMap<u64, (Waiting, oneshot::Sender<bool>)>,
}

impl User {
    /// The offers that wait for the person. One whose sender has gone is not among them.
    pub fn inbox(&self) -> Vec<Waiting> {
        let mut inbox = self.offers();
        inbox.waiting.retain(|_, (_, answer)| !answer.is_closed());
        inbox.waiting.values().map(|(waiting, _)| waiting.clone()).collect()
    }

    /// Takes an offer, or declines it. Taken, its files come into the folder for downloads.
    pub fn decide(&self, number: u64, take: bool) -> Result<(), Error> {
        let waiting = self.offers().waiting.remove(&number);
        let (_, answer) = waiting.ok_or(Error::NoOffer(number))?;
        answer.send(take).map_err(|_| Error::NoOffer(number))
    }

    /// Where what others send goes, and what is fetched when nobody says: the folder that was set,
    /// else the one of the home, else the one in which the keys were opened.
    pub fn downloads(&self) -> PathBuf {
        self.inner.downloads.clone()
    }

    pub(super) fn offers(&self) -> MutexGuard<'_, Inbox> {
        self.inner.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inbox {
    fn add(&mut self, who: &Visitor, proposal: Proposal) -> (u64, oneshot::Receiver<bool>) {
        self.next = self.next.saturating_add(1);
        let (number, (answer, answered)) = (self.next, oneshot::channel());
        let Proposal { entries, data_length: bytes, .. } = proposal;
        let (from, verified) = (who.user.clone(), who.verified);
        let waiting = Waiting { number, from, verified, entries, bytes };
        self.waiting.retain(|_, (_, answer)| !answer.is_closed());
        self.waiting.insert(number, (waiting, answer));
        (number, answered)
    }

    /// Nobody decides any more.
    pub(super) fn clear(&mut self) {
        self.waiting.clear();
    }
}

/// The person's policy towards somebody.
pub(super) struct Offers<'a> {
    user: &'a User,
    who: &'a Visitor,
    may_ask: bool,
}

impl<'a> Offers<'a> {
    pub(super) fn new(user: &'a User, who: &'a Visitor, may_ask: bool) -> Self {
        Self { user, who, may_ask }
    }

    fn accept(&self) -> Decision {
        let rules = Rules { overwrite: false, programs: self.who.verified };
        Decision::Accept { into: self.user.downloads(), rules }
    }
}

impl Policy for Offers<'_> {
    fn may_offer(&self, _: Fingerprint) -> bool {
        match self.user.inner.config.receive {
            Receive::Ask => self.may_ask,
            Receive::Verified => self.who.verified,
            Receive::Refuse => false,
        }
    }

    async fn decide(&self, proposal: Proposal) -> Decision {
        if self.user.inner.config.receive != Receive::Ask {
            return self.accept();
        }
        let (number, answered) = self.user.offers().add(self.who, proposal);
        let from = self.who.user.clone();
        self.user.tell_visit(Visit::Offered { from, number });
        match answered.await {
            Ok(true) => self.accept(),
            Ok(false) | Err(_) => Decision::Decline,
        }
    }
}
