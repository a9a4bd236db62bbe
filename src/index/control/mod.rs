//! The way by which an owner's verb reaches the server that runs: a socket in the data folder.
//!
//! ```text
//! verb   {"order":"users"}\n                               ──▶  server
//! verb   ◀──  {"report":{"type":"user","name":"alice",…}}\n
//!             \n                     (at work)
//!             "done"\n               or {"failed":{"kind":"not-found","text":…}}
//! ```
//!
//! One order a connection, one JSON text a line, over a [local socket](crate::link::LocalListener) that
//! only the same user can speak to. A server that is at work says so by empty lines, so a verb that
//! hears nothing for long knows that nobody is there.

#[cfg_attr(not(unix), allow(dead_code, reason = "nobody speaks there"))]
mod line;
#[cfg(unix)]
mod socket;
#[cfg(not(unix))]
#[path = "none.rs"]
mod socket;

pub use line::OrderError;
pub use socket::{Door, ask};
