//! Conversations between two programs: who gets in, what is said, and who is shown the door.
//!
//! Time is tokio's and stands still where a test waits for a deadline; sockets are on loopback, with
//! ports that the system chooses. Strangers speak raw bytes or rustls, without our library.

#[path = "common/frames.rs"]
mod frames;
#[path = "common/mod.rs"]
mod keys;
#[path = "common/panics.rs"]
mod panics;
#[path = "link/stage.rs"]
mod stage;
#[path = "link/stranger.rs"]
mod stranger;

#[path = "link/announcers.rs"]
mod announcers;
#[path = "link/backoff.rs"]
mod backoff;
#[path = "link/cells.rs"]
mod cells;
#[path = "link/conversations.rs"]
mod conversations;
#[path = "link/counts.rs"]
mod counts;
#[path = "link/crowd.rs"]
mod crowd;
#[path = "link/dialling.rs"]
mod dialling;
#[path = "link/greetings.rs"]
mod greetings;
#[path = "link/listening.rs"]
mod listening;
#[path = "link/middle.rs"]
mod middle;
#[path = "link/places.rs"]
mod places;
#[path = "link/simulated.rs"]
mod simulated;
#[path = "link/simulated_line.rs"]
mod simulated_line;
#[path = "link/slow.rs"]
mod slow;
#[path = "link/strangers.rs"]
mod strangers;
#[path = "link/time.rs"]
mod time;
#[path = "link/waiting.rs"]
mod waiting;
