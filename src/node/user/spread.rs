//! Large files that several people have come from all of them at once, also from those who come to have
//! them meanwhile.
//!
//! ```text
//! places of a file ─▶ a task for each: reach them, work, and after a pause again what may pass ─▶ landed
//!      ▲
//!      └── the index is asked now and then who else has it
//! ```

use super::User;
use super::getting::Getting;
use super::got::{Got, Sender};
use super::items::{Item, Place};
use super::reach::Reached;
use super::results::KeptResult;
use crate::model::Content;
use crate::node::Error;
use crate::peer::{self, Gathering, LandError, Rules, Source, Spread, is_worth_spreading};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::task::JoinSet;
use tokio::time::{interval, sleep};

/// One file on its way from several people.
struct Team<'a> {
    user: &'a User,
    content: Content,
    spread: Spread,
    /// Those who are or were asked; the number of a source is where its place stands.
    places: Vec<Place>,
    work: JoinSet<Worked>,
    senders: BTreeMap<usize, Sender>,
    /// Those who are not asked any more, and why.
    lost: BTreeMap<usize, Arc<Error>>,
    /// Those who have done their part.
    reached: Vec<Reached>,
    /// Whether only people whose words were compared are asked: then a program is one.
    only_verified: bool,
}

/// What became of one source.
struct Worked {
    number: usize,
    sender: Option<Sender>,
    failed: Option<Arc<Error>>,
    reached: Option<Reached>,
}

impl Getting<'_> {
    /// Gets what is worth it from several people at once. What did not come stays open, for those who
    /// were not found to be bad.
    pub(super) async fn spread(&mut self) {
        let me = self.user.name().ok().flatten();
        let several_have_it = |item: &Item| {
            let owners = item.places.iter().map(|place| &place.of.owner);
            let owners: BTreeSet<_> = owners.filter(|owner| Some(*owner) != me.as_ref()).collect();
            owners.len() > 1
        };
        let is_worth_it =
            |item: &mut Item| item.content.is_some_and(is_worth_spreading) && several_have_it(item);
        let large: Vec<Item> = self.open.extract_if(.., is_worth_it).collect();
        for item in large {
            self.spread_one(item).await;
        }
    }

    async fn spread_one(&mut self, item: Item) {
        let Some(content) = item.content else { return self.open.push(item) };
        let verified = |place: &Place| {
            let pin = self.user.pin(&place.of.owner).ok().flatten();
            pin.is_some_and(|pin| pin.verified.is_some())
        };
        let only_verified = item.places.iter().all(verified);
        let rules = Rules { overwrite: self.overwrite, programs: only_verified };
        let begun = self.begin_spread(&item, content, rules).await;
        let spread = match begun {
            Ok(Some(spread)) => spread,
            // In the usual way it is found out, too, what is in its place.
            Ok(None) => return self.open.push(item),
            Err(why) => return self.give_up(Item { why: Some(Arc::new(why)), ..item }),
        };
        let mut team = Team {
            user: self.user,
            content,
            spread,
            places: Vec::new(),
            work: JoinSet::new(),
            senders: BTreeMap::new(),
            lost: BTreeMap::new(),
            reached: Vec::new(),
            only_verified,
        };
        team.ask_those(&item.places);
        team.run().await;
        self.settle(team, item).await;
    }

    async fn begin_spread(
        &self,
        item: &Item,
        content: Content,
        rules: Rules,
    ) -> Result<Option<Spread>, Error> {
        let landing = self.landing(rules).await?;
        let names: BTreeSet<_> = item.places.iter().map(|place| place.of.owner.as_str()).collect();
        let names = names.into_iter().collect::<Vec<_>>().join(", ");
        Ok(self.user.sharer()?.spread(content, &item.to, &landing, &names).await?)
    }

    /// What came of it, or who is left to be asked.
    async fn settle(&mut self, team: Team<'_>, mut item: Item) {
        let Team { spread, content, mut senders, lost, places, reached, .. } = team;
        if spread.is_over() {
            let gathering = spread.land().await;
            let is_taken = matches!(gathering, Err(peer::Error::Landing(LandError::Taken)));
            if is_taken && self.are_decided {
                self.clashes.push(item);
                return Reached::close_all(reached).await;
            }
            // What was here of it was not what was said: only that is asked for again.
            if matches!(gathering, Err(peer::Error::Landing(LandError::Kept))) && !item.anew {
                item.anew = true;
                self.open.push(item);
                return Reached::close_all(reached).await;
            }
            self.got.push(self.gathered(item, content, gathering, &mut senders));
            self.note_last(1);
        } else {
            let has_list = spread.has_list();
            spread.break_off().await;
            for (number, why) in lost {
                // Without a list nobody could show what they have; one after the other they may.
                if has_list || why.is_of_sender() {
                    item.places.retain(|place| places.get(number) != Some(place));
                }
                item.keep_reason(Some(why));
            }
            self.open.push(item);
        }
        Reached::close_all(reached).await;
    }

    fn gathered(
        &self,
        item: Item,
        content: Content,
        gathering: Result<Gathering, peer::Error>,
        senders: &mut BTreeMap<usize, Sender>,
    ) -> Got {
        let folder = self.folder.clone();
        let (landed, signed, unkept) = match gathering {
            Ok(Gathering { landed, signed, unkept }) => (Ok(landed), signed, unkept),
            Err(peer::Error::Landing(why)) => {
                let path = folder.join(item.to.to_relative());
                (Err(Box::new(Error::Landing { path, why })), Vec::new(), None)
            }
            Err(why) => (Err(Box::new(why.into())), Vec::new(), None),
        };
        let parts = signed
            .into_iter()
            .filter_map(|(number, bytes)| Some((senders.remove(&number)?, bytes)));
        let mut parts: Vec<(Sender, u64)> = parts.collect();
        parts.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
        Got {
            path: item.to,
            folder,
            size: item.size,
            content: landed.is_ok().then_some(content),
            from: parts.first().map(|(sender, _)| Arc::new(sender.clone())),
            parts: if parts.len() > 1 { parts } else { Vec::new() },
            unkept: unkept.map(|why| Arc::new(why.into())),
            landed,
        }
    }
}

impl Team<'_> {
    /// Asks somebody, from now on.
    fn ask(&mut self, place: Place) {
        let number = self.places.len();
        self.places.push(place.clone());
        let (user, spread) = (self.user.clone(), self.spread.clone());
        self.work.spawn(async move { user.work_at(spread, number, &place).await });
    }

    /// Asks each of these people for one of the places where they have it.
    fn ask_those<'p>(&mut self, places: impl IntoIterator<Item = &'p Place>) {
        let me = self.user.name().ok().flatten();
        for place in places {
            let is_known = self.places.iter().any(|known| known.of.owner == place.of.owner);
            if !is_known && me.as_ref() != Some(&place.of.owner) && self.may_join(place) {
                self.ask(place.clone());
            }
        }
    }

    /// Until all is here, or nobody is left to be asked.
    async fn run(&mut self) {
        let every = self.user.inner.options.more_sources;
        let mut look = interval(every);
        look.reset();
        loop {
            tokio::select! {
                worked = self.work.join_next() => match worked {
                    Some(worked) => self.took_part(worked.ok()),
                    None => return,
                },
                _ = look.tick(), if !self.spread.is_over() => self.look_for_more().await,
            }
        }
    }

    fn took_part(&mut self, worked: Option<Worked>) {
        let Some(Worked { number, sender, failed, reached }) = worked else { return };
        self.reached.extend(reached);
        self.senders.extend(sender.map(|sender| (number, sender)));
        self.lost.extend(failed.map(|why| (number, why)));
    }

    /// Asks those whom the index did not show before.
    async fn look_for_more(&mut self) {
        // An index that is away is asked the next time.
        let found = tokio::select! {
            found = self.user.locate(&self.content) => found,
            () = self.spread.over() => return,
        };
        let Ok(found) = found else { return };
        self.ask_those(&KeptResult::of(&found).places);
    }

    fn may_join(&self, place: &Place) -> bool {
        let pin = || self.user.pin(&place.of.owner).ok().flatten();
        !self.only_verified || pin().is_some_and(|pin| pin.verified.is_some())
    }
}

impl User {
    /// Works with one source until all is here, or it is of no use to ask it again.
    async fn work_at(&self, spread: Spread, number: usize, place: &Place) -> Worked {
        let (mut reached, mut sender, mut failed) = (None, None, 0_u32);
        let failed = loop {
            let before = spread.came_from(number);
            let why = match self.work_once(&spread, (number, place), &mut reached).await {
                Ok(()) => break None,
                Err(why) => why,
            };
            sender = reached.as_ref().map(|reached: &Reached| reached.pinned.sender()).or(sender);
            if spread.is_over() {
                break None;
            }
            failed = if spread.came_from(number) > before { 1 } else { failed.saturating_add(1) };
            let pause = self.pause(failed).filter(|_| why.may_pass());
            self.tell_failed(&place.of.owner, &why, pause.map(|pause| (failed, pause)));
            let Some(pause) = pause else { break Some(Arc::new(why)) };
            tokio::select! {
                () = sleep(pause) => {}
                () = spread.over() => break None,
            }
        };
        sender = reached.as_ref().map(|reached: &Reached| reached.pinned.sender()).or(sender);
        Worked { number, sender, failed, reached }
    }

    async fn work_once(
        &self,
        spread: &Spread,
        (number, place): (usize, &Place),
        reached: &mut Option<Reached>,
    ) -> Result<(), Error> {
        let is_lost = |it: &mut Reached| it.streams.conversation().ending().is_some();
        if let Some(lost) = reached.take_if(is_lost) {
            lost.close().await;
        }
        let there = match reached {
            Some(there) => there,
            None => reached.insert(tokio::select! {
                there = self.reach(&place.of.owner) => there?,
                () = spread.over() => return Ok(()),
            }),
        };
        let (streams, path) = (there.streams.clone(), place.path.clone());
        let name = place.of.owner.as_str().to_owned();
        let source = Source { number, name, streams, share: place.of.share, path };
        Ok(spread.work(&source).await?)
    }
}
