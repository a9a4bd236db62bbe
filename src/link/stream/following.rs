//! Who sends a stream may be told how much it carries, and may want it to end when others wait.

use super::stall::until_stalled;
use super::{StreamError, Streams};
use std::fmt;
use std::sync::Arc;
use tokio::time::Instant;

/// Follows a stream that is sent.
pub trait Follower: Send + Sync {
    /// The receiver wants it, without what they have: so many bytes are to go. Must not block.
    fn carries(&self, _bytes: u64) {}

    /// The receiver takes very little: whether the stream ends now, since others wait for what it holds.
    fn gives_way(&self) -> bool {
        false
    }
}

/// Nobody does, or somebody.
#[derive(Clone, Default)]
pub(super) struct Followed(Option<Arc<dyn Follower>>);

impl Streams {
    /// Those that are sent are followed like this.
    pub fn followed_by(&self, follower: Arc<dyn Follower>) -> Self {
        Self { followed: Followed(Some(follower)), ..self.clone() }
    }

    /// Waits until so little moves that the stream gives way.
    pub(super) async fn give_way(&self, moved: impl Fn() -> u64) -> StreamError {
        let (deadlines, begun) = (self.conversation.deadlines(), Instant::now());
        // Who is very slow has the time for something that is kept, and goes on from there.
        let long = deadlines.crowded.saturating_mul(LONG);
        let had_time = || moved() >= FIRST || begun.elapsed() >= long;
        loop {
            until_stalled(deadlines.crowded_bytes, || deadlines.crowded, &moved).await;
            if had_time() && self.followed.0.as_ref().is_some_and(|follower| follower.gives_way()) {
                return StreamError::GaveWay;
            }
        }
    }
}

/// Of so much, something has arrived and is kept, whatever waits on the way.
const FIRST: u64 = 8 << 20;
/// After so many times no more is waited for it.
const LONG: u32 = 10;

impl Followed {
    pub(super) fn carries(&self, bytes: u64) {
        self.0.iter().for_each(|follower| follower.carries(bytes));
    }
}

impl fmt::Debug for Followed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Followed")
    }
}
