//! The numbered results of the last search, kept in the home so that `get 3` works in another program.

use crate::model::limits::SEARCH_RESULTS;
use crate::model::{Content, ContentId, EntryPath, Name, ShareId, UserName};
use crate::node::home::{HomeError, StateFolder, kept};
use crate::node::index::{Found, Source};
use crate::node::shared_folders::id16;
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A file that was found, and where: what is needed to fetch it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeptResult {
    pub(super) size: u64,
    pub(super) content: Option<ContentId>,
    pub(super) places: Vec<Place>,
}

/// An entry of somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) of: Arc<Holder>,
    pub(super) path: EntryPath,
}

/// Whose an entry is, and in which share of theirs. Of a hundred thousand entries it is there once.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Holder {
    pub(super) owner: UserName,
    pub(super) share: ShareId,
    pub(super) share_name: Name,
}

impl Place {
    pub(super) fn of(source: &Source) -> Self {
        let (share, share_name) = (source.share.id, source.share.name.clone());
        let holder = Holder { owner: source.owner.user.clone(), share, share_name };
        Self { of: Arc::new(holder), path: source.entry.path().clone() }
    }

    /// The same, of whom is known already what an earlier entry is of.
    pub(super) fn like(self, earlier: &mut Option<Arc<Holder>>) -> Self {
        match earlier {
            Some(of) if *of == self.of => Self { of: Arc::clone(of), ..self },
            _ => {
                *earlier = Some(Arc::clone(&self.of));
                self
            }
        }
    }
}

/// The first of these results has the number 1.
#[derive(Debug, Default)]
pub(super) struct KeptResults {
    results: Vec<ResultSaid>,
    /// What they take in the file, or more.
    bytes: usize,
}

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
    /// What is kept of a result.
    pub(super) fn of(found: &Found) -> Self {
        let best = found.sources.first().map(|source| &source.entry);
        let (size, content) = best.map_or((0, None), |entry| (entry.size(), entry.content()));
        Self { size, content, places: found.sources.iter().map(Place::of).collect() }
    }

    /// The content, when it is known.
    pub(super) fn whole_content(&self) -> Option<Content> {
        Content::new(self.content?, self.size).ok()
    }
}

impl KeptResults {
    pub(super) fn read(state: &StateFolder) -> Result<Self, HomeError> {
        Ok(Self { results: kept::read_json(state, RESULTS)?.unwrap_or_default(), bytes: 0 })
    }

    pub(super) fn write(&self, state: &StateFolder) -> Result<(), HomeError> {
        let _changing = state.changing()?;
        kept::write_json(state, RESULTS, &self.results)
    }

    /// Adds results: as many as a search gives, unless their names are very long.
    pub(super) fn add(&mut self, found: &[Found]) {
        let room = SEARCH_RESULTS.saturating_sub(self.results.len());
        for result in found.iter().take(room).map(KeptResult::of).map(ResultSaid::from) {
            self.bytes = self.bytes.saturating_add(result.most_bytes());
            if self.bytes > MOST_BYTES {
                return;
            }
            self.results.push(result);
        }
    }

    /// The size of a content, when it is among the results.
    pub(super) fn size_of(&self, id: &ContentId) -> Option<u64> {
        let id = id.to_string();
        let result = self.results.iter().find(|result| result.content.as_ref() == Some(&id));
        result.map(|result| result.size)
    }

    /// The result of this number.
    pub(super) fn get(&self, number: usize) -> Option<KeptResult> {
        self.results.get(number.checked_sub(1)?).cloned().and_then(ResultSaid::take)
    }
}

impl From<KeptResult> for ResultSaid {
    fn from(result: KeptResult) -> Self {
        let place = |place: Place| PlaceSaid {
            owner: place.of.owner.as_str().to_owned(),
            share: HEXLOWER.encode(place.of.share.as_bytes()),
            share_name: place.of.share_name.as_str().to_owned(),
            path: place.path.as_str().to_owned(),
        };
        Self {
            size: result.size,
            content: result.content.map(|id| id.to_string()),
            places: result.places.into_iter().map(place).collect(),
        }
    }
}

impl ResultSaid {
    /// In the file, where a character that is escaped is two.
    fn most_bytes(&self) -> usize {
        let names = |place: &PlaceSaid| place.share_name.len().saturating_add(place.path.len());
        let bytes = |place| BESIDES_NAMES.saturating_add(names(place).saturating_mul(2));
        self.places.iter().map(bytes).fold(BESIDES_NAMES, usize::saturating_add)
    }

    fn take(self) -> Option<KeptResult> {
        let content = self.content.map(|id| id.parse()).transpose().ok()?;
        let places = self.places.into_iter().map(PlaceSaid::take).collect::<Option<_>>()?;
        Some(KeptResult { size: self.size, content, places })
    }
}

impl PlaceSaid {
    fn take(self) -> Option<Place> {
        let of = Holder {
            owner: self.owner.parse().ok()?,
            share: id16(&self.share).map(ShareId::from_bytes)?,
            share_name: Name::new(&self.share_name).ok()?,
        };
        Some(Place { of: Arc::new(of), path: EntryPath::parse(&self.path).ok()? })
    }
}

const RESULTS: &str = "results.json";
/// What a result, and each of its places, takes besides names of any length.
const BESIDES_NAMES: usize = 256;
/// Half of what is read of a file again.
const MOST_BYTES: usize = 16 << 20;
