//! The server program, as its owner meets it: the real binary in folders of its own.

#![cfg(unix)]

#[path = "common/conduct.rs"]
mod conduct;
#[path = "common/mod.rs"]
mod keys;
#[path = "common/mistakes.rs"]
mod mistakes_made;
#[path = "server/stage.rs"]
mod stage;

#[path = "server/bounds.rs"]
mod bounds;
#[cfg(target_os = "linux")]
#[path = "server/disks.rs"]
mod disks;
#[path = "server/kept.rs"]
mod kept;
#[path = "server/mistakes.rs"]
mod mistakes;
#[path = "server/orders.rs"]
mod orders;
#[path = "server/panics.rs"]
mod panics;
#[path = "server/said.rs"]
mod said;
#[path = "server/starting.rs"]
mod starting;
#[path = "server/stopping.rs"]
mod stopping;
