//! Trying again what may pass: after a pause that grows, told each time.

use super::User;
use crate::crypto::random;
use crate::link::Follower;
use crate::model::{Again, UserName};
use crate::node::Error;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::sleep;

/// Whether something came of the tries before: when less is to go than at any of them, all tries are left
/// again. What was verified and not kept does not count: it would go again for ever.
#[derive(Debug)]
pub(super) struct Came {
    least: AtomicU64,
    now: AtomicU64,
}

impl Default for Came {
    fn default() -> Self {
        // At the first try all is to go.
        Self { least: AtomicU64::new(0), now: AtomicU64::new(u64::MAX) }
    }
}

impl Came {
    fn has_more(&self) -> bool {
        let now = self.now.load(Ordering::Relaxed);
        now < u64::MAX && self.least.swap(now, Ordering::Relaxed) > now
    }
}

impl Follower for Came {
    fn carries(&self, bytes: u64) {
        self.now.fetch_min(bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
#[path = "../../../test/unit/retries.rs"]
mod tests;

impl User {
    /// Does something with somebody, with as many tries as are set in which nothing comes of it.
    pub(super) async fn patiently<T, F>(
        &self,
        user: &UserName,
        came: &Came,
        once: impl Fn() -> F,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let mut failed = 0_u32;
        loop {
            let why = match once().await {
                Err(why) if why.may_pass() => why,
                // Who was there a moment ago may come back.
                Err(why @ Error::Offline(_)) if failed > 0 => why,
                done => return done,
            };
            if came.has_more() {
                failed = 0;
            }
            failed = failed.saturating_add(1);
            let Some(pause) = self.pause(failed) else { return Err(why) };
            self.tell_failed(user, &why, Some((failed, pause)));
            sleep(pause).await;
        }
    }

    /// The pause after so many failed tries; none when there is no further one.
    pub(super) fn pause(&self, failed: u32) -> Option<Duration> {
        self.inner.options.retries.pause(failed, u32::from_be_bytes(random()))
    }

    /// Tells that something failed with somebody, and after which pause it is tried again.
    pub(super) fn tell_failed(&self, user: &UserName, why: &Error, again: Option<(u32, Duration)>) {
        let of = self.inner.options.retries.tries;
        let again =
            again.map(|(failed, pause)| Again { pause, next: failed.saturating_add(1), of });
        self.events().failed(user.as_str(), &why.to_string(), again);
    }
}
