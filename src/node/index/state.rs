//! How it stands with the index, as the standing task and all handles see it.

use super::cache::Known;
use super::catalog::Publishing;
use super::live::Live;
use super::news::{NEWS_WAITING, News, NewsStream, Warnings};
use super::setup::Setup;
use super::wish::{BeOnline, BeTold, Wish};
use super::{Error, LoggedOut, Trouble};
use crate::crypto::{Clock, random};
use crate::link::{AskError, Backoff};
use crate::model::{UnixTime, UserName};
use crate::wire::{Ask, Code};
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{broadcast, watch};
use tokio::time::{Instant, sleep, timeout_at};

/// How it stands with a session.
#[derive(Debug, Clone, PartialEq)]
pub enum Status {
    /// It is being begun.
    Connecting,
    /// The index is there, and this person is logged in.
    Here(UserName),
    /// The index is away; it is tried again.
    Away(Trouble),
    /// Nobody is logged in. Nothing is tried before somebody logs in.
    LoggedOut(LoggedOut),
    /// It is over for good.
    Stopped(Trouble),
}

/// The same, with the conversation in it.
#[derive(Clone)]
pub(super) enum State {
    Connecting,
    Here(Arc<Live>),
    Away(Trouble),
    LoggedOut(LoggedOut),
    Stopped(Trouble),
}

/// What the standing task and all handles share.
pub(super) struct Shared {
    state: watch::Sender<State>,
    news: broadcast::Sender<News>,
    warnings: watch::Sender<Warnings>,
    pub(super) known: Known,
    pub(super) online: Wish<BeOnline>,
    pub(super) watched: Wish<BeTold>,
    pub(super) publishing: Publishing,
    pub(super) patience: Duration,
    clock: Clock,
}

impl Shared {
    pub(super) fn new(setup: &Setup) -> Self {
        Self {
            state: watch::Sender::new(State::Connecting),
            news: broadcast::Sender::new(NEWS_WAITING),
            warnings: watch::Sender::new(Warnings {
                alarm: setup.known.directory().alarm(),
                not_ours: None,
            }),
            known: setup.known.clone(),
            online: Wish::default(),
            watched: Wish::default(),
            publishing: Publishing::default(),
            patience: setup.patience,
            clock: Arc::clone(&setup.clock),
        }
    }

    pub(super) fn now(&self) -> UnixTime {
        (self.clock)()
    }

    /// How long a call that begins now may wait.
    pub(super) fn until(&self) -> Instant {
        let now = Instant::now();
        now.checked_add(self.patience).unwrap_or(now)
    }

    pub(super) fn status(&self) -> Status {
        Status::from(&*self.state.borrow())
    }

    pub(super) fn set(&self, state: State) {
        let status = Status::from(&state);
        let changed = self.state.send_replace(state);
        if Status::from(&changed) != status {
            self.tell(News::Status(status));
        }
    }

    /// Something is tried from now on. An index that is away is so until it is there again.
    pub(super) fn connecting(&self) {
        if !matches!(*self.state.borrow(), State::Away(_)) {
            self.set(State::Connecting);
        }
    }

    /// Tells whoever listens.
    pub(super) fn tell(&self, news: News) {
        let _ = self.news.send(news);
    }

    pub(super) fn news(&self) -> NewsStream {
        NewsStream::new(self.news.subscribe(), self.warnings.subscribe())
    }

    pub(super) fn warnings(&self) -> Warnings {
        self.warnings.borrow().clone()
    }

    /// Changes the warnings; tells them when they are others then.
    pub(super) fn warn(&self, change: impl FnOnce(&mut Warnings)) {
        self.warnings.send_if_modified(|warnings| {
            let before = warnings.clone();
            change(warnings);
            *warnings != before
        });
    }

    /// Asks, and asks again after what passes, until then.
    pub(super) async fn ask<A: Ask + Clone>(
        &self,
        ask: A,
        until: Instant,
    ) -> Result<A::Answer, Error> {
        self.ask_where(ask, until).await.map(|(answer, _)| answer)
    }

    /// The same, and tells in which conversation it was answered.
    pub(super) async fn ask_where<A: Ask + Clone>(
        &self,
        ask: A,
        until: Instant,
    ) -> Result<(A::Answer, Arc<Live>), Error> {
        self.ask_in(|_| ask.clone(), until).await
    }

    /// The same for what is asked otherwise in each conversation.
    pub(super) async fn ask_in<A: Ask>(
        &self,
        ask: impl Fn(&Arc<Live>) -> A,
        until: Instant,
    ) -> Result<(A::Answer, Arc<Live>), Error> {
        let mut was_asked = false;
        let asking = self.ask_again(ask, &mut was_asked);
        match timeout_at(until, asking).await {
            Ok(answer) => answer,
            Err(_) => Err(self.late(was_asked)),
        }
    }

    async fn ask_again<A: Ask>(
        &self,
        ask: impl Fn(&Arc<Live>) -> A,
        was_asked: &mut bool,
    ) -> Result<(A::Answer, Arc<Live>), Error> {
        let mut failed = 0_u32;
        loop {
            let live = self.here().await?;
            let before = std::mem::replace(was_asked, true);
            let answer = live.ask(ask(&live)).await;
            if let Err(AskError::Refused { .. }) = answer {
                // What is refused has not happened; what was lost before may have.
                *was_asked = before;
            }
            match answer {
                Ok(answer) => return Ok((answer, live)),
                Err(AskError::Ended(_) | AskError::Refused { code: Code::NoSession, .. }) => {
                    self.left(&live).await;
                }
                Err(AskError::Late) => {}
                Err(AskError::Refused { code, text }) => {
                    failed = failed.saturating_add(1);
                    let random = u32::from_be_bytes(random());
                    let pause = Backoff::default().pause(failed, random);
                    let pause = pause.filter(|_| passes_by_itself(code));
                    match pause {
                        Some(pause) => sleep(pause).await,
                        None if *was_asked && passes_by_itself(code) => return Err(Error::Late),
                        None => return Err(Error::Refused { code, text }),
                    }
                }
            }
        }
    }

    /// Who is logged in.
    pub(super) async fn user(&self) -> Result<UserName, Error> {
        let here = timeout_at(self.until(), self.here()).await;
        here.unwrap_or_else(|_| Err(self.late(false))).map(|live| live.user.clone())
    }

    /// Waits until somebody is logged in.
    async fn here(&self) -> Result<Arc<Live>, Error> {
        let is_known = |state: &State| !matches!(state, State::Connecting | State::Away(_));
        match self.when(is_known).await {
            State::Here(live) => Ok(live),
            State::LoggedOut(why) => Err(Error::LoggedOut(why)),
            State::Stopped(why) | State::Away(why) => Err(Error::Stopped(why)),
            State::Connecting => pending().await,
        }
    }

    /// Waits until nobody can be logged in without the program.
    pub(super) async fn nobody(&self) -> Error {
        match self.when(|s| matches!(s, State::LoggedOut(_) | State::Stopped(_))).await {
            State::LoggedOut(why) => Error::LoggedOut(why),
            State::Stopped(why) => Error::Stopped(why),
            _ => pending().await,
        }
    }

    /// Waits until the index is known to be away.
    pub(super) async fn away(&self) -> Error {
        match self.when(|state| matches!(state, State::Away(_))).await {
            State::Away(why) => Error::Away(why),
            _ => pending().await,
        }
    }

    /// Waits until it is not this conversation any more.
    pub(super) async fn left(&self, live: &Arc<Live>) {
        let other = |state: &State| !matches!(state, State::Here(now) if Arc::ptr_eq(now, live));
        self.when(other).await;
    }

    /// Why there is no answer in time. `was_asked`: asked, and the answer is lost.
    pub(super) fn late(&self, was_asked: bool) -> Error {
        match &*self.state.borrow() {
            _ if was_asked => Error::Late,
            State::Away(Trouble::Ask(AskError::Refused { code, text })) => {
                Error::Refused { code: *code, text: text.clone() }
            }
            State::Away(why) => Error::Away(why.clone()),
            _ => Error::Late,
        }
    }

    async fn when(&self, so: impl FnMut(&State) -> bool) -> State {
        let mut states = self.state.subscribe();
        let state = states.wait_for(so).await.ok().map(|state| state.clone());
        match state {
            Some(state) => state,
            // The sender is in here.
            None => pending().await,
        }
    }
}

impl From<&State> for Status {
    fn from(state: &State) -> Self {
        match state {
            State::Connecting => Self::Connecting,
            State::Here(live) => Self::Here(live.user.clone()),
            State::Away(why) => Self::Away(why.clone()),
            State::LoggedOut(why) => Self::LoggedOut(why.clone()),
            State::Stopped(why) => Self::Stopped(why.clone()),
        }
    }
}

/// Whether the same request may soon be answered. Who tried too often waits longer than a call does.
pub(super) fn passes_by_itself(code: Code) -> bool {
    !code.is_permanent() && code != Code::Throttled
}
