//! Messages between a person and an index. The person always dials.
//!
//! ```text
//! account     Join, Login, Resume ─▶ SessionGrant     Logout, PasswordChange, Rotate, ContactChange
//! directory   KeysAsk ─▶ Keys      ChainAsk ─▶ ChainPart
//! presence    Online ─▶ OnlineGrant     PeopleAsk ─▶ People     Watch, Reach ─▶ Done
//!             Noted ◀─ News                            the index asks, and waits for the answer
//! catalog     ShareChange, Publish, ShareEnd ─▶ Done     SharesAsk ─▶ Shares
//! search      Search ─▶ Results     Browse ─▶ Listing     Locate ─▶ Located
//! ```
//!
//! Before a session is granted, an index does only what makes one. Requests that must not
//! happen twice hold a number of 16 random bytes: repeated with the same number, after an answer was lost,
//! they change nothing a second time.
//!
//! The news are a request of the index: so one such message is under way at a time, what changes
//! meanwhile is gathered, and who does not read costs no memory.

mod account;
mod catalog;
mod change;
mod directory;
mod entries;
mod nouns;
mod presence;
mod search;

pub use account::{
    Account, AccountAsk, ContactChange, Done, Join, Login, Logout, PasswordChange, Resume, Rotate,
    SessionGrant, SessionSeen,
};
pub use catalog::{OwnShare, Publish, ShareChange, ShareEnd, Shares, SharesAsk, UnderWay};
pub use change::Change;
pub use directory::{ChainAsk, ChainPart, Keys, KeysAsk};
pub use entries::{EntrySaid, EntrySeen, KeywordSaid, NameSaid, PathSaid, ShareSeen, SizeSaid};
pub use nouns::{Id16, Invited, Named, PasswordText};
pub use presence::{
    News, Noted, Online, OnlineGrant, People, PeopleAsk, PersonSeen, Reach, SeenAddress, Watch,
};
pub use search::{Behind, Browse, Found, Listing, Locate, Located, Results, Search};

/// Requests with the answer that belongs to each.
macro_rules! asks {
    ($($ask:ident => $answer:ident),*) => {
        $(impl $crate::wire::Ask for $ask {
            type Answer = $answer;
        })*
    };
}

use asks;
