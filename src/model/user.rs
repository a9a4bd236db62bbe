//! The name of a person on an index.

use super::Error;
use super::limits::USER_NAME_BYTES;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A user name: `^[a-z0-9][a-z0-9_.-]{1,31}$`.
///
/// Plain ASCII in lower case, so that no two names look alike and no comparison has options.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserName(Arc<str>);

impl UserName {
    /// The name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for UserName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
        let valid = (2..=USER_NAME_BYTES).contains(&text.len())
            && text.bytes().next().is_some_and(plain)
            && text.bytes().all(|c| plain(c) || b"_.-".contains(&c));
        if valid { Ok(Self(text.into())) } else { Err(Error::User(text.to_owned())) }
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
