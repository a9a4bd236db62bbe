//! The programs over bad lines: what arrives is what was sent, or nothing and a clear word; and when the
//! line is well again, it goes on.

#[path = "faults/ground.rs"]
mod ground;
#[path = "../common/proxy.rs"]
pub(crate) mod proxy;

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
