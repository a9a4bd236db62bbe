//! What the other side's refusals mean for a person.

use super::advice::{Class, Hint, hint, no_hint};
use crate::seal::Refusal;
use crate::wire::Code;

/// What is advised when somebody refuses for this reason.
pub(super) fn of(code: Code) -> Hint {
    match code {
        // Who ended it without a fault was in the middle of something for us.
        Code::Done => hint(Class::Unreachable, "the other side has gone; try again"),
        Code::Stopping | Code::Idle | Code::Slow | Code::Busy | Code::Throttled => {
            hint(Class::Unreachable, "try again in a moment")
        }
        Code::Internal | Code::Storage => {
            hint(Class::Error, "something failed there; tell whoever runs it")
        }
        Code::FrameSize | Code::Kind | Code::Unexpected | Code::Malformed | Code::Version => {
            hint(Class::Error, "the two programs do not understand each other; is one of them old?")
        }
        Code::Identity | Code::Proof => hint(
            Class::Verification,
            "the other side has not the key that it should have; somebody may be in between",
        ),
        Code::NotAllowed => no_hint(Class::NotAllowed),
        Code::Declined => hint(Class::NotAllowed, "ask them by another way why"),
        Code::Cancelled => hint(Class::Interrupted, "ask for it again to go on"),
        Code::SourceChanged => {
            hint(Class::Conflict, "the file was changed meanwhile; search and get it again")
        }
        Code::NoSpace => hint(Class::NoSpace, "the receiver needs more free space"),
        Code::NoLanes => no_hint(Class::Error),
        Code::NoSession => hint(Class::NotAllowed, "`login` begins a session"),
        Code::Credentials => hint(
            Class::NotAllowed,
            "is the name right? Is it the password of this index, not the passphrase of your keys?",
        ),
        Code::OtherIdentity => hint(
            Class::NotAllowed,
            "the account has other keys than this home: `login` from the home where it was made. \
             Whoever has lost their keys asks the index's owner for a new invitation",
        ),
        Code::NameTaken => hint(Class::Conflict, "choose another name; if it is yours: `login`"),
        Code::KeyTaken => hint(Class::Conflict, "these keys have an account here already: `login`"),
        Code::Invitation => {
            hint(Class::NotAllowed, "ask whoever runs the index for a fresh invitation")
        }
        Code::PasswordRule => hint(Class::Usage, "choose another password"),
        Code::NotFound => hint(Class::NotFound, "it is gone, or not shared with you"),
        Code::Certificate => hint(
            Class::Verification,
            "is this machine's clock right? Are these keys from an old backup?",
        ),
        Code::Reused | Code::Base => hint(Class::Error, "try again"),
        Code::Quota => {
            hint(Class::NoSpace, "share less, or ask whoever runs the index for more room")
        }
        Code::Query => hint(Class::Usage, "such as: search koala tree*"),
        Code::Sealed(refusal) => sealed(refusal),
        Code::Unknown(_) => hint(Class::Error, "the other program is newer; is this one old?"),
    }
}

/// What is advised when a sealed stream is refused for this reason.
pub(super) fn sealed(refusal: Refusal) -> Hint {
    match refusal {
        Refusal::Cut => hint(Class::Unreachable, "the connection broke; try again"),
        Refusal::StaleKey | Refusal::Context => hint(Class::Error, "try again"),
        Refusal::Policy => hint(Class::NotAllowed, "it is larger than what is taken"),
        _ => hint(
            Class::Verification,
            "nothing of it was kept. What came is not what its sender signed: a fault, or an attack",
        ),
    }
}
