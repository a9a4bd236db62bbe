//! Trying again what may pass: after a pause that grows, told each time.

use super::User;
use super::reach::Reached;
use crate::crypto::random;
use crate::model::{Again, HostPort, UserName};
use crate::node::Error;
use std::time::Duration;
use tokio::time::sleep;

impl User {
    /// Reaches somebody, with as many tries as are set.
    pub(super) async fn reach_patiently(
        &self,
        user: &UserName,
        at: Option<&HostPort>,
    ) -> Result<Reached, Error> {
        let mut failed = 0_u32;
        loop {
            let why = match self.reach(user, at).await {
                Err(why) if why.may_pass() => why,
                reached => return reached,
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
