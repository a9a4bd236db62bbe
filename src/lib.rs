//! waxwing: secure file sharing that a team, a class or a lab runs for itself.
//!
//! The crate is a row of rooms. Each imports only from rooms to its left; `test/architecture.rs`
//! fails when one does not.
//!
//! ```text
//! codec → crypto → model → seal          → wire         → link         → ( index | peer ) → node     → ui
//! bytes   secrets  nouns   sealed stream   what is said   who is there   server  sharer     one user   terminal
//! ```
//!
//! Begin at [`seal`] for files that are sealed for one person and opened by them
//! (`examples/seal.rs`), at [`link`] for two programs that speak with each other (`examples/send.rs`), at
//! [`node`] for what one person can do, and at [`index`] for a server. `docs/embedding.md` shows how a
//! program uses them, `docs/architecture.md` draws the way of a file through the rooms, `protocol.md` says
//! every byte, `SECURITY.md` what is defended and what is not.

#![forbid(unsafe_code)]
// Every room reads foreign bytes, and nothing in them may panic.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used
)]

pub mod codec;
pub mod crypto;
pub mod index;
pub mod link;
pub mod model;
pub mod node;
pub mod peer;
pub mod seal;
pub mod ui;
pub mod wire;

// The code on the page for other programs is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../docs/embedding.md")]
mod embedding {}
