//! How much one person may want at once and in a minute, and all of them together at once.

use crate::model::limits::MANIFEST_BYTES;

/// How many streams there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Under way at once, of one person.
    pub at_once: u32,
    /// Begun in a minute, by one person.
    pub a_minute: u32,
    /// Under way at once, of all people: who has many identities gets no more.
    pub in_all: u32,
    /// Bytes of manifests of all that are under way.
    pub bytes: u64,
    /// Of these, of one person: nobody takes the room of all.
    pub bytes_each: u64,
    /// Requests that wait until there is a slot, of all people.
    pub waiting: u32,
    /// Of these, of one person.
    pub waiting_each: u32,
}

impl Allowance {
    /// For what others fetch. A person fetches with a few streams at a time; each costs a signature and
    /// a wrap.
    pub const SERVING: Self = Self {
        at_once: 4,
        a_minute: 240,
        in_all: 64,
        bytes: 64 << 20,
        bytes_each: LARGEST,
        waiting: 256,
        waiting_each: 8,
    };

    /// For what others offer, which waits for a person to say yes.
    pub const OFFERS: Self = Self {
        at_once: 2,
        a_minute: 240,
        in_all: 8,
        bytes: 32 << 20,
        bytes_each: LARGEST,
        waiting: 0,
        waiting_each: 0,
    };

    /// So many at once, of all people; however few that are, nobody has all of them.
    pub fn at_most(self, in_all: u32) -> Self {
        let in_all = self.in_all.min(in_all).max(1);
        Self { in_all, at_once: self.at_once.min((in_all / 2).max(1)), ..self }
    }

    /// For leaves that others ask for: a file may have to be read for them.
    pub const LISTS: Self = Self { bytes: 0, bytes_each: 0, ..Self::OFFERS };
}

/// One manifest of the greatest length.
const LARGEST: u64 = MANIFEST_BYTES as u64;
