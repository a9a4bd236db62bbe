//! What the other side's refusals mean for a person.

use super::Exit;
use super::advice::{Hint, hint, no_hint};
use crate::seal::Refusal;
use crate::wire::Code;

/// What is advised when somebody refuses for this reason.
pub(super) fn of(code: Code) -> Hint {
    match code {
        // Who ended it without a fault was in the middle of something for us.
        Code::Done => hint(Exit::Unreachable, "the other side has gone; try again"),
        Code::Stopping | Code::Idle | Code::Slow | Code::Busy | Code::Throttled => {
            hint(Exit::Unreachable, "try again in a moment")
        }
        Code::Internal | Code::Storage => {
            hint(Exit::Error, "something failed there; tell whoever runs it")
        }
        Code::FrameSize | Code::Kind | Code::Unexpected | Code::Malformed | Code::Version => {
            hint(Exit::Error, "the two programs do not understand each other; is one of them old?")
        }
        Code::Identity | Code::Proof => hint(
            Exit::Verification,
            "the other side has not the key that it should have; somebody may be in between",
        ),
        Code::NotAllowed => no_hint(Exit::NotAllowed),
        Code::Declined => hint(Exit::NotAllowed, "ask them by another way why"),
        Code::Cancelled => hint(Exit::Interrupted, "ask for it again to go on"),
        Code::SourceChanged => {
            hint(Exit::Conflict, "the file was changed meanwhile; search and get it again")
        }
        Code::NoSpace => hint(Exit::NoSpace, "the receiver needs more free space"),
        Code::NoLanes => no_hint(Exit::Error),
        Code::NoSession => hint(Exit::NotAllowed, "`login` begins a session"),
        Code::Credentials => hint(
            Exit::NotAllowed,
            "is the name right? Is it the password of this index, not the passphrase of your keys?",
        ),
        Code::OtherIdentity => hint(
            Exit::NotAllowed,
            "the account has other keys than this home: `login` from the home where it was made. \
             Whoever has lost their keys asks the index's owner for a new invitation",
        ),
        Code::NameTaken => hint(Exit::Conflict, "choose another name; if it is yours: `login`"),
        Code::KeyTaken => hint(Exit::Conflict, "these keys have an account here already: `login`"),
        Code::Invitation => {
            hint(Exit::NotAllowed, "ask whoever runs the index for a fresh invitation")
        }
        Code::PasswordRule => hint(Exit::Usage, "choose another password"),
        Code::NotFound => hint(Exit::NotFound, "it is gone, or not shared with you"),
        Code::Certificate => hint(
            Exit::Verification,
            "is this machine's clock right, and theirs? Are these keys from an old backup?",
        ),
        Code::Reused | Code::Base => hint(Exit::Error, "try again"),
        Code::Quota => {
            hint(Exit::NoSpace, "share less, or ask whoever runs the index for more room")
        }
        Code::Query => hint(Exit::Usage, "such as: search koala tree*"),
        Code::Sealed(refusal) => sealed(refusal),
        Code::Unknown(_) => hint(Exit::Error, "the other program is newer; is this one old?"),
    }
}

/// What is advised when a sealed stream is refused for this reason.
pub(super) fn sealed(refusal: Refusal) -> Hint {
    match refusal {
        Refusal::Cut => hint(Exit::Unreachable, "the connection broke; try again"),
        Refusal::StaleKey | Refusal::Context => hint(Exit::Error, "try again"),
        Refusal::Policy => hint(Exit::NotAllowed, "it is larger than what is taken"),
        _ => hint(
            Exit::Verification,
            "nothing of it was kept. What came is not what its sender signed: a fault, or an attack",
        ),
    }
}
