//! What is to be got: files, where each goes, and who has it.

use super::User;
pub(super) use super::results::Place;
use super::results::{Holder, KeptResult};
use crate::model::limits::SEARCH_RESULTS;
use crate::model::{Content, ContentId, EntryPath, ShareId, Transfer, UserName, Work, given_back};
use crate::node::index::{Findings, Found, Query, Section, Source};
use crate::node::{Error, Object, Wanted};
use crate::peer;
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

/// A file that is to be got.
#[derive(Debug)]
pub(super) struct Item {
    /// What its bytes are to be, when that is known.
    pub(super) content: Option<Content>,
    pub(super) size: u64,
    /// Where it goes, below the destination.
    pub(super) to: EntryPath,
    /// Who has it. The first is asked next; those that were asked are not among them any more.
    pub(super) places: VecDeque<Place>,
    /// Those that were asked, and may give it when they are asked again; and why they did not.
    pub(super) again: Vec<(Place, Arc<Error>)>,
    /// Why it did not come from the last one.
    pub(super) why: Option<Arc<Error>>,
    /// What was left of it did not fit, and it was asked for anew.
    pub(super) anew: bool,
}

impl Item {
    /// Keeps why it did not come. What an honest one could not give now may come another time; so may what is of
    /// somebody at whose address another is for now: who is not what they should be does not hide that.
    pub(super) fn keep_reason(&mut self, why: Option<Arc<Error>>) {
        let is_wrong = why.as_ref().is_some_and(|why| why.is_wrong());
        let is_harmless =
            |before: &mut Arc<Error>| is_wrong && (!before.is_wrong() || before.may_be_mended());
        let harmless = self.why.take_if(is_harmless);
        self.why = harmless.or(why).or(self.why.take());
    }

    /// What is asked for at the first of its places.
    pub(super) fn wanted(&self) -> Option<peer::Wanted> {
        let path = self.places.front()?.path.clone();
        let (content, most, to) = (self.content, self.size, self.to.clone());
        Some(peer::Wanted { path, content, most, to })
    }

    /// Of whom, and in which share of theirs, it is asked next.
    pub(super) fn asked_of(&self) -> Option<(&UserName, ShareId)> {
        self.places.front().map(|place| (&place.of.owner, place.of.share))
    }

    /// No two in one place, so that none is taken for the other: those that would be go below the
    /// names of their owners and shares. The same file is wanted once, of all who are named with it.
    pub(super) fn with_own_places(items: Vec<Self>) -> Vec<Self> {
        let items = Self::named_once(items);
        if !Self::are_some_in_one_place(&items) {
            return items;
        }
        let mut taken: HashMap<Box<str>, usize> = HashMap::new();
        let mut own: Vec<Self> = Vec::with_capacity(items.len());
        for mut item in items {
            if let Some(before) = taken.get(&item.to.folded()).and_then(|at| own.get_mut(*at)) {
                if item.content.is_some() && before.content == item.content {
                    before.add_places(item.places);
                    continue;
                }
                item.to = item.whole_path();
            }
            taken.insert(item.to.folded(), own.len());
            own.push(item);
        }
        own
    }

    /// What is named by itself and with a folder around it, or with two of them, comes once: with the
    /// outermost. Twice in one stream nobody sends it.
    fn named_once(items: Vec<Self>) -> Vec<Self> {
        let hashes = RandomState::new();
        if !Self::are_some_of_one_place(&items, &hashes) {
            return items;
        }
        let mut known: HashMap<u64, usize> = HashMap::new();
        let mut once: Vec<Self> = Vec::with_capacity(items.len());
        for item in items {
            let at = item.hashed_places(&hashes).find_map(|place| known.get(&place).copied());
            if let Some(before) = at.and_then(|at| once.get_mut(at))
                && before.is_same_file(&item)
            {
                before.take_in(item);
                continue;
            }
            known.extend(item.hashed_places(&hashes).map(|place| (place, once.len())));
            once.push(item);
        }
        once
    }

    fn is_same_file(&self, other: &Self) -> bool {
        let has_same_content = self.content.is_some() && self.content == other.content;
        has_same_content || self.places == other.places
    }

    fn take_in(&mut self, other: Self) {
        let depth = |path: &EntryPath| path.components().count();
        if depth(&self.to) < depth(&other.to) {
            self.to = other.to;
        }
        self.add_places(other.places);
    }

    fn are_some_of_one_place(items: &[Self], hashes: &RandomState) -> bool {
        // Of very many, the hashes tell it.
        let mut places: Vec<u64> =
            items.iter().flat_map(|item| item.hashed_places(hashes)).collect();
        places.sort_unstable();
        places.windows(2).any(|pair| matches!(pair, [one, next] if one == next))
    }

    fn hashed_places(&self, hashes: &RandomState) -> impl Iterator<Item = u64> {
        self.places.iter().map(|place| {
            let of = (place.of.owner.as_str(), place.of.share.as_bytes());
            hashes.hash_one((of, place.path.as_str()))
        })
    }

    fn add_places(&mut self, more: VecDeque<Place>) {
        for place in more {
            if !self.places.contains(&place) {
                self.places.push_back(place);
            }
        }
    }

    fn are_some_in_one_place(items: &[Self]) -> bool {
        // Of very many, the hashes tell it: the letters would be there once more.
        let hashes = RandomState::new();
        let hashed = |item: &Self| hashes.hash_one(item.to.folded());
        let mut folded: Vec<u64> = items.iter().map(hashed).collect();
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
            Wanted::Object(object) => match from.filter(|from| **from != object.user) {
                Some(other) => Err(Error::NotFrom(other.clone())),
                None => self.items_of(object).await,
            },
            Wanted::Number(number) => {
                let result = self.result(*number).await?;
                let item = Item::of_result(result, from);
                Ok(vec![item.ok_or_else(|| not_from(from, Error::NoResult(*number)))?])
            }
            Wanted::Content { id, size, .. } => {
                Ok(vec![self.item_of_content(*id, *size, from).await?])
            }
        }
    }

    /// All that a search finds. The numbers of the results that a person was shown stay as they are.
    pub(super) async fn items_of_all(
        &self,
        query: &Query,
        from: Option<&UserName>,
    ) -> Result<Vec<Item>, Error> {
        let session = self.session()?;
        let Findings { results: mut all, mut more, .. } =
            self.wait(&session, session.search(query)).await?.value;
        // An honest index ends there by itself.
        while let Some(more) =
            more.as_mut().filter(|more| !more.is_over() && all.len() < SEARCH_RESULTS)
        {
            all.extend(self.wait(&session, session.more(more)).await?);
        }
        let items: Vec<_> = all.iter().filter_map(|found| item_of_found(found, from)).collect();
        if items.is_empty() { Err(Error::NothingFound) } else { Ok(items) }
    }

    /// A file, or all below a folder; a folder goes with its name.
    async fn items_of(&self, object: &Object) -> Result<Vec<Item>, Error> {
        let Object { user, share, path } = object;
        let section = Section { share: Some(share), below: path.as_ref(), keyword: None };
        let browsing = self.browse(user, section, usize::MAX);
        let name = share.to_string();
        let transfer = Transfer { name: &name, total: 0, files: 1, with: Some(user.as_str()) };
        let told = peer::told_if_long((self.events(), Work::Looking), &transfer, browsing);
        let listed = told.await?.entries;
        let (alone, mut earlier) = (listed.len() == 1, None);
        let mut items = Vec::with_capacity(listed.len());
        items.extend(given_back(listed).filter_map(|source| {
            let to = goes_to(object, &source, alone)?;
            Some(Item::of_source(&source, to, &mut earlier))
        }));
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
        item_of_found(&found, from).ok_or_else(|| not_from(from, Error::NobodyHas(id)))
    }
}

/// Nobody is left of whom something may be asked: if that is for who was named, it is said so.
fn not_from(from: Option<&UserName>, nobody: Error) -> Error {
    from.cloned().map_or(nobody, Error::NotFrom)
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
