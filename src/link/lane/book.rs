//! Which lanes may open: tickets that were given out on a channel, and the stream behind each.

use super::joint::Joint;
use super::pipe::Lane;
use crate::crypto::{Tag, Ticket};
use crate::link::listen::LaneDoor;
use crate::wire::{Code, LaneId, LaneIds, LaneOpening, LanesGrant};
use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::Instant;

/// The lanes that a program waits for, of all its conversations. Its listener has it as its door.
pub struct LaneBook {
    expected: Mutex<HashMap<LaneId, Expected>>,
    /// The streams that were given lanes.
    streams: Mutex<Vec<Weak<Joint>>>,
    progress: Duration,
}

struct Expected {
    ticket: Arc<Ticket>,
    until: Instant,
    stream: Weak<Joint>,
}

impl LaneBook {
    /// An empty book. On its lanes, a write that does not go on for `progress` is an error.
    pub fn new(progress: Duration) -> Self {
        Self { expected: Mutex::default(), streams: Mutex::default(), progress }
    }

    /// Gives out a ticket for so many lanes of a stream.
    pub(in crate::link) fn grant(
        &self,
        stream: &Arc<Joint>,
        count: u8,
    ) -> Result<LanesGrant, Code> {
        let ticket = Arc::new(Ticket::random());
        let ids = (0..count).map(|_| LaneId::random()).collect();
        let lanes = LaneIds::new(ids).map_err(|_| Code::Malformed)?;
        let (now, mut expected) = (Instant::now(), self.expected());
        // A new ticket of a stream takes the place of its last: who asks often holds no more.
        let ours = Arc::downgrade(stream);
        expected.retain(|_, lane| lane.is_awaited(now) && !lane.stream.ptr_eq(&ours));
        let there_are = expected.len().saturating_add(self.open_lanes(stream));
        if there_are.saturating_add(lanes.as_slice().len()) > LANES_IN_ALL {
            return Err(Code::NoLanes);
        }
        for id in lanes.as_slice() {
            let until = now.checked_add(TICKET_LIFETIME).ok_or(Code::Internal)?;
            let ticket = Arc::clone(&ticket);
            expected.insert(*id, Expected { ticket, until, stream: Arc::downgrade(stream) });
        }
        drop(expected);
        let mut bytes = *ticket.expose();
        Ok(LanesGrant { id: 0, ticket: Ticket::take_from(&mut bytes), lanes })
    }

    /// The answer to an opening and the stream that it is for. Each lane opens once, and only who
    /// knows its ticket opens it: to anybody else it stays as it was.
    fn open(&self, opening: &[u8]) -> Option<(Tag, Arc<Joint>)> {
        let opening = LaneOpening::parse(opening).ok()?;
        let mut expected = self.expected();
        let lane = expected.get(&opening.lane).filter(|lane| lane.is_awaited(Instant::now()))?;
        let answer = opening.verify(&lane.ticket)?;
        let stream = lane.stream.upgrade();
        expected.remove(&opening.lane);
        Some((answer, stream?))
    }

    /// How many lanes of all streams are open. This one is among them from now on.
    fn open_lanes(&self, stream: &Arc<Joint>) -> usize {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        streams.retain(|other| other.strong_count() > 0);
        if !streams.iter().any(|other| std::ptr::eq(other.as_ptr(), Arc::as_ptr(stream))) {
            streams.push(Arc::downgrade(stream));
        }
        let open = streams.iter().filter_map(Weak::upgrade).map(|stream| stream.tally().live);
        open.fold(0, usize::saturating_add)
    }

    fn expected(&self) -> MutexGuard<'_, HashMap<LaneId, Expected>> {
        self.expected.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Expected {
    fn is_awaited(&self, now: Instant) -> bool {
        self.until > now && self.stream.strong_count() > 0
    }
}

impl LaneDoor<TcpStream> for LaneBook {
    fn enter(&self, socket: TcpStream, opening: [u8; LaneOpening::BYTES], _: SocketAddr) {
        let Some((answer, stream)) = self.open(&opening) else { return };
        // So few bytes find room in a socket that has sent none.
        let is_answered =
            socket.try_write(answer.as_bytes()).ok() == Some(LaneOpening::ANSWER_BYTES);
        let lane = socket.into_std().and_then(|socket| Lane::over_tcp(socket, self.progress));
        match lane {
            Ok(lane) if is_answered => stream.attach(lane),
            _ => {}
        }
    }
}

impl fmt::Debug for LaneBook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LaneBook({} expected)", self.expected().len())
    }
}

const TICKET_LIFETIME: Duration = Duration::from_secs(10);
/// Lanes of all streams, open or expected: each open one has a thread, and holds a chunk. To streams
/// beyond, the channel is left.
const LANES_IN_ALL: usize = 256;

#[cfg(test)]
#[path = "../../../test/unit/lane_book.rs"]
mod tests;
