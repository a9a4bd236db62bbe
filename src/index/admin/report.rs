//! Reports, and faults.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;

/// What an order is answered with; lists have a report a row. Times are seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Report {
    /// An invitation was made.
    Invited {
        /// The whole invitation. It is nowhere else: what is stored of it cannot be shown.
        invitation: Shown,
        /// For whom, if not for anybody.
        user: Option<String>,
        /// Whether that name has an account, which the invitation gives to another identity.
        replaces: bool,
        /// From when on it does not hold.
        expires: u64,
    },
    /// An invitation that can be used.
    Invitation {
        /// What it is called.
        number: String,
        /// For whom, if not for anybody.
        user: Option<String>,
        /// When it was made.
        made: u64,
        /// From when on it does not hold.
        expires: u64,
    },
    /// An invitation was taken back.
    Withdrawn {
        /// What it was called.
        number: String,
        /// For whom it was, if not for anybody.
        user: Option<String>,
    },
    /// An account.
    User {
        /// Its name.
        name: String,
        /// Its identity's fingerprint.
        identity: String,
        /// Its contact line.
        contact: Option<String>,
        /// Since when it is there.
        since: u64,
        /// Whether it is online; nobody knows when no server runs.
        online: Option<bool>,
        /// When it was last online.
        last_online: Option<u64>,
        /// How many sessions are not over.
        sessions: u64,
    },
    /// An account was closed.
    Closed {
        /// Its name.
        user: String,
        /// How many sessions ended with it.
        sessions: u64,
    },
    /// A session.
    Session {
        /// Whose.
        user: String,
        /// Its number.
        number: String,
        /// The identity that it is bound to.
        identity: String,
        /// When it began.
        began: u64,
        /// When it was last used, to some minutes.
        used: u64,
        /// When it will be over, if it is not used.
        expires: u64,
    },
    /// A share.
    Share {
        /// Whose.
        owner: String,
        /// What it is called.
        name: String,
        /// For whom it is.
        to: String,
        /// How many entries it has.
        entries: u64,
        /// How many bytes these have in all.
        bytes: u64,
        /// A number that grows whenever what is in it changes.
        version: u64,
    },
    /// An entry of the key directory.
    Entry {
        /// Its place, from 0.
        number: u64,
        /// The name that it is about.
        name: String,
        /// What happened.
        what: String,
        /// Whose the name was from then on, or until then, if it was closed.
        identity: String,
        /// When.
        time: u64,
    },
    /// There are more rows than were asked for.
    More {
        /// How many were told.
        told: u64,
    },
    /// Sessions were ended.
    Ended {
        /// Whose.
        user: String,
        /// How many.
        sessions: u64,
    },
    /// Counts.
    Stats(Stats),
    /// The database was copied.
    BackedUp {
        /// To where.
        file: PathBuf,
        /// How many bytes.
        bytes: u64,
    },
    /// A backup took the place of the database.
    Restored {
        /// The backup.
        file: PathBuf,
        /// The database.
        database: PathBuf,
        /// Where the database went that was there before.
        before: Option<PathBuf>,
    },
    /// Something is wrong.
    Problem {
        /// What.
        text: String,
    },
    /// Everything was read.
    Checked {
        /// How many problems were found.
        problems: u64,
    },
}

/// Counts of a store and of the server that has it open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// Accounts.
    pub accounts: u64,
    /// Accounts that are online; nobody knows when no server runs.
    pub online: Option<u64>,
    /// Sessions that are not over.
    pub sessions: u64,
    /// Invitations that can be used.
    pub invitations: u64,
    /// Shares.
    pub shares: u64,
    /// Entries of the catalog that somebody sees.
    pub entries: u64,
    /// Entries of the key directory.
    pub directory: u64,
    /// The hash of the last of them.
    pub head: String,
    /// Bytes of the database.
    pub bytes: u64,
    /// Since when the server runs, if one does.
    pub started: Option<u64>,
}

/// A text with a secret in it, which is shown where it was asked for and in no log.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Shown(pub String);

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shown(hidden)")
    }
}

/// Why an order was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{text}")]
pub struct Fault {
    /// Of what kind it is.
    pub kind: FaultKind,
    /// What happened.
    pub text: String,
}

/// What kinds of faults there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// What was named is not there.
    NotFound,
    /// Something is in the way.
    Conflict,
    /// The system does not let us.
    NotAllowed,
    /// There is no room.
    NoSpace,
    /// The data is not what was written.
    Damaged,
    /// Anything else.
    Failed,
}

impl Fault {
    /// A fault of a kind.
    pub fn new(kind: FaultKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }
}
