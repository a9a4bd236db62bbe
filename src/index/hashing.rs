//! The threads that hash passwords: few, so that a storm of logins leaves the machine to others, and
//! behind a queue that is short, so that nobody waits for long.
//!
//! ```text
//! known      whose identity has the account, or whose invitation holds    first; few each
//! strangers  everybody else                                               half of the places;
//!                                                                         half of those an address
//! ```
//!
//! A stranger's login cannot succeed, so they lose nothing by waiting behind those whose can; and
//! however many they are, they take no place from them. Whoever is still there after the longest
//! wait, or finds no place, is told that the index is busy.

use super::Rules;
use crate::crypto::{Error, Fingerprint, Password, PasswordHash, PasswordHasher};
use crate::link::Origin;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Too many passwords wait to be hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooBusy;

/// Whose password it is, as far as it is known before it is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Whose {
    /// Somebody who proved the identity of the account, or who is invited.
    Known(Fingerprint),
    /// Anybody, from there.
    Stranger(Origin),
}

/// Hashes and checks passwords on its own threads, which end with the last handle.
#[derive(Clone)]
pub(super) struct Hashing(Arc<Handle>);

struct Handle {
    shared: Arc<Shared>,
}

struct Shared {
    hasher: PasswordHasher,
    queue: Mutex<Queue>,
    bell: Condvar,
    places: usize,
    wait: Duration,
    computed: AtomicU64,
}

#[derive(Default)]
struct Queue {
    known: VecDeque<Job>,
    strangers: VecDeque<Job>,
    held: HashMap<Whose, usize>,
    is_over: bool,
}

struct Job {
    whose: Whose,
    since: Instant,
    work: Work,
}

type Work = Box<dyn FnOnce(&Shared, Turn) + Send>;

/// Whether a job still has its turn.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    Now,
    TooLate,
}

impl Hashing {
    pub(super) fn new(hasher: PasswordHasher, rules: &Rules) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            hasher,
            queue: Mutex::default(),
            bell: Condvar::new(),
            places: rules.hashing_queue.max(1),
            wait: rules.hashing_wait,
            computed: AtomicU64::new(0),
        });
        for _ in 0..rules.hashing_threads.max(1) {
            let shared = Arc::clone(&shared);
            thread::Builder::new().name("hashing".into()).spawn(move || shared.work())?;
        }
        Ok(Self(Arc::new(Handle { shared })))
    }

    /// Whether a password is the stored one. For nobody's password it costs the same.
    pub(super) async fn verify(
        &self,
        whose: Whose,
        password: Password,
        stored: Option<PasswordHash>,
    ) -> Result<Checked, TooBusy> {
        let checked = move |shared: &Shared| {
            shared.count();
            let hasher = &shared.hasher;
            let is_right = match &stored {
                Some(stored) => hasher.verify(&password, stored),
                None => hasher.verify_nobody(&password),
            };
            let is_outdated = stored.as_ref().is_some_and(|stored| hasher.is_outdated(stored));
            let rehashed = (is_right && is_outdated).then(|| hasher.hash(&password).ok()).flatten();
            Checked { is_right, rehashed }
        };
        self.run(whose, checked).await
    }

    /// The hash to store.
    pub(super) async fn hash(
        &self,
        whose: Whose,
        password: Password,
    ) -> Result<Result<PasswordHash, Error>, TooBusy> {
        let hash = move |shared: &Shared| {
            shared.count();
            shared.hasher.hash(&password)
        };
        self.run(whose, hash).await
    }

    /// How many passwords were hashed or checked.
    pub(super) fn computed(&self) -> u64 {
        self.0.shared.computed.load(Ordering::Relaxed)
    }

    async fn run<T: Send + 'static>(
        &self,
        whose: Whose,
        compute: impl FnOnce(&Shared) -> T + Send + 'static,
    ) -> Result<T, TooBusy> {
        let (answer, answered) = oneshot::channel();
        let work = move |shared: &Shared, turn| {
            // Who does not wait any more costs nothing; nor does who waited for too long.
            if turn == Turn::Now && !answer.is_closed() {
                let _ = answer.send(compute(shared));
            }
        };
        self.0.shared.enqueue(Job { whose, since: Instant::now(), work: Box::new(work) })?;
        answered.await.map_err(|_| TooBusy)
    }
}

/// What came of a check.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) is_right: bool,
    /// The password hashed at the cost of today, when it was right and stored at another one.
    pub(super) rehashed: Option<PasswordHash>,
}

impl Shared {
    fn enqueue(&self, job: Job) -> Result<(), TooBusy> {
        let mut queue = self.queue();
        let held = queue.held.get(&job.whose).copied().unwrap_or_default();
        let half = self.places.div_ceil(2);
        let (all, own) = match job.whose {
            Whose::Known(_) => (&mut queue.known, KNOWN_EACH),
            Whose::Stranger(_) => (&mut queue.strangers, half.div_ceil(2)),
        };
        if all.len() >= half || held >= own {
            return Err(TooBusy);
        }
        let whose = job.whose;
        all.push_back(job);
        queue.held.insert(whose, held.saturating_add(1));
        drop(queue);
        self.bell.notify_one();
        Ok(())
    }

    fn work(&self) {
        while let Some(job) = self.next() {
            let is_late = job.since.elapsed() > self.wait;
            let turn = if is_late { Turn::TooLate } else { Turn::Now };
            // A library that panics costs this answer, and not a thread.
            let _ = catch_unwind(AssertUnwindSafe(|| (job.work)(self, turn)));
        }
    }

    fn next(&self) -> Option<Job> {
        let mut queue = self.queue();
        loop {
            if let Some(job) = queue.take() {
                return Some(job);
            }
            if queue.is_over {
                return None;
            }
            queue = self.bell.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn count(&self) {
        self.computed.fetch_add(1, Ordering::Relaxed);
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn take(&mut self) -> Option<Job> {
        let job = self.known.pop_front().or_else(|| self.strangers.pop_front())?;
        let held = self.held.remove(&job.whose).unwrap_or_default();
        if held > 1 {
            self.held.insert(job.whose, held.saturating_sub(1));
        }
        Some(job)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.queue().is_over = true;
        self.shared.bell.notify_all();
    }
}

impl fmt::Debug for Hashing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hashing({} places)", self.0.shared.places)
    }
}

/// So many passwords of one known person wait at once: one for each of a few homes.
const KNOWN_EACH: usize = 4;
