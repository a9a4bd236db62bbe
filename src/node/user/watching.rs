//! Keeping what is published as it is on the disk, as long as one is online.
//!
//! ```text
//!  the system tells of a change ─▶ quiet for a moment, or noisy for long ─┐
//!  a long time has passed ────────────────────────────────────────────────┼─▶ a look
//!  a share is new, or is there again ─────────────────────────────────────┘
//! ```
//!
//! What takes long to look at is looked at less often.

use super::User;
use super::looking::Looking;
use super::shares::Looked;
use crate::model::{Name, ShareId};
use crate::node::Error;
use crate::node::index::{News, NewsStream};
use crate::node::shared_folders::SharedFolder;
use crate::peer::FolderWatch;
use std::collections::BTreeMap;
use std::future::{Future, pending};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, mpsc};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::sleep;
use tokio_util::sync::{CancellationToken, DropGuard};

/// How soon shares are looked at again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// When nothing has changed in them for so long.
    pub quiet: Duration,
    /// When they have been changing for so long.
    pub noisy: Duration,
    /// After so long in any case: nobody tells of all changes.
    pub always: Duration,
    /// So often it is seen whether there are others, and whether one that was gone is back.
    pub glance: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            // What was left alone for so long is remembered when it is read.
            quiet: Duration::from_secs(2),
            noisy: Duration::from_secs(60),
            always: Duration::from_secs(600),
            glance: Duration::from_secs(5),
        }
    }
}

/// What became of a share that is watched.
#[derive(Debug)]
pub enum Watched {
    /// It was looked at.
    Looked(Looked),
    /// It could not be looked at. Told once, until it can.
    Failed {
        /// Which.
        share: Name,
        /// Why.
        why: Error,
    },
    /// The system does not tell what changes in it, so that it is only looked at now and then.
    Unwatched {
        /// Which.
        share: Name,
        /// Why.
        why: std::io::Error,
    },
}

/// Shares are watched as long as this is held.
pub(super) struct Watching {
    looks: mpsc::Sender<Looking>,
    _stops: DropGuard,
}

impl User {
    /// Keeps what is published as it is on the disk from now on, until one is offline or nobody
    /// listens; these looks are under way already.
    pub fn watch_shares(&self, looks: Vec<Looking>) -> mpsc::Receiver<Watched> {
        let (tell, told) = mpsc::channel(WAITING);
        let (give, given) = mpsc::channel(WAITING);
        let stop = CancellationToken::new();
        let mut keeper = Keeper {
            me: self.clone(),
            changed: Arc::default(),
            shares: BTreeMap::new(),
            looks: JoinSet::new(),
            tell,
        };
        let stopped = stop.clone();
        tokio::spawn(async move {
            // So that these are known to be looked at.
            keeper.see_shares().await;
            looks.into_iter().for_each(|look| keeper.take(look));
            stopped.run_until_cancelled(keeper.keep(given)).await;
        });
        *self.watching() = Some(Watching { looks: give, _stops: stop.drop_guard() });
        told
    }

    /// Lets a look go on beside everything else, if shares are watched: what comes of it is told there.
    /// Otherwise gives it back.
    pub fn hand_over(&self, look: Looking) -> Option<Looking> {
        let watching = self.watching();
        let Some(watching) = &*watching else { return Some(look) };
        watching.looks.try_send(look).err().map(mpsc::error::TrySendError::into_inner)
    }

    pub(super) fn watching(&self) -> MutexGuard<'_, Option<Watching>> {
        self.inner.watching.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Keeper {
    me: User,
    /// Something has changed in one of them.
    changed: Arc<Notify>,
    shares: BTreeMap<ShareId, Kept>,
    looks: JoinSet<(ShareId, Instant, Result<Looked, Error>)>,
    tell: mpsc::Sender<Watched>,
}

struct Kept {
    folder: SharedFolder,
    /// Through which the system tells of it, if it does. Otherwise it is looked now and then.
    watch: Option<FolderWatch>,
    is_looked_at: bool,
    /// Before then it is not looked at again.
    not_before: Instant,
    /// Then it is.
    at: Instant,
    /// What of it was told that is so still.
    failed: Option<String>,
    is_unwatched_told: bool,
}

impl Keeper {
    async fn keep(&mut self, mut given: mpsc::Receiver<Looking>) {
        let mut news = self.me.news().ok();
        let me = self.me.clone();
        // What cannot be told now is told when it is back.
        tokio::spawn(async move { drop(me.take_back_ended().await) });
        loop {
            self.see_shares().await;
            self.begin_looks();
            let (changed, pause) = (Arc::clone(&self.changed), self.pause());
            tokio::select! {
                () = self.tell.closed() => return,
                Some(look) = given.recv() => self.take(look),
                Some(done) = self.looks.join_next() => {
                    if let Ok((id, began, looked)) = done {
                        self.looked(id, began, looked).await;
                    }
                }
                () = changed.notified() => {}
                Some(share) = or_never(news.as_mut().map(published)) => {
                    // What cannot be kept is sent again in the next run.
                    let _ = self.me.keep_published(share).await;
                }
                () = sleep(pause) => {}
            }
        }
    }

    /// Takes up shares that are new, and leaves those that are removed.
    async fn see_shares(&mut self) {
        let Ok(folders) = self.me.shares() else { return };
        let is_there = |id: &ShareId| folders.iter().any(|folder| folder.share.id == *id);
        let gone: Vec<_> = self.shares.keys().filter(|id| !is_there(id)).copied().collect();
        for id in gone {
            self.shares.remove(&id);
            // Another program may have removed it: it has not told ours. The index, when it is away,
            // is told when it is back.
            let me = self.me.clone();
            tokio::spawn(async move { drop(me.take_back(id).await) });
        }
        for folder in folders {
            let id = folder.share.id;
            let glance = self.me.pace().glance;
            let kept = self.shares.entry(id).or_insert_with(|| Kept::new(folder.clone(), glance));
            if kept.folder.share != folder.share {
                // With other keywords, or another audience.
                kept.folder = folder;
                kept.at = Instant::now();
            }
            self.watch(id).await;
        }
    }

    /// Has the system tell of a share, if it does not yet.
    async fn watch(&mut self, id: ShareId) {
        let Some(kept) = self.shares.get(&id) else { return };
        if kept.watch.is_some() || kept.is_unwatched_told || kept.failed.is_some() {
            return;
        }
        let (path, changed) = (kept.folder.path.clone(), Arc::clone(&self.changed));
        let begun = spawn_blocking(move || FolderWatch::begin(&path, changed)).await;
        let (Ok(begun), Some(kept)) = (begun, self.shares.get_mut(&id)) else { return };
        match begun {
            Ok(watch) => kept.watch = Some(watch),
            // That it is gone is told by the look.
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => {}
            Err(why) => {
                kept.is_unwatched_told = true;
                let share = kept.folder.share.name.clone();
                self.tell(Watched::Unwatched { share, why }).await;
            }
        }
    }

    fn begin_looks(&mut self) {
        let now = Instant::now();
        let is_due = |kept: &&Kept| !kept.is_looked_at && self.due(kept) <= now;
        let due: Vec<_> =
            self.shares.values().filter(is_due).map(|kept| kept.folder.clone()).collect();
        for folder in due {
            // What changes from now on is looked at by the next one.
            let kept = self.shares.get(&folder.share.id);
            if let Some(watch) = kept.and_then(|kept| kept.watch.as_ref()) {
                watch.take();
            }
            let look = self.me.begin_look(&folder);
            self.take(look);
        }
    }

    fn take(&mut self, look: Looking) {
        let id = look.share().share.id;
        if let Some(kept) = self.shares.get_mut(&id) {
            kept.is_looked_at = true;
        }
        let began = Instant::now();
        self.looks.spawn(async move { (id, began, look.end().await) });
    }

    async fn looked(&mut self, id: ShareId, began: Instant, looked: Result<Looked, Error>) {
        let (now, pace) = (Instant::now(), self.me.pace());
        let Some(kept) = self.shares.get_mut(&id) else { return };
        kept.is_looked_at = false;
        kept.not_before =
            later(now, now.duration_since(began).saturating_mul(LESS_OFTEN).min(pace.always));
        kept.at = later(now, pace.always);
        let told = match looked {
            Ok(looked) => {
                kept.failed = None;
                Watched::Looked(looked)
            }
            // It is another one by now, with another audience perhaps.
            Err(Error::Stopped | Error::NoShare(_)) => {
                (kept.at, kept.not_before) = (later(now, pace.glance), now);
                return;
            }
            Err(why) => {
                // It may be there again soon, and be another one.
                kept.at = later(now, pace.glance);
                kept.watch = None;
                let share = kept.folder.share.name.clone();
                let text = Some(why.to_string());
                let is_told = std::mem::replace(&mut kept.failed, text.clone()) == text;
                if is_told {
                    return;
                }
                Watched::Failed { share, why }
            }
        };
        self.tell(told).await;
    }

    fn due(&self, kept: &Kept) -> Instant {
        let pace = self.me.pace();
        let changed = kept.watch.as_ref().and_then(FolderWatch::changed);
        let due = changed.map(|it| later(it.last, pace.quiet).min(later(it.first, pace.noisy)));
        due.unwrap_or(kept.at).max(kept.not_before)
    }

    fn pause(&self) -> Duration {
        let idle = self.shares.values().filter(|kept| !kept.is_looked_at);
        let next = idle.map(|kept| self.due(kept)).min();
        let until = next.map(|next| next.saturating_duration_since(Instant::now()));
        until.map_or(self.me.pace().glance, |until| until.min(self.me.pace().glance))
    }

    async fn tell(&self, what: Watched) {
        // Who listens no more has been heard of.
        let _ = self.tell.send(what).await;
    }
}

impl Kept {
    fn new(folder: SharedFolder, glance: Duration) -> Self {
        let now = Instant::now();
        Self {
            folder,
            watch: None,
            is_looked_at: false,
            not_before: now,
            at: later(now, glance),
            failed: None,
            is_unwatched_told: false,
        }
    }
}

/// The next share of which the index has taken what there is; nothing of other news.
async fn published(news: &mut NewsStream) -> Option<ShareId> {
    match news.next().await {
        Some(News::Published { share, .. }) => Some(share),
        Some(_) => None,
        None => pending().await,
    }
}

async fn or_never<T>(what: Option<impl Future<Output = T>>) -> T {
    match what {
        Some(what) => what.await,
        None => pending().await,
    }
}

fn later(when: Instant, by: Duration) -> Instant {
    when.checked_add(by).unwrap_or(when)
}

/// What took so long to look at is left alone for so many times as long.
const LESS_OFTEN: u32 = 4;
/// So many words wait for who listens.
const WAITING: usize = 64;
