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

    /// Loads a person whose certificate was issued before. One that has expired is issued again
    /// for the same key, under the next epoch.
    pub fn load(
        signing: &SecretDer,
        sealing: &SecretDer,
        certificate: Signed<SealingCertificate>,
        now: UnixTime,
    ) -> Result<Self, Error> {
        let (signing, sealing) = (Arc::new(SigningKey::load(signing)?), SealingKey::load(sealing)?);
        let (epoch, current) = Self::read_own(&certificate, &signing, &sealing, now)?;
        if current {
            return Ok(Self { signing, sealing, certificate, epoch });
        }
        Self::with_epoch(signing, sealing, next(epoch)?, now)
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

    /// The epoch of our own certificate, and whether it still holds.
    fn read_own(
        certificate: &Signed<SealingCertificate>,
        signing: &SigningKey,
        sealing: &SealingKey,
        now: UnixTime,
    ) -> Result<(u32, bool), Error> {
        let ours = certificate.verify_as_issued(signing.verifying_key())?;
        if ours.key != *sealing.wrapping_key() {
            return Err(Error::Statement("the sealing certificate names another sealing key"));
        }
        Ok((ours.epoch, certificate.verify(signing.verifying_key(), now).is_ok()))
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
}

fn next(epoch: u32) -> Result<u32, Error> {
    epoch.checked_add(1).ok_or(Error::Statement("there is no next epoch"))
}
