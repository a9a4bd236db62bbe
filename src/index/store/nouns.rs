//! What goes into a store and comes out of it.

use crate::crypto::{
    Fingerprint, PasswordHash, SealingCertificate, SealingKeyId, Signed, SignedRotation, UnixTime,
    VerifyingKey,
};
use crate::model::directory::{DirectoryEvent, Documents, Head};
use crate::model::{Name, TokenHash, UserName};
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use std::fmt;
use std::str::FromStr;

/// Names an account inside one store. It travels nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(pub i64);

/// Names a session to its owner, who could not be shown its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionNumber(pub [u8; 16]);

/// Who asks: a session, and the identity that proved itself in the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Asker {
    /// The session, by its token's hash.
    pub session: TokenHash,
    /// The proven identity.
    pub identity: Fingerprint,
}

/// What makes the repetition of a change harmless.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestKey {
    /// Whose request it is.
    pub identity: Fingerprint,
    /// The number that they gave it.
    pub number: [u8; 16],
    /// A hash of what was asked, passwords left out: the same number for something else is refused.
    pub asked: [u8; 32],
}

/// An account, as the check of a password needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Which.
    pub id: AccountId,
    /// Its password.
    pub password: PasswordHash,
    /// Its identity.
    pub identity: Fingerprint,
}

/// Keys that somebody showed and proved: only checked ones get in here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    documents: Documents,
    epoch: u32,
    sealing: SealingKeyId,
    holds: bool,
    before: Option<Fingerprint>,
}

impl Shown {
    /// Checks the certificate; the key was proven by its conversation.
    ///
    /// One that does not hold today passes here, so that a clock that is wrong locks nobody out whose
    /// keys are known; what is new has to hold.
    pub fn new(
        key: VerifyingKey,
        certificate: Signed<SealingCertificate>,
        now: UnixTime,
    ) -> Result<Self, crate::crypto::Error> {
        let checked = certificate.verify_as_issued(&key)?;
        let holds = certificate.verify(&key, now).is_ok();
        let (epoch, sealing) = (checked.epoch, checked.key.id());
        let documents = Documents { key, certificate, rotation: None };
        Ok(Self { documents, epoch, sealing, holds, before: None })
    }

    /// With the rotation that led from `old` to this identity, which is checked.
    pub fn rotated(
        mut self,
        rotation: SignedRotation,
        old: &Fingerprint,
    ) -> Result<Self, crate::crypto::Error> {
        let checked = rotation.verify(old)?;
        if checked.new != self.documents.key {
            return Err(crate::crypto::Error::Statement("the rotation ends at another identity"));
        }
        self.documents.rotation = Some(rotation);
        self.before = Some(*old);
        Ok(self)
    }

    /// Whose keys.
    pub fn identity(&self) -> Fingerprint {
        self.documents.key.fingerprint()
    }

    /// Whose they were before, when there is a rotation.
    pub fn before(&self) -> Option<Fingerprint> {
        self.before
    }

    /// The keys themselves, as the directory stores them.
    pub fn documents(&self) -> &Documents {
        &self.documents
    }

    /// The certificate's epoch.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Whether the certificate holds today.
    pub fn holds(&self) -> bool {
        self.holds
    }

    /// The sealing key's name.
    pub fn sealing(&self) -> SealingKeyId {
        self.sealing
    }
}

/// A session that is about to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewSession {
    /// The hash of its token.
    pub token: TokenHash,
    /// Its number.
    pub number: SessionNumber,
    /// After how many seconds without use it is over.
    pub lifetime: u32,
}

/// Somebody who wants an account.
#[derive(Debug, Clone)]
pub struct Joining {
    /// The request.
    pub request: RequestKey,
    /// The name.
    pub user: UserName,
    /// The password's hash.
    pub password: PasswordHash,
    /// The contact line.
    pub contact: Option<String>,
    /// The hash of the invitation's token.
    pub invitation: Option<TokenHash>,
    /// Whether one may join without an invitation.
    pub is_open: bool,
    /// The keys.
    pub shown: Shown,
    /// The first session.
    pub session: NewSession,
}

/// Somebody whose password was right.
#[derive(Debug, Clone)]
pub struct LoggingIn {
    /// The account.
    pub account: AccountId,
    /// The hash that the password was checked against: if it is another one by now, nothing
    /// happens.
    pub password: PasswordHash,
    /// The same password at the cost of today, if that changed.
    pub rehashed: Option<PasswordHash>,
    /// The keys.
    pub shown: Shown,
    /// The session.
    pub session: NewSession,
}

/// Somebody who moves to another identity.
#[derive(Debug, Clone)]
pub struct Rotating {
    /// The request.
    pub request: RequestKey,
    /// The account.
    pub account: AccountId,
    /// The hash that the password was checked against.
    pub password: PasswordHash,
    /// The identity until now.
    pub old: Fingerprint,
    /// The keys from now on, with the rotation.
    pub shown: Shown,
    /// The session that begins.
    pub session: NewSession,
}

/// Whose session it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The account.
    pub account: AccountId,
    /// Its name.
    pub user: UserName,
    /// The session's number.
    pub session: SessionNumber,
    /// After how many seconds without use the session is over.
    pub lifetime: u32,
}

/// A session began, and others may be over because of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// Whose it is.
    pub member: Member,
    /// The sessions that are over.
    pub ended: Vec<TokenHash>,
    /// What the directory was told by this; nothing when it was a repetition, or no keys changed.
    pub event: Option<DirectoryEvent>,
}

/// An account, as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnAccount {
    /// The name.
    pub user: UserName,
    /// The contact line.
    pub contact: Option<String>,
    /// Since when.
    pub since: UnixTime,
    /// Its sessions, the last used first.
    pub sessions: Vec<SessionRow>,
}

/// A session that is not over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// Whose.
    pub user: UserName,
    /// Its number.
    pub number: SessionNumber,
    /// The identity that it is bound to.
    pub identity: Fingerprint,
    /// When it began.
    pub began: UnixTime,
    /// When it was last used, to some minutes.
    pub used: UnixTime,
    /// When it will be over, if it is not used.
    pub expires: UnixTime,
}

/// Entries of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainRead {
    /// The entries, encoded.
    pub entries: Vec<Vec<u8>>,
    /// The whole directory's head.
    pub head: Head,
}

/// A person, as others see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonRow {
    /// The account.
    pub account: AccountId,
    /// The name.
    pub user: UserName,
    /// The identity.
    pub identity: Fingerprint,
    /// The contact line.
    pub contact: Option<String>,
    /// When they were last online.
    pub last_online: Option<UnixTime>,
}

/// An invitation that is about to be handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invite {
    /// The hash of its token.
    pub token: TokenHash,
    /// For whom; for anybody when there is none.
    pub user: Option<UserName>,
    /// When it was made.
    pub made: UnixTime,
    /// From when on it does not hold.
    pub expires: UnixTime,
}

/// Names an invitation to the index's owner, who was shown its token once: the beginning of its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct InviteNumber(pub [u8; 6]);

impl fmt::Display for InviteNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl FromStr for InviteNumber {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok();
        let number = bytes.and_then(|bytes| bytes.try_into().ok());
        number.map(Self).ok_or("the number of an invitation has twelve of 0-9 and a-f")
    }
}

/// An invitation that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InviteRow {
    /// What it is called.
    pub number: InviteNumber,
    /// For whom.
    pub user: Option<UserName>,
    /// When it was made.
    pub made: UnixTime,
    /// From when on it does not hold.
    pub expires: UnixTime,
}

/// An account, as the index's owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRow {
    /// The account.
    pub account: AccountId,
    /// The name.
    pub user: UserName,
    /// The identity.
    pub identity: Fingerprint,
    /// The contact line.
    pub contact: Option<String>,
    /// Since when.
    pub since: UnixTime,
    /// When they were last online.
    pub last_online: Option<UnixTime>,
    /// How many sessions are not over.
    pub sessions: u64,
}

/// A share, as the index's owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareFigures {
    /// Whose.
    pub owner: UserName,
    /// What it is called.
    pub name: Name,
    /// Whether everyone may see it.
    pub everyone: bool,
    /// Who else may, besides the owner.
    pub people: Vec<UserName>,
    /// How many entries it has.
    pub entries: u64,
    /// How many bytes these have in all.
    pub bytes: u64,
    /// A number that grows whenever what is in it changes.
    pub version: u64,
}

/// Counts of what a store holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figures {
    /// Accounts.
    pub accounts: u64,
    /// Sessions that are not over.
    pub sessions: u64,
    /// Invitations that can be used.
    pub invitations: u64,
    /// Shares.
    pub shares: u64,
    /// Entries of the catalog that somebody sees.
    pub entries: u64,
    /// How long the key directory is, and its last hash.
    pub directory: Head,
    /// Bytes that the database takes on disk or in memory.
    pub bytes: u64,
}
