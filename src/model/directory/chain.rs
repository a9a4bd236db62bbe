//! A chain as a client keeps it, and the checks of what an index says.

use super::entry::{DirectoryEntry, DirectoryEvent, Documents, Head, head_after};
use crate::codec::{self, Closed, Reader, closed};
use crate::crypto::{Fingerprint, Rotation, SealingCertificate, UnixTime, Verified, VerifyingKey};
use crate::model::UserName;
use crate::model::limits::DIRECTORY_ENTRIES;
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
    /// Documents that are not those of the entry.
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
    /// What the chain says.
    pub step: Step,
    /// The identity's key.
    pub key: VerifyingKey,
    /// What to seal for them with, where no proven channel gives it; may have expired.
    pub certificate: Verified<SealingCertificate>,
    /// How the identity before gave the name away, when that is what happened.
    pub rotation: Option<Verified<Rotation>>,
}

/// What the chain says of a name at one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The number of the entry.
    pub number: u64,
    /// When it happened, as the index says.
    pub time: UnixTime,
    /// What happened.
    pub event: DirectoryEvent,
    /// The identity that the name has from then on; for a closed account the one that it had.
    pub identity: Fingerprint,
    /// The identity that gave the name away, in a rotation.
    pub before: Option<Fingerprint>,
    documents: [u8; 32],
}

/// The chain as far as it is known. It only grows: an answer that is refused leaves it as it was.
///
/// It holds what its entries say, and so gives them back byte for byte ([`Chain::entries_from`]): who
/// keeps it on disk appends what is new, and [`Chain::read`] checks all of it again.
#[derive(Debug, Clone, Default)]
pub struct Chain {
    records: Vec<Record>,
    people: Vec<PersonRecord>,
    names: HashMap<UserName, u32>,
    /// Where each identity came first.
    identities: HashMap<Fingerprint, u32>,
}

/// An entry, and where the one before of the same name is. There are many of these.
#[derive(Debug, Clone)]
struct Record {
    hash: [u8; 32],
    identity: Fingerprint,
    documents: [u8; 32],
    time: UnixTime,
    person: u32,
    earlier: Option<u32>,
    event: DirectoryEvent,
}

#[derive(Debug, Clone)]
struct PersonRecord {
    user: UserName,
    last: u32,
}

impl Chain {
    /// Reads entries that stand one behind the other, as [`Chain::entries_from`] gives them. Tells
    /// how many bytes they took: not all, when the writing of the last one was cut short.
    pub fn read(bytes: &[u8]) -> Result<(Self, usize), ChainError> {
        let (mut chain, mut rest) = (Self::default(), bytes);
        while let Some(entry) = first_entry(rest)? {
            chain.push(entry)?;
            rest = rest.get(entry.len()..).unwrap_or_default();
        }
        Ok((chain, bytes.len().saturating_sub(rest.len())))
    }

    /// The entries from this number on, as the index gave them.
    pub fn entries_from(&self, number: u64) -> impl Iterator<Item = Vec<u8>> {
        let behind = usize::try_from(number).unwrap_or(usize::MAX);
        let entries = (0_u64..).zip(&self.records).skip(behind);
        entries.filter_map(|(number, record)| Some(closed::encode(&self.entry(number, record)?)))
    }

    /// How far it is known.
    pub fn head(&self) -> Head {
        let hash = self.records.last().map(|record| record.hash);
        Head { length: self.length(), hash: hash.unwrap_or(Head::EMPTY.hash) }
    }

    /// Takes the next entries; none of them when one is refused.
    pub fn extend<'a>(
        &mut self,
        entries: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<(), ChainError> {
        self.extend_if(entries, |_| Ok(()))
    }

    /// The same, and none of them either when the chain as it is then does not fit.
    pub fn extend_if<'a, T>(
        &mut self,
        entries: impl IntoIterator<Item = &'a [u8]>,
        fits: impl FnOnce(&Self) -> Result<T, ChainError>,
    ) -> Result<T, ChainError> {
        let before = self.records.len();
        let taken = entries.into_iter().try_for_each(|entry| self.push(entry));
        let fitted = taken.and_then(|()| fits(self));
        if fitted.is_err() {
            self.take_back(before);
        }
        fitted
    }

    /// How another head stands to this chain.
    pub fn compare(&self, other: &Head) -> Agreement {
        let ours = match other.length.checked_sub(1) {
            None => Some(Head::EMPTY.hash),
            Some(last) => self.record(last).map(|record| record.hash),
        };
        match ours {
            None => Agreement::Behind,
            Some(hash) if hash != other.hash => Agreement::Forked,
            Some(_) if other.length == self.length() => Agreement::Same,
            Some(_) => Agreement::Ahead,
        }
    }

    /// All that happened to a name, the last first.
    pub fn steps(&self, user: &UserName) -> impl Iterator<Item = Step> {
        let last = self.person(user).map(|person| person.last);
        std::iter::successors(last, |at| self.records.get(to_usize(*at))?.earlier)
            .filter_map(|at| self.step(u64::from(at)))
    }

    /// What happened to a name last, unless nobody has it now.
    pub fn current(&self, user: &UserName) -> Option<Step> {
        self.steps(user).next().filter(|step| step.event != DirectoryEvent::Closed)
    }

    /// The rotations that led from an identity to the one that the name has now, the first one first:
    /// none at all when it is the same. Nothing when something else than rotations led there.
    pub fn rotations_since(&self, user: &UserName, identity: &Fingerprint) -> Option<Vec<Step>> {
        self.current(user)?;
        let mut rotations = Vec::new();
        for step in self.steps(user) {
            match step.event {
                _ if step.identity == *identity => {
                    rotations.reverse();
                    return Some(rotations);
                }
                DirectoryEvent::Rotated => rotations.push(step),
                DirectoryEvent::Sealing => {}
                DirectoryEvent::Joined | DirectoryEvent::Replaced | DirectoryEvent::Closed => break,
            }
        }
        None
    }

    /// The name that an identity has or had.
    pub fn owner(&self, identity: &Fingerprint) -> Option<&UserName> {
        let first = self.records.get(to_usize(*self.identities.get(identity)?))?;
        self.user(first)
    }

    /// Believes documents for a name if the chain's last entry of that name stands for them and
    /// their signatures hold.
    pub fn binding(&self, user: &UserName, shown: &Documents) -> Result<Binding, ChainError> {
        let step = self.current(user).ok_or(ChainError::Unknown)?;
        self.binding_at(user, &step, shown)
    }

    /// The same for another step of the name. A certificate that has expired is believed to have
    /// been one.
    pub fn binding_at(
        &self,
        user: &UserName,
        step: &Step,
        shown: &Documents,
    ) -> Result<Binding, ChainError> {
        if self.step_of(user, step.number).as_ref() != Some(step) {
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
        Ok(Binding { user, step: *step, key, certificate, rotation })
    }

    fn push(&mut self, bytes: &[u8]) -> Result<(), ChainError> {
        let entry: DirectoryEntry = closed::decode(bytes)?;
        let head = self.head();
        if entry.number != head.length || entry.previous != head.hash {
            return Err(ChainError::Broken(head.length));
        }
        let impossible = |reason| ChainError::Impossible { number: head.length, reason };
        let at = u32::try_from(head.length).ok().filter(|_| self.records.len() < DIRECTORY_ENTRIES);
        let at = at.ok_or(impossible("it is longer than a directory may be"))?;
        self.check(&entry).map_err(impossible)?;
        let DirectoryEntry { time, event, user, identity, documents, .. } = entry;
        let hash = head_after(head.length, bytes).hash;
        let (person, earlier) = self.person_has(user, at);
        self.identities.entry(identity).or_insert(at);
        self.records.push(Record { hash, identity, documents, time, person, earlier, event });
        Ok(())
    }

    /// As if only so many entries had come.
    fn take_back(&mut self, length: usize) {
        while self.records.len() > length
            && let Some(record) = self.records.pop()
        {
            let at = u32::try_from(self.records.len()).unwrap_or(u32::MAX);
            if self.identities.get(&record.identity) == Some(&at) {
                self.identities.remove(&record.identity);
            }
            match (record.earlier, self.people.get_mut(to_usize(record.person))) {
                (Some(earlier), Some(person)) => person.last = earlier,
                // It was the name's first entry, and so the name is the last that came.
                _ => {
                    if let Some(person) = self.people.pop() {
                        self.names.remove(&person.user);
                    }
                }
            }
        }
    }

    /// Whether this can happen to the name now.
    fn check(&self, entry: &DirectoryEntry) -> Result<(), &'static str> {
        use DirectoryEvent::{Closed, Joined, Replaced, Rotated, Sealing};
        let now = self.current(&entry.user).map(|step| step.identity);
        let is_new = self.owner(&entry.identity).is_none();
        let last = self.steps(&entry.user).next().map(|step| step.identity);
        match (entry.event, now) {
            (Joined, Some(_)) => Err("a name is joined twice"),
            // Who left may come back; not as who they were before a rotation, whose key may be stolen.
            (Joined, None) if is_new || last == Some(entry.identity) => Ok(()),
            (Rotated | Replaced, Some(_)) if is_new => Ok(()),
            (Joined, None) | (Rotated | Replaced, Some(_)) => Err("an identity is used twice"),
            (Sealing | Closed, Some(now)) if now == entry.identity => Ok(()),
            (Sealing | Closed, Some(_)) => Err("it speaks of another identity than the name has"),
            (_, None) => Err("it speaks of a name that nobody has"),
        }
    }

    /// A name's last entry is this one from now on. Gives the person's place, and the last one until
    /// now.
    fn person_has(&mut self, user: UserName, last: u32) -> (u32, Option<u32>) {
        if let Some(at) = self.names.get(&user).copied()
            && let Some(person) = self.people.get_mut(to_usize(at))
        {
            return (at, Some(std::mem::replace(&mut person.last, last)));
        }
        // There are no more people than entries, whose number has just been checked.
        let at = u32::try_from(self.people.len()).unwrap_or(u32::MAX);
        self.names.insert(user.clone(), at);
        self.people.push(PersonRecord { user, last });
        (at, None)
    }

    fn entry(&self, number: u64, record: &Record) -> Option<DirectoryEntry> {
        let previous = match number.checked_sub(1) {
            None => Head::EMPTY.hash,
            Some(previous) => self.record(previous)?.hash,
        };
        let Record { identity, documents, time, event, .. } = *record;
        let user = self.user(record)?.clone();
        Some(DirectoryEntry { number, previous, time, event, user, identity, documents })
    }

    fn step_of(&self, user: &UserName, number: u64) -> Option<Step> {
        let record = self.record(number).filter(|record| self.user(record) == Some(user));
        record.and_then(|_| self.step(number))
    }

    fn step(&self, number: u64) -> Option<Step> {
        let Record { time, event, identity, documents, earlier, .. } = *self.record(number)?;
        let before = match event {
            DirectoryEvent::Rotated => Some(self.record(u64::from(earlier?))?.identity),
            _ => None,
        };
        Some(Step { number, time, event, identity, before, documents })
    }

    fn record(&self, number: u64) -> Option<&Record> {
        self.records.get(usize::try_from(number).ok()?)
    }

    fn user(&self, record: &Record) -> Option<&UserName> {
        self.people.get(to_usize(record.person)).map(|person| &person.user)
    }

    fn person(&self, user: &UserName) -> Option<&PersonRecord> {
        self.people.get(to_usize(*self.names.get(user)?))
    }

    fn length(&self) -> u64 {
        u64::try_from(self.records.len()).unwrap_or(u64::MAX)
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

/// The bytes of the entry at the front; none when there is no whole one.
fn first_entry(bytes: &[u8]) -> Result<Option<&[u8]>, codec::Error> {
    let mut input = Reader::new(bytes);
    match DirectoryEntry::read(&mut input) {
        Ok(_) => Ok(bytes.get(..bytes.len().saturating_sub(input.left()))),
        Err(codec::Error::Cut) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Places are numbers below `DIRECTORY_ENTRIES`, which every machine can count.
fn to_usize(at: u32) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}
