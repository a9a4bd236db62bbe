//! How long the other side may be silent, and how slow. Pure: it is told the time.

use super::Deadlines;
use super::codec::Arrival;
use crate::wire::Code;
use std::time::Duration;
use tokio::time::Instant;

/// When something was last heard, and how the frame under way moves on.
pub(super) struct Watch {
    arrival: Arrival,
    heard: Instant,
    has_pinged: bool,
    pings: u64,
    begun: Option<Mark>,
}

/// Where the frame under way stood.
struct Mark {
    at: Instant,
    arrival: Arrival,
}

/// What the watch wants.
pub(super) enum Due {
    /// To look again then.
    At(Instant),
    /// To ask whether the other side is there.
    Ping,
    /// To end.
    End(Code),
}

impl Watch {
    pub(super) fn new(arrival: Arrival) -> Self {
        Self { arrival, heard: Instant::now(), has_pinged: false, pings: 0, begun: None }
    }

    pub(super) fn look(&mut self, now: Instant, arrival: Arrival, deadlines: &Deadlines) -> Due {
        if arrival.bytes != self.arrival.bytes {
            (self.heard, self.has_pinged) = (now, false);
        }
        self.mark(now, arrival, deadlines.progress_bytes);
        self.arrival = arrival;
        let silent = self.heard.checked_add(deadlines.silence);
        let stuck = self.begun.as_ref().and_then(|mark| mark.at.checked_add(deadlines.progress));
        let ping = self.heard.checked_add(deadlines.ping).filter(|_| !self.has_pinged);
        let is_due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        if is_due(stuck) {
            return Due::End(Code::Slow);
        }
        if is_due(silent) {
            return Due::End(Code::Idle);
        }
        if is_due(ping) {
            self.has_pinged = true;
            self.pings = self.pings.wrapping_add(1);
            return Due::Ping;
        }
        let next = [silent, stuck, ping].into_iter().flatten().min();
        // Who waits for ever still looks up now and then.
        Due::At(next.or_else(|| now.checked_add(A_DAY)).unwrap_or(now))
    }

    /// How often it wanted to ask.
    pub(super) fn pings(&self) -> u64 {
        self.pings
    }

    /// Sets the mark anew when another frame has begun, or enough of this one has come.
    fn mark(&mut self, now: Instant, arrival: Arrival, enough: u64) {
        let is_standing = self.begun.as_ref().is_some_and(|mark| {
            let came = arrival.bytes.saturating_sub(mark.arrival.bytes);
            mark.arrival.frames == arrival.frames && came < enough
        });
        if arrival.begun == 0 {
            self.begun = None;
        } else if !is_standing {
            self.begun = Some(Mark { at: now, arrival });
        }
    }
}

const A_DAY: Duration = Duration::from_secs(24 * 3600);
