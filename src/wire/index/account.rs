//! Accounts and sessions.

use super::asks;
use super::nouns::{Id16, Invited, Named, PasswordText, fingerprint, token};
use crate::codec::{Blob, Charge, List, Text};
use crate::crypto::Fingerprint;
use crate::model::SessionToken;
use crate::model::limits::{ACCOUNT_SESSIONS, CONTACT_BYTES, ROTATION_BYTES};
use crate::wire::message::{numbered, open_messages};
use minicbor::{Decode, Encode};

/// Asks for an account for the identity of this conversation.
///
/// With an invitation that names an account, that account gets this identity and this password: so a
/// person whose key is lost comes back.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct Join {
    /// The request.
    #[n(0)]
    pub id: u32,
    /// Its number, the same when it is repeated.
    #[n(1)]
    pub request: Id16,
    /// The name.
    #[n(2)]
    pub user: Named,
    /// The password.
    #[n(3)]
    pub password: PasswordText,
    /// The join token of an invitation. None where anybody may join.
    #[n(4)]
    pub invitation: Option<Invited>,
    /// A line by which people reach this person otherwise.
    #[n(5)]
    pub contact: Option<Text<CONTACT_BYTES>>,
}

/// Asks for a session. The identity of this conversation must be the account's.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct Login {
    /// The request.
    #[n(0)]
    pub id: u32,
    /// The name.
    #[n(1)]
    pub user: Named,
    /// The password.
    #[n(2)]
    pub password: PasswordText,
}

/// Goes on with a session in this conversation.
#[derive(Encode, Decode, Debug)]
#[cbor(map)]
pub struct Resume {
    /// The request.
    #[n(0)]
    pub id: u32,
    /// The session's token.
    #[cbor(n(1), with = "token")]
    pub token: SessionToken,
}

/// Grants a session: from now on this conversation may ask for all that an index does.
#[derive(Encode, Decode, Debug)]
#[cbor(map, context_bound = "Charge")]
pub struct SessionGrant {
    /// The request.
    #[n(0)]
    pub id: u32,
    /// What opens the session again, in another conversation of the same identity.
    #[cbor(n(1), with = "token")]
    pub token: SessionToken,
    /// Whose session it is.
    #[n(2)]
    pub user: Named,
    /// After how many seconds without use it is over.
    #[n(3)]
    pub lifetime: u32,
}

/// Ends a session of one's own account.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct Logout {
    /// The request.
    #[n(0)]
    pub id: u32,
    /// Which, by its number in [`Account`]; this one when there is none.
    #[n(1)]
    pub session: Option<Id16>,
}

/// That what was asked is done.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map)]
pub struct Done {
    /// The request.
    #[n(0)]
    pub id: u32,
}

/// Changes the password. All other sessions end, and this one gets a new token.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct PasswordChange {
    /// The request.
    #[n(0)]
    pub id: u32,
    /// Its number, the same when it is repeated.
    #[n(1)]
    pub request: Id16,
    /// The password until now.
    #[n(2)]
    pub old: PasswordText,
    /// The password from now on.
    #[n(3)]
    pub new: PasswordText,
}

/// Moves an account to the identity of this conversation. All sessions end, and a new one begins.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct Rotate {
    /// The request.
    #[n(0)]
    pub id: u32,
    /// Its number, the same when it is repeated.
    #[n(1)]
    pub request: Id16,
    /// The account.
    #[n(2)]
    pub user: Named,
    /// Its password.
    #[n(3)]
    pub password: PasswordText,
    /// The signed rotation, from the account's identity to this one.
    #[n(4)]
    pub rotation: Blob<ROTATION_BYTES>,
}

/// Changes the contact line.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct ContactChange {
    /// The request.
    #[n(0)]
    pub id: u32,
    /// Its number, the same when it is repeated.
    #[n(1)]
    pub request: Id16,
    /// The new line; none removes it.
    #[n(2)]
    pub contact: Option<Text<CONTACT_BYTES>>,
}

/// Asks what the index knows of one's own account.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map)]
pub struct AccountAsk {
    /// The request.
    #[n(0)]
    pub id: u32,
}

/// What the index knows of one's own account.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct Account {
    /// The request.
    #[n(0)]
    pub id: u32,
    /// The name.
    #[n(1)]
    pub user: Named,
    /// The contact line.
    #[n(2)]
    pub contact: Option<Text<CONTACT_BYTES>>,
    /// Since when there is the account, in seconds since 1970.
    #[n(3)]
    pub since: u64,
    /// Its sessions, the last used first.
    #[n(4)]
    pub sessions: List<SessionSeen, ACCOUNT_SESSIONS>,
}

/// A session, as its owner sees it.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map)]
pub struct SessionSeen {
    /// Its number, which is not its token.
    #[n(0)]
    pub session: Id16,
    /// When it began, in seconds since 1970.
    #[n(1)]
    pub began: u64,
    /// When it was last used; exact to some minutes.
    #[n(2)]
    pub used: u64,
    /// Whether it is the one that asks.
    #[n(3)]
    pub is_this: bool,
    /// The identity that it is bound to.
    #[cbor(n(4), with = "fingerprint")]
    pub identity: Fingerprint,
}

open_messages!(
    Join,
    Login,
    Resume,
    SessionGrant,
    Logout,
    Done,
    PasswordChange,
    Rotate,
    ContactChange,
    AccountAsk,
    Account
);
numbered!(
    Join,
    Login,
    Resume,
    SessionGrant,
    Logout,
    Done,
    PasswordChange,
    Rotate,
    ContactChange,
    AccountAsk,
    Account
);
asks!(
    Join => SessionGrant,
    Login => SessionGrant,
    Resume => SessionGrant,
    Logout => Done,
    PasswordChange => SessionGrant,
    Rotate => SessionGrant,
    ContactChange => Done,
    AccountAsk => Account
);
