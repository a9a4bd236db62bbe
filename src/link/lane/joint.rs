//! Where the lanes of one stream join it: how many there are, how they ended, and the end of all.

use super::CONDEMNED_LANES;
use super::pipe::{Cut, Lane, Pipe};
use crate::model::limits;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use tokio::time::Instant;

/// The side of a stream that lanes work for.
pub(in crate::link) trait Desk: Send + Sync + 'static {
    /// Carries chunks until the lane or the stream ends.
    fn carry(&self, pipe: &mut dyn Pipe) -> LaneEnd;
}

/// Why a lane carries no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::link) enum LaneEnd {
    /// The stream needs it no longer.
    Over,
    /// The connection broke, or the other side closed it.
    Broken,
    /// What came on it does not belong there.
    Condemned,
}

/// The lanes of one stream.
pub(in crate::link) struct Joint {
    state: Mutex<State>,
    news: Notify,
}

struct State {
    desk: Option<Arc<dyn Desk>>,
    /// Lanes that came before the stream was ready for them.
    waiting: Vec<Lane>,
    live: HashMap<u32, Cut>,
    next: u32,
    ended: u32,
    condemned: u32,
    is_given_up: bool,
    /// Since when there is no lane.
    without: Instant,
    is_over: bool,
}

/// How the lanes of a stream stand.
#[derive(Debug, Clone, Copy)]
pub(in crate::link) struct Tally {
    /// That carry, or wait to.
    pub(in crate::link) live: usize,
    /// That carry no more.
    pub(in crate::link) ended: u32,
    /// Whether enough failed by what came on them.
    pub(in crate::link) is_given_up: bool,
    /// Since when there is none, if there is none.
    pub(in crate::link) without_since: Option<Instant>,
}

impl Joint {
    pub(in crate::link) fn new() -> Arc<Self> {
        let state = State {
            desk: None,
            waiting: Vec::new(),
            live: HashMap::new(),
            next: 0,
            ended: 0,
            condemned: 0,
            is_given_up: false,
            without: Instant::now(),
            is_over: false,
        };
        Arc::new(Self { state: Mutex::new(state), news: Notify::new() })
    }

    /// From now on lanes carry for this desk.
    pub(in crate::link) fn begin(self: &Arc<Self>, desk: Arc<dyn Desk>) {
        let mut state = self.state();
        state.without = Instant::now();
        state.desk = Some(Arc::clone(&desk));
        let waiting = std::mem::take(&mut state.waiting);
        self.start(state, &desk, waiting);
    }

    /// Takes a lane in; closes it when the stream needs none or has enough.
    pub(in crate::link) fn attach(self: &Arc<Self>, lane: Lane) {
        let mut state = self.state();
        if state.is_over || state.is_given_up() || state.count() >= limits::LANES {
            return (lane.cut)();
        }
        match state.desk.clone() {
            Some(desk) => self.start(state, &desk, vec![lane]),
            None => state.waiting.push(lane),
        }
        self.news.notify_waiters();
    }

    /// Ends all lanes, and those that still come.
    pub(in crate::link) fn end(&self) {
        let mut state = self.state();
        state.is_over = true;
        state.desk = None;
        state.live.values().for_each(|cut| cut());
        state.waiting.drain(..).for_each(|lane| (lane.cut)());
        drop(state);
        self.news.notify_waiters();
    }

    pub(in crate::link) fn tally(&self) -> Tally {
        let state = self.state();
        let live = state.count();
        Tally {
            live,
            ended: state.ended,
            is_given_up: state.is_given_up(),
            without_since: (live == 0).then_some(state.without),
        }
    }

    /// A lane that did not come up here may be one that ended for the other side.
    pub(in crate::link) fn note_a_failure(&self) {
        let mut state = self.state();
        state.ended = state.ended.saturating_add(1);
    }

    /// Lanes are of no use here: the channel carries from now on.
    pub(in crate::link) fn give_up(&self) {
        self.state().is_given_up = true;
        self.news.notify_waiters();
    }

    /// Whether lanes may still come.
    pub(in crate::link) fn takes_lanes(&self) -> bool {
        let state = self.state();
        !state.is_over && !state.is_given_up()
    }

    /// The next coming or going of a lane, from this call on: what is looked at after it cannot
    /// change unnoticed.
    pub(in crate::link) fn changed(&self) -> Notified<'_> {
        self.news.notified()
    }

    fn start(
        self: &Arc<Self>,
        mut state: MutexGuard<'_, State>,
        desk: &Arc<dyn Desk>,
        lanes: Vec<Lane>,
    ) {
        let mut count_in = |lane: &Lane| {
            let id = state.next;
            state.next = id.wrapping_add(1);
            state.live.insert(id, Arc::clone(&lane.cut));
            Leaving { joint: Arc::clone(self), id, how: LaneEnd::Broken }
        };
        let counted: Vec<_> = lanes.into_iter().map(|lane| (count_in(&lane), lane)).collect();
        // Whoever leaves takes the lock, and a lane may leave before it has begun.
        drop(state);
        for (mut leaving, mut lane) in counted {
            let desk = Arc::clone(desk);
            let carry = move || {
                let leaving = &mut leaving;
                leaving.how = desk.carry(&mut *lane.pipe);
                (lane.cut)();
            };
            // Without a thread there is no lane; dropping the closure tells so.
            let _ = thread::Builder::new().name("lane".to_owned()).spawn(carry);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn count(&self) -> usize {
        self.live.len().saturating_add(self.waiting.len())
    }

    fn is_given_up(&self) -> bool {
        self.is_given_up || self.condemned >= CONDEMNED_LANES
    }
}

/// Counts a lane off when its thread ends, however it does.
struct Leaving {
    joint: Arc<Joint>,
    id: u32,
    how: LaneEnd,
}

impl Drop for Leaving {
    fn drop(&mut self) {
        let mut state = self.joint.state();
        state.live.remove(&self.id);
        state.ended = state.ended.saturating_add(1);
        if self.how == LaneEnd::Condemned {
            state.condemned = state.condemned.saturating_add(1);
        }
        if state.count() == 0 {
            state.without = Instant::now();
        }
        drop(state);
        self.joint.news.notify_waiters();
    }
}

impl fmt::Debug for Joint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Joint({:?})", self.tally())
    }
}
