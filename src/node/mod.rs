//! One user: what a person's program does, put together from the rooms before it.
//!
//! A [`Home`] is where a person keeps everything. A [`User`] is that person at work: each verb of the
//! program is a method of it, with plain values in and out, that prints nothing and asks nobody.
//! What goes wrong is one [`Error`], which says by [`Error::advice`] what a person is told.
//!
//! ```text
//! Home ──▶ User ──▶ index::IndexSession ──▶ the index
//!           │
//!           ├─ peer::Sharer ──▶ other people
//!           └─ pins, chain, token, shares, results: small files in the home
//! ```
//!
//! [`index`] is the person's side of an index: a session that stays.

mod error;
mod got_files;
mod home;
pub mod index;
mod looks;
mod object;
mod pins;
mod shared_folders;
mod user;

pub use error::{Advice, Error, Exit};
pub use home::{Config, Home, HomeError, HomeLock, Receive};
pub use looks::Figures;
pub use object::{Object, ObjectError, Wanted};
pub use pins::Pin;
pub use shared_folders::SharedFolder;
pub use user::{
    Acquaintance, Clash, Contradiction, Decide, GetRules, Got, Instead, Looked, Looking, Me, Move,
    MoveInfo, MoveStanding, Moved, Moving, Online, Options, OwnKeys, Pace, Pinned, Preview,
    Results, Sender, SentBy, SentFiles, Standing, User, Visit, Waiting, Waits, Watched, Words,
    ask_who_answers, is_index_there,
};
