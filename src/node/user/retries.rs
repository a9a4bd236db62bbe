//! Trying again what may pass: after a pause that grows, told each time.

use super::User;
use crate::crypto::random;
use crate::model::{Again, UserName};
use crate::node::Error;
use std::future::Future;
use std::time::Duration;
use tokio::time::sleep;

impl User {
    /// Does something with somebody, with as many tries as are set.
    pub(super) async fn patiently<T, F>(
        &self,
        user: &UserName,
        once: impl Fn() -> F,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let mut failed = 0_u32;
        loop {
            let why = match once().await {
                Err(why) if why.may_pass() => why,
                done => return done,
            };
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
