//! What is to be got: files, where each goes, and who has it.

use super::User;
pub(super) use super::results::Place;
use super::results::{Holder, KeptResult};
use crate::model::{Content, ContentId, EntryPath, Transfer, UserName, Work};
use crate::node::index::{Found, Part, Query, Source};
use crate::node::{Error, Object, Wanted};
use crate::peer;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// A file that is to be got.
#[derive(Debug)]
pub(super) struct Item {
    /// What its bytes are to be, when that is known.
    pub(super) content: Option<Content>,
    pub(super) size: u64,
    /// Where it goes, below the destination.
    pub(super) to: EntryPath,
    /// Who has it; those that were asked are not among them any more.
    pub(super) places: VecDeque<Place>,
    /// Those that were asked, and may give it when they are asked again; and why they did not.
    pub(super) again: Vec<(Place, Arc<Error>)>,
    /// Why it did not come from the last one.
    pub(super) why: Option<Arc<Error>>,
    /// What was left of it did not fit, and it was asked for anew.
    pub(super) anew: bool,
}

impl Item {
    pub(super) fn wanted(&self, place: &Place) -> peer::Wanted {
        peer::Wanted { path: place.path.clone(), content: self.content, to: self.to.clone() }
    }

    /// No two in one place, so that none is taken for the other: those that would be go below the
    /// names of their owners and shares. The same file is wanted once.
    pub(super) fn with_own_places(items: Vec<Self>) -> Vec<Self> {
        if !Self::are_some_in_one_place(&items) {
            return items;
        }
        let mut taken: HashMap<Box<str>, Option<Content>> = HashMap::new();
        let mut own = Vec::with_capacity(items.len());
        for mut item in items {
            match taken.get(&item.to.folded()) {
                Some(content) if content.is_some() && *content == item.content => continue,
                Some(_) => item.to = item.whole_path(),
                None => {}
            }
            taken.insert(item.to.folded(), item.content);
            own.push(item);
        }
        own
    }

    fn are_some_in_one_place(items: &[Self]) -> bool {
        let mut folded: Vec<_> = items.iter().map(|item| item.to.folded()).collect();
        folded.sort_unstable();
        folded.windows(2).any(|pair| matches!(pair, [one, next] if one == next))
    }

    fn whole_path(&self) -> EntryPath {
        let whole = self.places.front().and_then(|place| {
            let names = [place.of.owner.as_str(), place.of.share_name.as_str()].into_iter();
            EntryPath::of(&names.chain(place.path.components()).collect::<Vec<_>>()).ok()
        });
        whole.unwrap_or_else(|| self.to.clone())
    }

    fn of_result(result: KeptResult, from: Option<&UserName>) -> Option<Self> {
        let mut places = VecDeque::from(result.places.clone());
        places.retain(|place| from.is_none_or(|user| *user == place.of.owner));
        let to = EntryPath::of(&[places.front()?.path.file_name()]).ok()?;
        let (content, size) = (result.whole_content(), result.size);
        Some(Self { content, size, to, places, again: Vec::new(), why: None, anew: false })
    }

    fn of_source(source: &Source, to: EntryPath, earlier: &mut Option<Arc<Holder>>) -> Self {
        let (entry, size) = (&source.entry, source.entry.size());
        let content = entry.content().and_then(|id| Content::new(id, size).ok());
        let places = VecDeque::from([Place::of(source).like(earlier)]);
        Self { content, size, to, places, again: Vec::new(), why: None, anew: false }
    }
}

impl User {
    /// The files that are wanted.
    pub(super) async fn items(
        &self,
        wanted: &Wanted,
        from: Option<&UserName>,
    ) -> Result<Vec<Item>, Error> {
        match wanted {
            Wanted::Object(object) => self.items_of(object).await,
            Wanted::Number(number) => {
                let result = self.result(*number).await?;
                let item = Item::of_result(result, from).ok_or(Error::NoResult(*number))?;
                Ok(vec![item])
            }
            Wanted::Content { id, size } => Ok(vec![self.item_of_content(*id, *size, from).await?]),
        }
    }

    /// All that a search finds, as far as results are numbered.
    pub(super) async fn items_of_all(
        &self,
        query: &Query,
        from: Option<&UserName>,
    ) -> Result<Vec<Item>, Error> {
        let all = self.search_all(query, MOST).await?;
        let items: Vec<_> = all.iter().filter_map(|found| item_of_found(found, from)).collect();
        if items.is_empty() { Err(Error::NothingFound) } else { Ok(items) }
    }

    /// A file, or all below a folder; a folder goes with its name.
    async fn items_of(&self, object: &Object) -> Result<Vec<Item>, Error> {
        let Object { user, share, path } = object;
        let part = Part { share: Some(share), below: path.as_ref(), keyword: None };
        let browsing = self.browse(user, part, usize::MAX);
        let name = share.to_string();
        let transfer = Transfer { name: &name, total: 0, files: 1, with: Some(user.as_str()) };
        let told = peer::told_if_long((self.events(), Work::Looking), &transfer, browsing);
        let listing = told.await?;
        let (alone, mut earlier) = (listing.entries.len() == 1, None);
        // Of very many files, each is held once.
        let items = listing.entries.into_iter().filter_map(|source| {
            let to = goes_to(object, &source, alone)?;
            Some(Item::of_source(&source, to, &mut earlier))
        });
        let items: Vec<_> = items.collect();
        match (items.is_empty(), &object.path) {
            (false, _) => Ok(items),
            (true, None) => Err(Error::NothingFound),
            (true, Some(_)) => Err(Error::NoSuchFile(object.clone())),
        }
    }

    async fn item_of_content(
        &self,
        id: ContentId,
        size: Option<u64>,
        from: Option<&UserName>,
    ) -> Result<Item, Error> {
        // Without its size a content is not named; the last search may have said it.
        let size = match size {
            Some(size) => size,
            None => self.size_of(&id).await.ok_or(Error::SizeUnknown(id))?,
        };
        let found = self.locate(&Content::new(id, size)?).await?;
        item_of_found(&found, from).ok_or(Error::NobodyHas(id))
    }
}

fn item_of_found(found: &Found, from: Option<&UserName>) -> Option<Item> {
    Item::of_result(KeptResult::of(found), from)
}

/// Where an entry goes: a file under its name, what is below a folder below the folder's name.
/// Nothing for what is not of the object. What is alone in its share, under the same name, was shared
/// as a file.
fn goes_to(object: &Object, source: &Source, alone: bool) -> Option<EntryPath> {
    let path = source.entry.path();
    let is_alone = alone && path.as_str() == object.share.as_str();
    let Some(wanted) = &object.path else {
        if is_alone {
            return Some(path.clone());
        }
        let names: Vec<_> =
            std::iter::once(object.share.as_str()).chain(path.components()).collect();
        return EntryPath::of(&names).ok();
    };
    let count = wanted.components().count();
    let is_below = path.is_within(wanted);
    let names: Vec<_> = path.components().skip(count.saturating_sub(1)).collect();
    is_below.then(|| EntryPath::of(&names).ok()).flatten()
}

/// As many as a search gives in all.
const MOST: usize = 10_000;
