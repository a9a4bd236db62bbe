//! Refusal codes: the numbers by which one side tells the other why something ends. `protocol.md`
//! section 17 has the same table.
//!
//! A number never changes its meaning. What a reader of a sealed stream refuses it for keeps its
//! name here, [`Code::Sealed`], so that both sides speak of the same thing.

use super::frame::FrameError;
use crate::codec::{Charge, Text};
use crate::model::Untrusted;
use crate::model::limits::EXPLANATION_BYTES;
use crate::seal::Refusal;
use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};
use std::fmt;

macro_rules! codes {
    ($($name:ident = $number:literal, $text:literal, $permanent:ident, $meaning:literal;)*) => {
        /// Why something ends.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $(#[doc = concat!("`", $text, "`: ", $meaning, ".")] $name,)*
            /// What a sealed stream is refused for.
            Sealed(Refusal),
            /// A number that newer programs know.
            Unknown(u16),
        }

        /// All codes that are not refusals of a sealed stream.
        const PLAIN: &[Code] = &[$(Code::$name,)*];

        impl Code {
            /// The number that stands for it.
            pub fn number(self) -> u16 {
                match self {
                    $(Self::$name => $number,)*
                    Self::Sealed(refusal) => sealed_number(refusal),
                    Self::Unknown(number) => number,
                }
            }

            /// Its name in the protocol.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                    Self::Sealed(refusal) => refusal.name(),
                    Self::Unknown(_) => "unknown",
                }
            }

            /// What it means; nothing for a number that we do not know.
            pub fn meaning(self) -> Option<&'static str> {
                match self {
                    $(Self::$name => Some($meaning),)*
                    Self::Sealed(_) | Self::Unknown(_) => None,
                }
            }

            /// Whether trying the same again is of no use.
            pub fn is_permanent(self) -> bool {
                match self {
                    $(Self::$name => codes!(@$permanent),)*
                    Self::Sealed(refusal) => is_permanent(refusal),
                    Self::Unknown(_) => true,
                }
            }
        }
    };
    (@permanent) => { true };
    (@passing) => { false };
}

codes! {
    Done = 1, "done", passing, "nothing is wrong; this side needs the conversation no longer";
    Stopping = 2, "stopping", passing, "this program stops";
    Idle = 3, "idle", passing, "nothing came for too long";
    Slow = 4, "slow", passing, "a greeting, a frame, a write or a stream did not go on in time";
    Busy = 5, "busy", passing, "too much is under way; later there may be room";
    Internal = 6, "internal", passing, "something failed on this side";
    FrameSize = 7, "frame-size", permanent, "a frame is empty, or longer than its kind may be";
    Kind = 8, "kind", permanent, "a frame is of a kind that this version does not have";
    Unexpected = 9, "unexpected", permanent, "a frame does not belong here now";
    Malformed = 10, "malformed", permanent, "a body is not a message of its frame's kind";
    Version = 11, "version", permanent, "the two sides have no version in common";
    Identity = 12, "identity", permanent, "the other side is not who was expected";
    Proof = 13, "proof", permanent, "the proof of identity does not match this channel";
    NotAllowed = 14, "not-allowed", permanent, "this side does not do this for the other";
    Declined = 20, "declined", permanent, "a person said no";
    Cancelled = 21, "cancelled", permanent, "a person stopped it";
    SourceChanged = 22, "source-changed", passing, "a file changed while it was sent";
    NoSpace = 23, "no-space", permanent, "the receiver has no room for it";
    NoLanes = 24, "no-lanes", permanent, "there are no lanes for this stream; the channel carries it";
    NoSession = 30, "no-session", permanent, "nobody is logged in here, or the session is over; log in again";
    Credentials = 31, "credentials", permanent, "the name or the password is wrong";
    OtherIdentity = 32, "other-identity", permanent, "the account belongs to another identity";
    NameTaken = 33, "name-taken", permanent, "somebody has this name already";
    KeyTaken = 34, "key-taken", permanent, "this identity has or had another name here";
    Invitation = 35, "invitation", permanent, "joining needs an invitation that was not used, has not expired and is for this name";
    PasswordRule = 36, "password-rule", permanent, "a password has 10 to 71 bytes, and no NUL in it";
    Throttled = 37, "throttled", passing, "too many tries from there; later it goes on";
    NotFound = 38, "not-found", permanent, "there is no such thing, or not for you";
    Storage = 39, "storage", passing, "the index cannot store anything now";
    Certificate = 40, "certificate", permanent, "the sealing certificate shown does not hold, or an index knows a newer one";
    Reused = 41, "reused", permanent, "a request with this number asked something else";
    Base = 42, "base", permanent, "a difference is against another state than there is, or a part is missing before it";
    Quota = 43, "quota", permanent, "it is more than one person may publish here";
    Query = 44, "query", permanent, "a search has one to ten words, or an owner or a kind";
}

impl Code {
    /// All codes that we know, in the order of their numbers.
    pub fn all() -> impl Iterator<Item = Self> {
        PLAIN.iter().copied().chain(Refusal::ALL.into_iter().map(Self::Sealed))
    }

    /// The code with this number.
    pub fn from_number(number: u16) -> Self {
        Self::all().find(|code| code.number() == number).unwrap_or(Self::Unknown(number))
    }

    /// The code to a person, with what was said beside it in words, if that is more.
    pub fn said(self, words: &Explanation) -> impl fmt::Display {
        Said(self, words)
    }
}

impl From<Refusal> for Code {
    fn from(refusal: Refusal) -> Self {
        Self::Sealed(refusal)
    }
}

impl From<FrameError> for Code {
    fn from(error: FrameError) -> Self {
        match error {
            FrameError::Empty | FrameError::TooLong { .. } | FrameError::Cut => Self::FrameSize,
            FrameError::Kind(_) => Self::Kind,
            FrameError::Unexpected(_) => Self::Unexpected,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, self.meaning()) {
            (Self::Sealed(refusal), _) => refusal.fmt(f),
            (_, Some(meaning)) => f.write_str(meaning),
            (_, None) => {
                write!(f, "a reason with the number {}, which is not known here", self.number())
            }
        }
    }
}

struct Said<'a>(Code, &'a Explanation);

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(code, words) = self;
        if *code == Code::Busy && *words.0 == *Explanation::STILL_READ {
            // Nothing else is under way.
            return f.write_str(Explanation::STILL_READ);
        }
        code.fmt(f)?;
        match words.0.is_empty() || *words.0 == *code.to_string() {
            true => Ok(()),
            false => write!(f, " ({words})"),
        }
    }
}

impl<C> Encode<C> for Code {
    fn encode<W: encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.u16(self.number())?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Code {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        d.u16().map(Self::from_number)
    }
}

fn sealed_number(refusal: Refusal) -> u16 {
    match refusal {
        Refusal::Cut => 100,
        Refusal::HeaderShape => 101,
        Refusal::Sender => 102,
        Refusal::HeaderSignature => 103,
        Refusal::Recipient => 104,
        Refusal::StaleKey => 105,
        Refusal::Context => 106,
        Refusal::Policy => 107,
        Refusal::NotOpened => 108,
        Refusal::ChunkShape => 109,
        Refusal::Tag => 110,
        Refusal::RecordShape => 111,
        Refusal::RecordSignature => 112,
        Refusal::RecordChain => 113,
        Refusal::Ids => 114,
        Refusal::LeftOver => 115,
        Refusal::Equivocation => 116,
    }
}

/// A new stream, under the receiver's current key and a fresh challenge, mends these and no others.
fn is_permanent(refusal: Refusal) -> bool {
    !matches!(refusal, Refusal::Cut | Refusal::StaleKey | Refusal::Context)
}

/// What a side says in words beside a code. It shows itself as [`Untrusted`] does, and no other
/// way.
#[derive(Encode, Clone, PartialEq, Eq, Default)]
#[cbor(transparent)]
pub struct Explanation(Text<EXPLANATION_BYTES>);

impl Explanation {
    /// What is said beside [`Code::Busy`] of files that their owner's program has not read yet.
    pub const STILL_READ: &str = "it is still being read there; when that is done, it can be had";

    /// The text, or as much of its beginning as may be sent.
    pub fn new(text: &str) -> Self {
        let longest = text.len().min(EXPLANATION_BYTES);
        let beginning = (0..=longest).rev().find_map(|end| text.get(..end)).unwrap_or_default();
        Self(Text::new(beginning).unwrap_or_default())
    }

    /// The text, to be shown in so many columns.
    pub fn as_untrusted(&self) -> Untrusted<'_> {
        Untrusted::new(&self.0)
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_untrusted().fmt(f)
    }
}

impl fmt::Debug for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_untrusted())
    }
}

impl<'b, C: Charge> Decode<'b, C> for Explanation {
    fn decode(d: &mut Decoder<'b>, ctx: &mut C) -> Result<Self, decode::Error> {
        Text::decode(d, ctx).map(Self)
    }
}
