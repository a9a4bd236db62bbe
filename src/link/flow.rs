//! How many bytes of files a second come or leave at most: of all streams of a program together.
//!
//! Streams take turns, a small slice each, so that none gets more than another, whether lanes carry it or
//! the channel. Who waits for its slice waits in short steps, and may stop in between. What passes only as a
//! whole goes one after the other (`turnstile`).

use super::turnstile::{Turnstile, Waiter};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The limits of a program, each in bytes a second; none where there is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rates {
    /// Of what leaves.
    pub up: Option<u64>,
    /// Of what comes.
    pub down: Option<u64>,
}

impl Rates {
    /// The least that a limit may be: with less, honest streams would look as if they stood still.
    pub const LEAST: u64 = 64_000;
    /// So much of what leaves is kept for each stream: of slower ones, fewer leave at once.
    pub const EACH: u64 = 16_000;
}

/// One direction of a program.
#[derive(Debug)]
pub(super) struct Flow(Option<Limited>);

#[derive(Debug)]
struct Limited {
    begun: Instant,
    plan: Mutex<Plan>,
    turnstile: Turnstile,
}

/// When bytes may pass. Pure: it is told the time.
#[derive(Debug)]
struct Plan {
    rate: u64,
    /// When all is through that was let pass.
    free: Duration,
}

/// One stream in a flow.
#[derive(Debug, Clone)]
pub(super) struct Meter {
    flow: Arc<Flow>,
    /// When the slice that was let pass last may: each stream has one at a time.
    last: Arc<Mutex<Duration>>,
}

impl Plan {
    fn new(rate: u64) -> Self {
        Self { rate: rate.max(1), free: Duration::ZERO }
    }

    /// Lets so many bytes pass from the time on that it gives.
    fn take(&mut self, now: Duration, bytes: usize) -> Duration {
        // What was not used is lost, but for a moment's worth.
        let start = self.free.max(now.saturating_sub(MOMENT));
        let micros = (bytes as u64).saturating_mul(1_000_000).checked_div(self.rate);
        self.free = start.saturating_add(Duration::from_micros(micros.unwrap_or_default()));
        start.max(now)
    }
}

impl Flow {
    pub(super) fn new(rate: Option<u64>) -> Arc<Self> {
        let limited = |rate| Limited {
            begun: Instant::now(),
            plan: Mutex::new(Plan::new(rate)),
            turnstile: Turnstile::default(),
        };
        Arc::new(Self(rate.map(limited)))
    }
}

impl Meter {
    pub(super) fn of(flow: &Arc<Flow>) -> Self {
        Self { flow: Arc::clone(flow), last: Arc::default() }
    }

    /// A stream that nothing limits.
    pub(super) fn free() -> Self {
        Self::of(&Flow::new(None))
    }

    /// How many of so many bytes go at once.
    pub(super) fn slice(&self, bytes: usize) -> usize {
        if self.flow.0.is_some() { bytes.min(SLICE) } else { bytes }
    }

    /// Waits until so many bytes may pass, all at once; `held` is called now and then meanwhile. May be
    /// dropped while it waits.
    pub(super) async fn pass(&self, bytes: usize, held: impl Fn()) {
        let Some(limited) = &self.flow.0 else { return };
        let whole = Waiter::enter(&limited.turnstile, bytes);
        while let Some(left) = whole.left() {
            let slice = self.slice(left);
            let mut pass = Pass::of(slice);
            while let Some(step) = self.look(&mut pass) {
                held();
                sleep(step).await;
            }
            whole.fill(slice);
        }
    }

    /// The same for one slice, on a thread of its own, as long as `goes_on`: gives whether it still does.
    pub(super) fn pass_or_stop(&self, slice: usize, goes_on: impl Fn() -> bool) -> bool {
        let mut pass = Pass::of(slice);
        while let Some(step) = self.look(&mut pass) {
            if !goes_on() {
                return false;
            }
            thread::sleep(step);
        }
        true
    }

    /// How long to wait before the next look; not any more when the slice may pass.
    fn look(&self, pass: &mut Pass) -> Option<Duration> {
        let limited = self.flow.0.as_ref()?;
        let now = limited.begun.elapsed();
        let until = match pass.from {
            Some(from) => from,
            None => {
                let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
                // Another slice of this stream is before it.
                if *last > now {
                    return Some(last.saturating_sub(now).min(STEP));
                }
                let mut plan = limited.plan.lock().unwrap_or_else(PoisonError::into_inner);
                *last = plan.take(now, pass.bytes);
                pass.from = Some(*last);
                *last
            }
        };
        (until > now).then(|| until.saturating_sub(now).min(STEP))
    }
}

/// A slice that is to pass.
struct Pass {
    bytes: usize,
    /// When it may, once that is known.
    from: Option<Duration>,
}

impl Pass {
    fn of(bytes: usize) -> Self {
        Self { bytes, from: None }
    }
}

const SLICE: usize = 16 << 10;
/// So much of the time before may be made up for.
const MOMENT: Duration = Duration::from_millis(100);
/// The longest wait between two looks.
const STEP: Duration = Duration::from_millis(100);

#[cfg(test)]
#[path = "../../test/unit/flow.rs"]
mod tests;
