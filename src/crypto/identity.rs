//! A person: both keys and the certificate that binds them.

use super::{
    Error, Fingerprint, SealingCertificate, SealingKey, SecretDer, Signed, SigningKey, UnixTime,
    Verified,
};
use std::sync::Arc;

/// Both keys of a person, loaded, and the current sealing certificate.
#[derive(Debug)]
pub struct Identity {
    signing: Arc<SigningKey>,
    sealing: SealingKey,
    certificate: Signed<SealingCertificate>,
    epoch: u32,
}

impl Identity {
    /// Joins two keys; the certificate is the first one.
    pub fn new(signing: SigningKey, sealing: SealingKey, now: UnixTime) -> Result<Self, Error> {
        Self::with_epoch(Arc::new(signing), sealing, 1, now)
    }

    /// Loads a person whose certificate was issued before. One that holds no longer, or not for long, is issued
    /// again, for the same key and so under the same epoch: another home of theirs may show the old one.
    pub fn load(
        signing: &SecretDer,
        sealing: &SecretDer,
        certificate: Signed<SealingCertificate>,
        now: UnixTime,
    ) -> Result<Self, Error> {
        let (signing, sealing) = (Arc::new(SigningKey::load(signing)?), SealingKey::load(sealing)?);
        let ours = certificate.verify_as_issued(signing.verifying_key())?;
        if ours.key != *sealing.wrapping_key() {
            return Err(Error::Statement("the sealing certificate names another sealing key"));
        }
        let epoch = ours.epoch;
        if certificate.holds_for_long(signing.verifying_key(), now) {
            return Ok(Self { signing, sealing, certificate, epoch });
        }
        Self::with_epoch(signing, sealing, epoch, now)
    }

    /// The same person with another sealing key, under the next epoch.
    pub fn with_new_sealing_key(self, sealing: SealingKey, now: UnixTime) -> Result<Self, Error> {
        let epoch = next(self.epoch)?;
        Self::with_epoch(self.signing, sealing, epoch, now)
    }

    fn with_epoch(
        signing: Arc<SigningKey>,
        sealing: SealingKey,
        epoch: u32,
        now: UnixTime,
    ) -> Result<Self, Error> {
        let certificate = SealingCertificate::issue(&signing, sealing.wrapping_key(), epoch, now)?;
        certificate.verify(signing.verifying_key(), now)?;
        Ok(Self { signing, sealing, certificate, epoch })
    }

    /// The name of this person.
    pub fn fingerprint(&self) -> Fingerprint {
        self.signing.fingerprint()
    }

    /// What signs; whoever signs for long holds it too.
    pub fn signing(&self) -> &Arc<SigningKey> {
        &self.signing
    }

    /// What unwraps.
    pub fn sealing(&self) -> &SealingKey {
        &self.sealing
    }

    /// What others need to seal for this person.
    pub fn certificate(&self) -> &Signed<SealingCertificate> {
        &self.certificate
    }

    /// The same in a program that stays open: it is issued again when it holds no longer, or not for long.
    pub fn certificate_at(&self, now: UnixTime) -> Result<Signed<SealingCertificate>, Error> {
        let Self { signing, sealing, certificate, epoch } = self;
        match certificate.holds_for_long(signing.verifying_key(), now) {
            true => Ok(certificate.clone()),
            false => SealingCertificate::issue(signing, sealing.wrapping_key(), *epoch, now),
        }
    }

    /// The number of the current sealing key.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }
}

impl Signed<SealingCertificate> {
    /// Checks everything but whether the certificate holds today.
    pub fn verify_as_issued(
        &self,
        signer: &super::VerifyingKey,
    ) -> Result<Verified<SealingCertificate>, Error> {
        let body: SealingCertificate = crate::codec::closed::decode(self.body())?;
        self.verify(signer, UnixTime(body.not_after.0.saturating_sub(1)))
    }

    /// Whether it holds, and will be for some months, whatever the clocks of others are.
    fn holds_for_long(&self, signer: &super::VerifyingKey, now: UnixTime) -> bool {
        let holds = |at| self.verify(signer, at).is_ok();
        holds(now) && holds(now.plus(RENEWED_BEFORE_SECONDS))
    }
}

/// A certificate is issued again when it holds for no longer than this.
const RENEWED_BEFORE_SECONDS: u64 = 120 * 24 * 3600;

fn next(epoch: u32) -> Result<u32, Error> {
    epoch.checked_add(1).ok_or(Error::Statement("there is no next epoch"))
}
