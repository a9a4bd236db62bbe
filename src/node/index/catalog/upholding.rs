//! Upholds in one conversation what the program wants published.
//!
//! ```text
//! what the index has of our shares
//!      │   a share too many ──────────────────▶ ShareEnd
//!      │   another name, audience, keywords ──▶ ShareChange
//!      │   a state that we know ──────────────▶ Publish 0 … n, the difference
//!      └─▶ one that we do not ────────────────▶ Publish 0 … n, from nothing
//! ```
//!
//! After each answer it is looked anew at what is to be done next: whoever may not see a share any more
//! does not see it until a large sync is at its end. Of a sync, the next part is under way already
//! (`ahead.rs`).

use super::super::Error;
use super::super::live::Live;
use super::super::news::News;
use super::super::state::Shared;
use super::ahead::Asked;
use super::due::Due;
use super::entries::{Entries, Summary, aside};
use super::hitches::{Hitch, ask};
use super::shares::{Gathering, OwnShare};
use super::sync::Sync;
use super::wishes::{Aim, Published, Wish};
use crate::crypto::random;
use crate::model::{Name, Share, ShareId};
use crate::wire::Code;
use crate::wire::index::{ShareChange, ShareEnd};
use data_encoding::HEXLOWER;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Upholds all wishes, as long as this conversation goes on.
pub(in super::super) async fn uphold(shared: &Shared, live: &Arc<Live>) -> Infallible {
    let mut wishes = shared.publishing.subscribe();
    let (shares, settled, anew) = (None, BTreeMap::new(), BTreeMap::new());
    let (ahead, told, failed) = (None, None, 0);
    let mut keeper = Keeper { shared, live, shares, settled, ahead, anew, told, failed };
    loop {
        let number = wishes.borrow_and_update().number;
        let pause = match keeper.step().await {
            Step::Next => continue,
            Step::Pause(pause) => pause,
            Step::Nothing => Duration::MAX,
        };
        tokio::select! {
            () = sleep(pause) => {}
            // The sender is in `shared`.
            _ = wishes.wait_for(|wishes| wishes.number != number) => {}
        }
    }
}

pub(super) struct Keeper<'a> {
    pub(super) shared: &'a Shared,
    pub(super) live: &'a Arc<Live>,
    /// What the index has; not known before it was asked, and when an answer was lost.
    pub(super) shares: Option<BTreeMap<ShareId, OwnShare>>,
    /// The wishes for which nothing is left to do in this conversation.
    pub(super) settled: BTreeMap<ShareId, Settled>,
    /// A part that was sent before the one before it was answered.
    ahead: Option<Asked>,
    /// How often a share was begun anew since a sync of it came to its end.
    pub(super) anew: BTreeMap<ShareId, u32>,
    /// When it was told how far a sync is.
    told: Option<Instant>,
    /// How often in a row it was of no use.
    pub(super) failed: u32,
}

/// What has come of a wish.
pub(super) struct Settled {
    /// The wish's.
    pub(super) number: u64,
    /// Whether it is refused because another share has the name. It is tried again when that one has
    /// another name, or is gone.
    pub(super) is_nameless: bool,
}

pub(super) enum Step {
    /// There may be more to do.
    Next,
    Pause(Duration),
    Nothing,
}

impl Keeper<'_> {
    async fn step(&mut self) -> Step {
        let Some((due, id, wish)) = self.next() else { return Step::Nothing };
        if self.shares.is_none() {
            return match self.survey().await {
                Ok(()) => Step::Next,
                Err(hitch) => self.no_survey(hitch),
            };
        }
        let done = match (due, &wish.aim) {
            (Due::Change, Some(aim)) => self.change(aim).await,
            (Due::Swap, Some(aim)) => self.swap(aim).await,
            (Due::Entries, Some(aim)) => self.publish(id, &wish, &aim.entries).await,
            _ => self.end(id, &wish).await,
        };
        match done {
            Ok(()) => {
                self.failed = 0;
                self.shared.publishing.moved(id);
                Step::Next
            }
            Err(hitch) => self.hitched(id, &wish, hitch),
        }
    }

    async fn survey(&mut self) -> Result<(), Hitch> {
        let mut gathering = Gathering::default();
        loop {
            let page = ask(self.live, gathering.ask()).await?;
            if !gathering.take(&page).map_err(Hitch::Permanent)? {
                break;
            }
        }
        let shares = gathering.into_shares().into_iter().map(|share| (share.id, share));
        self.shares = Some(shares.collect());
        Ok(())
    }

    async fn end(&mut self, id: ShareId, wish: &Wish) -> Result<(), Hitch> {
        if self.own(id).is_some() {
            ask(self.live, ShareEnd { id: 0, share: (*id.as_bytes()).into() }).await?;
        }
        if let Some(own) = self.shares.as_mut().and_then(|shares| shares.remove(&id)) {
            self.freed(&own.name);
        }
        self.shared.known.forget_published(id);
        self.shared.publishing.keep_sync(id, None);
        self.settle(id, wish, Ok(Summary::default()));
        Ok(())
    }

    async fn change(&mut self, aim: &Aim) -> Result<(), Hitch> {
        ask(self.live, ShareChange::new(random::<16>().into(), &aim.share)).await?;
        let (id, name, about) = (aim.share.id, aim.share.name.clone(), aim.about);
        let new =
            OwnShare { id, name: name.clone(), entries: 0, state: None, about, under_way: None };
        let own = self.shares.get_or_insert_default().entry(id).or_insert(new);
        own.about = about;
        let before = std::mem::replace(&mut own.name, name);
        if before != own.name {
            self.freed(&before);
        }
        Ok(())
    }

    /// Changes a share whose name another one still has. Where that one, too, waits for a name, this
    /// one gives up its own.
    async fn swap(&mut self, aim: &Aim) -> Result<(), Hitch> {
        let own = self.own(aim.share.id).map(|own| own.name.clone());
        let meanwhile = Name::new(&HEXLOWER.encode(aim.share.id.as_bytes())).ok();
        match meanwhile.filter(|name| own.is_some_and(|own| own != *name && self.is_wanted(&own))) {
            Some(name) => {
                let share = Share { name, ..aim.share.clone() };
                self.change(&Aim::new(share, aim.entries.clone())).await
            }
            None => self.change(aim).await,
        }
    }

    /// Sends a part, if there is one to be sent.
    async fn publish(&mut self, id: ShareId, wish: &Wish, entries: &Entries) -> Result<(), Hitch> {
        let own = self.own(id);
        let (state, under_way) = own.map_or((None, None), |own| (own.state, own.under_way));
        if let Some(sync) = wish.sync.clone().filter(|sync| state == Some(sync.id)) {
            self.taken(id, wish, sync);
            return Ok(());
        }
        let ahead = self.ahead.take();
        if let Some(asked) = ahead.filter(|asked| under_way.is_some_and(|at| asked.is(id, at))) {
            return self.send(id, wish, asked).await;
        }
        let known = self.shared.known.published(id);
        let (before, to) = (wish.sync.clone(), entries.clone());
        let ready = aside(move || {
            let same = before.filter(|sync| sync.since == state);
            let going_on = same.zip(under_way).and_then(|(sync, at)| sync.going_on(at));
            going_on.unwrap_or_else(|| Sync::begin(state, known, to)).ready(id)
        });
        let ready = ready.await;
        let sync = &ready.sync;
        if sync.is_nothing() {
            self.shared.publishing.keep_sync(id, None);
            self.shared.publishing.are(id, wish.number, sync.difference.from.clone());
            if wish.was_refused() {
                self.shared.tell(News::Published { share: id, summary: sync.summary });
            }
            self.settle(id, wish, Ok(sync.summary));
            return Ok(());
        }
        self.shared.publishing.keep_sync(id, Some(sync.clone()));
        self.send(id, wish, Asked::new(self.live, id, ready)).await
    }

    async fn send(&mut self, id: ShareId, wish: &Wish, asked: Asked) -> Result<(), Hitch> {
        let (sync, rest) = (asked.sync.clone(), asked.rest.clone());
        let (answer, ahead) = asked.answer(self.live).await;
        self.ahead = ahead;
        match answer {
            Ok(()) => {}
            // What begins from nothing follows on anything.
            Err(Hitch::Base(error)) if sync.is_first_of_all() => {
                return Err(Hitch::Permanent(error));
            }
            // The share is gone that was there.
            Err(Hitch::Permanent(error)) if error.is(Code::NotFound) => {
                return Err(Hitch::Base(error));
            }
            // What was wished before cannot be; what is wished now may.
            Err(Hitch::Permanent(_)) if !wish.is_met_by(&sync) => {
                self.shared.publishing.keep_sync(id, None);
                return Ok(());
            }
            Err(hitch) => return Err(hitch),
        }
        match rest {
            None => self.taken(id, wish, sync),
            Some(rest) => {
                self.change_own(id, |own| own.under_way = Some((rest.id, rest.part)));
                self.tell_how_far(id, &rest);
                self.shared.publishing.keep_sync(id, Some(rest));
            }
        }
        Ok(())
    }

    /// Tells how far a sync is, unless that was told just now.
    fn tell_how_far(&mut self, share: ShareId, sync: &Sync) {
        let now = Instant::now();
        if self.told.is_none_or(|told| now.saturating_duration_since(told) >= TELL) {
            self.told = Some(now);
            let (told, of) = (sync.told(), sync.summary.differences());
            self.shared.tell(News::Publishing { share, told, of });
        }
    }

    /// All parts of a sync were taken.
    fn taken(&mut self, id: ShareId, wish: &Wish, sync: Sync) {
        let (state, summary, is_all) = (sync.id, sync.summary, wish.is_met_by(&sync));
        self.anew.remove(&id);
        self.change_own(id, |own| (own.state, own.under_way) = (Some(state), None));
        self.shared.known.remember(id, Published { state, entries: sync.difference.to });
        self.shared.publishing.keep_sync(id, None);
        self.shared.tell(News::Published { share: id, summary });
        if is_all {
            self.settle(id, wish, Ok(summary));
        }
    }

    /// Nothing is left to do for a wish in this conversation.
    pub(super) fn settle(&mut self, id: ShareId, wish: &Wish, outcome: Result<Summary, Error>) {
        let is_nameless = outcome.as_ref().is_err_and(|error| error.is(Code::NameTaken));
        self.settled.insert(id, Settled { number: wish.number, is_nameless });
        self.tell(id, wish.number, outcome);
    }

    pub(super) fn tell(&self, share: ShareId, number: u64, outcome: Result<Summary, Error>) {
        if let Err(why) = &outcome {
            self.shared.tell(News::NotPublished { share, why: why.clone() });
        }
        self.shared.publishing.became(share, number, outcome);
    }

    pub(super) fn own(&self, id: ShareId) -> Option<&OwnShare> {
        self.shares.as_ref().and_then(|shares| shares.get(&id))
    }

    fn change_own(&mut self, id: ShareId, change: impl FnOnce(&mut OwnShare)) {
        self.shares.as_mut().and_then(|shares| shares.get_mut(&id)).map(change);
    }
}

/// It is not told more often how far a sync is.
const TELL: Duration = Duration::from_millis(250);
