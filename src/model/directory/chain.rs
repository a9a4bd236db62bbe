//! A chain as a client keeps it, and the checks of what an index says.

use super::entry::{DirectoryEntry, DirectoryEvent, Documents, Head, head_after};
use crate::codec::{self, closed};
use crate::crypto::{Fingerprint, Rotation, SealingCertificate, Verified, VerifyingKey};
use crate::model::UserName;
use std::collections::HashMap;

/// Why a chain was not extended, or a binding not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// An entry that is none.
    #[error("an entry of the key directory is malformed: {0}")]
    Malformed(#[from] codec::Error),
    /// An entry that does not follow the one before: the index changed, forgot or invented.
    #[error("entry {0} of the key directory does not follow the one before it")]
    Broken(u64),
    /// An entry that says something impossible.
    #[error("entry {number} of the key directory is impossible: {reason}")]
    Impossible {
        /// Which.
        number: u64,
        /// Why.
        reason: &'static str,
    },
    /// The index has fewer entries than it had, or others.
    #[error("the key directory is not the one that it was: {0}")]
    Rewritten(&'static str),
    /// A name that the chain does not bind.
    #[error("the key directory has nobody of that name")]
    Unknown,
    /// Documents that are not those of the name's last entry.
    #[error("the keys shown are not those of the key directory: {0}")]
    Documents(&'static str),
    /// A signature among the documents does not hold.
    #[error("the keys shown do not hold: {0}")]
    Signature(#[from] crate::crypto::Error),
}

/// How two heads stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agreement {
    /// They are the same chain.
    Same,
    /// The other is the beginning of ours.
    Ahead,
    /// The other is longer; whether it extends ours is known when ours has grown as long.
    Behind,
    /// They are two chains: the index shows different people different things.
    Forked,
}

/// Who has a name, as the chain and the documents say it.
#[derive(Debug, Clone)]
pub struct Binding {
    /// The name.
    pub user: UserName,
    /// The number of the entry.
    pub number: u64,
    /// What happened last.
    pub event: DirectoryEvent,
    /// The identity's key.
    pub key: VerifyingKey,
    /// What to seal for them with, where no proven channel gives it; may have expired.
    pub certificate: Verified<SealingCertificate>,
    /// How the identity before gave the name away, when that is what happened last.
    pub rotation: Option<Verified<Rotation>>,
}

/// What the chain says of a name at one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The number of the entry.
    pub number: u64,
    /// What happened.
    pub event: DirectoryEvent,
    /// The identity that the name has from then on.
    pub identity: Fingerprint,
    /// The identity that gave the name away, in a rotation.
    before: Option<Fingerprint>,
    documents: [u8; 32],
}

/// The chain as far as it is known. It only grows.
#[derive(Debug, Clone, Default)]
pub struct Chain {
    hashes: Vec<[u8; 32]>,
    names: HashMap<UserName, Vec<Step>>,
    owners: HashMap<Fingerprint, UserName>,
}

impl Chain {
    /// How far it is known.
    pub fn head(&self) -> Head {
        Head { length: self.length(), hash: self.hashes.last().copied().unwrap_or_default() }
    }

    /// Takes the next entries, one after the other; those before one that is refused are kept.
    pub fn extend<'a>(
        &mut self,
        entries: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<(), ChainError> {
        entries.into_iter().try_for_each(|entry| self.push(entry))
    }

    /// How another head stands to this chain.
    pub fn compare(&self, other: &Head) -> Agreement {
        let Some(last) = other.length.checked_sub(1) else { return self.against_empty(other) };
        let ours = usize::try_from(last).ok().and_then(|at| self.hashes.get(at));
        match ours {
            None => Agreement::Behind,
            Some(hash) if *hash != other.hash => Agreement::Forked,
            Some(_) if other.length == self.length() => Agreement::Same,
            Some(_) => Agreement::Ahead,
        }
    }

    /// All that happened to a name, in order.
    pub fn steps(&self, user: &UserName) -> &[Step] {
        self.names.get(user).map(Vec::as_slice).unwrap_or_default()
    }

    /// What happened to a name last, unless nobody has it now.
    pub fn current(&self, user: &UserName) -> Option<&Step> {
        self.steps(user).last().filter(|step| step.event != DirectoryEvent::Closed)
    }

    /// The name that an identity has or had.
    pub fn owner(&self, identity: &Fingerprint) -> Option<&UserName> {
        self.owners.get(identity)
    }

    /// Believes documents for a name if the chain's last entry of that name stands for them and
    /// their signatures hold.
    pub fn binding(&self, user: &UserName, shown: &Documents) -> Result<Binding, ChainError> {
        self.binding_at(user, self.current(user).ok_or(ChainError::Unknown)?, shown)
    }

    /// The same for an earlier step of the name. A certificate that has expired is believed to have
    /// been one.
    pub fn binding_at(
        &self,
        user: &UserName,
        step: &Step,
        shown: &Documents,
    ) -> Result<Binding, ChainError> {
        if !self.steps(user).contains(step) {
            return Err(ChainError::Unknown);
        }
        if shown.hash() != step.documents {
            return Err(ChainError::Documents("the entry has another hash"));
        }
        if shown.key.fingerprint() != step.identity {
            return Err(ChainError::Documents("the key is of another identity"));
        }
        let certificate = shown.certificate.verify_as_issued(&shown.key)?;
        let rotation = step.rotation(shown)?;
        let (user, key) = (user.clone(), shown.key.clone());
        Ok(Binding { user, number: step.number, event: step.event, key, certificate, rotation })
    }

    fn push(&mut self, bytes: &[u8]) -> Result<(), ChainError> {
        let entry: DirectoryEntry = closed::decode(bytes)?;
        let head = self.head();
        if entry.number != head.length || entry.previous != head.hash {
            return Err(ChainError::Broken(head.length));
        }
        let number = entry.number;
        let impossible = |reason| ChainError::Impossible { number, reason };
        let before = self.identity_before(&entry).map_err(impossible)?;
        self.hashes.push(head_after(number, bytes).hash);
        self.owners.insert(entry.identity, entry.user.clone());
        let DirectoryEntry { event, identity, documents, user, .. } = entry;
        let step = Step { number, event, identity, before, documents };
        self.names.entry(user).or_default().push(step);
        Ok(())
    }

    /// Whether this can happen to the name now. Gives the identity before, when one was given away.
    fn identity_before(&self, entry: &DirectoryEntry) -> Result<Option<Fingerprint>, &'static str> {
        use DirectoryEvent::{Closed, Joined, Replaced, Rotated, Sealing};
        let now = self.current(&entry.user).map(|step| step.identity);
        let owner = self.owners.get(&entry.identity);
        let is_new = owner.is_none();
        match (entry.event, now) {
            (Joined, Some(_)) => Err("a name is joined twice"),
            // Who left may come back.
            (Joined, None) if is_new || owner == Some(&entry.user) => Ok(None),
            (Rotated, Some(before)) if is_new => Ok(Some(before)),
            (Replaced, Some(_)) if is_new => Ok(None),
            (Joined, None) | (Rotated | Replaced, Some(_)) => Err("an identity is used twice"),
            (Sealing | Closed, Some(now)) if now == entry.identity => Ok(None),
            (Sealing | Closed, Some(_)) => Err("it speaks of another identity than the name has"),
            _ => Err("it speaks of a name that nobody has"),
        }
    }

    fn against_empty(&self, other: &Head) -> Agreement {
        match (other.hash == Head::EMPTY.hash, self.hashes.is_empty()) {
            (false, _) => Agreement::Forked,
            (true, true) => Agreement::Same,
            (true, false) => Agreement::Ahead,
        }
    }

    fn length(&self) -> u64 {
        u64::try_from(self.hashes.len()).unwrap_or(u64::MAX)
    }
}

impl Step {
    fn rotation(&self, shown: &Documents) -> Result<Option<Verified<Rotation>>, ChainError> {
        let (signed, before) = match (&shown.rotation, self.before) {
            (None, None) => return Ok(None),
            (Some(signed), Some(before)) => (signed, before),
            _ => return Err(ChainError::Documents("a rotation is missing, or one too many")),
        };
        let rotation = signed.verify(&before)?;
        if rotation.new.fingerprint() != self.identity {
            return Err(ChainError::Documents("the rotation ends at another identity"));
        }
        Ok(Some(rotation))
    }
}
