//! The real programs over bad lines: what arrives is what was sent, or nothing and a clear word; and when
//! the line is well again, it goes on.

#![cfg(unix)]

#[path = "faults/ground.rs"]
mod ground;
#[path = "common/mod.rs"]
mod keys;
#[path = "common/proxy.rs"]
mod proxy;
#[path = "server/stage.rs"]
#[allow(dead_code, reason = "the server's tests use all of it")]
mod stage;
#[path = "client/town.rs"]
#[allow(dead_code, reason = "the client's tests use all of it")]
mod town;

#[path = "faults/altered.rs"]
mod altered;
#[path = "faults/breaking.rs"]
mod breaking;
#[path = "faults/cuts.rs"]
mod cuts;
#[path = "faults/index.rs"]
mod index;
#[path = "faults/passing.rs"]
mod passing;
#[path = "faults/standstill.rs"]
mod standstill;
