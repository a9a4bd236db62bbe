//! The session of a person with their index: begun when something first needs it.

use super::User;
use super::without_index::earlier_people;
use crate::crypto::{Fingerprint, Identity};
use crate::link::{Backoff, Deadlines, Dialler, Expected, Side, Tcp};
use crate::model::{HostPort, IndexAddress, Invitation};
use crate::node::Error;
use crate::node::home::kept::{self, Belonging, ChainFile};
use crate::node::index::{
    self, IndexSession, Known, LoggedOut, NewsStream, Setup, Status, Warnings,
};
use crate::wire::{Code, Features, Party};
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

/// A session, with whom, and where its directory is kept.
pub(super) struct Begun {
    index: Invitation,
    session: IndexSession,
    chain: Arc<ChainFile>,
}

impl User {
    /// The index of this home, with its key. [`Error::UntrustedIndex`] when only its address was set
    /// and the person was not asked yet, [`Error::NoIndex`] when there is none at all.
    pub fn index(&self) -> Result<Invitation, Error> {
        let belonging = Belonging::read(&self.inner.state)?;
        let has_moved = self.inner.has_moved.load(Ordering::Acquire);
        match (self.inner.config.index.as_ref().filter(|_| !has_moved), belonging) {
            (Some(IndexAddress::Invited(set)), None) => Ok(without_token(set)),
            (Some(IndexAddress::Invited(set)), Some(ours)) => ours.admit(set),
            (Some(IndexAddress::Bare(at)), Some(ours)) => {
                Ok(Invitation { at: at.clone(), ..ours.invitation() })
            }
            (Some(IndexAddress::Bare(at)), None) => Err(Error::UntrustedIndex(at.clone())),
            (None, Some(ours)) => Ok(ours.invitation()),
            (None, None) => Err(Error::NoIndex),
        }
    }

    /// Who answers at an address that came without a key: for the person to say whether to trust it.
    pub async fn who_answers(&self, at: &HostPort) -> Result<Fingerprint, Error> {
        who_answers(self.inner.side.clone(), at, Expected::Anyone).await
    }

    /// How it stands with the index; nothing when no session was begun yet.
    pub fn status(&self) -> Option<Status> {
        self.slot().as_ref().map(|begun| begun.session.status())
    }

    /// What is wrong with the index now.
    pub fn warnings(&self) -> Warnings {
        self.slot().as_ref().map(|begun| begun.session.warnings()).unwrap_or_default()
    }

    /// What happens from now on.
    pub fn news(&self) -> Result<NewsStream, Error> {
        self.session().map(|session| session.news())
    }

    /// Ends what is under way: one is offline, the index is told goodbye, the session stays good.
    pub async fn close(&self) {
        self.go_offline().await;
        let begun = self.slot().take();
        if let Some(begun) = begun {
            // What could not be kept is asked for again.
            let _ = begun.chain.keep(begun.session.known());
            self.keep_people(begun.session.known());
            begun.session.close().await;
        }
    }

    /// Forgets the key directory of the index and its alarm, and believes what it shows from now on.
    /// Pins stay. It is the person's decision.
    pub async fn begin_directory_anew(&self) -> Result<(), Error> {
        let session = self.session()?;
        session.begin_directory_anew().await;
        self.slot().as_ref().map_or(Ok(()), |begun| begun.chain.forget())?;
        self.forget_heads()?;
        Ok(())
    }

    /// The session with the index of this home.
    pub(super) fn session(&self) -> Result<IndexSession, Error> {
        if let Some(begun) = &*self.slot() {
            return Ok(begun.session.clone());
        }
        let index = self.index()?;
        self.session_with(&index)
    }

    /// The session with this index, if the home belongs to no other one.
    pub(super) fn session_with(&self, index: &Invitation) -> Result<IndexSession, Error> {
        let mut slot = self.slot();
        let is_same = |begun: &&Begun| {
            begun.index.at == index.at && begun.index.fingerprint == index.fingerprint
        };
        if let Some(begun) = slot.as_ref().filter(is_same) {
            return Ok(begun.session.clone());
        }
        if let Some(ours) = Belonging::read(&self.inner.state)? {
            ours.admit(index)?;
        }
        let begun = self.begin_with(index)?;
        let session = begun.session.clone();
        // Of another one the last handle goes, and so it ends.
        *slot = Some(begun);
        Ok(session)
    }

    fn begin_with(&self, index: &Invitation) -> Result<Begun, Error> {
        let (state, options) = (&self.inner.state, &self.inner.options);
        let (chain, known) = ChainFile::open(state.clone())?;
        let chain = Arc::new(chain);
        let token = kept::read_token(state)?;
        let known = Known::new(known);
        known.remember_people(earlier_people(state));
        let setup = Setup {
            keep_token: kept::token_keeper(state.clone(), token.as_ref()),
            token,
            known,
            patience: options.patience,
            backoff: options.backoff.clone(),
            clock: options.clock.clone(),
        };
        let index = without_token(index);
        let session = IndexSession::begin(Tcp, self.inner.side.clone(), &index, setup);
        Ok(Begun { index, session, chain })
    }

    /// The index knows other keys than ours: those that we were about to change to, perhaps.
    pub(super) fn told_of_rotation(&self, error: index::Error) -> Error {
        let may_be = match &error {
            index::Error::Refused { code, .. } => *code == Code::OtherIdentity,
            index::Error::LoggedOut(why) => !matches!(why, LoggedOut::NotYet),
            _ => false,
        };
        if may_be && self.is_rotating() { Error::Rotating } else { error.into() }
    }

    /// Keeps what is new of the key directory. What could not be kept is asked for again.
    pub(super) fn keep_chain(&self) {
        // Whoever else asks for the session does not wait for the disk.
        let begun = self.slot().as_ref().map(|it| (Arc::clone(&it.chain), it.session.clone()));
        if let Some((chain, session)) = begun {
            let _ = chain.keep(session.known());
        }
    }

    fn slot(&self) -> MutexGuard<'_, Option<Begun>> {
        self.inner.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The same for a person who has no home yet.
pub async fn ask_who_answers(identity: Identity, at: &HostPort) -> Result<Fingerprint, Error> {
    who_answers(side_of(identity)?, at, Expected::Anyone).await
}

/// Whether the index that such a person is invited to is there. Whoever else is there gets no proof of who we
/// are.
pub async fn is_index_there(identity: Identity, index: &Invitation) -> Result<(), Error> {
    let expected = Expected::Only(index.fingerprint);
    who_answers(side_of(identity)?, &index.at, expected).await.map(|_| ())
}

fn side_of(identity: Identity) -> Result<Side, Error> {
    let (party, deadlines) = (Party::Person, Deadlines::default());
    Ok(Side::new(Arc::new(identity), party, Features::ALL, deadlines)?)
}

async fn who_answers(side: Side, at: &HostPort, expected: Expected) -> Result<Fingerprint, Error> {
    let (first, longest) = (Duration::from_millis(500), Duration::from_secs(2));
    let backoff = Backoff { tries: 3, first, longest };
    let dialler = Dialler::new(side).with_backoff(backoff);
    let answers = index::who_answers(&dialler, at, expected).await;
    dialler.stop().await;
    Ok(answers.map_err(index::Error::Away)?)
}

impl Belonging {
    /// The index as it is named, if it is the one that the home belongs to.
    fn admit(&self, named: &Invitation) -> Result<Invitation, Error> {
        match named.fingerprint == self.fingerprint {
            true => Ok(without_token(named)),
            false => Err(Error::OtherIndex { ours: self.fingerprint, named: named.fingerprint }),
        }
    }
}

fn without_token(index: &Invitation) -> Invitation {
    Invitation { at: index.at.clone(), fingerprint: index.fingerprint, token: None }
}
