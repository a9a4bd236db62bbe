//! Trying again what may pass: after a pause that grows, told each time.

use super::User;
use crate::crypto::random;
use crate::link::Follower;
use crate::model::{Again, UserName};
use crate::node::Error;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::sleep;

/// Whether something came of a try: then all tries are left again.
#[derive(Debug, Default)]
pub(super) struct Came(AtomicBool);

impl Follower for Came {
    fn advanced(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

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
            if came.0.swap(false, Ordering::Relaxed) {
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
        self.0.options.retries.pause(failed, u32::from_be_bytes(random()))
    }

    /// Tells that something failed with somebody, and after which pause it is tried again.
    pub(super) fn tell_failed(&self, user: &UserName, why: &Error, again: Option<(u32, Duration)>) {
        let of = self.0.options.retries.tries;
        let again =
            again.map(|(failed, pause)| Again { pause, next: failed.saturating_add(1), of });
        self.events().failed(user.as_str(), &why.to_string(), again);
    }
}
