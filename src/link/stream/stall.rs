//! When a stream is given up because nothing moves.

use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Returns when for so long, asked anew each time, fewer than `least` bytes have moved.
pub(super) async fn until_stalled(
    least: u64,
    patience: impl Fn() -> Duration,
    moved: impl Fn() -> u64,
) {
    let (mut seen, mut since) = (moved(), Instant::now());
    loop {
        sleep(LOOK).await;
        let (now, so_far) = (Instant::now(), moved());
        if so_far.saturating_sub(seen) >= least {
            (seen, since) = (so_far, now);
        } else if now.duration_since(since) >= patience() {
            return;
        }
    }
}

const LOOK: Duration = Duration::from_millis(500);
