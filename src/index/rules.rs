//! What an index allows, in one place, each a setting.

use crate::model::limits::PERSON_ENTRIES;
use std::thread::available_parallelism;
use std::time::Duration;

/// What an index allows.
///
/// ```
/// use waxwing::index::Rules;
///
/// let open = Rules { open_joining: true, ..Rules::default() };
/// assert_eq!(open.session_lifetime.as_secs(), 12 * 3600);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Whether one may join without an invitation. Only for an index that strangers cannot reach.
    pub open_joining: bool,
    /// Whether it is reached from other machines, too.
    pub wide: bool,
    /// After how long without use a session is over.
    pub session_lifetime: Duration,
    /// For how long a person counts as online without saying so again.
    pub online_lifetime: Duration,
    /// How many threads hash passwords.
    pub hashing_threads: usize,
    /// How many passwords wait to be hashed; half of the places are for those who are known here.
    pub hashing_queue: usize,
    /// How long a password waits to be hashed; after that the index is busy.
    pub hashing_wait: Duration,
    /// How many wrong passwords for one name an address tries without waiting.
    pub free_tries: u32,
    /// The longest that it then waits; each wait is twice as long as the one before.
    pub longest_wait: Duration,
    /// How often an address may fail to join within an hour.
    pub failed_joins: u32,
    /// How many accounts an address may make within an hour without an invitation.
    pub open_joins: u32,
    /// How long a conversation may go on in which nobody is logged in.
    pub anonymous_time: Duration,
    /// How many conversations there are at once in which nobody is logged in, from one address.
    pub anonymous_of_address: usize,
    /// The same from all of them. The oldest gives way to a newcomer.
    pub anonymous: usize,
    /// How many entries one person may publish.
    pub entries_of_person: u64,
    /// The time between two news to one watcher, for each thousand of watchers.
    pub news_pause: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            open_joining: false,
            wide: true,
            session_lifetime: Duration::from_secs(12 * 3600),
            online_lifetime: Duration::from_secs(90),
            hashing_threads: but_one(),
            hashing_queue: 64,
            hashing_wait: Duration::from_secs(3),
            free_tries: 5,
            longest_wait: Duration::from_secs(900),
            failed_joins: 10,
            open_joins: 100,
            anonymous_time: Duration::from_secs(60),
            anonymous_of_address: 256,
            anonymous: 1024,
            entries_of_person: PERSON_ENTRIES,
            news_pause: Duration::from_secs(1),
        }
    }
}

/// As many threads as leave a core to others, if there is one.
pub(super) fn but_one() -> usize {
    available_parallelism().map_or(1, usize::from).saturating_sub(1).max(1)
}

impl Rules {
    /// A time as messages and stores hold it.
    pub(super) fn seconds(time: Duration) -> u32 {
        u32::try_from(time.as_secs()).unwrap_or(u32::MAX)
    }
}
