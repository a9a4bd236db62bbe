//! The numbered results of the last search, kept in the home so that `get 3` works in another program.

use crate::model::{Content, ContentId, EntryPath, Name, ShareId, UserName};
use crate::node::home::{HomeError, StateFolder, kept};
use crate::node::index::Found;
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

/// A file that was found, and where: what is needed to fetch it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::node) struct KeptResult {
    pub(in crate::node) size: u64,
    pub(in crate::node) content: Option<ContentId>,
    pub(in crate::node) places: Vec<Place>,
}

/// An entry of somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::node) struct Place {
    pub(in crate::node) owner: UserName,
    pub(in crate::node) share: ShareId,
    pub(in crate::node) share_name: Name,
    pub(in crate::node) path: EntryPath,
}

/// The first of these results has the number 1.
#[derive(Debug, Default)]
pub(super) struct KeptResults(Vec<ResultSaid>);

#[derive(Debug, Clone, Serialize, Deserialize)]
struct ResultSaid {
    size: u64,
    content: Option<String>,
    places: Vec<PlaceSaid>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct PlaceSaid {
    owner: String,
    share: String,
    share_name: String,
    path: String,
}

impl KeptResult {
    /// The content, when it is known.
    pub(in crate::node) fn whole_content(&self) -> Option<Content> {
        Content::new(self.content?, self.size).ok()
    }
}

impl KeptResults {
    pub(super) fn read(state: &StateFolder) -> Result<Self, HomeError> {
        Ok(Self(kept::read_json(state, RESULTS)?.unwrap_or_default()))
    }

    pub(super) fn write(&self, state: &StateFolder) -> Result<(), HomeError> {
        let _changing = state.changing()?;
        kept::write_json(state, RESULTS, &self.0)
    }

    /// Adds results, as long as there is room: nobody types the number of the thousandth.
    pub(super) fn add(&mut self, found: &[Found]) {
        let room = MOST.saturating_sub(self.0.len());
        self.0.extend(found.iter().take(room).map(ResultSaid::from));
    }

    /// The result of this number.
    pub(super) fn get(&self, number: usize) -> Option<KeptResult> {
        self.0.get(number.checked_sub(1)?).cloned().and_then(ResultSaid::take)
    }
}

impl From<&Found> for ResultSaid {
    fn from(found: &Found) -> Self {
        let best = found.sources.first().map(|source| &source.entry);
        let place = |source: &crate::node::index::Source| PlaceSaid {
            owner: source.owner.user.as_str().to_owned(),
            share: HEXLOWER.encode(source.share.id.as_bytes()),
            share_name: source.share.name.as_str().to_owned(),
            path: source.entry.path().as_str().to_owned(),
        };
        Self {
            size: best.map_or(0, |entry| entry.size()),
            content: best.and_then(|entry| entry.content()).map(|id| id.to_string()),
            places: found.sources.iter().map(place).collect(),
        }
    }
}

impl ResultSaid {
    fn take(self) -> Option<KeptResult> {
        let content = self.content.map(|id| id.parse()).transpose().ok()?;
        let places = self.places.into_iter().map(PlaceSaid::take).collect::<Option<_>>()?;
        Some(KeptResult { size: self.size, content, places })
    }
}

impl PlaceSaid {
    fn take(self) -> Option<Place> {
        Some(Place {
            owner: self.owner.parse().ok()?,
            share: share_id(&self.share)?,
            share_name: Name::new(&self.share_name).ok()?,
            path: EntryPath::parse(&self.path).ok()?,
        })
    }
}

/// The id that stands in a file of state.
pub(super) fn share_id(text: &str) -> Option<ShareId> {
    let bytes = HEXLOWER.decode(text.as_bytes()).ok()?;
    bytes.try_into().ok().map(ShareId::from_bytes)
}

const RESULTS: &str = "results.json";
const MOST: usize = 1000;
