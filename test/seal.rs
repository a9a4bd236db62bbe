//! The sealed stream as its two sides use it: what goes in comes out, and nothing else does.
//!
//! `test/vectors.rs` holds one fault a stream, in order and on one thread. Here are the stories
//! that need both sides: other orders, several threads, sources that change, and what remains.

#![allow(clippy::single_range_in_vec_init, reason = "lists of ranges are what these stories tell")]

#[path = "common/people.rs"]
mod people;
#[path = "seal/stage.rs"]
mod stage;
#[path = "seal/taken_apart.rs"]
mod taken_apart;

#[path = "seal/changes.rs"]
mod changes;
#[path = "seal/deliveries.rs"]
mod deliveries;
#[path = "seal/layouts.rs"]
mod layouts;
#[path = "seal/manifests.rs"]
mod manifests;
#[path = "seal/one_piece.rs"]
mod one_piece;
#[path = "seal/order.rs"]
mod order;
#[path = "seal/proofs.rs"]
mod proofs;
#[path = "seal/receipts.rs"]
mod receipts;
#[path = "seal/secrets.rs"]
mod secrets;
#[path = "seal/strangers.rs"]
mod strangers;
#[path = "seal/threads.rs"]
mod threads;
#[path = "seal/turns.rs"]
mod turns;
