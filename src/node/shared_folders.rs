//! The shares of a person, as their home remembers them: what is shared, with whom, and what it was
//! like when it was last looked at.

use super::home::{HomeError, StateFolder, kept};
use super::index::Published;
use crate::model::{
    Audience, ContentId, Entry, EntryPath, Keyword, Keywords, Modified, Name, Share, ShareId,
    SyncId, UnixTime,
};
use crate::peer::{self, Stamp};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::PathBuf;

/// A file or folder that a person shares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedFolder {
    /// What others are told of it.
    pub share: Share,
    /// Where it is.
    pub path: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct ShareSaid {
    id: String,
    name: String,
    path: PathBuf,
    keywords: Vec<String>,
    /// Everyone, when nobody is named.
    people: Vec<String>,
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

impl From<&SharedFolder> for ShareSaid {
    fn from(folder: &SharedFolder) -> Self {
        let Share { id, name, keywords, audience } = &folder.share;
        Self {
            id: HEXLOWER.encode(id.as_bytes()),
            name: name.as_str().to_owned(),
            path: folder.path.clone(),
            keywords: keywords.iter().map(|keyword| keyword.as_str().to_owned()).collect(),
            people: audience.named().map(|user| user.as_str().to_owned()).collect(),
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
        Some(SharedFolder { share: Share { id, name, keywords, audience }, path: self.path })
    }
}

/// What a share was like when it was last looked at: no file that is as it was is read again, and of
/// what the index has only the difference is sent.
pub(super) struct LastLook {
    pub(super) files: HashMap<EntryPath, peer::Published>,
    /// When that was.
    pub(super) at: UnixTime,
    /// The state that the index acknowledged with these files.
    pub(super) state: Option<SyncId>,
}

#[derive(Serialize, Deserialize)]
struct LookSaid {
    at: u64,
    state: Option<String>,
    files: Vec<FileSaid>,
}

#[derive(Serialize, Deserialize)]
struct FileSaid {
    path: String,
    size: u64,
    modified: u64,
    executable: bool,
    content: Option<String>,
    stamp: String,
}

impl LastLook {
    pub(super) fn new(files: &[peer::Published], at: UnixTime, state: Option<SyncId>) -> Self {
        let files = files.iter().map(|file| (file.entry.path().clone(), file.clone())).collect();
        Self { files, at, state }
    }

    /// What the bytes of a file are called, if it is as it was then. What was changed right before it
    /// was looked at may have been changed right after, too, and still look the same.
    pub(super) fn content(&self, path: &EntryPath, stamp: &Stamp) -> Option<ContentId> {
        let known = self.files.get(path).filter(|known| known.stamp == *stamp)?;
        let is_settled = stamp.is_settled(self.at.0.saturating_mul(1_000_000_000));
        known.entry.content().filter(|_| is_settled)
    }

    /// What is kept, or nothing: then all is looked at anew.
    pub(super) fn read(state: &StateFolder, share: ShareId) -> Self {
        let said = kept::read_json::<LookSaid>(state, &look_name(share)).ok().flatten();
        said.and_then(LookSaid::take).unwrap_or_else(|| Self::new(&[], UnixTime(0), None))
    }

    pub(super) fn write(&self, state: &StateFolder, share: ShareId) -> Result<(), HomeError> {
        let said = LookSaid {
            at: self.at.0,
            state: self.state.map(|state| HEXLOWER.encode(state.as_bytes())),
            files: self.files.values().map(FileSaid::from).collect(),
        };
        let _changing = state.changing()?;
        kept::write_json(state, &look_name(share), &said)
    }

    pub(super) fn forget(state: &StateFolder, share: ShareId) -> Result<(), HomeError> {
        state.remove(&look_name(share))
    }

    /// What the index acknowledged.
    pub(super) fn published(&self) -> Option<Published> {
        let entries: Vec<Entry> = self.files.values().map(|file| file.entry.clone()).collect();
        Some(Published { state: self.state?, entries: entries.into() })
    }
}

impl LookSaid {
    fn take(self) -> Option<LastLook> {
        let files = self.files.into_iter().map(FileSaid::take).collect::<Option<Vec<_>>>()?;
        let state = self.state.and_then(|state| id16(&state)).map(SyncId::from_bytes);
        Some(LastLook::new(&files, UnixTime(self.at), state))
    }
}

impl From<&peer::Published> for FileSaid {
    fn from(file: &peer::Published) -> Self {
        let entry = &file.entry;
        Self {
            path: entry.path().as_str().to_owned(),
            size: entry.size(),
            modified: entry.modified().as_nanos(),
            executable: entry.is_executable(),
            content: entry.content().map(|id| id.to_string()),
            stamp: file.stamp.to_string(),
        }
    }
}

impl FileSaid {
    fn take(self) -> Option<peer::Published> {
        let content: Option<ContentId> = self.content.map(|id| id.parse()).transpose().ok()?;
        let (path, modified) =
            (EntryPath::parse(&self.path).ok()?, Modified::from_nanos(self.modified));
        let entry = Entry::new(path, self.size, modified).ok()?;
        let entry = entry.executable(self.executable).with_content(content);
        let stamp: Stamp = self.stamp.parse().ok()?;
        Some(peer::Published { entry, stamp })
    }
}

fn look_name(share: ShareId) -> String {
    format!("look-{}.json", HEXLOWER.encode(share.as_bytes()))
}

/// 16 bytes that stand in a file of state.
pub(super) fn id16(text: &str) -> Option<[u8; 16]> {
    HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok()
}

const SHARES: &str = "shares.json";
