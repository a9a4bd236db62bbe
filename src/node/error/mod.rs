//! What goes wrong for a person: all rooms' errors in one, and what the person is told.
//!
//! An [`Error`] says what failed. [`Error::advice`] says it for a person: what happened, the likely
//! cause and the next step, and the [`Exit`] by which the program ends. Steps are named
//! by verbs, which are the same at the prompt and as arguments.

mod advice;
mod exit;
mod passing;
mod refusals;
mod transfers;

pub use advice::Advice;
pub use exit::Exit;

use super::object::{Object, ObjectError};
use super::{HomeError, index};
use crate::crypto::key_folder::KeyFolderError;
use crate::crypto::{self, Fingerprint, PasswordProblem};
use crate::link;
use crate::model::{self, ContentId, HostPort, Name, Untrusted, UserName};
use crate::peer::{self, LandError};
use std::path::PathBuf;
use std::sync::Arc;

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
    #[error("{}: no keys are here yet, so this home is nobody's", .0.display())]
    NoKeys(PathBuf),
    /// The index knows the keys already to which one was changing.
    #[error("a change of your keys was begun, and is not finished here")]
    Rotating,
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
    /// Who was named does not share this.
    #[error("{0} does not share it with you")]
    NotFrom(UserName),
    /// The last search has no result of this number.
    #[error("the last search has no result {0}")]
    NoResult(usize),
    /// No transfer that is not done has this number.
    #[error("no transfer has the number {0}")]
    NoMove(u64),
    /// A transfer goes no further already.
    #[error("transfer {0} is not under way")]
    NotUnderWay(u64),
    /// A transfer is under way already.
    #[error("transfer {number} is under way already")]
    UnderWay {
        /// Which.
        number: u64,
        /// The number of the process that works on it, as far as it is known.
        by: Option<u32>,
    },
    /// There is nothing to go on with.
    #[error("there are no more results")]
    NoMore,
    /// What a search or a share was to give, it has not.
    #[error("there is nothing of that to get")]
    NothingFound,
    /// A share has no such file or folder, or not for us.
    #[error("{0} is not shared with you")]
    NoSuchFile(Object),
    /// The size of a content is not known, and without it nobody can be asked.
    #[error("the size of the content {0} is not known")]
    SizeUnknown(ContentId),
    /// The folder is shared already.
    #[error("this is shared already, as {}", Untrusted::new(.0.as_str()))]
    SharedAlready(Name),
    /// Another share has this name.
    #[error("you share another folder under the name {}", Untrusted::new(.0.as_str()))]
    ShareNameTaken(Name),
    /// One has no share of this name.
    #[error("you share nothing under the name {}", Untrusted::new(.0.as_str()))]
    NoShare(Name),
    /// A share is not where it was.
    #[error("{}: {} is not there", Untrusted::new(name.as_str()), path.display())]
    ShareGone {
        /// Its name.
        name: Name,
        /// Where it was.
        path: PathBuf,
    },
    /// The index knows somebody of a share's audience no more, or never did.
    #[error("nobody on the index has one of the names with whom {} is shared", Untrusted::new(.0.as_str()))]
    NobodyInAudience(Name),
    /// No port is free.
    #[error("no port from {first} to {last} is free to listen on")]
    NoPort {
        /// The first that was tried.
        first: u16,
        /// The last.
        last: u16,
    },
    /// Somebody is not online.
    #[error("{0} is not online")]
    Offline(UserName),
    /// Somebody cannot be reached where they are said to be.
    #[error("{user} is not reached: {why}")]
    Unreached {
        /// Who.
        user: UserName,
        /// Why.
        why: link::Error,
    },
    /// An address was named, and not who is there.
    #[error("it is not said who is at {0}")]
    NobodyAt(HostPort),
    /// An identity has no name on the index.
    #[error("the index knows nobody with the key {0}")]
    Stranger(Fingerprint),
    /// What is there is an index.
    #[error("it is not a person who is there")]
    NotAPerson,
    /// A transfer did not come about, or not to its end.
    #[error(transparent)]
    Peer(#[from] peer::Error),
    /// A file came, and has no name.
    #[error("{}: {why}", path.display())]
    Landing {
        /// Where it was to be.
        path: PathBuf,
        /// Why it is not.
        why: LandError,
    },
    /// There is no offer of this number, or its sender has gone.
    #[error("no offer with the number {0} waits")]
    NoOffer(u64),
    /// Nobody has sent a file, as far as is known.
    #[error("{}: nobody is known to have sent this", .0.display())]
    NoReceipt(PathBuf),
    /// A file is not what somebody has sent under its name.
    #[error("{}: this is not what {} sent under this name", path.display(), sender(.by))]
    NotAsSent {
        /// The file.
        path: PathBuf,
        /// Who sent the other; nobody who is known now.
        by: Option<UserName>,
    },
    /// This side stopped.
    #[error("it was stopped")]
    Stopped,
    /// What went wrong for several files at once.
    #[error(transparent)]
    Of(Arc<Error>),
}

fn sender(by: &Option<UserName>) -> String {
    by.as_ref().map_or_else(|| "somebody".to_owned(), UserName::to_string)
}
