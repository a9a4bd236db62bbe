//! What is known of an index from earlier: its key directory, the people as they were last seen, what
//! it has acknowledged of one's own shares, and what the last searches found.

use super::Error;
use super::catalog::{Published, Searches};
use super::directory::Directory;
use super::people::{PEOPLE_KNOWN, Person};
use crate::crypto::Fingerprint;
use crate::model::directory::{Agreement, Chain, Head};
use crate::model::{PeerAddress, ShareId, UnixTime, UserName};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// An answer, and of when it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen<T> {
    /// The answer.
    pub value: T,
    /// Of when it is.
    pub age: Age,
}

/// Of when an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// The index has just given it.
    Fresh,
    /// The index is away; this is what it said last.
    Cached {
        /// When.
        since: UnixTime,
    },
}

impl<T> Seen<T> {
    pub(in crate::node) fn fresh(value: T) -> Self {
        Self { value, age: Age::Fresh }
    }

    pub(super) fn cached((value, since): (T, UnixTime)) -> Self {
        Self { value, age: Age::Cached { since } }
    }
}

/// What is known of one index. Cheap to clone; all clones are the same. It outlives the session that
/// it is given to, so that the next one knows it too.
#[derive(Clone, Default)]
pub struct Known(Arc<Inner>);

#[derive(Default)]
struct Inner {
    directory: Directory,
    people: Mutex<People>,
    published: Mutex<BTreeMap<ShareId, Published>>,
    searches: Mutex<Searches>,
}

#[derive(Default)]
struct People {
    rows: BTreeMap<UserName, Row>,
    /// Counts what was seen.
    seen: u64,
    /// When all of them were asked for.
    all: Option<UnixTime>,
    /// When somebody who was remembered from an earlier run was last heard of.
    earlier: Option<UnixTime>,
}

/// A person, when that was said, and the how manyth thing it was.
struct Row {
    person: Person,
    since: UnixTime,
    number: u64,
    /// Where they could be dialled last, also after they went.
    last: Vec<PeerAddress>,
}

impl Row {
    fn new((person, since, number): (Person, UnixTime, u64), before: Option<&Self>) -> Self {
        let last = match person.addresses.is_empty() {
            true => before.map(|before| before.last.clone()).unwrap_or_default(),
            false => person.addresses.clone(),
        };
        Self { person, since, number, last }
    }
}

/// What the chain of the key directory says of a name or an identity, as far as it is known.
pub(in crate::node) enum Chained<T> {
    /// That this is so.
    Now(T),
    /// That it was so, and is not any more.
    Past,
    /// Nothing.
    Unknown,
}

impl Known {
    /// Only the chain of the key directory, as it was kept. The epochs of certificates are not kept
    /// yet: in each run the first certificate seen of an identity says how high they are.
    pub fn new(chain: Chain) -> Self {
        Self(Arc::new(Inner { directory: Directory::new(chain), ..Inner::default() }))
    }

    /// How long the key directory is known to be: what people tell each other.
    pub fn head(&self) -> Head {
        self.directory().with_chain(Chain::head)
    }

    /// How what somebody else was told stands to the directory as far as it is known.
    pub fn compare(&self, theirs: &Head) -> Agreement {
        self.directory().with_chain(|chain| chain.compare(theirs))
    }

    /// The entries of the key directory from this number on, to be kept.
    pub fn entries_from(&self, number: u64) -> Vec<Vec<u8>> {
        self.directory().with_chain(|chain| chain.entries_from(number).collect())
    }

    /// What the index acknowledged last of a share of one's own.
    pub fn published(&self, share: ShareId) -> Option<Published> {
        self.all_published().get(&share).cloned()
    }

    /// Takes what the index has acknowledged in an earlier run of the program. When the index still
    /// says that this is what it has, only the difference is sent to it.
    pub fn remember(&self, share: ShareId, published: Published) {
        self.all_published().insert(share, published);
    }

    pub(super) fn forget_published(&self, share: ShareId) {
        self.all_published().remove(&share);
    }

    pub(super) fn directory(&self) -> &Directory {
        &self.0.directory
    }

    /// How much was seen until now: to be remembered before people are asked for.
    pub(super) fn seen(&self) -> u64 {
        self.people().seen
    }

    /// All people were asked for, and are these; but of whom was heard since the asking began, what
    /// was heard holds. Gives them as they are then.
    pub(super) fn saw_all(&self, all: &[Person], began: u64, now: UnixTime) -> Vec<Person> {
        let mut people = self.people();
        let (later, before) = std::mem::take(&mut people.rows)
            .into_iter()
            .partition::<BTreeMap<_, _>, _>(|(_, row)| row.number > began);
        people.rows = later;
        for person in all {
            let row = Row::new((person.clone(), now, began), before.get(&person.user));
            people.rows.entry(person.user.clone()).or_insert(row);
        }
        people.all = Some(now);
        people.rows.values().map(|row| row.person.clone()).collect()
    }

    /// A person is now like this. When there are too many, nobody new is remembered.
    pub(super) fn saw(&self, person: &Person, since: UnixTime) {
        let mut people = self.people();
        people.seen = people.seen.saturating_add(1);
        if people.rows.len() < PEOPLE_KNOWN || people.rows.contains_key(&person.user) {
            let before = people.rows.get(&person.user);
            let row = Row::new((person.clone(), since, people.seen), before);
            people.rows.insert(person.user.clone(), row);
        }
    }

    /// People as they were in an earlier run of the program, and where each could be dialled.
    pub(in crate::node) fn remember_people(&self, earlier: Vec<(Person, UnixTime)>) {
        let mut people = self.people();
        people.earlier = earlier.iter().map(|(_, since)| *since).max();
        for (person, since) in earlier {
            let last = person.addresses.clone();
            let row = Row { person: Person { online: false, ..person }, since, number: 0, last };
            people.rows.entry(row.person.user.clone()).or_insert(row);
        }
    }

    /// Some of the people, with where each could be dialled last, and when they were heard of.
    pub(in crate::node) fn last_of(
        &self,
        is_wanted: impl Fn(&UserName) -> bool,
    ) -> Vec<(Person, UnixTime)> {
        let people = self.people();
        let rows = people.rows.values().filter(|row| is_wanted(&row.person.user));
        let last = |row: &Row| {
            let person = Person { addresses: row.last.clone(), ..row.person.clone() };
            (person, row.since)
        };
        rows.map(last).collect()
    }

    /// Somebody was reached there, by whoever's word.
    pub(in crate::node) fn reached(&self, user: &UserName, at: PeerAddress) {
        if let Some(row) = self.people().rows.get_mut(user) {
            row.last.retain(|known| *known != at);
            row.last.insert(0, at);
            row.last.truncate(ADDRESSES);
        }
    }

    /// When the index was last heard of the people.
    pub(in crate::node) fn heard(&self) -> Option<UnixTime> {
        self.people().rows.values().map(|row| row.since).max()
    }

    /// Why nothing that the index says of keys is believed, if so.
    pub(in crate::node) fn alarm(&self) -> Option<Error> {
        self.directory().alarm().map(Error::Alarm)
    }

    /// Who has an identity, by the chain as far as it is known.
    pub(in crate::node) fn name_of(&self, identity: &Fingerprint) -> Chained<UserName> {
        self.directory().with_chain(|chain| {
            let Some(user) = chain.owner(identity) else { return Chained::Unknown };
            match chain.current(user) {
                Some(step) if step.identity == *identity => Chained::Now(user.clone()),
                _ => Chained::Past,
            }
        })
    }

    /// The identity that somebody has, by the chain as far as it is known.
    pub(in crate::node) fn identity_of(&self, user: &UserName) -> Chained<Fingerprint> {
        self.directory().with_chain(|chain| match (chain.current(user), chain.steps(user).next()) {
            (Some(step), _) => Chained::Now(step.identity),
            (None, Some(_)) => Chained::Past,
            (None, None) => Chained::Unknown,
        })
    }

    /// There is nobody of that name.
    pub(super) fn saw_nobody(&self, user: &UserName) {
        self.people().rows.remove(user);
    }

    pub(super) fn all_people(&self) -> Option<(Vec<Person>, UnixTime)> {
        let people = self.people();
        let all = people.all.or(people.earlier)?;
        Some((people.rows.values().map(|row| row.person.clone()).collect(), all))
    }

    /// Somebody; nobody, when all are known and nobody is of that name.
    pub(super) fn person(&self, user: &UserName) -> Option<(Option<Person>, UnixTime)> {
        let people = self.people();
        match people.rows.get(user) {
            Some(row) => Some((Some(row.person.clone()), row.since)),
            None => people.all.map(|since| (None, since)),
        }
    }

    fn all_published(&self) -> MutexGuard<'_, BTreeMap<ShareId, Published>> {
        self.0.published.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn searches(&self) -> MutexGuard<'_, Searches> {
        self.0.searches.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn people(&self) -> MutexGuard<'_, People> {
        self.0.people.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// So many addresses of a person are remembered.
const ADDRESSES: usize = 8;

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (entries, people) = (self.head().length, self.people().rows.len());
        write!(f, "Known({entries} entries of the directory, {people} people)")
    }
}
