//! One's own account, as the index knows it.

use crate::crypto::Fingerprint;
use crate::model::{Foreign, UnixTime, UserName};
use crate::wire::index::{Account, SessionSeen};

/// One's own account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnAccount {
    /// The name.
    pub user: UserName,
    /// The contact line.
    pub contact: Option<Foreign>,
    /// Since when there is the account.
    pub since: UnixTime,
    /// Its sessions, the last used first.
    pub sessions: Vec<OwnSession>,
}

/// A session of one's own account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnSession {
    /// Its number, for [`end_session`](super::IndexSession::end_session).
    pub number: [u8; 16],
    /// When it began.
    pub began: UnixTime,
    /// When it was last used, to some minutes.
    pub used: UnixTime,
    /// Whether it is the one that asked.
    pub is_this: bool,
    /// The identity that it is bound to.
    pub identity: Fingerprint,
}

impl From<Account> for OwnAccount {
    fn from(account: Account) -> Self {
        Self {
            user: account.user.0,
            contact: account.contact.as_deref().map(Foreign::new),
            since: UnixTime(account.since),
            sessions: account.sessions.iter().map(OwnSession::from).collect(),
        }
    }
}

impl From<&SessionSeen> for OwnSession {
    fn from(seen: &SessionSeen) -> Self {
        Self {
            number: *seen.session,
            began: UnixTime(seen.began),
            used: UnixTime(seen.used),
            is_this: seen.is_this,
            identity: seen.identity,
        }
    }
}
