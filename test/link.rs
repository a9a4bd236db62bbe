//! Conversations between two programs: who gets in, what is said, and who is shown the door.
//!
//! Time is tokio's and stands still where a test waits for a deadline; sockets are on loopback, with
//! ports that the system chooses. Strangers speak raw bytes or rustls, without our library.

#[path = "common/mod.rs"]
mod keys;
#[path = "link/stage.rs"]
mod stage;

#[path = "link/backoff.rs"]
mod backoff;
#[path = "link/conversations.rs"]
mod conversations;
#[path = "link/counts.rs"]
mod counts;
#[path = "link/listening.rs"]
mod listening;
