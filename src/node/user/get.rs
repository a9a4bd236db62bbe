//! Getting files: finding who has them, and fetching each from the first who gives it.
//!
//! ```text
//! wanted ─▶ items: a file, where it goes, who has it ─▶ rounds: each item is asked of the next
//!                                                       of its places, together with others there
//!                                                     ─▶ a pause, and again: those with whom it may pass
//! ```
//!
//! Large files that several people have come from all of them at once, before all that.
//!
//! What came of a file before it was cut off does not come again, so asking again costs nothing twice.

use super::User;
use super::asked::Asked;
use super::clashes::Decide;
use super::getting::Getting;
use super::got::{GetRules, Got, Sender};
use super::items::{Item, Place};
use super::reach::Reached;
use crate::link::Streams;
use crate::model::{ShareId, UserName};
use crate::node::index::Query;
use crate::node::{Error, Wanted};
use crate::peer::{self, FetchedFile, LandError, Landed, Landing, Portion, Rules, Sharer, Wants};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

impl User {
    /// Gets files: an error when it is not known what they are, and otherwise what came of each.
    pub async fn get(&self, wanted: &[Wanted], rules: &GetRules) -> Result<Vec<Got>, Error> {
        self.get_deciding((wanted, None), rules, None).await
    }

    /// Gets all that a search finds.
    pub async fn get_all(&self, query: &Query, rules: &GetRules) -> Result<Vec<Got>, Error> {
        self.get_deciding((&[], Some(query)), rules, None).await
    }

    /// The same person, who knows where somebody is, if that is said.
    pub(super) fn who_knows(&self, rules: &GetRules, wanted: &[Wanted]) -> Result<Self, Error> {
        let Some(at) = &rules.at else { return Ok(self.clone()) };
        let user = rules.who_is_there(wanted).ok_or_else(|| Error::NobodyAt(at.clone()))?;
        Ok(self.with_place(user, at))
    }

    /// What is named, and all that a search finds: nothing comes before it is known what all of it is.
    pub(super) async fn get_deciding(
        &self,
        (wanted, query): (&[Wanted], Option<&Query>),
        rules: &GetRules,
        decide: Option<&mut Decide<'_>>,
    ) -> Result<Vec<Got>, Error> {
        let (from, mut items) = (rules.from.as_ref(), Vec::new());
        let who_knows = |wanted| self.who_knows(rules, wanted);
        let me = if query.is_some() { who_knows(&[])? } else { who_knows(wanted)? };
        // Very many are not there twice.
        let and = |items: Vec<Item>, more: Vec<Item>| match items.is_empty() {
            true => more,
            false => [items, more].into_iter().flatten().collect(),
        };
        for wanted in wanted {
            items = and(items, me.items(wanted, from).await?);
        }
        if let Some(query) = query {
            items = and(items, me.items_of_all(query, from).await?);
        }
        me.get_items(items, rules, decide).await
    }

    async fn get_items(
        &self,
        items: Vec<Item>,
        rules: &GetRules,
        decide: Option<&mut Decide<'_>>,
    ) -> Result<Vec<Got>, Error> {
        let folder = rules.out.clone().unwrap_or_else(|| self.downloads());
        if Some(folder.as_path()) == self.home().downloads() {
            self.home().make_downloads()?;
        }
        let mut getting = Getting::new(self, Item::with_own_places(items), folder.into());
        (getting.overwrite, getting.are_decided) = (rules.overwrite, decide.is_some());
        getting.run().await;
        if let Some(decide) = decide {
            getting.settle_clashes(decide).await;
        }
        Reached::close_all(getting.people.into_values().flatten()).await;
        Ok(getting.got)
    }
}

impl Getting<'_> {
    /// Tries as often as at first, whatever failed before.
    pub(super) async fn run_anew(&mut self) {
        (self.failed, self.patient) = (0, false);
        self.run().await;
    }

    async fn run(&mut self) {
        self.spread().await;
        loop {
            while self.round().await {}
            if !self.be_patient() && !self.pause().await {
                return;
            }
        }
    }

    /// Those who had no turn for it are asked once more, and waited for. Gives whether there are any.
    fn be_patient(&mut self) -> bool {
        let is_busy = |(_, why): &(Place, Arc<Error>)| why.is_busy();
        if std::mem::replace(&mut self.patient, true) {
            return false;
        }
        let refused = |item: &mut Item| item.again.iter().any(is_busy);
        for mut item in self.waiting.extract_if(.., refused) {
            item.places = item.again.extract_if(.., |it| is_busy(it)).map(|it| it.0).collect();
            self.open.push(item);
        }
        !self.open.is_empty()
    }

    /// Waits before those are asked again with whom it may pass. Gives whether they are.
    async fn pause(&mut self) -> bool {
        let waiting = std::mem::take(&mut self.waiting);
        if waiting.is_empty() {
            return false;
        }
        self.failed = self.failed.saturating_add(1);
        let Some(pause) = self.user.pause(self.failed) else {
            waiting.into_iter().for_each(|item| self.give_up(item));
            return false;
        };
        let asked = waiting.iter().flat_map(|item| &item.again);
        let asked: BTreeMap<_, _> = asked.map(|(place, why)| (&place.of.owner, why)).collect();
        for (owner, why) in asked {
            self.user.tell_failed(owner, why, Some((self.failed, pause)));
        }
        sleep(pause).await;
        self.forget_the_lost().await;
        for mut item in waiting {
            item.places = std::mem::take(&mut item.again).into_iter().map(|it| it.0).collect();
            self.open.push(item);
        }
        true
    }

    /// Who is not there any more, or could not be reached, is dialled again.
    pub(super) async fn forget_the_lost(&mut self) {
        for (owner, reached) in std::mem::take(&mut self.people) {
            match reached {
                Ok(lost) if lost.streams.conversation().ending().is_some() => lost.close().await,
                Ok(there) => drop(self.people.insert(owner, Ok(there))),
                Err(_) => {}
            }
        }
    }

    /// Asks for each open item at the next of its places. Gives whether there is more to be done.
    async fn round(&mut self) -> bool {
        let groups = self.groups();
        let last = groups.len().saturating_sub(1);
        for (at, ((owner, share), items)) in groups.into_iter().enumerate() {
            // Others are not waited for as long as there is something else to do.
            let has_others = |item: &Item| item.places.len() > 1;
            let may_wait = at == last && self.open.is_empty() && !items.iter().any(has_others);
            let may_wait = may_wait || self.patient;
            self.fetch(&owner, share, (items, may_wait)).await;
        }
        !self.open.is_empty()
    }

    /// The open items by whom they are asked of next. Mostly that is one person for all, and none is moved.
    fn groups(&mut self) -> BTreeMap<(UserName, ShareId), Vec<Item>> {
        let mut open = std::mem::take(&mut self.open);
        for item in open.extract_if(.., |item| item.places.is_empty()) {
            match item.again.is_empty() {
                true => self.give_up(item),
                false => self.waiting.push(item),
            }
        }
        let mut groups = BTreeMap::new();
        let key = |item: &Item| item.asked_of().map(|(owner, share)| (owner.clone(), share));
        let Some(first) = open.first().and_then(key) else { return groups };
        let is_other = |item: &mut Item| item.asked_of() != Some((&first.0, first.1));
        let others: Vec<Item> = open.extract_if(.., is_other).collect();
        groups.insert(first, open);
        for item in others {
            if let Some(key) = key(&item) {
                groups.entry(key).or_default().push(item);
            }
        }
        groups
    }

    async fn fetch(
        &mut self,
        owner: &UserName,
        share: ShareId,
        (items, may_wait): (Vec<Item>, bool),
    ) {
        let (streams, sharer, landing) = match self.ready_for(owner).await {
            Ok(ready) => ready,
            Err(why) => return self.try_others(items, Some(why)),
        };
        let (sharer, sender) = (sharer.with_waiting(may_wait), self.sender(owner).map(Arc::new));
        let mut taking = Taking { getting: &mut *self, asked: Asked::new(items), sender };
        let (came, stopped) = sharer.fetch(&streams, share, &landing, &mut taking).await;
        let rest = taking.asked.rest();
        if came > 0 {
            self.failed = 0;
        }
        self.try_others(rest, stopped.map(|why| Arc::new(why.into())));
    }

    /// Somebody who has files, and where theirs land.
    async fn ready_for(
        &mut self,
        owner: &UserName,
    ) -> Result<(Streams, Sharer, Landing), Arc<Error>> {
        if !self.people.contains_key(owner) {
            let reached = self.user.reach(owner).await;
            self.met.extend(reached.is_ok().then(|| owner.clone()));
            self.people.insert(owner.clone(), reached.map_err(Arc::new));
        }
        let streams = match self.people.get(owner) {
            Some(Ok(reached)) => reached.streams.clone(),
            Some(Err(why)) => return Err(Arc::clone(why)),
            None => return Err(Arc::new(Error::Stopped)),
        };
        let sharer = self.user.sharer()?.with_person(owner);
        Ok((streams, sharer, self.landing_from(owner).await?))
    }

    /// Where files of somebody land: only of whom one has verified, a program is one.
    async fn landing_from(&self, owner: &UserName) -> Result<Landing, Error> {
        let programs = self.sender(owner).is_some_and(|sender| sender.verified.is_some());
        self.landing(Rules { overwrite: self.overwrite, programs }).await
    }

    pub(super) async fn landing(&self, rules: Rules) -> Result<Landing, Error> {
        let folder = self.folder.clone();
        let landing = spawn_blocking(move || Landing::in_folder(&folder, rules)).await;
        Ok(landing.map_err(|_| Error::Stopped)??)
    }

    fn sender(&self, owner: &UserName) -> Option<Sender> {
        Some(self.people.get(owner)?.as_ref().ok()?.pinned.sender())
    }

    /// What came of an item, for good.
    fn take(
        &mut self,
        item: Item,
        FetchedFile { content, landed, .. }: FetchedFile,
        (sender, unkept): (Option<Arc<Sender>>, Option<Arc<Error>>),
    ) {
        let has_come = match &landed {
            Ok(Landed::Already) => content.is_some() && item.content.is_none(),
            Ok(Landed::New | Landed::Replaced) => true,
            Err(_) => false,
        };
        let path = || self.folder.join(item.to.to_relative());
        let landed = landed.map_err(|why| Box::new(Error::Landing { path: path(), why }));
        self.got.push(Got {
            path: item.to,
            folder: Arc::clone(&self.folder),
            size: item.size,
            content: content.filter(|_| landed.is_ok()),
            from: sender.filter(|_| has_come),
            parts: Vec::new(),
            unkept: unkept.filter(|_| has_come),
            landed,
        });
    }

    /// The last of what was got is shared, if the person wants that. What cannot be noted is here
    /// nevertheless, and only not shared.
    pub(super) fn note_last(&self, count: usize) {
        let from = self.got.len().saturating_sub(count);
        let _ = self.user.note_got(&self.folder, self.got.get(from..).unwrap_or_default());
    }

    /// What did not come from somebody may come from others.
    fn try_others(&mut self, items: impl IntoIterator<Item = Item>, why: Option<Arc<Error>>) {
        let is_wrong = why.as_ref().is_some_and(|why| why.is_wrong());
        for mut item in items {
            let Some(place) = item.places.pop_front() else { continue };
            // Somebody who is not what they should be is told of, though the file comes from another.
            let are_others =
                !item.places.is_empty() || !item.again.is_empty() || item.why.is_some();
            if let Some(why) = why.as_ref().filter(|_| is_wrong && are_others)
                && self.told_of.insert(place.of.owner.clone())
            {
                self.user.tell_failed(&place.of.owner, why, None);
            }
            // Who was there a moment ago may come back.
            let was_there = self.met.contains(&place.of.owner);
            let may_pass = |why: &&Arc<Error>| {
                why.may_pass() || was_there && matches!(***why, Error::Offline(_))
            };
            if let Some(why) = why.as_ref().filter(may_pass) {
                item.again.push((place, Arc::clone(why)));
            }
            item.keep_reason(why.clone());
            self.open.push(item);
        }
    }

    pub(super) fn give_up(&mut self, item: Item) {
        let why = item.why.map_or(Error::Stopped, Error::Of);
        let (path, folder, size) = (item.to, self.folder.clone(), item.size);
        let landed = Err(Box::new(why));
        let (content, from, parts, unkept) = (None, None, Vec::new(), None);
        self.got.push(Got { path, folder, size, content, from, parts, landed, unkept });
    }
}

/// Items that one person is asked for, who sends them.
struct Taking<'t, 'g> {
    getting: &'t mut Getting<'g>,
    asked: Asked,
    sender: Option<Arc<Sender>>,
}

impl Wants for Taking<'_, '_> {
    fn count(&self) -> usize {
        self.asked.count()
    }

    fn wanted(&self, number: usize) -> Option<peer::Wanted> {
        self.asked.wanted(number)
    }

    fn took(&mut self, portion: Portion) {
        let Self { getting, asked, sender } = self;
        let unkept = portion.unkept.map(|why| Arc::new(Error::from(why)));
        let before = getting.got.len();
        for file in portion.files {
            let Some(mut item) = asked.take(file.number) else { continue };
            match &file.landed {
                // Whoever sent what was kept may have lied, and it is gone: now all comes from here.
                Err(LandError::Kept) if !item.anew => {
                    item.anew = true;
                    getting.open.push(item);
                }
                Err(LandError::Taken) if getting.are_decided => getting.clashes.push(item),
                _ => getting.take(item, file, (sender.clone(), unkept.clone())),
            }
        }
        for (number, why) in portion.refused {
            getting.try_others(asked.take(number), Some(Arc::new(why.into())));
        }
        getting.note_last(getting.got.len().saturating_sub(before));
        asked.make_small();
    }
}
