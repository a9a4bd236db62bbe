//! What the index's owner can ask for: [`Order`]s, and the [`Report`]s that answer them.
//!
//! Both are plain values that serde writes, so that an order reaches a running server through its
//! control socket ([`control`](super::control)) as it reaches a store that no server has open, and a
//! program that reads JSON gets the reports as they are. A [`Desk`] carries orders out.

mod desk;
mod order;
mod report;

pub use desk::Desk;
pub use order::Order;
pub use report::{Fault, FaultKind, Report, Shown, Stats};
