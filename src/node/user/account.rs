//! One's own account and keys.

use super::User;
use crate::crypto::{Fingerprint, Password, UnixTime};
use crate::model::{Invitation, UserName};
use crate::node::Error;
use crate::node::home::kept::Belonging;
use crate::node::index::OwnAccount;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

/// Who one is, as far as this machine knows.
#[derive(Debug)]
pub struct Me {
    /// One's name on the index, when there is one.
    pub user: Option<UserName>,
    /// The index, when there is one.
    pub index: Option<Invitation>,
    /// One's identity.
    pub fingerprint: Fingerprint,
    /// Where one keeps everything.
    pub home: PathBuf,
}

/// One's own keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnKeys {
    /// The identity.
    pub fingerprint: Fingerprint,
    /// Which of one's sealing keys is the current one.
    pub epoch: u32,
    /// Until when its certificate holds.
    pub until: UnixTime,
    /// Where the keys lie.
    pub folder: PathBuf,
    /// Whether a passphrase protects them.
    pub protected: bool,
}

impl User {
    /// Makes an account on an index for this identity, and logs in. From then on the home belongs to
    /// that index.
    pub async fn join(
        &self,
        index: &Invitation,
        user: &UserName,
        password: &Password,
        contact: Option<&str>,
    ) -> Result<(), Error> {
        let session = self.session_with(index)?;
        self.wait(&session, session.join(user, password, index.token.as_ref(), contact)).await?;
        self.belong(index, user)
    }

    /// Logs in on an index: the one of this home, unless another one is named.
    pub async fn login(
        &self,
        index: &Invitation,
        user: &UserName,
        password: &Password,
    ) -> Result<(), Error> {
        let session = self.session_with(index)?;
        self.wait(&session, session.login(user, password)).await?;
        self.belong(index, user)
    }

    /// Ends the session on the index. The home belongs to it still.
    pub async fn logout(&self) -> Result<(), Error> {
        let session = self.session()?;
        self.wait(&session, session.logout()).await
    }

    /// Who one is, as far as this machine knows; nobody is asked.
    pub fn whoami(&self) -> Result<Me, Error> {
        let index = match self.index() {
            Ok(index) => Some(index),
            Err(Error::NoIndex | Error::UntrustedIndex(_)) => None,
            Err(error) => return Err(error),
        };
        let (fingerprint, home) = (self.fingerprint(), self.home().path().to_owned());
        Ok(Me { user: self.name()?, index, fingerprint, home })
    }

    /// One's account, as the index knows it.
    pub async fn account(&self) -> Result<OwnAccount, Error> {
        let session = self.session()?;
        self.wait(&session, session.account()).await
    }

    /// Ends another session of the account.
    pub async fn end_session(&self, number: [u8; 16]) -> Result<(), Error> {
        let session = self.session()?;
        self.wait(&session, session.end_session(number)).await
    }

    /// Changes the password. All other sessions end.
    pub async fn change_password(&self, old: &Password, new: &Password) -> Result<(), Error> {
        let session = self.session()?;
        self.wait(&session, session.change_password(old, new)).await
    }

    /// Changes the line by which others reach one otherwise; none removes it.
    pub async fn set_contact(&self, contact: Option<&str>) -> Result<(), Error> {
        let session = self.session()?;
        self.wait(&session, session.set_contact(contact)).await
    }

    /// One's identity.
    pub fn fingerprint(&self) -> Fingerprint {
        self.inner.identity.fingerprint()
    }

    /// One's name: the one of the account, else the one that was set.
    pub fn name(&self) -> Result<Option<UserName>, Error> {
        let ours = Belonging::read(&self.inner.state)?.map(|ours| ours.user);
        Ok(ours.or_else(|| self.inner.config.user.clone()))
    }

    /// One's own keys.
    pub fn keys(&self) -> Result<OwnKeys, Error> {
        let (identity, folder) = (&self.inner.identity, self.home().keys());
        let certificate = identity.certificate_at(self.now())?;
        let certificate = certificate.verify_as_issued(identity.signing().verifying_key())?;
        Ok(OwnKeys {
            fingerprint: identity.fingerprint(),
            epoch: identity.epoch(),
            until: certificate.not_after,
            protected: folder.needs_passphrase()?,
            folder: self.home().key_path(),
        })
    }

    fn belong(&self, index: &Invitation, user: &UserName) -> Result<(), Error> {
        let Invitation { at, fingerprint, .. } = index;
        let before = Belonging::read(&self.inner.state)?.map(|before| before.at);
        let ours = Belonging { at: at.clone(), fingerprint: *fingerprint, user: user.clone() };
        ours.write(&self.inner.state)?;
        // What was set before does not count any more.
        self.inner.has_moved.store(true, Ordering::Release);
        self.home().write_settings(at, user)?;
        match before.filter(|before| before != at) {
            Some(before) => Ok(self.home().follow(&before, at)?),
            None => Ok(()),
        }
    }
}
