//! Two statements about keys: which sealing key a person uses now, and that a person's identity
//! has moved to a new signing key.

use super::raw_rsa::MAX_SPKI_BYTES;
use super::signed::{Signature, Signed, Statement, Verified};
use super::{Error, Fingerprint, Label, SigningKey, VerifyingKey, WrappingKey};
use crate::codec::{self, Closed, Reader, Writer, closed};
use std::sync::Arc;

/// Seconds since 1970, without leap seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(pub u64);

/// What time it is. A test hands in its own.
pub type Clock = Arc<dyn Fn() -> UnixTime + Send + Sync>;

impl UnixTime {
    /// The time after so many seconds.
    pub fn plus(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// The system's clock. Rooms that can be told the time are told it.
    pub fn now() -> Self {
        let since = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
        Self(since.as_secs())
    }
}

/// "My sealing key is this one, until then." Signed by the identity.
///
/// ```text
/// identity[32]  epoch u32  not after u64  spki block
/// ```
///
/// The epoch counts a person's sealing keys; a reader that saw a higher one refuses a lower one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealingCertificate {
    /// Whose sealing key it is.
    pub identity: Fingerprint,
    /// Which of their sealing keys: a number that only grows.
    pub epoch: u32,
    /// From when on nobody may seal with it any more.
    pub not_after: UnixTime,
    /// The key itself.
    pub key: WrappingKey,
}

impl SealingCertificate {
    /// The longest time for which a certificate may still hold.
    pub const MAX_LIFE_SECONDS: u64 = 366 * 24 * 3600;

    /// Signs a certificate that holds for a year.
    pub fn issue(
        signing: &SigningKey,
        key: &WrappingKey,
        epoch: u32,
        now: UnixTime,
    ) -> Result<Signed<Self>, Error> {
        let not_after = now.plus(LIFE_SECONDS);
        let certificate =
            Self { identity: signing.fingerprint(), epoch, not_after, key: key.clone() };
        Signed::sign(&certificate, signing)
    }
}

impl Statement for SealingCertificate {
    const LABEL: Label = Label::SealingCertificate;

    fn holds(&self, signer: &VerifyingKey, now: UnixTime) -> Result<(), Error> {
        let refused = if self.identity != signer.fingerprint() {
            "the sealing certificate names another identity"
        } else if self.key.spki() == signer.spki() {
            "the sealing key is the signing key"
        } else if self.not_after <= now {
            "the sealing certificate has expired"
        } else if self.not_after > now.plus(Self::MAX_LIFE_SECONDS) {
            "the sealing certificate holds for more than a year"
        } else {
            return Ok(());
        };
        Err(Error::Statement(refused))
    }
}

impl Closed for SealingCertificate {
    fn write(&self, out: &mut Writer) {
        out.value(&self.identity).u32(self.epoch).u64(self.not_after.0).block(self.key.spki());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, codec::Error> {
        Ok(Self {
            identity: Fingerprint::read(input)?,
            epoch: input.u32()?,
            not_after: UnixTime(input.u64()?),
            key: WrappingKey::from_spki(spki(input)?).map_err(|_| NOT_A_KEY)?,
        })
    }
}

/// "I was that identity, and am this one now."
///
/// ```text
/// time u64  old spki block  new spki block
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// When the person says it happened.
    pub time: UnixTime,
    /// Who they were.
    pub old: VerifyingKey,
    /// Who they are.
    pub new: VerifyingKey,
}

/// A rotation as it travels, signed by both keys, each under its own label: the old one gives the
/// name away, the new one takes it, and neither can do it for the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedRotation {
    body: Vec<u8>,
    by_old: Signature,
    by_new: Signature,
}

impl SignedRotation {
    /// Signs the move from one identity to another.
    pub fn sign(old: &SigningKey, new: &SigningKey, now: UnixTime) -> Result<Self, Error> {
        let (from, to) = (old.verifying_key().clone(), new.verifying_key().clone());
        let body = closed::encode(&Rotation { time: now, old: from, new: to });
        let by_old = old.sign(Label::RotationByOld, &[&body])?;
        let by_new = new.sign(Label::RotationByNew, &[&body])?;
        Ok(Self { body, by_old, by_new })
    }

    /// Checks that the identity named `pinned` moved, and that both keys said so.
    pub fn verify(&self, pinned: &Fingerprint) -> Result<Verified<Rotation>, Error> {
        let rotation = self.verify_from_any()?;
        if rotation.signer() != *pinned {
            return Err(Error::Statement("the rotation starts from another identity"));
        }
        Ok(rotation)
    }

    /// The same, whatever identity it starts from, for whoever looks that up afterwards.
    pub fn verify_from_any(&self) -> Result<Verified<Rotation>, Error> {
        let rotation: Rotation = closed::decode(&self.body)?;
        if rotation.old == rotation.new {
            return Err(Error::Statement("the rotation ends where it starts"));
        }
        rotation.old.verify(Label::RotationByOld, &[&self.body], &self.by_old)?;
        rotation.new.verify(Label::RotationByNew, &[&self.body], &self.by_new)?;
        let from = rotation.old.fingerprint();
        Ok(Verified::after_own_checks(rotation, from))
    }
}

impl Closed for Rotation {
    fn write(&self, out: &mut Writer) {
        out.u64(self.time.0).block(self.old.spki()).block(self.new.spki());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, codec::Error> {
        Ok(Self {
            time: UnixTime(input.u64()?),
            old: VerifyingKey::from_spki(spki(input)?).map_err(|_| NOT_A_KEY)?,
            new: VerifyingKey::from_spki(spki(input)?).map_err(|_| NOT_A_KEY)?,
        })
    }
}

impl Closed for SignedRotation {
    fn write(&self, out: &mut Writer) {
        out.block(&self.body).value(&self.by_old).value(&self.by_new);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, codec::Error> {
        let body = input.block("a rotation", MAX_ROTATION_BYTES)?.to_vec();
        Ok(Self { body, by_old: Signature::read(input)?, by_new: Signature::read(input)? })
    }
}

fn spki<'a>(input: &mut Reader<'a>) -> Result<&'a [u8], codec::Error> {
    input.block("a public key", MAX_SPKI_BYTES)
}

const LIFE_SECONDS: u64 = 365 * 24 * 3600;
const MAX_ROTATION_BYTES: usize = 8 + 2 * (4 + MAX_SPKI_BYTES);
const NOT_A_KEY: codec::Error = codec::Error::Invalid("a public key that we do not accept");
