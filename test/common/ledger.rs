//! A key directory as its index writes it: entries that follow one another, whatever they say.

#![allow(dead_code, reason = "each file of tests uses some of these")]

use waxwing::codec::closed;
use waxwing::crypto::{Fingerprint, UnixTime};
use waxwing::model::directory::{DirectoryEntry, DirectoryEvent, Documents, Head};

/// The entries so far, encoded.
#[derive(Clone)]
pub(crate) struct Ledger {
    pub(crate) entries: Vec<Vec<u8>>,
    pub(crate) head: Head,
}

impl Ledger {
    pub(crate) fn new() -> Self {
        Self { entries: Vec::new(), head: Head::EMPTY }
    }

    /// Appends an entry that stands for these documents.
    pub(crate) fn add(&mut self, event: DirectoryEvent, user: &str, shown: &Documents) -> u64 {
        self.write(event, user, shown.key.fingerprint(), shown.hash())
    }

    /// Appends an entry of this identity and this hash; gives its number.
    pub(crate) fn write(
        &mut self,
        event: DirectoryEvent,
        user: &str,
        identity: Fingerprint,
        documents: [u8; 32],
    ) -> u64 {
        let Head { length: number, hash: previous } = self.head;
        let (time, user) = (UnixTime(1_800_000_000 + number), user.parse().unwrap());
        let entry = DirectoryEntry { number, previous, time, event, user, identity, documents };
        self.head = entry.head();
        self.entries.push(closed::encode(&entry));
        number
    }

    /// The entries from one on.
    pub(crate) fn from(&self, number: u64) -> impl Iterator<Item = &[u8]> {
        self.entries.iter().skip(number as usize).map(Vec::as_slice)
    }
}
