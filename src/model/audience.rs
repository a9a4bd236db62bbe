//! Who may see and fetch an entry.

use super::limits::AUDIENCE_PEOPLE;
use super::{Error, UserName};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// For whom an entry is published.
///
/// There is no audience of nobody: what nobody may see is not published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// Whoever the index admits.
    Everyone,
    /// The people named, and the owner.
    People(People),
}

/// 1 to 256 people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct People(BTreeSet<UserName>);

impl Audience {
    /// An audience of these people.
    pub fn people(names: impl IntoIterator<Item = UserName>) -> Result<Self, Error> {
        let mut people = BTreeSet::new();
        for name in names {
            people.insert(name);
            if people.len() > AUDIENCE_PEOPLE {
                return Err(Error::Audience("names at most 256 people"));
            }
        }
        if people.is_empty() {
            return Err(Error::Audience("names at least one person"));
        }
        Ok(Self::People(People(people)))
    }

    /// Whether a person belongs to it.
    pub fn admits(&self, name: &UserName) -> bool {
        match self {
            Self::Everyone => true,
            Self::People(People(people)) => people.contains(name),
        }
    }

    /// The people named, in order; none when it is everyone.
    pub fn named(&self) -> impl Iterator<Item = &UserName> {
        let people = match self {
            Self::Everyone => None,
            Self::People(People(people)) => Some(people),
        };
        people.into_iter().flatten()
    }
}

/// `everyone`, or names with commas between them.
impl FromStr for Audience {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text == "everyone" {
            return Ok(Self::Everyone);
        }
        let names = text.split(',').map(|name| name.trim().parse::<UserName>());
        Self::people(names.collect::<Result<Vec<_>, _>>()?)
    }
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everyone => f.write_str("everyone"),
            Self::People(People(people)) => {
                let names: Vec<_> = people.iter().map(UserName::as_str).collect();
                f.write_str(&names.join(", "))
            }
        }
    }
}
