//! The way by which an owner's verb reaches the server that runs: a socket in the data folder.
//!
//! ```text
//! verb   {"order":"users"}\n                               ──▶  server
//! verb   ◀──  {"report":{"type":"user","name":"alice",…}}\n
//!             \n                     (at work)
//!             "done"\n               or {"failed":{"kind":"not-found","text":…}}
//! ```
//!
//! One order a connection, one JSON text a line. The folder is closed to other users (0700), the
//! socket too (0600), and both are not relied on alone: the system says who is at the other end, and
//! only the same user is heard. A server that is at work says so by empty lines, so a verb that
//! hears nothing for long knows that nobody is there.
//!
//! The socket lies in the data folder, since whoever knows the folder must find it. Systems give the
//! path of a socket a hundred bytes or so; where the folder's own path is longer, Linux lets us go
//! through the open folder, `/proc/self/fd/N/control`. Decided against: a name in a shared place like
//! `/tmp`, which others could take first, and changing the working directory, which is the whole
//! process's.

#[cfg_attr(not(unix), allow(dead_code, reason = "nobody speaks there"))]
mod line;
#[cfg(unix)]
mod socket;
#[cfg(not(unix))]
#[path = "none.rs"]
mod socket;

pub use line::AskError;
pub use socket::{Door, ask};
