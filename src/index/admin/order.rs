//! Orders, and how they are written.

use crate::index::store::InviteNumber;
use crate::model::UserName;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What the owner asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "kebab-case")]
pub enum Order {
    /// A new invitation, for one name or for anybody, that holds for so many days.
    Invite {
        /// For whom.
        #[serde(with = "maybe")]
        user: Option<UserName>,
        /// For how long.
        days: u16,
        /// The host that it names, when not the one that the index names by itself.
        host: Option<String>,
    },
    /// The invitations that can still be used.
    Invitations,
    /// Takes an invitation back.
    Withdraw {
        /// Which.
        #[serde(with = "number")]
        number: InviteNumber,
    },
    /// The accounts.
    Users,
    /// Closes an account.
    Close {
        /// Whose.
        #[serde(with = "name")]
        user: UserName,
    },
    /// The sessions that are not over, of one account or of all.
    Sessions {
        /// Whose.
        #[serde(with = "maybe")]
        user: Option<UserName>,
    },
    /// The shares, of one account or of all.
    Shares {
        /// Whose.
        #[serde(with = "maybe")]
        user: Option<UserName>,
        /// At most so many.
        most: u64,
    },
    /// The entries of the key directory, of one name or of all.
    Directory {
        /// Of which name.
        #[serde(with = "maybe")]
        user: Option<UserName>,
        /// From which on.
        from: u64,
        /// At most so many.
        most: u64,
    },
    /// Ends all sessions of an account.
    End {
        /// Whose.
        #[serde(with = "name")]
        user: UserName,
    },
    /// Counts.
    Stats,
    /// Copies the database into a new file.
    Backup {
        /// The file, from the root of the file system on.
        to: PathBuf,
    },
    /// Reads everything and says what is wrong.
    Check,
}

impl Order {
    /// Whether it leaves something behind: such an order is carried out to its end, once begun.
    pub fn is_work(&self) -> bool {
        matches!(
            self,
            Self::Invite { .. }
                | Self::Withdraw { .. }
                | Self::Close { .. }
                | Self::End { .. }
                | Self::Backup { .. }
        )
    }
}

/// A name as its text, which is checked when it is read.
mod name {
    use super::{Deserialize, UserName};
    use serde::{Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(name: &UserName, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(name.as_str())
    }

    pub(super) fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<UserName, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// The same where nobody may be named.
mod maybe {
    use super::{Deserialize, Serialize, UserName};
    use serde::{Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(
        name: &Option<UserName>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        name.as_ref().map(UserName::as_str).serialize(to)
    }

    pub(super) fn deserialize<'a, D: Deserializer<'a>>(
        from: D,
    ) -> Result<Option<UserName>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        text.map(|text| text.parse().map_err(D::Error::custom)).transpose()
    }
}

/// A number as it is shown.
mod number {
    use super::{Deserialize, InviteNumber};
    use serde::{Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(
        number: &InviteNumber,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_str(number)
    }

    pub(super) fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<InviteNumber, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}
