//! What an index does by itself: letting people go who are not there any more, writing down who was
//! online, forgetting what is over.

use super::happening::Happening;
use super::presence::Presence;
use super::service::Index;
use super::store::Store;
use crate::crypto::UnixTime;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

impl<S: Store> Index<S> {
    /// Does all of it until `stop`, and then once more what must not be lost.
    pub async fn run_jobs(&self, stop: CancellationToken) {
        let look = self.shared.rules.online_lifetime.div_f64(16.0).clamp(LOOK_AT_LEAST, LOOK);
        let [mut look, mut note, mut sweep] = [look, NOTE, SWEEP].map(|pause| {
            let mut times = interval(pause);
            times.set_missed_tick_behavior(MissedTickBehavior::Delay);
            times
        });
        // What was not cleared up before the last stop.
        self.shared.catalog_changed.notify_one();
        let mut swept = (Instant::now(), self.shared.now());
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                _ = look.tick() => self.let_go(),
                _ = note.tick() => self.note_who_is_online(),
                _ = sweep.tick() => {
                    self.sweep(&mut swept).await;
                    // What could not be cleared up when it was to be.
                    self.shared.catalog_changed.notify_one();
                }
                () = self.shared.catalog_changed.notified() => self.tidy().await,
            }
            self.write_down().await;
        }
        self.note_who_is_online();
        self.write_down().await;
    }

    fn let_go(&self) {
        let time = self.shared.now();
        let expire = |presence: &mut Presence| presence.expire(Instant::now(), time);
        let gone = self.shared.change_presence(expire);
        gone.iter().for_each(|(account, user)| self.shared.is_gone(*account, user, time));
    }

    fn note_who_is_online(&self) {
        let (accounts, now) = (self.shared.presence().accounts(), self.shared.now());
        self.shared.departed().extend(accounts.into_iter().map(|account| (account, now)));
    }

    /// Not worth a try again: when it fails, a time is older than it was.
    async fn write_down(&self) {
        let people = std::mem::take(&mut *self.shared.departed());
        if !people.is_empty()
            && let Err(error) = self.store.were_online(people).await
        {
            self.storage(error);
        }
    }

    /// Clears up in the catalog a step, and rings again when there is more: so other jobs go between.
    async fn tidy(&self) {
        match self.store.tidy(TIDY).await {
            Ok(false) => {}
            Ok(true) => self.shared.catalog_changed.notify_one(),
            // With the next change, or the next start.
            Err(error) => drop(self.storage(error)),
        }
    }

    /// Forgets what is over; unless the clock jumped since the last time, which may be mended before
    /// the next, and what is forgotten does not come back.
    async fn sweep(&self, last: &mut (Instant, UnixTime)) {
        let (then, time) = std::mem::replace(last, (Instant::now(), self.shared.now()));
        let passed = then.elapsed().as_secs();
        if time.plus(passed).0.abs_diff(last.1.0) > JUMP {
            return self.shared.tell(Happening::ClockJumped);
        }
        if let Err(error) = self.store.sweep(last.1).await {
            self.storage(error);
        }
    }
}

/// How many rows of the catalog are looked at in one step.
const TIDY: usize = 1000;
/// How long somebody who is gone may still be shown.
const LOOK: Duration = Duration::from_secs(5);
const LOOK_AT_LEAST: Duration = Duration::from_millis(10);
const NOTE: Duration = Duration::from_secs(300);
const SWEEP: Duration = Duration::from_secs(600);
/// By how many seconds a clock is wrong that jumped, and not only put right.
const JUMP: u64 = 3600;
