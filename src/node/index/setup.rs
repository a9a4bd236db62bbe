//! What a session begins with.

use super::cache::Known;
use crate::crypto::{Clock, UnixTime};
use crate::link::Backoff;
use crate::model::SessionToken;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Keeps the token of a session from one run of the program to the next; none when it is over.
pub type KeepToken = Box<dyn Fn(Option<&SessionToken>) + Send + Sync>;

/// What a session begins with.
pub struct Setup {
    /// The token that was kept last.
    pub token: Option<SessionToken>,
    /// Keeps the token. It is called in the middle of things, and must not block for long.
    pub keep_token: KeepToken,
    /// What is known of this index.
    pub known: Known,
    /// How long a call waits.
    pub patience: Duration,
    /// The pauses between tries to reach the index. There are as many tries as it takes.
    pub backoff: Backoff,
    /// What time it is.
    pub clock: Clock,
}

impl Default for Setup {
    fn default() -> Self {
        let (first, longest) = (Duration::from_secs(1), Duration::from_secs(30));
        Self {
            token: None,
            keep_token: Box::new(|_| ()),
            known: Known::default(),
            patience: Duration::from_secs(30),
            backoff: Backoff { tries: u32::MAX, first, longest },
            clock: Arc::new(UnixTime::now),
        }
    }
}

impl fmt::Debug for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Setup({:?}, {:?})", self.token, self.known)
    }
}
