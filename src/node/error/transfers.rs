//! What a person is told of a transfer that did not come about.

use super::Exit;
use super::advice::{Hint, disk, ended, hint, no_hint, said};
use super::refusals;
use crate::link::StreamError;
use crate::peer::{self, LandError};
use crate::seal::SealError;
use crate::wire::Code;

pub(super) fn peer(error: &peer::Error) -> Hint {
    use peer::Error::{
        Crypto, Declined, Disk, Ended, Landing, Malformed, Name, NoSpace, NotAsked, Nothing,
        Refused, Silent, Stopped, Stream, Together,
    };
    match error {
        Refused { code: Code::NotAllowed, .. } => hint(Exit::NotAllowed, NOT_ASKED),
        Refused { code, .. } | Declined(code) => refusals::of(*code),
        Silent => hint(Exit::Unreachable, "they may have gone; `people` shows who is online"),
        Ended(ending) => ended(ending),
        Stream(error) => stream(error),
        Malformed(_) => hint(Exit::Error, "is one of the two programs old?"),
        NotAsked(_) => {
            hint(Exit::Verification, "nothing of it was kept; ask them what they have sent")
        }
        Name(error) => said(error),
        Together(_) => hint(Exit::Usage, "send or get them one after the other"),
        Nothing => hint(Exit::NothingToDo, "name a file, or a folder with files in it"),
        Crypto(_) => hint(Exit::Verification, "is the clock of this machine right?"),
        Disk { source, .. } => disk(source),
        NoSpace { .. } => hint(Exit::NoSpace, "make room, or name another folder with --out"),
        Landing(error) => landing(error),
        Stopped => no_hint(Exit::Interrupted),
    }
}

fn stream(error: &StreamError) -> Hint {
    match error {
        StreamError::Refused { code, .. } => refusals::of(*code),
        StreamError::Ended(ending) => ended(ending),
        StreamError::Seal(error) => seal(error),
        StreamError::Sealed(refusal) => refusals::sealed(*refusal),
        StreamError::Place(source) => disk(source),
        StreamError::Unexpected | StreamError::Malformed => {
            hint(Exit::Error, "is one of the two programs old?")
        }
        StreamError::Delivery => hint(
            Exit::Verification,
            "what was sent has arrived perhaps, and nobody has signed for it; send it again",
        ),
        StreamError::Undecided => hint(
            Exit::Unreachable,
            "ask them to look at what is offered (`inbox`), and send it again",
        ),
        StreamError::Stalled => hint(Exit::Unreachable, "is the network there? Try again"),
        StreamError::GaveWay => {
            hint(Exit::Unreachable, "they ask again, and go on when it is their turn")
        }
        StreamError::Stopped => no_hint(Exit::Interrupted),
    }
}

fn seal(error: &SealError) -> Hint {
    match error {
        SealError::SourceChanged { .. } => {
            hint(Exit::Conflict, "the file was changed meanwhile; send it again")
        }
        SealError::Source { error, .. } => disk(error),
        SealError::Manifest(_) | SealError::TooLarge => {
            hint(Exit::Usage, "send it in several parts")
        }
        SealError::Crypto(_) => hint(Exit::Verification, "is the clock of this machine right?"),
        SealError::OutOfTurn(_) => no_hint(Exit::Error),
    }
}

pub(super) fn landing(error: &LandError) -> Hint {
    match error {
        LandError::Taken => {
            hint(Exit::Conflict, "--overwrite replaces it; --out names another folder")
        }
        LandError::InTheWay => hint(Exit::Conflict, "--out names another folder"),
        LandError::Proof => hint(Exit::Verification, "nothing of it was kept"),
        LandError::Kept => hint(Exit::Verification, "it was thrown away; get the file again"),
        LandError::Disk(source) => disk(source),
    }
}

/// Only what is sent is refused so: for what is not shared, it is said that there is no such thing.
const NOT_ASKED: &str = "perhaps nobody can be asked there: they have `serve` open and no prompt, or take \
files only from people whom they have verified. Ask them to open `client`, or to verify you and set \
receive = \"verified\"";
