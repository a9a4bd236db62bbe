//! Changing one's keys: the old identity and the new one sign that they are the same person.
//!
//! ```text
//! keys.next/       the new keys, whole       ─┐ the home is that of the old keys
//! state/rotation   signed by both            ─┘
//! the index        moves the account          ─ it knows the new ones; `rotate_keys` again goes on
//! keys.former/     the old keys              ─┐
//! keys/            the new keys               ├ it is that of the new keys
//! state/rotation   goes                      ─┘
//! ```
//!
//! When the index refuses the password of a change that was only just begun, the home is as before.
//! Whatever breaks it off, the home is one or the other, and no key is lost. The same rotation is told
//! again then: an index that has done it says so.
//!
//! Decided against: a change of the sealing key alone. It is never sealed for at rest, an old one is
//! accepted by nobody who saw a newer, and who fears for one key of a folder fears for both.

use super::User;
use crate::codec::closed;
use crate::crypto::key_file::Protection;
use crate::crypto::key_folder::NewKeys;
use crate::crypto::{Fingerprint, Identity, Password, SignedRotation};
use crate::link::{Deadlines, Side};
use crate::node::Error;
use crate::node::home::kept::Belonging;
use crate::node::index;
use crate::wire::{Code, Features, Party};
use std::sync::Arc;
use tokio::task::spawn_blocking;

impl User {
    /// Whether a change of keys was begun and is not finished.
    pub fn is_rotating(&self) -> bool {
        self.home().next_keys().exists()
    }

    /// The fingerprint that is one's own when that is finished.
    pub fn next_fingerprint(&self) -> Option<Fingerprint> {
        self.home().next_keys().fingerprint().ok()
    }

    /// Changes one's keys, or finishes doing so, and gives the person with the new ones. The old ones
    /// are kept. The new ones are protected as the old ones are, so that takes the same protection.
    ///
    /// The person is offline afterwards, whatever comes of it. Others who have compared words follow
    /// by themselves; all others are stopped by the new key until they accept it.
    pub async fn rotate_keys(
        &self,
        password: &Password,
        protection: Protection<'_>,
    ) -> Result<Self, Error> {
        let user = Belonging::read(&self.inner.state)?.ok_or(Error::NoIndex)?.user;
        let (home, now) = (self.home(), self.now());
        home.keys().open(protection, now)?;
        self.go_offline().await;
        // Another program of the same person would go on with keys that are none any more.
        let _alone = home.lock()?;
        let was_begun = self.is_rotating();
        let next = Arc::new(self.next_identity(protection).await?);
        let rotation = self.rotation_to(&next)?;
        let (party, deadlines) = (Party::Person, Deadlines::default());
        let side = Side::new(Arc::clone(&next), party, Features::ALL, deadlines)?;
        let session = self.session()?;
        let told = self.wait(&session, session.rotate(side, &user, password, &rotation)).await;
        if !was_begun && told.as_ref().is_err_and(is_wrong_password) {
            // Nobody knows the new keys. If they cannot be dropped, they wait for the next time.
            let _ = self.drop_next();
        }
        told?;
        self.close().await;
        self.change_folders()?;
        let next = home.keys().open(protection, now)?;
        Self::begin(home.clone(), Arc::clone(&self.inner.config), next, self.inner.options.clone())
    }

    /// Puts the next keys in their place, while nobody else settles that.
    fn change_folders(&self) -> Result<(), Error> {
        let home = self.home();
        let _changing = self.inner.state.changing()?;
        home.keys().change_to(&home.next_keys(), &home.former_keys(&self.fingerprint()))?;
        Ok(self.inner.state.remove(ROTATION)?)
    }

    /// Gives up a change that nobody was told of.
    fn drop_next(&self) -> Result<(), Error> {
        let _changing = self.inner.state.changing()?;
        self.home().next_keys().discard()?;
        Ok(self.inner.state.remove(ROTATION)?)
    }

    /// The keys that are to be: those that were made before, or new ones.
    async fn next_identity(&self, protection: Protection<'_>) -> Result<Identity, Error> {
        let (next, now) = (self.home().next_keys(), self.now());
        if next.exists() {
            return Ok(next.open(protection, now)?);
        }
        let keys = spawn_blocking(NewKeys::make).await.map_err(|_| Error::Stopped)??;
        Ok(next.keep(&keys, protection, now)?)
    }

    /// The rotation that was signed before, or a new one: the index knows a request that it has done
    /// by its bytes.
    fn rotation_to(&self, next: &Identity) -> Result<SignedRotation, Error> {
        let kept = self.inner.state.read(ROTATION, ROTATION_BYTES)?;
        let kept = kept.and_then(|bytes| closed::decode::<SignedRotation>(&bytes).ok());
        let leads_there = |rotation: &SignedRotation| {
            let from = rotation.verify(&self.fingerprint());
            from.is_ok_and(|it| it.new == *next.signing().verifying_key())
        };
        if let Some(rotation) = kept.filter(leads_there) {
            return Ok(rotation);
        }
        let rotation =
            SignedRotation::sign(self.inner.identity.signing(), next.signing(), self.now())?;
        let _changing = self.inner.state.changing()?;
        self.inner.state.write(ROTATION, &closed::encode(&rotation))?;
        Ok(rotation)
    }
}

fn is_wrong_password(error: &Error) -> bool {
    let refused = |code: &Code| *code == Code::Credentials;
    matches!(error, Error::Index(index::Error::Refused { code, .. }) if refused(code))
}

const ROTATION: &str = "rotation";
const ROTATION_BYTES: u64 = 16 * 1024;
