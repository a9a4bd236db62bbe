//! The session with an index: one that stays, whatever becomes of the connection.
//!
//! ```text
//!  program                                      standing task
//!  login, join, rotate ─────── command ───────▶ dial ─▶ prove ─▶ login, resume ─▶ wishes
//!  people, keys, search ▶ ask ─▶ conversation ◀──┘ ▲             │ news
//!        ▲                 │                       └── pause ◀───┘ the conversation ended
//!        └──── cache ◀─────┘ away: what was known
//! ```
//!
//! How it is used:
//!
//! - [`IndexSession::begin`] takes where the index is and which key it has, as an
//!   [`Invitation`](crate::model::Invitation) says it. Of an address without a key,
//!   [`who_answers`] tells who is there; the program asks its person whether to trust that.
//! - [`IndexSession`] is a cheap handle. It dials by itself and comes back by itself, until the last
//!   handle is gone. Whatever needs the password ([`Error::LoggedOut`]) is the program's to ask for.
//! - Calls wait for the index no longer than [`Setup::patience`]. One that changes something goes out
//!   again under the same number when its answer was lost. One that reads answers from what was
//!   [`Known`] while the index is away, and says so ([`Age`]).
//! - What is to hold whenever the index is there is a wish: being online, being told of changes, and
//!   what one publishes ([`IndexSession::publish`]). Wishes stay until they are taken back, and each
//!   new conversation brings the index to what is wished.
//! - [`IndexSession::news`] tells what happens meanwhile.
//!
//! **The index is not trusted with keys.** [`IndexSession::keys`] gives what the chain of its key
//! directory stands for, after the chain has grown by what is new. An index that forgets, swaps or
//! rewrites raises an alarm: from then on no keys are given, until the person decides
//! ([`IndexSession::begin_directory_anew`]).
//!
//! Decided against: an index that is dialled for each question (presence is a conversation anyway),
//! and a session that logs in again by itself (it would have to keep the password).

mod account;
mod cache;
mod catalog;
mod directory;
mod error;
mod live;
mod news;
mod opening;
mod people;
mod session;
mod setup;
mod standing;
mod state;
mod wish;

pub use account::{OwnAccount, OwnSession};
pub(in crate::node) use cache::Chained;
pub use cache::{Age, Known, Seen};
pub(in crate::node) use catalog::Pages;
pub use catalog::{
    Entries, Findings, Found, Listing, More, OwnShare, Published, Query, Section, SeenShare,
    Source, Summary,
};
pub use error::{Error, LoggedOut, Trouble};
pub use news::{News, NewsStream, Warnings};
pub use people::{PEOPLE_KNOWN, Person};
pub use session::{IndexSession, who_answers};
pub use setup::{KeepToken, Setup};
pub use state::Status;
pub use wish::Granted;
