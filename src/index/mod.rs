//! The index: accounts, sessions, the key directory, and who is online.
//!
//! ```text
//!  Listener ──▶ Index::serve, one task a conversation
//!                 │ passwords ──▶ hashing threads, few and bounded
//!                 │ what lasts ──▶ Store: one transaction a request
//!                 │ who is there ─▶ presence, in memory
//!                 └ what happened ▶ Happening, for a log
//! ```
//!
//! The [`store`] keeps what must last and decides, inside the transaction, who may do what.

pub mod admin;
pub mod control;
mod data_folder;
pub mod store;

pub use data_folder::{DataFolder, FolderError, Held};
