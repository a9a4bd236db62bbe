//! The shares of a person, as their home remembers them: what is shared, and with whom.

use super::home::{HomeError, StateFolder, kept};
use crate::model::{Audience, Keyword, Keywords, Name, Share, ShareId};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A file or folder that a person shares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedFolder {
    /// What others are told of it.
    pub share: Share,
    /// Where it is.
    pub path: PathBuf,
    /// Whether only those of its files are shared that one has got from others.
    pub only_got: bool,
}

#[derive(Serialize, Deserialize)]
struct ShareSaid {
    id: String,
    name: String,
    path: PathBuf,
    keywords: Vec<String>,
    /// Everyone, when nobody is named.
    people: Vec<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    only_got: bool,
}

pub(super) fn read_shares(state: &StateFolder) -> Result<Vec<SharedFolder>, HomeError> {
    let said: Vec<ShareSaid> = kept::read_json(state, SHARES)?.unwrap_or_default();
    let shares = said.into_iter().map(ShareSaid::take).collect::<Option<_>>();
    shares.ok_or_else(|| kept::damaged(state, SHARES))
}

/// Called while state is being changed.
pub(super) fn write_shares(state: &StateFolder, shares: &[SharedFolder]) -> Result<(), HomeError> {
    let said: Vec<_> = shares.iter().map(ShareSaid::from).collect();
    kept::write_json(state, SHARES, &said)
}

/// A share that is over, of which the index is still to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ended {
    pub(super) id: ShareId,
    pub(super) name: Name,
}

#[derive(Serialize, Deserialize)]
struct EndedSaid {
    id: String,
    name: String,
}

pub(super) fn read_ended(state: &StateFolder) -> Result<Vec<Ended>, HomeError> {
    let said: Vec<EndedSaid> = kept::read_json(state, ENDED)?.unwrap_or_default();
    let ended = said.into_iter().map(|EndedSaid { id, name }| {
        Some(Ended { id: id16(&id).map(ShareId::from_bytes)?, name: Name::new(&name).ok()? })
    });
    ended.collect::<Option<_>>().ok_or_else(|| kept::damaged(state, ENDED))
}

/// Called while state is being changed.
pub(super) fn write_ended(state: &StateFolder, ended: &[Ended]) -> Result<(), HomeError> {
    let said = ended.iter().map(|Ended { id, name }| EndedSaid {
        id: HEXLOWER.encode(id.as_bytes()),
        name: name.as_str().to_owned(),
    });
    kept::write_json(state, ENDED, &said.collect::<Vec<_>>())
}

impl From<&SharedFolder> for ShareSaid {
    fn from(folder: &SharedFolder) -> Self {
        let Share { id, name, keywords, audience } = &folder.share;
        Self {
            id: HEXLOWER.encode(id.as_bytes()),
            name: name.as_str().to_owned(),
            path: folder.path.clone(),
            keywords: keywords.iter().map(|keyword| keyword.as_str().to_owned()).collect(),
            people: audience.named().map(|user| user.as_str().to_owned()).collect(),
            only_got: folder.only_got,
        }
    }
}

impl ShareSaid {
    fn take(self) -> Option<SharedFolder> {
        let keywords = self.keywords.iter().map(|keyword| Keyword::as_spelled(keyword));
        let keywords = Keywords::new(keywords.collect::<Result<Vec<_>, _>>().ok()?).ok()?;
        let people = self.people.iter().map(|name| name.parse()).collect::<Result<Vec<_>, _>>();
        let audience = match people.ok()? {
            people if people.is_empty() => Audience::Everyone,
            people => Audience::people(people).ok()?,
        };
        let (id, name) = (id16(&self.id).map(ShareId::from_bytes)?, Name::new(&self.name).ok()?);
        let share = Share { id, name, keywords, audience };
        Some(SharedFolder { share, path: self.path, only_got: self.only_got })
    }
}

/// 16 bytes that stand in a file of state.
pub(super) fn id16(text: &str) -> Option<[u8; 16]> {
    HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok()
}

const SHARES: &str = "shares.json";
const ENDED: &str = "ended.json";
