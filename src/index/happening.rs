//! What happened on an index: facts for a log, without secrets.
//!
//! `Display` gives a line for a person; `Serialize` gives a record for a program, with the fact's
//! name in `type`. Foreign texts are escaped.

use crate::crypto::Fingerprint;
use crate::link::Notice;
use crate::model::UserName;
use crate::wire::Code;
use serde::Serialize;
use std::fmt;

/// A fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Happening {
    /// Somebody joined.
    Joined(Person),
    /// The owner's invitation gave a name to another identity.
    Replaced(Person),
    /// Somebody logged in by password.
    LoggedIn(Person),
    /// A session ended because its owner said so.
    LoggedOut(Person),
    /// Somebody changed their password.
    PasswordChanged(Person),
    /// Somebody moved to another identity.
    Rotated(Person),
    /// Somebody is online.
    Online(Person),
    /// Somebody is not online any more.
    Offline {
        /// Who.
        user: String,
    },
    /// The index's owner did something by a verb.
    Owner {
        /// What.
        did: String,
        /// With whose account, or for whom.
        #[serde(skip_serializing_if = "Option::is_none")]
        user: Option<String>,
    },
    /// Somebody was refused something.
    Refused(Complaint),
    /// Sockets cannot be accepted.
    AcceptFails {
        /// What the system says.
        why: String,
    },
    /// Sockets can be accepted again.
    AcceptsAgain,
    /// A task panicked. The others go on; it is a fault of this program.
    Panicked {
        /// Whose task it was.
        from: String,
        /// Where in the source, if the program knows it.
        #[serde(skip_serializing_if = "Option::is_none")]
        at: Option<String>,
    },
    /// The clock jumped by more than an hour, so nothing old was forgotten this time.
    ClockJumped,
    /// The store could not do something.
    StoreFailed {
        /// What it says.
        why: String,
    },
}

/// Who did something, and from where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Person {
    /// The name.
    pub user: String,
    /// The identity.
    pub identity: String,
    /// The address.
    pub from: String,
}

/// What somebody was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Complaint {
    /// The address.
    pub from: String,
    /// What was wanted.
    pub what: String,
    /// Why it was refused.
    pub why: String,
    /// The name, when somebody was logged in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// How often the same was refused from there since it was last told.
    pub times: u64,
}

impl Person {
    pub(super) fn new(user: &UserName, identity: &Fingerprint, from: impl fmt::Display) -> Self {
        let (identity, from) = (identity.to_string(), from.to_string());
        Self { user: user.to_string(), identity, from }
    }
}

impl Happening {
    /// Whether it is a fault that the owner should look at.
    pub fn is_grave(&self) -> bool {
        matches!(
            self,
            Self::AcceptFails { .. }
                | Self::ClockJumped
                | Self::Panicked { .. }
                | Self::StoreFailed { .. }
        )
    }
}

impl fmt::Display for Happening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Joined(who) => {
                write!(f, "{} joined from {} as {}", who.user, who.from, who.identity)
            }
            Self::Replaced(who) => {
                write!(
                    f,
                    "{} came back from {} with another identity, by invitation: {}",
                    who.user, who.from, who.identity
                )
            }
            Self::LoggedIn(who) => write!(f, "{} logged in from {}", who.user, who.from),
            Self::LoggedOut(who) => write!(f, "{} logged out from {}", who.user, who.from),
            Self::PasswordChanged(who) => {
                write!(f, "{} changed the password from {}", who.user, who.from)
            }
            Self::Rotated(who) => {
                write!(
                    f,
                    "{} moved from {} to another identity: {}",
                    who.user, who.from, who.identity
                )
            }
            Self::Online(who) => write!(f, "{} is online from {}", who.user, who.from),
            Self::Offline { user } => write!(f, "{user} is offline"),
            Self::Owner { did, .. } => write!(f, "the owner {did}"),
            Self::Refused(complaint) => complaint.fmt(f),
            Self::AcceptFails { why } => write!(f, "no connections can be accepted: {why}"),
            Self::ClockJumped => {
                f.write_str("the clock jumped by more than an hour; is it right now?")
            }
            Self::AcceptsAgain => f.write_str("connections are accepted again"),
            Self::Panicked { from, .. } => {
                write!(f, "a task of {from} panicked; please report this as a fault of waxwing")
            }
            Self::StoreFailed { why } => write!(f, "the database failed: {why}"),
        }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, what, why, user, times } = self;
        let user = user.as_deref().unwrap_or("nobody logged in");
        write!(f, "refused {what} from {from} ({user}): {why}")?;
        if *times > 1 { write!(f, "; {times} times since the last such line") } else { Ok(()) }
    }
}

/// What a listener's notice means, when it is worth a line.
pub(super) enum Noticed {
    Fact(Happening),
    /// A refusal of the handshake.
    Turned {
        from: std::net::SocketAddr,
        why: String,
    },
    Nothing,
}

impl From<Notice> for Noticed {
    fn from(notice: Notice) -> Self {
        match notice {
            Notice::AcceptFails(why) => Self::Fact(Happening::AcceptFails { why: why.to_string() }),
            Notice::AcceptsAgain => Self::Fact(Happening::AcceptsAgain),
            Notice::Panicked { from } => {
                Self::Fact(Happening::Panicked { from: from.to_string(), at: None })
            }
            Notice::Refused { from, why } => Self::Turned { from, why: why.to_string() },
            _ => Self::Nothing,
        }
    }
}

/// Whether a refusal is worth a line: a busy index says so in its answers, and people mistype.
pub(super) fn is_worth_telling(code: Code) -> bool {
    !matches!(code, Code::Busy | Code::Stopping)
}
