//! Nouns: what the programs speak about, safe by construction.
//!
//! A value of these types has passed its checks: an [`EntryPath`] never leaves its folder, a
//! [`UserName`] never looks like another, and an [`Untrusted`] text never steers a terminal. Who
//! holds one need not check again, and who decodes one gets it or an error.
//!
//! | noun | what it is |
//! |---|---|
//! | [`Name`], [`EntryPath`] | a file's name and its path below a share |
//! | [`UserName`], [`Audience`] | a person on the index, and who may see an entry |
//! | [`Entry`] | what is told of a file: path, size, time, content |
//! | [`Share`] | what a person publishes: name, keywords, audience |
//! | [`Word`], [`words_of`], [`Asked`] | by what an entry is found, and what a search asks for |
//! | [`FileKind`] | what a file is for, by its name |
//! | [`Content`], [`content`] | what a file's bytes are called, wherever they lie |
//! | [`HostPort`], [`PeerAddress`], [`Invitation`] | where an index or a peer is |
//! | [`directory`] | the chain of all bindings of names to keys, and its checks |
//! | [`SessionToken`], [`TokenHash`] | what opens a session, and what is stored of it |
//! | [`Untrusted`] | a foreign text, on its way to a person's eyes |
//! | [`Event`], [`Events`] | a fact on its way up |
//! | [`limits`] | every maximum, in one table |

mod address;
mod audience;
pub mod content;
pub mod directory;
mod entry;
mod event;
mod file_kind;
pub mod limits;
mod name;
mod path;
mod ranges;
mod rate;
mod share;
mod text;
mod token;
mod user;
mod very_many;
mod words;

pub use crate::crypto::UnixTime;
pub use address::{HostPort, IndexAddress, Invitation, JoinToken, PeerAddress};
pub use audience::Audience;
pub use content::{Content, ContentId};
pub use entry::{Entry, Modified};
pub use event::{Again, Event, Events, Foreign, Task, TaskId, Transfer, Work};
pub use file_kind::FileKind;
pub use name::{Name, TEMPORARY_PREFIX};
pub use path::{Collision, EntryPath, find_collision};
pub use ranges::{ByteRange, Ranges};
pub use rate::Rate;
pub use share::{Keyword, Keywords, Share, ShareId, SyncId};
pub use text::Untrusted;
pub use token::{SessionToken, TokenHash};
pub use user::UserName;
pub(crate) use very_many::given_back;
pub use words::{Asked, AskedWord, Match, Term, Word, words_of};

/// Why a noun was refused, in words for the person who meets it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A name that no file may have on the wire.
    #[error("{} cannot be shared under this name: {reason}", Untrusted::new(name))]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A path that no entry may have.
    #[error("a path {0}")]
    Path(&'static str),
    /// Not a user name.
    #[error(
        "{} is not a user name: 2 to 32 of a-z, 0-9, '_', '.' and '-', beginning with a letter or digit",
        Untrusted::new(.0)
    )]
    User(String),
    /// Not an address, or not one that is dialled.
    #[error("{} is not an address: {reason}", Untrusted::new(text))]
    Address {
        /// What was given.
        text: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Not an invitation.
    #[error("this is not an invitation: {0}")]
    Invitation(&'static str),
    /// An audience of nobody or of too many.
    #[error("an audience {0}")]
    Audience(&'static str),
    /// Keywords that cannot be given.
    #[error("a keyword {0}")]
    Keywords(&'static str),
    /// Not the id of a content.
    #[error("an id has 64 hexadecimal digits")]
    ContentId,
    /// Leaves that are not those of the content.
    #[error("the leaf list is not that of the content: {0}")]
    Leaves(&'static str),
    /// Ranges that no stream may carry.
    #[error("ranges {0}")]
    Ranges(&'static str),
    /// A size beyond what an entry may have.
    #[error("a file of {0} bytes is larger than anything that can be shared")]
    Size(u64),
    /// A search without a single letter or digit.
    #[error("there is no word to search for: a word has a letter or a digit")]
    NoWord,
    /// A search for more than is looked for at once.
    #[error("a search has at most 10 words")]
    ManyWords,
    /// Not a kind of file.
    #[error(
        "{} is not a kind of file: image, video, audio, document, archive, code, program or other",
        Untrusted::new(.0)
    )]
    Kind(String),
}
