//! Who sends a stream may be told that it goes on, and may want it to end when others wait.

use super::stall::until_stalled;
use super::{StreamError, Streams};
use std::fmt;
use std::sync::Arc;

/// Follows a stream that is sent.
pub trait Follower: Send + Sync {
    /// The receiver has verified another part of the data. Must not block.
    fn advanced(&self) {}

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
        let deadlines = self.conversation.deadlines();
        loop {
            until_stalled(deadlines.crowded_bytes, || deadlines.crowded, &moved).await;
            if self.followed.0.as_ref().is_some_and(|follower| follower.gives_way()) {
                return StreamError::GaveWay;
            }
        }
    }
}

impl Followed {
    pub(super) fn advance(&self) {
        self.0.iter().for_each(|follower| follower.advanced());
    }
}

impl fmt::Debug for Followed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Followed")
    }
}
