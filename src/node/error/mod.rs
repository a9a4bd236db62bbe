//! What goes wrong for a person: all rooms' errors in one, and what the person is told.
//!
//! An [`Error`] says what failed. [`Error::advice`] says it for a person: what happened, the likely
//! cause and the next step, and of which [`Class`] it is, by which the program ends. Steps are named
//! by verbs, which are the same at the prompt and as arguments.

mod advice;
mod refusals;

pub use advice::{Advice, Class};

use super::object::ObjectError;
use super::{HomeError, index};
use crate::crypto::key_folder::KeyFolderError;
use crate::crypto::{self, Fingerprint, PasswordProblem};
use crate::link;
use crate::model::{self, ContentId, HostPort, Name, Untrusted, UserName};
use std::path::PathBuf;

/// Why a verb did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something is wrong with the home.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// Something is wrong with the keys.
    #[error(transparent)]
    Keys(#[from] KeyFolderError),
    /// There are no keys in the home.
    #[error("{}: nobody's keys are here", .0.display())]
    NoKeys(PathBuf),
    /// A computation with keys failed.
    #[error(transparent)]
    Crypto(#[from] crypto::Error),
    /// There is no conversation with somebody.
    #[error(transparent)]
    Link(#[from] link::Error),
    /// The index does not answer what was asked.
    #[error(transparent)]
    Index(#[from] index::Error),
    /// No index is known.
    #[error("no index is known here")]
    NoIndex,
    /// The address of an index is known, and not its key.
    #[error("the index at {0} was not trusted yet")]
    UntrustedIndex(HostPort),
    /// The home belongs to another index.
    #[error("this home belongs to the index {ours}, and not to {named}")]
    OtherIndex {
        /// The one that it belongs to.
        ours: Fingerprint,
        /// The one that was named.
        named: Fingerprint,
    },
    /// A text that was typed is not what it should be.
    #[error(transparent)]
    Said(#[from] model::Error),
    /// A text that was typed names no file.
    #[error(transparent)]
    Object(#[from] ObjectError),
    /// Not a password.
    #[error(transparent)]
    Password(#[from] PasswordProblem),
    /// Nobody has this name.
    #[error("the index knows nobody of the name {0}")]
    Nobody(UserName),
    /// It is about another person than oneself.
    #[error("this is your own key")]
    Oneself,
    /// A person has another key than the one that is pinned.
    #[error("{user} has another key than before: {found}, and not {pinned}")]
    KeyChanged {
        /// Who.
        user: UserName,
        /// The key that is pinned.
        pinned: Fingerprint,
        /// The key that the index shows.
        found: Fingerprint,
        /// Whether the words of the pinned key were compared.
        verified: bool,
    },
    /// A person's sealing certificate is older than one that was seen.
    #[error("the index shows an older sealing key of {0} than before")]
    OldCertificate(UserName),
    /// The fingerprint that was typed is not the key that the index shows.
    #[error("the index shows the key {found} for {user}, and not {given}")]
    NotTheKey {
        /// Who.
        user: UserName,
        /// What was typed.
        given: Fingerprint,
        /// What the index shows.
        found: Fingerprint,
    },
    /// The key is pinned already.
    #[error("this key of {0} is the trusted one already")]
    TrustedAlready(UserName),
    /// A person has no such share, or not for us.
    #[error("{user} shares nothing under the name {} with you", Untrusted::new(share.as_str()))]
    NoShareOf {
        /// Who.
        user: UserName,
        /// Which share.
        share: Name,
    },
    /// Nobody shares this content.
    #[error("nobody shares the content {0} with you")]
    NobodyHas(ContentId),
    /// The last search has no result of this number.
    #[error("the last search has no result {0}")]
    NoResult(usize),
    /// There is nothing to go on with.
    #[error("there are no more results")]
    NoMore,
}
