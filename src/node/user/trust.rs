//! Whose key is whose: meeting people, comparing words, and deciding about changed keys.

use super::User;
use super::got::Sender;
use crate::crypto::{Fingerprint, UnixTime, pair_words};
use crate::model::UserName;
use crate::model::directory::Binding;
use crate::node::Error;
use crate::node::home::kept;
use crate::node::index::Chained;
use crate::node::pins::{Meeting, Pin, PinSaid, Pins};

/// A person whose key is pinned.
#[derive(Debug, Clone)]
pub struct Pinned {
    /// Who.
    pub user: UserName,
    /// What is pinned.
    pub pin: Pin,
    /// Whether they were met for the first time.
    pub first: bool,
    /// Whether rotations were followed just now, from this identity.
    pub rotated_from: Option<Fingerprint>,
    /// Their keys; only the pin is known when the index is away.
    pub binding: Option<Binding>,
}

impl Pinned {
    /// As who sends something.
    pub(super) fn sender(&self) -> Sender {
        let Pin { fingerprint, verified, .. } = self.pin;
        Sender { user: self.user.clone(), fingerprint, verified }
    }
}

/// The words that two people compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// The other person.
    pub user: UserName,
    /// Their identity.
    pub fingerprint: Fingerprint,
    /// The same twelve that they see.
    pub words: [&'static str; 12],
    /// When they were compared last.
    pub verified: Option<UnixTime>,
}

impl User {
    /// The keys of a person, if they are those that are pinned. Who is new is pinned, who has rotated
    /// is followed if their words were compared; any other change is [`Error::KeyChanged`]. While the
    /// index is away, who is pinned is met by the pin.
    pub async fn meet(&self, user: &UserName) -> Result<Pinned, Error> {
        let (session, pinned) = (self.session()?, self.pin(user)?);
        let keys = match pinned {
            Some(_) => self.wait_or_else(&session, session.keys(user)).await,
            None => self.wait(&session, session.keys(user)).await,
        };
        let binding = match (keys, pinned) {
            (Err(Error::Index(error)), Some(pin)) if error.is_away() => {
                return self.meet_by_pin(user, pin);
            }
            (Err(Error::Index(crate::node::index::Error::Unknown)), _) => {
                return Err(Error::Nobody(user.clone()));
            }
            (binding, _) => binding?.value,
        };
        let (now, user) = (self.now(), user.clone());
        let (found, epoch) = (binding.step.identity, binding.certificate.epoch);
        let met = {
            let user = user.clone();
            let meet =
                move |me: &Self| me.change_pins(|pins| Ok(pins.meet(&user, found, epoch, now)));
            self.on_disk(meet).await?
        };
        let (pin, first, rotated_from) = match met {
            Meeting::First(pin) => (pin, true, None),
            Meeting::Same(pin) => (pin, false, None),
            Meeting::Older(_) => return Err(Error::OldCertificate(user)),
            Meeting::Changed(pin) => {
                (self.follow(&user, &pin, found).await?, false, Some(pin.fingerprint))
            }
        };
        Ok(Pinned { user, pin, first, rotated_from, binding: Some(binding) })
    }

    /// The chain may have said before the index went that they have another key, or none any more.
    fn meet_by_pin(&self, user: &UserName, pin: Pin) -> Result<Pinned, Error> {
        let session = self.session()?;
        if let Some(alarm) = session.known().alarm() {
            return Err(alarm.into());
        }
        match session.known().identity_of(user) {
            Chained::Now(found) if found != pin.fingerprint => {
                return Err(changed(user, Some(&pin), found));
            }
            Chained::Past => return Err(Error::Nobody(user.clone())),
            Chained::Now(_) | Chained::Unknown => {}
        }
        let user = user.clone();
        Ok(Pinned { user, pin, first: false, rotated_from: None, binding: None })
    }

    /// The words that one compares with a person, by a way on which one knows them: their voice, not
    /// this index.
    pub async fn verify_words(&self, user: &UserName) -> Result<Words, Error> {
        let Pinned { user, pin, .. } = self.meet(user).await?;
        if pin.fingerprint == self.fingerprint() {
            return Err(Error::Oneself);
        }
        let words = pair_words(&self.fingerprint(), &pin.fingerprint);
        Ok(Words { user, fingerprint: pin.fingerprint, words, verified: pin.verified })
    }

    /// The words were compared, and are the same.
    pub fn mark_verified(&self, words: &Words) -> Result<(), Error> {
        let (user, fingerprint) = (words.user.clone(), words.fingerprint);
        let now = self.now();
        self.change_pins(|pins| match pins.verify(&user, &fingerprint, now) {
            true => Ok(()),
            // Another program of the same person has accepted another key meanwhile.
            false => Err(changed(&user, pins.get(&user), fingerprint)),
        })
    }

    /// Accepts another key of a person, by its full fingerprint. Its words are still to be compared.
    pub async fn trust(&self, user: &UserName, fingerprint: &Fingerprint) -> Result<(), Error> {
        let found = match self.meet(user).await {
            Ok(Pinned { first: true, pin, .. }) if pin.fingerprint == *fingerprint => return Ok(()),
            Ok(Pinned { pin, .. }) => pin.fingerprint,
            Err(Error::KeyChanged { found, .. }) => found,
            Err(error) => return Err(error),
        };
        if found != *fingerprint {
            let (user, given) = (user.clone(), *fingerprint);
            return Err(Error::NotTheKey { user, given, found });
        }
        let now = self.now();
        self.change_pins(|pins| match pins.get(user) {
            Some(pin) if pin.fingerprint == *fingerprint => {
                Err(Error::TrustedAlready(user.clone()))
            }
            _ => {
                pins.replace(user, *fingerprint, now);
                Ok(())
            }
        })
    }

    /// What is pinned of a person, if they were met.
    pub fn pin(&self, user: &UserName) -> Result<Option<Pin>, Error> {
        Ok(self.pins()?.get(user).copied())
    }

    pub(super) fn pins(&self) -> Result<Pins, Error> {
        let said: Option<Vec<PinSaid>> = kept::read_json(&self.inner.state, PINS)?;
        let pins = Pins::from_said(said.unwrap_or_default());
        pins.ok_or_else(|| kept::damaged(&self.inner.state, PINS).into())
    }

    /// Changes the pins while no other program does.
    pub(super) fn change_pins<T>(
        &self,
        change: impl FnOnce(&mut Pins) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let _changing = self.inner.state.changing()?;
        let before = self.pins()?;
        let mut pins = before.clone();
        let changed = change(&mut pins)?;
        if pins != before {
            kept::write_json(&self.inner.state, PINS, &pins.to_said())?;
        }
        Ok(changed)
    }

    /// Follows rotations to the key that somebody has now. Only from a key whose words were compared:
    /// of any other nobody knows whose it was.
    async fn follow(&self, user: &UserName, pin: &Pin, found: Fingerprint) -> Result<Pin, Error> {
        let session = self.session()?;
        if pin.verified.is_some()
            && let Some(steps) =
                self.wait(&session, session.rotations(user, &pin.fingerprint)).await?
        {
            let now = self.now();
            let followed = self.change_pins(|pins| Ok(pins.follow(user, &steps, now)))?;
            if let Some(pin) = followed.filter(|pin| pin.fingerprint == found) {
                return Ok(pin);
            }
        }
        Err(changed(user, Some(pin), found))
    }
}

fn changed(user: &UserName, pin: Option<&Pin>, found: Fingerprint) -> Error {
    let pinned = pin.map_or(found, |pin| pin.fingerprint);
    let verified = pin.is_some_and(|pin| pin.verified.is_some());
    Error::KeyChanged { user: user.clone(), pinned, found, verified }
}

const PINS: &str = "pins.json";
