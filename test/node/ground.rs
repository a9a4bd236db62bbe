//! A place where the real index runs, for those who want to see what its two sides do together.

use crate::keys::{NOW, sealing_key, signing_key};
use crate::net::{INDEX, Net};
use crate::panics::NoPanics;
use crate::stub::{password, side, user};
use std::future::Future;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use waxwing::crypto::{Identity, PasswordHasher, UnixTime};
use waxwing::index::store::{Place, Sqlite, Store, restore};
use waxwing::index::{Happening, Index, Rules};
use waxwing::link::{Backoff, Deadlines, Listener, Side};
use waxwing::model::Invitation;
use waxwing::node::index::{Age, Error, IndexSession, Seen, Setup};
use waxwing::wire::{Features, Party};

pub(crate) const FIRST: &str = "the first password";

/// An index over a store that outlives its restarts.
pub(crate) struct Ground {
    pub(crate) net: Net,
    place: Place,
    store: Sqlite,
    clock: Arc<AtomicU64>,
    cut: Arc<Mutex<Option<Cut>>>,
    running: Option<Running>,
    _no_panics: NoPanics,
}

/// At which fact all lines are cut: before its answer has left.
type Cut = Box<dyn Fn(&Happening) -> bool + Send>;

struct Running {
    index: Index<Sqlite>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Ground {
    pub(crate) fn new() -> Self {
        Self::at(Place::Memory)
    }

    /// With a store that lies there.
    pub(crate) fn at(place: Place) -> Self {
        let (store, clock) = (Sqlite::open(place.clone()).unwrap(), AtomicU64::new(NOW.0));
        let (net, clock, cut) = (Net::default(), Arc::new(clock), Arc::default());
        let _no_panics = NoPanics::begin();
        let mut ground = Self { net, place, store, clock, cut, running: None, _no_panics };
        ground.open();
        ground
    }

    pub(crate) async fn back_up(&self, to: &Path) {
        self.store.backup(to).await.unwrap();
    }

    /// Goes back to a backup.
    pub(crate) async fn restore(&mut self, backup: &Path) {
        self.close().await;
        let Place::File(data) = &self.place else { panic!("there is no file") };
        let store = std::mem::replace(&mut self.store, Sqlite::open(Place::Memory).unwrap());
        store.close().await;
        restore(backup, data, None).unwrap();
        self.store = Sqlite::open(self.place.clone()).unwrap();
        self.open();
    }

    pub(crate) fn open(&mut self) {
        let pause = Duration::from_millis(1);
        let rules =
            Rules { open_joining: true, wide: false, news_pause: pause, ..Rules::default() };
        let (clock, cut, net) = (self.clock.clone(), self.cut.clone(), self.net.clone());
        let tell = move |fact: Happening| {
            if cut.lock().unwrap().take_if(|cut| cut(&fact)).is_some() {
                net.cut();
            }
        };
        let clock = Arc::new(move || UnixTime(clock.load(Ordering::Relaxed)));
        let hasher = PasswordHasher::new(4).unwrap();
        let index = Index::new(self.store.clone(), rules, hasher, clock, tell).unwrap();
        let side = Side::new(the_index(), Party::Index, Features::ALL, Deadlines::default());
        let listener = Listener::new(self.net.listen(), side.unwrap());
        let stop = CancellationToken::new();
        let (serving, jobs) = (listener.run(index.clone(), stop.clone()), index.clone());
        let jobs_stop = stop.clone();
        let task = tokio::spawn(async move {
            tokio::join!(serving, jobs.run_jobs(jobs_stop));
        });
        self.running = Some(Running { index, stop, task });
    }

    pub(crate) async fn close(&mut self) {
        self.net.close();
        let Running { index, stop, task } = self.running.take().unwrap();
        stop.cancel();
        soon(task).await.unwrap();
        assert_eq!(index.panics(), 0);
    }

    pub(crate) async fn stop(mut self) {
        self.close().await;
    }

    /// Cuts all lines when the index tells this, once.
    pub(crate) fn cut_at(&self, fact: impl Fn(&Happening) -> bool + Send + 'static) {
        *self.cut.lock().unwrap() = Some(Box::new(fact));
    }

    pub(crate) fn was_cut(&self) -> bool {
        self.cut.lock().unwrap().is_none()
    }

    pub(crate) fn set_clock(&self, seconds: u64) {
        self.clock.store(NOW.0 + seconds, Ordering::Relaxed);
    }

    /// A session of somebody that comes back quickly.
    pub(crate) fn session(&self, name: &'static str) -> IndexSession {
        let (first, longest) = (Duration::from_millis(5), Duration::from_millis(50));
        let backoff = Backoff { tries: u32::MAX, first, longest };
        let setup = Setup { backoff, ..Setup::default() };
        let (at, fingerprint) = (INDEX.parse().unwrap(), the_index().fingerprint());
        let index = Invitation { at, fingerprint, token: None };
        IndexSession::begin(self.net.clone(), side(name), &index, setup)
    }

    /// Somebody who has joined under their own name.
    pub(crate) async fn member(&self, name: &'static str) -> IndexSession {
        let session = self.session(name);
        soon(session.join(&user(name), &password(FIRST), None, None)).await.unwrap();
        session
    }

    pub(crate) async fn end_sessions(&self, name: &str) {
        let ended = self.store.end_sessions(&user(name)).await.unwrap();
        self.running.as_ref().unwrap().index.sessions_are_over(&ended);
    }

    /// How many entries the directory has.
    pub(crate) async fn entries(&self) -> u64 {
        self.store.figures(NOW).await.unwrap().directory.length
    }
}

fn the_index() -> Arc<Identity> {
    static INDEX: OnceLock<Arc<Identity>> = OnceLock::new();
    let make = || Identity::new(signing_key("large"), sealing_key("alice-sealing"), NOW).unwrap();
    Arc::clone(INDEX.get_or_init(|| Arc::new(make())))
}

/// What the index itself answers, when it is there again.
pub(crate) async fn fresh<T>(
    session: &IndexSession,
    ask: impl AsyncFn() -> Result<Seen<T>, Error>,
) -> T {
    let mut news = session.news();
    loop {
        match soon(ask()).await.unwrap() {
            Seen { value, age: Age::Fresh } => return value,
            _ => soon(news.next()).await.unwrap(),
        };
    }
}

/// Whatever a test waits for comes within this time, on a busy machine too.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), future).await.expect("it takes too long")
}
