//! What all conversations of an index share, and what is not kept in the store.

use super::Rules;
use super::anonymous::Crowd;
use super::complaints::Complaints;
use super::happening::{Complaint, Happening};
use super::presence::Presence;
use super::rules::but_one;
use super::seats::{Seat, Seats};
use super::store::AccountId;
use super::throttle::{Key, NEVER, Pace, Throttle};
use super::turns::{Doing, Turn, Turns};
use super::visitor::Denial;
use crate::crypto::{Clock, UnixTime};
use crate::link::Origin;
use crate::model::{TokenHash, UserName};
use crate::wire::Code;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore, watch};
use tokio::time::Instant;

/// What is not kept in the store, nor needs it.
pub(super) struct Shared {
    pub(super) rules: Rules,
    clock: Clock,
    tell: Box<dyn Fn(Happening) + Send + Sync>,
    presence: Mutex<Presence>,
    /// The number of the next change of the presence.
    changes: watch::Sender<u64>,
    watchers: AtomicU32,
    seats: Mutex<Seats>,
    crowd: Mutex<Crowd>,
    throttle: Mutex<Throttle>,
    complaints: Mutex<Complaints>,
    /// Who is not online any more, and since when, until it is written down.
    departed: Mutex<Vec<(AccountId, UnixTime)>>,
    panics: AtomicU64,
    turns: Turns,
    /// Rings when there may be something to clear up behind what was published.
    pub(super) catalog_changed: Notify,
    /// Those who read parts of syncs: they leave a core to others, if there is one.
    pub(super) readers: Arc<Semaphore>,
}

impl Shared {
    pub(super) fn new(
        rules: Rules,
        clock: Clock,
        tell: impl Fn(Happening) + Send + Sync + 'static,
    ) -> Self {
        Self {
            crowd: Mutex::new(Crowd::new(&rules)),
            rules,
            clock,
            tell: Box::new(tell),
            presence: Mutex::default(),
            changes: watch::Sender::new(0),
            watchers: AtomicU32::new(0),
            seats: Mutex::default(),
            throttle: Mutex::default(),
            complaints: Mutex::default(),
            departed: Mutex::default(),
            panics: AtomicU64::new(0),
            turns: Turns::default(),
            catalog_changed: Notify::new(),
            readers: Arc::new(Semaphore::new(but_one())),
        }
    }

    /// Hears when the presence changes.
    pub(super) fn hear_changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    pub(super) fn panics(&self) -> &AtomicU64 {
        &self.panics
    }

    pub(super) fn now(&self) -> UnixTime {
        (self.clock)()
    }

    pub(super) fn tell(&self, happening: Happening) {
        (self.tell)(happening);
    }

    pub(super) fn presence(&self) -> MutexGuard<'_, Presence> {
        self.presence.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes who is online, and wakes the watchers if anybody sees a difference.
    pub(super) fn change_presence<T>(&self, change: impl FnOnce(&mut Presence) -> T) -> T {
        let mut presence = self.presence();
        let done = change(&mut presence);
        let next = presence.next_change();
        self.changes.send_if_modified(|told| std::mem::replace(told, next) != next);
        done
    }

    pub(super) fn seats(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn crowd(&self) -> MutexGuard<'_, Crowd> {
        self.crowd.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn end_sessions(&self, sessions: &[TokenHash], but: Option<&Seat>) {
        let seats = self.seats();
        sessions.iter().for_each(|session| seats.end(session, but.map(|seat| seat.id)));
    }

    /// Somebody is online nowhere any more.
    pub(super) fn is_gone(&self, account: AccountId, user: &UserName, now: UnixTime) {
        self.departed().push((account, now));
        self.tell(Happening::Offline { user: user.to_string() });
    }

    pub(super) fn departed(&self) -> MutexGuard<'_, Vec<(AccountId, UnixTime)>> {
        self.departed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One watcher more or less.
    pub(super) fn watchers(&self, change: impl Fn(u32) -> u32) {
        // It never fails: the change always gives a number.
        let _ =
            self.watchers.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| Some(change(n)));
    }

    /// When a watcher who is told something now may be told more. The pause grows with the crowd, so
    /// that all news together cost the same from some number of watchers on.
    pub(super) fn next_news(&self) -> Instant {
        let crowds = self.watchers.load(Ordering::Relaxed).div_ceil(CROWD).max(1);
        let (now, pause) = (Instant::now(), self.rules.news_pause.saturating_mul(crowds));
        now.checked_add(pause).unwrap_or(now)
    }

    /// Lets a try begin, which counts until it succeeded; or says how long to wait.
    pub(super) fn begin_try(&self, key: &Key, pace: Pace) -> Result<(), Denial> {
        self.throttle().begin(key, pace, Instant::now()).map_err(throttled)
    }

    /// Whether a try may begin. It counts only when it is told to.
    pub(super) fn may_try(&self, key: &Key, pace: Pace) -> Result<(), Denial> {
        self.throttle().look(key, pace, Instant::now()).map_err(throttled)
    }

    pub(super) fn count_try(&self, key: &Key) {
        self.throttle().count(key, Instant::now());
    }

    pub(super) fn throttle(&self) -> MutexGuard<'_, Throttle> {
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a person do something that takes long, unless they do too much of it at once.
    pub(super) fn take_turn(&self, doing: Doing, account: AccountId) -> Result<Turn<'_>, Denial> {
        self.turns.take(doing, account)
    }

    /// The pace of wrong passwords.
    pub(super) fn pace_of_passwords(&self) -> Pace {
        let Rules { free_tries, longest_wait, .. } = self.rules;
        let first = Duration::from_secs(1);
        Pace { free: free_tries, first, longest: longest_wait, fades: NEVER }
    }

    /// Somebody was refused something; it goes to the log, once in a while.
    pub(super) fn complain(
        &self,
        who: Refused<'_>,
        what: &'static str,
        (code, why): (u16, String),
    ) {
        let Some(times) = self.count_complaint(who.origin, (what, code)) else { return };
        let Refused { from, user, .. } = who;
        let (from, user) = (shown(from), user.map(UserName::to_string));
        self.tell(Happening::Refused(Complaint { from, what: what.to_owned(), why, user, times }));
    }

    /// The store failed: also once in a while, since it fails for everybody.
    pub(super) fn store_failed(&self, why: String) {
        if self.count_complaint(Origin::of(None), ("the store", 0)).is_some() {
            self.tell(Happening::StoreFailed { why });
        }
    }

    fn count_complaint(&self, from: Origin, about: (&'static str, u16)) -> Option<u64> {
        let mut complaints = self.complaints.lock().unwrap_or_else(PoisonError::into_inner);
        complaints.count(from, about, Instant::now())
    }
}

/// Who was refused something.
pub(super) struct Refused<'a> {
    pub(super) origin: Origin,
    pub(super) from: Option<SocketAddr>,
    pub(super) user: Option<&'a UserName>,
}

/// An address for the log, or what stands for it.
pub(super) fn shown(from: Option<SocketAddr>) -> String {
    from.map_or_else(|| "this process".to_owned(), |from| from.to_string())
}

fn throttled(wait: Duration) -> Denial {
    let seconds = wait.as_secs().saturating_add(1);
    Denial::new(Code::Throttled, format!("try again in {seconds} seconds"))
}

/// So many watchers get the news at the shortest pause.
const CROWD: u32 = 1000;
