//! What a person has set, as plain values: the terminal's room reads them from flags, environment and
//! file.

use crate::model::{Audience, IndexAddress};
use std::path::PathBuf;
use std::str::FromStr;

/// What a person has set. The default is that nothing is.
#[derive(Debug, Default)]
pub struct Config {
    /// Where the index is. With its key it is trusted as it is, without it the person is asked.
    pub index: Option<IndexAddress>,
    /// One's name on the index.
    pub user: Option<crate::model::UserName>,
    /// What is offered to be shared at first use.
    pub shares: Vec<PathBuf>,
    /// Where fetched files go.
    pub downloads: Option<PathBuf>,
    /// What is done with files that somebody sends.
    pub receive: Receive,
    /// With whom what one gets is shared, from then on; with nobody when it is not said.
    pub share_downloads: Option<Audience>,
    /// The one port to listen on, instead of the first free one of the usual ones.
    pub port: Option<u16>,
}

/// What is done with files that somebody sends without being asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Receive {
    /// The person is asked each time; where nobody can be asked, they are refused.
    #[default]
    Ask,
    /// They are taken from people whose words were compared, and refused from others.
    Verified,
    /// They are refused.
    Refuse,
}

impl Receive {
    /// All of them, by the names that they have in settings.
    pub const NAMES: [(&'static str, Self); 3] =
        [("ask", Self::Ask), ("verified", Self::Verified), ("refuse", Self::Refuse)];
}

impl FromStr for Receive {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let found = Self::NAMES.into_iter().find(|(name, _)| *name == text);
        found.map(|(_, receive)| receive).ok_or("it is ask, verified or refuse")
    }
}
