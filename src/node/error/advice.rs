//! What a person is told of an error.

use super::{Error, Exit, refusals, transfers};
use crate::crypto::key_file::KeyFileError;
use crate::crypto::key_folder::KeyFolderError;
use crate::link::{self, AskError, Ending, is_out_of_files};
use crate::model;
use crate::node::HomeError;
use crate::node::index::{self, LoggedOut, Trouble};
use std::io;

/// What a person is told: what went wrong, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// How the program ends.
    pub exit: Exit,
    /// What went wrong, in one line.
    pub what: String,
    /// The likely cause, and the next step, if there is one.
    pub hint: Option<String>,
}

/// How it ends, and a hint; what went wrong is mostly what the error says itself.
pub(super) type Hint = (Exit, Option<String>);

pub(super) fn hint(exit: Exit, text: impl Into<String>) -> Hint {
    (exit, Some(text.into()))
}

pub(super) fn no_hint(exit: Exit) -> Hint {
    (exit, None)
}

impl Error {
    /// What a person is told.
    pub fn advice(&self) -> Advice {
        let (exit, hint) = self.hint();
        Advice { exit, what: self.to_string(), hint }
    }

    fn hint(&self) -> Hint {
        match self {
            Self::Home(error) => home(error),
            Self::Keys(error) => keys(error),
            Self::Crypto(_) => no_hint(Exit::Error),
            Self::Link(error) => unreachable(error),
            Self::Index(error) => index(error),
            Self::Rotating => hint(Exit::NotAllowed, "`keys rotate` finishes it"),
            Self::NoKeys(_) => hint(
                Exit::NotFound,
                "`join INVITATION` makes keys and an account; whoever runs the index has the invitation. \
                 Another home is named by --home",
            ),
            Self::NoIndex => hint(
                Exit::Usage,
                "`join INVITATION` names one and makes an account there, `login INVITATION` if these \
                 keys have one already; whoever runs the index has the invitation",
            ),
            Self::UntrustedIndex(at) => hint(
                Exit::NotAllowed,
                format!(
                    "compare the fingerprint that {at} shows with the one in its invitation, and \
                     answer yes; or `join` with the whole invitation"
                ),
            ),
            Self::OtherIndex { .. } => hint(
                Exit::Verification,
                "a home belongs to one index. For another one, name another home with --home. If \
                 it should be the same one, somebody may be in between",
            ),
            Self::Said(error) => said(error),
            Self::Object(_) => hint(Exit::Usage, "such as alice:photos/tree.jpg"),
            Self::Password(_) => hint(Exit::Usage, "choose another password"),
            Self::Nobody(_) => hint(Exit::NotFound, "`people` shows who is there"),
            Self::Oneself => hint(Exit::Usage, "name somebody else"),
            Self::KeyChanged { user, verified, .. } => key_changed(user, *verified),
            Self::OldCertificate(user) => hint(
                Exit::Verification,
                format!(
                    "the index has forgotten something, or lies; ask {user} and whoever runs the index"
                ),
            ),
            Self::NotTheKey { user, .. } => hint(
                Exit::Verification,
                format!("ask {user} for their fingerprint again, by a way that is not this index"),
            ),
            Self::TrustedAlready(user) => {
                hint(Exit::NothingToDo, format!("`verify {user}` shows the words to compare"))
            }
            Self::NoShareOf { user, .. } => {
                hint(Exit::NotFound, format!("`browse {user}` shows what {user} shares with you"))
            }
            Self::NobodyHas(_) => hint(
                Exit::NotFound,
                "who had it may have removed it, or shares it with others only",
            ),
            Self::NotFrom(_) => {
                hint(Exit::NotFound, "without `--from` it comes from whoever shares it")
            }
            Self::NoResult(_) => hint(Exit::NotFound, "`search WORDS` numbers its results"),
            Self::NoMove(_) => hint(Exit::NotFound, "`transfers` lists those that are not done"),
            Self::NotUnderWay(number) => {
                hint(Exit::NothingToDo, format!("`transfers resume {number}` goes on with it"))
            }
            Self::UnderWay { number, .. } => hint(
                Exit::NothingToDo,
                format!("`transfers` shows how far; `transfers pause {number}`"),
            ),
            Self::NoMore => hint(Exit::NothingToDo, "`search WORDS` begins a new search"),
            Self::NothingFound => hint(Exit::NotFound, "`search WORDS` with fewer words"),
            Self::NoSuchFile(object) => hint(
                Exit::NotFound,
                format!("`browse {}` shows what {} shares with you", object.user, object.user),
            ),
            Self::SizeUnknown(_) => hint(Exit::Usage, "name it as ID:SIZE, or search for it first"),
            Self::SharedAlready(name) => hint(
                Exit::NothingToDo,
                format!(
                    "`share scan` looks at it again, `share set {} --to NAMES` changes who may see it",
                    model::Untrusted::new(name.as_str())
                ),
            ),
            Self::ShareNameTaken(_) => hint(
                Exit::Conflict,
                "give the folder another name, or remove the other share: `share rm NAME`",
            ),
            Self::NoShare(_) => hint(Exit::NotFound, "`share ls` shows what you share"),
            Self::ShareGone { name, .. } => hint(
                Exit::NotFound,
                format!(
                    "it stays listed, and nobody gets anything of it until it is back; `share rm {}` \
                     ends that",
                    model::Untrusted::new(name.as_str())
                ),
            ),
            Self::NobodyInAudience(name) => hint(
                Exit::NotFound,
                format!(
                    "`people` shows who is there; `share rm {}` and share it with others",
                    model::Untrusted::new(name.as_str())
                ),
            ),
            Self::NoPort { .. } => {
                hint(Exit::Conflict, "end another program, or name a free port with --port")
            }
            Self::Offline(user) => hint(
                Exit::Unreachable,
                format!("ask {user} to start their program; `people` shows who is online"),
            ),
            Self::Unreached { why, .. } => unreachable(why),
            Self::NobodyAt(_) => hint(Exit::Usage, "--from USER says who is there"),
            Self::Stranger(_) | Self::NotAPerson => {
                hint(Exit::Verification, "tell whoever runs the index")
            }
            Self::Peer(error) => transfers::peer(error),
            Self::Landing { why, .. } => transfers::landing(why),
            Self::NoOffer(_) => hint(Exit::NotFound, "`inbox` shows what waits"),
            Self::NoReceipt(_) => hint(
                Exit::NotFound,
                "it did not come by this home, or was changed since: then get it again",
            ),
            Self::NotAsSent { .. } => hint(
                Exit::Verification,
                "it was changed since, or is another file; to be sure of it, get it again",
            ),
            Self::Stopped => no_hint(Exit::Interrupted),
            Self::Of(error) => error.hint(),
        }
    }
}

fn key_changed(user: &model::UserName, verified: bool) -> Hint {
    let before = if verified { "you had compared words with " } else { "you have met " };
    hint(
        Exit::Verification,
        format!(
            "{before}{user} under the old key. Either {user} has new keys, or somebody pretends to be \
             {user}. Ask {user} for the whole new fingerprint by a way that is not this index, then \
             `trust {user} --replace FINGERPRINT`"
        ),
    )
}

fn home(error: &HomeError) -> Hint {
    match error {
        HomeError::Io { source, .. } => disk(source),
        HomeError::NoPlatform => hint(Exit::Usage, "name a folder with --home"),
        HomeError::OpenToOthers { path, wanted, .. } => {
            hint(Exit::NotAllowed, format!("chmod {wanted:o} {}", path.display()))
        }
        HomeError::OtherOwner(_) => hint(Exit::NotAllowed, "name a home of your own with --home"),
        HomeError::Damaged { path, .. } => hint(
            Exit::Error,
            format!("put it aside, and what it held is asked for again: {}", path.display()),
        ),
        HomeError::InUse { .. } => hint(
            Exit::Conflict,
            "a prompt or `serve` is open in this home; use that one, or end it first",
        ),
    }
}

pub(super) fn disk(error: &io::Error) -> Hint {
    match error.kind() {
        _ if is_out_of_files(error) => out_of_files(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            hint(Exit::NoSpace, "make room on this disk, and try again")
        }
        io::ErrorKind::FileTooLarge => hint(
            Exit::NoSpace,
            "this disk, or a limit of this account, takes no file of that size; name another folder",
        ),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            hint(Exit::NotAllowed, "you may not write or read there; name another folder")
        }
        io::ErrorKind::NotFound => hint(Exit::NotFound, "is it spelled as it should be?"),
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => hint(
            Exit::Conflict,
            "a file is in the place of a folder; move it away, or name another folder",
        ),
        _ => no_hint(Exit::Error),
    }
}

/// It is this machine that says so, and nothing that was asked for is wrong.
fn out_of_files() -> Hint {
    hint(
        Exit::Error,
        "end other transfers or programs and try again, or allow more before this one is started: \
         ulimit -n 4096",
    )
}

fn keys(error: &KeyFolderError) -> Hint {
    match error {
        KeyFolderError::Io { source, .. } => disk(source),
        KeyFolderError::Exists(_) => {
            hint(Exit::Conflict, "there are keys already; another home may be named with --home")
        }
        KeyFolderError::OpenToOthers { path, wanted, .. } => hint(
            Exit::NotAllowed,
            format!(
                "others could read your keys. If nobody did: chmod {wanted:o} {}",
                path.display()
            ),
        ),
        KeyFolderError::OtherOwner(_) => hint(Exit::NotAllowed, "name a home of your own"),
        KeyFolderError::KeyFile { reason, .. } => key_file(*reason),
        KeyFolderError::Mismatch { .. } => hint(
            Exit::Verification,
            "somebody has changed a file here, or a disk failed; take the folder from a backup",
        ),
        KeyFolderError::NotMade(_) => no_hint(Exit::Error),
    }
}

fn key_file(error: KeyFileError) -> Hint {
    match error {
        KeyFileError::WrongPassphrase => hint(
            Exit::NotAllowed,
            "it is the passphrase of your keys, not the password of your account",
        ),
        KeyFileError::PassphraseNeeded => {
            hint(Exit::NotAllowed, "give it when asked, or in a file with --passphrase-file")
        }
        KeyFileError::NotEncrypted => hint(Exit::Usage, "leave the passphrase out"),
        KeyFileError::Malformed | KeyFileError::Scheme => {
            hint(Exit::Verification, "take the folder of keys from a backup")
        }
        KeyFileError::NotWritten => no_hint(Exit::Error),
    }
}

pub(super) fn said(error: &model::Error) -> Hint {
    match error {
        model::Error::Invitation(_) => hint(
            Exit::Usage,
            "an invitation looks so: waxwing://HOST:PORT#FINGERPRINT; copy it whole",
        ),
        model::Error::Address { .. } => hint(Exit::Usage, "an address looks so: HOST:7311"),
        model::Error::Name { .. } => hint(Exit::Usage, "give the file another name"),
        _ => no_hint(Exit::Usage),
    }
}

pub(super) fn unreachable(error: &link::Error) -> Hint {
    match error {
        link::Error::Line(io::ErrorKind::ConnectionRefused) => {
            hint(Exit::Unreachable, "nobody listens there: is it running, and is the port right?")
        }
        link::Error::Line(_) | link::Error::Late(_) => {
            hint(Exit::Unreachable, "is the network there? Does a firewall stand in between?")
        }
        link::Error::Host => hint(Exit::Unreachable, "is the name of the host right?"),
        link::Error::Identity { .. } => hint(
            Exit::Verification,
            "somebody else answers there than who should. Has it new keys, or is somebody in between?",
        ),
        // Whoever is there did not prove to be it, and no accident makes that.
        link::Error::Proof | link::Error::Tls(_) if error.is_permanent() => hint(
            Exit::Verification,
            "somebody may be in between; try another network, and tell whoever runs it",
        ),
        link::Error::Tls(_) => hint(
            Exit::Unreachable,
            "what came was altered on its way, or another program answers there: is the port right? \
             Else try another network",
        ),
        link::Error::OutOfFiles => out_of_files(),
        link::Error::Version => hint(Exit::Error, "one of the two programs is too old"),
        link::Error::NotOurs | link::Error::Protocol => {
            hint(Exit::Unreachable, "another program answers there; is the port right?")
        }
        link::Error::Refused { code, .. } => refusals::of(*code),
        link::Error::Busy | link::Error::Full(_) | link::Error::GaveWay => {
            hint(Exit::Unreachable, "too many are there at once; try again later")
        }
        _ => no_hint(Exit::Error),
    }
}

fn index(error: &index::Error) -> Hint {
    match error {
        index::Error::LoggedOut(LoggedOut::Refused { code, .. }) => refusals::of(*code),
        index::Error::LoggedOut(_) => hint(Exit::NotAllowed, "`login` begins a session"),
        index::Error::Away(trouble) | index::Error::Stopped(trouble) => away(trouble),
        index::Error::Late => hint(
            Exit::Unreachable,
            "the index is busy, or the network slow; look whether it was done, and try again",
        ),
        index::Error::Refused { code, .. } => refusals::of(*code),
        index::Error::Alarm(_) => hint(
            Exit::Verification,
            "its key directory is another one than it was: it was restored from a backup, or it \
             lies. Ask whoever runs it, and other people on it; then `trust --directory` believes it again",
        ),
        index::Error::Unknown => hint(Exit::NotFound, "`people` shows who is there"),
        index::Error::Nonsense(_) => {
            hint(Exit::Verification, "the index is broken, or lies; tell whoever runs it")
        }
        index::Error::Query(_) => hint(Exit::Usage, "such as: search koala tree*"),
        index::Error::Unpublished => no_hint(Exit::NothingToDo),
        index::Error::TooLong(_) => hint(Exit::Usage, "say it shorter"),
    }
}

pub(super) fn away(trouble: &Trouble) -> Hint {
    match trouble {
        Trouble::Link(error) => unreachable(error),
        Trouble::Ended(end) | Trouble::Ask(AskError::Ended(end)) => ended(end),
        Trouble::Ask(AskError::Refused { code, .. }) => refusals::of(*code),
        Trouble::Ask(AskError::Late) => hint(Exit::Unreachable, "try again in a moment"),
        Trouble::NotAnIndex => {
            hint(Exit::Verification, "is the address right? A person answers there")
        }
        Trouble::OtherName(_) => hint(Exit::Verification, "tell whoever runs the index"),
        Trouble::Closed => no_hint(Exit::Interrupted),
    }
}

pub(super) fn ended(ending: &Ending) -> Hint {
    match ending {
        Ending::Theirs { code, .. } | Ending::Ours { code, .. } => refusals::of(*code),
        Ending::Broken(_) => hint(Exit::Unreachable, "is the network there? Try again in a moment"),
    }
}
