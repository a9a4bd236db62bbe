//! The threads that hash passwords: few, so that a storm of logins leaves the machine to others, and
//! behind a queue that is short, so that nobody waits for long.
//!
//! One address has at most half of the places in the queue. Whoever is still there after the longest
//! wait, or finds no place, is told that the index is busy.

use super::Rules;
use super::origin::Origin;
use crate::crypto::{Error, Password, PasswordHash, PasswordHasher};
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Too many passwords wait to be hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooBusy;

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
    jobs: VecDeque<Job>,
    of_origin: HashMap<Origin, usize>,
    is_over: bool,
}

struct Job {
    origin: Origin,
    since: Instant,
    work: Box<dyn FnOnce(&Shared, Turn) + Send>,
}

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
        origin: Origin,
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
        self.run(origin, checked).await
    }

    /// The hash to store.
    pub(super) async fn hash(
        &self,
        origin: Origin,
        password: Password,
    ) -> Result<Result<PasswordHash, Error>, TooBusy> {
        let hash = move |shared: &Shared| {
            shared.count();
            shared.hasher.hash(&password)
        };
        self.run(origin, hash).await
    }

    /// How many passwords were hashed or checked.
    pub(super) fn computed(&self) -> u64 {
        self.0.shared.computed.load(Ordering::Relaxed)
    }

    async fn run<T: Send + 'static>(
        &self,
        origin: Origin,
        compute: impl FnOnce(&Shared) -> T + Send + 'static,
    ) -> Result<T, TooBusy> {
        let (answer, answered) = oneshot::channel();
        let work = move |shared: &Shared, turn| {
            // Who does not wait any more costs nothing; nor does who waited for too long.
            if turn == Turn::Now && !answer.is_closed() {
                let _ = answer.send(compute(shared));
            }
        };
        self.0.shared.enqueue(Job { origin, since: Instant::now(), work: Box::new(work) })?;
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
        let held = queue.of_origin.get(&job.origin).copied().unwrap_or_default();
        if queue.jobs.len() >= self.places || held >= self.places.div_ceil(2) {
            return Err(TooBusy);
        }
        queue.of_origin.insert(job.origin, held.saturating_add(1));
        queue.jobs.push_back(job);
        drop(queue);
        self.bell.notify_one();
        Ok(())
    }

    fn work(&self) {
        while let Some(job) = self.next() {
            let is_late = job.since.elapsed() > self.wait;
            (job.work)(self, if is_late { Turn::TooLate } else { Turn::Now });
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
        let job = self.jobs.pop_front()?;
        let held = self.of_origin.remove(&job.origin).unwrap_or_default();
        if held > 1 {
            self.of_origin.insert(job.origin, held.saturating_sub(1));
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
