//! Whose key is whose: what was seen of each person first, and whose words were compared.
//!
//! The index is not trusted with keys. The first key that is seen of a person is pinned, and from
//! then on any other is a hard stop, until
//!
//! - rotations lead from the pinned key to the new one, each signed by the key before it, and the
//!   words of the pinned key were compared, or
//! - the person says so, by the full fingerprint of the new key.

use crate::crypto::{Fingerprint, UnixTime};
use crate::model::UserName;
use crate::model::directory::Binding;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is known of a person's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pin {
    /// The identity that they had when they were first met, or that was accepted since.
    pub fingerprint: Fingerprint,
    /// Since when this one is pinned.
    pub since: UnixTime,
    /// When the words were compared; none when nobody did.
    pub verified: Option<UnixTime>,
    /// The highest epoch of their sealing keys that was seen.
    pub epoch: u32,
}

/// The pins of a home.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Pins {
    now: BTreeMap<UserName, Pin>,
    /// What was pinned before: what was signed then is still known by it.
    former: Vec<(UserName, Pin)>,
}

/// How what an index shows of a person stands to what is pinned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meeting {
    /// They were not met before; they are pinned now.
    First(Pin),
    /// They have the key that is pinned.
    Same(Pin),
    /// They have another key than the one that is pinned.
    Changed(Pin),
    /// Their sealing key is an older one than was seen.
    Older(Pin),
}

impl Pins {
    pub(super) fn get(&self, user: &UserName) -> Option<&Pin> {
        self.now.get(user)
    }

    /// Whom an identity is pinned for, or was.
    pub(super) fn signer(&self, fingerprint: &Fingerprint) -> Option<(&UserName, &Pin)> {
        let former = self.former.iter().rev().map(|(user, pin)| (user, pin));
        self.now.iter().chain(former).find(|(_, pin)| pin.fingerprint == *fingerprint)
    }

    /// Meets a person: pins them when they are new, and remembers how high their epoch is.
    pub(super) fn meet(
        &mut self,
        user: &UserName,
        fingerprint: Fingerprint,
        epoch: u32,
        now: UnixTime,
    ) -> Meeting {
        match self.now.get_mut(user) {
            None => {
                let pin = Pin { fingerprint, since: now, verified: None, epoch };
                self.now.insert(user.clone(), pin);
                Meeting::First(pin)
            }
            Some(pin) if pin.fingerprint != fingerprint => Meeting::Changed(*pin),
            Some(pin) if epoch < pin.epoch => Meeting::Older(*pin),
            Some(pin) => {
                pin.epoch = epoch;
                Meeting::Same(*pin)
            }
        }
    }

    /// Follows rotations to the identity that somebody has now, if they may be followed.
    pub(super) fn follow(
        &mut self,
        user: &UserName,
        rotations: &[Binding],
        now: UnixTime,
    ) -> Option<Pin> {
        let pin = self.now.get_mut(user).filter(|pin| pin.verified.is_some())?;
        let last = rotations.last()?;
        if walk(pin.fingerprint, rotations) != Some(last.step.identity) {
            return None;
        }
        let fingerprint = last.step.identity;
        self.former.push((user.clone(), *pin));
        *pin = Pin { fingerprint, since: now, epoch: last.certificate.epoch, ..*pin };
        Some(*pin)
    }

    /// Pins another key, whose words nobody has compared.
    pub(super) fn replace(&mut self, user: &UserName, fingerprint: Fingerprint, now: UnixTime) {
        let pin = Pin { fingerprint, since: now, verified: None, epoch: 0 };
        let before = self.now.insert(user.clone(), pin);
        self.former.extend(before.map(|before| (user.clone(), before)));
    }

    /// The words of this key were compared. Gives whether it is the one that is pinned.
    pub(super) fn verify(
        &mut self,
        user: &UserName,
        fingerprint: &Fingerprint,
        now: UnixTime,
    ) -> bool {
        let pin = self.now.get_mut(user).filter(|pin| pin.fingerprint == *fingerprint);
        pin.map(|pin| pin.verified = Some(now)).is_some()
    }

    pub(super) fn to_said(&self) -> Vec<PinSaid> {
        let former = self.former.iter().map(|(user, pin)| PinSaid::new(user, pin, true));
        let now = self.now.iter().map(|(user, pin)| PinSaid::new(user, pin, false));
        now.chain(former).collect()
    }

    /// Nothing, when something of it is no pin.
    pub(super) fn from_said(said: Vec<PinSaid>) -> Option<Self> {
        let mut pins = Self::default();
        for said in said {
            let is_former = said.former;
            let (user, pin) = said.take()?;
            match is_former {
                true => pins.former.push((user, pin)),
                false => drop(pins.now.insert(user, pin)),
            }
        }
        Some(pins)
    }
}

/// Where the rotations lead, when each is signed by the identity before it.
fn walk(from: Fingerprint, rotations: &[Binding]) -> Option<Fingerprint> {
    rotations.iter().try_fold(from, |before, binding| {
        let signer = binding.rotation.as_ref()?.signer();
        (signer == before).then_some(binding.step.identity)
    })
}

/// A pin, as it is written.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PinSaid {
    user: String,
    fingerprint: String,
    since: u64,
    verified: Option<u64>,
    epoch: u32,
    /// Whether another one took its place.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    former: bool,
}

impl PinSaid {
    fn new(user: &UserName, pin: &Pin, former: bool) -> Self {
        Self {
            former,
            user: user.as_str().to_owned(),
            fingerprint: pin.fingerprint.to_string(),
            since: pin.since.0,
            verified: pin.verified.map(|at| at.0),
            epoch: pin.epoch,
        }
    }

    fn take(self) -> Option<(UserName, Pin)> {
        let (user, fingerprint) = (self.user.parse().ok()?, self.fingerprint.parse().ok()?);
        let (since, verified) = (UnixTime(self.since), self.verified.map(UnixTime));
        Some((user, Pin { fingerprint, since, verified, epoch: self.epoch }))
    }
}
