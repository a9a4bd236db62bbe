//! The index: accounts, sessions, the key directory, who is online, and the catalog.
//!
//! ```text
//!  Listener ──▶ Index: one task a conversation, one request at a time
//!                 │ passwords ──▶ hashing threads, few and bounded
//!                 │ what lasts ──▶ Store: one transaction a request
//!                 │ who is there ─▶ presence, in memory
//!                 └ what happened ▶ Happening, for a log
//! ```
//!
//! An [`Index`] is a [`Service`](crate::link::Service): a [`Listener`](crate::link::Listener) hands it
//! conversations with people who have proven their identity. A request goes to the file of its kind
//! (`accounts.rs`, `directory.rs`, `people.rs`, `catalog.rs`, `search.rs`); what must last is kept by the [`store`], which
//! decides inside the transaction who may do what.
//!
//! Requests of one conversation are done one after the other: so nobody fills the queues of the
//! store by talking fast, and what follows a login in a hurry finds the session. Only of parts of a sync
//! the next one is read, and waits in the store, while one is written (`ahead.rs`).
//!
//! Decided against: presence in the store (it changes all the time, and is worth nothing after a
//! restart), and sessions in memory (a restart would log everybody out).

mod accounts;
pub mod admin;
mod ahead;
mod anonymous;
mod answers;
mod catalog;
mod complaints;
pub mod control;
mod data_folder;
mod directory;
mod happening;
mod hashing;
mod jobs;
mod joining;
mod people;
mod positions;
mod presence;
mod rules;
mod search;
mod seats;
mod service;
mod shared;
mod shelf;
pub mod store;
mod throttle;
mod turns;
mod visitor;

pub use data_folder::{DataFolder, FolderError, Held, Starting};
pub use happening::{Complaint, Happening, Person};
pub use rules::Rules;
pub use service::Index;
