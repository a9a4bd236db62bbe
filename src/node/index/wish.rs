//! What shall hold whenever the index is there: that one is online, and that one is told of changes.

use super::Error;
use super::live::Live;
use super::news::News;
use super::state::Shared;
use crate::link::AskError;
use crate::model::PeerAddress;
use crate::wire::Code;
use crate::wire::index::{Online, Watch};
use std::convert::Infallible;
use std::future::{Future, pending};
use std::time::Duration;
use tokio::sync::watch::{Receiver, Sender};
use tokio::time::sleep;

/// What a person can wish of an index.
pub(super) trait Lasting: Clone + Sync {
    /// What the index says to it.
    type Outcome: Clone + Send + Sync;

    /// Whether something was missed while it did not hold.
    const MISSES: bool;

    /// Tells the index. Gives after which pause it is to be told again.
    fn tell(
        &self,
        live: &Live,
    ) -> impl Future<Output = Result<(Self::Outcome, Duration), AskError>> + Send;
}

/// How others see one who is online.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Granted {
    /// Where they are told to dial.
    pub address: Option<PeerAddress>,
    /// Whether the index is reached from other machines, too.
    pub wide: bool,
}

/// To be online, at this port if one can be dialled.
#[derive(Clone, Copy)]
pub(super) struct BeOnline(pub(super) Option<u16>);

impl Lasting for BeOnline {
    type Outcome = Granted;

    const MISSES: bool = false;

    async fn tell(&self, live: &Live) -> Result<(Self::Outcome, Duration), AskError> {
        let grant = live.ask(Online { id: 0, port: self.0 }).await?;
        let seen = grant.seen.and_then(|seen| seen.resolve(live.index()?).ok());
        // Early enough that one try may fail.
        let pause = Duration::from_secs(u64::from(grant.lifetime)).div_f64(3.0);
        let granted = Granted { address: seen, wide: grant.wide.unwrap_or(false) };
        Ok((granted, pause.clamp(AGAIN, LONGEST)))
    }
}

/// To be told of changes, or not.
#[derive(Clone, Copy)]
pub(super) struct BeTold(pub(super) bool);

impl Lasting for BeTold {
    type Outcome = ();

    const MISSES: bool = true;

    async fn tell(&self, live: &Live) -> Result<((), Duration), AskError> {
        live.ask(Watch { id: 0, on: self.0 }).await?;
        Ok(((), Duration::MAX))
    }
}

/// A wish, and what the index said to it.
pub(super) struct Wish<W: Lasting>(Sender<Wished<W>>);

#[derive(Clone)]
struct Wished<W: Lasting> {
    wish: Option<W>,
    /// Counts the wishes: what became of an old one says nothing of a new one.
    number: u64,
    outcome: Option<Result<W::Outcome, Error>>,
}

impl<W: Lasting> Default for Wish<W> {
    fn default() -> Self {
        Self(Sender::new(Wished { wish: None, number: 0, outcome: None }))
    }
}

impl<W: Lasting> Wish<W> {
    /// Wishes this from now on, and gives what becomes of it when the index is there.
    pub(super) async fn make(&self, wish: W) -> Result<W::Outcome, Error> {
        let mut wished = self.0.subscribe();
        self.0.send_modify(|wished| {
            let number = wished.number.wrapping_add(1);
            *wished = Wished { wish: Some(wish), number, outcome: None };
        });
        let known = wished.wait_for(|wished| wished.outcome.is_some()).await;
        let outcome = known.ok().and_then(|wished| wished.outcome.clone());
        match outcome {
            Some(outcome) => outcome,
            None => pending().await,
        }
    }

    /// Wishes nothing from now on.
    pub(super) fn withdraw(&self) {
        self.0.send_modify(|wished| {
            let number = wished.number.wrapping_add(1);
            *wished = Wished { wish: None, number, outcome: None };
        });
    }

    /// Tells the index what is wished, as long as this conversation goes on. What the index refuses
    /// is wished no longer.
    pub(super) async fn uphold(&self, shared: &Shared, live: &Live) -> Infallible {
        let mut wished = self.0.subscribe();
        let mut has_missed = W::MISSES && matches!(wished.borrow().outcome, Some(Ok(_)));
        loop {
            let Wished { wish, number, .. } = wished.borrow().clone();
            let Some(wish) = wish else {
                another(&mut wished, number).await;
                continue;
            };
            let pause = match wish.tell(live).await {
                Ok((outcome, pause)) => {
                    self.became(number, Ok(outcome));
                    if std::mem::take(&mut has_missed) {
                        shared.tell(News::Missed);
                    }
                    pause
                }
                // A session that is over ends the conversation; the wish stays for the next one.
                Err(AskError::Refused { code, text })
                    if code.is_permanent() && code != Code::NoSession =>
                {
                    self.became(number, Err(Error::Refused { code, text }));
                    continue;
                }
                Err(_) => AGAIN,
            };
            tokio::select! {
                () = sleep(pause) => {}
                () = another(&mut wished, number) => {}
            }
        }
    }

    fn became(&self, number: u64, outcome: Result<W::Outcome, Error>) {
        self.0.send_if_modified(|wished| {
            let is_this = wished.number == number;
            if is_this {
                wished.wish = wished.wish.take().filter(|_| outcome.is_ok());
                wished.outcome = Some(outcome);
            }
            is_this
        });
    }
}

/// Waits for another wish than this one.
async fn another<W: Lasting>(wished: &mut Receiver<Wished<W>>, number: u64) {
    if wished.wait_for(|wished| wished.number != number).await.is_err() {
        pending().await
    }
}

/// The pause before what failed is told again, and the shortest one between two repetitions.
const AGAIN: Duration = Duration::from_secs(5);

const LONGEST: Duration = Duration::from_secs(600);
