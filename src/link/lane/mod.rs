//! Lanes: plain connections beside the channel that carry the chunks of one stream, each on a
//! thread of its own.
//!
//! ```text
//! channel   LanesAsk ──▶ LaneBook: a ticket, ids ──▶ LanesGrant
//! lane      opening ───▶ LaneBook ───▶ Joint of the stream ───▶ its Desk, on a thread
//! ```
//!
//! A lane is blocking, so that reading, encrypting, tagging and sending a chunk is one loop over
//! one buffer: no task switch, no copy. It needs no TLS, since chunks are encrypted, tagged and
//! signed already; whoever cuts one or puts bytes into one costs its stream nothing but that lane.
//! What carries chunks is anything that reads and writes.

mod book;
mod dial;
mod joint;
mod pipe;

pub use book::LaneBook;

pub(super) use dial::dial;
pub(super) use joint::{Desk, Joint, LaneEnd, Tally};
pub(super) use pipe::Pipe;

/// So many lanes of a stream may fail by what came on them; then the channel carries the rest.
pub(super) const CONDEMNED_LANES: u32 = 3;
